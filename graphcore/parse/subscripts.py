"""Subscripts: parts of an array by numbers that the text says."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.parse import dialect
from graphcore.parse.constants import Constant, as_value
from graphcore.parse.statics import index_of

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator


def subscript(tr: Translator, node: ast.Subscript, value: Operand) -> Operand:
    """``x[0, 1:3]`` and ``x[indices]``."""
    if tr.template is None and dialect.extreme_with_axis(tr, node.value):
        # torch's max(x, dim) gives (values, positions)
        if type(node.slice) is ast.Constant and node.slice.value == 0:
            return value
        raise tr.error(
            node, "torch's `max`, `min` and `median` along an axis give (values, positions).", "Write `[0]` for the values."
        )
    parts = node.slice.elts if type(node.slice) is ast.Tuple else [node.slice]
    if len(parts) == 2 and _is_range(parts[0]):
        return _pick(tr, node, value, parts)
    index: list[Any] = []
    for part in parts:
        kind = type(part)
        if kind is ast.Slice:
            bounds: list[Any] = [part.lower, part.upper, part.step]  # type: ignore[attr-defined]
            index.append(slice(*[None if bound is None else index_of(tr, bound) for bound in bounds]))
        elif kind is ast.Constant and (part.value is None or part.value is Ellipsis):  # type: ignore[attr-defined]
            index.append(part.value)  # type: ignore[attr-defined]
        elif kind is ast.Attribute and part.attr == "newaxis":  # type: ignore[attr-defined]
            index.append(None)
        elif kind is ast.Compare:
            raise tr.error(part, "a mask as a subscript gives a shape that depends on the numbers.", "Write `where(mask, x, 0)`.")
        else:
            found = _index_operand(tr, part)
            if type(found) is int:
                index.append(found)
            elif len(parts) == 1:
                return _take(tr, node, value, found)
            else:
                raise tr.error(
                    node, "only one subscript may be a list of indices, and it stands alone.", "Write as in `x[[0, 2]]`."
                )
    if isinstance(value, Constant):
        return taken(tr, node, value, tuple(index))
    return tr.apply("getitem", (value,), node, {"index": tuple(index)})


def _is_range(node: ast.expr) -> bool:
    """``np.arange(n)``, ``torch.arange(n)``, ``range(n)``."""
    if type(node) is not ast.Call or len(node.args) != 1:
        return False
    function = node.func
    name = function.attr if type(function) is ast.Attribute else function.id if type(function) is ast.Name else ""
    return name in ("arange", "range")


def _pick(tr: Translator, node: ast.Subscript, value: Operand, parts: list[ast.expr]) -> Operand:
    """``p[np.arange(n), y]``: one entry of each row."""
    shape = tr.shape(value)
    rows = tr.visit(parts[0])
    classes = tr.visit(parts[1])
    known = classes if isinstance(classes, Constant) else tr.leaves.get(classes)
    text = tr.line.segment(node)
    if len(shape) != 2 or tr.shape(rows) != shape[:1] or known is None or known.shape != shape[:1]:
        what = f"`{text}` does not fit. {tr.source_of(node.value)} is {shape}: one written class number a row is wanted."
        raise tr.error(node, what, "Write as in `p[arange(3), [0, 2, 1]]`.")
    numbers = np.asarray(known.value)
    if not np.all(np.trunc(numbers) == numbers) or np.any(numbers < -shape[1]) or np.any(numbers >= shape[1]):
        raise tr.error(parts[1], f"`{tr.line.segment(parts[1])}` is not whole numbers from 0 to {shape[1] - 1}.", "")
    if isinstance(value, Constant):
        return Constant(as_value(np.asarray(value.value)[np.arange(shape[0]), numbers.astype(int)]), node, None, value.wants)
    if np.any(numbers < 0):
        raise tr.error(parts[1], "a class number counts from 0.", f"The last one is {shape[1] - 1}.")
    return tr.apply("pick", (value, classes), node, {})


def _take(tr: Translator, node: ast.Subscript, value: Operand, found: Any) -> Operand:
    """``x[[0, 2]]``: the numbers are known, so one that is out of range is told here."""
    shape = tr.shape(value)
    numbers = found.value if isinstance(found, Constant) else tr.leaves[found].value
    if shape:
        beyond = [int(k) for k in np.ravel(numbers) if not -shape[0] <= k < shape[0]]
        if beyond:
            base = tr.source_of(node.value)
            raise tr.error(
                node,
                f"{tr.source_of(node)} does not fit. {base} is {shape}: it has no entry {beyond[0]}.",
                f"Entries count from 0 to {shape[0] - 1}.",
            )
    return tr.apply("take", (value, found), node, {})


def taken(tr: Translator, node: ast.Subscript, value: Constant, index: tuple[Any, ...]) -> Constant:
    """A part of a constant: a constant."""
    try:
        taken = np.asarray(value.value)[index]
    except (IndexError, ValueError) as problem:
        raise tr.error(
            node, f"`{tr.text(Constant(0.0, node))}` does not fit: {problem}.", f"The shape is {value.shape}."
        ) from None
    same = (
        value.entries
        if taken.size == np.size(value.value) and all(k is None or k == slice(None) or k is Ellipsis for k in index)
        else None
    )
    return Constant(as_value(taken), node, same, value.wants, value.random)


def _index_operand(tr: Translator, node: ast.expr) -> Any:
    """A subscript: an int where the text says a number, else an operand of whole numbers."""
    if type(node) is ast.BinOp:
        return index_of(tr, node)
    found = tr.visit(node)
    value = found if isinstance(found, Constant) else tr.leaves.get(found)
    if value is None:
        raise tr.error(node, f"`{tr.line.segment(node)}` is computed, and a subscript must be written.", "Write whole numbers.")
    if not np.all(np.isfinite(value.value)) or np.any(np.trunc(value.value) != value.value):
        raise tr.error(node, f"`{tr.line.segment(node)}` is not whole numbers.", "A subscript counts entries.")
    if type(value.value) is float:
        if not isinstance(found, Constant):
            tr.static_leaves.add(int(found))
        return int(value.value)
    return found

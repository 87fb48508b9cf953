"""Calls that NumPy and torch write in two ways: the order of arguments, and what is meant where nothing is said."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore import ops
from graphcore.ops.namespaces import Shape
from graphcore.parse.constants import Constant, whole

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator

Call = tuple[list[ast.expr], list[ast.keyword]]
Settings = dict[str, Any]

_FUNCTIONAL = frozenset({"F", "nn.functional", "torch.nn.functional"})


def written_by(tr: Translator, node: ast.expr) -> str:
    """Whose name a call is written with: ``torch``, ``numpy``, or nobody's."""
    if type(node) is not ast.Call:
        return ""
    function = node.func
    if type(function) is ast.Call or (type(function) is ast.Name and function.id in tr.modules):
        return "torch"  # nn.Softmax()(x)
    if type(function) is not ast.Attribute:
        return ""
    from graphcore.parse.binding import prefix_of

    prefix = prefix_of(tr, function.value)
    if prefix is None:
        return "method"
    root = prefix.split(".")[0]
    return "torch" if root in ("torch", "F", "nn") else "numpy" if root in ("np", "numpy", "jnp", "jax") else ""


def reordered(tr: Translator, name: str, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword], method: bool) -> Call:
    """The arguments with the operands first and settings by name, where a library has them in another order."""
    before = 0 if method else 1
    if name == "einsum" and args and not method:
        return args[1:], [_named("subscripts", args[0]), *keywords]
    if name in ("gather", "take_along_dim") and len(args) == before + 2 and (name == "gather"):
        return [*args[:before], args[before + 1]], [_named("axis", args[before]), *keywords]
    if name == "pad" and len(args) > before + 1:
        # the third is NumPy's and torch's mode
        return args[: before + 1], [*[_named(k, v) for k, v in zip(("mode", "value"), args[before + 1 :])], *keywords]
    return args, keywords


def _named(key: str, value: ast.expr) -> ast.keyword:
    place = {name: getattr(value, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    return ast.keyword(key, value, **place)


def meant(tr: Translator, name: str, node: ast.Call, operands: Sequence[Operand], given: Settings) -> tuple[str, Settings]:
    """The word and the settings that are meant on operands of these shapes; refuses what two libraries read in two ways."""
    if name in ("take", "gather") and len(operands) == 2:
        _in_range(tr, name, node, operands, given)
    find = _MEANT.get(name)
    if find is None or not operands:
        return name, given
    found: tuple[str, Settings] = find(tr, name, node, tr.shape(operands[0]), given)
    return found


def _in_range(tr: Translator, name: str, node: ast.Call, operands: Sequence[Operand], given: Settings) -> None:
    """Refuse a number that is written down and that no entry has; computed ones are looked at when they are there."""
    shape, numbers = tr.shape(operands[0]), operands[1]
    axis = 0 if name == "take" else given.get("axis")
    known = numbers if isinstance(numbers, Constant) else tr.leaves.get(numbers)
    if known is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return
    beyond = [k for k in np.ravel(known.value) if not -shape[axis] <= k < shape[axis]]
    if beyond:
        what = f"{tr.source_of(node)} does not fit. The shape is {shape}: there is no entry {beyond[0]:g}."
        raise tr.error(node, what, f"Entries count from 0 to {shape[axis] - 1}.")


def _softmax(tr: Translator, name: str, node: ast.Call, shape: Shape, given: Settings) -> tuple[str, Settings]:
    """Without an axis torch's functional takes the first of 1 or 3 axes, else the second."""
    if given.get("axis") is None and written_by(tr, node) == "torch" and shape:
        return name, {**given, "axis": 0 if len(shape) in (1, 3) else 1}
    return name, given


def _median(tr: Translator, name: str, node: ast.Call, shape: Shape, given: Settings) -> tuple[str, Settings]:
    axis = given.get("axis")
    one = isinstance(axis, int) and -len(shape) <= axis < len(shape)
    count = shape[axis] if one else math.prod(shape)  # type: ignore[index]
    if count % 2 == 0 and count and written_by(tr, node) not in ("torch", "method"):
        raise tr.error(
            node,
            f"of {count} entries NumPy's median is the mean of the two in the middle, torch's the lower one.",
            "Write `torch.median(x)`, or `(torch.median(x) - torch.median(-x)) / 2` for the mean.",
        )
    return name, given


def _norm(tr: Translator, name: str, node: ast.Call, shape: Shape, given: Settings) -> tuple[str, Settings]:
    """``norm(A, ord=1)`` of a matrix is one of its matrix norms, but for ``torch.norm``, which takes all entries in a row."""
    order, axis = given.get("ord"), given.get("axis")
    if len(shape) != 2 or axis is not None or order is None or given.get("keepdims"):
        return name, given
    if order == "fro":
        return name, {key: value for key, value in given.items() if key != "ord"}
    function = node.func
    entries = written_by(tr, node) in ("torch", "method") and "linalg" not in ast.unparse(function)
    by_entries = entries or (type(function) is ast.Attribute and function.attr == "vector_norm")
    if by_entries or any(keyword.arg == "p" for keyword in node.keywords):
        return name, given
    if isinstance(order, str) or abs(order) not in (1, math.inf):
        return name, given
    return "matrix_norm", {"ord": order}


def _cross(tr: Translator, name: str, node: ast.Call, shape: Shape, given: Settings) -> tuple[str, Settings]:
    old = written_by(tr, node) in ("torch", "method") and "linalg" not in ast.unparse(node.func)
    if old and "axis" not in given and 3 in shape[:-1]:
        raise tr.error(node, "without `dim`, `torch.cross` takes the first axis of 3 entries.", "Name it, as in `dim=-1`.")
    return name, given


def _pad(tr: Translator, name: str, node: ast.Call, shape: Shape, given: Settings) -> tuple[str, Settings]:
    """One pair for each axis: NumPy pads every axis by what is said, torch reads pairs from the last axis on."""
    widths = given.get("width", ops.REQUIRED)
    numbers = [whole(n) for n in widths] if isinstance(widths, tuple) else [whole(widths)]
    author, rank = written_by(tr, node), len(shape)
    if widths is ops.REQUIRED or (None in numbers and not isinstance(widths, tuple)):
        return name, given
    if not isinstance(widths, tuple):
        pairs = [(numbers[0], numbers[0])] * rank
    elif None in numbers:
        pairs = [tuple(pair) if isinstance(pair, tuple | list) else pair for pair in widths]  # NumPy's pairs
        pairs = pairs * rank if len(pairs) == 1 else pairs
    elif author == "torch" or (len(numbers) > 2 and author != "numpy"):
        pairs = [(0, 0)] * (rank - len(numbers) // 2) + list(zip(numbers[::2], numbers[1::2]))[::-1]
        pairs = pairs if len(numbers) % 2 == 0 else []
    elif len(numbers) == 2 and (author == "numpy" or rank == 1):
        pairs = [(numbers[0], numbers[1])] * rank
    else:
        raise tr.error(
            node,
            f"`{tr.source_of(node)}` is read in two ways: NumPy pads every axis, torch the last one.",
            "Write one pair for each axis, as in `pad(x, ((0, 0), (1, 2)))`.",
        )
    return name, {**given, "width": tuple(pairs)}


_MEANT: Mapping[str, Any] = {
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), _softmax),
    "median": _median,
    "norm": _norm,
    "cross": _cross,
    "pad": _pad,
}


def mode(tr: Translator, keyword: ast.keyword) -> None:
    """Refuse a padding with other numbers than one constant."""
    value = keyword.value
    if not (type(value) is ast.Constant and value.value == "constant"):
        raise tr.error(keyword.value, "only a constant is padded with here.", "Write the parts: `concatenate([x[:1], x])`.")

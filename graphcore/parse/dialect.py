"""Words that mean different numbers in NumPy, torch or Python's math than the row of the same name.

A call that would be read with another meaning than it has where it was copied from is put right here, or refused with
what to write: a program that runs gives the numbers that NumPy or torch gives.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore import ops
from graphcore.parse import foreign
from graphcore.parse.constants import Constant, whole
from graphcore.parse.instead import INSTEAD as INSTEAD
from graphcore.parse.statics import static

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator

_BY_COLUMNS = "`order='F'` reads the entries column by column, which no op here does."
_BY_ROWS = "Write `x.T.flatten()`, or `x.T.reshape(3, 2).T` for the shape (2, 3)."
_COUNTED = frozenset({"floor", "ceil", "round", "trunc", "sign", "floor_divide"})
_INTEGER = frozenset(
    "int int8 int16 int32 int64 uint8 long short intp int_ LongTensor IntTensor torch.LongTensor torch.IntTensor".split()  # noqa: SIM905
)


def reworded(tr: Translator, name: str, node: ast.Call, torch: bool, args: Sequence[ast.expr], method: bool) -> str:
    """The op that a word means here, where that depends on who is speaking."""
    if name == "repeat" and method and torch and len(args) == 1:
        return "tile"
    if name == "remainder" and _prefix(node) == "math":
        raise tr.error(node, "`math.remainder` rounds to the nearest multiple, which is no op here.", "Write `a % b`.")
    if name == "layer_norm" and _prefix(node) in ("F", "nn.functional", "torch.nn.functional", "torch") and len(args) > 1:
        shape = tr.shape(tr.visit(args[0]))
        wanted = static(tr, args[1])
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        if wanted != shape[-1:]:
            what = f"{tr.source_of(node)} does not fit. The operand is {shape}: here the last axis alone is normalized."
            raise tr.error(node, what, f"Write {shape[-1:]} for the shape.")
    return name


def without_shape(tr: Translator, name: str, node: ast.Call, args: list[ast.expr]) -> list[ast.expr]:
    """``F.layer_norm(x, (3,), w, b)`` without the shape, which only says what is there."""
    if name == "layer_norm" and _prefix(node) in ("F", "nn.functional", "torch.nn.functional", "torch"):
        return [*args[:1], *args[2:]]
    return args


def draws(tr: Translator, function: ast.Attribute) -> bool:
    """Whether this is ``rng.normal`` of a generator made in a line before, which was skipped and counted."""
    value = function.value
    return (
        type(value) is ast.Name
        and value.id not in tr.assigned
        and bool(tr.program.skipped["seed"])
        and function.attr in ("normal", "uniform", "standard_normal", "random", "rand", "randn")
    )


def _prefix(node: ast.Call) -> str:
    function = node.func
    return ast.unparse(function.value) if type(function) is ast.Attribute else ""


def fitted(
    tr: Translator, name: str, node: ast.expr, operands: Sequence[Operand], given: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The op and settings that a word means on operands of these shapes."""
    ranks = [len(tr.shape(operand)) for operand in operands]
    if name == "column_stack" and set(ranks) == {1}:
        return "stack", {"axis": 1}
    if name == "column_stack" and 1 in ranks:
        raise tr.error(node, "`column_stack` of vectors beside matrices is no op here.", "Write `hstack([a, b[:, None]])`.")
    if name in ("inner", "vdot") and len(ranks) == 2 and min(ranks) and max(ranks) > 1 and (name == "vdot" or ranks[1] > 1):
        raise tr.error(
            node,
            f"`{name}` of matrices is not `@`.",
            "Write `sum(a * b)`." if name == "vdot" else "Write `a @ b.T`.",
        )
    if name == "dot" and len(ranks) == 2 and ranks[1] > 2:
        raise tr.error(node, "`dot` of more than two axes is not `@`.", "Write `a @ b`.")
    if name in ("flatten", "ravel") and ("start" in given or "end" in given):
        return "reshape", {"newshape": _flat(tr, node, tr.shape(operands[0]), given)}
    return name, given


def _flat(tr: Translator, node: ast.expr, shape: tuple[int, ...], given: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape that ``flatten(x, start, end)`` gives."""
    if given.get("start") in ("F", "C", "A", "K"):
        if given["start"] == "F":
            raise tr.error(node, _BY_COLUMNS, _BY_ROWS)
        given = {}
    start, end = whole(given.get("start", 0)), whole(given.get("end", -1))
    if start is None or end is None:
        raise tr.error(node, "the axes to flatten are whole numbers.", "Write as in `flatten(x, 1)`.")
    count = len(shape)
    if not shape:
        return (1,)
    if not (-count <= start < count and -count <= end < count and start % count <= end % count):
        raise tr.error(node, f"there are no such axes; the shape is {shape}.", "Write as in `flatten(x, 1)`.")
    start, end = start % count, end % count
    return (*shape[:start], int(np.prod(shape[start : end + 1])), *shape[end + 1 :])


def positions(tr: Translator, name: str, keys: list[str], values: Sequence[Any]) -> list[str]:
    """The order of static arguments where NumPy and torch have another than the row: ``std(x, axis)``, ``x.std(0, False)``."""
    if ops.ALIASES.get(name, name) in ("std", "var"):
        return ["ddof", "axis", "keepdims"] if values and isinstance(values[0], bool) else ["axis", "ddof", "keepdims"]
    if ops.ALIASES.get(name, name) == "flatten":
        return ["start", "end"]
    return keys


def setting(tr: Translator, name: str, keyword: ast.keyword) -> tuple[str, Any] | None:
    """A keyword that only NumPy or torch has, as the row's setting; refuses one that would change the numbers."""
    row = ops.ALIASES.get(name, name)
    if keyword.arg == "unbiased" and row in ("std", "var"):
        return "ddof", int(bool(static(tr, keyword.value)))
    if keyword.arg in ("start_dim", "end_dim") and row == "flatten":
        return keyword.arg.removesuffix("_dim"), static(tr, keyword.value)
    if keyword.arg == "order" and static(tr, keyword.value) not in ("C", "K", "A", None):
        raise tr.error(keyword, _BY_COLUMNS, _BY_ROWS)
    if keyword.arg == "mode" and row == "pad":
        foreign.mode(tr, keyword)
        return "dtype", None
    if keyword.arg == "dtype" and is_integer(keyword.value):
        return "dtype", None
    return None


def is_integer(node: ast.expr) -> bool:
    """Whether a dtype means whole numbers: int, np.int64, torch.long, 'int'."""
    if type(node) is ast.Attribute:
        return node.attr in _INTEGER
    if type(node) is ast.Name:
        return node.id in _INTEGER
    return type(node) is ast.Constant and isinstance(node.value, str) and node.value in _INTEGER


def refuse_rounding(tr: Translator, node: ast.expr, value: Operand) -> None:
    """Refuse to make whole numbers of what is not: nothing is rounded in silence."""
    constant = value if isinstance(value, Constant) else tr.leaves.get(value)
    if constant is not None:
        numbers = np.asarray(constant.value)
        if bool(np.all(np.isfinite(numbers)) and np.all(np.trunc(numbers) == numbers)):
            return
    elif not isinstance(value, Constant):
        op = tr.builder._ops[value]
        if op is not None and (op.group == "comparison" or op.name in _COUNTED):
            return
    raise tr.error(node, "whole numbers are made of fractions here, and nothing is rounded in silence.", "Write `trunc(x)`.")


def masked_fill(tr: Translator, node: ast.Call, value: Operand, args: Sequence[ast.expr]) -> Operand:
    """``x.masked_fill(mask, v)`` is ``where(mask, v, x)``."""
    if len(args) != 2 or node.keywords:
        raise tr.error(node, f"`masked_fill` takes a mask and a number, {len(args)} were given.", "Write `where(mask, v, x)`.")
    return tr.apply("where", (tr.visit(args[0]), tr.visit(args[1]), value), node, {})


def extreme_with_axis(tr: Translator, node: ast.expr) -> bool:
    """Whether this is torch's ``max(x, dim)``, which gives (values, positions)."""
    if type(node) is not ast.Call:
        return False
    function = node.func
    name = function.attr if type(function) is ast.Attribute else function.id if type(function) is ast.Name else ""
    if name not in ("max", "min", "median"):
        return False
    from graphcore.parse.binding import is_torch, prefix_of

    if any(keyword.arg in ("dim", "keepdim") for keyword in node.keywords):
        return True
    is_function = type(function) is ast.Name or prefix_of(tr, function.value) is not None  # type: ignore[attr-defined]
    return is_torch(tr, node) and len(node.args) > (1 if is_function else 0)

"""Static arguments: the numbers, tuples and words that an op is set with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from graphcore.parse.constants import Constant, binary, number, whole

if TYPE_CHECKING:
    from graphcore.parse.expressions import Translator


_STATIC_SIGNS = frozenset({ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow})


def is_static(node: ast.expr) -> bool:
    if type(node) is ast.UnaryOp:
        node = node.operand
    return type(node) is ast.Constant and (type(node.value) is int or node.value is None)


def static(tr: Translator, node: ast.expr) -> Any:
    """The value of a static argument: a number, a tuple of numbers, True, False, None or a word."""
    kind = type(node)
    if kind is ast.Constant:
        value = node.value  # type: ignore[attr-defined]
        if value is None or isinstance(value, bool | int | float | str):
            return value
    if kind is ast.Tuple or kind is ast.List:
        return tuple(static(tr, element) for element in node.elts)  # type: ignore[attr-defined]
    if kind is ast.BinOp and type(node.op) in _STATIC_SIGNS:  # type: ignore[attr-defined]
        # n - 1 of a leaf n: the number written there is what counts
        left, right = static(tr, node.left), static(tr, node.right)  # type: ignore[attr-defined]
        if isinstance(left, int | float) and isinstance(right, int | float):
            made = tr.checked(node, binary, type(node.op), number(left), number(right))  # type: ignore[attr-defined]
            exact = whole(made)
            return made if exact is None else exact
    value = tr.visit(node)
    if not isinstance(value, Constant):
        known = tr.leaves.get(value)
        if known is None or known.random:
            text = tr.line.segment(node)
            raise tr.error(node, f"`{text}` is computed, and a number is wanted here.", "Write the number itself.")
        tr.static_leaves.add(int(value))
        value = known
    if isinstance(value.value, float):
        exact = whole(value.value)
        return value.value if exact is None else exact
    listed = value.value.tolist()
    return tuple(n if whole(n) is None else whole(n) for n in listed) if value.value.ndim == 1 else listed


def index_of(tr: Translator, node: ast.expr) -> int:
    value = whole(static(tr, node))
    if value is None:
        raise tr.error(node, f"`{tr.line.segment(node)}` is not a whole number.", "A subscript counts entries.")
    return value

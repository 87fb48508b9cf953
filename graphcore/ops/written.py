"""An op's application as plain program text."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from graphcore.ops.row import Op
from graphcore.syntax import expression


class _Substitute(ast.NodeTransformer):
    def __init__(self, texts: dict[str, ast.expr]) -> None:
        self.texts = texts

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.texts.get(node.id, node)


def write(op: Op, operands: Sequence[str], statics: Mapping[str, Any] | None = None) -> str:
    """How a user would write ``op`` on these operand texts; static arguments at their defaults are left out.

    >>> from graphcore.ops import get
    >>> write(get("mul"), ["x1 + 1", "w1"])
    '(x1 + 1) * w1'
    >>> write(get("sum"), ["x1 + 1"], {"axis": 0})
    'sum(x1 + 1, axis=0)'
    """
    given = {**op.statics, **(statics or {})}
    named = {name.lstrip("*"): tree for name, tree in zip(op.operands, map(_tree, operands), strict=False)}
    body = expression(op.written.text)
    if op.variadic:
        body = ast.Call(ast.Name(op.name), [ast.List(list(map(_tree, operands)))], [])
    else:
        named |= {key: _constant(value) for key, value in given.items()}
        body = _Substitute(named).visit(body)
    if isinstance(body, ast.Call):
        said = {keyword.arg for keyword in body.keywords}
        usual = {key for key, value in given.items() if value == op.statics.get(key)}
        body.keywords = [k for k in body.keywords if k.arg not in usual]
        body.keywords += [
            ast.keyword(key, _constant(value)) for key, value in given.items() if key not in said and key not in usual
        ]
    return ast.unparse(ast.fix_missing_locations(body))


def _tree(text: str) -> ast.expr:
    """An operand's text as a syntax tree, so that brackets come where they are needed; a text that is none as it is."""
    try:
        return expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Name(text)


def _constant(value: Any) -> ast.expr:
    if isinstance(value, slice):
        bounds = [None if part is None else _constant(part) for part in (value.start, value.stop, value.step)]
        return ast.Slice(*bounds)
    if isinstance(value, tuple):
        return ast.Tuple([_constant(part) for part in value])
    return ast.Constant(value)

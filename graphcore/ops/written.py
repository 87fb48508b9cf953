"""An op's application as plain program text."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from graphcore.ops.row import Op


class _Substitute(ast.NodeTransformer):
    def __init__(self, texts: dict[str, ast.expr]) -> None:
        self.texts = texts

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.texts.get(node.id, node)


def write(op: Op, operands: Sequence[str]) -> str:
    """How a user would write ``op`` on these operand texts.

    >>> from graphcore.ops import get
    >>> write(get("mul"), ["x1", "w1"])
    'x1 * w1'
    """
    names = [name.lstrip("*") for name in op.operands]
    if op.variadic:
        return f"{op.name}([{', '.join(operands)}])"
    texts: dict[str, ast.expr] = {name: ast.Name(text, ast.Load()) for name, text in zip(names, operands, strict=False)}
    return ast.unparse(_Substitute(texts).visit(ast.parse(op.written.text, mode="eval").body))

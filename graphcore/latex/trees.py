"""Formula trees: Python's own ``ast`` expressions, read and rebuilt without changing the originals."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

Tree = ast.expr


def number(value: float) -> ast.Constant:
    """A constant; whole floats become ints, so that they print plainly and compare as themselves."""
    return ast.Constant(int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value)


def value_of(tree: Tree) -> float | None:
    """The value of a plain number, None for anything else (booleans and None included)."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float) and not isinstance(tree.value, bool):
        return tree.value
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        value = value_of(tree.operand)
        return None if value is None else -value
    return None


def call_name(tree: Tree) -> str:
    """The name of the function a call calls, else nothing."""
    return tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else ""


class Rebuild(ast.NodeTransformer):
    """A pass that makes a new tree, with names replaced."""

    def __init__(self, trees: Mapping[str, Tree]) -> None:
        self.trees = trees

    def visit_Name(self, node: ast.Name) -> Tree:
        return self.trees.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> Tree:
        # the name of a function is never an operand's, though it may be spelled like one
        return ast.Call(
            node.func if isinstance(node.func, ast.Name) else self.visit(node.func),
            [self.visit(argument) for argument in node.args],
            [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords],
        )

    def generic_visit(self, node: ast.AST) -> ast.AST:
        fields = {name: self._copied(value) for name, value in ast.iter_fields(node)}
        return type(node)(**fields)

    def _copied(self, value: object) -> object:
        if isinstance(value, list):
            return [self.visit(item) if isinstance(item, ast.AST) else item for item in value]
        return self.visit(value) if isinstance(value, ast.AST) else value


def substitute(tree: Tree, trees: Mapping[str, Tree]) -> Tree:
    """The tree with names replaced, in one go; the tree itself stays as it is."""
    result: Tree = Rebuild(trees).visit(tree)
    return result


def choice(tree: ast.expr) -> Sequence[ast.expr]:
    """Condition and both sides of a choice; nothing for any other tree."""
    if isinstance(tree, ast.IfExp):
        return tree.test, tree.body, tree.orelse
    return tree.args if call_name(tree) == "where" and isinstance(tree, ast.Call) and len(tree.args) == 3 else ()

"""How a formula is rewritten before it is compiled: once for Python floats, once for arrays. The numbers stay the same."""

from __future__ import annotations

import ast
import math
from typing import Any, TypeGuard

import numpy as np

from graphcore.ops.backward import Array


class FloatForm(ast.NodeTransformer):
    """A formula as Python floats want it.

    ``a ** b`` becomes ``pow(a, b)``, which raises where the plain operator would answer with a complex number, and
    ``where(c, a, b)`` an expression that computes only the side it takes.
    """

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(ast.Name("pow", ast.Load()), [node.left, node.right], [])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "where":
            condition, yes, no = node.args
            return ast.IfExp(condition, yes, no)
        return node


# calls whose arguments are numbers or arrays of numbers, never axes or shapes
_ENTRYWISE = frozenset(
    ("where", "maximum", "minimum", "exp", "log", "log1p", "expm1", "sqrt", "tanh", "sin", "cos", "abs", "sign", "sigmoid")
)
_CONSTANTS = {"pi": math.pi, "sqrt": math.sqrt}


def _number(node: ast.expr) -> float | None:
    """The value of an expression of numbers alone, such as ``sqrt(2 * pi)``."""
    parts = list(ast.walk(node))
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    if not isinstance(node, ast.BinOp | ast.Call) or not names or not names <= _CONSTANTS.keys():
        return None
    return float(eval(compile(ast.Expression(node), "<numbers>", "eval"), dict(_CONSTANTS)))  # noqa: S307  # a row's text


def _power_of_two(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and value > 0 and math.frexp(value)[0] == 0.5


def _is_product(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


class ArrayForm(ast.NodeTransformer):
    """A formula as small arrays want it: its numbers as 0-d arrays, made once, which NumPy need not convert each time.

    An exponent stays a number, for NumPy has short cuts for some of them.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, Array] = {}

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value: Any = node.value
        return self._named(value) if type(value) in (int, float) else node

    def _named(self, value: float) -> ast.Name:
        name = f"_{len(self.numbers)}"
        self.numbers[name] = np.array(value, dtype=np.float64)
        return ast.Name(name, ast.Load())

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        value = _number(node)
        if value is not None:
            return self._named(value)
        if isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant) and _power_of_two(node.right.value):
            # a product takes half the time of a quotient, and here gives the same number
            node.op, node.right = ast.Mult(), ast.Constant(1 / node.right.value)
        node.left = self.visit(node.left)
        if not isinstance(node.op, ast.Pow):
            node.right = self.visit(node.right)
        if _is_product(node) and isinstance(node.left, ast.Attribute) and node.left.attr == "T":
            return ast.Call(ast.Name("across", ast.Load()), [node.left.value, node.right], [])
        for product, other in ((node.right, node.left), (node.left, node.right)):
            if isinstance(node.op, ast.Add) and _is_product(product):
                return ast.Call(ast.Name("add_to_product", ast.Load()), [product, other], [])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        value = _number(node)
        if value is not None:
            return self._named(value)
        if isinstance(node.func, ast.Name) and node.func.id in _ENTRYWISE:
            node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        # an equality is asked of exponents and settings, which are floats as a rule
        return node if isinstance(node.ops[0], ast.Eq) else self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        return node

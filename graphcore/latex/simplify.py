"""The identities a reader applies without thinking, on formula trees.

Trees are Python's own ``ast`` expressions; every function returns a new tree and leaves its argument alone.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from graphcore.latex.trees import Rebuild, Tree, call_name, number, value_of

_COMPARE: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}


def simplify(tree: Tree, *, exact: bool = False) -> Tree:
    """The tree after constant folding and the obvious identities.

    ``exact`` keeps to those that change neither the order of the operations nor what becomes of a nan: for programs.

    >>> ast.unparse(simplify(ast.parse("where(2 == 0, 0 * 1, 1 * 2 * s ** (2 - 1))", mode="eval").body))
    '2 * s'
    """
    result: Tree = _Simplify(exact).visit(tree)
    return result


class _Simplify(Rebuild):
    def __init__(self, exact: bool) -> None:
        super().__init__({})
        self.exact = exact

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Tree:
        operand: Tree = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return _negated(operand)
        if isinstance(node.op, ast.USub) and (not self.exact or value_of(operand) is not None):
            return _minus(operand)
        return ast.UnaryOp(node.op, operand)

    def visit_BinOp(self, node: ast.BinOp) -> Tree:
        left: Tree = self.visit(node.left)
        right: Tree = self.visit(node.right)
        rule = (_EXACT if self.exact else _BINARY).get(type(node.op))
        return rule(left, right) if rule else ast.BinOp(left, node.op, right)

    def visit_Compare(self, node: ast.Compare) -> Tree:
        left: Tree = self.visit(node.left)
        rights: list[Tree] = [self.visit(right) for right in node.comparators]
        a, b = value_of(left), value_of(rights[0])
        if len(rights) == 1 and a is not None and b is not None:
            return ast.Constant(_COMPARE[type(node.ops[0])](a, b))
        return ast.Compare(left, node.ops, rights)

    def visit_Call(self, node: ast.Call) -> Tree:
        call = super().visit_Call(node)
        name = call_name(call)
        if not isinstance(call, ast.Call):
            return call
        if name == "where" and len(call.args) == 3:
            return _where(*call.args, turn=not self.exact)
        if name in ("ones_like", "zeros_like") and not self.exact:
            return number(int(name == "ones_like"))
        return call


def _where(condition: Tree, a: Tree, b: Tree, *, turn: bool) -> Tree:
    if isinstance(condition, ast.Constant):
        return a if condition.value else b
    if ast.dump(a) == ast.dump(b):
        return a
    if turn and value_of(a) == 0 and call_name(b) != "where" and isinstance(condition, ast.Compare) and len(condition.ops) == 1:
        condition, a, b = _negated(condition), b, a
    return ast.Call(ast.Name("where"), [condition, a, b], [])


def _negated(condition: Tree) -> Tree:
    if isinstance(condition, ast.Constant):
        return ast.Constant(not condition.value)
    if isinstance(condition, ast.Compare) and len(condition.ops) == 1:
        return ast.Compare(condition.left, [_OPPOSITE[type(condition.ops[0])]()], condition.comparators)
    return ast.UnaryOp(ast.Not(), condition)


def _minus(tree: Tree) -> Tree:
    value = value_of(tree)
    if value is not None:
        return number(-value) if value else number(0)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return tree.operand
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub):
        return _subtract(tree.right, tree.left)
    coefficient, rest = _coefficient(tree)
    if coefficient is not None:
        return _times(-coefficient, rest)
    return ast.UnaryOp(ast.USub(), tree)


def _signed(tree: Tree) -> tuple[bool, Tree]:
    """Whether a minus stands in front, and the tree without it."""
    value = value_of(tree)
    if value is not None and value < 0:
        return True, number(-value)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return True, tree.operand
    coefficient, rest = _coefficient(tree)
    if coefficient is not None and coefficient < 0:
        return True, _times(-coefficient, rest)
    return False, tree


def _coefficient(tree: Tree) -> tuple[float | None, Tree]:
    """The number in front of a product and the rest of it."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
        value = value_of(tree.left)
        if value is not None:
            return value, tree.right
        value, rest = _coefficient(tree.left)
        if value is not None:
            return value, ast.BinOp(rest, ast.Mult(), tree.right)
    return None, tree


def _times(coefficient: float, rest: Tree) -> Tree:
    if coefficient == 0:
        return number(0)
    if coefficient in (1, -1):
        return rest if coefficient == 1 else ast.UnaryOp(ast.USub(), rest)
    return _in_front(number(coefficient), rest)


def _in_front(factor: Tree, rest: Tree) -> Tree:
    if isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Mult):
        return ast.BinOp(_in_front(factor, rest.left), ast.Mult(), rest.right)
    return ast.BinOp(factor, ast.Mult(), rest)


def _folded(value: float) -> ast.Constant | None:
    """A computed constant, where it is still short enough to be recognised."""
    return number(value) if len(repr(float(value))) <= 8 else None


def _add(left: Tree, right: Tree) -> Tree:
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None and (sum_ := _folded(a + b)):
        return sum_
    if a == 0:
        return right
    if b == 0:
        return left
    minus, size = _signed(right)
    return ast.BinOp(left, ast.Sub(), size) if minus else ast.BinOp(left, ast.Add(), right)


def _subtract(left: Tree, right: Tree) -> Tree:
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None and (difference := _folded(a - b)):
        return difference
    if a == 0:
        return _minus(right)
    if b == 0:
        return left
    minus, size = _signed(right)
    return ast.BinOp(left, ast.Add(), size) if minus else ast.BinOp(left, ast.Sub(), right)


def _multiply(left: Tree, right: Tree) -> Tree:
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None and (product := _folded(a * b)):
        return product
    if 0 in (a, b):
        return number(0)
    minus_left, left = _signed(left)
    minus_right, right = _signed(right)
    product_tree = _multiply_sizes(left, right)
    return _minus(product_tree) if minus_left != minus_right else product_tree


def _multiply_sizes(left: Tree, right: Tree) -> Tree:
    if value_of(left) == 1:
        return right
    if value_of(right) == 1:
        return left
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        return _divide(_multiply(left.left, right), left.right)
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Div):
        return _divide(_multiply(left, right.left), right.right)
    a, left_rest = (value_of(left), None) if value_of(left) is not None else _coefficient(left)
    b, right_rest = (value_of(right), None) if value_of(right) is not None else _coefficient(right)
    if a is None and b is None:
        return ast.BinOp(left, ast.Mult(), right)
    coefficient = (1 if a is None else a) * (1 if b is None else b)
    rest = [tree for tree in (left_rest, right_rest) if tree is not None]
    return _times(coefficient, rest[0] if len(rest) == 1 else ast.BinOp(rest[0], ast.Mult(), rest[1]))


def _divide(left: Tree, right: Tree) -> Tree:
    a, b = value_of(left), value_of(right)
    if a is not None and b and (quotient := _folded(a / b)):
        return quotient
    if a == 0 and b != 0:
        return number(0)
    if b == 1:
        return left
    minus_left, left = _signed(left)
    minus_right, right = _signed(right)
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        right = _multiply(left.right, right)
        left = left.left
    fraction = ast.BinOp(left, ast.Div(), right)
    return ast.UnaryOp(ast.USub(), fraction) if minus_left != minus_right else fraction


def _power(left: Tree, right: Tree) -> Tree:
    exponent = value_of(right)
    if exponent == 1:
        return left
    if exponent == 0 or value_of(left) == 1:
        return number(1)
    return ast.BinOp(left, ast.Pow(), right)


def _exact_product(left: Tree, right: Tree) -> Tree:
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None and (product := _folded(a * b)):
        return product
    return right if a == 1 else left if b == 1 else ast.BinOp(left, ast.Mult(), right)


def _exact_quotient(left: Tree, right: Tree) -> Tree:
    return left if value_of(right) == 1 else ast.BinOp(left, ast.Div(), right)


def _exact_sum(sign: ast.operator, fold: Callable[[Tree, Tree], Tree]) -> Callable[[Tree, Tree], Tree]:
    def rule(left: Tree, right: Tree) -> Tree:
        constants = value_of(left) is not None and value_of(right) is not None
        return fold(left, right) if constants else ast.BinOp(left, sign, right)

    return rule


_EXACT: Mapping[type[ast.operator], Callable[[Tree, Tree], Tree]] = {
    ast.Add: _exact_sum(ast.Add(), _add),
    ast.Sub: _exact_sum(ast.Sub(), _subtract),
    ast.Mult: _exact_product,
    ast.Div: _exact_quotient,
    ast.Pow: _power,
}
_BINARY: Mapping[type[ast.operator], Callable[[Tree, Tree], Tree]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}

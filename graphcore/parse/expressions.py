"""Syntax trees into nodes: an allow-list of expression forms, each with its method.

A chain of operators, attributes and subscripts leans to the left without bound (a sum of 300 terms), so it is
unrolled; everything else nests at most as deep as its brackets and signs, and recurses.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

from graphcore.parse import calls, complaints, dialect, parts, subscripts
from graphcore.parse.binding import prefix_of
from graphcore.parse.constants import (
    CONSTANTS,
    Constant,
    as_value,
    binary,
    nested,
    number,
    plain_entries,
)
from graphcore.parse.making import NODE_LIMIT, Maker, Operand
from graphcore.parse.reader import DEPTH_LIMIT, Line
from graphcore.parse.spelling import CONSTANT_PREFIXES, SAME, is_op

__all__ = ["BINARY", "COMPARE", "NODE_LIMIT", "Operand", "Translator"]

BINARY: Mapping[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.Mod: "remainder",
    ast.FloorDiv: "floor_divide",
}
COMPARE: Mapping[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: ("gt", "greater"),
    ast.GtE: ("ge", "greater_equal"),
    ast.Lt: ("lt", "less"),
    ast.LtE: ("le", "less_equal"),
    ast.Eq: ("eq", "equal"),
    ast.NotEq: ("ne", "not_equal"),
}
# `.T` and its like: read like an attribute, meant as an op
_TRANSPOSES = frozenset({"T", "mT", "H", "mH"})


class Translator(Maker):
    """Turns one program's expressions into nodes of one builder."""

    # ---- the way in

    def statement(self, node: ast.expr, line: Line, target: str | None) -> Operand:
        """One right side; the node made for it is called ``target``."""
        self.line, self.top, self.target = line, node, target
        self.root = node
        self._depth = 0
        return self.visit(node)

    def visit(self, node: ast.expr) -> Operand:
        """One expression: a node of the graph, or a constant."""
        spine: list[Any] = []
        while True:
            kind = type(node)
            if kind is ast.BinOp:
                spine.append(node)
                node = node.left  # type: ignore[attr-defined]
            elif kind is ast.Name:
                value = self.name(node)  # type: ignore[arg-type]
                break
            elif kind is ast.Subscript or kind is ast.Attribute:
                if kind is ast.Attribute:
                    constant = self.dotted_constant(node)  # type: ignore[arg-type]
                    if constant is not None:
                        value = constant
                        break
                elif parts.of_a_split(self, node):
                    value = parts.part(self, node)  # type: ignore[arg-type]
                    break
                spine.append(node)
                node = node.value  # type: ignore[attr-defined]
            elif kind is ast.Call:
                method = calls.method_of(self, node)  # type: ignore[arg-type]
                if method is None:
                    value = calls.call(self, node)  # type: ignore[arg-type]
                    break
                if node is self.top and node.func.attr in SAME:  # type: ignore[attr-defined]
                    self.top = method
                spine.append(node)
                node = method
            else:
                value = self.atom(node)
                break
        while spine:
            node = spine.pop()
            if type(node) is ast.BinOp:
                value = self.binary(node, value)
            elif type(node) is ast.Call:
                value = calls.method(self, node, value)
            elif type(node) is ast.Subscript:
                value = subscripts.subscript(self, node, value)
            else:
                value = self.attribute(node, value)  # type: ignore[arg-type]
        return value

    def atom(self, node: ast.expr) -> Operand:
        """An expression that is no chain."""
        kind = type(node)
        if kind is ast.Constant:
            return self.literal(node)  # type: ignore[arg-type]
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise self.error(
                node, f"signs and brackets are nested more than {DEPTH_LIMIT} deep here.", "Give inner parts names of their own."
            )
        try:
            if kind is ast.UnaryOp:
                return self.unary(node)  # type: ignore[arg-type]
            if kind is ast.List or kind is ast.Tuple:
                return self.sequence(node)  # type: ignore[arg-type]
            if kind is ast.Compare:
                return self.compare(node)  # type: ignore[arg-type]
        finally:
            self._depth -= 1
        raise complaints.syntax_error(self, node)

    # ---- names and literals

    def name(self, node: ast.Name) -> Operand:
        """A name: a node, or a mathematical constant."""
        found = (self.names if self.template is None else self.template.operands).get(node.id)
        if found is not None:
            return found
        constant = CONSTANTS.get(node.id)
        if constant is not None and (self.template is not None or node.id not in self.assigned):
            return Constant(constant, node)
        raise complaints.name_error(self, node)

    def literal(self, node: ast.Constant) -> Constant:
        """A number as written."""
        value = node.value
        kind = type(value)
        if kind is float or kind is int:
            return Constant(number(value), node, node)
        raise complaints.literal_error(self, node)

    def sequence(self, node: ast.List | ast.Tuple) -> Operand:
        """A nested list: numbers alone are a literal, anything else is stacked."""
        if type(node) is ast.Tuple and node is self.root:
            raise complaints.tuple_error(self, node)
        plain = plain_entries(node)
        if plain is not None:
            return Constant(self.checked(node, nested, plain), node, node)
        parts = [self.visit(element) for element in node.elts]
        if all(isinstance(part, Constant) for part in parts):
            entries = [part.value for part in parts if isinstance(part, Constant)]
            return Constant(self.checked(node, nested, entries), node)
        if not is_op("stack"):
            raise self.error(node, "a list here holds numbers only.", "Write numbers, or use an op on the names.")
        return self.apply("stack", parts, node, {})

    def dotted_constant(self, node: ast.Attribute) -> Constant | None:
        """``math.pi``, ``np.inf``."""
        prefix = prefix_of(self, node.value)
        if prefix is None:
            return None
        value = CONSTANTS.get(node.attr)
        if value is None or prefix not in CONSTANT_PREFIXES:
            raise complaints.dotted_error(self, node)
        return Constant(value, node)

    # ---- operators

    def binary(self, node: ast.BinOp, left: Operand) -> Operand:
        """Two operands and a sign; two constants fold into one."""
        self._depth += 1
        if self._depth > 4 * DEPTH_LIMIT:
            raise self.error(node, "this expression is nested too deep.", "Give inner parts names of their own.")
        right = self.visit(node.right)
        self._depth -= 1
        operator = type(node.op)
        name = BINARY.get(operator)
        if isinstance(left, Constant) and isinstance(right, Constant) and name is not None:
            value = self.checked(node, binary, operator, left.value, right.value)
            return Constant(value, node, None, _wants(left, right), left.random or right.random)
        if name is None or not is_op(name):
            raise complaints.operator_error(self, node)
        return self.apply(name, (left, right), node, {})

    def unary(self, node: ast.UnaryOp) -> Operand:
        """A sign before an operand."""
        operator = type(node.op)
        if operator is ast.Not or operator is ast.Invert:
            raise complaints.not_error(self, node)
        value = self.visit(node.operand)
        if operator is ast.UAdd:
            return value
        if isinstance(value, Constant):
            entries = node if value.entries is not None and type(value.value) is float else None
            return Constant(as_value(-value.value), node, entries, value.wants, value.random)
        return self.apply("neg", (value,), node, {})

    def compare(self, node: ast.Compare) -> Operand:
        """A comparison: 1 where it holds, 0 elsewhere, for masks and ``where``."""
        if len(node.ops) > 1:
            raise self.error(
                node, "a chain of comparisons is not part of this language.", "Compare two things at a time, inside `where`."
            )
        name = next((name for name in COMPARE.get(type(node.ops[0]), ()) if is_op(name)), None)
        if name is None:
            raise self.error(
                node, f"`{self.line.segment(node)}` is not part of this language.", "Compare with < <= > >= inside `where`."
            )
        operands = (self.visit(node.left), self.visit(node.comparators[0]))
        return self.apply(name, operands, node, {})

    def attribute(self, node: ast.Attribute, value: Operand) -> Operand:
        """``W.T``, and the few facts about a shape that are numbers."""
        name = node.attr
        if name in _TRANSPOSES:
            return calls.transpose(self, node, value)
        if name == "values" and dialect.extreme_with_axis(tr=self, node=node.value):
            return value
        if name == "ndim":
            return Constant(float(len(self.shape(value))), node)
        if name in ("size", "shape"):
            shape = self.shape(value)
            return Constant(as_value([float(n) for n in shape]) if name == "shape" else float(math.prod(shape)), node)
        raise complaints.attribute_error(self, node)


def _wants(*constants: Constant) -> bool | None:
    """A gradient is not wanted where any part says so, wanted where any part says that."""
    said = {constant.wants for constant in constants}
    return False if False in said else (True if True in said else None)

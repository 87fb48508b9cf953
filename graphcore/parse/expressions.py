"""Syntax trees into nodes: an allow-list of expression forms, each with its method.

A chain of operators, attributes and subscripts leans to the left without bound (a sum of 300 terms), so it is
unrolled; everything else nests at most as deep as its brackets and signs, and recurses.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from graphcore import ops
from graphcore.errors import GraphError, UnknownNameError
from graphcore.graph import Builder, Handle
from graphcore.ops.namespaces import Shape
from graphcore.parse import calls, complaints, composites, dialect, subscripts
from graphcore.parse.binding import prefix_of
from graphcore.parse.constants import (
    CONSTANTS,
    ELEMENT_LIMIT,
    TOTAL_LIMIT,
    Constant,
    ConstantError,
    Random,
    as_value,
    binary,
    check_size,
    nested,
    number,
    plain_entries,
)
from graphcore.parse.constructors import AXIS_LIMIT
from graphcore.parse.pointing import error_at, node_error
from graphcore.parse.reader import DEPTH_LIMIT, Line, Program
from graphcore.parse.spelling import CONSTANT_PREFIXES, SAME, is_op

NODE_LIMIT = 5_000
BACKWARD_LIMIT = 5 * TOTAL_LIMIT
LABEL_LIMIT = 200

Operand = Handle | Constant

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


class Translator:
    """Turns one program's expressions into nodes of one builder."""

    def __init__(self, program: Program, builder: Builder, assigned: Mapping[str, int]) -> None:
        self.program = program
        self.builder = builder
        self.assigned = assigned  # every name the program assigns, with the line where it first does
        self.names: dict[str, Operand] = {}
        self.leaves: dict[int, Constant] = {}  # what each leaf was read from
        self.modules: dict[str, tuple[str, list[ast.keyword]]] = {}  # criterion = nn.MSELoss()
        self.static_leaves: set[int] = set()  # leaves whose number is an axis, a shape or a subscript somewhere
        self.line: Line = Line(1, 0, "")
        self.top: ast.expr | None = None  # the expression that gets `target` as its name
        self.target: str | None = None
        self.root: ast.expr | None = None  # the whole right side
        self.template: composites.Template | None = None  # inside a composite: its operands and its call
        self._depth = 0
        self._elements = 0
        self._handed_on = 0

    @cached_property
    def random(self) -> Random:
        """Where random leaves come from."""
        return Random()

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

    # ---- nodes

    def apply(self, op: str, operands: Any, node: ast.expr, statics: Mapping[str, Any]) -> Operand:
        """One op on operands: a node, or a constant where all operands are."""
        builder = self.builder
        if len(builder) >= NODE_LIMIT:
            raise self.error(node, f"the program has more than {NODE_LIMIT:,} nodes.", "Use ops on whole arrays.")
        constants = [operand for operand in operands if type(operand) is Constant]
        passed = operands
        if constants:
            for constant in constants:
                if constant.random:
                    raise self.error(
                        constant.node,
                        "random numbers need a name.",
                        "Draw them on a line of their own, as in `noise = randn(3)`.",
                    )
            if len(constants) == len(operands):
                return composites.fold(self, op, operands, node, statics)
            passed = [builder.literal(k.value, self.text(k)) if type(k) is Constant else k for k in operands]
        top = node is self.top and self.target is not None
        try:
            handle = builder.apply(op, *passed, name=self.target if top else None, **statics)
        except GraphError as problem:
            # the builder writes the application out; the user's own text says it better
            _, fits, why = problem.what.partition(" does not fit. ")
            raise self.error(
                node, f"{self.source_of(node)} does not fit. {why}" if fits else problem.what, problem.instead
            ) from None
        except UnknownNameError as problem:
            raise self.error(node, str(problem)) from None
        except composites.BAD_SETTINGS:
            raise composites.settings_error(self, op, node, statics) from None
        shape = builder.shape(handle)
        if shape:
            self.count(node, shape)
        self._count_backward(node, op, [builder.shape(k) for k in passed if type(k) is Handle], shape)
        template = self.template
        builder.spans[handle] = self.line.span(node) if template is None else template.span
        if not top:
            text = self.line.segment(node) if template is None else template.label(node)
            builder.labels[handle] = text if len(text) <= LABEL_LIMIT else text[: LABEL_LIMIT - 1] + "…"
        return handle

    def count(self, node: ast.expr, shape: Shape) -> None:
        """Refuse what would need too much memory, before anything is computed."""
        if len(shape) > AXIS_LIMIT:
            raise self.error(node, f"this has {len(shape)} axes.", f"At most {AXIS_LIMIT} are computed.")
        try:
            count = math.prod(shape)
        except TypeError:  # a shape of tuples: the check says it
            count = -1
        if not 0 <= count <= ELEMENT_LIMIT:
            self.checked(node, check_size, shape)
        self._elements += count
        if self._elements > TOTAL_LIMIT:
            raise self.error(
                node, f"up to here the program has {self._elements:,} entries in all.", f"At most {TOTAL_LIMIT:,} are computed."
            )

    def _count_backward(self, node: ast.expr, op: str, operands: list[Shape], shape: Shape) -> None:
        """The same for the backward pass: every edge keeps what it hands on, which has its operand's shape."""
        for operand in operands:
            if operand:
                self._handed_on += math.prod(operand)
        if self._handed_on > BACKWARD_LIMIT:
            raise self.error(
                node,
                f"up to here the backward pass hands on {self._handed_on:,} numbers.",
                f"At most {BACKWARD_LIMIT:,} are kept; use a large array fewer times.",
            )
        if len(shape) > 2 and ops.ALIASES.get(op, op) == "matmul":
            # a matrix beside many: before its gradients are summed there is one for each of them
            for operand in operands:
                self.checked(node, check_size, (*shape[:-2], *operand[-2:]))

    def shape(self, operand: Operand) -> Shape:
        """The shape of a node or a constant."""
        return operand.shape if isinstance(operand, Constant) else self.builder.shape(operand)

    def text(self, constant: Constant) -> str:
        """The source text of a constant."""
        return self.source_of(constant.node)

    def source_of(self, node: ast.expr) -> str:
        """The text of a syntax node; inside a composite with the operands' own texts in it."""
        return self.line.segment(node) if self.template is None else self.template.label(node)

    # ---- errors

    def checked(self, node: ast.expr, function: Any, *values: Any) -> Any:
        """``function(*values)``, its problem told at ``node``."""
        try:
            return function(*values)
        except ConstantError as problem:
            raise self.error(node, problem.what, problem.instead) from None

    def error(self, node: ast.AST, what: str, instead: str = "", mend: tuple[str, ast.AST, str] | None = None) -> GraphError:
        """The error at a syntax node; ``mend`` is (what the button writes, which node, what goes there)."""
        if self.template is not None:
            return error_at(self.program, self.template.span, what, instead)
        return node_error(self.program, self.line, node, what, instead, mend)


def _wants(*constants: Constant) -> bool | None:
    """A gradient is not wanted where any part says so, wanted where any part says that."""
    said = {constant.wants for constant in constants}
    return False if False in said else (True if True in said else None)

"""Syntax trees into nodes: an allow-list of expression forms, each with its method.

A chain of operators, attributes and subscripts leans to the left without bound (a sum of 300 terms), so it is
unrolled; everything else nests at most as deep as its brackets and signs, and recurses.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NoReturn

from graphcore.errors import Fix, GraphError, UnknownNameError, nearest
from graphcore.graph import Builder, Handle
from graphcore.ops.namespaces import Shape
from graphcore.parse import calls, refusals
from graphcore.parse.constants import (
    CONSTANTS,
    TOTAL_LIMIT,
    Constant,
    Random,
    ValueProblem,
    as_value,
    binary,
    check_size,
    nested,
    number,
)
from graphcore.parse.reader import DEPTH_LIMIT, Line, Program

NODE_LIMIT = 5_000
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
_SIGNS = {ast.BitXor: "^", ast.BitOr: "|", ast.BitAnd: "&", ast.LShift: "<<", ast.RShift: ">>", ast.Mod: "%", ast.FloorDiv: "//"}
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
        self.template: calls.Template | None = None  # inside a composite: its operands and its call
        self._depth = 0
        self._elements = 0

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
                if node is self.top and node.func.attr in calls.SAME:  # type: ignore[attr-defined]
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
                value = calls.subscript(self, node, value)
            else:
                value = self.attribute(node, value)
        return value

    def atom(self, node: ast.expr) -> Operand:
        """An expression that is no chain."""
        kind = type(node)
        if kind is ast.Constant:
            return self.literal(node)  # type: ignore[arg-type]
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self.refuse(
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
        self.refuse_syntax(node)

    # ---- names and literals

    def name(self, node: ast.Name) -> Operand:
        """A name: a node, or a mathematical constant."""
        found = (self.names if self.template is None else self.template.operands).get(node.id)
        if found is not None:
            return found
        constant = CONSTANTS.get(node.id)
        if constant is not None and (self.template is not None or node.id not in self.assigned):
            return Constant(constant, node)
        self.refuse_name(node)

    def refuse_name(self, node: ast.Name) -> NoReturn:
        """The name means nothing here."""
        name = node.id
        line = self.assigned.get(name)
        if line is not None and line >= self.line.number:
            where = f"in line {line}" if line > self.line.number else "in this very line"
            self.refuse(node, f"`{name}` is used before it is assigned {where}.", "Move the assignment up.")
        if name == "π":
            self.refuse(node, "`π` is called `pi` here.", "Write `pi`.", ("pi", node, "pi"))
        if name in calls.PREFIXES:
            self.refuse(
                node, f"`{name}` is a module; it can only stand before an op or a constant.", f"Write as in `{name}.exp(x)`."
            )
        if calls.is_op(name):
            self.refuse(node, f"`{name}` is an op and wants its operands.", f"Write as in `{name}(x)`.")
        guess = self.run_together(name) or nearest(name, self.names)
        if guess is None or guess == name:
            instead = "Assign it first, as in `" + name + " = 2`." if self.names else f"Assign it first: `{name} = 2`."
            self.refuse(node, f"`{name}` is not defined.", instead)
        self.refuse(node, f"`{name}` is not defined.", f"Did you mean `{guess}`?", (guess, node, guess))

    def run_together(self, name: str) -> str | None:
        """``sinx`` as ``sin(x)``, ``xw`` as ``x * w``, where the parts are known."""
        for k in range(len(name) - 1, 0, -1):
            head, tail = name[:k], name[k:]
            if tail in self.names and calls.is_op(head):
                return f"{head}({tail})"
            if tail in self.names and head in self.names:
                return f"{head} * {tail}"
        return None

    def literal(self, node: ast.Constant) -> Constant:
        """A number as written."""
        value = node.value
        kind = type(value)
        if kind is float or kind is int:
            return Constant(number(value), node, node)
        if kind is complex:
            self.refuse(node, "complex numbers are not part of this language.", "Write real numbers.")
        if kind is bool:
            self.refuse(
                node, f"`{value}` is not a number here.", f"Write {int(value)}.", (str(int(value)), node, str(int(value)))
            )
        if kind is str or kind is bytes:
            self.refuse(node, "a text (string) is not part of this language.", "Only numbers and names stand in an expression.")
        self.refuse(node, f"`{self.line.segment(node)}` is not a number.", "Write a number or a name.")

    def sequence(self, node: ast.List | ast.Tuple) -> Operand:
        """A nested list: numbers alone are a literal, anything else is stacked."""
        if type(node) is ast.Tuple and node is self.root:
            self.refuse_tuple(node)
        plain = _plain_entries(node)
        if plain is not None:
            return Constant(self.checked(node, nested, plain), node, node)
        parts = [self.visit(element) for element in node.elts]
        if all(type(part) is Constant for part in parts):
            entries = [part.value for part in parts if isinstance(part, Constant)]
            return Constant(self.checked(node, nested, entries), node)
        if not calls.is_op("stack"):
            self.refuse(node, "a list here holds numbers only.", "Write numbers, or use an op on the names.")
        return self.apply("stack", parts, node, {})

    def refuse_tuple(self, node: ast.Tuple) -> NoReturn:
        """``x = 0,5``: a decimal comma, or a list without its brackets."""
        text = self.line.segment(node)
        parts = [self.line.segment(element) for element in node.elts]
        if len(parts) == 2 and all(part.isdigit() for part in (parts[0].lstrip("-"), parts[1])):
            mended = ".".join(parts)
            self.refuse(
                node, "a comma makes a list of two numbers of this.", f"Write `{mended}` or `[{text}]`.", (mended, node, mended)
            )
        self.refuse(node, "these are several values.", f"Write a list: `[{text}]`.", (f"[{text}]", node, f"[{text}]"))

    def dotted_constant(self, node: ast.Attribute) -> Constant | None:
        """``math.pi``, ``np.inf``."""
        prefix = calls.prefix_of(self, node.value)
        if prefix is None:
            return None
        value = CONSTANTS.get(node.attr)
        if value is None or prefix not in calls.CONSTANT_PREFIXES:
            if node.attr == "newaxis":
                self.refuse(node, "`newaxis` stands in a subscript only.", "Write as in `x[:, None]`.")
            if calls.is_op(node.attr):
                self.refuse(node, f"`{node.attr}` is an op and wants its operands.", f"Write as in `{node.attr}(x)`.")
            self.refuse(node, f"`{self.line.segment(node)}` is not part of this language.", "Constants are pi, e, inf and nan.")
        return Constant(value, node)

    # ---- operators

    def binary(self, node: ast.BinOp, left: Operand) -> Operand:
        """Two operands and a sign; two constants fold into one."""
        self._depth += 1
        if self._depth > 4 * DEPTH_LIMIT:
            self.refuse(node, "this expression is nested too deep.", "Give inner parts names of their own.")
        right = self.visit(node.right)
        self._depth -= 1
        operator = type(node.op)
        name = BINARY.get(operator)
        if type(left) is Constant and type(right) is Constant and name is not None:
            value = self.checked(node, binary, operator, left.value, right.value)
            return Constant(value, node, None, _wants(left, right), left.random or right.random)
        if name is None or not calls.is_op(name):
            self.refuse_operator(node)
        return self.apply(name, (left, right), node, {})

    def refuse_operator(self, node: ast.BinOp) -> NoReturn:
        """A sign that is no op here."""
        operator = type(node.op)
        sign = _SIGNS.get(operator, "this sign")
        if operator is ast.BitXor:
            self.refuse_power(node)
        if operator in (ast.BitAnd, ast.BitOr):
            middle = "{}, {}, 0" if operator is ast.BitAnd else "{}, 1, {}"
            text = f"where({middle.format(self.line.segment(node.left), self.line.segment(node.right))})"
            self.refuse(node, f"`{sign}` is not part of this language.", f"Write `{text}`.", ("where(...)", node, text))
        self.refuse(node, f"`{sign}` is not part of this language.", "The signs are + - * / ** and @.")

    def refuse_power(self, node: ast.BinOp) -> NoReturn:
        """``^``, marked where it stands; the mend writes every one of them as it was meant."""
        _, _, row, column = self.line.span(node.left)
        last, end = self.line.span(node.right)[:2]
        while row < last and "^" not in self.program.rows[row - 1][column:]:
            row, column = row + 1, 0
        at = self.program.rows[row - 1].find("^", column, end if row == last else None)
        mended = "\n".join(mend_powers(self.program.rows))
        raise GraphError(
            "^ is not a power in Python.",
            line=row,
            column=at + 1,
            end_column=at + 2,
            source=self.program.rows[row - 1],
            fix=Fix("Write **", mended),
        )

    def unary(self, node: ast.UnaryOp) -> Operand:
        """A sign before an operand."""
        operator = type(node.op)
        if operator is ast.Not or operator is ast.Invert:
            text = f"where({self.line.segment(node.operand)}, 0, 1)"
            word = "not" if operator is ast.Not else "~"
            self.refuse(node, f"`{word}` is not part of this language.", f"Write `{text}`.", ("where(...)", node, text))
        value = self.visit(node.operand)
        if operator is ast.UAdd:
            return value
        if type(value) is Constant:
            entries = node if value.entries is not None and type(value.value) is float else None
            return Constant(as_value(-value.value), node, entries, value.wants, value.random)
        return self.apply("neg", (value,), node, {})

    def compare(self, node: ast.Compare) -> Operand:
        """A comparison: 1 where it holds, 0 elsewhere, for masks and ``where``."""
        if len(node.ops) > 1:
            self.refuse(
                node, "a chain of comparisons is not part of this language.", "Compare two things at a time, inside `where`."
            )
        name = next((name for name in COMPARE.get(type(node.ops[0]), ()) if calls.is_op(name)), None)
        if name is None:
            self.refuse(
                node, f"`{self.line.segment(node)}` is not part of this language.", "Compare with < <= > >= inside `where`."
            )
        operands = (self.visit(node.left), self.visit(node.comparators[0]))
        return self.apply(name, operands, node, {})

    def attribute(self, node: ast.Attribute, value: Operand) -> Operand:
        """``W.T``, and the few facts about a shape that are numbers."""
        name = node.attr
        if name in _TRANSPOSES:
            return calls.transpose(self, node, value)
        if name == "ndim":
            return Constant(float(len(self.shape(value))), node)
        if name in ("size", "shape"):
            shape = self.shape(value)
            return Constant(as_value([float(n) for n in shape]) if name == "shape" else float(math.prod(shape)), node)
        refused = refusals.ATTRIBUTES.get(name)
        if refused:
            self.refuse(node, f"{refused[0]}.", refused[1])
        if name.startswith("__"):
            self.refuse(node, "names with two underscores are not part of this language.", "")
        if calls.is_op(name):
            self.refuse(
                node,
                f"`.{name}` is an op and wants brackets.",
                f"Write `.{name}()`.",
                (f".{name}()", node, self.line.segment(node) + "()"),
            )
        self.refuse(node, f"nothing is called `.{name}` here.", "`.T` and ops such as `.sum()` are.")

    # ---- nodes

    def apply(self, op: str, operands: Any, node: ast.expr, statics: Mapping[str, Any]) -> Operand:
        """One op on operands: a node, or a constant where all operands are."""
        builder = self.builder
        if len(builder) >= NODE_LIMIT:
            self.refuse(node, f"the program has more than {NODE_LIMIT:,} nodes.", "Use ops on whole arrays.")
        arguments = []
        known = True
        for operand in operands:
            if type(operand) is Constant:
                if operand.random:
                    self.refuse(
                        operand.node, "random numbers need a name.", "Draw them on a line of their own, as in `noise = randn(3)`."
                    )
                arguments.append(operand)
            else:
                known = False
                arguments.append(operand)
        if known and operands:
            return calls.fold(self, op, operands, node, statics)
        passed = [builder.literal(k.value, self.text(k)) if type(k) is Constant else k for k in arguments]
        top = node is self.top and self.target is not None
        try:
            handle = builder.apply(op, *passed, name=self.target if top else None, **statics)
        except GraphError as problem:
            # the builder writes the application out; the user's own text says it better
            _, fits, why = problem.what.partition(" does not fit. ")
            self.refuse(node, f"{self.source_of(node)} does not fit. {why}" if fits else problem.what, problem.instead)
        except UnknownNameError as problem:
            self.refuse(node, str(problem))
        except calls.BAD_SETTINGS:
            calls.refuse_settings(self, op, node, statics)
        shape = builder.shape(handle)
        if shape:
            self.count(node, shape)
        template = self.template
        builder.spans[handle] = self.line.span(node) if template is None else template.span
        if not top:
            text = self.line.segment(node) if template is None else template.label(node)
            builder.labels[handle] = text if len(text) <= LABEL_LIMIT else text[: LABEL_LIMIT - 1] + "…"
        return handle

    def count(self, node: ast.expr, shape: Shape) -> None:
        """Refuse what would need too much memory, before anything is computed."""
        self.checked(node, check_size, shape)
        self._elements += math.prod(shape)
        if self._elements > TOTAL_LIMIT:
            self.refuse(
                node, f"up to here the program has {self._elements:,} entries in all.", f"At most {TOTAL_LIMIT:,} are computed."
            )

    def shape(self, operand: Operand) -> Shape:
        """The shape of a node or a constant."""
        return operand.shape if type(operand) is Constant else self.builder.shape(operand)  # type: ignore[arg-type]

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
        except ValueProblem as problem:
            self.refuse(node, problem.what, problem.instead)

    def refuse_syntax(self, node: ast.expr) -> NoReturn:
        """Python that is not part of this language."""
        if type(node) is ast.IfExp:
            parts = [self.line.segment(part) for part in (node.test, node.body, node.orelse)]
            text = f"where({', '.join(parts)})"
            self.refuse(node, "`if` is not part of this language.", f"Write `{text}`.", ("where(...)", node, text))
        if type(node) is ast.BoolOp:
            word, middle = ("and", "{}, {}, 0") if type(node.op) is ast.And else ("or", "{}, 1, {}")
            text = self.line.segment(node.values[-1])
            for part in reversed(node.values[:-1]):
                text = f"where({middle.format(self.line.segment(part), text)})"
            self.refuse(node, f"`{word}` is not part of this language.", f"Write `{text}`.", ("where(...)", node, text))
        if type(node) is ast.Slice:
            self.refuse(node, "a slice stands in a subscript only.", "Write as in `x[0:2]`.")
        told = refusals.sentence(node)
        if told is None:
            told = (f"`{self.line.segment(node)[:40]}` is not part of this language.", "Write an expression of named ops.")
        self.refuse(node, *told)

    def refuse_at(self, line: Line, node: ast.AST, what: str, instead: str = "") -> NoReturn:
        """:meth:`refuse` for a line that is not being translated."""
        self.line = line
        self.refuse(node, what, instead)

    def refuse(
        self,
        node: ast.AST,
        what: str,
        instead: str = "",
        mend: tuple[str, ast.AST, str] | None = None,
        span: Any = None,
    ) -> NoReturn:
        """Raise :class:`GraphError` at a syntax node; ``mend`` is (what the button writes, where, what goes there)."""
        if self.template is not None:
            span = self.template.span
            mend = None
        first, start, last, end = span or self.line.span(node)  # type: ignore[arg-type]
        row = self.program.rows[first - 1]
        fix = None
        if mend is not None:
            fix = Fix(f"Write {mend[0]}", replaced(self.program.rows, self.line.span(mend[1]), mend[2]))  # type: ignore[arg-type]
        raise GraphError(
            what,
            instead=instead,
            line=first,
            column=start + 1,
            end_column=(end if last == first else len(row)) + 1,
            source=row,
            fix=fix,
        ) from None


def mend_powers(rows: list[str]) -> list[str]:
    """Every ``^`` outside a comment as ``**``."""
    made = []
    for row in rows:
        code, sign, comment = row.partition("#")
        made.append(code.replace("^", "**") + sign + comment)
    return made


def replaced(rows: list[str], span: tuple[int, int, int, int], text: str) -> str:
    """The program with the characters of ``span`` replaced."""
    first, start, last, end = span
    made = list(rows)
    made[first - 1 : last] = [rows[first - 1][:start] + text + rows[last - 1][end:]]
    return "\n".join(made)


def _wants(*constants: Constant) -> bool | None:
    """A gradient is not wanted where any part says so, wanted where any part says that."""
    said = {constant.wants for constant in constants}
    return False if False in said else (True if True in said else None)


def _plain_entries(node: ast.List | ast.Tuple) -> Any:
    """The numbers of a nested list that holds plain numbers only, else None."""
    made: list[Any] = []
    for element in node.elts:
        kind = type(element)
        if kind is ast.Constant:
            value = element.value  # type: ignore[attr-defined]
            if type(value) is float:
                made.append(value)
            elif type(value) is int:
                made.append(number(value))
            else:
                return None
        elif kind is ast.UnaryOp and type(element.op) is ast.USub and type(element.operand) is ast.Constant:  # type: ignore[attr-defined]
            value = element.operand.value  # type: ignore[attr-defined]
            if type(value) not in (int, float):
                return None
            made.append(-number(value))
        elif kind is ast.List or kind is ast.Tuple:
            inner = _plain_entries(element)  # type: ignore[arg-type]
            if inner is None:
                return None
            made.append(inner)
        else:
            return None
    return made

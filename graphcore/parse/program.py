"""A program into a graph: statement by statement, each right side a leaf or nodes, each name the node it means."""

from __future__ import annotations

import ast
import math
from dataclasses import replace

import numpy as np

from graphcore import ops
from graphcore.errors import GraphError
from graphcore.graph import Builder, Graph, Handle, Source
from graphcore.parse import mend
from graphcore.parse.constants import Constant, ConstantError, as_value
from graphcore.parse.expressions import NODE_LIMIT, Operand, Translator
from graphcore.parse.pointing import node_error
from graphcore.parse.reader import Line, Program, read
from graphcore.parse.rewriting import EntrySpans
from graphcore.parse.statements import Drawn, Statement, Statements


def parse(text: str) -> Graph:
    """A program's graph.

    Every assigned name is a node, leaves for literals; inner expressions are ``v1, v2, ...`` with their source text as
    label. Raises :class:`GraphError` with line, column and, where it can be told, the mended program.

    >>> graph = parse("x = 3; w = 2; f = sin(x * w) ** 2")
    >>> [node.name for node in graph.nodes]
    ['x', 'w', 'v1', 'v2', 'f']
    """
    if not isinstance(text, str):
        raise GraphError(f"a program is a text, not {type(text).__name__}.")
    program = read(text)
    try:
        with np.errstate(all="ignore"):
            return _Assembly(program).run()
    except RecursionError:
        raise GraphError("an expression is nested too deep.", instead="Give inner parts names of their own.") from None


class _Assembly:
    """Builds one program: first every line is read, then, with all assigned names known, the nodes are made."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.statements = Statements(program)
        assigned = self.statements.assigned
        self.builder = Builder(frozenset(assigned))
        self.translator = Translator(program, self.builder, assigned)
        self.translator.modules = {name: made for name, made in self.statements.modules.items() if name not in assigned}
        self.entries: dict[int, tuple[Line, ast.expr]] = {}
        self.used: set[str] = set()
        self.repeats: dict[str, int] = {}  # the next number to try for a name assigned again

    def run(self) -> Graph:
        output: Operand | None = None
        for statement in self.statements.found:
            output = self._build(statement)
        if output is None:
            raise GraphError("there is nothing here yet.", instead="Write an assignment such as `x = 2`.")
        source = Source(self.program.text, dict(self.program.skipped), EntrySpans(self.entries, self.builder))
        return self._settled(self.builder.graph(output, source=source))  # type: ignore[arg-type]

    def _settled(self, graph: Graph) -> Graph:
        """A leaf that is only read as indices, classes, a mask or a setting wants no gradient: none could reach it."""
        leaves = self.translator.leaves
        candidates = set(self.translator.static_leaves)
        for op, arguments in zip(graph.ops, graph.arguments, strict=True):
            if op in _UNRULED:
                candidates.update(k for slot, k in enumerate(arguments) if op.rule(slot) is None)
        candidates = {k for k in candidates if k in leaves and leaves[k].wants is None}
        if not candidates:
            return graph
        for op, arguments in zip(graph.ops, graph.arguments, strict=True):
            if op is not None and not candidates.isdisjoint(arguments):
                candidates -= {k for slot, k in enumerate(arguments) if op not in _UNRULED or op.rule(slot) is not None}
        return replace(graph, constants=graph.constants | candidates)

    def _build(self, statement: Statement) -> Operand:
        line, value = statement.line, statement.value
        if len(self.builder) >= NODE_LIMIT:
            what = f"the program has more than {NODE_LIMIT:,} nodes."
            raise node_error(self.program, line, value, what, "Use ops on whole arrays.")
        if len(statement.targets) > 1:
            made = [self._one(line, name, element) for name, element in zip(statement.targets, value.elts, strict=True)]  # type: ignore[attr-defined]
            self.translator.names.update(zip(statement.targets, made, strict=True))
            return made[-1]
        if not statement.targets:
            return self._one(line, None, value)
        name = statement.targets[0]
        if statement.operator is not None:
            value = _augmented(name, statement.operator, value)
        operand: Operand
        if statement.constant is not None:
            operand = self._leaf(line, name, statement.constant)
        elif statement.drawn is not None:
            operand = self._drawn(line, name, value, statement.drawn)
        else:
            operand = self._one(line, name, value)
        self.translator.names[name] = operand
        return operand

    def _one(self, line: Line, name: str | None, value: ast.expr) -> Operand:
        tr = self.translator
        before = len(self.builder)
        unique = None if name is None else self._unique(name)
        operand = tr.statement(value, line, unique)
        if isinstance(operand, Constant):
            return self._leaf(line, name, Constant(operand.value, value, operand.entries, operand.wants, operand.random), unique)
        if unique is not None and operand >= before and operand in self.builder.labels:
            self.builder.rename(operand, unique)
            del self.builder.labels[operand]
        elif unique is not None and operand < before:
            self.used.discard(unique)
        return operand

    def _drawn(self, line: Line, name: str, node: ast.expr, drawn: Drawn) -> Operand:
        tr = self.translator
        unique = self._unique(name)
        try:
            value = tr.random.draw(drawn.kind, drawn.shape, drawn.seed, unique)
        except ConstantError:
            value = math.nan
        if type(value) is float or not self.statements.assigned.keys().isdisjoint(_DRAWING):
            # too large, a single number, or `randn` is a name of the user's: the long way knows what to say
            self.used.discard(unique)
            return self._one(line, name, mend.syntax(self.program, line).body[0].value)  # type: ignore[attr-defined]
        if drawn.scale is not None:
            value = as_value(value * float(drawn.scale))
        return self._leaf(line, name, Constant(value, node, None, drawn.wants, True), unique)

    def _leaf(self, line: Line, name: str | None, constant: Constant, unique: str | None = None) -> Handle:
        tr, builder = self.translator, self.builder
        tr.line = line
        if type(constant.value) is not float:
            tr.count(constant.node, constant.shape)
        if name is not None:
            unique = unique or self._unique(name)
        handle = builder.leaf(unique or self._free(), constant.value, wants_gradient=constant.wants is not False)
        builder.spans[handle] = line.span(constant.node)
        tr.leaves[handle] = constant
        if constant.entries is not None:
            self.entries[int(handle)] = (line, constant.entries)
        return handle

    def _free(self) -> str:
        k = 1
        while f"v{k}" in self.statements.assigned or f"v{k}" in self.used:
            k += 1
        return self._unique(f"v{k}")

    def _unique(self, name: str) -> str:
        """The name itself, or the first of ``x_2, x_3, ...`` that the program assigns nowhere."""
        if name not in self.used:
            self.used.add(name)
            return name
        k = self.repeats.get(name, 2)
        while f"{name}_{k}" in self.used or f"{name}_{k}" in self.statements.assigned:
            k += 1
        self.repeats[name] = k + 1
        self.used.add(f"{name}_{k}")
        return f"{name}_{k}"


# the words that a plain draw is written with
_DRAWING = ("rand", "randn", "const")
# the rows that have an operand no gradient flows to; what is detached is still a leaf of the user's
_UNRULED = frozenset(
    row for row in ops.REGISTRY.values() if row.name != "detach" and any(row.rule(k) is None for k in range(len(row.operands)))
)


def _augmented(name: str, operator: ast.operator, value: ast.expr) -> ast.expr:
    """``s += x`` as ``s + x``, standing where the line stands."""
    left = ast.copy_location(ast.Name(name, ast.Load()), value)
    return ast.copy_location(ast.BinOp(left, operator, value), value)

"""A recorded network as a NumPy program: one line a node forward, one line an edge backward, by the names of the nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.code.idioms import HELPERS, helpers_called, idiomatic, placing, rule_shape, unbroadcast
from graphcore.code.names import gradient_variables
from graphcore.code.pasted import NoSource, Pasted
from graphcore.code.plain_node import Asked, Lines, Place
from graphcore.code.plain_rows import LANGUAGE, ROWS
from graphcore.code.programs import Program, Saved
from graphcore.code.recorded_parts import OWN_NUMPY, RESERVED, Outputs, Sections, origin, own_backward, wrapped
from graphcore.code.source import filled, hole, operands, source, split, statics_trees, written
from graphcore.graph import Edge, Graph
from graphcore.latex.simplify import simplify
from graphcore.latex.terms import name_shapes, op_at, pattern, rule_of
from graphcore.latex.trees import call_name
from graphcore.ops import Op
from graphcore.ops.row import Formula


class RecordedNumpy(Program):
    """The NumPy program of a recorded graph; NoSource names an op that cannot be written."""

    module = "np"

    def __init__(self, run: Trace, saved: Saved | None) -> None:
        super().__init__(run, None, saved, RESERVED)
        self.gradients = gradient_variables(run.graph, RESERVED)
        self.pasted = Pasted({*self.names, *self.gradients, *RESERVED, "np", "math"})
        self.outputs = Outputs(run.graph)
        self.plain: dict[int, Lines] = {}
        # gradients whose array nothing else holds: these may be added to in place
        self.own: set[int] = set()
        self.started: set[int] = set()
        self.new: set[str] = set()

    def program(self) -> str:
        """The whole program."""
        leaves = [*self.opening(), *(self.leaf(index) for index in self.graph.leaf_values)]
        forward = list(self.forward())
        backward = list(self.backward())
        text = "\n".join((*self.pasted.definitions, *forward, *backward))
        imports = self.pasted.imports | {"import numpy as np"} | ({"import math"} if "math." in text else set())
        parts = ["\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line))), *self.pasted.definitions]
        parts += ["\n".join(["# values", *leaves]), "\n".join(["# forward", *forward]), "\n".join(["# backward", *backward])]
        return "\n\n".join([*parts, "\n".join(["# gradients", *self.printed()])]) + "\n"

    def printed(self) -> Iterator[str]:
        """The lines that print the gradients of the leaves."""
        for index in self.graph.leaf_values:
            if index in self.graph.constants:
                continue
            found = self.gradients[index] if index in self.started else None
            yield f'print("{self.gradients[index]} =", {found})'

    def forward(self) -> Iterator[str]:
        """The lines that compute the nodes, under the paths of their modules."""
        sections = Sections(self.graph, apart=True)
        assert self.graph.recorded is not None
        groups = {group.nodes[0]: group for group in self.graph.recorded.groups if group.kind == "function"}
        for index, op in enumerate(self.graph.ops):
            line = "" if op is None else self.node(index, op)
            if index in groups:
                yield from sections.head(index)
                yield from own_backward(groups[index].name, OWN_NUMPY)
            if line:
                yield from sections.head(index)
                yield wrapped(line)

    def node(self, index: int, op: Op) -> str:
        """The line of one node; empty for an output that came with its op."""
        if op.name == "output":
            whole = self.graph.arguments[index][0]
            return (
                ""
                if whole in self.plain
                else f"{self.names[index]} = {self.names[whole]}[{dict(self.graph.statics[index])['k']}]"
            )
        lines = self._plain(index, op)
        if lines is not None:
            self.plain[index] = lines
            return f"{self._result(index, lines)} = {lines.forward}"
        return f"{self.names[index]} = {self._pasted_call(index, op) or self._formula(index, op)}"

    def _result(self, index: int, lines: Lines) -> str:
        """What a forward line assigns to: the node, its first output, or all outputs."""
        parts = self.outputs.of.get(index)
        if parts is None:
            return self.names[index]
        if not lines.parts:
            return self.names[parts[0]]
        names = [self.names[parts[k]] if k in parts else "_" for k in range(len(self.run.argument(index)))]  # type: ignore[arg-type]
        return ", ".join(names) + ("," if len(names) == 1 else "")

    def _plain(self, index: int, op: Op) -> Lines | None:
        """The node in plain NumPy, where that covers it."""
        row = (ROWS if op.group == "recorded" else LANGUAGE).get(op.name)
        parts = self.outputs.of.get(index)
        whole = index in self.graph.tuples
        if row is None or index in self.outputs.extra or (whole and not parts):
            return None
        lines = row(self._asked(index, op, parts))
        if lines is not None and whole and not lines.parts and set(parts or ()) != {0}:
            return None
        return lines

    def _asked(self, index: int, op: Op, parts: Mapping[int, int] | None) -> Asked:
        graph, value = self.graph, self.run.argument(index)
        arguments = dict(zip(op.operands, graph.arguments[index], strict=True))
        outputs: Any = value if isinstance(value, tuple) else (value,)
        first = index if parts is None else parts.get(0, index)
        gradients = []
        for k, output in enumerate(outputs):
            felt = parts is not None and k in parts and self.run.gradient(parts[k]) is not None
            gradients.append(self.gradients[parts[k]] if parts is not None and felt else f"np.zeros({np.shape(output)})")
        return Asked(
            {name: self.names[k] for name, k in arguments.items()},
            {name: self.run.argument(k) for name, k in arguments.items()},
            dict(graph.statics[index]),
            outputs,
            self.names[first],
            self.gradients[first],
            tuple(gradients),
            self._helper,
        )

    def _helper(self, function: Any) -> str:
        """The name of a function of plain NumPy, all of which make new arrays."""
        name = self.pasted.text(function)
        self.new.add(name)
        return name

    def _formula(self, index: int, op: Op) -> str:
        """A forward formula of the registry as source."""
        graph = self.graph
        statics, kinds = dict(graph.statics[index]), pattern(graph, index)
        trees = {**statics_trees(statics), **operands(op, kinds, "np")}
        # what NumPy calls a norm of a matrix is another one
        if op.group != "recorded" and op.name != "norm":
            text = source(written(op.numpy.given(statics).tree, trees))
            return filled(split(text), self.holes(index, op))
        tree = simplify(written(op.forward.given(statics).tree, trees), exact=True)
        return self._source(idiomatic(tree, _shapes(graph, index, kinds)), self.holes(index, op))

    def _source(self, tree: ast.expr, holes: Mapping[str, str]) -> str:
        """A tree as source, the helpers that it calls pasted."""
        names = {name: self.pasted.text(HELPERS[name], name) for name in helpers_called(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and call_name(node) in names:
                node.func = ast.Name(names[call_name(node)])
        return filled(split(source(tree)), holes)

    def _pasted_call(self, index: int, op: Op) -> str | None:
        """A call of the registry's own function; None where the forward is a formula."""
        function = op.forward.function if op.group == "recorded" else None
        if function is None:
            return None
        if function.__module__.endswith("record.only"):
            raise NoSource(op.name)
        return self._call(op.name, op.forward, index, ())

    def _call(self, name: str, formula: Formula, index: int, first: tuple[str, ...]) -> str:
        """A call of the function behind a row, everything by keyword as the registry calls it."""
        inner, named, more = origin(formula)
        values = tuple(self.names[k] for k in self.graph.arguments[index])
        statics = {**dict(self.graph.statics[index]), **more}
        if named is None:
            given = [*first, *values]
        else:
            collected = named.collect(values)
            given = [*first, *(f"{key}={_listed(value)}" for key, value in collected.items())]
        try:
            given += [f"{key}={self.pasted.text(value)}" for key, value in statics.items()]
            return f"{self.pasted.text(inner)}({', '.join(given)})"
        except NoSource as missing:
            raise NoSource(name) from missing

    def backward(self) -> Iterator[str]:
        """The lines of the backward pass, in the order of its steps."""
        graph = self.graph
        sections = Sections(graph, apart=True)
        for index, seed in self.run.seeds.items():
            yield f"{self.gradients[index]} = {self.array(seed)}"
            self.started.add(index)
        for k, edge in enumerate(graph.backward_edges):
            op = op_at(graph, edge.target)
            if self.run._downstream[k] is None or op.name == "output":
                continue
            yield from sections.head(edge.target)
            yield from map(wrapped, self.edge(edge, op))

    def edge(self, edge: Edge, op: Op) -> Iterable[str]:
        """The line that hands a gradient on, or adds it to what is there."""
        rule = self._rule(edge, op)
        name = self.gradients[edge.source]
        if isinstance(rule, Place):
            if edge.source not in self.started:
                yield f"{name} = np.zeros_like({self.names[edge.source]})"
            elif edge.source not in self.own:
                yield f"{name} = {name}.copy()"
            self.own.add(edge.source)
            yield rule.statement.format(d=name)
        elif edge.source not in self.started:
            yield f"{name} = {rule}"
            if self._makes_new(rule):
                self.own.add(edge.source)
        else:
            yield f"{name} += {rule}" if edge.source in self.own else f"{name} = {name} + {rule}"
            self.own.add(edge.source)
        self.started.add(edge.source)

    def _makes_new(self, rule: str) -> bool:
        """Whether an expression's value is an array that nothing else holds."""
        tree = ast.parse(rule, mode="eval").body
        return isinstance(tree, ast.BinOp | ast.UnaryOp) or call_name(tree) in self.new

    def _rule(self, edge: Edge, op: Op) -> str | Place:
        """The right side of a backward line, or the statement that adds to an array of zeros."""
        lines = self.plain.get(edge.target)
        if lines is not None and op.operands[edge.slot] in lines.rules:
            return lines.rules[op.operands[edge.slot]]
        graph, formula = self.graph, rule_of(op, edge.slot)
        statics, kinds = dict(graph.statics[edge.target]), pattern(graph, edge.target)
        holes = {**self.holes(edge.target, op), "g": self.gradients[edge.target], "d": "{d}"}
        wanted, shape = graph.shapes[edge.source], rule_shape(self.run, edge, self.run._gradients[edge.target])
        if formula.function is not None:
            call = self._call(op.name, formula, edge.target, (self._upstream(edge.target), self.names[edge.target]))
            tree: ast.expr = ast.parse(call, mode="eval").body
            return source(unbroadcast(tree, ast.Name(self.names[edge.source]), wanted, shape))
        trees = (
            statics_trees(statics) | {"slot": ast.Constant(edge.slot), "g": hole("g"), "y": hole("y")} | operands(op, kinds, "np")
        )
        tree = simplify(written(formula.given(statics).tree, trees), exact=True)
        tree = unbroadcast(idiomatic(tree, _shapes(graph, edge.target, kinds)), hole(edge.slot), wanted, shape)
        line = placing(tree, "__d__", len(wanted))
        return self._source(tree, holes) if line is None else Place(filled(split(line), holes))

    def _upstream(self, index: int) -> str:
        """The gradient that a function gets: of several outputs those that one arrived at, by number."""
        parts = self.outputs.of.get(index)
        if parts is None:
            return self.gradients[index]
        if index in self.outputs.extra:
            raise NoSource(op_at(self.graph, index).name)
        felt = {k: node for k, node in parts.items() if node in self.started}
        return "{" + ", ".join(f"{k}: {self.gradients[node]}" for k, node in felt.items()) + "}"


def _shapes(graph: Graph, index: int, kinds: Any) -> dict[str, Any]:
    return {f"__{key[1:]}__": shape for key, shape in name_shapes(kinds, graph.shapes[index]).items()}


def _listed(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))}{',' if len(value) == 1 else ''})"
    return str(value)

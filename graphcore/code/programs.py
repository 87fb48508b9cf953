"""The two programs: forward and backward in NumPy, forward and ``backward()`` in torch."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.code.idioms import HELPERS, helpers_called, idiomatic, placing, rule_shape, unbroadcast
from graphcore.code.names import gradient_variables, variables
from graphcore.code.pasted import Pasted
from graphcore.code.source import (
    Parts,
    array_source,
    filled,
    hole,
    is_counted,
    number_source,
    operands,
    source,
    split,
    statics_trees,
    written,
)
from graphcore.graph import Edge, Value
from graphcore.latex import head
from graphcore.latex.simplify import simplify
from graphcore.latex.terms import cached, name_shapes, op_at, pattern, rule_of
from graphcore.ops import Op


class Saved(NamedTuple):
    """Leaves whose numbers stand elsewhere: the line that opens it, and per leaf the expression that gives its array.

    >>> Saved('saved = np.load("parameters.npz")', {"W1": 'saved["0.weight"]'}).arrays["W1"]
    'saved["0.weight"]'
    """

    opening: str
    arrays: Mapping[str, str]


def numpy_program(run: Trace, most: int | None = None, saved: Saved | None = None) -> str:
    """The forward and the backward pass as NumPy, one line a step; it needs nothing but NumPy.

    The gradient of a node ``W2`` is called ``dW2``; nodes that no gradient reaches have none. Leaves of more than
    ``most`` entries are left out, with a line that says so: for a screen, where a million digits help nobody. The leaves
    in ``saved`` are loaded in place of being written out; its names must not be those of nodes.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); s = b.leaf("s", 3.0); y = b.apply("pow", s, 2, name="y")
    >>> print(numpy_program(trace(b.graph())).split("# backward")[1].strip())
    dy = np.array(1.0)
    ds = dy * 2 * s  # y = s²
    """
    return NumpyProgram(run, most, saved).program()


def torch_program(run: Trace, most: int | None = None, saved: Saved | None = None) -> str:
    """The same program in torch, float64, with every leaf's gradient printed at the end; ``most``, ``saved`` as above."""
    return TorchProgram(run, most, saved).program()


class _Rule(NamedTuple):
    """A backward line: an expression or (``places``) a whole statement; ``fresh`` if its value is a new array."""

    parts: Parts
    places: bool
    fresh: bool
    helpers: tuple[str, ...]


class Program:
    """What the two programs share: names, and ops written with the user's names."""

    module = "np"
    kind = ""

    def __init__(self, run: Trace, most: int | None, saved: Saved | None, reserved: Collection[str] = ()) -> None:
        self.run = run
        self.most = most
        self.saved = saved
        self.graph = run.graph
        self.names = variables(run.graph, reserved)

    def literal(self, argument: int, op: Op) -> str:
        """A literal operand that fills a hole."""
        value = self.graph.literals[-1 - argument].value
        return number_source(value, self.module) if isinstance(value, float) else self.array(value)

    def array(self, value: Value, more: str = "") -> str:
        """A value as source."""
        return array_source(value, self.module, more)

    def leaf(self, index: int, more: str = "") -> str:
        """The line that holds a leaf's value."""
        value, name = self.run.argument(index), self.names[index]
        given = None if self.saved is None else self.saved.arrays.get(self.graph.names[index])
        if given is not None:
            return f"{name} = {self.loaded(given, value, more)}"
        if self.most is None or np.size(value) <= self.most:
            return f"{name} = {self.array(value, more)}"
        left_out = array_source(np.zeros((0,)), self.module).replace("(0,)", f"{np.shape(value)}{self.kind}{more}")
        return f"{name} = {left_out}  # {np.size(value):,} numbers, left out here"

    def loaded(self, given: str, value: Value, more: str) -> str:
        """An array that stands elsewhere, as source."""
        return given

    def opening(self) -> list[str]:
        """The line that opens where the leaves stand."""
        return [] if self.saved is None or not self.saved.opening else [self.saved.opening]

    def holes(self, index: int, op: Op) -> dict[str, str]:
        """What goes into the holes of a line: the operands' variables and the node's own."""
        names = self.names
        found = {str(k): names[a] if a >= 0 else self.literal(a, op) for k, a in enumerate(self.graph.arguments[index])}
        found["y"] = names[index]
        return found

    def forward(self) -> Iterable[str]:
        """The lines that compute the nodes."""
        graph = self.graph
        for index, op in enumerate(graph.ops):
            if op is None:
                continue
            statics = graph.statics[index]
            kinds = pattern(graph, index)
            key = ("code", self.module, op, repr(statics) if statics else "", kinds)
            parts = cached(key, partial(self._forward_parts, op, dict(statics), kinds))
            yield f"{self.names[index]} = {filled(parts, self.holes(index, op))}"

    def _forward_parts(self, op: Op, statics: Mapping[str, Any], kinds: Any) -> Parts:
        formula = op.numpy if self.module == "np" else op.torch
        trees = {**statics_trees(statics), **operands(op, kinds, self.module)}
        return split(source(written(formula.given(statics).tree, trees)))


class TorchProgram(Program):
    module = "torch"
    kind = ", dtype=torch.float64"

    def literal(self, argument: int, op: Op) -> str:
        value = self.graph.literals[-1 - argument].value
        return super().literal(argument, op) if isinstance(value, float) and op.takes_numbers else self.array(value)

    def array(self, value: Value, more: str = "") -> str:
        return super().array(value, more if is_counted(value) else self.kind + more)

    def loaded(self, given: str, value: Value, more: str) -> str:
        return f"torch.tensor({given}{'' if is_counted(value) else self.kind}{more})"

    def program(self) -> str:
        graph = self.graph
        wanted = [index for index in graph.leaf_values if index not in graph.constants]
        lines = self.opening()
        for index in graph.leaf_values:
            wants = "" if index in graph.constants else ", requires_grad=True"
            lines.append(self.leaf(index, wants))
        body = [*self.forward(), "", self.backward()]
        prints = [f'print("{self.names[index]}.grad =", {self.names[index]}.grad)' for index in wanted]
        more, helpers = self.helpers()
        imports = {*more, *(["import numpy as np"] if self.opening() else []), "import torch"}
        if any(re.search(r"\bF\.", line) for line in body):
            imports.add("import torch.nn.functional as F")
        defined = [line for text in helpers for line in ("", text)]
        return "\n".join([*sorted(imports, key=_imported), *defined, "", *lines, "", *body, "", *prints, ""])

    def helpers(self) -> tuple[set[str], list[str]]:
        """What is imported and defined besides torch."""
        return set(), []

    def backward(self) -> str:
        """The call that runs torch's backward pass from the same seeds."""
        # torch refuses to start from what depends on no leaf that wants a gradient
        seeds = {index: seed for index, seed in self.run.seeds.items() if self.graph.active[index]}
        if not seeds:
            return "# nothing here wants a gradient"
        if len(seeds) == 1:
            index, seed = next(iter(seeds.items()))
            given = "" if np.shape(seed) == () and seed == 1.0 else self.array(seed)
            return f"{self.names[index]}.backward({given})"
        outputs = ", ".join(self.names[index] for index in seeds)
        return f"torch.autograd.backward([{outputs}], [{', '.join(self.array(seed) for seed in seeds.values())}])"


class NumpyProgram(Program):
    def __init__(self, run: Trace, most: int | None, saved: Saved | None) -> None:
        super().__init__(run, most, saved)
        self.gradients = gradient_variables(run.graph)
        self.used: set[str] = set()

    def program(self) -> str:
        leaves = [*self.opening(), *(self.leaf(index) for index in self.graph.leaf_values)]
        forward = list(self.forward())
        backward = list(self.backward())
        pasted = Pasted(())
        for name in sorted(self.used):
            pasted.text(HELPERS[name], name)
        helpers = pasted.definitions
        needs_math = any("math." in text for text in (*helpers, *forward, *backward))
        imports = [*(["import math"] if needs_math else []), "import numpy as np"]
        parts = ["\n".join(imports), *helpers, "\n".join(["# values", *leaves])]
        parts += ["\n".join(["# forward", *forward]), "\n".join(["# backward", *backward])]
        return "\n\n".join(parts) + "\n"

    def backward(self) -> Iterable[str]:
        """The lines of the backward pass, in the order of its steps."""
        graph = self.graph
        edges = [edge for k, edge in enumerate(graph.backward_edges) if self.run.downstream(k) is not None]
        arrivals: dict[int, int] = {}
        for edge in edges:
            arrivals[edge.source] = arrivals.get(edge.source, 0) + 1
        started = set()
        for index, seed in self.run.seeds.items():
            yield f"{self.gradients[index]} = {self.array(seed)}"
            started.add(index)
        for edge in edges:
            yield from self.edge(edge, arrivals[edge.source] > 1, started)

    def edge(self, edge: Edge, fans_out: bool, started: set[int]) -> Iterable[str]:
        """One step: the line that hands a gradient on, and the sum where several edges do."""
        graph = self.graph
        op = op_at(graph, edge.target)
        statics = graph.statics[edge.target]
        kinds = pattern(graph, edge.target)
        key = ("code", "rule", op, edge.slot, repr(statics) if statics else "", kinds)
        rule: _Rule = cached(key, lambda: self.rule(edge, op, dict(statics), kinds))
        self.used.update(rule.helpers)
        name = self.gradients[edge.source]
        # a bare name or a view would be changed by the += of the next edge, an array of one number too
        shared = fans_out and not rule.fresh
        if edge.source not in started and (shared or rule.places):
            yield f"{name} = np.zeros_like({self.names[edge.source]})"
            started.add(edge.source)
        line = filled(rule.parts, {**self.holes(edge.target, op), "g": self.gradients[edge.target], "d": name})
        if not rule.places:
            line = f"{name} {'+=' if edge.source in started else '='} {line}"
        started.add(edge.source)
        yield f"{line}  # {one_line(head(graph, edge.target))}"

    def rule(self, edge: Edge, op: Op, statics: Mapping[str, Any], kinds: Any) -> _Rule:
        """The op's rule as source with holes, broadcasting undone."""
        formula = rule_of(op, edge.slot)
        trees = statics_trees(statics) | {"slot": ast.Constant(edge.slot), "g": hole("g"), "y": hole("y")}
        trees |= operands(op, kinds, "np")
        shapes = {f"__{key[1:]}__": shape for key, shape in name_shapes(kinds, self.graph.shapes[edge.target]).items()}
        tree = simplify(written(formula.given(statics).tree, trees), exact=True)
        wanted = self.graph.shapes[edge.source]
        tree = unbroadcast(
            idiomatic(tree, shapes), hole(edge.slot), wanted, rule_shape(self.run, edge, self.run.gradient(edge.target))
        )
        line = placing(tree, "__d__", len(wanted))
        if line is not None:
            return _Rule(split(line), True, True, ())
        fresh = isinstance(tree, ast.BinOp | ast.UnaryOp)
        return _Rule(split(source(tree)), False, fresh, helpers_called(tree))


def _imported(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def one_line(text: str) -> str:
    """A comment that stays one, whatever the names in it."""
    return "".join(c if c.isprintable() else " " for c in text)

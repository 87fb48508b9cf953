"""The kinds of place where a row of the table may stand, and what the words of its formulas mean there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from graphcore.backprop import kernels
from graphcore.backprop.plan import MANY, UNARY
from graphcore.ops.namespaces import unbroadcast

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Graph
    from graphcore.ops import Op
    from graphcore.ops.namespaces import Kernel

# ops that multiply matrices, with the places of their two factors
PRODUCTS = {
    "matmul": (0, 1),
    "matvec": (0, 1),
    "vecmat": (0, 1),
    "matmul_batched": (0, 1),
    "matvec_batched": (0, 1),
    "vecmat_batched": (0, 1),
    "dot": (0, 1),
    "outer": (0, 1),
    "linear": (0, 1),
    "addmm": (1, 2),
    "mm": (0, 1),
    "mv": (0, 1),
    "bmm": (0, 1),
    "baddbmm": (1, 2),
}
_ACTIVATIONS = ("relu", "sigmoid", "tanh")
# from here on a wrong entry is looked for in tensors by their shape alone, and there are too many alike
ALIKE = 12


class Places:
    """A run with its edges by node: what a wrong formula may be put in place of, and the right numbers beside it.

    ``store`` are the forward values that the rules read, the run's own unless others were handed in.
    """

    def __init__(self, run: Trace, store: list[Any] | None = None) -> None:
        self.run = run
        self.graph: Graph = run.graph
        self.store: list[Any] = run._store if store is None else store
        self.rows = self.graph.plan.backward

    @cached_property
    def leaving(self) -> list[list[int]]:
        """Per node the numbers of the edges that bring it gradient, in the order of the backward pass."""
        found: list[list[int]] = [[] for _ in self.graph.names]
        for position, row in enumerate(self.rows):
            found[row[1]].append(position)
        return found

    @cached_property
    def activations(self) -> frozenset[str]:
        """Which of the common activations occur."""
        names = {op.name for op in self.graph.ops if op is not None}
        return frozenset(f"with-{name}" for name in _ACTIVATIONS if name in names)

    @cached_property
    def _alike(self) -> dict[tuple[int, ...], list[int]]:
        found: dict[tuple[int, ...], list[int]] = {}
        for index, shape in enumerate(self.graph.shapes):
            if shape and index not in self.graph.tuples and np.asarray(self.store[index]).dtype.kind == "f":
                found.setdefault(shape, []).append(index)
        return found

    def alike(self, index: int) -> Iterator[int]:
        """Other nodes of the same shape and kind as this one, the nearest first."""
        graph = self.graph
        if index < 0 or not graph.shapes[index]:
            return
        same_kind = [k for k in self._alike.get(graph.shapes[index], ()) if (graph.ops[k] is None) == (graph.ops[index] is None)]
        near = sorted((k for k in same_kind if k != index), key=lambda k: abs(k - index))
        yield from near[:ALIKE]

    def op(self, index: int) -> Op:
        """The op of a node that is no leaf."""
        return cast("Op", self.graph.ops[index])

    def slot(self, position: int) -> int:
        """Which operand of its target an edge is."""
        return self.graph.backward_edges[position].slot

    def before(self, position: int, g: Any) -> Any:
        """What the right rule of an edge gives for this upstream, broadcasting not yet undone."""
        target, _, rule, a, b, _ = self.rows[position]
        store = self.store
        try:
            if b == UNARY:
                return rule(g, store[target], store[a])
            if b != MANY:
                return rule(g, store[target], store[a], store[b])
            return rule(g, store[target], *[store[k] for k in a])
        except (ArithmeticError, ValueError):
            return self._in_arrays(position, g)

    def _in_arrays(self, position: int, g: Any) -> Any:
        """A rule again with NumPy, where a float operation raised although IEEE arithmetic has an answer."""
        target = self.rows[position][0]
        _, rules = kernels(self.op(target), self.graph.statics[target], False)
        rule = cast("Kernel", rules[min(self.slot(position), len(rules) - 1)])
        values = [np.asarray(self.store[k]) for k in self.graph.arguments[target]]
        return rule(np.asarray(g), np.asarray(self.store[target]), *values)

    def downstream(self, position: int, g: Any) -> Any:
        """What an edge hands on by the right rule, in the shape of its source."""
        shape = self.rows[position][5]
        handed = self.before(position, g)
        return handed if shape is None or np.shape(handed) == shape else unbroadcast(handed, shape)

    def summed(self, index: int, parts: list[Any]) -> Any:
        """The gradient of a node: what arrives at it, with the starting gradient where one is put in; None where nothing is."""
        total: Any = self.run.seeds.get(index)
        for part in parts:
            total = part if total is None else total + part
        return total

    def factors(self, target: int) -> tuple[int, int] | None:
        """The arguments of the two factors of a matrix product."""
        op = self.graph.ops[target]
        places = PRODUCTS.get(op.name) if op is not None else None
        return None if places is None else (self.graph.arguments[target][places[0]], self.graph.arguments[target][places[1]])

    def parameter(self, index: int) -> bool:
        """Whether a node is a leaf that wants a gradient, or the transpose of one."""
        graph = self.graph
        if index >= 0 and graph.ops[index] is not None and self.op(index).name in ("T", "t"):
            index = graph.arguments[index][0]
        return index >= 0 and graph.ops[index] is None and graph.active[index]

    def biased(self, target: int) -> tuple[int, int] | None:
        """Of a product with a bias added: the argument of the bias, and the node that multiplies."""
        op = self.graph.ops[target]
        arguments = self.graph.arguments[target]
        if op is None:
            return None
        if op.name in ("addmm", "baddbmm"):
            return arguments[0], target
        if op.name != "add":
            return None
        for bias, product in (arguments, arguments[::-1]):
            if product >= 0 and self.factors(product) is not None and bias >= 0 and self.graph.ops[bias] is None:
                return bias, product
        return None

    def kinds_of_edge(self, position: int) -> frozenset[str]:
        """The words that say where an edge stands: its op's name and the kinds of the table."""
        graph = self.graph
        target, source, *_ = self.rows[position]
        op = self.op(target)
        slot = self.slot(position)
        found = {"any", op.name, *self.activations}
        rule = op.rule(slot)
        text = "" if rule is None else rule.text
        if op.entrywise and len(graph.arguments[target]) == 1 and not op.plumbing and text not in ("g", "-g"):
            found.add("unary")
        factors = self.factors(target)
        if factors is not None and graph.arguments[target][slot] in factors:
            found.add("product")
            first, second = (graph.arguments[target].index(k) for k in factors)
            left, right = (np.shape(self.store[k]) for k in factors)
            if slot == second and len(left) == 2 and left[0] > 1 and self.parameter(source):
                found.add("rows")
            if slot == first and len(right) == 2 and right[1] > 1 and len(left) == 2 and self.parameter(source):
                found.add("columns")
        biased = self.biased(target)
        if biased is not None and biased[0] == source:
            found.add("bias")
        shape, full = graph.shapes[source], graph.shapes[target]
        if shape != full and (op.entrywise or op.name == "addmm") and source not in graph.tuples:
            found.add("repeated")
            if len(full) == 2 and shape in (full[1:], (1, full[1])) and full[0] > 1:
                found.add("batch")
        if len(self.leaving[source]) > 1:
            found.add("fan-out")
        return frozenset(found)

    def kinds_of_node(self, index: int) -> frozenset[str]:
        """The words that say what a node is, for mistakes in the sum that arrives at it."""
        found = {"any-node", *self.activations}
        shape = self.graph.shapes[index]
        if len(self.leaving[index]) > 1:
            found.add("fan-out")
        if self.graph.ops[index] is None:
            found.add("leaf")
            if len(shape) == 2 and min(shape) > 1:
                found.add("matrix-leaf")
        else:
            found.add("inner")
        return frozenset(found)

    def kinds_of_value(self, index: int) -> frozenset[str]:
        """The words that say what a node computes, for mistakes in its forward value."""
        graph = self.graph
        op = self.op(index)
        found = {op.name}
        arguments = graph.arguments[index]
        if op.entrywise and len(arguments) == 1:
            found.add("unary")
        inner = arguments[0]
        if inner >= 0 and graph.ops[inner] is not None and self.op(inner).entrywise and len(graph.arguments[inner]) == 1:
            found.add("after-unary")
        if self.biased(index) is not None:
            found.add("bias")
        if self.factors(index) is not None or self.biased(index) is not None:
            found.add("product-value")
        return frozenset(found)

"""The numbers of a recorded graph as it is drawn: of a module its output's, along an edge what really arrives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.backprop import Trace, kernels
from graphcore.graph import Edge, Parts
from graphcore.ops.namespaces import Array, unbroadcast
from graphcore.picture import encode
from graphcore.picture.fold import Folded, Shown, Way
from graphcore.picture.fold_graph import part_taken

if TYPE_CHECKING:
    from graphcore.compare import Comparison

Json = dict[str, Any]

WRITTEN = 300  # nodes of the picture up to which entries are written out
# of all that a module holds, what decides its state: a fault first, then what was really compared
WORST = ("mismatch", "non-finite", "inherited")
BEST = ("match", "seed", "zero", "unpaired", "none")


def part_of(value: Any, part: int | None) -> Array | None:
    """A tensor, or the part of a tuple that is shown."""
    if part is None or value is None:
        return None if isinstance(value, tuple) else value
    found = value[part] if isinstance(value, tuple) and part < len(value) else None
    return None if found is None else np.asarray(found)


class FoldedRun:
    """A run and its comparison, seen through a state of folding."""

    def __init__(self, run: Trace, comparison: Comparison | None, folded: Folded) -> None:
        self.run, self.comparison, self.folded = run, comparison, folded

    def value(self, number: int) -> Array | None:
        """The value of a node of the picture."""
        node = self.folded.shown[number]
        return part_of(self.run.value(node.main), node.part)

    def gradient(self, number: int) -> Array | None:
        """The gradient of a node of the picture."""
        node = self.folded.shown[number]
        return part_of(self.run.gradient(node.main), node.part)

    def theirs(self, number: int) -> Array | None:
        """torch's gradient of a node of the picture; of a tuple that of the part that is shown."""
        node = self.folded.shown[number]
        if self.comparison is None:
            return None
        found = part_of(self.comparison.torch_gradient(node.main), node.part)
        if found is None and node.part is not None:
            taken = part_taken(self.folded.graph, node.main, node.part)
            return None if taken is None else self.comparison.torch_gradient(taken)
        return found

    def state(self, node: Shown) -> str:
        """The worst state inside; of a module that holds no fault, the best that was compared."""
        if self.comparison is None:
            return "none" if self.folded.graph.active[node.main] else "constant"
        states = self.comparison.states
        if node.place is None:
            return states[node.main]
        inside = {states[k] for k in node.nodes}
        own = states[node.main]
        found = next((state for state in WORST if state in inside), None)
        return found or (own if own in BEST[:3] else next((state for state in BEST if state in inside), "constant"))

    def error(self, node: Shown) -> float | None:
        """The largest error inside, in eps."""
        if self.comparison is None:
            return None
        errors = [error for k in node.nodes if (error := self.comparison.errors[k]) is not None]
        return next((error for error in errors if error != error), max(errors, default=None))

    def kink(self, node: Shown) -> str | None:
        """What is said of a kink inside."""
        kinks = {} if self.comparison is None else self.comparison.kinks
        return next((kinks[k] for k in node.nodes if k in kinks), None)

    @cached_property
    def _used(self) -> dict[int, int]:
        """How many backward edges leave each real node."""
        counts: dict[int, int] = {}
        for edge in self.folded.graph.backward_edges:
            counts[edge.source] = counts.get(edge.source, 0) + 1
        return counts

    def down(self, ways: Sequence[Way], source: Shown) -> Array | None:
        """What arrives along all real edges behind an edge of the picture, hidden bookkeeping undone."""
        by_source: dict[int, list[Any]] = {}
        for way in ways:
            arrived = self._arrived(way)
            if arrived is not None:
                by_source.setdefault(way.source, []).append(arrived)
        if not by_source:
            return None
        found = by_source.get(source.main) or by_source[max(by_source)]
        total = found[0]
        for more in found[1:]:
            total = total + more
        if isinstance(total, Parts):
            part = source.part if source.part in total else min(total, default=None)
            return None if part is None else np.asarray(total[part])
        return np.asarray(total)

    def _arrived(self, way: Way) -> Any:
        positions = self.folded.positions
        position = positions.get(way.edge)
        if position is None:
            return None
        gradient = self.run._downstream[position]
        alone = True
        for index in way.hidden:
            if gradient is None:
                return None
            before = Edge(self.folded.graph.arguments[index][0], index, 0)
            # a hidden node used once was handed just this
            alone = alone and self._used.get(index, 0) == 1
            gradient = self.run._downstream[positions[before]] if alone else self._through(before, gradient)
        return gradient

    def _through(self, edge: Edge, gradient: Any) -> Any:
        """One hidden node's rule on a part of its gradient."""
        graph = self.run.graph
        op = graph.ops[edge.target]
        assert op is not None
        rule = kernels(op, graph.statics[edge.target], False)[1][0]
        assert rule is not None
        with np.errstate(all="ignore"):
            handed = rule(gradient, self.run.argument(edge.target), self.run.argument(edge.source))
        return handed if isinstance(handed, Parts) else unbroadcast(np.asarray(handed), graph.shapes[edge.source])


def numbers(run: Trace, comparison: Comparison | None, folded: Folded, *, written: bool = True) -> Json:
    """Numbers ``N`` of the contract with the browser, for the nodes and edges that are drawn."""
    written = written and len(folded.shown) <= WRITTEN
    seen = FoldedRun(run, comparison, folded)
    count = range(len(folded.shown))
    errors = [seen.error(node) for node in folded.shown]
    carrying = frozenset(folded.view.backward_edges)
    with np.errstate(all="ignore"):
        return {
            "values": [encode.tensor(seen.value(k)) for k in count],
            "gradients": [encode.tensor(seen.gradient(k)) for k in count],
            "torch": [encode.tensor(seen.theirs(k)) for k in count],
            "states": [seen.state(node) for node in folded.shown],
            "errors": [None if error is None else encode.number(error) for error in errors],
            "kinks": [seen.kink(node) for node in folded.shown],
            "edges": [
                _edge(seen, edge, ways, edge in carrying, written)
                for edge, ways in zip(folded.view.edges, folded.ways, strict=True)
            ],
        }


def _edge(seen: FoldedRun, edge: Edge, ways: Sequence[Way], carries: bool, written: bool) -> Json:
    from graphcore.picture.numbers import edge_numbers

    folded = seen.folded
    shapes = folded.view.shapes
    ends = [math.prod(shapes[edge.target]), math.prod(shapes[edge.source])]
    plain: Json = {"local": None, "kind": "none", "jacobian": ends, "says": None, "down": None, "entry": None}
    if not carries:
        return plain
    down = seen.down(ways, folded.shown[edge.source])
    if folded.shown[edge.target].place is not None:
        return {**plain, "kind": "module", "down": encode.tensor(down)}
    way = ways[0]
    graph = folded.graph
    if way.edge.source in graph.tuples or way.edge.target in graph.tuples:
        return {**plain, "kind": "function", "down": encode.tensor(down)}
    direct = not way.hidden
    theirs = seen.theirs(edge.source) if direct else None
    position = folded.positions[way.edge]
    found = edge_numbers(seen.run, way.edge, position, written and direct, theirs)
    if direct:
        return found
    # the local derivative is a number only if the shown ends are numbers too
    if shapes[edge.source]:
        found = {**found, "local": None, "says": None}
    return {**found, "jacobian": ends, "down": encode.tensor(down)}

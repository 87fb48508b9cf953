"""A trace: a graph with all its numbers, and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop.given import replace_leaves, seeds_of
from graphcore.backprop.passes import backward, forward
from graphcore.backprop.plan import Plan
from graphcore.errors import TraceError, UnsupportedError
from graphcore.graph import Graph, Node, Parts, Value
from graphcore.ops.namespaces import Array

if TYPE_CHECKING:
    from graphcore.jacobian import Jacobian


class Step(NamedTuple):
    """One edge of the backward pass: ``downstream = upstream x local``."""

    source: Node
    target: Node
    slot: int
    upstream: Array
    local: Jacobian
    downstream: Array


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """A graph with all its numbers. It never changes after it is made."""

    graph: Graph
    _store: list[Any]
    _gradients: list[Any]
    _downstream: list[Any]
    seeds: Mapping[int, Value]

    def __repr__(self) -> str:
        return f"<Trace of {len(self.graph)} nodes>"

    def value(self, node: str | int) -> Array:
        """The forward value of a node (by name or index): float64, 0-d for a scalar, read-only; of several a tuple."""
        return read_only(self._store[self._at(node)])  # type: ignore[no-any-return]  # a tuple is the exception

    def gradient(self, node: str | int) -> Array | None:
        """The gradient of a node (the sum of what its edges hand on), or None where none flows."""
        index = self._at(node)
        gradient = self._gradients[index]
        if type(gradient) is Parts:
            return _parts(gradient, len(self._store[index]))  # type: ignore[no-any-return]  # as above
        return None if gradient is None else read_only(gradient)

    def argument(self, argument: int) -> Value:
        """The value of a node, or of a literal by its negative number."""
        return self._store[argument]  # type: ignore[no-any-return]

    def downstream(self, position: int) -> Array | None:
        """What edge number ``position`` of ``graph.backward_edges`` hands on, None where nothing arrives."""
        value = self._downstream[position]
        if type(value) is Parts:
            source = self.graph.backward_edges[position].source
            return _parts(value, len(self._store[source]))  # type: ignore[no-any-return]  # as above
        return None if value is None else read_only(value)

    def _at(self, node: str | int) -> int:
        return self.graph.index(node) if isinstance(node, str) else int(node)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the backward pass, in order; edges that no gradient reaches are left out."""
        return tuple(self.step(k) for k, value in enumerate(self._downstream) if value is not None)

    def step(self, position: int) -> Step:
        """The step of edge number ``position`` of ``graph.backward_edges``."""
        from graphcore.jacobian import local_jacobian

        edge = self.graph.backward_edges[position]
        nodes = self.graph.nodes
        upstream = self.gradient(edge.target)
        downstream = self.downstream(position)
        if upstream is None or downstream is None:
            raise TraceError(f"no gradient arrives at `{nodes[edge.target].name}`, so this edge is no step.")
        local = local_jacobian(self, edge)
        return Step(nodes[edge.source], nodes[edge.target], edge.slot, upstream, local, downstream)

    def _repr_html_(self) -> str:
        from graphcore.picture import frame

        return frame(self)


def _parts(gradient: Parts, count: int) -> Any:
    """The gradient of a tuple: one for each part, None where none flows."""
    return tuple([read_only(gradient[k]) if k in gradient else None for k in range(count)])


def read_only(value: Any) -> Any:
    """A float64 array view that cannot be written through; of a tuple one for each part."""
    if isinstance(value, tuple):
        return tuple([read_only(part) for part in value])
    array = np.asarray(value, dtype=np.float64)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def trace(graph: Graph, values: Mapping[str, Any] | None = None, upstream: Any = None) -> Trace:
    """Run a graph forward and backward and keep every number.

    ``values`` replaces leaf values by name (same shapes); ``upstream`` is the seed: one value of the output's shape,
    for several outputs a sequence (None where nothing is seeded) or a mapping by name. Without it the single scalar
    output is seeded with 1. Raises :class:`TraceError` for other shapes and for a missing seed, KeyError for an
    unknown leaf.

    >>> from graphcore.graph import Builder
    >>> b = Builder(); x = b.leaf("x", 3.0); y = b.apply("mul", x, x, name="y")
    >>> run = trace(b.graph())
    >>> float(run.value("y")), float(run.gradient("x"))
    (9.0, 6.0)
    """
    plan: Plan = graph.plan
    store: list[Any] = [None] * len(graph)
    store += plan.literals
    for index, leaf_value in graph.leaf_values.items():
        store[index] = leaf_value
    if values:
        replace_leaves(graph, store, values)
    seeds = seeds_of(graph, upstream)
    if graph.recorded is not None:
        # rows of torch's ops work on arrays, scalars among them
        for index in graph.leaf_values:
            store[index] = np.asarray(store[index])
        seeds = {index: np.asarray(seed) for index, seed in seeds.items()}
    with np.errstate(all="ignore"):
        forward(graph, plan, store)
        if graph.recorded is not None and graph.recorded.unsupported:
            nothing: list[Any] = [None] * len(graph)
            partial = Trace(graph, store, nothing, [None] * len(plan.backward), {})
            raise UnsupportedError({op: len(nodes) for op, nodes in graph.recorded.unsupported.items()}, partial)
        gradients, downstream = backward(graph, plan, store, seeds)
    return Trace(graph, store, gradients, downstream, seeds)

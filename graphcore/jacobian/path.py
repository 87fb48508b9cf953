"""d(target)/d(source) over all paths between two nodes, by the chain rule: rows by backward passes, never by products."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.errors import JacobianError
from graphcore.graph import Edge
from graphcore.jacobian import Jacobian, positions, refuse_large
from graphcore.jacobian.entries import Whole
from graphcore.jacobian.parts import flattened, one_hot, size_of
from graphcore.ops.namespaces import Array


def path_jacobian(run: Trace, source: str | int, target: str | int) -> Jacobian | PathJacobian:
    """d(target)/d(source) of two nodes, named or by index; the local Jacobian where one edge is all that lies between.

    Raises KeyError for an unknown name and :class:`JacobianError` where no gradient flows from target to source.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); x = b.leaf("x", [3.0, 4.0]); y = b.apply("mul", x, x, name="y"); L = b.apply("sum", y, name="L")
    >>> path_jacobian(trace(b.graph()), "x", "L").dense()
    array([[6., 8.]])
    """
    graph = run.graph
    ends = [graph.index(node) if isinstance(node, str) else range(len(graph))[node] for node in (source, target)]
    edges = edges_between(run, *ends)
    if not edges and ends[0] != ends[1]:
        raise JacobianError(f"no gradient flows from {graph.names[ends[1]]} to {graph.names[ends[0]]}.")
    return Jacobian(run, edges[0]) if len(edges) == 1 else PathJacobian(run, ends[0], ends[1], edges)


def edges_between(run: Trace, source: int, target: int) -> tuple[Edge, ...]:
    """The edges on any path between two nodes, in the order of the backward pass."""
    reached, forward = {source}, []
    for edge in reversed(run.graph.backward_edges):
        if edge.source in reached and edge.target <= target:
            reached.add(edge.target)
            forward.append(edge)
    wanted, found = {target}, []
    for edge in reversed(forward):
        if edge.target in wanted:
            wanted.add(edge.source)
            found.append(edge)
    return tuple(found)


@dataclass(frozen=True, eq=False, repr=False)
class PathJacobian:
    """The Jacobian between two nodes that several edges join, read as a local one is."""

    run: Trace
    source: int
    target: int
    edges: tuple[Edge, ...]

    def __repr__(self) -> str:
        names = self.run.graph.names
        rows, columns = self.shape
        return f"<Jacobian d{names[self.target]}/d{names[self.source]}: {rows} x {columns}, {self.kind}>"

    @cached_property
    def shape(self) -> tuple[int, int]:
        """The sizes of target and source."""
        return size_of(self.run, self.target), size_of(self.run, self.source)

    @property
    def ends(self) -> tuple[int, int]:
        """Target and source."""
        return self.target, self.source

    @property
    def chain(self) -> tuple[Jacobian, ...] | None:
        """The local Jacobians whose product this is, from the target on; None where paths part and meet again."""
        ends = [edge.target for edge in self.edges]
        return tuple([Jacobian(self.run, edge) for edge in self.edges]) if len(set(ends)) == len(ends) else None

    @property
    def kind(self) -> str:
        """``identity`` of a node and itself, ``product`` along one path, ``paths`` where it is a sum of products."""
        if not self.edges:
            return "identity"
        return "paths" if self.chain is None else "product"

    @property
    def structure(self) -> str:
        """The structures of the local Jacobians multiplied, or the kind."""
        return self.structure_when()

    def structure_when(self, columns: bool = False, denominator: bool = False) -> str:
        """The structure where arrays are flattened with their ``columns`` stacked, or of the transpose."""
        chain = self.chain
        if not chain:
            return "I" if chain is not None else self.kind
        parts = [local.structure_when(columns, denominator) for local in (reversed(chain) if denominator else chain)]
        return " · ".join(f"({part})" if len(chain) > 1 and any(sign in part for sign in "⊗·−") else part for part in parts)

    def block(self, rows: slice | int, columns: slice | int) -> Array:
        """As :meth:`Jacobian.block`: one backward pass a row asked for."""
        return self.picked(positions(rows, self.shape[0]), positions(columns, self.shape[1]))

    def picked(self, r: Whole, c: Whole) -> Array:
        """The entries at these rows and columns, in their order; JacobianError above 10^6 of them."""
        refuse_large(self, len(r), len(c))
        found = np.empty((len(r), len(c)))
        for k, row in enumerate(r):
            found[k] = self._row(int(row))[c]
        return found

    def dense(self) -> Array:
        """The whole matrix; raises :class:`JacobianError` above 10^6 entries."""
        return self.block(slice(None), slice(None))

    def row(self, row: int) -> tuple[Whole, Array]:
        """The entries of one row that are not zero: their columns and their values."""
        return _where_nonzero(self.block(row, slice(None))[0])

    def entry(self, column: int) -> tuple[Whole, Array]:
        """The entries of one column that are not zero: their rows and their values; one backward pass a row."""
        return _where_nonzero(self.block(slice(None), column)[:, 0])

    def _row(self, row: int) -> Array:
        """The backward pass of these edges alone, from a gradient that is 1 at one entry."""
        return self.downstream(one_hot(self.run, self.target, row))

    def downstream(self, upstream: Any) -> Array:
        """What all paths together hand on of an upstream gradient, flattened row by row."""
        gradients: dict[int, Any] = {self.target: upstream}
        with np.errstate(all="ignore"):
            for local in self._locals:
                source, target, _ = local.edge
                arrived = gradients.get(target)
                down = None if arrived is None else local.handed_on(arrived)
                if down is None:
                    continue
                if source not in self.run.graph.tuples:
                    down = flattened(self.run, source, down).reshape(self.run.graph.shapes[source])
                gradients[source] = gradients[source] + down if gradients.get(source) is not None else down
        return flattened(self.run, self.source, gradients.get(self.source))

    @cached_property
    def _locals(self) -> tuple[Jacobian, ...]:
        return tuple([Jacobian(self.run, edge) for edge in self.edges])


def _where_nonzero(line: Array) -> tuple[Whole, Array]:
    found = line.nonzero()[0]
    return found, line[found]

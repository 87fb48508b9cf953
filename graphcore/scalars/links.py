"""What a scalar comes from and goes to, as edges between scalars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Edge, Graph
from graphcore.jacobian.entries import Whole
from graphcore.jacobian.parts import flattened
from graphcore.ops.namespaces import Array
from graphcore.scalars.places import Entry, entry_of, number_at, numbers, summed
from graphcore.scalars.touching import Touched, consumers_touched, handed_on, operands_touched


class Link(NamedTuple):
    """An edge between two scalars, seen from one of them: the scalar at its other end, and what it carries.

    ``value`` and ``gradient`` are that scalar's own. ``downstream = upstream x local``; both are None where no gradient
    flows along the edge.
    """

    edge: Edge
    node: int
    entry: Entry
    value: float
    gradient: float | None
    local: float
    upstream: float | None
    downstream: float | None


class Links(NamedTuple):
    """Some of the edges on one side of a scalar: those from number ``start`` on.

    They are in their natural order where all fit; else those that carry most come first. ``size`` is how many there are,
    ``rest`` is what the others that are not in ``shown`` carry together (None where nothing is carried), ``unread`` how
    many more there may be, whose local derivatives were not looked up (their part is in ``rest``). ``edges`` are the edges of
    the graph that these are, each with how many of them it is.
    """

    shown: tuple[Link, ...]
    size: int
    start: int
    rest: float | None
    unread: int = 0
    edges: tuple[tuple[Edge, int], ...] = ()

    @property
    def more(self) -> int:
        """How many edges are not in ``shown``."""
        return self.size - len(self.shown)


class _Group(NamedTuple):
    """All edges between scalars that one edge of the graph is; ``carried`` is what that edge hands on to the scalar."""

    edge: Edge
    other: int
    touched: Touched
    upstream: Array | None
    carried: float | None = None


def came_from(run: Trace, node: int, position: int, start: int = 0, limit: int = 24) -> Links:
    """The scalars of the operands that this one was computed from."""
    graph = run.graph
    own = gradient_at(run, node, position)
    op = graph.ops[node]
    groups = []
    for slot, source in enumerate(graph.arguments[node]):
        if op is None or source < 0 or op.rule(slot) is None:
            continue
        edge = Edge(source, node, slot)
        touched = operands_touched(run, edge, position)
        flows = own is not None and graph.active[source] and graph.active[node]
        groups.append(_Group(edge, source, touched, np.full(len(touched.positions), own) if flows else None))
    return _links(run, groups, start, limit)


def goes_to(run: Trace, node: int, position: int, start: int = 0, limit: int = 24) -> Links:
    """The scalars that this one goes into, and what each of them adds to its gradient."""
    graph = run.graph
    groups = []
    for edge in consumers(graph)[node]:
        op = graph.ops[edge.target]
        if op is None or op.rule(edge.slot) is None:
            continue
        touched = consumers_touched(run, edge, position)
        gradient = run.gradient(edge.target)
        flows = gradient is not None and graph.active[node] and graph.active[edge.target]
        upstream = flattened(run, edge.target, gradient)[touched.positions] if flows else None
        groups.append(_Group(edge, edge.target, touched, upstream, handed_on(run, edge, position) if touched.unread else None))
    return _links(run, groups, start, limit)


def consumers(graph: Graph) -> Sequence[Sequence[Edge]]:
    """Per node the edges that leave it, in the order of the backward pass; found once a graph."""
    known: Sequence[Sequence[Edge]] | None = vars(graph).get("_edges_from")
    return vars(graph).setdefault("_edges_from", _consumers(graph)) if known is None else known


def _consumers(graph: Graph) -> Sequence[Sequence[Edge]]:
    found: list[list[Edge]] = [[] for _ in range(len(graph))]
    for edge in reversed(graph.edges):
        found[edge.source].append(edge)
    # of one op's operands the first comes first
    return [sorted(edges, key=lambda edge: (-edge.target, edge.slot)) for edges in found]


def _links(run: Trace, groups: Sequence[_Group], start: int, limit: int) -> Links:
    sizes = [len(group.touched.positions) for group in groups]
    ends = np.cumsum([0, *sizes])
    count = int(ends[-1])
    carried = [_carrying(group) for group in groups]
    order = _order(groups, carried, count, start + limit, limit)
    chosen = order[start : start + limit]
    shown = [_link(run, groups[g], int(k - ends[g])) for k in chosen for g in (int(np.searchsorted(ends, k, "right")) - 1,)]
    flows = any(parts is not None for parts in carried) or any(group.carried is not None for group in groups)
    rest = _total(groups, carried) - _sum([link.downstream for link in shown]) if flows and count > len(shown) else None
    unread = sum(group.touched.unread for group in groups)
    if unread and flows:
        rest = _total(groups, carried) - _sum([link.downstream for link in shown])
    edges = tuple([(group.edge, size) for group, size in zip(groups, sizes) if size])
    return Links(tuple(shown), count, start, rest, unread, edges)


def _carrying(group: _Group) -> Array | None:
    with np.errstate(all="ignore"):
        return None if group.upstream is None else group.upstream * group.touched.locals


def _order(groups: Sequence[_Group], carried: Sequence[Array | None], count: int, end: int, limit: int) -> Whole:
    """All edges where they fit, else those that carry most first; by their local derivatives where nothing is carried.

    The first ``end`` of them are in order, equals in their natural one, so that pages neither repeat nor miss any.
    """
    if count <= limit:
        return np.arange(count)
    flows = any(parts is not None and parts.any() for parts in carried)
    sizes = [parts if flows and parts is not None else group.touched.locals for group, parts in zip(groups, carried)]
    weights = -np.nan_to_num(np.abs(np.concatenate(sizes)), nan=np.inf, posinf=np.inf)
    if end >= count:
        return np.argsort(weights, kind="stable")
    least = np.partition(weights, end - 1)[end - 1]
    before = np.flatnonzero(weights < least)
    first = np.sort(np.concatenate([before, np.flatnonzero(weights == least)[: end - len(before)]]))
    return first[np.argsort(weights[first], kind="stable")]


def _link(run: Trace, group: _Group, k: int) -> Link:
    position = int(group.touched.positions[k])
    local = float(group.touched.locals[k])
    upstream = None if group.upstream is None else float(group.upstream[k])
    down = None if upstream is None else upstream * local
    value, gradient = number_at(run, group.other, position), gradient_at(run, group.other, position)
    return Link(group.edge, group.other, entry_of(run, group.other, position), value, gradient, local, upstream, down)


def gradient_at(run: Trace, node: int, position: int) -> float | None:
    """The gradient of one entry, None where none flows."""
    gradient = run.gradient(node)
    if gradient is None:
        return None
    return float(gradient.flat[position] if node not in run.graph.tuples else flattened(run, node, gradient)[position])


def _total(groups: Sequence[_Group], carried: Sequence[Array | None]) -> float:
    parts: list[float | None] = []
    for group, carries in zip(groups, carried):
        parts.append(group.carried if group.carried is not None else None if carries is None else summed(carries))
    return _sum(parts)


def _sum(parts: Sequence[float | None]) -> float:
    return summed(np.array([part for part in parts if part is not None]))


def seed_at(run: Trace, node: int, position: int) -> float | None:
    """What was put in at this scalar: the starting gradient; None where nothing was."""
    if node not in run.seeds:
        return None
    return float(numbers(run.seeds[node])[position] if np.ndim(run.seeds[node]) else run.seeds[node])

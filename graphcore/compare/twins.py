"""Which autograd node belongs to which node of ours.

Each autograd node belongs to the node during whose torch call it was made: torch numbers them in the order of their
making (``_sequence_nr``). The last one of a call is the twin, the others are beads on the edge they sit on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.compare.drawn import Drawn, draw
from graphcore.compare.explained import ACCUMULATE, sentence
from graphcore.compare.run import apply, autograd_on, leaves, refuse_large, release, rows

if TYPE_CHECKING:
    from graphcore.graph import Graph, Recorded


class Twin(NamedTuple):
    """The autograd node of a node of ours, and the others that its torch call made, in their order."""

    fn: str
    also: tuple[str, ...] = ()


class Bead(NamedTuple):
    """An autograd node without a node of ours: it belongs to ``node`` and sits on edge number ``edge``, if on one."""

    fn: str
    node: int
    edge: int | None


class Explained(NamedTuple):
    """What a kind of autograd node does and keeps, and the nodes of ours where it occurs."""

    fn: str
    sentence: str
    nodes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TorchGraph:
    """The autograd graph beside ours: it depends on the graph alone, not on numbers."""

    twins: tuple[Twin | None, ...]
    beads: tuple[Bead, ...]
    _graph: Graph = field(repr=False)

    @cached_property
    def explained(self) -> tuple[Explained, ...]:
        """Each kind of autograd node that occurs, in order of its first occurrence."""
        places: dict[str, list[int]] = {}
        for index, twin in enumerate(self.twins):
            if twin is not None:
                for fn in dict.fromkeys((*twin.also, twin.fn)):
                    places.setdefault(fn, []).append(index)
        return tuple(Explained(fn, sentence(fn), tuple(nodes)) for fn, nodes in places.items())

    def drawn(self) -> Drawn:
        """torchviz's own graph with our names, ready to be laid out."""
        return self._drawn

    def drawn_dot(self) -> str:
        """torchviz's own graph with our names, as DOT text."""
        return self._drawn.dot()

    @cached_property
    def _drawn(self) -> Drawn:
        return draw(self._graph)


def torch_graph(graph: Graph) -> TorchGraph:
    """The autograd graph of a graph, made once; raises :class:`~graphcore.errors.CompareError` as ``compare`` does."""
    made: TorchGraph | None = vars(graph).get("_torch_graph")
    if made is None:
        # kept on the graph itself, so that it lives as long as the graph and no longer
        made = vars(graph)["_torch_graph"] = _watch(graph)
    return made


def _met(graph: Graph, recorded: Recorded) -> TorchGraph:
    """The autograd nodes that the recorded run itself made."""
    into = {edge.target: k for k, edge in reversed(tuple(enumerate(graph.edges)))}
    twins = [Twin(met[-1], met[:-1]) if (met := recorded.twins.get(k)) else None for k in range(len(graph))]
    beads = [Bead(fn, k, into.get(k)) for k, met in recorded.twins.items() for fn in met[:-1]]
    return TorchGraph(tuple(twins), tuple(beads), graph)


def _watch(graph: Graph) -> TorchGraph:
    if graph.recorded is not None:
        return _met(graph, graph.recorded)
    refuse_large(graph)
    edges = {(edge.source, edge.target, edge.slot): k for k, edge in enumerate(graph.edges)}
    twins: list[Twin | None] = [None] * len(graph)
    beads: list[Bead] = []
    with autograd_on():
        made = leaves(graph, graph.leaf_values)
        tensors = made.tensors
        for index in graph.leaf_values:
            twins[index] = Twin(ACCUMULATE) if tensors[index].requires_grad else None
        # our wrappers keep the autograd nodes alive, so that an id stays one node's
        alive: list[Any] = []
        owner = {id(tensors[index]): index for index in graph.leaf_values}
        newest = -1
        for row in rows(graph):
            out = tensors[row.node] = apply(graph, row, made)
            if out.grad_fn is None:
                continue
            call = _made_in_call(out.grad_fn, newest)
            alive += call
            newest = max(newest, out.grad_fn._sequence_nr())
            twin = call[-1]
            owner[id(twin)] = row.node
            extra = call[:-1]
            twins[row.node] = Twin(type(twin).__name__, tuple(type(fn).__name__ for fn in extra))
            taken: set[int] = set()
            for fn in extra:
                slot = _slot(fn, {id(k) for k in call}, owner, row.arguments, taken)
                edge = None if slot is None else edges[row.arguments[slot], row.node, slot]
                beads.append(Bead(type(fn).__name__, row.node, edge))
        release(made)
        while alive:
            alive.pop()
    return TorchGraph(tuple(twins), tuple(beads), graph)


def _made_in_call(last: Any, newest: int) -> list[Any]:
    """The autograd nodes newer than ``newest`` that ``last`` is made of, in the order of their making."""
    found = {id(last): last}
    waiting = [last]
    while waiting:
        for fn, _ in waiting.pop().next_functions:
            if fn is not None and id(fn) not in found and not hasattr(fn, "variable") and fn._sequence_nr() > newest:
                found[id(fn)] = fn
                waiting.append(fn)
    return sorted(found.values(), key=lambda fn: fn._sequence_nr())


def _slot(fn: Any, call: set[int], owner: dict[int, int], arguments: tuple[int, ...], taken: set[int]) -> int | None:
    """The operand on whose edge an autograd node sits: the only one it leads to, or None."""
    sources: set[int] = set()
    waiting, seen = [fn], {id(fn)}
    while waiting:
        for below, _ in waiting.pop().next_functions:
            if below is None:
                continue
            key = id(below.variable) if hasattr(below, "variable") else id(below)
            if key in owner and id(below) not in call:
                sources.add(owner[key])
            elif id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)
    if len(sources) != 1:
        return None
    source = sources.pop()
    slots = [slot for slot, k in enumerate(arguments) if k == source]
    slot = next((slot for slot in slots if slot not in taken), slots[0] if slots else None)
    if slot is not None and len(slots) > 1:
        taken.add(slot)
    return slot

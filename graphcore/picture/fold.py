"""A recorded graph as it is drawn: modules as single nodes until they are opened, bookkeeping left out.

What is drawn is a graph again (``Folded.view``), so layout, steps and tables work on it unchanged; beside it stands
which real nodes and edges each of its nodes and edges means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from graphcore.graph import Edge, Graph
from graphcore.picture.fold_graph import Shown, Way, first_part, shape_of, shown_of, view_of, wiring
from graphcore.picture.fold_units import Unit, places

__all__ = ["Folded", "Shown", "Way", "every_path", "first_open", "fold", "picked", "transposes"]

LIMIT = 2000  # nodes that are drawn
FEW = 40  # nodes up to which a new graph is opened level by level
ALONE = 4  # nodes that say nothing of a network
KEPT = 12  # fold states of a graph that are remembered


@dataclass(frozen=True, eq=False)
class Folded:
    """A recorded graph in one state of folding.

    ``at`` is the node of the picture for every real node (the nearest shown one for a hidden one, -1 where there is none),
    ``ways`` the real
    edges behind every edge of ``view``, ``opened`` and ``plumbing`` the state, ``asked`` whether that is the state asked for.
    """

    graph: Graph
    view: Graph
    shown: tuple[Shown, ...]
    at: tuple[int, ...]
    ways: tuple[tuple[Way, ...], ...]
    hidden: frozenset[int]
    opened: frozenset[str]
    plumbing: bool
    asked: bool

    @cached_property
    def note(self) -> str | None:
        """A sentence where the graph is too large to be drawn as asked."""
        return None if self.asked else f"{len(self.graph):,} nodes; drawn by module. Open one, or search (/)."

    @cached_property
    def positions(self) -> dict[Edge, int]:
        """The place of every real edge in the backward pass."""
        return {edge: k for k, edge in enumerate(self.graph.backward_edges)}

    @cached_property
    def names(self) -> Graph:
        """The real graph as formulas say it: hidden nodes by their operand (``fc.weightᵀ``), tuples as their first part."""
        graph = self.graph
        names = list(graph.names)
        for node, name in zip(self.shown, self.view.names, strict=True):
            if node.place is None:
                names[node.main] = name
        for index in sorted(self.hidden - places(graph).idle):
            source = graph.arguments[index][0]
            part = first_part(graph, source) if source in graph.tuples else None
            name = names[source]
            names[index] = _turned(name) if transposes(graph, index) else name + picked(graph, index, part)
        shapes = list(graph.shapes)
        for index in graph.tuples:
            shapes[index] = shape_of(graph, index, first_part(graph, index))
        return replace(graph, names=tuple(names), shapes=tuple(shapes))


def _turned(name: str) -> str:
    return name[:-1] if name.endswith("ᵀ") else f"{name}ᵀ"


def transposes(graph: Graph, index: int) -> bool:
    """Whether a node is the transpose of a matrix (or of each of several) and nothing else."""
    op, rank = graph.ops[index], len(graph.shapes[index])
    if op is None or rank < 2:
        return False
    statics = dict(graph.statics[index])
    if op.name in ("T", "t"):
        return rank == 2
    if op.name == "swapaxes":
        return {statics["axis1"] % rank, statics["axis2"] % rank} == {rank - 1, rank - 2}
    axes = statics.get("axes", ())
    swapped = (*range(rank - 2), rank - 1, rank - 2)
    if op.name != "transpose":
        return False
    return rank == 2 if axes is None else tuple(axis % rank for axis in axes) == swapped


def picked(graph: Graph, index: int, shown: int | None) -> str:
    """Which entries of its operand a hidden node stands for: ``[0]``, ``[:, −1]``; nothing for all of them."""
    op = graph.ops[index]
    statics = dict(graph.statics[index])
    if op is not None and op.name == "output":
        return "" if statics.get("k") == shown else f"[{statics.get('k')}]"
    if op is None or op.name != "getitem" or not isinstance(statics.get("index"), tuple):
        source = graph.arguments[index][0]
        some = source not in graph.tuples and prod(graph.shapes[index]) < prod(graph.shapes[source])
        return "[…]" if some else ""
    return f"[{', '.join(map(_entry, statics['index']))}]"


def _entry(given: object) -> str:
    if isinstance(given, slice):
        ends = ["" if end is None else str(end) for end in (given.start, given.stop)]
        return ":".join([*ends, *([] if given.step is None else [str(given.step)])])
    return {"None": "None", "Ellipsis": "…"}.get(str(given), str(given))


def fold(graph: Graph, opened: Collection[str] | None = None, plumbing: bool = False) -> Folded:
    """The picture of a recorded graph with these modules and groups opened; None opens what :func:`first_open` says.

    A module that is not opened is one node with its parameters inside; ``plumbing=False`` leaves out views, transposes
    and copies. Beyond 2,000 nodes the innermost modules are folded again, and ``asked`` is False.
    """
    wanted = first_open(graph) if opened is None else frozenset(opened)
    kept: dict[tuple[frozenset[str], bool], Folded] = vars(graph).setdefault("_folded", {})
    found = kept.pop((wanted, plumbing), None)
    if found is None:
        drawn = _drawable(graph, wanted, plumbing)
        found = _folded(graph, places(graph).units(drawn), drawn, plumbing, drawn == wanted)
        while len(kept) >= KEPT:
            kept.pop(next(iter(kept)))
    kept[wanted, plumbing] = found
    return found


def first_open(graph: Graph) -> frozenset[str]:
    """What is open at first: as many levels of modules as make no more than about 40 nodes."""
    levels = places(graph).levels
    chosen = levels[0]
    few = _count(graph, chosen, False) <= ALONE
    for level in levels[1:]:
        count = _count(graph, level, False)
        # a single box around everything says nothing: then the next level may be larger
        if count > (4 * FEW if few else FEW):
            break
        chosen, few = level, count <= ALONE
    return chosen


def every_path(graph: Graph) -> frozenset[str]:
    """All that can be opened."""
    return frozenset(place.path for chain in places(graph).around for place in chain)


def _drawable(graph: Graph, wanted: frozenset[str], plumbing: bool) -> frozenset[str]:
    levels = places(graph).levels
    drawn = wanted
    for level in reversed(levels):
        if _count(graph, drawn, plumbing) <= LIMIT:
            break
        drawn = drawn & level
    return drawn


def _count(graph: Graph, opened: frozenset[str], plumbing: bool) -> int:
    units = places(graph).units(opened)
    return len(units) - (0 if plumbing else len(_hidden(graph, units)))


def _hidden(graph: Graph, units: Iterable[Unit]) -> frozenset[int]:
    """What can be left out: bookkeeping that hands on the gradient of its one operand, and what no output depends on."""
    around = places(graph)
    ends = {*graph.output_indices, *around.recorded.stops}
    found = set()
    for unit in units:
        index = unit.nodes[0]
        op = graph.ops[index]
        if unit.place is None and index in around.idle:
            found.add(index)
            continue
        # the first output may be a part of a result: then that result stands for it
        ended = index in ends and not (op is not None and op.name == "output" and graph.output_indices == (index,))
        if unit.place is not None or op is None or not op.plumbing or ended:
            continue
        arguments = graph.arguments[index]
        if len(arguments) == 1 and arguments[0] >= 0 and graph.active[index] == graph.active[arguments[0]]:
            found.add(index)
    return frozenset(found)


def _folded(graph: Graph, units: list[Unit], opened: frozenset[str], plumbing: bool, asked: bool) -> Folded:
    hidden = frozenset() if plumbing else _hidden(graph, units)
    kept = [unit for unit in units if unit.place is not None or unit.nodes[0] not in hidden]
    at = [-1] * len(graph)
    for number, unit in enumerate(kept):
        for index in unit.nodes:
            at[index] = number
    for index in sorted(hidden - places(graph).idle):  # a hidden node's operand comes before it, hidden or not
        at[index] = at[graph.arguments[index][0]]
    shown = tuple(shown_of(graph, unit) for unit in kept)
    arguments, ways = wiring(graph, kept, at, hidden)
    view = view_of(graph, shown, at, arguments, ways)
    return Folded(graph, view, shown, tuple(at), ways, hidden, opened, plumbing, asked)

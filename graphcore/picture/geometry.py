"""Where the boxes of both panes stand: by Graphviz, or by a plain layout of our own where Graphviz would take too long.

A large graph is laid out in the one way that is shown; the others are made when someone asks for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphcore import dot, layout
from graphcore.errors import ChainruleError, LayoutError
from graphcore.graph import Graph

if TYPE_CHECKING:
    from graphcore.compare import TorchGraph
    from graphcore.compare.drawn import Drawn

Json = dict[str, Any]
Which = Literal["across", "drawn"]

LATER: tuple[Which, ...] = ("across", "drawn")
AT_ONCE = 150  # nodes up to which every layout is made at once
CROWD = 2000  # nodes beyond which Graphviz is not asked
PASSAGES = 4000  # rows that long edges pass, all together, beyond which Graphviz is not asked: it places each one
PATIENCE = 5.0  # seconds for Graphviz

_log = logging.getLogger(__name__)


class Planned(NamedTuple):
    """The layouts of a graph that are there, those that can be asked for, and a sentence about a large one."""

    geometry: dict[str, Json | None]
    drawn: Json | None
    later: list[Which]
    note: str | None


class Placed(NamedTuple):
    """A layout, and whether it is the plain one."""

    drawing: Json
    plain: bool


def plan(
    graph: Graph, heads: Sequence[str], torch_graph: TorchGraph | None, *, everything: bool, at: Sequence[int] | None = None
) -> Planned:
    """The layouts to begin with: all of a small graph or if ``everything`` is asked for, else the one that is shown.

    ``at`` is the node that is drawn for every node of torch's graph, where those are not the same.
    """
    whole = everything or len(graph) <= AT_ONCE
    jobs: dict[str, Callable[[], Any]] = {"down": lambda: manual(graph, heads, "down")}
    if whole:
        theirs = None if torch_graph is None else _theirs(torch_graph)
        jobs["across"] = lambda: manual(graph, heads, "across")
        jobs["drawn"] = lambda: None if theirs is None else torchs(theirs, at)
    # Graphviz is a process of its own: all run at the same time
    with ThreadPoolExecutor(len(jobs)) as pool:
        made = dict(zip(jobs, pool.map(lambda job: job(), jobs.values()), strict=True))
    down: Placed = made["down"]
    across: Placed | None = made.get("across")
    later: list[Which] = [] if whole else [which for which in LATER if which != "drawn" or torch_graph is not None]
    note = f"{len(graph):,} nodes: search (/) or follow the steps" if down.plain and len(graph) > AT_ONCE else None
    return Planned({"down": down.drawing, "across": across.drawing if across else None}, made.get("drawn"), later, note)


def asked(
    graph: Graph, heads: Sequence[str], torch_graph: TorchGraph | None, which: Which, at: Sequence[int] | None = None
) -> Json | None:
    """A layout that was left for later; None where there is none."""
    if which == "across":
        return manual(graph, heads, "across").drawing
    theirs = None if torch_graph is None else _theirs(torch_graph)
    return None if theirs is None else torchs(theirs, at)


def geometry(graph: Graph, heads: Sequence[str]) -> dict[str, Json | None]:
    """The layout in both directions, for boxes that hold these first lines."""
    return plan(graph, heads, None, everything=True).geometry


def manual(graph: Graph, heads: Sequence[str], direction: dot.Direction) -> Placed:
    """Our graph laid out in one direction."""
    sizes = dot.sizes(graph, heads)
    across = direction == "across"
    rows = dot.ranks(graph)
    passed = sum(max(0, rows[edge.target] - rows[edge.source] - 1) for edge in graph.edges)
    if len(graph) <= CROWD and passed <= PASSAGES:
        try:
            drawing = layout.geometry(dot.manual(graph, sizes, direction), PATIENCE)
            return Placed(_balanced(graph, drawing, across=across), plain=False)
        except LayoutError as reason:
            _log.warning("drawn plainly: %s", reason)
    ends = [(edge.source, edge.target) for edge in graph.edges]
    return Placed(_json(layout.layered(sizes, rows, ends, across=across)), plain=True)


def _json(drawing: layout.Geometry) -> Json:
    return {
        "width": drawing.width,
        "height": drawing.height,
        "nodes": [list(node.box) for node in drawing.nodes],
        "edges": [list(edge.points) for edge in drawing.edges],
    }


def _balanced(graph: Graph, drawing: layout.Geometry, *, across: bool) -> Json:
    index = [int(node.name[1:]) for node in drawing.nodes]
    # Graphviz answers its edges by tail; parallel ones stand in the order they were asked for
    places: dict[tuple[int, int], list[int]] = {}
    for k, placed in enumerate(drawing.edges):
        places.setdefault((index[placed.source], index[placed.target]), []).append(k)
    order = [places[edge.source, edge.target].pop(0) for edge in graph.edges]
    straight = dot.chained(graph)
    chained = [k for k, edge in zip(order, graph.edges, strict=True) if edge in straight]
    drawing = layout.balance(drawing, chained, across=across)
    return {
        "width": drawing.width,
        "height": drawing.height,
        "nodes": [list(box) for _, box in sorted(zip(index, (node.box for node in drawing.nodes), strict=True))],
        "edges": [list(drawing.edges[k].points) for k in order],
    }


def _theirs(torch_graph: TorchGraph) -> Drawn | None:
    try:
        return torch_graph.drawn()
    except ChainruleError:
        return None
    except Exception:  # our picture does not wait for theirs
        _log.exception("torchviz's graph cannot be drawn")
        return None


def torchs(theirs: Drawn, at: Sequence[int] | None = None) -> Json:
    """torchviz's own drawing as geometry; ``at`` as in :func:`plan`."""
    drawing = None
    if len(theirs.nodes) <= CROWD:
        try:
            drawing = layout.geometry(theirs.dot(), PATIENCE)
        except LayoutError as reason:
            _log.warning("torchviz's graph is drawn plainly: %s", reason)
    if drawing is None:
        drawing = _plainly(theirs)
    place = {node.name: k for k, node in enumerate(drawing.nodes)}
    nodes = [
        {
            "box": list(drawing.nodes[place[node.id]].box),
            "lines": list(node.lines),
            "node": _drawn_at(node.node, at),
            "kind": node.kind,
        }
        for node in theirs.nodes
    ]
    own = {place[node.id]: k for k, node in enumerate(theirs.nodes)}
    edges = [{"points": list(edge.points), "source": own[edge.source], "target": own[edge.target]} for edge in drawing.edges]
    return {"width": drawing.width, "height": drawing.height, "nodes": nodes, "edges": edges}


def _drawn_at(node: int | None, at: Sequence[int] | None) -> int | None:
    return node if node is None or at is None else at[node]


def _plainly(theirs: Drawn) -> layout.Geometry:
    # boxes as large as Graphviz makes them for ten-point Courier
    sizes = [(6 * max(map(len, node.lines), default=0) + 16, 11.5 * len(node.lines) + 8) for node in theirs.nodes]
    edges = [(edge.source, edge.target) for edge in theirs.edges]
    return layout.layered(sizes, layout.depths(len(sizes), edges), edges)

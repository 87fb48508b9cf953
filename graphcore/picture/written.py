"""What the tabs Jacobian and Derivation were asked for, and what they show, on page Explore and on page Networks.

The browser counts nodes and edges of the picture; on page Networks these stand for others of the recorded graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore import latex
from graphcore.backprop import Trace
from graphcore.graph import Edge, Graph
from graphcore.picture import jacobians

if TYPE_CHECKING:
    from graphcore.picture.fold import Folded

Json = dict[str, Any]

TABS = ("jacobian", "derivation")
FEW = 30  # entries of an array up to which rules are also written entry by entry
CHOICES = 600  # nodes and leaves that are offered


class Derived(NamedTuple):
    """How the derivation is wanted: towards a leaf (None: all), entry by entry, with so many decimals."""

    leaf: int | None = None
    indices: bool = False
    values: bool = False
    decimals: int = 4


class Written:
    """The wishes of one page; they are kept while its numbers change."""

    def __init__(self) -> None:
        self.jacobian = jacobians.Asked()
        self.derived = Derived()

    def take(self, action: Mapping[str, Any]) -> None:
        """Take in an action of kind ``jacobian`` or ``derive``; what makes no sense in it counts as not said."""
        if action.get("kind") == "jacobian":
            self.jacobian = jacobians.read(action)
            return
        leaf, decimals = _whole(action.get("leaf")), _whole(action.get("decimals"))
        self.derived = Derived(
            leaf,
            action.get("indices") is True,
            action.get("values") is True,
            4 if decimals is None else min(decimals, 17),
        )

    def payload(self, run: Trace, tab: str, structure: Mapping[str, Any], folded: Folded | None = None) -> Json:
        """``jacobian``, ``derivation`` and ``derived``, each None while its tab is not shown."""
        found: Json = {"jacobian": None, "derivation": None, "derived": None}
        if tab not in TABS:
            return found
        at = _Place(run.graph, folded)
        run = replace(run, graph=at.names)  # formulas say what the picture says
        if tab == "jacobian":
            found["jacobian"] = {**jacobians.view(run, at.meant(self.jacobian), at.names, at.edge), "nodes": at.choices(run)}
        if tab == "derivation":
            found |= self._derivation(run, structure, at)
        return found

    def _derivation(self, run: Trace, structure: Mapping[str, Any], at: _Place) -> Json:
        asked = self.derived
        leaves = [node.index for node in run.graph.leaves if run.gradient(node.index) is not None][:CHOICES]
        leaf = asked.leaf if asked.leaf in leaves else None
        small = all(int(np.prod(shape)) <= FEW for shape in run.graph.shapes) and folded_out(run.graph)
        lines = latex.derivation(run, asked.decimals, leaf=leaf, values=asked.values, indices=asked.indices and small)
        numbers = at.steps(structure)
        edges = run.graph.backward_edges
        seed = next((k for k, step in enumerate(structure["steps"], 1) if step["phase"] == "seed"), None)

        def step(line: latex.Line) -> int | None:
            if line.node is not None:
                return None
            return seed if line.position < 0 else numbers.get(edges[line.position])

        return {
            "derivation": [
                {"step": step(line), "symbols": line.symbols, "numbers": line.numbers, "latex": line.latex} for line in lines
            ],
            "derived": {
                **asked._asdict(),
                "leaf": leaf,
                "small": small,
                "leaves": [{"node": k, "name": at.names.names[k]} for k in leaves],
            },
        }


def folded_out(graph: Graph) -> bool:
    """Whether the rules are formulas: those of recorded ops are partly words."""
    return graph.recorded is None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


class _Place:
    """Nodes and edges of the picture, and those of the graph that they stand for."""

    def __init__(self, graph: Graph, folded: Folded | None) -> None:
        self.graph, self.folded = graph, folded
        self.names = graph if folded is None else folded.names

    def meant(self, asked: jacobians.Asked) -> jacobians.Asked:
        """The wish in terms of the graph: an edge of the picture may be a path of it."""
        folded, edge = self.folded, asked.edge
        if edge is None or asked.source is not None:
            return asked
        if folded is None:
            return asked if edge < len(self.graph.edges) else asked._replace(edge=None)
        if edge >= len(folded.ways):
            return asked._replace(edge=None)
        ways, target = folded.ways[edge], folded.shown[folded.view.edges[edge].target].main
        if len(ways) == 1 and not ways[0].hidden and ways[0].edge.target == target:
            return asked._replace(edge=self.graph.edges.index(ways[0].edge))
        return asked._replace(edge=None, source=ways[0].source, target=target)

    def edge(self, edge: Edge) -> int | None:
        """The edge of the picture that shows one of the graph."""
        return self._edges().get(edge)

    def _edges(self) -> dict[Edge, int]:
        if self.folded is None:
            return {edge: k for k, edge in enumerate(self.graph.edges)}
        return {way.edge: k for k, ways in enumerate(self.folded.ways) for way in ways}

    def steps(self, structure: Mapping[str, Any]) -> dict[Edge, int]:
        """The number of the step, counted from 1, that shows each edge of the graph."""
        number = {step["edge"]: k for k, step in enumerate(structure["steps"], 1) if step["phase"] == "backward"}
        return {edge: number[k] for edge, k in self._edges().items() if k in number}

    def choices(self, run: Trace) -> list[Json]:
        """The nodes a path can begin and end at: in the graph, and in the picture."""
        if self.folded is None:
            shown = [(k, k) for k in range(len(self.graph))]
        else:
            shown = [(made.main, k) for k, made in enumerate(self.folded.shown)]
        known = [(node, k) for node, k in shown if run.gradient(node) is not None][:CHOICES]
        return [{"node": node, "shown": k, "name": self.names.names[node]} for node, k in known]

"""What of the picture depends on the program alone: nodes, edges, steps, geometry and torch's nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphcore import dot, latex
from graphcore.graph import Edge, Graph
from graphcore.picture import fold_structure, geometry
from graphcore.picture.fold import Folded, fold

if TYPE_CHECKING:
    from graphcore.compare import TorchGraph

Json = dict[str, Any]


def topology(graph: Graph) -> str:
    """A key that changes with the structure of a graph and never with the values of its leaves.

    >>> from graphcore import Builder
    >>> def square(value):
    ...     b = Builder(); b.apply("mul", b.leaf("x", value), 0); return b.graph()
    >>> topology(square(1.0)) == topology(square(2.0))
    True
    """
    digest = hashlib.blake2b(digest_size=12)
    recorded = graph.recorded
    for column in (
        graph.names,
        [op.name if op else None for op in graph.ops],
        graph.arguments,
        graph.statics,
        graph.shapes,
        [literal.text for literal in graph.literals],
        sorted(graph.constants),
        graph.output_indices,
        sorted(graph.labels.items()),
        sorted((index, span[0]) for index, span in graph.spans.items()),
        *(() if recorded is None else (recorded.active, recorded.scopes, recorded.groups)),
    ):
        digest.update(repr(column).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def structure(graph: Graph, torch_graph: TorchGraph | None, *, everything: bool = True, folded: Folded | None = None) -> Json:
    """Structure ``S`` of the contract with the browser; ``torch_graph`` None leaves torch's pane without twins.

    ``everything=False`` leaves layouts of a large graph that are not shown at first for :func:`later`. Of a recorded graph
    the nodes of ``folded`` are shown, without it those of its first state.
    """
    if graph.recorded is not None:
        return fold_structure.structure(folded or fold(graph), torch_graph, everything=everything)
    heads = first_lines(graph)
    planned = geometry.plan(graph, heads, torch_graph, everything=everything)
    return {
        "nodes": _nodes(graph, heads),
        "edges": [_edge(graph, edge) for edge in graph.edges],
        "steps": steps(graph),
        "output": graph.output_indices[0],
        "geometry": planned.geometry,
        "torch": {**_torch(graph, torch_graph), "drawn": planned.drawn},
        "later": planned.later,
        "note": planned.note,
    }


def later(graph: Graph, torch_graph: TorchGraph | None, which: geometry.Which, folded: Folded | None = None) -> Json | None:
    """A layout that was left out at first: ours from left to right, or torchviz's own."""
    if graph.recorded is not None:
        return fold_structure.later(folded or fold(graph), torch_graph, which)
    return geometry.asked(graph, first_lines(graph), torch_graph, which)


def completed(structure_of: Mapping[str, Any], layouts: Mapping[geometry.Which, Json | None]) -> Json:
    """A structure with the layouts that were asked for since."""
    torch = structure_of["torch"]
    return {
        **structure_of,
        "geometry": {**structure_of["geometry"], **{key: made for key, made in layouts.items() if key == "across"}},
        "torch": {**torch, "drawn": layouts.get("drawn", torch["drawn"])},
        "later": [which for which in structure_of["later"] if which not in layouts],
    }


def first_lines(graph: Graph) -> list[str]:
    """The first line of every node's box."""
    return [dot.cut(latex.head(graph, index)) for index in range(len(graph))]


def steps(graph: Graph) -> list[Json]:
    """Every step in order: a node's value, the seed, then one edge each; edges are positions in ``graph.edges``."""
    forward: list[Json] = [{"phase": "forward", "node": k} for k, op in enumerate(graph.ops) if op is not None]
    seeds: list[Json] = [{"phase": "seed", "node": k} for k in graph.output_indices if graph.active[k]]
    at = {edge: k for k, edge in enumerate(graph.edges)}
    return [*forward, *seeds, *({"phase": "backward", "edge": at[edge]} for edge in dot.carrying(graph))]


def _nodes(graph: Graph, heads: list[str]) -> list[Json]:
    uses = dot.uses(graph)
    return [
        {
            "name": node.name,
            "head": heads[node.index],
            "expression": latex.expression_tokens(graph, node.index),
            "leaf": node.op is None,
            "op": node.op.name if node.op else None,
            "spoken": node.op.spoken if node.op else None,
            "shape": list(node.shape),
            "line": node.line,
            "active": graph.active[node.index],
            "wants": node.index not in graph.constants,
            "uses": uses[node.index],
        }
        for node in graph.nodes
    ]


def _edge(graph: Graph, edge: Edge) -> Json:
    # an edge that carries no gradient has no rule to show
    op = graph.ops[edge.target]
    active = graph.active[edge.source] and op is not None and op.rule(edge.slot) is not None
    return {
        "source": edge.source,
        "target": edge.target,
        "slot": edge.slot,
        "active": active,
        "symbol": latex.local_symbol(graph, edge, "text") if active else None,
        "says": latex.local_says(graph, edge) if active else None,
        "rule": latex.rule_tokens(graph, edge) if active else None,
    }


def _torch(graph: Graph, torch_graph: TorchGraph | None) -> Json:
    if torch_graph is None:
        return {"twins": [None] * len(graph), "beads": [], "explained": []}
    return {
        "twins": [None if twin is None else {"fn": twin.fn, "also": list(twin.also)} for twin in torch_graph.twins],
        "beads": [{"fn": bead.fn, "node": bead.node, "edge": bead.edge} for bead in torch_graph.beads],
        "explained": [
            {"fn": entry.fn, "sentence": entry.sentence, "nodes": list(entry.nodes)} for entry in torch_graph.explained
        ],
    }

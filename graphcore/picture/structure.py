"""What of the picture depends on the program alone: nodes, edges, steps, geometry and torch's nodes."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from graphcore import dot, latex, layout
from graphcore.errors import ChainruleError
from graphcore.graph import Edge, Graph

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
    ):
        digest.update(repr(column).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def structure(graph: Graph, torch_graph: TorchGraph | None) -> Json:
    """Structure ``S`` of the contract with the browser; ``torch_graph`` None leaves torch's pane without twins."""
    heads = [dot.cut(latex.head(graph, index)) for index in range(len(graph))]
    return {
        "nodes": _nodes(graph, heads),
        "edges": [_edge(graph, edge) for edge in graph.edges],
        "steps": steps(graph),
        "output": graph.output_indices[0],
        "geometry": geometry(graph, heads),
        "torch": _torch(graph, torch_graph),
    }


def steps(graph: Graph) -> list[Json]:
    """Every step in order: a node's value, the seed, then one edge each; edges are positions in ``graph.edges``."""
    forward: list[Json] = [{"phase": "forward", "node": k} for k, op in enumerate(graph.ops) if op is not None]
    seeds: list[Json] = [{"phase": "seed", "node": k} for k in graph.output_indices if graph.active[k]]
    at = {edge: k for k, edge in enumerate(graph.edges)}
    return [*forward, *seeds, *({"phase": "backward", "edge": at[edge]} for edge in dot.carrying(graph))]


def geometry(graph: Graph, heads: list[str]) -> Json:
    """The layout in both directions, for boxes that hold these first lines."""
    sizes = dot.sizes(graph, heads)
    # Graphviz is a process of its own: both run at the same time
    with ThreadPoolExecutor(2) as pool:
        down, across = pool.map(layout.geometry, [dot.manual(graph, sizes, "down"), dot.manual(graph, sizes, "across")])
    return {"down": _balanced(graph, down, across=False), "across": _balanced(graph, across, across=True)}


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
        return {"twins": [None] * len(graph), "beads": [], "drawn": None, "explained": []}
    return {
        "twins": [None if twin is None else {"fn": twin.fn, "also": list(twin.also)} for twin in torch_graph.twins],
        "beads": [{"fn": bead.fn, "node": bead.node, "edge": bead.edge} for bead in torch_graph.beads],
        "drawn": drawn(torch_graph),
        "explained": [
            {"fn": entry.fn, "sentence": entry.sentence, "nodes": list(entry.nodes)} for entry in torch_graph.explained
        ],
    }


def drawn(torch_graph: TorchGraph) -> Json | None:
    """torchviz's own drawing as geometry, or None where there is none (too deep for it, or Graphviz refused)."""
    try:
        theirs = torch_graph.drawn()
        drawing = layout.geometry(theirs.dot())
    except ChainruleError:
        return None
    place = {node.name: k for k, node in enumerate(drawing.nodes)}
    nodes = [
        {"box": list(drawing.nodes[place[node.id]].box), "lines": list(node.lines), "node": node.node, "kind": node.kind}
        for node in theirs.nodes
    ]
    own = {place[node.id]: k for k, node in enumerate(theirs.nodes)}
    edges = [{"points": list(edge.points), "source": own[edge.source], "target": own[edge.target]} for edge in drawing.edges]
    return {"width": drawing.width, "height": drawing.height, "nodes": nodes, "edges": edges}

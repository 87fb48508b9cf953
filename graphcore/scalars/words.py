"""What is to be said about a scalar's gradient: where it starts, and why it is a sum."""

from __future__ import annotations

from graphcore.graph import Edge, Graph
from graphcore.latex.views import summed_over
from graphcore.scalars.links import Links

# operands that are added to a product, and so broadcast as in a sum
_ADDED = {("addmm", 0), ("addmv", 0), ("baddbmm", 0), ("linear", 2)}


def about(graph: Graph, node: int, gradient: float | None, seed: float | None, to: Links) -> tuple[str, ...]:
    """Sentences about the gradient of one entry of ``node``."""
    said = []
    if seed is not None:
        said.append("The backward pass starts here: the starting gradient is put in.")
    if gradient is None:
        wants = "No gradient reaches it." if graph.active[node] else "It hangs on nothing that wants a gradient."
        return (*said, wants)
    for edge, count in to.edges:
        if count > 1:
            how = _how(graph, edge)
            said.append(f"`{graph.names[edge.target]}` uses it {count:,} times{how}: what they hand on adds up.")
    if len(to.edges) > 1:
        said.append(f"{len(to.edges)} edges leave `{graph.names[node]}`: their parts add up.")
    return tuple(said)


def _how(graph: Graph, edge: Edge) -> str:
    op = graph.ops[edge.target]
    if op is None or not (op.entrywise or (op.name, edge.slot) in _ADDED):
        return ""
    how = summed_over(graph.shapes[edge.source], graph.shapes[edge.target])
    return f" ({how})" if how else ""

"""The sentence of a mistake at its place, in the user's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from graphcore.graph import Graph
    from graphcore.mistakes.meaning import Change
    from graphcore.mistakes.places import Places


def clause(places: Places, change: Change) -> str:
    """What the mistake is, without a full stop: ``the transpose of W2 is missing``."""
    graph = places.graph
    edge = change.edge(places)
    target = change.node if edge is None else edge.target
    op = graph.ops[target]
    arguments = graph.arguments[target]
    biased = places.biased(target)
    product = places.factors(target if biased is None else biased[1])
    inner = graph.ops[arguments[0]] if arguments and arguments[0] >= 0 else None
    words = {
        "node": graph.names[change.node],
        "through": graph.names[target],
        "op": op.spoken if op is not None else "",
        "other": argument_name(graph, other_operand(places, change)),
        "uses": len(places.leaving[change.node]),
        "fan_in": 0 if product is None else int(np.shape(places.store[product[0]])[-1]),
        "swapped": "" if change.swapped is None else graph.names[change.swapped],
        "inner": inner.spoken if inner is not None else "",
    }
    return (change.wrong.says or change.mistake.text).format(**words)


def other_operand(places: Places, change: Change) -> int:
    """The operand beside the one whose gradient is wrong, the other factor of a product; the node itself where there is none."""
    edge = change.edge(places)
    if edge is None:
        return change.node
    arguments = places.graph.arguments[edge.target]
    own = arguments[edge.slot]
    factors = places.factors(edge.target)
    if factors is not None and own in factors:
        return next((k for k in factors if k != own), own)
    return next((k for place, k in enumerate(arguments) if place != edge.slot), change.node)


def argument_name(graph: Graph, argument: int) -> str:
    """The name of a node, or the text of a literal by its negative number."""
    return graph.names[argument] if argument >= 0 else graph.literals[-1 - argument].text

"""Every mistake that can be made in a graph, and the backward pass with one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphcore.mistakes.changes import edge_changes, node_changes, wrong_downstream, wrong_gradient

if TYPE_CHECKING:
    from graphcore.mistakes.meaning import Change
    from graphcore.mistakes.places import Places


def candidates(places: Places) -> Iterator[Change]:
    """Every row of the table at every place of a backward pass, from the output to the leaves."""
    for node in reversed(range(len(places.graph))):
        if places.graph.active[node] and places.leaving[node]:
            for position in places.leaving[node]:
                yield from edge_changes(places, position)
            yield from node_changes(places, node)


def plant(places: Places, change: Change) -> list[Any] | None:
    """The gradient of every node with one mistake made; None where the row does not fit there.

    >>> from graphcore.backprop import trace
    >>> from graphcore.mistakes import Places
    >>> from graphcore.parse import parse
    >>> places = Places(trace(parse("x = 2; y = x**2")))
    >>> {c.mistake.name: plant(places, c)[0] for c in candidates(places)}["missing-factor-two"]
    2.0
    """
    run = places.run
    gradients = list(run._gradients)
    touched: set[int] = set()
    for index in range(change.node, -1, -1):
        if index == change.node or any(places.rows[k][0] in touched for k in places.leaving[index]):
            total = _gradient(places, change, gradients, index)
            if total is None:
                return None
            gradients[index] = total
            touched.add(index)
    return gradients


def _gradient(places: Places, change: Change, gradients: list[Any], index: int) -> Any:
    parts = []
    for position in places.leaving[index]:
        g = gradients[places.rows[position][0]]
        if g is None:
            continue
        part = wrong_downstream(places, change, g) if position == change.position else places.downstream(position, g)
        if part is None:
            return None
        parts.append(part)
    if index == change.node and change.position is None:
        return wrong_gradient(places, change, parts) if parts else None
    return places.summed(index, parts)

"""A gradient of another shape than its node's: often one that was not summed over the copies of a repeated operand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphcore.check.findings import Explanation, Finding
from graphcore.check.given import Given, Scale
from graphcore.mistakes import Places

if TYPE_CHECKING:
    from graphcore.backprop import Trace


def misshapen(run: Trace, index: int, given: Given) -> Finding:
    """The finding about an array whose shape is not the node's: an origin where it is known what it is, else undecided."""
    graph = run.graph
    name, shape = graph.names[index], graph.shapes[index]
    right = run.gradient(index)
    finding = Finding("undecided", index, given.array, right, label=given.label, line=given.line)
    places = Places(run)
    scale = Scale(run, places.store)
    for position in places.leaving[index]:
        g = run._gradients[places.rows[position][0]]
        before = None if g is None else np.asarray(places.before(position, g))
        if before is None or before.shape != given.array.shape or len(places.leaving[index]) != 1:
            continue
        if scale.fits(index, before, given):
            mistake = "not-summed-over-batch" if "batch" in places.kinds_of_edge(position) else "not-unbroadcast"
            axes = "rows" if mistake == "not-summed-over-batch" else "copies"
            over = "batch" if axes == "rows" else "copies"
            text = f"{name}: the gradient was not summed over the {over}; it has shape {given.array.shape} in place of {shape}."
            edge = graph.backward_edges[position]
            said = Explanation(mistake, text, index, edge, True, f"∂L/∂{name} before the sum", f"its sum over the {axes}")
            return finding._replace(status="origin", explanations=(said,))
    why = f"it has shape {given.array.shape}; the gradient of {name} has the shape of {name}, {shape}."
    return finding._replace(why=why)

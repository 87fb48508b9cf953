"""One file of gradients and a network whose parameters are unknown: what fits, and the rank-one law in the file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.check.align import align
from graphcore.check.diff.law import law
from graphcore.check.diff.printed import printed
from graphcore.check.diff.result import Law
from graphcore.check.hand_in import HandIn
from graphcore.check.labels import read_label
from graphcore.compare.numbers import listed

if TYPE_CHECKING:
    from graphcore.graph import Graph


class Fit(NamedTuple):
    """What one file and a network say to each other.

    ``fitting`` holds the leaf, the label and how the two were aligned; ``misfits`` are sentences about the rest; ``laws`` the
    rank-one law of each layer that stands in the file with its bias.
    """

    fitting: tuple[tuple[str, str, str], ...]
    misfits: tuple[str, ...]
    laws: tuple[tuple[str, Law], ...]
    sentence: str


@np.errstate(all="ignore")
def difference_with_network(hand_in: HandIn, graph: Graph | Trace) -> Fit:
    """Lay a file of gradients beside the leaves of a network, by label and shape; no number of the network is used.

    >>> from graphcore.check.hand_in import from_mapping
    >>> from graphcore.parse import parse
    >>> graph = parse("W = [[1, 2]]; b = [3]; x = const([1, 2]); L = sum(W @ x + b)")
    >>> difference_with_network(from_mapping({"dW": [[2.0, 4.0]], "db": [2.0]}), graph).laws[0][1].text
    'dW is the outer product of its own db and (1, 2); with one neuron it always is'
    """
    found = graph.graph if isinstance(graph, Trace) else graph
    alignment = align(found, hand_in)
    fitting = tuple(
        (found.names[row.node], hand_in.readings[row.reading].label, row.how)
        for row in alignment.rows
        if row.node is not None and row.role == "gradient"
    )
    left = [row for row in alignment.rows if row.node is None and row.role != "ignored"]
    misfits = [f"`{hand_in.readings[row.reading].label}`: {row.how}." for row in left]
    if alignment.missing:
        misfits.append(f"The file has no gradient for {listed([found.names[k] for k in alignment.missing])}.")
    laws = tuple(_laws(hand_in))
    broken = [f"`{label}`" for label, one in laws if one.state == "broken"]
    wanted = sum(found.active[k] for k in found.leaf_values)
    said = f"{wanted - len(alignment.missing)} of {wanted} gradients of the network are in the file, by label and shape."
    said += f" The rank-one law is broken at {listed(broken)}." if broken else ""
    sentence = f"{said} This file has gradients but no weights, so its numbers can only be held against each other."
    return Fit(fitting, tuple(misfits), laws, sentence)


def _laws(hand_in: HandIn) -> list[tuple[str, Law]]:
    """The law for every weight whose bias is in the file under the same label."""
    labels = [(read_label(reading.label), reading) for reading in hand_in.readings]
    biases = {(tuple(w for w in label.words if w != "bias"), label.numbers): r for label, r in labels if label.kind == "bias"}
    found = []
    for label, reading in labels:
        bias = biases.get((tuple(w for w in label.words if w != "weight"), label.numbers))
        if label.kind == "weight" and bias is not None:
            found.append((reading.label, law(printed(reading), printed(bias))))
    return found

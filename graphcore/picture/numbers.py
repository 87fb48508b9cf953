"""What of the picture changes with the leaf values: everything the browser writes into the boxes."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Edge, Graph
from graphcore.jacobian import local_jacobian
from graphcore.ops import Op
from graphcore.ops.namespaces import Array
from graphcore.picture import encode, fold_numbers
from graphcore.picture.fold import Folded, fold
from graphcore.tables import jacobian_kind, local_number, scalar

if TYPE_CHECKING:
    from graphcore.compare import Comparison

Json = dict[str, Any]

_log = logging.getLogger(__name__)

TERMS = 6  # of one entry written out
AFFORDABLE = 200_000  # numbers of an edge's ends beyond which no entry is written out
FUNCTION_ROWS = 100
SWITCHES = frozenset({"relu", "relu6", "clip", "hardtanh", "maximum", "minimum"})


def numbers(run: Trace, comparison: Comparison | None, *, written: bool = True, folded: Folded | None = None) -> Json:
    """Numbers ``N`` of the contract with the browser; without a comparison torch's columns are empty.

    ``written=False`` leaves out the entries that are written out as sums, which cost more than all the rest.
    Of a recorded graph the nodes of ``folded`` are shown, without it those of its first state.
    """
    graph = run.graph
    if graph.recorded is not None:
        return fold_numbers.numbers(run, comparison, folded or fold(graph), written=written)
    count = range(len(graph))
    theirs = [None if comparison is None else comparison.torch_gradient(k) for k in count]
    kinks = {} if comparison is None else comparison.kinks
    position = {edge: k for k, edge in enumerate(graph.backward_edges)}
    with np.errstate(all="ignore"):
        return {
            "values": [encode.tensor(run.value(k)) for k in count],
            "gradients": [encode.tensor(run.gradient(k)) for k in count],
            "torch": [encode.tensor(gradient) for gradient in theirs],
            "states": _unjudged(graph) if comparison is None else list(comparison.states),
            "errors": [None] * len(graph) if comparison is None else [_error(error) for error in comparison.errors],
            "kinks": [kinks.get(k) for k in count],
            "edges": [edge_numbers(run, edge, position.get(edge), written, theirs[edge.source]) for edge in graph.edges],
        }


def _error(error: float | None) -> float | str | None:
    return None if error is None else encode.number(error)


def _unjudged(graph: Graph) -> list[str]:
    return ["none" if active else "constant" for active in graph.active]


def edge_numbers(run: Trace, edge: Edge, position: int | None, written: bool, theirs: Array | None) -> Json:
    """What the picture shows of one real edge; ``position`` is its place in the backward pass, if it has one."""
    graph = run.graph
    ends = [math.prod(graph.shapes[edge.target]), math.prod(graph.shapes[edge.source])]
    if position is None:
        return {"local": None, "kind": "none", "jacobian": ends, "says": None, "down": None, "entry": None}
    down = run.downstream(position)
    if scalar(graph, edge):
        local = local_number(run, edge)
        says = _switch(graph.ops[edge.target], local)
        return {
            "local": encode.number(local),
            "kind": "scalar",
            "jacobian": ends,
            "says": says,
            "down": encode.tensor(down),
            "entry": None,
        }
    kind = _kind(run, edge)
    shown = written and down is not None and affordable(kind, ends)
    return {
        "local": None,
        "kind": kind,
        "jacobian": ends,
        "says": None,
        "down": encode.tensor(down),
        "entry": _written_out(run, edge, down, theirs) if shown and down is not None else None,
    }


def _written_out(run: Trace, edge: Edge, down: Array, theirs: Array | None) -> Json | None:
    if run.graph.recorded is None:
        return entry(run, edge, down, theirs)
    try:
        return entry(run, edge, down, theirs)
    except Exception:  # a rule of torch's op may want whole arrays where one entry is asked for: then it is left out
        _log.debug("no entry of %s is written out", edge, exc_info=True)
        return None


# the kind of a Jacobian follows from the op's rule and the shapes, so it is found once per graph
_KINDS: WeakKeyDictionary[Graph, dict[Edge, str]] = WeakKeyDictionary()


def _kind(run: Trace, edge: Edge) -> str:
    known = _KINDS.setdefault(run.graph, {})
    kind = known.get(edge)
    if kind is None:
        kind = known[edge] = jacobian_kind(run, edge)
    return kind


def affordable(kind: str, ends: Sequence[int]) -> bool:
    """Whether writing one entry out costs little; a rule that is a function is asked once per target entry."""
    return sum(ends) <= AFFORDABLE and (kind != "function" or ends[0] <= FUNCTION_ROWS)


def _switch(op: Op | None, local: float) -> str | None:
    if op is None or op.name not in SWITCHES or local not in (0.0, 1.0):
        return None
    return "on: 1" if local == 1.0 else "off: 0"


def entry(run: Trace, edge: Edge, down: Array, theirs: Array | None = None) -> Json | None:
    """The largest entry of a downstream gradient as the sum it is: upstream times local, at most six terms."""
    if down.size == 0:
        return None
    sizes = np.abs(down).ravel()
    at = int(np.argmax(np.where(np.isnan(sizes), -1.0, sizes)))
    upstream = run.gradient(edge.target)
    if upstream is None:
        return None
    flat = upstream.ravel()
    rows, factors = local_jacobian(run, edge).entry(at)
    terms = [(int(row), float(flat[row]), float(factor)) for row, factor in zip(rows, factors, strict=True) if factor != 0]
    most = sorted(terms, key=lambda term: -abs(term[1] * term[2]))[:TERMS]
    return {
        "index": [int(k) for k in np.unravel_index(at, down.shape)] if down.ndim else [],
        "total": encode.number(float(down.ravel()[at])),
        "terms": [[encode.number(up), encode.number(local)] for _, up, local in sorted(most)],
        "more": len(terms) - len(most),
        # torch's whole gradient at the same place, which is this edge's part only where there is no other edge
        "torch": encode.number(float(theirs.ravel()[at])) if theirs is not None and theirs.shape == down.shape else None,
    }

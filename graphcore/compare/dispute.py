"""A third opinion on a mismatch: a numerical derivative of the seeded outputs with respect to one node."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop import kernels
from graphcore.compare.edges import as_array
from graphcore.compare.states import raw

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.compare.comparison import Comparison


class Case(NamedTuple):
    """Whose side the numerical derivative takes: ``ours``, ``torch`` or ``neither``, and the sentence for it."""

    side: str
    text: str


def dispute(result: Comparison, index: int) -> Case:
    """Compare both gradients of a node with a numerical derivative along random directions."""
    ours, theirs = raw(result.run, index), result.torch_gradient(index)
    votes = [_vote(result.run, index, ours, theirs, seed) for seed in range(3)]
    if all(vote == "ours" for vote in votes):
        return Case("ours", "A numerical derivative agrees with the number here: torch disputed.")
    if all(vote == "torch" for vote in votes):
        return Case("torch", "A numerical derivative agrees with torch; this is a fault in Chainrule.")
    return Case("neither", "Both cannot be right; this is a fault in Chainrule.")


def _vote(run: Trace, index: int, ours: Any, theirs: Any, seed: int) -> str:
    value = np.asarray(run.argument(index), dtype=np.float64)
    direction = np.random.default_rng(seed).uniform(0.5, 1.5, value.shape)
    slope, doubt = numerical(run, index, direction)
    with np.errstate(all="ignore"):
        along = [float(np.sum(direction * np.asarray(0.0 if g is None else g))) for g in (ours, theirs)]
    near = [math.isfinite(slope) and abs(slope - g) <= 4 * doubt + 1e-9 * abs(g) for g in along]
    if near[0] and not near[1]:
        return "ours"
    return "torch" if near[1] and not near[0] else "neither"


def numerical(run: Trace, index: int, direction: Any) -> tuple[float, float]:
    """The slope of the seeded outputs along a direction, by extrapolated central differences, and its own doubt."""
    value = np.asarray(run.argument(index), dtype=np.float64)
    # the error of one extrapolation step is of order h^4, its rounding eps / h: this h balances them
    h = 1e-3 * max(1.0, float(np.max(np.abs(value), initial=0.0)))

    def central(step: float) -> float:
        up, down = (seeded(run, index, value + sign * step * direction) for sign in (1, -1))
        return (up - down) / (2 * step)

    with np.errstate(all="ignore"):
        coarse, fine, finest = central(h), central(h / 2), central(h / 4)
    first, second = (4 * fine - coarse) / 3, (4 * finest - fine) / 3
    return second, abs(second - first) + 1e-12 * abs(second)


def seeded(run: Trace, index: int, value: Any) -> float:
    """The seeded outputs' sum when one node has another value; the nodes after it follow."""
    graph = run.graph
    store: dict[int, Any] = {index: np.asarray(value, dtype=np.float64)}
    for target in range(index + 1, len(graph)):
        op = graph.ops[target]
        arguments = graph.arguments[target]
        if op is not None and any(k in store for k in arguments):
            function, _ = kernels(op, graph.statics[target], False)
            value = function(*[store.get(k, as_array(graph, run.argument(k))) for k in arguments])
            store[target] = value if target in graph.tuples else np.asarray(value)
    return sum(float(np.sum(seed * store.get(k, np.asarray(run.argument(k))))) for k, seed in run.seeds.items())

"""Another point that proves more: leaf values at which no wrong rule hides, no kink is met and nothing is zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop import trace
from graphcore.compare.comparison import Comparison, compare
from graphcore.compare.weak import index_leaves
from graphcore.errors import ChainruleError

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Graph

# leaves with more entries are left alone at first: their values are no longer typed by hand
TYPED = 60
TRIES = 40
# nodes compared in all: a large graph gets fewer tries
WORK = 20_000


class Point(NamedTuple):
    """Other leaf values, by name, and the run there."""

    values: dict[str, Any]
    run: Trace


def stronger_point(graph: Graph, run: Trace) -> dict[str, Any]:
    """Leaf values of the same shapes at which the comparison becomes a plain match, as far as one is found.

    Values are uneven and of few digits; class numbers and positions stay. The first tries stay near the values of
    ``run``, later ones draw afresh, also with positive values alone (for logarithms and roots).
    """
    best: tuple[int, dict[str, Any]] = (-1, {})
    for point in drawn_points(graph, run, np.random.default_rng(20260503)):
        try:
            worth = _worth(compare(point.run))
        except (ChainruleError, ArithmeticError, ValueError):
            continue
        if worth > best[0]:
            best = (worth, point.values)
        if worth == _BEST:
            break
    return best[1]


def drawn_points(graph: Graph, run: Trace, generator: np.random.Generator) -> Iterator[Point]:
    """Points around and away from a run's, as many as are worth a try; those that cannot run are left out."""
    seeds = {graph.names[k]: seed for k, seed in run.seeds.items()}
    fixed = index_leaves(graph)
    tries = max(6, min(TRIES, WORK // len(graph)))
    for attempt in range(tries):
        free = [k for k in graph.leaf_values if k not in fixed and (attempt > tries // 2 or _is_free(graph, k))]
        with np.errstate(all="ignore"):
            values = {graph.names[k]: _draw(np.asarray(run.argument(k)), attempt, generator) for k in free}
        everything = {graph.names[k]: run.argument(k) for k in graph.leaf_values} | values
        try:
            there = trace(graph, everything, upstream=seeds)
        except (ChainruleError, ArithmeticError, ValueError):
            continue
        yield Point(values, there)


def _is_free(graph: Graph, index: int) -> bool:
    return bool(np.size(graph.leaf_values[index]) <= TYPED)


def _draw(value: Any, attempt: int, generator: np.random.Generator) -> Any:
    """Uneven values: near the old ones, with any sign, or positive, in turn; no two entries alike, none near 0 or 1."""
    kind = attempt % 3
    if kind == 0:
        drawn = value + generator.uniform(-0.6, 0.6, value.shape) * np.maximum(np.abs(value), 1.0)
    else:
        drawn = generator.uniform(0.2, 1.9, value.shape)
        if kind == 1:
            drawn = drawn * generator.choice([-1.0, 1.0], value.shape)
    drawn = np.asarray(np.round(drawn, 2))
    drawn = np.where(np.abs(drawn) < 0.1, drawn + 0.37, drawn)
    drawn = np.where(np.isin(np.abs(drawn), (0.5, 1.0, 2.0)), drawn + 0.13, drawn)
    drawn = np.round(drawn, 2)
    if drawn.ndim == 0:
        return float(drawn)
    return np.asarray(drawn, dtype=np.float64)


_BEST = 5


def _worth(result: Comparison) -> int:
    """How much a comparison proves: a plain match most."""
    if result.verdict != "match":
        return 0
    ranks = {"match": _BEST, "some-zero": 3, "weak": 2, "kink": 1}
    return ranks.get(result.banner.state, 0)

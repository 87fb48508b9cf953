"""The one number that a gradient is of: the output, or of several outputs what the seeds weigh them to; and the way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Graph


def weighed(seeds: Mapping[int, Any], value: Callable[[int], Any]) -> float:
    """The sum of every seeded output times its seed, of whatever ``value`` holds."""
    with np.errstate(all="ignore"):
        return float(sum(np.sum(np.multiply(seed, value(index))) for index, seed in seeds.items()))


def seeded_sum(run: Trace) -> float:
    """The number whose gradient a trace holds: the scalar output itself where its seed is 1.

    >>> from graphcore.backprop import trace
    >>> from graphcore.parse import parse
    >>> seeded_sum(trace(parse("x = [1, 2]\\ny = x * x"), upstream=[1, 10]))
    41.0
    """
    return weighed(run.seeds, run.argument)


def reached_from(graph: Graph, leaf: int) -> frozenset[int]:
    """A leaf and every node that is computed from it."""
    reached = {leaf}
    for index, arguments in enumerate(graph.arguments):
        if not reached.isdisjoint(arguments):
            reached.add(index)
    return frozenset(reached)

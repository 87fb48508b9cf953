"""Gradient descent on the leaves of a graph: every step goes against the gradient, to make the output smaller."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from graphcore.backprop import Trace, read_only, trace
from graphcore.errors import TraceError, UnknownNameError
from graphcore.ops.namespaces import Array
from graphcore.slopes import seeded_sum

LARGEST = 1000  # steps in one call


@dataclass(frozen=True, eq=False)
class Descent:
    """The way of a descent, its start included.

    ``losses`` holds the loss at the start and after every step, ``values`` the values of the leaves that moved at the
    same places, ``run`` the trace at the end. ``stopped`` is a sentence where it ended early, else empty.
    """

    rate: float
    losses: tuple[float, ...]
    values: tuple[Mapping[str, Array], ...]
    run: Trace
    stopped: str = ""

    @property
    def leaves(self) -> tuple[str, ...]:
        """The leaves that move."""
        return tuple(self.values[0])


def descend(run: Trace, rate: float, steps: int = 1, leaves: Iterable[str] | None = None) -> Descent:
    """Steps of plain gradient descent, x <- x - rate * dL/dx, from the values of a trace.

    L is the scalar output (of several outputs the seeded sum), and it is made smaller. All ``leaves`` that a gradient
    reaches move at once, or those named; constants and class numbers stay. It ends early, and says so, before a step
    whose loss or gradient is not finite. Raises TraceError for a rate that is not a positive number and for a leaf
    that gets no gradient, KeyError for no such leaf.

    >>> from graphcore.parse import parse
    >>> way = descend(trace(parse("x = 3\\ny = x * x")), 0.25, steps=2)
    >>> way.losses, [float(values["x"]) for values in way.values]
    ((9.0, 2.25, 0.5625), [3.0, 1.5, 0.75])
    """
    if not (math.isfinite(rate) and rate > 0):
        raise TraceError(f"the rate of a descent is a positive number; {rate} is not.")
    if not 1 <= steps <= LARGEST:
        raise TraceError(f"a descent takes 1 to {LARGEST:,} steps at once, not {steps}.")
    graph = run.graph
    names = _moving(run, leaves)
    seeds = {graph.names[k]: seed for k, seed in run.seeds.items()}
    everything = {graph.names[k]: run.argument(k) for k in graph.leaf_values}
    losses, values = [seeded_sum(run)], [{name: run.value(name) for name in names}]
    for done in range(steps):
        stopped = _stuck(run, names, losses[-1])
        if not stopped:
            moved = {name: read_only(_against(run, name, rate)) for name in names}
            ahead = trace(graph, {**everything, **moved}, upstream=seeds)
            loss = seeded_sum(ahead)
            stopped = "" if math.isfinite(loss) else f"the loss would be {loss:g}. A smaller rate may help."
        if stopped:
            after = f"Stopped after {done} step{'s' if done != 1 else ''}: " if done else "No step was made: "
            return Descent(rate, tuple(losses), tuple(values), run, after + stopped)
        run = ahead
        losses.append(loss)
        values.append(moved)
    return Descent(rate, tuple(losses), tuple(values), run)


def _moving(run: Trace, leaves: Iterable[str] | None) -> tuple[str, ...]:
    graph = run.graph
    free = [graph.names[k] for k in graph.leaf_values if k not in graph.constants and run.gradient(k) is not None]
    if leaves is None:
        if not free:
            raise TraceError("no leaf gets a gradient, so there is nothing that a descent could change.")
        return tuple(free)
    chosen = tuple(leaves)
    for name in chosen:
        if graph.index(name) not in graph.leaf_values:
            raise UnknownNameError("leaf", name, free)
        if name not in free:
            raise TraceError(f"`{name}` gets no gradient, so a descent cannot change it.")
    return chosen


def _stuck(run: Trace, names: tuple[str, ...], loss: float) -> str:
    if not math.isfinite(loss):
        return f"the loss is {loss:g}."
    bad = next((name for name in names if not np.isfinite(_gradient(run, name)).all()), None)
    return f"the gradient of {bad} is not finite." if bad else ""


def _against(run: Trace, name: str, rate: float) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(run.value(name) - rate * _gradient(run, name))


def _gradient(run: Trace, name: str) -> Array:
    gradient = run.gradient(name)
    return np.zeros(run.value(name).shape) if gradient is None else gradient

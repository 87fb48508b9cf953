"""The output as a curve over one entry of one leaf, by forward passes from that leaf on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graphcore.backprop import Plan, Trace, read_only
from graphcore.backprop.passes import forward
from graphcore.errors import TraceError, UnknownNameError
from graphcore.graph import Graph
from graphcore.ops.namespaces import Array
from graphcore.slopes.output import reached_from, weighed
from graphcore.slopes.sides import Sides

SAMPLES = 121
KINKS = 24  # kinks marked; a curve with more of them is no longer read corner by corner
HALVINGS = 8
_NEAR = 1e-9  # of the range: the distance to a kink that counts as standing on it


class Kink(NamedTuple):
    """A point where an op between the leaf and the output is not differentiable.

    ``node`` is that op's node, ``jump`` says that the output is broken there and not only bent.
    """

    x: float
    y: float
    node: int
    jump: bool


@dataclass(frozen=True, eq=False)
class Curve:
    """The output over one entry of one leaf, and the tangent at the trace's own value.

    ``x`` and ``y`` are the samples (``y`` nan or inf where the output is not finite), ``at`` and ``value`` the point
    of the trace, ``slope`` the gradient's entry (None where no gradient flows), ``depends`` whether the output is
    computed from this leaf at all, ``corner`` the node with a kink exactly at ``at``.
    """

    leaf: str
    entry: tuple[int, ...]
    x: Array
    y: Array
    at: float
    value: float
    slope: float | None
    depends: bool
    kinks: tuple[Kink, ...]
    corner: int | None

    def tangent(self, x: float) -> float | None:
        """The height of the tangent above ``x``: value + slope * (x - at)."""
        return None if self.slope is None else self.value + self.slope * (x - self.at)


def window(value: float) -> tuple[float, float]:
    """A range around a value to draw a curve over: as wide to both sides as the value is large, and at least 1.

    >>> window(3.0), window(0.4), window(-20.0)
    ((-2.0, 8.0), (-0.6, 1.4), (-40.0, 0.0))
    """
    size = max(1.0, abs(value))
    decade = 10.0 ** math.floor(math.log10(size))
    half = next(step * decade for step in (1, 2, 5, 10) if step * decade >= size * (1 - 1e-9))
    return value - half, value + half


def curve(
    run: Trace,
    leaf: str,
    entry: int | Sequence[int] = (),
    low: float | None = None,
    high: float | None = None,
    count: int = SAMPLES,
) -> Curve:
    """The output of a trace over one entry of one leaf between ``low`` and ``high``, all else as it is.

    ``entry`` is an index into the leaf (a number for its place in the flat array). With several outputs the curve is
    the seeded sum of them, of which the gradients are. Only what depends on the leaf is computed again. Raises
    TraceError for an entry that there is not, a leaf of whole numbers or an empty range; KeyError for no such leaf.

    >>> from graphcore.backprop import trace
    >>> from graphcore.parse import parse
    >>> drawn = curve(trace(parse("x = 3\\ny = x * x")), "x", low=2, high=4, count=3)
    >>> drawn.y.tolist(), drawn.value, drawn.slope, drawn.tangent(4)
    ([4.0, 9.0, 16.0], 9.0, 6.0, 15.0)
    """
    index, place = _place(run.graph, leaf, entry)
    at = float(np.asarray(run.argument(index))[place])
    low, high = _range(at, low, high, count)
    sampler = _Sampler(run, index, place)
    gradient = run.gradient(index)
    with np.errstate(all="ignore"):
        x = np.linspace(low, high, count)
        points = [sampler(value) for value in x.tolist()]
        corner = sampler.between(at - _NEAR * (high - low), at + _NEAR * (high - low)) if math.isfinite(at) else None
        return Curve(
            leaf,
            place,
            read_only(x),
            read_only(np.array([y for y, _ in points])),
            at,
            weighed(run.seeds, run.argument),
            None if gradient is None else float(gradient[place]),
            sampler.depends,
            tuple(_kinks(sampler, x, points)),
            corner,
        )


def _range(at: float, low: float | None, high: float | None, count: int) -> tuple[float, float]:
    low, high = window(at) if low is None or high is None else (float(low), float(high))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise TraceError(f"a curve runs over a range of numbers; from {low} to {high} there is none.")
    if count < 2:
        raise TraceError(f"a curve has two samples at least, not {count}.")
    return low, high


def _place(graph: Graph, leaf: str, entry: int | Sequence[int]) -> tuple[int, tuple[int, ...]]:
    index = graph.index(leaf)
    if index not in graph.leaf_values:
        raise UnknownNameError("leaf", leaf, [node.name for node in graph.leaves])
    shape = graph.shapes[index]
    if np.asarray(graph.leaf_values[index]).dtype.kind != "f":
        raise TraceError(f"`{leaf}` holds whole numbers or truth values; a curve needs numbers that can change a little.")
    place = tuple(entry) if not isinstance(entry, int) else _unravelled(entry, shape)
    if len(place) != len(shape) or not all(0 <= k < n for k, n in zip(place, shape, strict=False)):
        raise TraceError(f"`{leaf}` has shape {shape}; it has no entry {entry}.")
    return index, place


def _unravelled(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    inside = 0 <= flat < math.prod(shape)
    return tuple(int(k) for k in np.unravel_index(flat, shape)) if inside else (flat,) * (len(shape) or 1)


class _Sampler:
    """The output, and the sides of the kinks on the way to it, for one number in the place of another."""

    def __init__(self, run: Trace, leaf: int, place: tuple[int, ...]) -> None:
        graph = run.graph
        plan: Plan = graph.plan
        reached = reached_from(graph, leaf)
        rows = [row for row in plan.forward if row[0] in reached]
        self.depends = not reached.isdisjoint(run.seeds)
        self._graph, self._seeds = graph, run.seeds
        self._plan = Plan(rows, [], plan.literals)
        self._store = [run.argument(k) for k in range(len(graph))] + plan.literals
        self._leaf, self._entry = leaf, place
        self._array = np.array(run.argument(leaf), dtype=np.float64)
        self._float = type(run.argument(leaf)) is float
        self._sides = Sides(graph, [row[0] for row in rows])

    def __call__(self, x: float) -> tuple[float, list[Array]]:
        self._array[self._entry] = x
        self._store[self._leaf] = x if self._float else self._array
        try:
            forward(self._graph, self._plan, self._store)
        except TraceError:  # a matrix without inverse: the output has no value here
            return math.nan, []
        return weighed(self._seeds, self._store.__getitem__), self._sides(self._store)

    def crossed(self, before: list[Array], after: list[Array]) -> int | None:
        return self._sides.crossed(before, after) if before and after else None

    def between(self, low: float, high: float) -> int | None:
        return self.crossed(self(low)[1], self(high)[1])


def _kinks(sampler: _Sampler, x: Array, points: list[tuple[float, list[Array]]]) -> list[Kink]:
    """Where the sides of a kink change between two samples, each found more closely by halving."""
    found: list[Kink] = []
    for k in range(len(points) - 1):
        if sampler.crossed(points[k][1], points[k + 1][1]) is None:
            continue
        kink = _closer(sampler, float(x[k]), float(x[k + 1]), points[k], points[k + 1])
        if kink is None or (found and kink.x - found[-1].x <= (x[1] - x[0]) / 2):
            continue
        found.append(kink)
        if len(found) == KINKS:
            break
    return found


def _closer(
    sampler: _Sampler, low: float, high: float, left: tuple[float, list[Array]], right: tuple[float, list[Array]]
) -> Kink | None:
    whole = abs(right[0] - left[0])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        point = sampler(middle)
        if sampler.crossed(left[1], point[1]) is None:
            low, left = middle, point
        else:
            high, right = middle, point
    node = sampler.crossed(left[1], right[1])
    if node is None:
        return None
    apart = abs(right[0] - left[0])
    return Kink((low + high) / 2, (left[0] + right[0]) / 2, node, bool(apart > whole / 2 and apart > 0))

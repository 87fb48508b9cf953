"""A gradient beside the slopes of the forward pass: agrees, differs, zero, or nothing can be told."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.check.evidence.found import Evidence, State
from graphcore.check.evidence.samples import COMPLEX, Along, Looked, one_sided
from graphcore.compare.edges import backward
from graphcore.compare.rounding import off, rounded
from graphcore.compare.states import ALLOWED, EPS, NOISE_ALLOWED
from graphcore.graph import Parts

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.ops.namespaces import Array

# a step error above this share of the gradient says nothing about it
COARSE = 1e-3
RUNS = 3


class Noise:
    """How much the gradients of a run change when every number that the backward pass reads is off by one rounding."""

    def __init__(self, run: Trace) -> None:
        self._run = run

    @cached_property
    def _repeated(self) -> list[list[Any]]:
        run, graph = self._run, self._run.graph
        table = [*(run.argument(k) for k in range(len(graph))), *(literal.value for literal in reversed(graph.literals))]
        generator = np.random.default_rng(20260522)

        def nudged(upstream: Any) -> Any:
            if isinstance(upstream, Parts):
                return Parts({k: off(g, generator) for k, g in upstream.items()})
            return off(upstream, generator)

        with np.errstate(all="ignore"):
            return [backward(run, rounded(graph, table, generator), nudged) for _ in range(RUNS)]

    def gradient(self, node: int) -> Any:
        """The run's own gradient of a node, 0 where none flows."""
        gradient = self._run.gradient(node)
        return 0.0 if gradient is None else gradient

    def along(self, node: int, direction: Array) -> float:
        """The largest change of a node's gradient along a direction."""
        exact = self._run.gradient(node)
        changes = [0.0]
        for gradients in self._repeated:
            if exact is not None and gradients[node] is not None:
                with np.errstate(all="ignore"):
                    changes.append(abs(float(np.sum((gradients[node] - exact) * direction))))
        return float(np.nanmax(changes))


class _Compared(NamedTuple):
    """One direction: the columns' derivatives along it, how far each is from the slope, and what is allowed."""

    along: Along
    columns: Mapping[str, float]
    errors: Mapping[str, float]
    allowed: float
    state: State
    against: tuple[str, ...] = ()
    sides: tuple[float, float] | None = None
    why: str = ""

    @property
    def rank(self) -> tuple[int, float]:
        """Worse ones are larger."""
        order = {"zero": 0, "agrees": 1, "cannot tell": 2, "differs": 3}
        return order[self.state], max(self.errors.values(), default=0.0) / (self.allowed or 1.0)


def judge(
    looked: Looked,
    columns: Mapping[str, Array | None],
    noise: Noise,
    kinks: Mapping[int, str],
    generator: np.random.Generator,
) -> Evidence:
    """The evidence about one node; ``columns`` are its gradients, None where none flows (a zero then)."""
    node, shape = looked.path.source, looked.path.start.shape
    for name, gradient in columns.items():
        if gradient is not None and np.shape(gradient) != shape:
            why = f"its shape is {np.shape(gradient)}, the node's is {shape}."
            return Evidence(node, "differs", against=(name,), why=why)
    if not looked.found:
        return Evidence(node, "cannot tell", why="the network is large: the forward passes were spent on other leaves.")
    arrays = {name: np.zeros(shape) if g is None else np.asarray(g, dtype=np.float64) for name, g in columns.items()}
    compared = [_compare(looked, along, arrays, noise, kinks, generator) for along in looked.found]
    worst = max(compared, key=lambda one: one.rank)
    along = worst.along
    return Evidence(
        node,
        worst.state,
        along.method,
        worst.columns.get("manual"),
        worst.columns.get("torch"),
        along.slope,
        max(worst.errors.values(), default=None),
        worst.allowed,
        along.error,
        len(compared),
        _entries(looked, shape),
        worst.against,
        along.place,
        worst.sides,
        worst.why,
    )


def _compare(
    looked: Looked,
    along: Along,
    arrays: Mapping[str, Array],
    noise: Noise,
    kinks: Mapping[int, str],
    generator: np.random.Generator,
) -> _Compared:
    node = looked.path.source
    with np.errstate(all="ignore"):
        # an entry that is not moved counts for nothing, not even where it is nan
        products = [np.where(along.direction == 0, 0.0, g * along.direction) for g in arrays.values()]
        columns = dict(zip(arrays, (float(np.sum(p)) for p in products), strict=True))
        # what is not finite is no measure of what rounding may do
        size = max((float(np.sum(np.abs(p))) for p in products if np.isfinite(p).all()), default=0.0)
    bare = _Compared(along, columns, {}, 0.0, "cannot tell")
    why = _why_not(looked, along, kinks, columns, noise)
    slope = along.slope
    if why or slope is None:
        sides = None if slope is None or along.other is None else (slope, along.other)
        return bare._replace(sides=sides, why=why)
    bare = bare._replace(errors={name: abs(value - slope) for name, value in columns.items()})
    allowed, rounding = along.error + ALLOWED * EPS * size, 0.0
    if any(not error <= allowed for error in bare.errors.values()):
        rounding = NOISE_ALLOWED * (noise.along(node, along.direction) + _jitter(looked, along, generator))
        allowed += rounding
    bare = bare._replace(allowed=allowed)
    against = tuple(name for name, error in bare.errors.items() if not error <= allowed)
    if against and along.kink is not None:
        # its slopes to both sides are the same, those in between need not be
        return bare._replace(why=kinks[along.kink])
    if against:
        sides = one_sided(looked.path, along, allowed, generator)
        if sides is not None:
            return bare._replace(sides=sides, why="not differentiable here: its two sides differ.")
        return bare._replace(state="differs", against=against)
    if size <= rounding and abs(slope) <= allowed:
        return bare._replace(state="zero")
    if along.error > COARSE * max(size, abs(slope)):
        return bare._replace(why=f"the step error {along.error:.0e} is as large as the gradient.")
    return bare._replace(state="agrees")


def _why_not(looked: Looked, along: Along, kinks: Mapping[int, str], columns: Mapping[str, float], noise: Noise) -> str:
    """Why this direction says nothing: a sentence, or nothing."""
    if along.slope is None:
        if along.kink is None:
            return "the forward pass has no finite values close by."
        near = f"{looked.path.run.graph.names[along.kink]} changes sides within the smallest step."
        return kinks.get(along.kink, near)
    if along.kink is not None and along.other is not None and not _same(along.slope, along.other):
        return kinks[along.kink]
    if not np.isfinite(list(columns.values())).all() and not np.isfinite(noise.gradient(looked.path.source)).all():
        return "its gradient is not finite here."
    return ""


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-12 * max(abs(one), abs(other))


def _jitter(looked: Looked, along: Along, generator: np.random.Generator) -> float:
    """How much a slope by complex step changes when every value on the way is off by one rounding."""
    if along.method != COMPLEX or along.slope is None:
        return 0.0
    again = [looked.path.slope(along.direction, generator) for _ in range(2)]
    return max((abs(slope - along.slope) for slope in again if slope is not None), default=0.0)


def _entries(looked: Looked, shape: tuple[int, ...]) -> Array | None:
    """The gradient entry by entry, where every entry was looked at."""
    found = {along.place: along.slope for along in looked.found if along.place is not None and along.slope is not None}
    if len(found) < int(np.prod(shape)):
        return None
    array = np.zeros(shape)
    for place, slope in found.items():
        array[place] = slope
    return array

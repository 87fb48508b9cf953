"""A handed-in array beside a number of ours: equal to the digits printed, to rounding, or not."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop.passes import backward
from graphcore.compare.states import ALLOWED, EPS, NOISE_ALLOWED, size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from graphcore.backprop import Trace
    from graphcore.check.hand_in import Array

# the relative change by which noise is measured: far above the rounding of float64, far below what bends a curve
NUDGE = 2.0**-26
# a deviation above this share of the largest entry is never rounding, and its noise need not be measured
DOUBTFUL = 0.02


class Given(NamedTuple):
    """An array handed in for one node, in the node's shape; entries that the file leaves out are nan and in ``gaps``."""

    array: Array
    half: Array
    eps: float
    gaps: NDArray[np.bool_] | None = None
    label: str = ""
    line: int | None = None

    @property
    def largest(self) -> float:
        """The largest half unit of a printed digit."""
        return float(self.half.max(initial=0.0))

    @property
    def zeros(self) -> bool:
        """Whether every number prints as zero."""
        return bool(self.array.size) and not self.array.any()


class Scale:
    """How much rounding explains: the noise of every gradient of a run, measured once when it is first asked for."""

    def __init__(self, run: Trace, store: list[Any]) -> None:
        self.run = run
        self.store = store

    @cached_property
    def noise(self) -> list[float]:
        """Per node the change of its gradient, in its largest entry, when every number on the way is off by one part in one."""
        run = self.run
        graph = run.graph
        generator = np.random.default_rng(20261122)
        found = [0.0] * len(graph)

        def nudged(value: Any) -> Any:
            if isinstance(value, tuple) or np.asarray(value).dtype.kind != "f":
                return value
            array = np.asarray(value)
            moved = array * (1 + NUDGE * generator.choice((-1.0, 1.0), array.shape))
            return moved if array.ndim or graph.recorded is not None else float(moved)

        with np.errstate(all="ignore"):
            right, _ = backward(graph, graph.plan, self.store, run.seeds)
            for _ in range(3):
                store = [nudged(value) if graph.ops[k] is not None else value for k, value in enumerate(self.store[: len(graph)])]
                moved, _ = backward(graph, graph.plan, store + self.store[len(graph) :], run.seeds)
                for k, (a, b) in enumerate(zip(right, moved, strict=True)):
                    if a is not None and b is not None and not isinstance(a, dict):
                        found[k] = max(found[k], size(np.asarray(b) - np.asarray(a)) / NUDGE)
        return found

    def fits(self, index: int, ours: Any, given: Given, unsure: Any = None) -> bool:
        """Whether the handed-in array is ours to the digits printed, to rounding, and to what is ``unsure`` of ours."""
        pred = np.asarray(0.0 if ours is None else ours, dtype=np.float64)
        if pred.shape != given.array.shape:
            return False
        apart = np.abs(pred - given.array) - given.half * (1 + 1e-9) - (0.0 if unsure is None else unsure)
        if given.gaps is not None:
            apart = np.where(given.gaps, 0.0, apart)
        if np.isnan(apart).any() or np.isinf(pred).any():
            return _same_special(pred, given)
        worst = float(apart.max(initial=0.0))
        largest = size(pred)
        if worst <= ALLOWED * given.eps * largest:
            return True
        if worst > DOUBTFUL * max(largest, size(self.run._gradients[index])) and largest:
            return False
        return worst <= NOISE_ALLOWED * given.eps * self.noise[index]

    def exactly(self, ours: Any, given: Given) -> bool:
        """Whether ours gives every printed digit, or every bit but for the rounding of float64 and of what was handed in."""
        pred = np.asarray(0.0 if ours is None else ours, dtype=np.float64)
        if pred.shape != given.array.shape:
            return False
        apart = np.abs(pred - given.array) - given.half * (1 + 1e-9)
        if given.gaps is not None:
            apart = np.where(given.gaps, 0.0, apart)
        # who keeps a float64 result in float32 rounds each number once
        kept = 0.0 if given.largest or given.eps <= EPS else given.eps * np.abs(pred)
        return bool((apart <= ALLOWED * EPS * size(pred) + kept).all())


def _same_special(pred: Any, given: Given) -> bool:
    """nan and inf at the same places, and what is finite within what was printed."""
    same = (pred == given.array) | (np.isnan(pred) & np.isnan(given.array))
    with np.errstate(invalid="ignore"):
        close = np.abs(pred - given.array) <= given.half + ALLOWED * given.eps * size(pred)
    if given.gaps is not None:
        same = same | given.gaps
    return bool((same | close).all())


def as_kept(numbers: Any, like: Any) -> Any:
    """Numbers as the passes keep those like ``like``: a float for a float, else an array."""
    return float(numbers) if isinstance(like, float) else np.asarray(numbers, dtype=np.float64)

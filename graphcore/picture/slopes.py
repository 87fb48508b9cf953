"""Beside the values of page Explore: the output over one of them with its tangent, and a descent along the gradient."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.compare import Comparison
from graphcore.errors import ChainruleError
from graphcore.picture import encode
from graphcore.picture.walk import Moved, Walk
from graphcore.slopes import SAMPLES, Curve, curve, reached_from, seeded_sum, window

Json = dict[str, Any]

BUDGET = 0.12  # seconds that the samples of one curve may take; a slower graph gets fewer
FEWEST = 17
PROBE = 3
ZOOM = 30  # halvings or doublings of the range, at most


class Watched(NamedTuple):
    """The entry of a leaf whose curve is shown; each ``zoom`` halves the range."""

    leaf: str
    entry: int
    zoom: int


@dataclass(frozen=True)
class _Drawn:
    """A curve as the browser has it, and what it was drawn from."""

    watched: Watched
    others: Mapping[int, Any]
    graph: object
    low: float
    high: float
    reached: frozenset[int]
    view: Json


class Slopes:
    """What one session shows of slopes: the watched entry, its curve, and the walk of a descent."""

    def __init__(self) -> None:
        self._watched: Watched | None = None
        self._drawn: _Drawn | None = None
        self._problem = ""
        self._walk = Walk()

    def watch(self, asked: object) -> None:
        """Take in which entry is looked at: ``{"leaf": name, "entry": flat index, "zoom": n}``, or None for none."""
        self._watched = None
        match asked:
            case {"leaf": str(leaf), "entry": int(entry), "zoom": int(zoom)}:
                self._watched = Watched(leaf, entry, max(-ZOOM, min(ZOOM, zoom)))

    def follow(self, run: Trace | None) -> bool:
        """Draw the curve anew where it is another one; whether the browser must be sent it."""
        before = self._drawn
        self._problem = ""
        if run is None or self._watched is None:
            self._drawn = None
        elif not self._stands(run):
            try:
                self._drawn = _draw(run, self._watched, self._range(run))
            except ChainruleError as error:
                self._drawn, self._problem = None, str(error)
            except KeyError:
                self._drawn = None
        return self._drawn is not before

    def curve(self) -> Json | None:
        """The curve that is shown."""
        return self._drawn.view if self._drawn else None

    def point(self, run: Trace, comparison: Comparison) -> Json | None:
        """Where the run stands on the curve, and its slope there."""
        drawn, watched = self._drawn, self._watched
        if watched is None or (drawn is None and not self._problem):
            return None
        if drawn is None:
            return {"leaf": watched.leaf, "flat": watched.entry, "problem": self._problem}
        node = run.graph.index(watched.leaf)
        gradient = run.gradient(node)
        corner = next((says for k, says in comparison.kinks.items() if k in drawn.reached), None)
        return {
            "leaf": watched.leaf,
            "flat": watched.entry,
            "problem": "",
            "x": encode.number(_entry(run, node, watched.entry)),
            "y": encode.number(seeded_sum(run)),
            "slope": None if gradient is None else encode.number(float(gradient.ravel()[watched.entry])),
            "depends": not drawn.reached.isdisjoint(run.seeds),
            "corner": corner,
        }

    def step(self, text: str, run: Trace, action: Mapping[str, Any]) -> Moved | None:
        """Where a step of the descent, or a step back, leads; None where it stays."""
        self._walk, moved = self._walk.asked(text, run, action)
        return moved

    def ran(self, text: str) -> None:
        """The program has run from its own text."""
        self._walk = self._walk.ran(text)

    def descent(self, dragging: bool) -> Json | None:
        """The walk so far, while the values are those it led to."""
        return None if dragging else self._walk.view()

    def _stands(self, run: Trace) -> bool:
        drawn, watched = self._drawn, self._watched
        if drawn is None or watched is None or drawn.watched != watched or drawn.graph is not run.graph:
            return False
        at = _entry(run, run.graph.index(watched.leaf), watched.entry)
        return drawn.low <= at <= drawn.high and _same(drawn.others, _others(run, watched))

    def _range(self, run: Trace) -> tuple[float, float]:
        # it stays still while the value moves within it
        watched = self._watched
        assert watched is not None
        at = _entry(run, run.graph.index(watched.leaf), watched.entry)
        drawn = self._drawn
        if drawn is not None and drawn.watched == watched and drawn.low <= at <= drawn.high:
            return drawn.low, drawn.high
        if not math.isfinite(at):
            return window(0.0)
        low, high = window(at)
        half = (high - low) / 2 * 2.0**-watched.zoom
        return at - half, at + half


def _draw(run: Trace, watched: Watched, given: tuple[float, float]) -> _Drawn:
    low, high = given
    curve(run, watched.leaf, watched.entry, low, high, PROBE)  # what is made once is not timed
    start = time.perf_counter()
    curve(run, watched.leaf, watched.entry, low, high, PROBE)
    each = (time.perf_counter() - start) / PROBE
    count = SAMPLES if each * SAMPLES <= BUDGET else max(FEWEST, int(BUDGET / each))
    made = curve(run, watched.leaf, watched.entry, low, high, count)
    reached = reached_from(run.graph, run.graph.index(watched.leaf))
    return _Drawn(watched, _others(run, watched), run.graph, low, high, reached, _view(run, watched, made))


def _view(run: Trace, watched: Watched, made: Curve) -> Json:
    ops = run.graph.ops
    kinks = [
        {"x": kink.x, "y": encode.number(kink.y), "jump": kink.jump, "op": getattr(ops[kink.node], "name", "")}
        for kink in made.kinks
    ]
    return {
        "leaf": watched.leaf,
        "flat": watched.entry,
        "low": float(made.x[0]),
        "high": float(made.x[-1]),
        "y": [value if math.isfinite(value) else None for value in made.y.tolist()],
        "kinks": kinks,
    }


def _entry(run: Trace, node: int, flat: int) -> float:
    values = np.asarray(run.argument(node), dtype=np.float64).ravel()
    return float(values[flat]) if 0 <= flat < values.size else math.nan


def _others(run: Trace, watched: Watched) -> dict[int, Any]:
    """The leaf values that the curve was drawn for, the watched entry left out."""
    mine = run.graph.index(watched.leaf)
    values = {k: run.argument(k) for k in run.graph.leaf_values if k != mine}
    values[mine] = np.delete(np.asarray(run.argument(mine)).ravel(), [watched.entry])
    return values


def _same(before: Mapping[int, Any], after: Mapping[int, Any]) -> bool:
    return all(before[k] is after[k] or np.array_equal(before[k], after[k], equal_nan=True) for k in after)

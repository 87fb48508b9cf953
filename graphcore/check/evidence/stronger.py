"""Use a stronger point: leaf values at which every mistake of the table would change a number that is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.check.evidence.warn import SOFT, warnings
from graphcore.compare.numbers import dimensions, finite
from graphcore.compare.stronger import drawn_points
from graphcore.mistakes import (
    Change,
    Places,
    edge_changes,
    node_changes,
    value_changes,
    wrong_downstream,
    wrong_gradient,
    wrong_value,
)

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Graph

SEED = 20260523
# a change of this share of a tensor's largest entry shows in three printed digits; below the other nothing changed
SHOWS, NOTHING = 1e-3, 1e-9
# mistakes are tried until this much work is done, a thousand entries counting as one call's overhead
WORK = 6_000_000
# mistakes that take one row, column or axis for another
_TURNING = (
    "missing-transpose transposed-result elementwise-for-matmul running-sum-not-reset row-column-order "
    "summed-over-wrong-axis mean-for-sum sum-for-mean not-summed-over-batch not-unbroadcast"
)
TURNING = frozenset(_TURNING.split())
# so many points without a change: then no point has one
ENOUGH = 6


class NotCaught(NamedTuple):
    """A mistake that the point does not show: its stable name, where, and why in a sentence.

    ``never`` is True where no point that was tried shows it.
    """

    mistake: str
    node: int
    through: int | None
    why: str
    never: bool


@dataclass(frozen=True)
class StrongerPoint:
    """Leaf values by name (empty: the point at hand is as strong as any tried), how many points were ``tried``,
    how many places for a mistake it ``caught``, and what it does not show."""

    values: Mapping[str, Any]
    tried: int
    caught: int
    not_caught: tuple[NotCaught, ...] = ()
    run: Trace | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """What the point proves, in a sentence."""
        every = self.caught + len(self.not_caught)
        if not every:
            return "No mistake of the table fits this graph."
        never = sum(missed.never for missed in self.not_caught)
        rest = f" {never} would change nothing at any point." if never else ""
        later = len(self.not_caught) - never
        rest += f" {later} would show only elsewhere." if later else ""
        return f"{self.caught:,} of {every:,} mistakes would change a number here.{rest}"


def stronger(graph: Graph, run: Trace, seed: int = SEED) -> StrongerPoint:
    """The point, of those tried, at which most mistakes would change a number and least weakens a match.

    Every row of the table is put in every place it fits, one at a time. Shapes, class numbers and the starting gradient
    stay. The same seed gives the same point.

    >>> from graphcore.backprop import trace
    >>> from graphcore.parse import parse
    >>> graph = parse("x = 1\\ny = x * x")
    >>> point = stronger(graph, trace(graph))
    >>> point.caught > 0, [missed for missed in point.not_caught if not missed.never]
    (True, [])
    """
    changes = tuple(_changes(run))
    cost = sum(1_000 + _size(graph, change) for change in changes) or 1
    most = max(2, min(40, WORK // cost))
    largest = _effects(run, changes)
    best = _Candidate({}, run, largest)
    tried = 0
    for point in drawn_points(graph, run, np.random.default_rng(seed)):
        enough = tried >= ENOUGH or not np.any(largest <= NOTHING)
        if tried >= most or (enough and best.complete(largest)):
            break
        tried += 1
        effects = _effects(point.run, changes)
        largest = np.maximum(largest, effects)
        candidate = _Candidate(dict(point.values), point.run, effects)
        if candidate.rank > best.rank:
            best = candidate
    caught = best.effects > NOTHING
    missed = dict.fromkeys(_missed(best.run, changes[k], bool(largest[k] <= NOTHING)) for k in np.flatnonzero(~caught))
    return StrongerPoint(best.values, tried, int(caught.sum()), tuple(missed), best.run)


class _Candidate:
    """A point with what each mistake would change there."""

    def __init__(self, values: dict[str, Any], run: Trace, effects: Any) -> None:
        self.values = values
        self.run = run
        self.effects = effects
        weak = [reason for reason in warnings(run) if reason.tone == "weak"]
        self.blind = sum(reason.title not in SOFT for reason in weak)
        sound = all(finite(gradient) for k in run.graph.leaf_values if (gradient := run.gradient(k)) is not None)
        shown = int(np.count_nonzero(effects > NOTHING))
        self.rank = (sound, -self.blind, shown, -len(weak), int(np.count_nonzero(effects > SHOWS)))

    def complete(self, largest: Any) -> bool:
        """Whether nothing is left to wish for, as far as is known."""
        return bool(self.rank[0] and not self.blind and np.all((self.effects > NOTHING) | (largest <= NOTHING)))


def _changes(run: Trace) -> Iterator[Change]:
    """Every mistake of the table at every place of the graph where its shapes fit, as far as :data:`WORK` goes."""
    places = Places(run)
    graph = run.graph
    work = 0
    order = sorted(range(len(places.rows)), key=lambda position: graph.ops[places.rows[position][1]] is not None)
    for change in (
        *(change for position in order for change in edge_changes(places, position)),
        *(change for index in range(len(graph)) if places.leaving[index] for change in node_changes(places, index)),
        *(change for index in range(len(graph)) if graph.active[index] for change in value_changes(places, index)),
    ):
        work += 1_000 + _size(graph, change)
        if work > WORK // 2:
            return
        with np.errstate(all="ignore"):
            fits = _pair(run, places, change) is not None
        if fits:
            yield change


def _size(graph: Graph, change: Change) -> int:
    return int(np.prod(graph.shapes[change.node]))


def _pair(run: Trace, places: Places, change: Change) -> tuple[Any, Any] | None:
    """The right and the wrong numbers of a change; None where its shapes do not fit, for then it gives itself away."""
    if change.wrong.at == "value":
        right, wrong = run.argument(change.node), wrong_value(places, change)
    elif change.position is not None:
        upstream = run._gradients[places.rows[change.position][0]]
        if upstream is None:
            return None
        right, wrong = places.downstream(change.position, upstream), wrong_downstream(places, change, upstream)
    else:
        parts = [part for position in places.leaving[change.node] if (part := run._downstream[position]) is not None]
        if not parts:
            return None
        right, wrong = run._gradients[change.node], wrong_gradient(places, change, parts)
    return None if wrong is None or right is None else (right, wrong)


def _effects(run: Trace, changes: tuple[Change, ...]) -> Any:
    """How much each change moves what is compared, as a share of the largest entry of that tensor."""
    places = Places(run)
    found = np.zeros(len(changes))
    with np.errstate(all="ignore"):
        for k, change in enumerate(changes):
            pair = _pair(run, places, change)
            if pair is None:
                continue
            right, wrong = (np.asarray(side, dtype=np.float64) for side in pair)
            whole = run.argument(change.node) if change.wrong.at == "value" else run._gradients[change.node]
            size = float(np.max(np.abs(np.asarray(whole, dtype=np.float64)), initial=0.0))
            moved = float(np.max(np.abs(wrong - right), initial=0.0))
            # what is not a number where a number belongs is seen
            found[k] = 1.0 if not np.isfinite(moved) and np.isfinite(right).all() else moved / size if size else float(moved > 0)
    return np.nan_to_num(found, nan=0.0)


def _missed(run: Trace, change: Change, never: bool) -> NotCaught:
    graph = run.graph
    through = None if change.position is None else graph.backward_edges[change.position].target
    return NotCaught(change.mistake.name, change.node, through, _why(run, change, through, never), never)


def _why(run: Trace, change: Change, through: int | None, never: bool) -> str:
    graph = run.graph
    name = graph.names[change.node]
    if not never:
        return f"It shows at other points, not at this one: {name} is the same by the wrong formula here."
    if through is not None:
        for k in graph.arguments[through]:
            if k < 0 and np.all(np.asarray(graph.literals[-1 - k].value) == 1):
                return f"The other operand of {graph.names[through]} is the literal 1, so leaving it out changes nothing."
    narrow = _narrow(run, change, through) if change.mistake.name in TURNING else None
    if narrow is not None:
        shown = f"{graph.names[narrow]} is {dimensions(graph.shapes[narrow]) or 'one number'}"
        return f"{shown}: there is no second row or column to mix up."
    return f"The wrong formula `{change.wrong.formula}` gives the same {name} at every point that was tried."


def _narrow(run: Trace, change: Change, through: int | None) -> int | None:
    """The node of those at this place that has a single row or column."""
    graph = run.graph
    near = (change.node,) if through is None else (change.node, *graph.arguments[through], through)
    return next((k for k in near if k >= 0 and sum(n > 1 for n in graph.shapes[k]) <= 1), None)

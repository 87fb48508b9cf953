"""Which mistakes give the handed-in gradients: the right backward pass followed from the output, mended where it must be.

What a node should have is computed from what is believed of its consumers. Where the handed-in array is something else, every row
of the table of mistakes is tried at the places that no handed-in array in between has confirmed; what fits goes on, as one of
several beliefs. An error is inherited if it follows from a belief, and a mistake begins where none does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.belief import Belief, best, cost
from graphcore.check.factor import factor_between
from graphcore.check.given import Given, Scale
from graphcore.check.nameless import TWICE, by_factor, without_name
from graphcore.check.rounded import Rounded, Roundings
from graphcore.check.unsure import doubt
from graphcore.mistakes import Change, Places, edge_changes, node_changes, wrong_downstream, wrong_gradient

if TYPE_CHECKING:
    from graphcore.backprop import Trace

SAME = 1e-12
# by how much a belief must be ahead of those that need no further mistake
AHEAD = 0.5
# pairs of mistakes tried where none alone explains a number
PAIRS = 2000


class Search:
    """A run (its gradients right for the forward values in ``places``) and what was handed in."""

    def __init__(self, run: Trace, places: Places, gradients: list[Any], given: Mapping[int, Given]) -> None:
        self.run = run
        self.places = places
        self.right = gradients
        self.given = given
        self.scale = Scale(run, places.store)
        self.graph = run.graph
        self.roundings = Roundings(places)
        self.rounded: dict[int, Rounded] = {}
        self._changes: dict[int, list[Change]] = {}
        self._effects: dict[tuple[int, int | None, int, int], Any] = {}

    @cached_property
    def active(self) -> list[int]:
        """The nodes that a gradient reaches, from the outputs to the leaves."""
        return [k for k in reversed(range(len(self.graph))) if self.graph.active[k]]

    @cached_property
    def _bit(self) -> dict[int, int]:
        return {index: 1 << k for k, index in enumerate(self.given)}

    @cached_property
    def _feeds(self) -> list[int]:
        """Per node, the handed-in nodes that its gradient reaches without passing another one, as bits."""
        feeds = [0] * len(self.graph)
        for row in reversed(self.places.rows):
            target, source = row[0], row[1]
            feeds[target] |= self._bit.get(source) or feeds[source]
        return feeds

    def reaches(self, index: int) -> int:
        """The handed-in nodes that see first what goes wrong at a node, as bits."""
        return self._bit.get(index) or self._feeds[index]

    def beliefs(self) -> list[Belief]:
        """What explains the hand-in, the least far-fetched first."""
        beam = [Belief()]
        confirmed = 0
        for index in self.active:
            for belief in beam:
                self._follow(belief, index)
            given = self.given.get(index)
            if given is None:
                continue
            following = [belief for belief in beam if self.fits(belief, index)]
            least = min((belief.cost for belief in following), default=math.inf)
            for belief in beam:
                # one that needs a mistake more is not followed where another of its kind needs none
                if belief.cost + AHEAD < least:
                    following += self._explained(belief, index, confirmed)
            confirmed |= self._bit[index]
            beam = best(following)
        return beam

    def fits(self, belief: Belief, index: int) -> bool:
        """Whether what was handed in for a node is what a belief gives."""
        return self.scale.fits(index, self.of(belief, index), self.given[index], belief.unsure.get(index))

    def of(self, belief: Belief, index: int) -> Any:
        """The gradient of a node by a belief."""
        return belief.gradients[index] if index in belief.gradients else self.right[index]

    def _follow(self, belief: Belief, index: int) -> None:
        """Compute a node's gradient where its consumers are believed to be wrong."""
        gradients = belief.gradients
        if index in belief.fixed or not gradients:
            return
        if any(self.places.rows[k][0] in gradients for k in self.places.leaving[index]) or index in belief.nodes:
            gradients[index] = self.computed(belief, index)
            doubt(self, belief, index)

    def computed(self, belief: Belief, index: int) -> Any:
        """A node's gradient from what is believed of its consumers."""
        if index in belief.fixed:
            return belief.fixed[index]
        parts = list(self._parts(belief, index))
        change = belief.nodes.get(index)
        if change is not None and parts:
            wrong = wrong_gradient(self.places, change, parts)
            if wrong is not None:
                return wrong
        return self.places.summed(index, parts)

    def _parts(self, belief: Belief, index: int) -> Iterator[Any]:
        places = self.places
        for position in places.leaving[index]:
            g = self.of(belief, places.rows[position][0])
            if g is None:
                continue
            change = belief.edges.get(position)
            wrong = None if change is None else wrong_downstream(places, change, g)
            yield places.downstream(position, g) if wrong is None else wrong

    def _explained(self, belief: Belief, index: int, confirmed: int) -> list[Belief]:
        """The belief with one mistake more, in every way that gives what was handed in for this node."""
        given = self.given[index]
        ours = self.of(belief, index)
        if self._off_by_digits(ours, given) and self._is_rounded(belief, index):
            return [belief]
        found = self._by_table(belief, index, confirmed)
        if not found:
            found = self._by_table(belief, index, 0) if confirmed else []
        if not found and self._is_rounded(belief, index):
            return [belief]
        if found:
            return found
        found = self._in_pairs(belief, index, confirmed)
        factor = factor_between(ours, given)
        if factor is not None:
            found += by_factor(self, belief, index, factor, confirmed, TWICE if found else 0.0)
        return found or without_name(self, belief, index)

    def _in_pairs(self, belief: Belief, index: int, confirmed: int) -> list[Belief]:
        """Two mistakes at once, where one alone does not give what was handed in: the one nearer to the output first."""
        places = [node for node in reversed(list(self.region(index))) if not self.reaches(node) & confirmed]
        first = [change for node in places for change in self.changes(node) if change.node != index]
        count = sum(len(self.changes(node)) for node in places)
        if len(first) * count > PAIRS:
            first = first[: PAIRS // max(count, 1)]
        found = []
        for change in first:
            begun = self._begun(belief, change, index)
            if begun is not None:
                found += self._by_table(begun, index, confirmed, below=change.node)
        return best(found)

    def _begun(self, belief: Belief, change: Change, index: int) -> Belief | None:
        """The belief with this mistake followed down to a node, whatever that gives there."""
        if change.position in belief.edges or (change.position is None and change.node in belief.nodes):
            return None
        changed = belief.with_change(change, index, cost(change))
        wrong = self._effect(belief, changed, change)
        if wrong is None or _same(wrong, self.of(belief, change.node)):
            return None
        return changed if self.spread(changed, change.node, wrong, index) else None

    def _off_by_digits(self, ours: Any, given: Given) -> bool:
        """Whether only the last digits printed differ, by less than two units."""
        if not given.largest or np.shape(ours) != given.array.shape:
            return False
        return bool((np.abs(np.asarray(ours) - given.array) <= 4 * given.half).all())

    def _is_rounded(self, belief: Belief, index: int) -> bool:
        if index in belief.gradients:
            return False
        rounded = self.roundings.of_gradient(index, self.right[index], self.given[index])
        if rounded is not None:
            self.rounded[index] = rounded
        return rounded is not None

    def implied(self, belief: Belief, index: int) -> Any:
        """What a node's gradient is by the right rules, given what is believed of its consumers."""
        plain = Belief(belief.gradients, edges={}, nodes={}, fixed={})
        found = self.computed(plain, index)
        return None if found is None else np.asarray(found, dtype=np.float64)

    def _by_table(self, belief: Belief, index: int, confirmed: int, below: int | None = None) -> list[Belief]:
        found = []
        for node in self.region(index):
            if self.reaches(node) & confirmed or (below is not None and node > below):
                continue
            for change in self.changes(node):
                if change.position in belief.edges or (change.position is None and node in belief.nodes):
                    continue
                changed = self._changed(belief, change, index)
                if changed is not None:
                    found.append(changed)
        return best(found)

    def region(self, index: int) -> Iterable[int]:
        """A node and those behind it towards the output that no handed-in array lies between, the nearest first."""
        seen = {index}
        waiting = [index]
        for node in waiting:
            for position in self.places.leaving[node]:
                target = self.places.rows[position][0]
                if target not in self.given and target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return sorted(seen)

    def changes(self, node: int) -> list[Change]:
        """Every row of the table at the edges and the sum of one node."""
        if node not in self._changes:
            places = self.places
            at_edges = [change for k in places.leaving[node] for change in edge_changes(places, k)]
            self._changes[node] = at_edges + (list(node_changes(places, node)) if places.leaving[node] else [])
        return self._changes[node]

    def _changed(self, belief: Belief, change: Change, index: int) -> Belief | None:
        """The belief with this mistake, if it changes a number and gives what was handed in for ``index``."""
        changed = belief.with_change(change, index, cost(change))
        before = self.of(belief, change.node)
        wrong = self._effect(belief, changed, change)
        if wrong is None or _same(wrong, before):
            return None
        if change.node == index and not self.scale.fits(index, wrong, self.given[index], belief.unsure.get(index)):
            return None
        return changed if self.spread(changed, change.node, wrong, index) and self.fits(changed, index) else None

    def spread(self, changed: Belief, above: int, wrong: Any, index: int) -> bool:
        """Follow a wrong gradient down to a node; False where it does not get there or contradicts a handed-in array."""
        touched = {above}
        changed.gradients[above] = wrong
        doubt(self, changed, above)
        for node in range(above - 1, index - 1, -1):
            if any(self.places.rows[k][0] in touched for k in self.places.leaving[node]):
                changed.gradients[node] = self.computed(changed, node)
                touched.add(node)
                doubt(self, changed, node)
                if node in self.given and node != index and not self.fits(changed, node):
                    return False
        return index in touched

    def _effect(self, belief: Belief, changed: Belief, change: Change) -> Any:
        """The wrong gradient of the change's node; the same for every belief that is right about its consumers."""
        node = change.node
        plain = all(self.places.rows[k][0] not in belief.gradients and k not in belief.edges for k in self.places.leaving[node])
        if not plain or node in belief.nodes:
            return self._wrong(changed, change)
        key = (node, change.position, id(change.wrong), -1 if change.swapped is None else change.swapped)
        if key not in self._effects:
            self._effects[key] = self._wrong(changed, change)
        return self._effects[key]

    def _wrong(self, changed: Belief, change: Change) -> Any:
        places = self.places
        if change.position is None:
            parts = list(self._parts(changed, change.node))
            return wrong_gradient(places, change, parts) if parts else None
        g = self.of(changed, places.rows[change.position][0])
        if g is None or wrong_downstream(places, change, g) is None:
            return None
        return self.computed(changed, change.node)


def _same(a: Any, b: Any) -> bool:
    if b is None:
        return not np.any(a)
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    largest = float(np.abs(b).max(initial=0.0))
    return bool(np.abs(a - b).max(initial=0.0) <= SAME * largest)

"""What is believed where no row of the table gives a number: a plain factor, or an error that has no name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.belief import FACTORED, UNNAMED, Belief, Guess
from graphcore.check.factor import factor_between
from graphcore.check.given import Given, as_kept
from graphcore.check.unsure import recovered

if TYPE_CHECKING:
    from graphcore.check.search import Search

# what a factor costs more where two mistakes of the table give the same
TWICE = 0.7
# what it costs more to look for an error one node further on
FURTHER = 0.01


def by_factor(search: Search, belief: Belief, index: int, factor: float, confirmed: int, more: float) -> list[Belief]:
    """A plain factor at a node, or at the nearest behind it on which most of what was handed in hangs.

    ``confirmed`` are the handed-in nodes that are explained already, ``more`` is added to what the belief costs.
    """
    found = []
    for node in dict.fromkeys((index, _widest(search, belief, index, confirmed))):
        numbers = as_kept(np.asarray(search.of(belief, node)) * factor, search.right[node])
        price = FACTORED + more + (FURTHER if node != index else 0.0)
        moved = belief.with_numbers(Guess(node, index, None, factor), numbers, price)
        if node == index or (search.spread(moved, node, numbers, index) and search.fits(moved, index)):
            found.append(moved)
    return found


def _widest(search: Search, belief: Belief, index: int, confirmed: int) -> int:
    """Of a node and those behind it the one that most of the handed-in nodes see first, the nearest of several."""

    def reached(node: int) -> int:
        ours: Any = search.of(belief, node)
        if search.reaches(node) & confirmed or ours is None or isinstance(ours, dict) or node in belief.fixed:
            return 0
        return search.reaches(node).bit_count()

    return max(search.region(index), key=reached)


def without_name(search: Search, belief: Belief, index: int) -> list[Belief]:
    """The error as it stands: at this node, or at one behind it whose gradient can be recovered from what was handed in."""
    given = search.given[index]
    ours = search.of(belief, index)
    numbers = given.array if given.gaps is None else np.where(given.gaps, 0.0 if ours is None else ours, given.array)
    found = [belief.with_numbers(Guess(index, index), as_kept(numbers, search.right[index]), UNNAMED, given.half)]
    for position in search.places.leaving[index]:
        behind = search.places.rows[position][0]
        if behind in search.given or behind in belief.fixed or len(search.places.leaving[index]) != 1:
            continue
        numbers = recovered(search, position, given)
        if numbers is not None:
            whole = Given(np.asarray(numbers, dtype=np.float64), np.zeros(np.shape(numbers)), given.eps)
            factor = factor_between(search.of(belief, behind), whole)
            price = (UNNAMED if factor is None else FACTORED) + 0.01
            moved = belief.with_numbers(Guess(behind, index, None, factor), numbers, price)
            if search.spread(moved, behind, numbers, index):
                found.append(moved)
    return found

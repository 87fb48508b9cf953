"""What printed digits leave open: how far a computed gradient may be off, and what a gradient behind a handed-in one must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.belief import Belief
from graphcore.check.given import Given, as_kept
from graphcore.graph import Parts

if TYPE_CHECKING:
    from graphcore.check.search import Search

# draws for what printed digits leave open, and how many deviations are believed
DRAWS, DEVIATIONS = 8, 3.0
# entries up to which a gradient behind a handed-in one is recovered from it
RECOVERED = 64


def doubt(search: Search, belief: Belief, index: int) -> None:
    """How far a node's gradient may be off because what is known of its consumers was printed with few digits.

    Rounding errors are as good as random: the deviation of a few draws stands for all of them.
    """
    doubtful = {search.places.rows[k][0] for k in search.places.leaving[index]}.intersection(belief.unsure)
    if not doubtful:
        return
    generator = np.random.default_rng(index)
    draws = []
    for _ in range(DRAWS):
        moved = {k: _moved(search.of(belief, k), belief.unsure[k], generator) for k in doubtful}
        trial = Belief({**belief.gradients, **moved}, edges=belief.edges, nodes=belief.nodes)
        draws.append(search.computed(trial, index))
    middle = belief.gradients[index]
    if isinstance(middle, Parts):
        belief.unsure[index] = Parts(
            {part: _spread_of([draw[part] for draw in draws], number) for part, number in middle.items()}
        )
    else:
        belief.unsure[index] = _spread_of(draws, middle)


def recovered(search: Search, position: int, given: Given) -> Any:
    """The upstream gradient with which the right rule of an edge gives the handed-in array, if there is just one."""
    target, source, *_ = search.places.rows[position]
    like = search.right[target]
    if like is None or isinstance(like, dict) or np.size(like) > RECOVERED or given.gaps is not None:
        return None
    unit = np.eye(np.size(like)).reshape((-1, *np.shape(like)))
    columns = [np.ravel(search.places.downstream(position, as_kept(one, like))) for one in unit]
    matrix = np.stack(columns, axis=1) if columns else np.zeros((np.size(search.right[source]), 0))
    if not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return None
    solved = np.linalg.lstsq(matrix, np.ravel(given.array), rcond=None)[0].reshape(np.shape(like))
    again = search.places.downstream(position, as_kept(solved, like))
    return as_kept(solved, like) if search.scale.fits(source, again, given) else None


def _moved(number: Any, unsure: Any, generator: np.random.Generator) -> Any:
    """A gradient moved by as much as is unsure of it, every entry one way or the other."""
    if isinstance(number, Parts):
        return Parts({part: _moved(own, unsure[part], generator) if part in unsure else own for part, own in number.items()})
    return number + unsure * generator.choice((-1.0, 1.0), np.shape(unsure))


def _spread_of(draws: list[Any], middle: Any) -> Any:
    squares = sum((np.asarray(draw) - np.asarray(middle)) ** 2 for draw in draws)
    return DEVIATIONS * np.sqrt(squares / len(draws))

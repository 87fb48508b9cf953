"""What a person may have computed: the gradients that differ from the right ones, and the mistakes that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from graphcore.mistakes import Change
from graphcore.mistakes.table import TABLE

# what a belief costs: one mistake of the table, a plain factor, an error without a name
KNOWN, FACTORED, UNNAMED = 1.0, 1.4, 1.7
# beliefs that are followed at the same time
BEAM = 16
_RANK = {mistake.name: k for k, mistake in enumerate(TABLE)}


class Guess(NamedTuple):
    """A mistake believed in: ``change`` of the table, or a ``factor``, or neither (unknown), at ``node``.

    ``decided`` is the handed-in node that showed it.
    """

    node: int
    decided: int
    change: Change | None = None
    factor: float | None = None


@dataclass
class Belief:
    """What a person may have computed: the gradients that differ from the right ones, and the mistakes that explain them."""

    gradients: dict[int, Any] = field(default_factory=dict)
    guesses: tuple[Guess, ...] = ()
    cost: float = 0.0
    edges: Mapping[int, Change] = field(default_factory=dict)
    nodes: Mapping[int, Change] = field(default_factory=dict)
    fixed: Mapping[int, Any] = field(default_factory=dict)
    unsure: dict[int, Any] = field(default_factory=dict)

    def with_change(self, change: Change, decided: int, cost: float) -> Belief:
        """The same belief with one mistake more, its numbers not yet followed up."""
        edges, nodes = self.edges, self.nodes
        if change.position is None:
            nodes = {**nodes, change.node: change}
        else:
            edges = {**edges, change.position: change}
        guesses = (*self.guesses, Guess(change.node, decided, change))
        return Belief(dict(self.gradients), guesses, self.cost + cost, edges, nodes, self.fixed, dict(self.unsure))

    def with_numbers(self, guess: Guess, numbers: Any, cost: float, unsure: Any = None) -> Belief:
        """The same belief with an error that no row explains: a node's numbers as they are, known up to ``unsure``."""
        index = guess.node
        fixed = {**self.fixed, index: numbers}
        doubts = self.unsure if unsure is None or not np.any(unsure) else {**self.unsure, index: unsure}
        gradients = {**self.gradients, index: numbers}
        return Belief(gradients, (*self.guesses, guess), self.cost + cost, self.edges, self.nodes, fixed, dict(doubts))


def cost(change: Change) -> float:
    """What it costs to believe in a change: the later its row in the table, the more."""
    return KNOWN + rank(change.mistake.name) + (0.0002 if change.swapped is not None else 0.0)


def rank(name: str) -> float:
    """How far down in the table a mistake stands."""
    return 0.001 * _RANK[name]


def best(beliefs: list[Belief]) -> list[Belief]:
    """The beliefs that are followed further, the least far-fetched first."""
    return sorted(beliefs, key=lambda belief: belief.cost)[:BEAM]

"""Rounding on the way: a person who goes on with rounded numbers makes no mistake in the chain rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.check.given import Given, as_kept
from graphcore.compare.states import size

if TYPE_CHECKING:
    from graphcore.mistakes import Places

# decimals that people round to
DECIMALS = (2, 3, 4, 5, 6)
# a rounding moves a number by little: beyond this share of the largest entry it is a mistake
SMALL = 0.02
# nodes up to which rounding is tried one node at a time
ALONE = 40
RUNS = 6
FEW = 4


class Rounded(NamedTuple):
    """A rounding that gives what was handed in: to how many decimals, at one node or at all (None), and whether exactly."""

    decimals: int
    node: int | None
    exact: bool


class Replayed(NamedTuple):
    """Both passes with numbers rounded on the way."""

    rounded: Rounded
    store: list[Any]
    gradients: list[Any]


class Roundings:
    """What comes out where numbers are rounded on the way; made when first asked for."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.graph = places.graph
        self._made: list[Replayed] = []
        self._variants = self._replayed()
        self._noise: dict[int, tuple[list[float], list[float]]] = {}

    def of_gradient(self, index: int, ours: Any, given: Given) -> Rounded | None:
        """The rounding that gives a handed-in gradient, if there is one."""
        return self._rounding(index, ours, given, 1)

    def of_value(self, index: int, ours: Any, given: Given) -> Rounded | None:
        """The rounding that gives a handed-in forward value, if there is one."""
        return self._rounding(index, ours, given, 0)

    def _rounding(self, index: int, ours: Any, given: Given, which: int) -> Rounded | None:
        """The same for both: ``which`` says whether forward values (0) or gradients (1) are looked at."""
        if not _small(ours, given):
            return None
        for replayed in self._all:
            if _prints((replayed.store, replayed.gradients)[which][index], given):
                return replayed.rounded
        return self._loosely(index, ours, given, which)

    @property
    def _all(self) -> Iterator[Replayed]:
        yield from self._made
        for replayed in self._variants:
            self._made.append(replayed)
            yield replayed

    def _loosely(self, index: int, ours: Any, given: Given, which: int) -> Rounded | None:
        """Whether rounding every number to the decimals that were printed moves this one as far."""
        if not given.largest:
            return None
        printed = round(-math.log10(2 * given.largest))
        apart = float((np.abs(np.asarray(ours) - given.array) - given.half).max(initial=0.0))
        # who prints many digits may have gone on with one fewer
        for decimals in (printed, printed - 1) if printed > FEW else (printed,):
            if 1 < decimals < 8 and apart <= 2 * self._measured(decimals)[which][index]:
                return Rounded(decimals, None, False)
        return None

    def _measured(self, decimals: int) -> tuple[list[float], list[float]]:
        """The largest change of every value and every gradient when all numbers on the way are off by up to half a unit."""
        if decimals not in self._noise:
            generator = np.random.default_rng(20261123)
            values, gradients = [0.0] * len(self.graph), [0.0] * len(self.graph)
            right = self._replay(lambda _, number: number)
            unit = 0.5 * 10.0**-decimals
            for _ in range(RUNS):
                moved = self._replay(
                    lambda _, number, d=decimals: number + _off(number, d) * generator.uniform(-unit, unit, np.shape(number))
                )
                for k in range(len(self.graph)):
                    for found, a, b in ((values, right[0][k], moved[0][k]), (gradients, right[1][k], moved[1][k])):
                        if a is not None and b is not None and not isinstance(a, dict | tuple):
                            found[k] = max(found[k], size(np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)))
            self._noise[decimals] = values, gradients
        return self._noise[decimals]

    def _replayed(self) -> Iterator[Replayed]:
        for decimals in reversed(DECIMALS):
            everywhere = self._replay(lambda _, number, d=decimals: np.round(number, d))
            yield Replayed(Rounded(decimals, None, True), *everywhere)
        inner = [k for k, op in enumerate(self.graph.ops) if op is not None and self.graph.active[k]]
        if len(inner) > ALONE:
            return
        for decimals in reversed(DECIMALS):
            for node in inner:
                alone = self._replay(lambda k, number, d=decimals, n=node: np.round(number, d) if k == n else number)
                yield Replayed(Rounded(decimals, node, True), *alone)

    @cached_property
    def _order(self) -> list[int]:
        return [k for k in reversed(range(len(self.graph))) if self.graph.active[k]]

    def _replay(self, change: Callable[..., Any]) -> tuple[list[Any], list[Any]]:
        """Both passes with every computed number changed on the way; ``change`` gets the node, and -1 - node for gradients."""
        places, graph = self.places, self.graph
        store = list(places.store)
        for index, kernel, arguments in forward_rows(graph):
            store[index] = _kept(change(index, kernel(*[store[k] for k in arguments])), places.store[index])
        again = type(places)(places.run, store)
        gradients: list[Any] = [None] * len(graph)
        for index in self._order:
            arrived = [(position, gradients[again.rows[position][0]]) for position in places.leaving[index]]
            total = again.summed(index, [again.downstream(position, g) for position, g in arrived if g is not None])
            if total is not None and graph.ops[index] is not None and not isinstance(total, dict):
                total = _kept(change(-1 - index, total), total)
            gradients[index] = total
        return store, gradients


def forward_rows(graph: Any) -> Iterator[tuple[int, Any, tuple[int, ...]]]:
    """The rows of a graph's forward pass: node, kernel, arguments."""
    for index, kernel, _, _ in graph.plan.forward:
        yield index, kernel, graph.arguments[index]


def _kept(number: Any, like: Any) -> Any:
    """A changed number as the passes keep it; what is no floating number stays."""
    if isinstance(like, tuple | dict) or np.asarray(like).dtype.kind != "f":
        return like
    return as_kept(number, like)


def _small(ours: Any, given: Given) -> bool:
    array = np.asarray(0.0 if ours is None else ours, dtype=np.float64)
    if array.shape != given.array.shape or given.gaps is not None or not np.isfinite(given.array).all():
        return False
    apart = np.abs(array - given.array) - given.half
    return bool(apart.max(initial=0.0) <= SMALL * size(array))


def _off(number: Any, decimals: int) -> Any:
    """Which entries rounding moves at all: a unit that is off stays at its zero, and a whole number what it is."""
    return np.round(number, decimals) != number


def _prints(number: Any, given: Given) -> bool:
    if number is None or isinstance(number, dict | tuple) or np.shape(number) != given.array.shape:
        return False
    # a rounded number sits on a half unit more often than another
    return bool((np.abs(np.asarray(number) - given.array) <= given.half * (1 + 1e-6) + 1e-13 * size(number)).all())

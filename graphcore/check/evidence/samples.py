"""Which directions are looked along, within the forward passes that may be spent, and what each gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphcore.check.evidence.along import Path
from graphcore.check.evidence.analytic import STEP
from graphcore.check.evidence.differences import corner, differences
from graphcore.check.evidence.kinks import moved_kink

if TYPE_CHECKING:
    from graphcore.ops.namespaces import Array

DIRECTIONS = 3
# leaves of so many entries are looked at entry by entry too
ENTRIES = 12
PASSES = 200
# entries touched in all: half a second or so
WORK = 40_000_000
# forward passes of one slope by differences: some twelve on a smooth way
BY_DIFFERENCES = 14
# a complex step cuts off its square times a third derivative, be that as large as it may
CUT_OFF = STEP**1.5
COMPLEX, DIFFERENCES = "complex step", "differences"


class Along(NamedTuple):
    """What the forward pass gives along one direction.

    ``place`` says which: the index of an entry, or None for a random direction. ``slope`` is None where there is none, ``error``
    how far off it may be, ``other`` the slope from the other side where the node sits at a kink, ``kink`` the node at its kink.
    """

    direction: Array
    place: tuple[int, ...] | None
    slope: float | None
    error: float
    method: str
    other: float | None = None
    kink: int | None = None


class Looked(NamedTuple):
    """All that was found for one node; ``path`` goes there again."""

    path: Path
    found: list[Along]


def look(paths: list[Path], kinks: Mapping[int, str], generator: np.random.Generator) -> list[Looked]:
    """A direction for each node first, then further ones, then entry by entry, as far as :data:`PASSES` and :data:`WORK` go."""
    looked = [Looked(path, []) for path in paths]
    noises: dict[int, float] = {}
    spent, work = 0, 0
    for number in range(DIRECTIONS + ENTRIES):
        for entry in looked:
            path = entry.path
            size = path.start.size
            for direction, place in _directions(path, number, size, generator):
                cost = BY_DIFFERENCES if path.without_complex else 1
                # the first direction of every node is looked along although a large network overdraws what may be spent
                if number and (spent + cost > PASSES or work + cost * path.work > WORK):
                    continue
                before = path.passes
                entry.found.append(_along(path, direction, place, kinks, noises, generator))
                spent += path.passes - before
                work += (path.passes - before) * path.work
        if work > WORK or spent > PASSES:
            break
    return looked


def _directions(
    path: Path, number: int, size: int, generator: np.random.Generator
) -> Iterator[tuple[Array, tuple[int, ...] | None]]:
    shape = path.start.shape
    if number < DIRECTIONS:
        # so few entries are all looked at one by one
        if size > DIRECTIONS:
            yield generator.uniform(0.5, 1.0, shape) * generator.choice([-1.0, 1.0], shape), None
        elif number < size:
            yield _unit(shape, number)
    elif DIRECTIONS < size <= ENTRIES and number - DIRECTIONS < size:
        yield _unit(shape, number - DIRECTIONS)


def _unit(shape: tuple[int, ...], number: int) -> tuple[Array, tuple[int, ...]]:
    direction = np.zeros(shape)
    place = tuple(int(k) for k in np.unravel_index(number, shape)) if shape else ()
    direction[place] = 1.0
    return direction, place


def _along(
    path: Path,
    direction: Array,
    place: tuple[int, ...] | None,
    kinks: Mapping[int, str],
    noises: dict[int, float],
    generator: np.random.Generator,
) -> Along:
    if not path.without_complex:
        at_kink = moved_kink(path, direction, kinks)
        slope = path.slope(direction)
        if slope is not None:
            if at_kink is None:
                return Along(direction, place, slope, CUT_OFF, COMPLEX)
            other = path.slope(-direction)
            return Along(direction, place, slope, CUT_OFF, COMPLEX, None if other is None else -other, at_kink)
    if path.source not in noises:
        noises[path.source] = path.noise(generator)
    found = differences(path, direction, noises[path.source], 3 * BY_DIFFERENCES)
    if found is None or not np.isfinite(found.value):
        return Along(direction, place, None, np.inf, DIFFERENCES, None, None if found is None else found.kink)
    return Along(direction, place, found.value, found.error, DIFFERENCES)


def one_sided(path: Path, along: Along, allowed: float, generator: np.random.Generator) -> tuple[float, float] | None:
    """The slopes to both sides where they are not the same: a corner that no formula speaks of."""
    if along.method == COMPLEX:
        other = path.slope(-along.direction)
        if other is None or along.slope is None:
            return None
        return (along.slope, -other) if abs(along.slope + other) > allowed else None
    return corner(path, along.direction, generator)

"""Relations in which one side is summed up: over an axis, averaged, one row everywhere, a running sum."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from graphcore.check.diff.printed import Printed, fits, telling
from graphcore.check.diff.result import Relation
from graphcore.check.diff.scalings import factor, times
from graphcore.check.hand_in import Array

FACTORS = (2.0, 0.5, -1.0)


def summed(a: Printed, b: Printed) -> Relation | None:
    """a is the sum or the average of b over an axis, or of all of b; arrays of different shapes."""
    for axis in (*range(b.array.ndim), None):
        total = b.moved(partial(np.sum, axis=axis))
        if total.array.shape != a.array.shape or b.array.size < 2:
            continue
        count = b.array.size if axis is None else b.array.shape[axis]
        over = (
            "all entries"
            if axis is None
            else f"the {count} {'rows' if axis == 0 and b.array.ndim == 2 else 'columns' if axis else 'entries'}"
        )
        if fits(a, total):
            return Relation("sum", f"the sum of the other's over {over}", "not-summed-over-batch")
        if fits(a, total.times(1 / count)):
            return Relation("sum", f"the average of the other's over {over}", "averaged-over-batch")
    return None


def diagonal(a: Printed, b: Printed) -> Relation | None:
    """a is the diagonal of b: an elementwise product where an outer product belongs."""
    if a.array.ndim != 1 or b.array.shape != (a.array.size, a.array.size) or not fits(a, b.moved(np.diagonal)):
        return None
    return Relation("diagonal", "the other's diagonal: an elementwise product in place of an outer one", "elementwise-for-matmul")


def repeated(a: Printed, b: Printed) -> Relation | None:
    """a repeats one row (or column) that is a row, the sum or the average of b's; arrays of one shape, or b the row itself."""
    if a.array.ndim != 2 or min(a.array.shape) < 2:
        return None
    for axis, word in ((0, "row"), (1, "column")):
        first = a.moved(partial(np.take, indices=0, axis=axis))
        if not fits(a, first.moved(partial(np.expand_dims, axis=axis)).moved(partial(np.broadcast_to, shape=a.array.shape))):
            continue
        if b.array.shape == first.array.shape and fits(first, b):
            return Relation("sum", f"the other's, repeated in every {word}", "not-unbroadcast")
        if b.array.shape != a.array.shape:
            continue
        total = b.moved(partial(np.sum, axis=axis))
        count = b.array.shape[axis]
        for source, said, mistake in (
            (total, "sum", "summed-over-wrong-axis"),
            (total.times(1 / count), "average", "averaged-over-batch"),
        ):
            if fits(first, source):
                return Relation("sum", f"one {word} everywhere, the {said} of the other's {word}s", mistake)
    return None


def _running(numbers: Printed) -> Iterator[tuple[str, Printed]]:
    """The running sums of an array along each axis from both ends."""

    def backwards(v: Array, axis: int) -> Array:
        return np.flip(np.cumsum(np.flip(v, axis), axis=axis), axis)

    for axis in range(numbers.array.ndim):
        if numbers.array.shape[axis] < 3:
            continue
        word = "" if numbers.array.ndim == 1 else " of its column" if axis == 0 else " of its row"
        yield f"every later one{word}", numbers.moved(partial(backwards, axis=axis))
        yield f"every earlier one{word}", numbers.moved(partial(np.cumsum, axis=axis))


def cumulated(a: Printed, b: Printed, counts: dict[float, str]) -> Relation | None:
    """Each entry of a is the sum of that entry of b and all after it (or before it), perhaps times a constant."""
    if a.array.shape != b.array.shape or a.array.ndim > 2:
        return None
    if np.count_nonzero(telling(a) & telling(b)) < 3 or np.isnan(b.array).any():
        return None
    for said, total in _running(b):
        if fits(a, total):
            return Relation("cumulated", f"a running sum: the other's entry plus {said}", "running-sum-not-reset", 1.0)
        found = factor(a, total)
        if found is None or found.vague:
            continue
        exact = [c for c in (*counts, *(1 / n for n in counts), *FACTORS) if found.holds(c)]
        c = exact[0] if exact else found.middle
        return Relation("cumulated", f"a running sum ({times(c)}): the other's entry plus {said}", "running-sum-not-reset", c)
    return None

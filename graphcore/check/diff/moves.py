"""Relations in which the numbers stand in other places: transposed, read in column order, rows, columns or entries permuted."""

from __future__ import annotations

import numpy as np

from graphcore.check.diff.printed import Order, Printed, fits, widened
from graphcore.check.diff.result import Relation

SHOWN = 6


def transposed(a: Printed, b: Printed) -> Relation | None:
    """a is the transpose of b, both square."""
    if a.array.ndim != 2 or a.array.shape != b.array.shape[::-1] or not fits(a, b.moved(np.transpose)):
        return None
    return Relation("transpose", "the other's transpose", "transposed-result")


def column_order(a: Printed, b: Printed) -> Relation | None:
    """a holds the numbers of b written down column by column and read row by row, or the other way round."""
    if a.array.ndim < 2 or min(a.array.shape) < 2 or a.array.shape != b.array.shape:
        return None
    shape = a.array.shape
    for said, order in (
        ("filled column by column where the other is filled row by row", 0),
        ("the same, the other way round", 1),
    ):
        one, other = (a, b) if order == 0 else (b, a)
        if fits(one, other.moved(lambda v: v.reshape(-1).reshape(shape, order="F"))):
            text = said if order == 0 else "filled row by row where the other is filled column by column"
            return Relation("order", f"{text} (a reshape in the other order)", "row-column-order")
    return None


def permuted(a: Printed, b: Printed) -> Relation | None:
    """a holds the rows, the columns or the entries of b in another order."""
    if a.array.shape != b.array.shape or a.array.size < 3:
        return None
    in_order = [_sorted(widened(side)) for side in (a, b)]
    if not fits(*in_order) or len(np.unique(a.array)) < 3:
        return None
    if a.array.ndim == 2:
        for axis, word in ((0, "rows"), (1, "columns")):
            order = _line_order(a, b, axis)
            if order is not None:
                return Relation("permutation", f"the other's {word}, {_said(order, word)}", "row-column-order" if axis else "")
    if a.array.ndim == 1:
        order = np.empty(a.array.size, dtype=np.intp)
        order[np.argsort(a.array, kind="stable")] = np.argsort(b.array, kind="stable")
        return Relation("permutation", f"the other's entries, {_said(order, 'entries')}")
    return Relation("permutation", "the other's numbers in other places", "row-column-order")


def _sorted(numbers: Printed) -> Printed:
    """The numbers in order of size, all with the coarsest precision of the array."""
    flat = np.sort(numbers.array, axis=None)
    return Printed(flat, np.full(flat.shape, float(np.max(numbers.half, initial=0.0))), numbers.eps)


def _line_order(a: Printed, b: Printed, axis: int) -> Order | None:
    """For each row (axis 0) or column of a the one of b that it equals."""
    weights = np.random.default_rng(20260511).standard_normal(a.array.shape[1 - axis])
    lines = [side.array if axis == 0 else side.array.T for side in (a, b)]
    # a random direction puts the same lines in the same order; nearly equal ones may change places unseen
    first, second = (np.argsort(rows @ weights, kind="stable") for rows in lines)
    order = np.empty(len(first), dtype=np.intp)
    order[first] = second
    taken = b.moved(lambda v: np.take(v, order, axis=axis))
    return order if fits(a, taken) else None


def _said(order: Order, word: str) -> str:
    count = len(order)
    if np.array_equal(order, np.arange(count)[::-1]):
        return "in reverse"
    steps = np.unique((order - np.arange(count)) % count)
    if len(steps) == 1:
        return f"moved on by {int((count - steps[0]) % count)}"
    moved = np.flatnonzero(order != np.arange(count))
    if len(moved) == 2:
        return f"numbers {moved[0] + 1} and {moved[1] + 1} exchanged"
    shown = ", ".join(str(k + 1) for k in order[:SHOWN])
    return f"in the order {shown}{' ...' if count > SHOWN else ''} of the other's {word}"

"""What the numbers of one array have to do with those of another: the first relation that holds to the printed digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from graphcore.check.diff import moves, scalings, sums
from graphcore.check.diff.printed import Printed, apart, fits, telling
from graphcore.check.diff.result import Relation
from graphcore.check.hand_in import Array
from graphcore.compare.numbers import number

EQUAL = Relation("equal", "equal")
_FUNCTIONS: Mapping[str, tuple[str, Callable[[Array], Array], Callable[[Array], Array]]] = {
    # the name of the mistake, the function, and the size of its derivative
    "sigmoid": ("skipped-op", lambda v: 1 / (1 + np.exp(-v)), lambda v: np.full(v.shape, 0.25)),
    "tanh": ("skipped-op", np.tanh, np.ones_like),
    "relu": ("skipped-op", lambda v: np.maximum(v, 0), np.ones_like),
    "y (1 - y)": ("function-for-derivative", lambda v: v * (1 - v), np.ones_like),
    "1 - y": ("complement-for-derivative", lambda v: 1 - v, np.ones_like),
    "1 - y ** 2": ("function-for-derivative", lambda v: 1 - v * v, lambda v: 2 * np.abs(v)),
    "the square": ("function-applied-twice", lambda v: v * v, lambda v: 2 * np.abs(v)),
}


def relate(a: Printed, b: Printed, names: tuple[str, str], counts: Mapping[float, str] | None = None) -> Relation:
    """The relation of a to b; ``counts`` are whole numbers that a factor may come from, beside the shapes' own."""
    if fits(a, b):
        return EQUAL
    if not (np.isfinite(a.array) | np.isnan(a.array)).all() or not (np.isfinite(b.array) | np.isnan(b.array)).all():
        return Relation("none", "one side has entries without end")
    if a.array.shape != b.array.shape:
        return _other_shape(a, b)
    known = {**(dict(counts or {})), **scalings.sizes(a.array.shape, b.array.shape)}
    return (
        scalings.scaled(a, b, known)
        or scalings.signs(a, b)
        or moves.transposed(a, b)
        or moves.column_order(a, b)
        or moves.permuted(a, b)
        or sums.repeated(a, b)
        or _turned(sums.repeated(b, a))
        or sums.cumulated(a, b, known)
        or _turned(sums.cumulated(b, a, known))
        or scalings.masked(a, b, names)
        or _moved_and_scaled(a, b, known)
        or scalings.by_line(a, b)
        or Relation("none", pattern(a, b))
    )


def _turned(found: Relation | None) -> Relation | None:
    return None if found is None else found._replace(swapped=True)


def _other_shape(a: Printed, b: Printed) -> Relation:
    rules = (sums.diagonal, sums.repeated, sums.summed)
    found = next((relation for rule in rules for relation in (rule(a, b), _turned(rule(b, a))) if relation), None)
    if found is None and a.array.size == b.array.size:
        flat = a.moved(np.ravel)
        if fits(flat, b.moved(np.ravel)):
            return Relation("order", "the same numbers in another shape")
        if fits(flat, b.moved(lambda v: v.ravel(order="F"))):
            return Relation("order", "the same numbers in another shape, read column by column", "row-column-order")
    return found or Relation("none", f"other shapes, {a.array.shape} and {b.array.shape}, and no sum or repetition of each other")


def _moved_and_scaled(a: Printed, b: Printed, counts: dict[float, str]) -> Relation | None:
    if a.array.ndim != 2 or a.array.shape[0] != a.array.shape[1]:
        return None
    found = scalings.scaled(a, b.moved(np.transpose), counts)
    return None if found is None else found._replace(text=f"{found.text}, and transposed")


def function_of(a: Printed, b: Printed) -> Relation | None:
    """a is a familiar function of b, entry by entry (or b of a): for activations that are recovered from gradients."""
    if a.array.shape != b.array.shape or np.count_nonzero(telling(a) & telling(b)) < 2:
        return None
    for swapped, (one, other) in enumerate(((a, b), (b, a))):
        for name, (mistake, function, slope) in _FUNCTIONS.items():
            with np.errstate(all="ignore"):
                expected = Printed(function(other.array), other.half * slope(other.array), other.eps)
            if np.isfinite(expected.array).all() and fits(one, expected):
                return Relation("function", f"{name} of the other's", mistake, None, bool(swapped))
    return None


def pattern(a: Printed, b: Printed) -> str:
    """The signature of a difference that no relation explains: how many entries, where, how large."""
    beyond = apart(a, b) > 0
    count = int(np.count_nonzero(beyond))
    place = scalings.where(beyond)
    if beyond.ndim == 2 and beyond.shape[0] == beyond.shape[1] and not np.any(np.diagonal(beyond)):
        place += ", none on the diagonal"
    both = telling(a) & telling(b)
    ratios = a.array[both] / b.array[both]
    spread = f"; the ratios go from {number(ratios.min())} to {number(ratios.max())}" if ratios.size > 1 else ""
    return f"{count:,} of {beyond.size:,} entries differ{place}{spread}"

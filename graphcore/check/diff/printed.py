"""Numbers with the interval that each printed digit leaves open, and arithmetic on such intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphcore.check.hand_in import Array, Reading
from graphcore.compare.states import ALLOWED

# one product of two numbers is off by an ulp or two; sums are allowed ALLOWED of them
PRODUCT = 8
SMALLEST = 1e-300
SAMPLE = 512
Mask = npt.NDArray[np.bool_]
Order = npt.NDArray[np.intp]


class Printed(NamedTuple):
    """Numbers, how far each may be from the number that was computed, and the rounding of that computation."""

    array: Array
    half: Array
    eps: float

    def moved(self, move: Callable[[Array], Array]) -> Printed:
        """The same numbers elsewhere: transposed, reshaped, summed (halves then add up as the numbers do)."""
        return Printed(move(self.array), move(self.half), self.eps)

    def times(self, factor: float) -> Printed:
        """Every number times ``factor``."""
        return Printed(self.array * factor, self.half * abs(factor), self.eps)

    @property
    def largest(self) -> float:
        """The largest finite size of a number, 0 where there is none."""
        most = float(np.max(np.abs(self.array), initial=0.0))
        return most if np.isfinite(most) else float(np.max(np.abs(self.array[np.isfinite(self.array)]), initial=0.0))

    @property
    def zeros(self) -> int:
        """How many entries print as zero."""
        return int(np.count_nonzero(self.array == 0))


def printed(reading: Reading) -> Printed:
    """A reading with axes of length one left out.

    >>> printed(Reading("db", np.ones((1, 10)), np.zeros((1, 10)))).array.shape
    (10,)
    """
    return Printed(np.squeeze(reading.array), np.squeeze(np.broadcast_to(reading.half, reading.array.shape)), reading.eps)


def widened(numbers: Printed) -> Printed:
    """Half of what rounding allows in a comparison of tensors added to every interval, so that two sides make the whole."""
    return numbers._replace(half=numbers.half * (1 + 1e-9) + ALLOWED / 2 * numbers.eps * numbers.largest)


def apart(a: Printed, b: Printed) -> Array:
    """By how much two arrays of one shape differ beyond what printing and rounding explain, entry by entry (0: not at all).

    An entry that one file leaves out is not compared; the same infinity is equal, another one infinitely far.
    """
    return _beyond(a, b, _rounding(a, b))


def _rounding(a: Printed, b: Printed) -> float:
    return ALLOWED * max(a.eps, b.eps) * (b.largest or a.largest)


def _beyond(a: Printed, b: Printed, rounding: float) -> Array:
    with np.errstate(invalid="ignore"):
        gap = np.abs(a.array - b.array)
        beyond = np.maximum(gap - ((a.half + b.half) * (1 + 1e-9) + rounding), 0.0)
    if np.isfinite(beyond).all():
        return beyond
    endless = np.isinf(a.array) | np.isinf(b.array)
    beyond = np.where(endless, np.where(a.array == b.array, 0.0, np.inf), beyond)
    return np.where(np.isnan(a.array) | np.isnan(b.array), 0.0, beyond)


def fits(a: Printed, b: Printed) -> bool:
    """Whether two arrays of one shape may be the same numbers."""
    if a.array.shape != b.array.shape:
        return False
    rounding = _rounding(a, b)
    some = sample(a, b)
    return not np.any(_beyond(*some, rounding)) and (some[0] is a or not np.any(_beyond(a, b, rounding)))


def sample(a: Printed, b: Printed) -> tuple[Printed, Printed]:
    """Some entries of two large arrays of one shape, so that what does not hold is soon found out; small ones whole."""
    if a.array.size <= 8 * SAMPLE:
        return a, b
    generator = np.random.default_rng(20260513)
    spots = tuple(generator.integers(0, n, SAMPLE) for n in a.array.shape)
    return a.moved(lambda v: v[spots]), b.moved(lambda v: v[spots])


def telling(numbers: Printed) -> Mask:
    """Where a number is known to differ from zero."""
    with np.errstate(invalid="ignore"):
        known: Mask = np.isfinite(numbers.array) & (np.abs(numbers.array) > numbers.half)
    return known


def quotients(a: Printed, b: Printed) -> tuple[Array, Array]:
    """The lowest and the highest a / b that the printed digits allow, without end where b may be zero or is left out."""
    sign, size = np.sign(b.array), np.abs(b.array)
    with np.errstate(all="ignore"):
        low, high = a.array * sign - a.half, a.array * sign + a.half
        near, far = size - b.half, size + b.half
        lowest = low / np.where(low >= 0, far, near)
        highest = high / np.where(high >= 0, near, far)
        open_ended = ~((near > SMALLEST) & np.isfinite(lowest) & np.isfinite(highest))
    return np.where(open_ended, -np.inf, lowest), np.where(open_ended, np.inf, highest)


def decimals(*sides: Printed) -> str:
    """How precisely the coarser side is printed, in words.

    >>> decimals(Printed(np.array([0.25]), np.array([5e-5]), 0.0)), decimals(Printed(np.array([2.5e-7]), np.array([5e-9]), 0.0))
    ('the 4 decimals printed', 'the 2 digits printed')
    >>> decimals(Printed(np.array([0.25]), np.array([0.0]), 0.0))
    'rounding'
    """
    coarse = max(sides, key=lambda side: float(np.max(side.half, initial=0.0)) / (side.largest or 1.0))
    known = np.isfinite(coarse.array) & (coarse.half > 0)
    if not np.any(known):
        return "rounding"
    halves = coarse.half[known]
    places = -math.log10(2 * float(halves.max()))
    if halves.max() < 1.5 * halves.min() and -0.5 < places < 12 and (coarse.largest >= 1e-3 or places < 5.5):
        return "the whole numbers printed" if round(places) == 0 else f"the {_counted(round(places), 'decimal')} printed"
    sizes = np.abs(coarse.array[known])
    if not np.any(sizes):
        return "the digits printed"
    k = int(np.argmax(sizes))
    digits = 1 + math.floor(math.log10(sizes[k])) - round(math.log10(2 * halves[k]))
    return f"the {_counted(max(digits, 1), 'digit')} printed"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else noun + 's'}"

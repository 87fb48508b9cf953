"""How far printed numbers can be trusted: half a unit of the last digit, as the writer printed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CHUNK = 200_000
_FEW = 64  # as many words are looked at one by one: arrays of NumPy cost more
LONGEST = 120  # characters of one number
# a Python float printed by repr round-trips; 15 digits and more are its mark
_ROUND_TRIP = 15
_EXACT = 16
_NUMPY_DEFAULT = 8


class Digits(NamedTuple):
    """Of every number of an array: digits after the point, exponent, significant digits, and how it is written."""

    decimals: Ints
    exponent: Ints
    significant: Ints
    scientific: bool
    point: bool  # whether any number has a decimal point or an exponent
    numbers: Floats


def digits(words: Sequence[str], numbers: Floats) -> Digits:
    """The digits of numbers as they were written.

    >>> found = digits(["1.50", "-2.", "3e-5"], np.array([1.5, -2.0, 3e-5]))
    >>> found.decimals.tolist(), found.exponent.tolist(), found.significant.tolist(), found.scientific
    ([2, 0, 0], [0, 0, -5], [3, 1, 1], True)
    """
    if len(words) <= _FEW:
        return _few(words, numbers)
    parts = [_chunk(words[at : at + _CHUNK]) for at in range(0, len(words), _CHUNK)] or [_chunk(())]
    decimals, exponent, significant = (np.concatenate([part[k] for part in parts]) for k in range(3))
    return Digits(
        decimals, exponent, significant, any(part[3] for part in parts), any(part[4] for part in parts), numbers.reshape(-1)
    )


def _few(words: Sequence[str], numbers: Floats) -> Digits:
    decimals, exponent, significant = [], [], []
    scientific = point = False
    for word in words:
        mantissa, mark, power = word.lower().partition("e")
        whole, dot, fraction = mantissa.partition(".")
        bare = (whole + fraction).lstrip("+-")
        decimals.append(len(fraction))
        exponent.append(_power(power) if mark else 0)
        significant.append(len(bare.lstrip("0")) or len(bare))
        scientific = scientific or bool(mark)
        point = point or bool(dot)
    made = [np.array(part, dtype=np.int64) for part in (decimals, exponent, significant)]
    return Digits(made[0], made[1], made[2], scientific, point or scientific, numbers.reshape(-1))


def _power(text: str) -> int:
    # far outside of what a float64 can be, and small enough to count with
    return min(max(int(text), -999), 999) if text.lstrip("+-").isdigit() else 0


def _chunk(words: Sequence[str]) -> tuple[Ints, Ints, Ints, bool, bool]:
    if not words:
        none = np.zeros(0, np.int64)
        return none, none, none, False, False
    marks = np.array(words, dtype=bytes)
    width = marks.dtype.itemsize
    table = marks.view(np.uint8).reshape(len(words), width)
    places = np.arange(width)
    letters = (table | 32) == ord("e")
    # nan and inf have letters before any digit; what is asked of them is not used
    end = np.where(letters.any(1), letters.argmax(1), (table > 0).sum(1))
    points = table == ord(".")
    pointed = points.any(1)
    decimals = np.where(pointed, end - points.argmax(1) - 1, 0)
    digit = (table >= ord("0")) & (table <= ord("9")) & (places < end[:, None])
    nonzero = digit & (table != ord("0"))
    first = np.where(nonzero.any(1), nonzero.argmax(1), width)
    significant = (digit & (places >= first[:, None])).sum(1)
    zero = first == width
    significant = np.where(zero, digit.sum(1), significant)
    exponent = np.zeros(len(words), np.int64)
    for k in np.flatnonzero(letters.any(1)).tolist():
        exponent[k] = _power(words[k].lower().partition("e")[2])
    scientific = bool(letters.any()) and bool(np.any(letters.any(1) & digit.any(1)))
    return decimals.astype(np.int64), exponent, significant.astype(np.int64), scientific, bool(pointed.any()) or scientific


def halves(printed: Sequence[tuple[str, Digits]]) -> list[Floats]:
    """Half a unit of the last digit for each number of each array; ``printed`` are forms and digits, one program's output.

    Arrays of one file were printed with the same settings, so that what one of them cannot tell (NumPy drops the zeros at
    the end) is taken from the others.
    """
    longest = {form: _longest([d for other, d in printed if other == form and not d.scientific]) for form in _FORMS}
    repr_like = {form: any(_round_trip(d) for other, d in printed if other == form) for form in _FORMS}
    with np.errstate(over="ignore", under="ignore"):
        return [_half(form, found, longest.get(form, 0), repr_like.get(form, False)) for form, found in printed]


_FORMS = ("torch", "numpy", "list", "number", "json")


def _longest(arrays: Sequence[Digits]) -> int:
    return max((int(d.decimals.max()) for d in arrays if d.decimals.size), default=0)


def _round_trip(found: Digits) -> bool:
    return bool(np.any(found.significant[found.numbers != 0] >= _ROUND_TRIP))


def _half(form: str, found: Digits, longest: int, repr_like: bool) -> Floats:
    if not found.decimals.size or bool(np.all(found.significant >= _EXACT)):
        return np.zeros(found.decimals.shape)
    if form in ("list", "number", "json"):
        half = _written(found, longest, repr_like or form == "json", form == "json")
    elif not found.point or (form == "torch" and not found.decimals.any() and not found.scientific):
        # whole numbers: torch prints "1." only where all of them are whole
        half = np.zeros(found.decimals.shape)
    elif found.scientific:
        half = _mantissas(found, form)
    else:
        half = np.full(found.decimals.shape, 0.5 * 10.0 ** -_padded(form, found, longest))
    return np.where(np.isfinite(found.numbers), half, 0.0)


def _padded(form: str, found: Digits, longest: int) -> int:
    """How many decimals an array was rounded to whose zeros at the end may have been dropped."""
    own = int(found.decimals.max())
    if form == "torch" or own >= longest:
        return own or _NUMPY_DEFAULT
    shown = int(np.count_nonzero(found.numbers))
    # that all numbers end in so many zeros by chance: one in 10 for each of them
    return longest if (longest - own) * shown <= 3 else own or _NUMPY_DEFAULT


def _mantissas(found: Digits, form: str) -> Floats:
    """Scientific notation: each number has its own last digit, unless all were rounded before they were printed."""
    places = found.exponent - int(found.decimals.max())
    shown = (found.numbers != 0) & np.isfinite(found.numbers)
    if not shown.any():
        return np.zeros(places.shape)
    finest = int(places[shown].min())
    step, zeros = _rounded(found.numbers[shown], places[shown])
    # NumPy shows every digit of numbers rounded before, "1.e-05" among them; by chance a digit is a zero one time in ten
    if zeros >= 3 or (form == "numpy" and not found.decimals.any()):
        places = np.full(places.shape, step) if form == "numpy" else np.maximum(np.where(shown, places, step), step)
    elif zeros and form == "numpy":
        places = np.maximum(np.where(shown, places, step), step)
    else:
        places = np.where(shown, places, finest)
    return 0.5 * np.power(10.0, places.astype(np.float64))


def _rounded(numbers: Floats, places: Ints) -> tuple[int, int]:
    """The coarsest power of ten of which all numbers are multiples, and how many printed zeros say so."""
    step = int(places.min())
    while step < int(places.min()) + 20:
        with np.errstate(all="ignore"):
            whole = np.abs(numbers / np.power(10.0, float(step + 1)))
            if not bool(np.all(np.abs(whole - np.round(whole)) <= 1e-9 * np.maximum(whole, 1.0))):
                break
        step += 1
    return step, int(np.maximum(step - places, 0).sum())


def _written(found: Digits, longest: int, repr_like: bool, json: bool) -> Floats:
    """Numbers of Python lists and numbers alone: printed by repr, by a format, or typed."""
    if _round_trip(found):
        return np.zeros(found.decimals.shape)
    if found.decimals.size == 1:
        return np.array([_alone(found, longest, repr_like, json)])
    whole = found.numbers == np.round(found.numbers)
    bare = (found.decimals == 0) & (found.exponent == 0)
    fractions = found.decimals[~whole]
    own = int(found.decimals.max())
    # all to one number of decimals, but for a dropped zero now and then: a format; else each as it stands
    format_like = fractions.size >= 4 and np.count_nonzero(fractions == own) >= 0.6 * fractions.size
    decimals = np.where(found.exponent == 0, own, found.decimals) if format_like else found.decimals
    half = 0.5 * np.power(10.0, (found.exponent - decimals).astype(np.float64))
    finest = 0.0 if repr_like else 0.5 * 10.0 ** -max(own, longest)
    if json:
        half = np.where(bare, 0.0, half)  # JSON writes 13.0 as 13
    half = np.where(whole & ~bare & (found.exponent == 0), np.minimum(half, finest), half)
    return np.where(found.numbers == 0, np.where(bare | (found.exponent != 0), 0.0, np.minimum(half, finest)), half)


def _alone(found: Digits, longest: int, repr_like: bool, json: bool) -> float:
    """The same for one number; most files of single numbers have many."""
    number, decimals, exponent = float(found.numbers[0]), int(found.decimals[0]), int(found.exponent[0])
    bare = decimals == 0 and exponent == 0
    if not np.isfinite(number) or (number == 0 and (bare or exponent)) or (json and bare):
        return 0.0
    half = 0.5 * 10.0 ** max(exponent - decimals, -400)
    if not bare and not exponent and number == round(number, 0):
        return 0.0 if repr_like else min(half, 0.5 * 10.0 ** -max(decimals, longest))
    return half

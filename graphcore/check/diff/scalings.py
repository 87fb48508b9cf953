"""Relations entry by entry: a constant factor, signs, entries that are zero on one side, one factor a row or a column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graphcore.check.diff.printed import Mask, Printed, fits, quotients, sample, telling, widened
from graphcore.check.diff.result import Relation
from graphcore.compare.numbers import number

# a factor known to no more than this share of itself is not one that can be named
VAGUE = 0.05
SHOWN = 6
WHOLE = (*map(float, range(2, 11)), 12.0, 16.0, 20.0, 32.0, 50.0, 64.0, 100.0, 128.0, 256.0, 1000.0)
_MISTAKES = {
    -1.0: ("wrong-sign", "the other with its sign turned"),
    2.0: ("extra-factor-two", "twice as large"),
    0.5: ("missing-factor-two", "half as large"),
    180 / math.pi: ("degrees", "180/π times as large: degrees"),
    math.pi / 180: ("degrees", "π/180 times as large: degrees"),
}


class Factor(NamedTuple):
    """A constant factor between its lowest and its highest possible value."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The factor in the middle."""
        return (self.low + self.high) / 2

    @property
    def vague(self) -> bool:
        """Whether the printed digits leave too much open to name it."""
        return not self.high - self.low <= VAGUE * abs(self.middle)

    def holds(self, value: float) -> bool:
        """Whether the factor may be ``value``."""
        slack = 1e-12 * abs(value)
        return not self.vague and self.low - slack <= value <= self.high + slack


def factor(a: Printed, b: Printed) -> Factor | None:
    """The constant c with a = c b to the printed digits, or None. Arrays of one shape."""
    a, b = widened(a), widened(b)
    some = sample(a, b)
    found = _within(*some)
    if found is not None and some[0] is not a:
        found = _within(a, b)
    return found if found is not None and found.middle and _scales(a, b, found.middle) else None


def _within(a: Printed, b: Printed) -> Factor | None:
    """What all quotients have in common."""
    lowest, highest = quotients(a, b)
    low, high = float(np.max(lowest, initial=-np.inf)), float(np.min(highest, initial=np.inf))
    return Factor(low, high) if np.isfinite(low) and np.isfinite(high) and low <= high else None


def _scales(a: Printed, b: Printed, c: float) -> bool:
    """Whether a = c b also where b may be zero."""
    with np.errstate(invalid="ignore"):
        beyond = np.abs(a.array - c * b.array) > (a.half + abs(c) * b.half) * (1 + 1e-9)
    return not np.any(beyond)


def times(value: float) -> str:
    """A factor as a sentence says it.

    >>> times(10.0), times(0.1), times(-3.0), times(2.34567)
    ('10 times as large', '1/10 of the size', '-3 times as large', '2.346 times as large')
    """
    inverse = 1 / value
    if abs(value) < 1 and abs(inverse - round(inverse)) < 1e-9 * abs(inverse) and abs(inverse) < 1e6:
        return f"{'-' if value < 0 else ''}1/{abs(round(inverse))} of the size"
    return f"{number(value)} times as large"


def sizes(*shapes: Sequence[int]) -> dict[float, str]:
    """The whole numbers that a factor may come from, with what they count."""
    named: dict[float, str] = {}
    for shape in shapes:
        words = ("rows", "columns") if len(shape) == 2 else ("entries",)
        for n, word in zip(shape, words, strict=False):
            if n > 1:
                named.setdefault(float(n), f"the number of {word}")
        if math.prod(shape) > 1:
            named.setdefault(float(math.prod(shape)), "the number of entries")
    return named


def scaled(a: Printed, b: Printed, counts: dict[float, str]) -> Relation | None:
    """a is b times a constant."""
    found = factor(a, b)
    if found is None or (np.count_nonzero(telling(a) & telling(b)) < min(2, a.array.size)):
        return None
    for value, (mistake, words) in _MISTAKES.items():
        if found.holds(value):
            return Relation("factor", words, mistake, value)
    for n, words in counts.items():
        for value, mistake in ((n, "sum-for-mean"), (1 / n, "averaged-over-batch")):
            if found.holds(value):
                return Relation("factor", f"{times(value)} ({number(n)} is {words})", mistake, value)
    for value in (c for n in WHOLE for c in (n, 1 / n, -n, -1 / n)):
        if found.holds(value):
            return Relation("factor", times(value), "constant-factor", value)
    if found.vague or a.array.size == 1:
        return None
    return Relation("factor", f"{times(found.middle)} everywhere", "constant-factor", found.middle)


def signs(a: Printed, b: Printed) -> Relation | None:
    """a is b up to the signs of some entries."""
    if not fits(a._replace(array=np.abs(a.array)), b._replace(array=np.abs(b.array))):
        return None
    turned = (np.sign(a.array) * np.sign(b.array) < 0) & telling(a) & telling(b)
    total = int(np.count_nonzero(turned))
    if not total:
        return None
    return Relation(
        "sign", f"equal in size, but {total} of {turned.size} entries have the other sign{where(turned)}", "wrong-sign"
    )


def masked(a: Printed, b: Printed, names: tuple[str, str]) -> Relation | None:
    """a is b where neither is zero; the others are zero on one side alone."""
    known_a, known_b = telling(widened(a)), telling(widened(b))
    both = known_a & known_b
    gone, extra = known_b & ~known_a & (a.array == 0), known_a & ~known_b & (b.array == 0)
    only = int(np.count_nonzero(gone)), int(np.count_nonzero(extra))
    shared = int(np.count_nonzero(both))
    if shared < 2 or not any(only):
        return None
    picked_a, picked_b = a.moved(lambda v: v[both | (~gone & ~extra)]), b.moved(lambda v: v[both | (~gone & ~extra)])
    found = None if fits(picked_a, picked_b) else factor(picked_a, picked_b)
    if found is None and not fits(picked_a, picked_b):
        return None
    if found is not None and found.vague:
        return None
    said = "equal" if found is None else times(found.middle)
    parts = [
        f"{n} of {both.size} entries are 0 in {names[k]} alone{where(m)}"
        for k, (n, m) in enumerate(zip(only, (gone, extra)))
        if n
    ]
    mistake = "mask-from-upstream" if all(only) else "extra-activation-derivative" if only[0] else "skipped-op"
    return Relation("mask", f"{said} except that {' and '.join(parts)}", mistake, None if found is None else found.middle)


def where(mask: Mask) -> str:
    """The few rows or columns that hold every marked entry, or nothing where there are no such few."""
    if mask.ndim != 2:
        return ""
    for axis, word in ((1, "row"), (0, "column")):
        lines = np.flatnonzero(np.any(mask, axis=axis))
        if 0 < 2 * len(lines) <= mask.shape[1 - axis]:
            shown = ", ".join(str(k + 1) for k in lines[:SHOWN])
            return f" (all in {word}{'s' if len(lines) > 1 else ''} {shown}{' ...' if len(lines) > SHOWN else ''})"
    return ""


def by_line(a: Printed, b: Printed) -> Relation | None:
    """Each row (or each column) of a is that of b times a factor of its own."""
    if a.array.ndim != 2 or min(a.array.shape) < 2:
        return None
    wide_a, wide_b = widened(a), widened(b)
    if all(_within(wide_a.moved(line), wide_b.moved(line)) is None for line in (lambda v: v[0], lambda v: v[:, 0])):
        return None
    lowest, highest = quotients(wide_a, wide_b)
    for axis, kind, word in ((1, "rows", "row"), (0, "columns", "column")):
        low, high = np.max(lowest, axis=axis), np.min(highest, axis=axis)
        known = np.isfinite(low) & np.isfinite(high)
        if np.any(low > high) or np.count_nonzero(known) < 2:
            continue
        factors = (np.where(known, low, 0.0) + np.where(known, high, 0.0)) / 2
        if kind == "rows":
            expected = wide_b.array * factors[:, None], wide_b.half * np.abs(factors)[:, None]
        else:
            expected = wide_b.array * factors, wide_b.half * np.abs(factors)
        if np.any(np.abs(wide_a.array - expected[0]) > (wide_a.half + expected[1]) * (1 + 1e-9)):
            continue
        ends = f"{number(factors[known].min())} to {number(factors[known].max())}"
        return Relation(kind, f"the other's with a factor of its own for every {word}, {ends}")
    return None

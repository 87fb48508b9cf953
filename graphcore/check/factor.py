"""A plain factor between two arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.compare.states import ALLOWED

if TYPE_CHECKING:
    from graphcore.check.given import Given

# factors that a single number is enough to recognise, besides whole numbers and their inverses
NAMED = {math.pi: "π", 180 / math.pi: "180/π", math.pi / 180: "π/180", 1 / math.pi: "1/π", 2 * math.pi: "2π"}
WHOLE = 12


def factor_between(ours: Any, given: Given) -> float | None:
    """The number by which every entry of ours must be multiplied to give the handed-in array; None where there is none.

    A single number is always some multiple of another one, so for it only whole numbers up to 12, their inverses and multiples of
    π count.
    """
    if ours is None:
        return None
    a = np.asarray(ours, dtype=np.float64)
    b = given.array
    if a.shape != b.shape or not a.size or not np.isfinite(a).all() or not np.isfinite(b).all():
        return None
    largest = np.unravel_index(np.argmax(np.abs(a)), a.shape)
    if a[largest] == 0 or b[largest] == 0:
        return None
    factor = float(b[largest] / a[largest])
    recognised = _recognised(factor, float(given.half[largest] / abs(a[largest])) + ALLOWED * given.eps * abs(factor))
    counted = int(np.count_nonzero(np.abs(a) > 4 * given.half / abs(factor)))
    if counted < 3 and recognised is None:
        return None
    factor = factor if recognised is None else recognised
    slack = given.half + abs(factor) * 0.0 + np.abs(a) * float(given.half[largest] / abs(a[largest]))
    if (np.abs(a * factor - b) > slack + ALLOWED * given.eps * abs(factor) * np.abs(a).max()).any():
        return None
    return None if abs(factor - 1) < 1e-6 else factor


def _recognised(factor: float, unsure: float) -> float | None:
    whole = [float(k) for k in range(1, WHOLE + 1)]
    for known in (*whole, *(1 / k for k in whole[1:]), *NAMED):
        for signed in (known, -known):
            if abs(factor - signed) <= unsure and unsure < 0.02 * abs(signed):
                return signed
    return None


def said(factor: float) -> str:
    """A factor as people write it.

    >>> said(0.25), said(-2.0), said(180 / math.pi), said(1.7234567)
    ('1/4', '-2', '180/π', '1.723')
    """
    size = abs(factor)
    sign = "-" if factor < 0 else ""
    for known, name in NAMED.items():
        if math.isclose(size, known, rel_tol=1e-9):
            return sign + name
    if math.isclose(size, round(size), rel_tol=1e-9):
        return f"{sign}{round(size)}"
    if size < 1 and math.isclose(1 / size, round(1 / size), rel_tol=1e-9):
        return f"{sign}1/{round(1 / size)}"
    return f"{factor:.4g}"

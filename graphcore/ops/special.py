"""The error function over arrays, which NumPy does not have.

From the nearest place of a fine table a Taylor polynomial leads to the argument: the derivatives of erf are polynomials times
exp(-x²), so the table holds that beside erf. Within two units of the last place of ``math.erf``; a block at a time, so that what
is worked on stays in the cache.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from graphcore.ops.backward import Array

_BLOCK = 8192
_STEPS = 1024  # places of the table between two whole numbers
_END = 6  # from here on nothing is left beside the 1
# beside a number of this size a double has no room for more than whole steps: adding it rounds to the nearest place, and the
# last bits of the sum count the steps
_LARGE = np.array(1.5 * 2.0**52 / _STEPS)
_START = int(_LARGE.view(np.int64)) - _END * _STEPS


@lru_cache(maxsize=1)
def _table() -> tuple[Array, Array]:
    """erf(r) and 2/sqrt(pi) exp(-r²) at r = -end, ..., -1/steps, 0, 1/steps, ..., end."""
    places = np.arange(-_END * _STEPS, _END * _STEPS + 1) / _STEPS
    values = np.array([math.erf(r) for r in places.tolist()])
    values[_END * _STEPS] = -0.0  # added to -0 it leaves -0
    return values, 2 / math.sqrt(math.pi) * np.exp(-places * places)


def _block(x: Array) -> Array:
    """erf of the entries of a vector without nan.

    With r the nearest place, h = x - r, u = r h and v = h² it is
    erf(r) + 2/sqrt(pi) exp(-r²) h (1 - u + 2/3 u² - 1/3 u³ - 1/3 v + 1/2 u v + 1/10 v²), for h is at most 1/2048.
    """
    values, slopes = _table()
    h = np.minimum(x, _END)
    np.maximum(h, -_END, out=h)
    r = h + _LARGE
    place = r.view(np.int64) - _START
    r -= _LARGE
    h -= r
    u = np.multiply(r, h, out=r)
    v = h * h
    series: Any = u * (-1 / 3)
    series += 2 / 3
    series *= u
    series -= 1
    series *= u
    u *= 1 / 2
    u -= 1 / 3
    u += v * (1 / 10)
    u *= v
    series += u
    series += 1
    series *= h
    series *= slopes.take(place)
    series += values.take(place)
    return np.asarray(series)


def erf(x: Any) -> Any:
    """The error function of every entry, for floats and arrays.

    >>> erf(np.array([0.0, 0.5, -1.0, 2.0, np.inf])).tolist()
    [0.0, 0.5204998778130465, -0.8427007929497149, 0.9953222650189527, 1.0]
    """
    array = np.asarray(x, dtype=np.float64)
    flat = array.reshape(-1)
    lost = np.isnan(flat)
    if lost.any():
        found = np.full(flat.shape, np.nan)
        found[~lost] = erf(flat[~lost])
    elif flat.size <= _BLOCK:
        found = _block(flat)
    else:
        found = np.empty(flat.shape)
        for start in range(0, flat.size, _BLOCK):
            found[start : start + _BLOCK] = _block(flat[start : start + _BLOCK])
    return found.reshape(array.shape) if array.ndim else float(found[0])

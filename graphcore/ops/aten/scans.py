"""Running sums, products and extremes along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops import backward
from graphcore.ops.aten.indexing import returned
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula


def from_end(g: Any, dim: int) -> Any:
    """Running sums from the last entry to the first: the transpose of a running sum."""
    return np.flip(np.add.accumulate(np.flip(g, dim), dim), dim)


def _typed(self: Array, dtype: str | None) -> Any:
    """As the numbers that the result is made of: whole ones where nothing floating was asked for."""
    kind = np.float64 if (dtype and "float" in dtype) or self.dtype == np.float64 else np.int64
    return self.astype(kind, copy=False)


def _cumsum(self: Array, dim: int, dtype: Any) -> Any:
    return np.add.accumulate(_typed(self, dtype), dim) if self.ndim else _typed(self, dtype).copy()


def _cumsum_back(g: Any, y: Any, self: Array, dim: int, dtype: Any) -> Any:
    return from_end(g, dim) if self.ndim else g


def _cumprod(self: Array, dim: int, dtype: Any) -> Any:
    return np.multiply.accumulate(_typed(self, dtype), dim) if self.ndim else _typed(self, dtype).copy()


def _cumprod_back(g: Any, y: Any, self: Array, dim: int, dtype: Any) -> Any:
    if not self.ndim:
        return g
    if not self.size:
        return np.zeros(self.shape)
    return backward.cumprod_rule(g, y, self, dim)


def _running(largest: bool) -> Any:
    def run(self: Array, dim: int) -> Any:
        if not self.ndim or not self.size:
            return self.copy(), np.zeros(self.shape, np.int64)
        rows = np.moveaxis(self, dim, 0)
        y = (np.maximum if largest else np.minimum).accumulate(rows, 0)
        # a later equal entry takes over, and of several nan the last
        with np.errstate(invalid="ignore"):
            new = (rows == y) | np.isnan(rows)
        numbers = np.arange(len(rows)).reshape(-1, *(1,) * (self.ndim - 1))
        places = np.maximum.accumulate(np.where(new, numbers, 0), 0)
        return np.moveaxis(y, 0, dim), np.moveaxis(places, 0, dim)

    return run


def _running_back(g: Any, y: Any, self: Array, dim: int) -> Any:
    if not self.ndim:
        return g[0]
    places = np.moveaxis(y[1], dim, -1)
    up = np.moveaxis(g[0], dim, -1)
    length = self.shape[dim]
    flat = places.reshape(-1, length) + np.arange(self.size // length if length else 0)[:, None] * length
    return np.moveaxis(returned(up, flat, places.shape), -1, dim)


def _logcumsumexp(self: Array, dim: int) -> Any:
    return np.logaddexp.accumulate(self, dim) if self.ndim else self + 0.0


def _logcumsumexp_back(g: Any, y: Any, self: Array, dim: int) -> Any:
    """exp(self) times the sums from the end of g * exp(-y), by signs and logarithms so that nothing overflows."""
    if not self.ndim or not self.size:
        return g
    with np.errstate(divide="ignore"):
        plus, minus = (np.log(np.maximum(part, 0.0)) - y for part in (g, -g))
    found = [np.flip(np.logaddexp.accumulate(np.flip(part, dim), dim), dim) for part in (plus, minus)]
    return np.exp(found[0] + self) - np.exp(found[1] + self)


def _extreme(name: str, largest: bool) -> Row:
    return aten(
        f"{name}(self, dim=0)",
        Formula(f"{'maximum' if largest else 'minimum'}_so_far(self, dim)", _running(largest)),
        spoken=f"running {'maximum' if largest else 'minimum'}",
        says="g goes to the entry that holds the record; of equal ones to the last",
        self=Formula("scatter(g, place(y), dim)", _running_back),
    )


ROWS: list[Row | Same] = [
    aten(
        "cumsum(self, dim=0, dtype=None)",
        Formula("cumsum(self, dim)", _cumsum),
        spoken="running sum",
        says="an entry is in every later sum",
        self=Formula("cumsum_from_end(g, dim)", _cumsum_back),
    ),
    aten(
        "cumprod(self, dim=0, dtype=None)",
        Formula("cumprod(self, dim)", _cumprod),
        spoken="running product",
        self=Formula("cumsum_from_end(g * y, dim) / self", _cumprod_back),
    ),
    _extreme("cummax", True),
    _extreme("cummin", False),
    aten(
        "logcumsumexp(self, dim=0)",
        Formula("log(cumsum(exp(self), dim))", _logcumsumexp),
        spoken="running log of sums of exponentials",
        self=Formula("exp(self) * cumsum_from_end(g * exp(-y), dim)", _logcumsumexp_back),
    ),
]

"""Vectors brought to a length: weight normalization, and renorm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula


def _others(v: Array, dim: int) -> tuple[int, ...]:
    return tuple(k for k in range(v.ndim) if k != dim % v.ndim)


def _length(v: Any, dim: int) -> Any:
    return np.sqrt(np.add.reduce(v * v, _others(v, dim), keepdims=True))


def _weight_norm(v: Array, g: Array, dim: int) -> Any:
    length = _length(v, dim)
    return v * (g / length), length


def _weight_norm_v(upstream: Any, y: Any, /, v: Array, g: Array, dim: int) -> Any:
    u, length = upstream[0], y[1]
    along = np.add.reduce(u * v, _others(v, dim), keepdims=True)
    return g / length * (u - v * (along / (length * length)))


def _weight_norm_g(upstream: Any, y: Any, /, v: Array, g: Array, dim: int) -> Any:
    return np.add.reduce(upstream[0] * v, _others(v, dim), keepdims=True) / y[1]


def _sizes(self: Array, p: float, dim: int) -> Any:
    entries = np.abs(self)
    if p == math.inf:
        return np.max(entries, _others(self, dim), keepdims=True)
    return np.add.reduce(entries**p, _others(self, dim), keepdims=True) ** (1 / p)


def _renorm(self: Array, p: float, dim: int, maxnorm: float) -> Any:
    sizes = _sizes(self, p, dim)
    return self * np.where(sizes > maxnorm, maxnorm / (sizes + 1e-7), 1.0)


def _renorm_back(g: Any, y: Any, self: Array, p: float, dim: int, maxnorm: float) -> Any:
    sizes = _sizes(self, p, dim)
    along = np.add.reduce(g * self, _others(self, dim), keepdims=True)
    slope = np.sign(self) * (np.abs(self) / sizes) ** (p - 1)
    inside = maxnorm / (sizes + 1e-7)
    return np.where(sizes > maxnorm, inside * (g - slope * along / (sizes + 1e-7)), g)


ROWS: list[Row | Same] = [
    aten(
        "_weight_norm_interface(v, g, dim=0)",
        Formula("v * (g / length)", _weight_norm),
        spoken="weight normalization",
        v=Formula("g / length * (u - v * (sum(u * v) / length**2))", _weight_norm_v),
        g=Formula("sum(u * v) / length", _weight_norm_g),
    ),
    aten(
        "renorm(self, p=2, dim=0, maxnorm=1)",
        Formula("where(size > maxnorm, self * maxnorm / size, self)", _renorm),
        spoken="limit on lengths",
        when=lambda arguments: arguments["p"] >= 1 and arguments["p"] != math.inf,
        self=Formula("where(size > maxnorm, maxnorm / size * (g - slope * sum(g * self) / size), g)", _renorm_back),
    ),
]

"""Numbers as JSON: what the picture shows of a tensor, however large it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.dot import numbered
from graphcore.ops.namespaces import Array
from graphcore.tables import norm

ROWS, COLUMNS = 7, 14  # the sampled picture of a large array
OPENED = 10_000  # entries of an array opened in full

Json = Any


def number(value: float) -> float | str:
    """A finite number as itself, the others as text, for JSON has no word for them.

    >>> number(0.5), number(float("-inf"))
    (0.5, '-inf')
    """
    if math.isfinite(value):
        return value
    return "nan" if value != value else "inf" if value > 0 else "-inf"


def numbers(array: Array) -> list[float | str]:
    """The entries of an array, flat and row by row."""
    flat: list[float] = array.ravel().tolist()
    return [number(value) for value in flat] if not np.isfinite(array).all() else [*flat]


def nested(array: Array) -> list[list[float | str]]:
    """The entries of a two-dimensional array, row by row."""
    return [numbers(row) for row in array]


def flattened(array: Array) -> Array:
    """An array with one axis or more as rows and columns; a vector is one row."""
    columns = array.shape[-1]
    return array.reshape(array.size // columns if columns else 0, columns)


def picked(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` positions, evenly spread, the first and the last among them.

    >>> picked(21, 7)
    [0, 3, 7, 10, 13, 17, 20]
    """
    if count <= most:
        return list(range(count))
    return [round(k * (count - 1) / (most - 1)) for k in range(most)]


def tensor(array: Array | None) -> Json:
    """A tensor as the picture wants it: a number, a few entries, or a sampled picture with its norm.

    None where no gradient flows.
    """
    if array is None:
        return None
    if array.ndim == 0:
        return number(float(array))
    shape = list(array.shape)
    if numbered(array.shape):
        return {"shape": shape, "entries": numbers(array)}
    table = flattened(array)
    cells = table[np.ix_(picked(table.shape[0], ROWS), picked(table.shape[1], COLUMNS))]
    return {"shape": shape, "cells": nested(cells), "norm": number(norm(array))}


def opened(array: Array | None) -> Json:
    """A tensor in full, row by row; ``more`` counts the entries beyond the first 10,000."""
    if array is None:
        return None
    shape = list(array.shape)
    if array.ndim == 0:
        return {"shape": shape, "rows": [[number(float(array))]], "more": 0}
    if array.size == 0:
        return {"shape": shape, "rows": [], "more": 0}
    table = flattened(array)
    columns = min(table.shape[1], OPENED)
    rows = min(table.shape[0], max(1, OPENED // columns))
    return {"shape": shape, "rows": nested(table[:rows, :columns]), "more": int(array.size - rows * columns)}

"""Ops that pick entries along an axis and say which: sorting and its kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import float_self
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.functions import extreme, ties
from graphcore.ops.row import Formula


def order(self: Any, dim: int, descending: bool) -> Any:
    """The places in sorted order, equal entries as they stand, nan as the largest."""
    if not descending:
        return np.argsort(self, axis=dim, kind="stable")
    return np.shape(self)[dim] - 1 - np.flip(np.argsort(np.flip(self, dim), axis=dim, kind="stable"), dim)


def _first(sign: int) -> Callable[..., Any]:
    def places(self: Any, dim: int) -> Any:
        return (np.argmax if sign > 0 else np.argmin)(self, axis=dim, keepdims=True)

    return places


def _ranked(rank: Callable[..., Any]) -> Callable[..., Any]:
    """The place of the entry with a rank of its own along every line."""

    def places(self: Any, dim: int, **settings: Any) -> Any:
        return np.take_along_axis(order(self, dim, False), rank(self, dim, **settings), dim)

    return places


def _middle(self: Any, dim: int) -> Any:
    """The lower middle; the first nan where there is one, which is the first of the last ones."""
    missing = np.sum(np.isnan(self), axis=dim, keepdims=True)
    size = self.shape[dim]
    return np.where(missing > 0, size - missing, (size - 1) // 2)


def _middle_of_numbers(self: Any, dim: int) -> Any:
    numbers = np.sum(~np.isnan(self), axis=dim, keepdims=True)
    return np.where(numbers > 0, (numbers - 1) // 2, 0)


def _kth(self: Any, dim: int, k: int) -> Any:
    return np.full_like(np.sum(self, axis=dim, keepdims=True), k - 1, dtype=np.int64)


def _most_frequent(self: Any, dim: int) -> Any:
    """The last place of the smallest among the most frequent entries."""

    def last(line: Any) -> Any:
        values, counts = np.unique(line, return_counts=True)
        return np.flatnonzero(line == values[np.argmax(counts)])[-1:]

    return np.apply_along_axis(last, dim, self)


def _sorted(self: Any, dim: int, descending: bool = False, stable: bool | None = None) -> Any:
    return order(self, dim, descending)


def _top(self: Any, dim: int, k: int, largest: bool = True, sorted: bool = True) -> Any:
    return np.take(order(self, dim, largest), np.arange(k), axis=dim)


def picking(places: Callable[..., Any], reduces: bool = True) -> Any:
    """Values and places along ``dim``, which a reduction leaves out unless ``keepdim``."""

    def run(self: Any, dim: int = -1, keepdim: bool = False, **settings: Any) -> Any:
        line = np.asarray(self).reshape(1) if np.ndim(self) == 0 else np.asarray(self)
        found = places(line, dim, **settings)
        values = np.take_along_axis(line, found, dim)
        if np.ndim(self) == 0:
            return values.reshape(()), found.reshape(())
        return (values, found) if keepdim or not reduces else (np.squeeze(values, dim), np.squeeze(found, dim))

    return run


def put_back(reduces: bool = True) -> Any:
    """The gradient of the values at the places they came from, 0 elsewhere."""

    def rule(g: Any, y: Any, self: Any, dim: int = -1, keepdim: bool = False, **_: Any) -> Any:
        found = np.zeros(np.shape(self))
        if 0 not in g:
            return found
        if np.ndim(self) == 0:
            return np.asarray(g[0]).reshape(())
        gradient, places = g[0], y[1]
        if reduces and not keepdim:
            gradient, places = np.expand_dims(gradient, dim), np.expand_dims(places, dim)
        np.put_along_axis(found, places, gradient, dim)
        return found

    return rule


def pick(signature: str, places: Callable[..., Any], spoken: str, *, reduces: bool = True, when: Any = None) -> Row:
    """A row that returns values and their places."""
    return aten(
        signature,
        Formula(signature.split("(")[0] + "(self)", picking(places, reduces)),
        spoken=spoken,
        self=Formula("g at the places picked, 0 elsewhere".replace(" ", "_").replace(",", ""), put_back(reduces)),
        says="goes to the entry picked",
        when=when,
    )


def _median(self: Any) -> Any:
    flat = np.ravel(self)
    return flat[_ranked(_middle)(flat, 0)[0]] if flat.size else np.float64(np.nan)


def _nanmedian(self: Any) -> Any:
    flat = np.ravel(self)
    return flat[_ranked(_middle_of_numbers)(flat, 0)[0]] if flat.size else np.float64(np.nan)


def _shared(g: Any, y: Any, self: Any) -> Any:
    return np.where(extreme(self, y), g / ties(self, y), 0.0)


ROWS: list[Row | Same] = [
    pick("max.dim(self, dim, keepdim=False)", _first(1), "largest along an axis"),
    pick("min.dim(self, dim, keepdim=False)", _first(-1), "smallest along an axis"),
    pick("median.dim(self, dim, keepdim=False)", _ranked(_middle), "median along an axis"),
    pick(
        "nanmedian.dim(self, dim, keepdim=False)", _ranked(_middle_of_numbers), "median of numbers along an axis", when=float_self
    ),
    pick("kthvalue(self, k, dim=-1, keepdim=False)", _ranked(_kth), "entry of a rank"),
    pick("mode(self, dim=-1, keepdim=False)", _most_frequent, "most frequent entry"),
    pick("sort(self, stable=None, dim=-1, descending=False)", _sorted, "sorted", reduces=False),
    pick(
        "topk(self, k, dim=-1, largest=True, sorted=True)",
        _top,
        "largest entries",
        reduces=False,
        when=lambda given: bool(given.get("sorted", True)),
    ),
    aten(
        "median(self)",
        Formula("median(self)", _median),
        spoken="median",
        self=Formula("where(self == y, g / ties(self, y), 0)", _shared),
        when=lambda given: "dim" not in given,
    ),
    aten(
        "nanmedian(self)",
        Formula("nanmedian(self)", _nanmedian),
        spoken="median of numbers",
        self=Formula("where(self == y, g / ties(self, y), 0)", _shared),
        when=lambda given: float_self(given) and "dim" not in given,
    ),
]

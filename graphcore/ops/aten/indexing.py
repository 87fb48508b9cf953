"""Entries picked by number or by mask, and put back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.ops.aten.resampling import add_at
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array, Shape
from graphcore.ops.row import Formula

_Indices = tuple[Any, ...]


def subscript(indices: _Indices) -> tuple[Any, ...]:
    """torch's list of indices as NumPy's: None is a whole axis.

    >>> subscript((None, [0, 1]))
    (slice(None, None, None), [0, 1])
    """
    return tuple(slice(None) if k is None else k for k in indices)


def positions(shape: Shape, index: Any) -> Any:
    """The flat positions that a subscript picks."""
    return np.arange(math.prod(shape)).reshape(shape)[index]


def returned(g: Any, flat: Any, shape: Shape) -> Array:
    """Zeros of ``shape`` to which the entries of ``g`` are added at their flat positions."""
    total = np.bincount(np.ravel(flat), np.ravel(g), math.prod(shape))
    return total.astype(np.float64, copy=False).reshape(shape)  # of nothing at all NumPy makes whole numbers


def _lone_axis(indices: _Indices) -> int | None:
    """The axis, where whole numbers pick along one axis only."""
    given = [k for k, index in enumerate(indices) if index is not None]
    return given[0] if len(given) == 1 and indices[given[0]].dtype != bool else None


def _index(self: Any, indices: _Indices) -> Any:
    found = self[subscript(indices)]
    return found.copy() if np.may_share_memory(found, self) else found


def _index_back(g: Any, y: Any, self: Any, indices: _Indices) -> Any:
    axis = _lone_axis(indices)
    if axis is None:
        return returned(g, positions(self.shape, subscript(indices)), self.shape)
    size, numbers = self.shape[axis], indices[axis].ravel()
    merged = g.reshape(*self.shape[:axis], numbers.size, *self.shape[axis + 1 :])
    return add_at(merged, np.where(numbers < 0, numbers + size, numbers), size, axis)


def _put(self: Any, indices: _Indices, values: Any, accumulate: bool) -> Any:
    y = self.copy()
    if not accumulate:
        y[subscript(indices)] = values
    elif self.dtype != np.float64:
        np.add.at(y, subscript(indices), values)
    else:
        flat = positions(self.shape, subscript(indices))
        y += returned(np.broadcast_to(values, flat.shape), flat, self.shape)
    return y


def _put_self(g: Any, y: Any, self: Any, indices: _Indices, values: Any, accumulate: bool) -> Any:
    if accumulate:
        return g
    found = g.copy()
    found[subscript(indices)] = 0.0
    return found


def _put_values(g: Any, y: Any, self: Any, indices: _Indices, values: Any, accumulate: bool) -> Any:
    return g[subscript(indices)]


def _clamped(shape: Shape, indices: _Indices) -> tuple[Any, ...]:
    return subscript(tuple(None if k is None else np.clip(k, -n, n - 1) for k, n in zip(indices, shape)))


def _masked_index(self: Any, mask: Any, indices: _Indices, fill: float) -> Any:
    return np.where(mask, self[_clamped(self.shape, indices)], fill)


def _masked_index_back(g: Any, y: Any, self: Any, mask: Any, indices: _Indices, fill: float) -> Any:
    return returned(np.where(mask, g, 0.0), positions(self.shape, _clamped(self.shape, indices)), self.shape)


def _masked_put(self: Any, mask: Any, indices: _Indices, values: Any) -> Any:
    flat = positions(self.shape, _clamped(self.shape, indices))
    return self + returned(np.broadcast_to(np.where(mask, values, 0.0), flat.shape), flat, self.shape)


def _masked_put_values(g: Any, y: Any, self: Any, mask: Any, indices: _Indices, values: Any) -> Any:
    return np.where(mask, g[_clamped(self.shape, indices)], 0.0)


def _embedding(weight: Array, indices: Any, **_: Any) -> Any:
    return np.take(weight, indices, 0)


def _embedding_back(g: Any, y: Any, weight: Array, indices: Any, padding_idx: int, scale_grad_by_freq: bool, sparse: bool) -> Any:
    numbers = indices.ravel()
    found = add_at(g.reshape(numbers.size, weight.shape[1]), numbers, len(weight), 0)
    if scale_grad_by_freq:
        found /= np.maximum(np.bincount(numbers, minlength=len(weight)), 1)[:, None]
    if padding_idx >= 0:
        found[padding_idx] = 0.0
    return found


def _masked_select(self: Any, mask: Any) -> Any:
    return np.broadcast_arrays(self, mask)[0][np.broadcast_to(mask, np.broadcast_shapes(self.shape, mask.shape))]


def _masked_select_back(g: Any, y: Any, self: Any, mask: Any) -> Any:
    shape = np.broadcast_shapes(self.shape, mask.shape)
    full = np.zeros(shape)
    full[np.broadcast_to(mask, shape)] = g
    return full


def _masked_scatter(self: Any, mask: Any, source: Any) -> Any:
    shape = np.broadcast_shapes(self.shape, mask.shape)
    y, spots = np.broadcast_to(self, shape).copy(), np.broadcast_to(mask, shape)
    y[spots] = source.ravel()[: np.count_nonzero(spots)]
    return y


def _masked_scatter_source(g: Any, y: Any, self: Any, mask: Any, source: Any) -> Any:
    found = g[np.broadcast_to(mask, g.shape)]
    full = np.zeros(source.size)
    full[: len(found)] = found
    return full.reshape(source.shape)


def _wrapped(index: Any, size: int) -> Any:
    return np.where(index < 0, index + size, index)


def _take(self: Any, index: Any) -> Any:
    return self.ravel()[index]


def _take_back(g: Any, y: Any, self: Any, index: Any) -> Any:
    return returned(g, _wrapped(index, self.size), self.shape)


def _put_flat(self: Any, index: Any, source: Any, accumulate: bool) -> Any:
    if accumulate:
        return self + returned(source, _wrapped(index, self.size), self.shape)
    y = self.ravel().copy()
    y[index.ravel()] = source.ravel()
    return y.reshape(self.shape)


def _put_flat_self(g: Any, y: Any, self: Any, index: Any, source: Any, accumulate: bool) -> Any:
    if accumulate:
        return g
    found = g.ravel().copy()
    found[index.ravel()] = 0.0
    return found.reshape(g.shape)


def _put_flat_source(g: Any, y: Any, self: Any, index: Any, source: Any, accumulate: bool) -> Any:
    return g.ravel()[index].reshape(source.shape)


_PICKED = "g goes back to the entries picked; 0 elsewhere"


def _indexed(name: str) -> Row:
    return aten(
        f"{name}(self, indices=())",
        Formula("self[indices]", _index),
        spoken="entries by number",
        says=_PICKED,
        self=Formula("scatter(g, indices)", _index_back),
    )


def _stored(name: str) -> Row:
    return aten(
        f"{name}(self, indices=(), values=None, accumulate=False)",
        Formula("put(self, indices, values)", _put),
        spoken="entries put in place",
        self=Formula("g if accumulate else put(g, indices, 0)", _put_self),
        values=Formula("g[indices]", _put_values),
    )


ROWS: list[Row | Same] = [
    _indexed("index"),
    _indexed("_unsafe_index"),
    _stored("index_put"),
    _stored("_unsafe_index_put"),
    aten(
        "_unsafe_masked_index(self, mask, indices=(), fill=0)",
        Formula("where(mask, self[indices], fill)", _masked_index),
        spoken="entries by number",
        self=Formula("scatter(where(mask, g, 0), indices)", _masked_index_back),
    ),
    aten(
        "_unsafe_masked_index_put_accumulate(self, mask, indices=(), values=None)",
        Formula("self + scatter(where(mask, values, 0), indices)", _masked_put),
        spoken="entries added in place",
        self=Formula("g", lambda g, y, **_: g),
        values=Formula("where(mask, g[indices], 0)", _masked_put_values),
    ),
    aten(
        "embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False)",
        Formula("weight[indices]", _embedding),
        says="every row gets the g of all the places that it was looked up for",
        weight=Formula("gather_add(g, indices)", _embedding_back),
    ),
    aten(
        "masked_select(self, mask)",
        Formula("self[mask]", _masked_select),
        spoken="entries by mask",
        says=_PICKED,
        self=Formula("scatter(g, mask)", _masked_select_back),
    ),
    aten(
        "masked_scatter(self, mask, source)",
        Formula("put(self, mask, source)", _masked_scatter),
        spoken="entries put in place by mask",
        self="where(mask, 0, g)",
        source=Formula("g[mask]", _masked_scatter_source),
    ),
    aten("take(self, index)", Formula("ravel(self)[index]", _take), says=_PICKED, self=Formula("scatter(g, index)", _take_back)),
    aten(
        "put(self, index, source, accumulate=False)",
        Formula("put(self, index, source)", _put_flat),
        self=Formula("g if accumulate else put(g, index, 0)", _put_flat_self),
        source=Formula("ravel(g)[index]", _put_flat_source),
    ),
]

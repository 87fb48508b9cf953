"""What NumPy's functions, and the helpers that rules call, mean when g is a linear map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from graphcore.jacobian.linear import FUNCTIONS, UFUNCS, Linear, as_linear
from graphcore.ops.backward import keep, whole
from graphcore.ops.namespaces import ARRAYS, Shape


def _where(mask: Any, a: Any, b: Any) -> Linear:
    mask = np.asarray(mask, dtype=bool)
    return as_linear(a).kept(mask) + as_linear(b).kept(~mask)


def _cumsum(g: Linear, axis: Any = None) -> Linear:
    if axis is None:
        return _cumsum(g.reshape(-1), 0)
    axis = normalize_axis_index(axis, g.ndim)
    n = g.shape[axis]
    # a triangle of ones, as a view of its 2 n - 1 diagonals
    diagonals = np.arange(1 - n, n) <= 0
    triangle: Any = np.ndarray((n, n), bool, diagonals, max(n - 1, 0), (-1, 1))
    return g.expand_dims(axis).kept(triangle.reshape(n, n, *[1] * (g.ndim - axis - 1))).sum(axis + 1)


def _concatenate(pieces: Sequence[Linear], axis: int) -> Linear:
    first = pieces[0].shape
    shape = (*first[:axis], sum(piece.shape[axis] for piece in pieces), *first[axis + 1 :])
    joined, at = Linear(shape, ()), 0
    for piece in pieces:
        joined += piece.scatter(shape, (*[slice(None)] * axis, slice(at, at + piece.shape[axis])))
        at += piece.shape[axis]
    return joined


def _flip(g: Linear, axis: Any = None) -> Linear:
    turned = normalize_axis_tuple(range(g.ndim) if axis is None else axis, g.ndim)
    return g[tuple([slice(None, None, -1 if k in turned else 1) for k in range(g.ndim)])]


def _roll(g: Linear, shift: Any, axis: Any = None) -> Linear:
    if axis is None:
        return _roll(g.reshape(-1), shift, 0).reshape(g.shape)
    if not isinstance(axis, int):
        for one, along in zip(shift if isinstance(shift, tuple) else (shift,) * len(axis), axis):
            g = _roll(g, one, along)
        return g
    axis = normalize_axis_index(axis, g.ndim)
    cut = -shift % max(g.shape[axis], 1)
    return _concatenate([g[(*[slice(None)] * axis, part)] for part in (slice(cut, None), slice(cut))], axis)


def _restore(g: Any, shape: Shape, axis: Any = None, keepdims: bool = False) -> Linear:
    return as_linear(keep(g, axis, keepdims)).broadcast_to(shape)


def _scatter(g: Any, shape: Shape, index: Any) -> Linear:
    return as_linear(g).scatter(tuple(shape), index)


def _gather_add(g: Linear, shape: Shape, rows: Any) -> Linear:
    numbers = whole(rows, shape[0]).reshape(-1, 1) % max(shape[0], 1)
    hit = (numbers == np.arange(shape[0])).reshape(len(numbers), *shape[:1], *[1] * (len(shape) - 1))
    return g.reshape(len(numbers), 1, *shape[1:]).picked(hit).sum(0)


def _scatter_classes(g: Linear, shape: Shape, classes: Any) -> Linear:
    numbers = whole(classes, shape[-1]) % max(shape[-1], 1)
    return g.expand_dims(-1).picked(numbers[..., None] == np.arange(shape[-1]))


UFUNCS.update(
    add=lambda a, b: as_linear(a) + b,
    subtract=lambda a, b: as_linear(a) - b,
    multiply=lambda a, b: a * b if isinstance(a, Linear) else b * a,
    divide=lambda a, b: a / b,
    negative=lambda a: -a,
    matmul=lambda a, b: a @ b if isinstance(a, Linear) else b.__rmatmul__(a),
)
FUNCTIONS.update(
    {name: getattr(Linear, name) for name in ("sum", "transpose", "swapaxes", "expand_dims", "squeeze", "reshape")},
    broadcast_to=Linear.broadcast_to,
    cumsum=_cumsum,
    where=_where,
    flip=_flip,
    roll=_roll,
    shape=lambda g: g.shape,
    ndim=lambda g: g.ndim,
)

# what the names inside a rule mean when g is a linear map: as on arrays, but for helpers that fill an array
LINEAR: Mapping[str, Any] = {
    **ARRAYS,
    "restore": _restore,
    "scatter": _scatter,
    "gather_add": _gather_add,
    "scatter_classes": _scatter_classes,
}

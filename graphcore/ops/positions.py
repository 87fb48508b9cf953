"""What formulas call to find entries by their place: numbers along an axis, the one in the middle, a frame around all."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.backward import Array, Shape, whole


def inside(shape: Shape, width: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    """Where an array of ``shape`` stands in the padded one."""
    return tuple(slice(before, before + n) for n, (before, _) in zip(shape, width, strict=True))


def pad(a: Array, width: tuple[tuple[int, int], ...], value: float) -> Any:
    """The array with ``value`` before and after it along each axis."""
    full = np.full([n + before + after for n, (before, after) in zip(np.shape(a), width, strict=True)], float(value))
    full[inside(np.shape(a), width)] = a
    return full


def gather(a: Array, axis: int, numbers: Any) -> Any:
    """For each entry of ``numbers`` the entry of ``a`` with that number along ``axis``."""
    return np.take_along_axis(a, whole(numbers, a.shape[axis]), axis)


def scatter_along(g: Any, shape: Shape, numbers: Any, axis: int) -> Any:
    """Zeros of ``shape`` to which ``g`` is added by its numbers along ``axis``: the transpose of ``gather``."""
    full = np.zeros(shape)
    places = list(np.indices(np.shape(numbers), sparse=True))
    places[axis] = whole(numbers, shape[axis])
    np.add.at(full, tuple(places), g)
    return full


def median(a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The median: of an even count the lower of the two in the middle; nan where there is one."""
    if axis is None:
        found = np.take_along_axis(np.ravel(a), _place(np.ravel(a), 0), 0)
        return found.reshape((1,) * np.ndim(a) if keepdims else ())
    found = np.take_along_axis(a, _place(a, axis), axis)
    return found if keepdims else np.squeeze(found, axis)


def in_the_middle(a: Array, axis: int) -> Any:
    """A mask of the entry along ``axis`` that the median is: the first of equals that a stable sort puts there."""
    places = np.arange(a.shape[axis]).reshape([-1 if k == axis % a.ndim else 1 for k in range(a.ndim)])
    return places == _place(a, axis)


def _place(a: Array, axis: int) -> Any:
    """The number of the median along an axis, kept as an axis of length 1; of the first nan where there is one."""
    half = [slice(None)] * a.ndim
    half[axis] = slice((a.shape[axis] - 1) // 2, (a.shape[axis] - 1) // 2 + 1)
    sorted_place = np.argsort(a, axis=axis, kind="stable")[tuple(half)]
    absent = np.isnan(a)
    return np.where(absent.any(axis=axis, keepdims=True), absent.argmax(axis=axis, keepdims=True), sorted_place)

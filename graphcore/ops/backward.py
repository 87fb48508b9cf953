"""What rules call: the ways back of sums, subscripts, joins and copies.

Every rule is linear in ``g``. These helpers touch it only through indexing, reshaping, sums and multiples, so that
they also work where ``g`` is a linear map instead of numbers; those that write into an array of zeros have a twin
there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphcore.errors import TraceError

Array = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None


def restore(g: Any, shape: Shape, axis: Axis = None, keepdims: bool = False) -> Any:
    """Spread what a reduction left over ``shape`` again: the transpose of a sum."""
    if isinstance(g, float):
        full = np.empty(shape)  # a tenth of the price of a broadcast view
        full.fill(g)
        return full
    return np.broadcast_to(keep(g, axis, keepdims), shape)


def unbroadcast(gradient: Any, shape: Shape) -> Any:
    """Sum over the axes along which an operand of ``shape`` was repeated: the transpose of broadcasting."""
    gradient = np.asarray(gradient)
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    if extra < 0:
        return np.broadcast_to(gradient, shape)
    if extra > 0:
        gradient = np.add.reduce(gradient, tuple(range(extra)))
    repeated = tuple(k for k, n in enumerate(shape) if n == 1 and gradient.shape[k] != 1)
    if repeated:
        gradient = np.add.reduce(gradient, repeated, keepdims=True)
    return gradient if np.shape(gradient) == shape else np.broadcast_to(gradient, shape)


def keep(y: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduction's result with the reduced axes back as ones, so that it broadcasts against what was reduced."""
    return y if axis is None or keepdims else np.expand_dims(y, axis)


def scatter(g: Any, shape: Shape, index: Any) -> Any:
    """Zeros of ``shape`` with ``g`` put where ``index`` (ints and slices) points: the transpose of a subscript."""
    full = np.zeros(shape)
    full[index] = g
    return full


def gather_add(g: Any, shape: Shape, rows: Any) -> Any:
    """Zeros of ``shape`` to which row k of ``g`` is added at row ``rows[k]``: the transpose of ``a[rows]``."""
    full = np.zeros(shape)
    np.add.at(full, whole(rows, shape[0]), g)
    return full


def scatter_classes(g: Any, shape: Shape, classes: Any) -> Any:
    """Zeros of ``shape`` with ``g`` at one class number per row: the transpose of ``pick``."""
    full = np.zeros(shape)
    numbers = whole(classes, shape[-1])
    full[(np.arange(shape[0]), numbers) if len(shape) > 1 else numbers] = g
    return full


def whole(numbers: Any, length: int) -> Any:
    """Floating whole numbers as positions below ``length``; TraceError for fractions and for what is out of range."""
    positions = np.asarray(numbers)
    with np.errstate(invalid="ignore"):
        integers = positions.astype(np.int64)
    if not (integers == positions).all():
        raise TraceError(f"an index must be a whole number; {positions[integers != positions].flat[0]:g} is none.")
    if integers.size and not (-length <= integers.min() and integers.max() < length):
        wrong = integers.max() if integers.max() >= length else integers.min()
        raise TraceError(f"index {wrong} is out of range: there are {length} entries, numbered 0 to {length - 1}.")
    return integers


def piece(g: Any, operands: tuple[Any, ...], slot: int, axis: int) -> Any:
    """The part of a concatenation that came from operand number ``slot``."""
    axis %= np.ndim(operands[slot])
    start = sum(np.shape(k)[axis] for k in operands[:slot])
    return g[(slice(None),) * axis + (slice(start, start + np.shape(operands[slot])[axis]),)]


def layer(g: Any, slot: int, axis: int) -> Any:
    """Number ``slot`` along ``axis``: what a stack got from that operand."""
    return g[(slice(None),) * (axis % len(g.shape)) + (slot,)]


def inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """The axes that undo a transposition."""
    return None if axes is None else tuple(int(k) for k in np.argsort([axis % len(axes) for axis in axes]))


def flat(a: Any) -> Any:
    """All leading axes as one: a matrix with the same last axis."""
    return a.reshape((-1, a.shape[-1]))


def blocks(g: Any, a: Array, b: Array) -> Any:
    """A Kronecker product's gradient by (row of a, row of b, column of a, column of b)."""
    return g.reshape((a.shape[0], b.shape[0], a.shape[1], b.shape[1]))


def everyone(a: Any) -> Any:
    """The positions 0, 1, ... of a vector's entries."""
    return np.arange(len(a))


def opposite(shift: Any) -> Any:
    """A shift the other way."""
    return tuple(-k for k in shift) if isinstance(shift, tuple) else -shift


def tiles(g: Any, shape: Shape, reps: int | tuple[int, ...]) -> Any:
    """A tiled gradient with one axis for the copies before each axis of the tile."""
    reps = (reps,) if isinstance(reps, int) else reps
    rank = max(len(shape), len(reps))
    full = (1,) * (rank - len(shape)) + shape
    copies = (1,) * (rank - len(reps)) + reps
    return g.reshape(tuple(n for pair in zip(copies, full, strict=True) for n in pair))


def evens(shape: Shape, reps: int | tuple[int, ...]) -> tuple[int, ...]:
    """The axes of the copies in :func:`tiles`."""
    return tuple(range(0, 2 * max(len(shape), 1 if isinstance(reps, int) else len(reps)), 2))


def runs(g: Any, shape: Shape, repeats: int, axis: int | None) -> Any:
    """A gradient of repeated entries with a last axis (after ``axis``) for the copies of one entry."""
    if axis is None:
        return g.reshape((*shape, repeats))
    axis %= len(shape)
    return g.reshape((*shape[: axis + 1], repeats, *shape[axis + 1 :]))


def cumprod_rule(g: Any, y: Any, a: Any, axis: int | None) -> Any:
    """The gradient of a running product without dividing by an entry, which may be 0."""
    axis = axis or 0
    a, g = np.moveaxis(a, axis, 0), np.moveaxis(g, axis, 0)
    rest = np.array(g, dtype=np.float64)
    before = np.ones_like(rest)
    if rest[:1].size == 1:
        # one long row: on Python floats, a tenth of the price
        factors, sums = a.ravel().tolist(), rest.ravel().tolist()
        for k in range(len(sums) - 2, -1, -1):
            sums[k] += factors[k + 1] * sums[k + 1]
        rest = np.array(sums).reshape(rest.shape)
    else:
        for k in range(len(a) - 2, -1, -1):
            rest[k] += a[k + 1] * rest[k + 1]
    np.multiply.accumulate(a[:-1], axis=0, out=before[1:])
    return np.moveaxis(before * rest, 0, axis)

"""What formulas may call besides NumPy's own functions.

Every rule is linear in ``g``; the helpers that take ``g`` touch it only through indexing, reshaping, sums and
multiples, so that they also work where ``g`` is a linear map instead of numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from graphcore.errors import TraceError

Array = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None
_ERF = np.frompyfunc(math.erf, 1, 1)


def total(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """``sum`` at the price of the bare reduction."""
    return np.add.reduce(a, axis, None, None, keepdims)


def where(condition: Any, a: Any, b: Any) -> Any:
    """``np.where`` that takes one side whole where the condition is a plain truth value."""
    if condition is False:
        return b
    return a if condition is True else np.where(condition, a, b)


def sign(a: Any) -> Any:
    """-1, 0 or 1, and 0 for nan as torch has it."""
    return np.subtract(a > 0, a < 0, dtype=np.float64)


def erf(a: Any) -> Any:
    """The error function, entry by entry."""
    return np.float64(math.erf(a)) if np.ndim(a) == 0 else _ERF(a).astype(np.float64)


def sigmoid(a: Any) -> Any:
    """1 / (1 + exp(-a)); 0 and 1 far out."""
    return 1 / (1 + np.exp(-a))


def clip(a: Any, low: Any, high: Any) -> Any:
    """The nearest number between the bounds; None is no bound, and the upper bound wins as in NumPy and torch."""
    if low is not None:
        a = np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def count(shape: Shape, axis: Axis = None) -> Any:
    """How many entries a reduction over ``axis`` takes together; none at all is a zero that divides as in IEEE."""
    if axis is None:
        return math.prod(shape) or np.float64(0)
    axes = axis if isinstance(axis, tuple) else (axis,)
    return math.prod([shape[k] for k in axes]) or np.float64(0)


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
    if extra > 0:
        gradient = np.add.reduce(gradient, tuple(range(extra)))
    repeated = tuple(k for k, n in enumerate(shape) if n == 1 and gradient.shape[k] != 1)
    if repeated:
        gradient = np.add.reduce(gradient, repeated, keepdims=True)
    return gradient if np.shape(gradient) == shape else np.broadcast_to(gradient, shape)


def keep(y: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduction's result with the reduced axes back as ones, so that it broadcasts against what was reduced."""
    return y if axis is None or keepdims else np.expand_dims(y, axis)


def top(a: Any, axis: int) -> Any:
    """The largest entry along an axis, kept as an axis of length 1."""
    return np.maximum.reduce(a, axis, keepdims=True) if np.shape(a)[axis] else 0.0


def normalized(a: Any, axis: int) -> Any:
    """Divided by its sum."""
    return a / total(a, axis, True)


def log_of_sum(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(a))) with the largest exponent taken out, unless that is infinite."""
    largest = np.maximum.reduce(a, axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    found = np.log(total(np.exp(a - shift), axis, True)) + shift
    return found if keepdims else found.reshape(()) if axis is None else np.squeeze(found, axis)


def mean(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over the count; nan for nothing, without a warning."""
    return total(a, axis, keepdims) / count(np.shape(a), axis)


def freedom(shape: Shape, axis: Axis, ddof: int) -> Any:
    """The divisor of a variance, never below 0."""
    return np.float64(max(count(shape, axis) - ddof, 0))


def tied(a: Any, y: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The entries that share the extreme value with another one."""
    ties = a == keep(y, axis, keepdims)
    return ties & (total(ties * 1.0, axis, keepdims=True) > 1)


def share(a: Any, y: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Each entry's share of the extreme value ``y``: ties share equally, the others have 0 (nan ties with nan)."""
    extreme = keep(y, axis, keepdims)
    ties = (a == extreme) | (np.isnan(a) & np.isnan(extreme))
    return ties / total(ties * 1.0, axis, keepdims=axis is not None)


def even(a: Any, y: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """As :func:`share`, where nan equals nothing: then there is no share to give and all is nan."""
    ties = a == keep(y, axis, keepdims)
    return ties / total(ties * 1.0, axis, keepdims=axis is not None)


def chosen(a: Array, y: Any, axis: int, keepdims: bool) -> Any:
    """A mask of the first entry along ``axis`` that is the extreme value ``y`` (or the first nan)."""
    extreme = keep(y, axis, keepdims)
    first = np.argmax((a == extreme) | np.isnan(a), axis=axis, keepdims=True)
    places = np.arange(a.shape[axis]).reshape([-1 if k == axis % a.ndim else 1 for k in range(a.ndim)])
    return places == first


def others(a: Any, axis: Axis = None) -> Any:
    """For each entry the product of all the others along ``axis``: y / a without a division by zero."""
    a = np.asarray(a)
    if axis is None:
        return _others(a.reshape(-1)).reshape(a.shape)
    return np.moveaxis(_others(np.moveaxis(a, axis, 0)), 0, axis)


def _others(a: Any) -> Any:
    before, after = np.ones_like(a), np.ones_like(a)
    np.multiply.accumulate(a[:-1], axis=0, out=before[1:])
    np.multiply.accumulate(a[:0:-1], axis=0, out=after[-2::-1])
    return before * after


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


def softplus(a: Any) -> Any:
    """log(1 + exp(a)), and a itself beyond 20, where that is the same number."""
    return np.where(a > 20, a, np.log1p(np.exp(a)))


def take(a: Array, rows: Any) -> Any:
    """The rows with these numbers."""
    return a[whole(rows, len(a))]


def pick(a: Array, classes: Any) -> Any:
    """Entry ``classes[k]`` of row k."""
    numbers = whole(classes, a.shape[-1])
    return a[np.arange(len(a)), numbers] if a.ndim > 1 else a[numbers]


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


def outer(a: Any, b: Any) -> Any:
    """All products of an entry of ``a`` with an entry of ``b``."""
    return a[:, None] * b


def flat(a: Any) -> Any:
    """All leading axes as one: a matrix with the same last axis."""
    return a.reshape((-1, a.shape[-1]))


def blocks(g: Any, a: Array, b: Array) -> Any:
    """A Kronecker product's gradient by (row of a, row of b, column of a, column of b)."""
    return g.reshape((a.shape[0], b.shape[0], a.shape[1], b.shape[1]))


def cofactors(a: Array) -> Any:
    """The derivative of a determinant, also where the matrix is singular."""
    u, s, vh = np.linalg.svd(a)
    return np.linalg.det(u) * np.linalg.det(vh) * (u * _others(s)) @ vh


def tri(shape: Shape, k: int) -> Any:
    """A mask of the entries on and below diagonal number ``k``."""
    return np.tri(shape[-2], shape[-1], k, dtype=bool)


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
    for k in range(len(a) - 2, -1, -1):
        rest[k] += a[k + 1] * rest[k + 1]
    np.multiply.accumulate(a[:-1], axis=0, out=before[1:])
    return np.moveaxis(before * rest, 0, axis)


FUNCTIONS = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", "") == __name__ and not name.startswith("_")
} | {"sum": total, "det": np.linalg.det, "inv": np.linalg.inv}

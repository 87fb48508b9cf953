"""Output shapes of ops that move numbers, computed before anything is allocated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.ops.namespaces import Axis, Shape
from graphcore.ops.row import ShapeError, said
from graphcore.ops.shapes import axes_of


def reshape(shape: Shape, newshape: Any, **_: Any) -> Shape:
    """``newshape`` with its -1 filled in; the number of entries must stay."""
    wanted = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    size, given = math.prod(shape), math.prod(n for n in wanted if n != -1)
    if any(not isinstance(n, int) or n < -1 for n in wanted) or wanted.count(-1) > 1:
        raise ShapeError(f"a shape is whole numbers, at most one of them -1, not {wanted}.")
    if -1 in wanted and given and size % given == 0:
        return tuple(size // given if n == -1 else n for n in wanted)
    if -1 in wanted or given != size:
        raise ShapeError(f"{{0}} is {shape}: its {size} entries do not fill {wanted}.")
    return wanted


def transpose(shape: Shape, axes: Any = None, **_: Any) -> Shape:
    """The axes in another order, reversed where none is given."""
    if axes is None:
        return shape[::-1]
    order = axes_of(shape, tuple(axes))
    if len(order) != len(shape):
        raise ShapeError(f"{{0}} is {shape}: axes must name each of its {len(shape)} axes once.")
    return tuple(shape[k] for k in order)


def swapaxes(shape: Shape, axis1: int, axis2: int, **_: Any) -> Shape:
    """Two axes exchanged."""
    (i,), (j,) = axes_of(shape, axis1), axes_of(shape, axis2)
    swapped = list(shape)
    swapped[i], swapped[j] = shape[j], shape[i]
    return tuple(swapped)


def flatten(shape: Shape, **_: Any) -> Shape:
    """All entries in one row."""
    return (math.prod(shape),)


def squeeze(shape: Shape, axis: Axis = None, **_: Any) -> Shape:
    """Without the axes of length 1 (or those named)."""
    if axis is None:
        return tuple(n for n in shape if n != 1)
    axes = axes_of(shape, axis)
    long = [k for k in axes if shape[k] != 1]
    if long:
        raise ShapeError(f"{{0}} is {shape}: axis {long[0]} has {shape[long[0]]} entries and cannot be left out.")
    return tuple(n for k, n in enumerate(shape) if k not in axes)


def expand_dims(shape: Shape, axis: int, **_: Any) -> Shape:
    """With a new axis of length 1."""
    if not isinstance(axis, int) or not -len(shape) - 1 <= axis <= len(shape):
        raise ShapeError(f"{{0}} is {shape}: a new axis can stand at 0 to {len(shape)}, not at {axis}.")
    place = axis % (len(shape) + 1)
    return (*shape[:place], 1, *shape[place:])


def broadcast_to(shape: Shape, newshape: Any, **_: Any) -> Shape:
    """``newshape``, which the operand must broadcast to."""
    wanted = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    try:
        if np.broadcast_shapes(shape, wanted) == wanted:
            return wanted
    except ValueError:
        pass
    raise ShapeError(f"{{0}} is {shape}: it does not broadcast to {wanted}.")


def concatenate(*shapes: Shape, axis: int = 0, **_: Any) -> Shape:
    """Joined along one axis; the others must agree."""
    if not shapes:
        raise ShapeError("there is nothing to join.")
    (place,) = axes_of(shapes[0], axis)
    first = shapes[0]
    for k, shape in enumerate(shapes):
        if len(shape) != len(first) or any(n != m for i, (n, m) in enumerate(zip(shape, first, strict=True)) if i != place):
            raise ShapeError(f"{{0}} is {first}, {{{k}}} is {shape}: they must agree in every axis but {axis}.")
    return (*first[:place], sum(shape[place] for shape in shapes), *first[place + 1 :])


def stack(*shapes: Shape, axis: int = 0, **_: Any) -> Shape:
    """Put side by side along a new axis; all must have one shape."""
    for k, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(f"{{0}} is {shapes[0]}, {{{k}}} is {shape}: to be stacked they must be alike.")
    if not shapes:
        raise ShapeError("there is nothing to stack.")
    wide = expand_dims(shapes[0], axis)
    place = axis % len(wide)
    return (*wide[:place], len(shapes), *wide[place + 1 :])


def getitem(shape: Shape, index: Any, **_: Any) -> Shape:
    """What a subscript of whole numbers, slices, None and ... leaves."""
    for item in index if isinstance(index, tuple) else (index,):
        if isinstance(item, slice) and item.step is not None and item.step < 1:
            raise ShapeError("torch has no slices that run backward. Write flip(x, axis=0).")
    try:
        part: Shape = np.broadcast_to(0.0, shape)[index].shape
        return part
    except (IndexError, TypeError) as problem:
        size = f"has {len(shape)} axes" if len(shape) != 1 else "has one axis"
        detail = "" if "too many" in str(problem) else f" ({problem})"
        raise ShapeError(f"{{0}} is {shape}: it {size}, and the subscript does not fit{detail}.") from None


def take(a: Shape, b: Shape, **_: Any) -> Shape:
    """One row of a for each number in b."""
    if not a:
        raise ShapeError("{0} is a single number, without rows to take.")
    return (*b, *a[1:])


def gather(a: Shape, b: Shape, axis: int, **_: Any) -> Shape:
    """The shape of the numbers, which agrees with the array's in every other axis."""
    if not a or len(a) != len(b):
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: as many axes are wanted.")
    if not isinstance(axis, int):
        raise ShapeError("name one axis.")
    (place,) = axes_of(a, axis)
    if any(n != m for k, (n, m) in enumerate(zip(a, b, strict=True)) if k != place):
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: they must agree in every axis but {axis}.")
    return b


def pad(shape: Shape, width: Any, **_: Any) -> Shape:
    """Longer by what stands before and after, one pair for each axis."""
    if not shape:
        raise ShapeError("{0} is a single number, without axes to pad.")
    pairs = width if isinstance(width, tuple | list) else ()
    if len(pairs) != len(shape) or any(
        not isinstance(pair, tuple | list) or len(pair) != 2 or any(not isinstance(n, int) or n < 0 for n in pair)
        for pair in pairs
    ):
        raise ShapeError(f"{{0}} is {shape}: a pair of whole numbers for each axis is wanted, not {said(width)}.")
    return tuple(n + before + after for n, (before, after) in zip(shape, pairs, strict=True))


def tile(shape: Shape, reps: Any, **_: Any) -> Shape:
    """The shape times the number of copies, aligned at the last axis."""
    copies = (reps,) if isinstance(reps, int) else tuple(reps)
    rank = max(len(shape), len(copies))
    full, times = (1,) * (rank - len(shape)) + shape, (1,) * (rank - len(copies)) + copies
    return tuple(n * k for n, k in zip(full, times, strict=True))


def repeat(shape: Shape, repeats: int, axis: int | None = None, **_: Any) -> Shape:
    """Each entry several times, along an axis or of all entries in one row."""
    if not isinstance(repeats, int) or repeats < 0:
        raise ShapeError(f"the number of copies must be a whole number, not {said(repeats)}.")
    if axis is None:
        return (math.prod(shape) * repeats,)
    (place,) = axes_of(shape, axis)
    return (*shape[:place], shape[place] * repeats, *shape[place + 1 :])


def reduced_same(shape: Shape, axis: Axis = None, **_: Any) -> Shape:
    """The same shape, with axes that must be there."""
    axes_of(shape, axis)
    return shape


def matrix_same(shape: Shape, **_: Any) -> Shape:
    """The same shape, a matrix at least."""
    if len(shape) < 2:
        raise ShapeError(f"{{0}} is {shape if shape else 'a single number'}; a matrix is wanted here.")
    return shape


def diag(shape: Shape, **_: Any) -> Shape:
    """A vector to a square matrix."""
    if len(shape) != 1:
        raise ShapeError(f"{{0}} is {shape}; a vector or a square matrix is wanted here.")
    return shape * 2


def diagonal(shape: Shape, **_: Any) -> Shape:
    """A square matrix to the vector on its diagonal."""
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ShapeError(f"{{0}} is {shape}; a square matrix is wanted here.")
    return shape[:1]

"""Output shapes, computed from shapes alone, before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from graphcore.ops.namespaces import Axis, Shape
from graphcore.ops.row import ShapeError, said


def elementwise(*shapes: Shape, **_: Any) -> Shape:
    """The broadcast of all operands."""
    if len(shapes) == 2:
        # a bias beside its rows, a number beside anything: told without NumPy, which takes longer than all the rest
        long, short = shapes if len(shapes[0]) >= len(shapes[1]) else shapes[::-1]
        if long[len(long) - len(short) :] == short:
            return long
    first = shapes[0] if shapes else ()
    if all(shape == first for shape in shapes):
        return first
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(f"{{{k}}} is {shape}" for k, shape in enumerate(shapes))
        raise ShapeError(f"{listed}: these shapes do not broadcast.") from None


def alike(a: Shape, b: Shape, **_: Any) -> Shape:
    """Two operands of one shape: torch's losses do not broadcast."""
    if a != b:
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: both must have one shape.")
    return a


def clip(shape: Shape, min: float | None = None, max: float | None = None, **_: Any) -> Shape:
    """The same shape; a bound must be given."""
    if min is None and max is None:
        raise ShapeError("give a bound: min, max or both.")
    for bound in (min, max):
        if bound is not None and not isinstance(bound, int | float):
            raise ShapeError(f"a bound is a number, not {said(bound)}; with arrays write maximum and minimum.")
    return shape


def prelu(a: Shape, b: Shape, **_: Any) -> Shape:
    """One slope for all, or one for each column of a matrix."""
    if b == () or (a and b == (1,)) or (len(a) == 2 and b == a[1:]):
        return a
    raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: one slope for all is wanted, or one for each column.")


def same(shape: Shape, *_: Shape, **__: Any) -> Shape:
    """The shape of the first operand."""
    return shape


def axes_of(shape: Shape, axis: Axis, operand: int = 0) -> tuple[int, ...]:
    """The axes meant, counted from 0 and each once; ShapeError where there is no such axis."""
    if axis is None:
        return tuple(range(len(shape)))
    found = []
    for k in axis if isinstance(axis, tuple | list) else (axis,):
        if not isinstance(k, int) or isinstance(k, bool):
            raise ShapeError(f"an axis is a whole number, not {said(k)}.")
        if not -len(shape) <= k < len(shape):
            axes = " and ".join(str(n) for n in range(len(shape))) if len(shape) < 3 else f"0 to {len(shape) - 1}"
            has = f"its axes are {axes}" if len(shape) > 1 else "its only axis is 0" if shape else "a single number, without axes"
            raise ShapeError(f"there is no axis {k}: {{{operand}}} is {shape}, {has}.")
        if k % len(shape) in found:
            raise ShapeError(f"axis {k} is named twice.")
        found.append(k % len(shape))
    return tuple(found)


def reduction(shape: Shape, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """The shape without the reduced axes, or with ones in their place."""
    axes = axes_of(shape, axis)
    if keepdims:
        return tuple(1 if k in axes else n for k, n in enumerate(shape))
    return tuple(n for k, n in enumerate(shape) if k not in axes)


def extreme(shape: Shape, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """A reduction that needs at least one entry."""
    if any(shape[k] == 0 for k in axes_of(shape, axis)):
        raise ShapeError(f"{{0}} is {shape}: nothing there to choose from.")
    return reduction(shape, axis, keepdims)


def spread(shape: Shape, axis: Axis = None, keepdims: bool = False, ddof: float = 0, **_: Any) -> Shape:
    """A variance, which needs something to divide by; of one entry alone it is nan, as in NumPy and torch."""
    count = math.prod(shape[k] for k in axes_of(shape, axis))
    if (ddof > 1 and ddof >= count) or ddof == count > 1:
        raise ShapeError(f"{{0}} is {shape}: with ddof={ddof} of {count} entries nothing is left to divide by.")
    return reduction(shape, axis, keepdims)


def norm(shape: Shape, ord: Any = None, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """A vector norm; of a matrix only the Frobenius norm, which is the same with all entries in one row."""
    if ord == 0:
        raise ShapeError("the norm with ord=0 counts entries: it has no gradient.")
    axes = axes_of(shape, axis)
    if ord == "fro":
        if len(axes) != 2:
            raise ShapeError(f"{{0}} is {shape}: ord='fro' is the norm of a matrix. Leave ord out.")
        return reduction(shape, axis, keepdims)
    if ord is not None and (not isinstance(ord, int | float) or isinstance(ord, bool)):
        raise ShapeError(f"ord must be a number or 'fro', not {said(ord)}.")
    if ord is not None and len(axes) > 1 and abs(ord) in (1, math.inf):
        raise ShapeError(f"{{0}} is {shape}: write matrix_norm(A, ord={ord}) for a norm of the matrix, or name one axis.")
    if ord is not None and len(axes) > 1:
        raise ShapeError(
            f"{{0}} is {shape}: a matrix norm with ord={ord} needs singular values. Give one axis, or leave ord out."
        )
    if ord in (math.inf, -math.inf):
        return extreme(shape, axis, keepdims)
    return reduction(shape, axis, keepdims)


def along(shape: Shape, axis: int = -1, **_: Any) -> Shape:
    """The same shape, with an axis that must be there."""
    if not isinstance(axis, int):
        raise ShapeError("name one axis.")
    axes_of(shape, axis)
    return shape


def matmul(a: Shape, b: Shape, **_: Any) -> Shape:
    """NumPy's rule for ``@``; leading axes broadcast."""
    if not a or not b:
        raise ShapeError(f"{{{0 if not a else 1}}} is a single number; @ multiplies matrices. Write * to scale.")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        left, right = _counted(a[-1], "column", len(a)), _counted(inner, "row", len(b))
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: {left} against {right}.")
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    if len(a) < 3 and len(b) < 3:
        return (*rows, *columns)
    try:
        return (*np.broadcast_shapes(a[:-2], b[:-2]), *rows, *columns)
    except ValueError:
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: the leading axes {a[:-2]} and {b[:-2]} do not broadcast.") from None


def _counted(number: int, what: str, rank: int) -> str:
    what = what if rank > 1 else "entry"
    return f"{number} {what}" if number == 1 else f"{number} {'entries' if what == 'entry' else what + 's'}"


def axes_wanted(*wanted: int) -> Callable[..., None]:
    """A check that operand k has ``wanted[k]`` axes."""
    kinds = {1: "a vector", 2: "a matrix"}

    def check(*shapes: Shape) -> None:
        for k, (shape, rank) in enumerate(zip(shapes, wanted, strict=True)):
            if len(shape) != rank:
                raise ShapeError(f"{{{k}}} is {shape if shape else 'a single number'}; {kinds[rank]} is wanted here.")

    return check


def outer(a: Shape, b: Shape, **_: Any) -> Shape:
    """Two vectors to a matrix."""
    axes_wanted(1, 1)(a, b)
    return a + b


def linear(x: Shape, w: Shape, b: Shape, **_: Any) -> Shape:
    """x @ W.T + b: W has one row per output."""
    if len(w) != 2:
        raise ShapeError(f"{{1}} is {w}; a matrix with one row per output is wanted.")
    if not x or x[-1] != w[1]:
        raise ShapeError(f"{{0}} is {x}, {{1}} is {w}: {x[-1] if x else 'no'} inputs against {w[1]} columns.")
    if b != (w[0],):
        raise ShapeError(f"{{1}} is {w}, {{2}} is {b}: {w[0]} rows against {b[0] if len(b) == 1 else b} biases.")
    return (*x[:-1], w[0])


def square_matrix(a: Shape, **_: Any) -> Shape:
    """A matrix with as many rows as columns."""
    if len(a) != 2 or a[0] != a[1]:
        raise ShapeError(f"{{0}} is {a}; a square matrix is wanted here.")
    return a


def one_of_square_matrix(a: Shape, **_: Any) -> Shape:
    """One number from a square matrix."""
    return square_matrix(a) and ()


def solve(a: Shape, b: Shape, **_: Any) -> Shape:
    """A square matrix and a right side with as many rows."""
    square_matrix(a)
    if len(b) not in (1, 2) or b[0] != a[0]:
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: a right side with {_counted(a[0], 'row', 2)} is wanted.")
    return b


def cross(a: Shape, b: Shape, axis: int = -1, **_: Any) -> Shape:
    """Vectors of three entries along an axis; the other axes broadcast."""
    if len(a) != len(b):
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: as many axes are wanted. Write u[None] for one vector beside many.")
    for k, shape in enumerate((a, b)):
        along(shape, axis)
        if shape[axis] != 3:
            raise ShapeError(f"{{{k}}} is {shape}: vectors of 3 entries are wanted, not {shape[axis]}.")
    return elementwise(a, b)


def kron(a: Shape, b: Shape, **_: Any) -> Shape:
    """Every entry of a times all of b."""
    axes_wanted(2, 2)(a, b)
    return (a[0] * b[0], a[1] * b[1])


def median(shape: Shape, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """A reduction over all entries or one axis, of at least one entry."""
    one_axis_or_all(shape, axis, keepdims)
    return extreme(shape, axis, keepdims)


def one_axis_or_all(shape: Shape, axis: Axis = None, keepdims: bool = False, **_: Any) -> Shape:
    """A reduction over all entries or one axis, never some."""
    if isinstance(axis, tuple):
        raise ShapeError("torch takes one axis here; reduce one after the other.")
    return reduction(shape, axis, keepdims)


def running(shape: Shape, axis: Axis = None, **_: Any) -> Shape:
    """The same shape; without an axis only where there is one."""
    if axis is None and len(shape) != 1:
        raise ShapeError(f"{{0}} is {shape}: name the axis to run along.")
    return along(shape, 0 if axis is None else axis)  # type: ignore[arg-type]


def pick(a: Shape, b: Shape, **_: Any) -> Shape:
    """One entry of every row: the class numbers have one axis less than the scores."""
    if len(a) not in (1, 2) or b != a[:-1]:
        raise ShapeError(f"{{0}} is {a}, {{1}} is {b}: one class number for each row of scores is wanted, shape {a[:-1]}.")
    return b

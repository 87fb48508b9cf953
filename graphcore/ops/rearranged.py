"""Words for products, slices and axes in another order, shown as their parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.ops.composite import Body, Composite, Values
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import REQUIRED, ShapeError, said
from graphcore.ops.shapes import along, axes_of, square_matrix

Statics = Mapping[str, Any]
# what is written out, one product or difference after the other
_MOST = 16


def _whole(value: Any, what: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        problem = "is needed" if value is REQUIRED else f"is a whole number from {least} to {most}, not {said(value)}"
        raise ShapeError(f"{what} {problem}.")
    return value


def _part(rank: int, axis: int, begin: int | None, end: int | None) -> str:
    """A subscript that takes a range along one axis."""
    bounds = f"{'' if begin is None else begin}:{'' if end is None else end}"
    return "[" + ", ".join(bounds if k == axis else ":" for k in range(axis + 1)) + "]" if rank else ""


def _added(product: tuple[str, str], ranks: tuple[int, int]) -> Body:
    first, second = product

    def body(shapes: Sequence[Shape], _: Values, statics: Statics) -> str:
        for k, rank in enumerate(ranks, 1):
            if len(shapes[k]) != rank:
                raise ShapeError(f"{{{k}}} is {shapes[k]}; {('a vector', 'a matrix', 'matrices')[rank - 1]} is wanted here.")
        beta, alpha = statics["beta"], statics["alpha"]
        scaled = f"{first} @ {second}" if alpha == 1 else f"{alpha!r} * ({first} @ {second})"
        return f"{'input' if beta == 1 else f'{beta!r} * input'} + {scaled}"

    return body


def _diff(shapes: Sequence[Shape], _: Values, statics: Statics) -> str:
    (shape,), times = shapes, _whole(statics["n"], "the number of differences", 1, _MOST)
    along(shape, statics["axis"])
    axis = statics["axis"] % len(shape)
    text = f"a{_part(len(shape), axis, 1, None)} - a{_part(len(shape), axis, None, -1)}"
    return text if times == 1 else f"diff({text}, n={times - 1}, axis={axis})"


def _glu(shapes: Sequence[Shape], _: Values, statics: Statics) -> str:
    (shape,) = shapes
    along(shape, statics["axis"])
    axis = statics["axis"] % len(shape)
    if shape[axis] % 2:
        raise ShapeError(f"{{0}} is {shape}: an even number of entries along the axis is wanted, one half to gate the other.")
    half = shape[axis] // 2
    return f"a{_part(len(shape), axis, None, half)} * sigmoid(a{_part(len(shape), axis, half, None)})"


def _matrix_power(shapes: Sequence[Shape], _: Values, statics: Statics) -> str:
    square_matrix(shapes[0])
    n = _whole(statics["n"], "the exponent", -_MOST, _MOST)
    if not n:
        raise ShapeError(f"with the exponent 0 it is eye({shapes[0][0]}), whatever the matrix.")
    return " @ ".join(["a"] * n) if n > 0 else f"matrix_power(inv(a), {-n})"


def _moveaxis(shapes: Sequence[Shape], _: Values, statics: Statics) -> str:
    (shape,) = shapes
    if REQUIRED in (statics["source"], statics["destination"]):
        raise ShapeError("say which axis goes where, as in moveaxis(x, 0, -1).")
    source, destination = axes_of(shape, statics["source"]), axes_of(shape, statics["destination"])
    if len(source) != len(destination):
        raise ShapeError("as many places as axes are wanted.")
    order = [k for k in range(len(shape)) if k not in source]
    for place, axis in sorted(zip(destination, source, strict=True)):
        order.insert(place, axis)
    return f"transpose(a, axes={tuple(order)})" if order != sorted(order) else "a"


def _atleast_2d(shapes: Sequence[Shape], _: Values, __: Statics) -> str:
    (shape,) = shapes
    return "a" if len(shape) > 1 else f"reshape(a, (1, {math.prod(shape)}))"


def _one_hot(shapes: Sequence[Shape], values: Values, statics: Statics) -> str:
    count, numbers = statics["num_classes"], None if values[0] is None else np.asarray(values[0])
    if count in (None, -1):
        if numbers is None or not numbers.size or not np.isfinite(numbers).all():
            raise ShapeError("say how many classes there are, as in one_hot(t, 3).")
        count = int(numbers.max()) + 1
    if numbers is not None:
        wrong = numbers[(numbers != np.trunc(numbers)) | (numbers < 0) | (numbers >= count)]
        if wrong.size:
            raise ShapeError(f"{{0}} has the entry {wrong.flat[0]:g}: class numbers are whole, from 0 to {count - 1}.")
    return f"expand_dims(a, -1) == arange({_whole(count, 'the number of classes', 1, 10**6)})"


def _matrix_norm(shapes: Sequence[Shape], _: Values, statics: Statics) -> str:
    order, shape = statics["ord"], shapes[0]
    if len(shape) < 2:
        raise ShapeError(f"{{0}} is {shape if shape else 'a single number'}; a matrix is wanted here.")
    if order in (None, "fro"):
        return "norm(a, axis=(-2, -1))"
    if isinstance(order, str) or abs(order) not in (1, math.inf):
        raise ShapeError(f"a matrix norm with ord={said(order)} needs singular values; 'fro', 1, -1, inf and -inf do not.")
    kept = "amax" if order > 0 else "amin"
    return f"{kept}(sum(abs(a), axis={-2 if abs(order) == 1 else -1}), axis=-1)"


_A = "A = [[1, 2], [3, 4]]\n"
_X = "x = [[1, 4, 9], [2, 8, 5]]\n"
_SCALES: Statics = {"beta": 1, "alpha": 1}

ROWS = [
    Composite(
        "addmm",
        ("input", "mat1", "mat2"),
        _added(("mat1", "mat2"), (2, 2)),
        "a matrix product and what is added to it",
        "b = [1, 2]\n" + _A + "B = [[0, 1], [1, 1]]\ny = sum(addmm(b, A, B) ** 2)",
        "torch.addmm(input, mat1, mat2, beta=beta, alpha=alpha)",
        _SCALES,
    ),
    Composite(
        "addmv",
        ("input", "mat", "vec"),
        _added(("mat", "vec"), (2, 1)),
        "a matrix times a vector and what is added to it",
        "b = [1, 2]\n" + _A + "x = [1, -1]\ny = sum(addmv(b, A, x) ** 2)",
        "torch.addmv(input, mat, vec, beta=beta, alpha=alpha)",
        _SCALES,
    ),
    Composite(
        "baddbmm",
        ("input", "batch1", "batch2"),
        _added(("batch1", "batch2"), (3, 3)),
        "matrix products and what is added to them",
        "b = randn(2, 3, 2)\nA = randn(2, 3, 4)\nB = randn(2, 4, 2)\ny = sum(baddbmm(b, A, B) ** 2)",
        "torch.baddbmm(input, batch1, batch2, beta=beta, alpha=alpha)",
        _SCALES,
    ),
    Composite(
        "matrix_power",
        ("a",),
        _matrix_power,
        "a matrix times itself",
        _A + "y = sum(matrix_power(A, 3))",
        "torch.linalg.matrix_power(a, n)",
        {"n": REQUIRED},
    ),
    Composite(
        "matrix_norm",
        ("a",),
        _matrix_norm,
        "a norm of a matrix: of its entries, or the largest sum down a column or along a row",
        _A + "y = matrix_norm(A, ord=1)",
        "torch.linalg.matrix_norm(a, ord=ord)",
        {"ord": "fro"},
    ),
    Composite(
        "diff",
        ("a",),
        _diff,
        "each entry less the one before it",
        _X + "y = sum(diff(x) ** 2)",
        "torch.diff(a, n=n, dim=axis)",
        {"n": 1, "axis": -1},
    ),
    Composite(
        "glu",
        ("a",),
        _glu,
        "the first half, gated by the sigmoid of the second",
        "x = [1, 2, 3, -1]\ny = sum(glu(x))",
        "F.glu(a, dim=axis)",
        {"axis": -1},
    ),
    Composite(
        "moveaxis",
        ("a",),
        _moveaxis,
        "an axis put elsewhere",
        "x = randn(2, 3, 4)\ny = sum(moveaxis(x, 0, -1)[0])",
        "torch.moveaxis(a, source, destination)",
        {"source": REQUIRED, "destination": REQUIRED},
    ),
    Composite(
        "atleast_2d",
        ("a",),
        _atleast_2d,
        "a vector as a matrix of one row",
        "x = [1, 2, 3]\n" + "y = sum(atleast_2d(x) ** 2)",
        "torch.atleast_2d(a)",
    ),
    Composite(
        "one_hot",
        ("a",),
        _one_hot,
        "a 1 at the class number, else 0",
        "t = const([2, 0])\nz = [[1, 2, 3], [1, 0, -1]]\ny = sum(one_hot(t, 3) * z)",
        "F.one_hot(a.long(), num_classes)",
        {"num_classes": None},
    ),
]

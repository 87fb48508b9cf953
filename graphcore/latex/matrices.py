"""Arrays as matrices, cut with dots where they are large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphcore.latex.numbers import number_latex, number_math
from graphcore.ops.namespaces import Array

LARGEST = 6
_DOTS_LATEX = {"row": r"\cdots", "column": r"\vdots", "both": r"\ddots"}
_DOTS_MATH = {"row": "⋯", "column": "⋮", "both": "⋱"}


def kept(length: int, largest: int | None = LARGEST) -> list[int | None]:
    """The places shown of an axis; None is where dots stand. Without ``largest`` all are shown.

    >>> kept(3), kept(10)
    ([0, 1, 2], [0, 1, 2, 3, None, 9])
    """
    if largest is None or length <= largest:
        return list(range(length))
    return [*range(largest - 2), None, length - 1]


def _cells(array: Array, largest: int | None) -> list[list[Any]]:
    """Numbers, or the kind of dots, row by row; more than two axes are flattened to rows."""
    matrix = array.reshape(1, -1) if array.ndim < 2 else array.reshape(-1, array.shape[-1]) if array.size else array[..., :0]
    rows, columns = kept(matrix.shape[0], largest), kept(matrix.shape[-1], largest)

    def cell(row: int | None, column: int | None) -> Any:
        if row is None:
            return "both" if column is None else "column"
        return "row" if column is None else float(matrix[row, column])

    return [[cell(row, column) for column in columns] for row in rows]


def matrix_latex(array: Array, decimals: int = 4, largest: int | None = LARGEST) -> str:
    r"""An array as a ``bmatrix``; one axis is a row, an empty array is named with its shape.

    >>> import numpy as np
    >>> print(matrix_latex(np.array([[1.0, 2.0], [3.0, 4.0]])))
    \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}
    """
    if not array.size:
        return rf"\text{{(empty, {_shape(array.shape)})}}"

    def written(cell: Any) -> str:
        return _DOTS_LATEX[cell] if isinstance(cell, str) else number_latex(cell, decimals)

    rows = [" & ".join(map(written, row)) for row in _cells(array, largest)]
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def matrix_math(array: Array, decimals: int = 4, largest: int | None = LARGEST) -> list[Any]:
    """An array as a math tree."""
    if not array.size:
        return ["mtext", f"(empty, {_shape(array.shape)})"]
    rows = [
        ["mtr", *[["mtd", ["mo", _DOTS_MATH[cell]] if isinstance(cell, str) else number_math(cell, decimals)] for cell in row]]
        for row in _cells(array, largest)
    ]
    return ["mrow", ["mo", "["], ["mtable", *rows], ["mo", "]"]]


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))

"""A Jacobian as books write it: flattened by rows or with columns stacked, in numerator or denominator layout.

Here a Jacobian has a row for every entry of the target and a column for every entry of the source (numerator layout),
both arrays flattened row by row. Other conventions are the same numbers in another order: pure functions of positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.errors import JacobianError
from graphcore.jacobian import LARGEST, Jacobian, positions
from graphcore.jacobian.entries import Whole
from graphcore.jacobian.parts import shapes_of
from graphcore.jacobian.path import PathJacobian
from graphcore.ops.namespaces import Array, Shape


class Convention(NamedTuple):
    """``columns``: arrays are flattened with their columns stacked; ``denominator``: the source runs down the rows."""

    columns: bool = False
    denominator: bool = False


ROWS = Convention()


def row_major(places: Whole, shape: Shape, columns: bool) -> Whole:
    """Where entries of a flattened array stand when it is flattened row by row.

    >>> row_major(np.arange(6), (2, 3), True)
    array([0, 3, 1, 4, 2, 5])
    """
    if not columns or len(shape) < 2 or not places.size:
        return places
    return np.ravel_multi_index(np.unravel_index(places, shape, order="F"), shape).astype(np.intp)


def label(name: str, shape: Shape, place: int) -> str:
    """The name of the entry at a place of an array flattened row by row.

    >>> label("W", (2, 3), 5), label("L", (), 0)
    ('W[1,2]', 'L')
    """
    if not shape:
        return name
    return f"{name}[{','.join(str(int(k)) for k in np.unravel_index(place, shape))}]"


@dataclass(frozen=True, eq=False)
class Arranged:
    """A Jacobian in a convention; ``shape``, ``block`` and the labels are those of the matrix as it is written."""

    jacobian: Jacobian | PathJacobian
    convention: Convention = ROWS

    @property
    def ends(self) -> tuple[int, int]:
        """The nodes that run down the rows and along the columns."""
        target, source = self.jacobian.ends
        return (source, target) if self.convention.denominator else (target, source)

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        rows, columns = self.jacobian.shape
        return (columns, rows) if self.convention.denominator else (rows, columns)

    @property
    def structure(self) -> str:
        """The structure in this convention: ``x1ᵀ ⊗ I`` where columns are stacked, ``I ⊗ x1ᵀ`` where they are not."""
        return self.jacobian.structure_when(*self.convention)

    def block(self, rows: slice | int, columns: slice | int) -> Array:
        """The entries of a part of the matrix; JacobianError above 10^6 of them."""
        r, c = (self._places(k, part) for k, part in enumerate((rows, columns)))
        return self.jacobian.picked(c, r).T if self.convention.denominator else self.jacobian.picked(r, c)

    def labels(self, side: int, part: slice | int) -> list[str]:
        """The names of rows (side 0) or columns (side 1): ``W[1,2]``."""
        return labels(self.jacobian.run, self.ends[side], self._places(side, part))

    def place(self, side: int, position: int) -> int:
        """Where the entry of a row or column stands in its array flattened row by row."""
        return int(self._places(side, position)[0])

    def gathered(self) -> Array:
        """The gradient of one number as a matrix, after reshaping: in numerator layout of the transposed shape.

        Raises :class:`JacobianError` where target has more entries than one or the source more than two axes.
        """
        j = self.jacobian
        source = self.ends[0 if self.convention.denominator else 1]
        shape = j.run.graph.shapes[source]
        if j.shape[0] != 1 or len(shape) > 2 or prod(shape) > LARGEST:
            raise JacobianError(f"{j!r} has no form as one matrix: that is for the derivative of one number by a matrix.")
        matrix = j.dense().reshape(shape if len(shape) == 2 else (-1, 1))
        return matrix if self.convention.denominator else matrix.T

    def _places(self, side: int, part: slice | int) -> Whole:
        node = self.ends[side]
        found = positions(part, self.shape[side])
        run = self.jacobian.run
        if node in run.graph.tuples:
            return found
        return row_major(found, run.graph.shapes[node], self.convention.columns)


def labels(run: Trace, node: int, places: Whole) -> list[str]:
    """The names of entries of a node flattened row by row; of a tuple those of its parts."""
    name = run.graph.labels.get(node) if run.graph.recorded is not None else None
    name = name or run.graph.names[node]
    if node not in run.graph.tuples:
        return [label(name, run.graph.shapes[node], int(k)) for k in places]
    found, shapes = [], shapes_of(run, node)
    ends = np.cumsum([prod(shape) for shape in shapes])
    for place in places:
        part = int(np.searchsorted(ends, place, side="right"))
        found.append(label(f"{name}.{part}", shapes[part], int(place) - (int(ends[part - 1]) if part else 0)))
    return found

"""Where a scalar stands: an entry of a node, the number of that entry when the node is flattened row by row."""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.errors import EntryError
from graphcore.graph import Value
from graphcore.jacobian.parts import shapes_of
from graphcore.ops.namespaces import Array, Shape

Entry = tuple[int, ...]
_MANY = 10_000


def position_of(run: Trace, node: int, entry: Entry) -> int:
    """The number of an entry; of a node with several parts the first index is the part.

    Raises :class:`EntryError` for an entry that the node has not got.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); x = b.leaf("x", [[1.0, 2.0], [3.0, 4.0]]); y = b.apply("sum", x)
    >>> position_of(trace(b.graph()), x, (1, 0))
    2
    """
    shapes = shapes_of(run, node)
    part, index = (entry[:1], entry[1:]) if node in run.graph.tuples else ((0,), entry)
    whole = all(type(k) is int for k in entry)
    if not whole or not part or not 0 <= part[0] < len(shapes) or not _inside(index, shapes[part[0]]):
        shape = ", ".join(map(_shape, shapes))
        raise EntryError(f"`{run.graph.names[node]}` has no entry [{', '.join(map(str, entry))}]: its shape is {shape}.")
    before = sum(prod(shape) for shape in shapes[: part[0]])
    position = 0
    for k, n in zip(index, shapes[part[0]]):
        position = position * n + k
    return before + position


def _inside(index: Entry, shape: Shape) -> bool:
    return len(index) == len(shape) and all(0 <= k < n for k, n in zip(index, shape))


def _shape(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def entry_of(run: Trace, node: int, position: int) -> Entry:
    """The entry of that number."""
    for part, shape in enumerate(shapes_of(run, node)):
        if position < prod(shape):
            index = entry_in(shape, position)
            return (part, *index) if node in run.graph.tuples else index
        position -= prod(shape)
    raise EntryError(f"`{run.graph.names[node]}` has not that many entries.")


def entry_in(shape: Shape, position: int) -> Entry:
    """The indices of a number in an array of this shape.

    >>> entry_in((2, 3), 4)
    (1, 1)
    """
    found = []
    for n in reversed(shape):
        position, k = divmod(position, n)
        found.append(k)
    return tuple(reversed(found))


def label(name: str, entry: Entry) -> str:
    """A scalar's name.

    >>> label("W", (1, 0)), label("loss", ())
    ('W[1,0]', 'loss')
    """
    return f"{name}[{','.join(map(str, entry))}]" if entry else name


def numbers(value: Value | tuple[Any, ...]) -> Array:
    """All entries of a value, its parts one after the other."""
    if isinstance(value, tuple):
        return np.concatenate([np.zeros(0), *[np.ravel(part) for part in value]])
    return np.ravel(value)


def summed(terms: Array) -> float:
    """A sum that does not lose small numbers among large ones; of very many terms as NumPy sums."""
    if len(terms) > _MANY or not np.isfinite(terms).all():
        return float(np.sum(terms))
    return math.fsum(terms)


def number_at(run: Trace, argument: int, position: int) -> float:
    """One entry of a node, or of a literal by its negative number."""
    value: Any = run.argument(argument)
    if isinstance(value, tuple):
        return float(numbers(value)[position])
    return float(value if np.ndim(value) == 0 else value.flat[position])


def alike(shape: Shape, operand: Shape, entry: Entry) -> int:
    """The number of the operand's entry that meets this entry of a result when shapes are broadcast.

    >>> alike((2, 3), (3,), (1, 2)), alike((2, 3), (2, 1), (1, 2)), alike((2, 3), (), (1, 2))
    (2, 1, 0)
    """
    position = 0
    for n, k in zip(operand, entry[len(shape) - len(operand) :]):
        position = position * n + (k if n != 1 else 0)
    return position

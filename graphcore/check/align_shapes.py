"""How a handed-in array can be made to fit a node: as it is, without axes of length one, transposed, or in another shape."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from graphcore.check.hand_in import Array
from graphcore.ops.namespaces import Shape

Change = Literal["", "transposed", "squeezed", "reshaped"]
CHANGES: tuple[Change, ...] = ("", "transposed", "squeezed", "reshaped")


class Fit(NamedTuple):
    """What has to be done to an array, and how plainly its shape says so (0 is plainest)."""

    change: Change
    rank: int


def fit(given: Shape, wanted: Shape) -> Fit | None:
    """How an array of shape ``given`` fits a node of shape ``wanted``; None where it has another number of entries.

    >>> fit((10, 2), (10, 2)).change, fit((2, 10), (10, 2)).change, fit((1, 10), (10,)).change, fit((6,), (2, 3)).change
    ('', 'transposed', 'squeezed', 'reshaped')
    >>> fit((10,), (10, 10)) is None
    True
    """
    if given == wanted:
        return Fit("", 0)
    if math.prod(given) != math.prod(wanted):
        return None
    slim, target = core(given), core(wanted)
    if len(given) == len(wanted) == 2 and given[::-1] == wanted:
        return Fit("transposed", 1)
    if slim == target:
        return Fit("squeezed", 1)
    if len(slim) == 2 and slim[::-1] == target:
        return Fit("transposed", 2)
    return Fit("reshaped", 3)


def core(shape: Shape) -> Shape:
    """A shape without its axes of length one."""
    return tuple(length for length in shape if length != 1)


def changed(array: Array, wanted: Shape, change: Change) -> Array | None:
    """An array in a node's shape after ``change``; None where that does not give this shape.

    >>> import numpy as np
    >>> changed(np.array([[1.0, 2.0]]), (2, 1), "transposed").tolist()
    [[1.0], [2.0]]
    """
    if array.size != math.prod(wanted):
        return None
    if change == "" and array.shape != wanted:
        return None
    if change == "squeezed" and core(array.shape) != core(wanted):
        return None
    if change == "transposed":
        array = array.reshape(core(array.shape)).T
        if array.ndim > 2 or array.shape != core(wanted):
            return None
    return array.reshape(wanted)


def is_square(shape: Shape) -> bool:
    """Whether a transpose would go unnoticed: two axes of one length above 1.

    >>> is_square((3, 3)), is_square((1, 1)), is_square((2, 3))
    (True, False, False)
    """
    slim = core(shape)
    return len(slim) == 2 and slim[0] == slim[1]


def shape_text(shape: Shape) -> str:
    """A shape in a sentence: ``(10, 2)``, and "a single number" for none.

    >>> shape_text((10, 2)), shape_text(())
    ('shape (10, 2)', 'a single number')
    """
    return f"shape {tuple(shape)}" if shape else "a single number"

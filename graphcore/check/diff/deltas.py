"""What was done to a delta: the activation's derivative forgotten, taken twice, or another formula in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from graphcore.check.diff.printed import Printed, fits, telling
from graphcore.check.hand_in import Array


class _Row(NamedTuple):
    mistake: str
    text: str
    activation: str
    ratio: Callable[[Array], Array]


def _sigmoid(y: Array) -> Array:
    return 1 / (1 + np.exp(-y))


# the wrong delta is the right one times `ratio` of the layer's activation y
_ROWS = (
    _Row("skipped-op", "without the derivative y (1 - y) of the sigmoid", "sigmoid", lambda y: 1 / (y * (1 - y))),
    _Row(
        "extra-activation-derivative", "with the sigmoid's derivative y (1 - y) once too often", "sigmoid", lambda y: y * (1 - y)
    ),
    _Row(
        "function-for-derivative", "with the sigmoid y where its derivative y (1 - y) belongs", "sigmoid", lambda y: 1 / (1 - y)
    ),
    _Row("complement-for-derivative", "with 1 - y where the sigmoid's derivative y (1 - y) belongs", "sigmoid", lambda y: 1 / y),
    _Row(
        "derivative-at-output",
        "with the sigmoid's derivative taken at its output y",
        "sigmoid",
        lambda y: _sigmoid(y) * (1 - _sigmoid(y)) / (y * (1 - y)),
    ),
    _Row("skipped-op", "without the derivative 1 - y² of tanh", "tanh", lambda y: 1 / (1 - y * y)),
    _Row("extra-activation-derivative", "with tanh's derivative 1 - y² once too often", "tanh", lambda y: 1 - y * y),
    _Row("function-for-derivative", "with tanh's value y where its derivative 1 - y² belongs", "tanh", lambda y: y / (1 - y * y)),
    _Row("complement-for-derivative", "with 1 - y where tanh's derivative 1 - y² belongs", "tanh", lambda y: 1 / (1 + y)),
    _Row(
        "derivative-at-output",
        "with tanh's derivative taken at its output y",
        "tanh",
        lambda y: (1 - np.tanh(y) ** 2) / (1 - y * y),
    ),
    _Row("function-for-derivative", "with relu's value y where its derivative belongs", "relu", lambda y: y),
)


class Derivative(NamedTuple):
    """A formula that turns the delta of one file into that of file ``side``."""

    mistake: str
    text: str
    side: int


def derivative(a: Printed, b: Printed, activation: Printed) -> Derivative | None:
    """The mistake about the activation's derivative that turns delta b into a (or a into b), or None.

    ``activation`` are the outputs of the layer, recovered from the layer that follows; three of each must tell.
    """
    if not a.array.shape == b.array.shape == activation.array.shape:
        return None
    known = telling(a) & telling(b) & telling(activation)
    if np.count_nonzero(known) < 3:
        return None
    one, other, y = (side.moved(lambda v: v[known]) for side in (a, b, activation))
    for side, (wrong, right) in enumerate(((one, other), (other, one))):
        for row in _ROWS:
            if _turns(row, wrong, right, y):
                return Derivative(row.mistake, row.text, side)
    return None


def _turns(row: _Row, wrong: Printed, right: Printed, y: Printed) -> bool:
    """Whether the formula of ``row`` turns the right delta into the wrong one, to the printed digits."""
    with np.errstate(all="ignore"):
        low, ratio, high = (row.ratio(y.array + sign * y.half) for sign in (-1, 0, 1))
        half = np.maximum(np.abs(low - ratio), np.abs(high - ratio))
        slack = right.half * np.abs(ratio) + (np.abs(right.array) + right.half) * half
    # a saturated activation leaves its derivative open; the other entries must tell
    sharp = np.isfinite(slack) & (half <= 0.1 * np.abs(ratio))
    if np.count_nonzero(sharp) < 3:
        return False
    expected = Printed((right.array * ratio)[sharp], slack[sharp], max(right.eps, y.eps))
    return fits(wrong.moved(lambda v: v[sharp]), expected)

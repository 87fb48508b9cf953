"""Products of Householder's reflections, which is how LAPACK keeps an orthogonal matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.aten.systems import turned
from graphcore.ops.row import Formula


def _vector(factors: Any, k: int) -> Any:
    """Number k of the vectors: zeros, a one, and the column below the diagonal."""
    found = np.tril(factors, -1)[..., :, k].copy()
    found[..., k] = 1.0
    return found


def _reflected(factors: Any, tau: Any, k: int, matrix: Any) -> Any:
    v = _vector(factors, k)
    return matrix - tau[..., k, None, None] * v[..., :, None] * (v[..., None, :] @ matrix)


def _numbers(tau: Any, transpose: bool) -> list[int]:
    """The reflections in the order in which they are done to a matrix at their right."""
    count = np.shape(tau)[-1]
    return list(range(count)) if transpose else list(range(count))[::-1]


def _applied(factors: Any, tau: Any, matrix: Any, transpose: bool) -> list[Any]:
    """The matrix after every reflection."""
    found = [np.asarray(matrix)]
    for k in _numbers(tau, transpose):
        found.append(_reflected(factors, tau, k, found[-1]))
    return found


def _back(g: Any, factors: Any, tau: Any, matrix: Any, transpose: bool) -> tuple[Any, Any, Any]:
    """The gradients of the vectors, of tau and of the matrix."""
    steps = _applied(factors, tau, matrix, transpose)
    of_factors, of_tau = np.zeros(np.shape(factors)), np.zeros(np.shape(tau))
    numbers = _numbers(tau, transpose)
    for place in range(len(numbers) - 1, -1, -1):
        k, before = numbers[place], steps[place]
        v = _vector(factors, k)[..., :, None]
        along_g, along_before = turned(g) @ v, turned(before) @ v
        of_tau[..., k] = -np.sum(along_g * along_before, axis=(-2, -1))
        of_vector = -tau[..., k, None, None] * (g @ along_before + before @ along_g)
        of_factors[..., k + 1 :, k] = of_vector[..., k + 1 :, 0]
        g = _reflected(factors, tau, k, g)
    return of_factors, of_tau, g


def _first_columns(input: Any) -> Any:
    rows, columns = np.shape(input)[-2:]
    return np.zeros(np.shape(input)) + np.eye(rows, columns)


def _product(input: Any, tau: Any) -> Any:
    return _applied(input, tau, _first_columns(input), False)[-1]


def _product_input(g: Any, y: Any, input: Any, tau: Any) -> Any:
    return _back(g, input, tau, _first_columns(input), False)[0]


def _product_tau(g: Any, y: Any, input: Any, tau: Any) -> Any:
    return _back(g, input, tau, _first_columns(input), False)[1]


def _times(self: Any, input2: Any, input3: Any, left: bool = True, transpose: bool = False) -> Any:
    if left:
        return _applied(self, input2, input3, transpose)[-1]
    return turned(_applied(self, input2, turned(input3), not transpose)[-1])


def _times_rule(slot: int) -> Any:
    def rule(g: Any, y: Any, self: Any, input2: Any, input3: Any, left: bool = True, transpose: bool = False) -> Any:
        if left:
            return _back(g, self, input2, input3, transpose)[slot]
        found = _back(turned(g), self, input2, turned(input3), not transpose)[slot]
        return turned(found) if slot == 2 else found

    return rule


ROWS: list[Row | Same] = [
    aten(
        "linalg_householder_product(input, tau)",
        Formula("product(1 - tau * outer(v, v))", _product),
        spoken="product of reflections",
        input=Formula("-tau * (g @ m.T + m @ g.T) @ v", _product_input),
        tau=Formula("-v @ g @ m.T @ v", _product_tau),
    ),
    aten(
        "ormqr(self, input2, input3, left=True, transpose=False)",
        Formula("q @ input3", _times),
        spoken="product with reflections",
        self=Formula("-tau * (g @ m.T + m @ g.T) @ v", _times_rule(0)),
        input2=Formula("-v @ g @ m.T @ v", _times_rule(1)),
        input3=Formula("q.T @ g", _times_rule(2)),
    ),
]

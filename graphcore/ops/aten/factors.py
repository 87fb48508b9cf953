"""Factors of matrices: triangular and orthogonal ones, exponentials, pseudo-inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import Arguments
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.aten.systems import factored, triangle, turned
from graphcore.ops.row import Formula


def _lower(packed: Any) -> Any:
    few = min(np.shape(packed)[-2:])
    return np.tril(packed, -1)[..., :few] + np.eye(np.shape(packed)[-2], few)


def _upper(packed: Any) -> Any:
    return np.triu(packed)[..., : min(np.shape(packed)[-2:]), :]


def permutation(pivots: Any, size: int) -> Any:
    """The matrix P of A = P L U from LAPACK's list of exchanged rows."""
    found = np.zeros((*np.shape(pivots)[:-1], size, size))
    for batch in np.ndindex(np.shape(pivots)[:-1]):
        rows = list(range(size))
        for k, other in enumerate(pivots[batch].tolist()):
            rows[k], rows[other - 1] = rows[other - 1], rows[k]
        found[(*batch, rows, range(size))] = 1.0
    return found


def _packed(A: Any, pivot: bool = True, check_errors: bool = False) -> Any:
    found, pivots = factored(A)
    return found, pivots, np.zeros(np.shape(A)[:-2], dtype=np.int64)


def _of_square(lower: Any, upper: Any, given_lower: Any, given_upper: Any) -> Any:
    inner = np.tril(turned(lower) @ given_lower, -1) + np.triu(given_upper @ turned(upper))
    left = np.linalg.solve(turned(lower), inner)
    return turned(np.linalg.solve(upper, turned(left)))


def _of_factors(p: Any, lower: Any, upper: Any, given_lower: Any, given_upper: Any) -> Any:
    rows, few = np.shape(lower)[-2:]
    if rows > few:
        # the rows below are theirs over the triangle
        below = turned(np.linalg.solve(upper, turned(given_lower[..., few:, :])))
        given_upper = given_upper - turned(lower[..., few:, :]) @ below
        first = _of_square(lower[..., :few, :], upper, given_lower[..., :few, :], given_upper)
        return p @ np.concatenate((first, below), axis=-2)
    # the columns beyond are the triangle's solutions
    beyond = np.linalg.solve(turned(lower), given_upper[..., few:])
    given_lower = given_lower - beyond @ turned(upper[..., few:])
    first = _of_square(lower, upper[..., :few], given_lower, given_upper[..., :few])
    return p @ np.concatenate((first, beyond), axis=-1)


def _packed_rule(g: Any, y: Any, A: Any, pivot: bool = True, check_errors: bool = False) -> Any:
    few = min(np.shape(A)[-2:])
    given_lower, given_upper = np.tril(g[0], -1)[..., :few], _upper(g[0])
    return _of_factors(permutation(y[1], np.shape(A)[-2]), _lower(y[0]), _upper(y[0]), given_lower, given_upper)


def _three(A: Any, pivot: bool = True) -> Any:
    found, pivots = factored(A)
    return permutation(pivots, np.shape(A)[-2]), _lower(found), _upper(found)


def _three_rule(g: Any, y: Any, A: Any, pivot: bool = True) -> Any:
    p, lower, upper = y
    return _of_factors(p, lower, upper, g.get(1, np.zeros(np.shape(lower))), g.get(2, np.zeros(np.shape(upper))))


def _unpacked(LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    return permutation(LU_pivots, np.shape(LU_data)[-2]), _lower(LU_data), _upper(LU_data)


def _unpacked_rule(g: Any, y: Any, LU_data: Any, LU_pivots: Any, **_: Any) -> Any:
    found = np.zeros(np.shape(LU_data))
    few = min(found.shape[-2:])
    if 1 in g:
        found[..., :few] += np.tril(g[1], -1)
    if 2 in g:
        found[..., :few, :] += np.triu(g[2])
    return found


def _with_factors(LU: Any, pivots: Any, B: Any, left: bool = True, adjoint: bool = False) -> Any:
    if not left:
        return turned(_with_factors(LU, pivots, turned(B), True, not adjoint))
    p = permutation(pivots, np.shape(LU)[-1])
    if adjoint:
        return p @ np.linalg.solve(turned(_lower(LU)), np.linalg.solve(turned(_upper(LU)), B))
    return np.linalg.solve(_upper(LU), np.linalg.solve(_lower(LU), turned(p) @ B))


def _with_factors_B(g: Any, y: Any, LU: Any, pivots: Any, B: Any, left: bool = True, adjoint: bool = False) -> Any:
    return _with_factors(LU, pivots, g, left, not adjoint)


def _with_factors_LU(g: Any, y: Any, LU: Any, pivots: Any, B: Any, left: bool = True, adjoint: bool = False) -> Any:
    back = _with_factors_B(g, y, LU, pivots, B, left, adjoint)
    of_whole = -back @ turned(y) if left else -turned(y) @ back
    inner = turned(permutation(pivots, np.shape(LU)[-1])) @ (turned(of_whole) if adjoint else of_whole)
    return np.tril(inner @ turned(np.triu(LU)), -1) + np.triu(turned(_lower(LU)) @ inner)


def _unpacks_all(arguments: Arguments) -> bool:
    return bool(arguments.get("unpack_data", True) and arguments.get("unpack_pivots", True))


def _of_matrices(arguments: Arguments) -> bool:
    return len(arguments["B"].shape) >= len(arguments["LU"].shape)


def _qr(A: Any, mode: str = "reduced") -> Any:
    return tuple(np.linalg.qr(A, "complete" if mode == "complete" else "reduced"))


def _qr_rule(g: Any, y: Any, A: Any, mode: str = "reduced") -> Any:
    q, r = y
    given_q, given_r = g.get(0, np.zeros(np.shape(q))), g.get(1, np.zeros(np.shape(r)))
    size = np.shape(q)[-1]
    # the columns beyond the first ones are theirs in q's terms
    rest, given_rest = A[..., size:], given_r[..., size:]
    given_q = given_q + rest @ turned(given_rest)
    r, given_r = r[..., :size], given_r[..., :size]
    inner = np.triu(given_r @ turned(r) - turned(q) @ given_q)
    both = inner + turned(inner) - np.eye(size) * inner
    first = turned(np.linalg.solve(r, turned(given_q + q @ both)))
    return np.concatenate((first, q @ given_rest), axis=-1)


def _has_both(arguments: Arguments) -> bool:
    rows, columns = arguments["A"].shape[-2:]
    mode = arguments.get("mode", "reduced")
    return bool(mode == "reduced" or (mode == "complete" and rows <= columns))


def exponential(a: Any) -> Any:
    """exp of a matrix: Taylor's series of a 2^-k of it, squared k times."""
    largest = float(np.max(np.sum(np.abs(a), axis=-1), initial=0.0))
    halvings = max(0, int(np.ceil(np.log2(largest))) + 2) if 0 < largest < np.inf else 0
    small = a / 2.0**halvings
    found = term = np.eye(np.shape(a)[-1]) + np.zeros(np.shape(a))
    for k in range(1, 20):
        term = term @ small / k
        found = found + term
    for _ in range(halvings):
        found = found @ found
    return found


def _exponential_rule(g: Any, y: Any, self: Any) -> Any:
    size = np.shape(self)[-1]
    back = turned(self)
    block = np.concatenate((np.concatenate((back, g), -1), np.concatenate((np.zeros(np.shape(g)), back), -1)), -2)
    return exponential(block)[..., :size, size:]


def _pseudo(self: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    u, s, vh = np.linalg.svd(self, full_matrices=False)
    low = np.asarray(0.0 if atol is None else atol)
    usual = np.where(low > 0, 0.0, max(np.shape(self)[-2:]) * np.finfo(np.float64).eps)
    share = usual if rtol is None else np.asarray(rtol)
    kept = s > np.maximum(low[..., None], share[..., None] * np.max(s, axis=-1, keepdims=True, initial=0.0))
    inverse = np.where(kept, 1 / np.where(kept, s, 1.0), 0.0)
    return turned(vh) @ (inverse[..., None] * turned(u))


def _pseudo_rule(g: Any, y: Any, self: Any, **_: Any) -> Any:
    rows, columns = np.shape(self)[-2:]
    back, given = turned(y), turned(g)
    found = -back @ g @ back
    found = found + (np.eye(rows) - self @ y) @ given @ y @ back
    return found + back @ y @ given @ (np.eye(columns) - y @ self)


def _from_factor(self: Any, upper: bool = False) -> Any:
    lower = np.tril(turned(self)) if upper else np.tril(self)
    return np.linalg.inv(lower @ turned(lower))


def _from_factor_rule(g: Any, y: Any, self: Any, upper: bool = False) -> Any:
    inner = -y @ (g + turned(g)) @ y
    return np.triu(np.triu(self) @ inner) if upper else np.tril(inner @ np.tril(self))


def _triangular(self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> Any:
    whole = triangle(A, upper, unitriangular)
    return np.linalg.solve(turned(whole) if transpose else whole, self), A


def _triangular_self(
    g: Any, y: Any, self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    return _triangular(g[0], A, upper, not transpose, unitriangular)[0] if 0 in g else np.zeros(np.shape(self))


def _triangular_A(
    g: Any, y: Any, self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    back = _triangular_self(g, y, self, A, upper, transpose, unitriangular)
    full = -y[0] @ turned(back) if transpose else -back @ turned(y[0])
    found = np.triu(full, 1 if unitriangular else 0) if upper else np.tril(full, -1 if unitriangular else 0)
    # the second output is a copy of A
    return found + g[1] if 1 in g else found


ROWS: list[Row | Same] = [
    aten(
        "linalg_lu_factor_ex(A, pivot=True, check_errors=False)",
        Formula("lu(A)", _packed),
        spoken="triangular factors",
        A=Formula("p @ inv(l).T @ (tril(l.T @ gl) + triu(gu @ u.T)) @ inv(u).T", _packed_rule),
        when=lambda given: bool(given.get("pivot", True)),
    ),
    aten(
        "linalg_lu(A, pivot=True)",
        Formula("lu(A)", _three),
        spoken="triangular factors",
        A=Formula("p @ inv(l).T @ (tril(l.T @ g1) + triu(g2 @ u.T)) @ inv(u).T", _three_rule),
        when=lambda given: bool(given.get("pivot", True)),
    ),
    aten(
        "lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True)",
        Formula("unpack(LU_data)", _unpacked),
        spoken="factors apart",
        LU_data=Formula("tril(g1, -1) + triu(g2)", _unpacked_rule),
        when=_unpacks_all,
    ),
    aten(
        "linalg_lu_solve(LU, pivots, B, left=True, adjoint=False)",
        Formula("inv(p @ l @ u) @ B", _with_factors),
        spoken="solution",
        LU=Formula("tril(h @ u.T, -1) + triu(l.T @ h)", _with_factors_LU),
        B=Formula("inv(p @ l @ u).T @ g", _with_factors_B),
        when=_of_matrices,
    ),
    aten(
        "linalg_qr(A, mode='reduced')",
        Formula("qr(A)", _qr),
        spoken="orthogonal and triangular factor",
        A=Formula("(g0 + q @ both(g1 @ r.T - q.T @ g0)) @ inv(r).T", _qr_rule),
        when=_has_both,
    ),
    aten(
        "linalg_matrix_exp(self)",
        Formula("expm(self)", lambda self: exponential(self)),
        spoken="matrix exponential",
        self=Formula("expm([[self.T, g], [0, self.T]])", _exponential_rule),
    ),
    aten(
        "linalg_pinv.atol_rtol_tensor(self, atol=None, rtol=None, hermitian=False)",
        Formula("pinv(self)", _pseudo),
        spoken="pseudo-inverse",
        self=Formula("-y.T @ g @ y.T + (1 - self @ y) @ g.T @ y @ y.T + y.T @ y @ g.T @ (1 - y @ self)", _pseudo_rule),
        when=lambda given: not given.get("hermitian", False),
    ),
    aten(
        "cholesky_inverse(self, upper=False)",
        Formula("inv(self @ self.T)", _from_factor),
        spoken="inverse from a factor",
        self=Formula("-tril(y @ (g + g.T) @ y @ self)", _from_factor_rule),
    ),
    aten(
        "triangular_solve(self, A, upper=True, transpose=False, unitriangular=False)",
        Formula("inv(A) @ self", _triangular),
        spoken="solution",
        self=Formula("inv(A).T @ g", _triangular_self),
        A=Formula("-tri(inv(A).T @ g @ y.T)", _triangular_A),
    ),
]

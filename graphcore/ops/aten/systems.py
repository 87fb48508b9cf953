"""Square systems: inverses, determinants, solutions, factors."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from graphcore.errors import TraceError
from graphcore.ops import REGISTRY
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.functions import cofactors
from graphcore.ops.row import Formula


def turned(a: Any) -> Any:
    """The last two axes exchanged."""
    return np.swapaxes(a, -1, -2)


def _fine(a: Any) -> Any:
    """torch's second result of its ``_ex`` functions: that nothing went wrong."""
    return np.zeros(np.shape(a)[:-2], dtype=np.int64)


def _inverse(A: Any, check_errors: bool = False) -> Any:
    return np.linalg.inv(A), _fine(A)


def _inverse_rule(g: Any, y: Any, A: Any, check_errors: bool = False) -> Any:
    return -turned(y[0]) @ g[0] @ turned(y[0])


def factored(A: Any) -> tuple[Any, Any]:
    """L and U in one matrix, and the rows exchanged, as LAPACK has them: counted from 1."""
    found = np.array(A)
    size = min(found.shape[-2:])
    pivots = np.zeros((*found.shape[:-2], size), dtype=np.int64)
    for batch in np.ndindex(found.shape[:-2]):
        matrix = found[batch]
        for k in range(size):
            best = k + int(np.argmax(np.abs(matrix[k:, k])))
            pivots[(*batch, k)] = best + 1
            if best != k:
                matrix[[k, best]] = matrix[[best, k]]
            if matrix[k, k] != 0:
                matrix[k + 1 :, k] /= matrix[k, k]
                matrix[k + 1 :, k + 1 :] -= np.outer(matrix[k + 1 :, k], matrix[k, k + 1 :])
    return found, pivots


def _determinant(A: Any) -> Any:
    # torch factors the transpose: the memory of a matrix is one in LAPACK's order
    return (np.linalg.det(A), *factored(turned(A)))


def _determinant_rule(g: Any, y: Any, A: Any) -> Any:
    found = np.zeros(np.shape(A))
    if 0 in g:
        for batch in np.ndindex(found.shape[:-2]):
            found[batch] = g[0][batch] * cofactors(A[batch])
    return found


def _log_determinant(A: Any) -> Any:
    return (*np.linalg.slogdet(A), *factored(turned(A)))


def _log_determinant_rule(g: Any, y: Any, A: Any) -> Any:
    return g[1][..., None, None] * turned(np.linalg.inv(A)) if 1 in g else np.zeros(np.shape(A))


def _is_vector(A: Any, B: Any) -> bool:
    return np.ndim(B) == 1 or (np.ndim(B) == np.ndim(A) - 1 and np.shape(B) == np.shape(A)[:-1])


def solve(A: Any, B: Any, left: bool) -> Any:
    if _is_vector(A, B):
        return np.linalg.solve(A, B[..., None])[..., 0]
    return np.linalg.solve(A, B) if left else turned(np.linalg.solve(turned(A), turned(B)))


def _solved(A: Any, B: Any, left: bool = True, check_errors: bool = False) -> Any:
    return (solve(A, B, left), *factored(A if left else turned(A)), _fine(A))


def _solved_B(g: Any, y: Any, A: Any, B: Any, left: bool = True, check_errors: bool = False) -> Any:
    return solve(turned(A), g[0], left)


def _solved_A(g: Any, y: Any, A: Any, B: Any, left: bool = True, check_errors: bool = False) -> Any:
    back = solve(turned(A), g[0], left)
    if _is_vector(A, B):
        return -back[..., :, None] * y[0][..., None, :]
    return -back @ turned(y[0]) if left else -turned(y[0]) @ back


def _cholesky(self: Any, upper: bool = False) -> Any:
    return turned(np.linalg.cholesky(turned(self))) if upper else np.linalg.cholesky(self)


def _half_lower(a: Any) -> Any:
    return np.tril(a) - np.eye(np.shape(a)[-1]) * a / 2


def _cholesky_rule(g: Any, y: Any, self: Any, upper: bool = False) -> Any:
    lower, given = (turned(y), turned(g)) if upper else (y, g)
    inner = _half_lower(turned(lower) @ given)
    found = turned(np.linalg.solve(turned(lower), turned(np.linalg.solve(turned(lower), inner))))
    return (found + turned(found)) / 2


def _cholesky_ex(self: Any, upper: bool = False, check_errors: bool = False) -> Any:
    return _cholesky(self, upper), _fine(self)


def _cholesky_ex_rule(g: Any, y: Any, self: Any, upper: bool = False, check_errors: bool = False) -> Any:
    return _cholesky_rule(g[0], y[0], self, upper)


def triangle(A: Any, upper: bool, unitriangular: bool) -> Any:
    kept = np.triu(A, 1 if unitriangular else 0) if upper else np.tril(A, -1 if unitriangular else 0)
    return kept + np.eye(np.shape(A)[-1]) if unitriangular else kept


def _triangular(self: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    whole = triangle(self, upper, unitriangular)
    return np.linalg.solve(whole, B) if left else turned(np.linalg.solve(turned(whole), turned(B)))


def _triangular_B(g: Any, y: Any, self: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    return _triangular(turned(self), g, not upper, left, unitriangular)


def _triangular_self(g: Any, y: Any, self: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    back = _triangular_B(g, y, self, B, upper, left, unitriangular)
    full = -back @ turned(y) if left else -turned(y) @ back
    return np.triu(full, 1 if unitriangular else 0) if upper else np.tril(full, -1 if unitriangular else 0)


def _cholesky_solve(self: Any, input2: Any, upper: bool = False) -> Any:
    lower = np.tril(turned(input2)) if upper else np.tril(input2)
    return np.linalg.solve(turned(lower), np.linalg.solve(lower, self))


def _cholesky_solve_self(g: Any, y: Any, self: Any, input2: Any, upper: bool = False) -> Any:
    return _cholesky_solve(g, input2, upper)


def _cholesky_solve_factor(g: Any, y: Any, self: Any, input2: Any, upper: bool = False) -> Any:
    half = -_cholesky_solve(g, input2, upper) @ turned(y)
    both = half + turned(half)
    return np.triu(np.triu(input2) @ both) if upper else np.tril(both @ np.tril(input2))


def _eigen(A: Any, UPLO: Literal["L", "U"] = "L", compute_v: bool = True) -> Any:
    return tuple(np.linalg.eigh(A, UPLO))


def _eigen_rule(g: Any, y: Any, A: Any, UPLO: str = "L", compute_v: bool = True) -> Any:
    _of_values(1 in g, "eigenvectors")
    return (y[1] * g[0][..., None, :]) @ turned(y[1])


def _of_values(reached: bool, what: str) -> None:
    if reached:
        raise TraceError(f"a gradient reaches the {what}, whose signs are anyone's choice: only the values have a rule here.")


def _singular(A: Any, full_matrices: bool = False, compute_uv: bool = True, driver: str | None = None) -> Any:
    return tuple(np.linalg.svd(A, full_matrices=full_matrices))


def _singular_rule(
    g: Any, y: Any, A: Any, full_matrices: bool = False, compute_uv: bool = True, driver: str | None = None
) -> Any:
    _of_values(0 in g or 2 in g, "singular vectors")
    u, s, vh = y
    few = np.shape(s)[-1]
    return (u[..., :, :few] * g[1][..., None, :]) @ vh[..., :few, :]


_SOLVE = "left=True, check_errors=False"
_TRIANGLE = "upper, left=True, unitriangular=False"

ROWS: list[Row | Same] = [
    aten(
        "linalg_inv_ex(A, check_errors=False)",
        Formula("inv(A)", _inverse),
        spoken="inverse",
        A=Formula("-y.T @ g @ y.T", _inverse_rule),
    ),
    Same("inverse", REGISTRY["inv"], ("self",), when=lambda given: len(given["self"].shape) == 2),
    aten(
        "_linalg_det(A)", Formula("det(A)", _determinant), spoken="determinant", A=Formula("g * cofactors(A)", _determinant_rule)
    ),
    aten(
        "_linalg_slogdet(A)",
        Formula("log(abs(det(A)))", _log_determinant),
        spoken="log of the determinant",
        A=Formula("g * inv(A).T", _log_determinant_rule),
    ),
    aten(
        f"_linalg_solve_ex(A, B, {_SOLVE})",
        Formula("inv(A) @ B", _solved),
        spoken="solution",
        A=Formula("-inv(A).T @ g @ y.T", _solved_A),
        B=Formula("inv(A).T @ g", _solved_B),
    ),
    aten(
        "linalg_cholesky_ex(self, upper=False, check_errors=False)",
        Formula("cholesky(self)", _cholesky_ex),
        spoken="Cholesky factor",
        self=Formula("inv(y).T @ half(y.T @ g) @ inv(y)", _cholesky_ex_rule),
    ),
    aten(
        "cholesky(self, upper=False)",
        Formula("cholesky(self)", _cholesky),
        spoken="Cholesky factor",
        self=Formula("inv(y).T @ half(y.T @ g) @ inv(y)", _cholesky_rule),
    ),
    aten(
        f"linalg_solve_triangular(self, B, {_TRIANGLE})",
        Formula("inv(self) @ B", _triangular),
        spoken="solution",
        self=Formula("-tri(inv(self).T @ g @ y.T)", _triangular_self),
        B=Formula("inv(self).T @ g", _triangular_B),
    ),
    aten(
        "cholesky_solve(self, input2, upper=False)",
        Formula("inv(input2 @ input2.T) @ self", _cholesky_solve),
        spoken="solution",
        self=Formula("inv(input2 @ input2.T) @ g", _cholesky_solve_self),
        input2=Formula("-(h + h.T) @ input2", _cholesky_solve_factor),
    ),
    aten(
        "_linalg_eigh(A, UPLO='L', compute_v=True)",
        Formula("eigh(A)", _eigen),
        spoken="eigenvalues",
        A=Formula("v @ diag(g) @ v.T", _eigen_rule),
        when=lambda given: bool(given.get("compute_v", True)),
    ),
    aten(
        "_linalg_svd(A, full_matrices=False, compute_uv=True, driver=None)",
        Formula("svd(A)", _singular),
        spoken="singular values",
        A=Formula("u @ diag(g) @ vh", _singular_rule),
        when=lambda given: bool(given.get("compute_uv", True)),
    ),
]

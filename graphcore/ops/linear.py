"""Linear algebra: ``@`` in every combination of axes, each with the rule a textbook writes."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphcore.ops import moves, shapes
from graphcore.ops.make import op
from graphcore.ops.row import Op

linear = partial(op, group="linear algebra")
_W = "W = [[1, 2, 3], [4, 5, 6]]\n"


def product(name: str, spoken: str, a: str, b: str, example: str, **row: Any) -> Op:
    """A row of ``@``; which one is meant is read off the operands' axes."""
    return linear(name, "a @ b", spoken=spoken, shape=shapes.matmul, a=a, b=b, example=example, **row)


ROWS = [
    product("matmul", "matrix product", "g @ b.T", "a.T @ g", _W + "V = [[1], [0], [-1]]\ny = sum(W @ V)"),
    product("matvec", "matrix times vector", "outer(g, b)", "a.T @ g", _W + "x = [1, 0, -1]\ny = sum(W @ x)"),
    product("vecmat", "vector times matrix", "g @ b.T", "outer(a, g)", _W + "x = [1, -1]\ny = sum(x @ W)"),
    product("dot", "dot product", "g * b", "g * a", "x = [1, 2]\nw = [3, 4]\ny = x @ w"),
    product(
        "matmul_batched",
        "matrix products",
        "g @ b.mT",
        "a.mT @ g",
        "A = randn(2, 3, 4)\nB = randn(2, 4, 5)\ny = sum(A @ B)",
    ),
    product(
        "matvec_batched",
        "matrices times vector",
        "g[..., None] * b",
        "(a.mT @ g[..., None])[..., 0]",
        "A = randn(2, 3, 4)\nx = randn(4)\ny = sum(A @ x)",
        reads={"a": "outer(g, b) for each matrix", "b": "the transposed a @ g of each matrix, summed"},
    ),
    product(
        "vecmat_batched",
        "vector times matrices",
        "(b @ g[..., None])[..., 0]",
        "a[:, None] * g[..., None, :]",
        "x = randn(3)\nB = randn(2, 3, 4)\ny = sum(x @ B)",
        reads={"a": "b @ g of each matrix, summed", "b": "outer(a, g) for each matrix"},
    ),
    linear(
        "T",
        "a.T",
        spoken="transpose",
        shape=moves.transpose,
        a="g.T",
        says="same numbers, other shape",
        plumbing=True,
        example=_W + "y = sum(W.T @ [1, -1])",
    ),
    linear(
        "outer",
        "outer(a, b)",
        spoken="outer product",
        shape=shapes.outer,
        a="g @ b",
        b="a @ g",
        example="u = [1, 2]\nv = [3, 4, 5]\ny = sum(outer(u, v) ** 2)",
    ),
    linear(
        "linear",
        "a @ b.T + c",
        spoken="linear layer",
        shape=shapes.linear,
        written="linear(a, b, c)",
        numpy="a @ b.T + c",
        torch="F.linear(a, b, c)",
        a="g @ b",
        b="flat(g).T @ flat(a)",
        c="g",
        says={"c": "a sum passes it on"},
        example="x = [1, 2, 3]\nW = randn(2, 3)\nb = [0.5, -0.5]\ny = sum(linear(x, W, b) ** 2)",
    ),
    linear(
        "trace",
        "trace(a)",
        spoken="trace",
        shape=shapes.one_of_square_matrix,
        a="where(eye(len(a)) == 1, g, 0)",
        example="A = [[1, 2], [3, 4]]\ny = trace(A @ A)",
    ),
    linear(
        "det",
        "det(a)",
        spoken="determinant",
        shape=shapes.one_of_square_matrix,
        numpy="np.linalg.det(a)",
        torch="torch.linalg.det(a)",
        a="g * cofactors(a)",
        reads="g times the cofactors of a",
        local={"a": "y * inv(a).T"},
        example="A = [[1, 2], [3, 4]]\ny = det(A)",
    ),
    linear(
        "inv",
        "inv(a)",
        spoken="inverse",
        shape=shapes.square_matrix,
        numpy="np.linalg.inv(a)",
        torch="torch.linalg.inv(a)",
        a="-y.T @ g @ y.T",
        example="A = [[1, 2], [3, 4]]\ny = sum(inv(A))",
    ),
    linear(
        "solve",
        "solve(a, b)",
        spoken="solution of a x = b",
        shape=shapes.solve,
        numpy="np.linalg.solve(a, b)",
        torch="torch.linalg.solve(a, b)",
        a="-outer(inv(a).T @ g, y)",
        b="inv(a).T @ g",
        example="A = [[1, 2], [3, 5]]\nb = [1, 2]\ny = sum(solve(A, b) ** 2)",
    ),
    linear(
        "solve_columns",
        "solve(a, b)",
        spoken="solutions of a x = b",
        shape=shapes.solve,
        written="solve(a, b)",
        numpy="np.linalg.solve(a, b)",
        torch="torch.linalg.solve(a, b)",
        a="-(inv(a).T @ g) @ y.T",
        b="inv(a).T @ g",
        example="A = [[1, 2], [3, 5]]\nB = [[1, 0], [2, 1]]\ny = sum(solve(A, B) ** 2)",
    ),
    linear(
        "cross",
        "roll(a, -1, axis=axis) * roll(b, 1, axis=axis) - roll(a, 1, axis=axis) * roll(b, -1, axis=axis)",
        spoken="cross product",
        shape=shapes.cross,
        statics={"axis": -1},
        written="cross(a, b)",
        numpy="np.cross(a, b, axis=axis)",
        torch="torch.linalg.cross(a, b, dim=axis)",
        a="roll(b, -1, axis=axis) * roll(g, 1, axis=axis) - roll(b, 1, axis=axis) * roll(g, -1, axis=axis)",
        b="roll(g, -1, axis=axis) * roll(a, 1, axis=axis) - roll(g, 1, axis=axis) * roll(a, -1, axis=axis)",
        reads={"a": "cross(b, g)", "b": "cross(g, a)"},
        example="u = [1, 2, 3]\nv = [0, 1, -1]\ny = sum(cross(u, v) ** 2)",
    ),
    linear(
        "kron",
        "kron(a, b)",
        spoken="Kronecker product",
        shape=shapes.kron,
        torch="torch.kron(a.contiguous(), b.contiguous())",
        a="sum(blocks(g, a, b) * b[:, None, :], axis=(1, 3))",
        b="sum(blocks(g, a, b) * a[:, None, :, None], axis=(0, 2))",
        reads={"a": "each block of g times b, summed", "b": "the blocks of g, each times its entry of a, summed"},
        example="A = [[1, 2], [3, 4]]\nB = [[0, 1], [1, 0]]\ny = sum(kron(A, B) ** 2)",
    ),
]

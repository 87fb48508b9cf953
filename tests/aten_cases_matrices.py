"""Calls that try the rows of linear, systems, factors, reductions and picks."""

from collections.abc import Iterator

import torch
from aten_cases_one import INF, NAN, Case, case, f, n, v


def linear() -> Iterator[Case]:
    yield case("mm", f(3, 4), f(4, 5))
    yield case("mm", f(3, 0), f(0, 5))
    yield case("mm", n(*range(6)).reshape(2, 3), n(*range(6)).reshape(3, 2))
    yield case("bmm", f(2, 3, 4), f(2, 4, 5))
    yield case("bmm", n(*range(6)).reshape(1, 2, 3), n(*range(6)).reshape(1, 3, 2))
    yield case("mv", f(3, 4), f(4))
    yield case("dot", f(4), f(4))
    yield case("dot", f(0), f(0))
    yield case("vdot", f(4), f(4))
    yield case("outer", f(3), f(4))
    yield case("linear", f(2, 3, 4), f(5, 4), f(5))
    yield case("linear", f(3, 4), f(5, 4))
    for more in ({}, {"beta": 2, "alpha": 0.5}, {"beta": 0}):
        yield case("addmm", f(5), f(3, 4), f(4, 5), **more)
        yield case("addmm", f(3, 1), f(3, 4), f(4, 5), **more)
        yield case("addmm", f(), f(3, 0), f(0, 5), **more)
        yield case("addmv", f(3), f(3, 4), f(4), **more)
        yield case("addr", f(3, 4), f(3), f(4), **more)
        yield case("addr", f(4), f(3), f(4), **more)
        yield case("baddbmm", f(2, 3, 5), f(2, 3, 4), f(2, 4, 5), **more)
        yield case("baddbmm", f(5), f(2, 3, 4), f(2, 4, 5), **more)
        yield case("addbmm", f(3, 5), f(2, 3, 4), f(2, 4, 5), **more)
        yield case("addbmm", f(5), f(2, 3, 4), f(2, 4, 5), **more)
    for name in ("t", "t_copy"):
        yield case(name, f(3, 4))
    yield case("t", f(3))
    yield case("t", f())
    yield case("trace", f(3, 3))
    yield case("trace", f(3, 5))
    yield case("trace", f(5, 3))
    yield case("linalg_cross", f(4, 3), f(1, 3))
    yield case("linalg_cross", f(2, 3, 4), f(2, 3, 4), dim=1)
    yield case("_trilinear", f(5, 3), f(2, 3, 4), f(5, 4), [1, 3], [0], [1, 2], [2, 3])
    for p in (0.0, 0.5, 1.0, 2.0, 3.0, 1.5, INF):
        yield case("_cdist_forward", f(2, 3, 4), f(2, 5, 4), p, 2)
        if p:
            yield case("dist", f(4, 3), f(3), p)
    same = f(3, 4)
    yield case("_cdist_forward", same, same.detach().clone().requires_grad_(), 2.0, None)
    yield case("dist", same, same.detach().clone().requires_grad_(), 2.0)
    yield case("_euclidean_dist", f(3, 4), f(5, 4))


def reductions() -> Iterator[Case]:
    for name in ("sum", "mean", "prod"):
        for shape in ((3, 4), (), (2, 0)):
            yield case(name, f(*shape))
    yield case("sum", n(1, 2))
    yield case("sum", torch.tensor([True, True]))
    yield case("prod", n(3, 2))
    yield case("sum", n(1, 2), dtype=torch.float64)
    for name in ("sum.dim_IntList", "mean.dim", "amax", "amin", "logsumexp", "nansum", "var.correction", "std.correction"):
        for dim, keep in (([1], False), ([0, -1], True), ([-2], True)):
            yield case(name, f(3, 4, 2), dim, keepdim=keep)
        yield case(name, f(), [0])
        yield case(name, f(), [-1], keepdim=True)
    for name in ("sum.dim_IntList", "mean.dim", "nansum", "var.correction", "std.correction"):
        yield case(name, f(3, 4), None)
        yield case(name, f(3, 0), [1])
        yield case(name, f(3, 0), [0])
    yield case("mean.dim", f(3, 4), [1], dtype=torch.float64)
    yield case("nansum", v(1.0, NAN, 2.0))
    yield case("amax", n(3, 1), [0])
    yield case("amin", n(3, 1), [0])
    yield case("amax", f(3, 4))
    yield case("amin", v(1.0, 1.0, 2.0), [0])
    yield case("amax", v(3.0, 3.0, NAN), [0])
    for name in ("max", "min", "median", "nanmedian"):
        yield case(name, f(3, 4))
        yield case(name, f())
        yield case(name, v(1.0, 3.0, 3.0, 1.0, 2.0, 3.0, 1.0))
        yield case(name, v(1.0, NAN, 2.0, 0.0))
        if name != "nanmedian":
            yield case(name, n(3, 1, 2))
    yield case("prod", v(0.0, 2.0, 3.0))
    yield case("prod", v(0.0, 2.0, 0.0))
    yield case("prod.dim_int", f(3, 4), 1)
    yield case("prod.dim_int", f(), 0)
    yield case("prod.dim_int", v(0.0, 2.0, 3.0), 0, True)
    yield case("prod.dim_int", n(3, 2), 0)
    for name in ("var", "std", "var_mean", "std_mean"):
        for correction in (None, 0, 1, 1.5):
            yield case(f"{name}.correction", f(3, 4), [1], correction=correction)
        yield case(f"{name}.correction", f(3, 4), keepdim=True)
        yield case(f"{name}.correction", f(3, 4, 2), [0, 2])
        yield case(f"{name}.correction", f(3, 4), correction=5)
        yield case(f"{name}.correction", v(2.0, 2.0))
        yield case(f"{name}.correction", f(1))
        yield case(f"{name}.correction", f())
    yield case("logsumexp", v(-INF, -INF), [0])
    yield case("logsumexp", v(INF, 1.0), [0])
    for order in (2, 1, 3, 1.5, 0.5, 0, INF, -INF, -1):
        yield case("linalg_vector_norm", f(3, 4), order, [1])
        yield case("linalg_vector_norm", f(3, 4), order, None, True)
        yield case("linalg_vector_norm", f(3, 4, 2), order, [0, 2])
        yield case("norm.Scalar", f(3, 4), order)
        yield case("norm.ScalarOpt_dim", f(3, 4), order, [1], True)
        yield case("norm.Scalar", f(), order)
    for order in (2, 1, 3, 1.5, INF):
        yield case("linalg_vector_norm", v(0.0, 0.0), order)
        yield case("linalg_vector_norm", v(0.0, -2.0, 2.0), order)
    yield case("norm.ScalarOpt_dim", f(3, 4), None, [1])
    yield case("norm.ScalarOpt_dtype", f(3, 4), 2, dtype=torch.float64)
    yield case("linalg_vector_norm", f(3, 0), 2, [1])
    yield case("aminmax", f(3, 4))
    yield case("aminmax", f(3, 4), dim=1)
    yield case("aminmax", f(3, 4), dim=-2, keepdim=True)
    yield case("aminmax", f())
    yield case("aminmax", v(1.0, 1.0, 2.0, 2.0), dim=0)
    yield case("aminmax", v(1.0, 1.0, 2.0, 2.0))
    for name in ("all", "any"):
        yield case(name, v(0.0, 1.0))
        yield case(f"{name}.dim", torch.tensor([[True, False], [True, True]]), 1, True)
        yield case(f"{name}.dims", n(*range(8)).reshape(2, 2, 2), [0, 2])
        yield case(name, f(2, 0))
    for name in ("argmax", "argmin"):
        yield case(name, f(3, 4))
        yield case(name, f(3, 4), 1, True)
        yield case(name, f(), 0)
        yield case(name, v(1.0, 3.0, 3.0, NAN))
    yield case("count_nonzero", v(0.0, 1.0))
    yield case("count_nonzero", f(3, 4), 1)
    yield case("count_nonzero.dim_IntList", f(3, 4), [0, 1])


def picks() -> Iterator[Case]:
    for name in ("max.dim", "min.dim", "median.dim", "nanmedian.dim"):
        for shape, dim in (((3, 4), 1), ((3, 5, 2), 1), ((3, 4), -2), ((), 0), ((2, 0), 0)):
            if shape != (2, 0) or "median" not in name:
                yield case(name, f(*shape), dim)
        yield case(name, f(3, 4), 0, True)
        yield case(name, v(1.0, NAN, 2.0, 0.0), 0)
        if name != "nanmedian.dim":
            yield case(name, n(3, 1, 2), 0)
    for name in ("max.dim", "min.dim"):
        yield case(name, v(1.0, 3.0, 3.0, 1.0), 0)
    for k in (1, 3):
        yield case("kthvalue", f(4, 5), k)
        yield case("kthvalue", f(4, 5), k, 0, True)
        yield case("topk", f(4, 5), k)
        yield case("topk", f(4, 5), k, 0, False)
    yield case("topk", f(), 1)
    yield case("topk", n(3, 1, 2), 2)
    yield case("kthvalue", f(), 1)
    yield case("mode", f(3, 4))
    yield case("mode", v(2.0, 1.0, 3.0, 1.0, 2.0), 0, True)
    yield case("mode", n(2, 1, 3, 1, 2))
    for name, more in (("sort", {}), ("sort.stable", {"stable": True})):
        yield case(name, f(4, 5), **more)
        yield case(name, f(4, 5), **{**more, "dim": 0, "descending": True})
        yield case(name, v(2.0, 1.0, NAN, 1.0, 2.0), **more)
        yield case(name, v(2.0, 1.0, NAN, 1.0, 2.0), **{**more, "descending": True})
        yield case(name, f(), **more)
        yield case(name, f(0), **more)


def spd(*shape: int) -> torch.Tensor:
    """A random symmetric matrix with positive eigenvalues."""
    a = f(*shape, grad=False)
    return (a @ a.mT + torch.eye(shape[-1], dtype=torch.float64)).requires_grad_()


def systems() -> Iterator[Case]:
    for shape in ((3, 3), (2, 4, 4), (1, 1), (0, 0)):
        yield case("linalg_inv_ex", f(*shape))
        yield case("inverse", f(*shape[-2:]))
        yield case("_linalg_det", f(*shape))
        if shape != (0, 0):
            yield case("_linalg_slogdet", f(*shape))
    for left in (True, False):
        yield case("linalg_lu_solve", f(3, 3), n(3, 2, 3).int(), f(*((3, 2) if left else (2, 3))), left=left)
        yield case("linalg_lu_solve", f(3, 3), n(3, 2, 3).int(), f(*((3, 2) if left else (2, 3))), left=left, adjoint=True)
        yield case("_linalg_solve_ex", f(3, 3), f(*((3, 2) if left else (2, 3))), left=left)
        yield case("_linalg_solve_ex", f(2, 3, 3), f(*((2, 3, 4) if left else (2, 4, 3))), left=left)
        yield case("linalg_solve_triangular", spd(3, 3), f(*((3, 2) if left else (2, 3))), upper=True, left=left)
        yield case("linalg_solve_triangular", spd(2, 3, 3), f(*((3, 2) if left else (2, 3))), upper=False, left=left)
        yield case(
            "linalg_solve_triangular", spd(3, 3), f(*((3, 2) if left else (2, 3))), upper=True, left=left, unitriangular=True
        )
    yield case("_linalg_solve_ex", f(3, 3), f(3))
    yield case("_linalg_solve_ex", f(2, 3, 3), f(2, 3))
    for upper in (False, True):
        yield case("linalg_cholesky_ex", spd(3, 3), upper=upper)
        yield case("linalg_cholesky_ex", spd(2, 4, 4), upper=upper)
        yield case("cholesky", spd(3, 3), upper)
    yield case("linalg_qr", f(5, 3))
    yield case("linalg_qr", f(2, 3, 3))
    yield case("linalg_qr", f(3, 3), "complete")
    yield case("linalg_qr", f(3, 5), "complete")
    yield case("linalg_qr", f(2, 3, 5))
    yield case("linalg_householder_product", f(5, 3), f(3))
    yield case("linalg_householder_product", f(2, 4, 4), f(2, 2))
    for transpose in (False, True):
        yield case("ormqr", f(5, 3), f(3), f(5, 4), True, transpose)
        yield case("ormqr", f(2, 4, 3), f(2, 3), f(2, 5, 4), False, transpose)
    for name in ("linalg_lu_factor_ex", "linalg_lu"):
        yield case(name, f(4, 4))
        yield case(name, f(2, 3, 3))
        yield case(name, f(2, 3, 5))
        yield case(name, f(5, 3))
    yield case("lu_unpack", f(5, 2), n(3, 5).int())
    yield case("lu_unpack", f(2, 5), n(2, 2).int())
    yield case("lu_unpack", f(2, 3, 3), n(2, 3, 3, 3, 2, 3).reshape(2, 3).int())
    yield case("linalg_matrix_exp", f(3, 3))
    yield case("linalg_matrix_exp", f(2, 4, 4, low=-9, high=9))
    for shape in ((3, 5), (5, 3), (2, 3, 4)):
        yield case("linalg_pinv.atol_rtol_tensor", f(*shape))
    yield case("linalg_pinv.atol_rtol_tensor", spd(3, 3), rtol=torch.tensor(1e-9, dtype=torch.float64))
    for upper in (False, True):
        for transpose in (False, True):
            yield case("triangular_solve", f(3, 2), spd(3, 3), upper, transpose)
            yield case("triangular_solve", f(2, 3, 2), spd(2, 3, 3), upper, transpose, True)

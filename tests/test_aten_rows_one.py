"""Rows of torch's own ops, one by one, with numbers, shapes and settings of every kind, beside torch."""

from collections.abc import Iterator
from typing import Any

import aten_cases_matrices as matrices
import aten_cases_moves as moves
import aten_cases_one as cases
import numpy as np
import pytest
import torch
from aten_cases_matrices import spd
from aten_cases_one import f, n, v
from aten_harness import EPS, USED, Bound, array, check, found, overload, refused

from graphcore.backprop.plan import kernels
from graphcore.errors import TraceError
from graphcore.ops.aten import (
    curves,
    factors,
    joins,
    linear,
    picks,
    places,
    pointwise,
    reductions,
    reflections,
    special,
    systems,
    views,
)
from graphcore.ops.namespaces import unbroadcast

TABLES = (pointwise, curves, special, linear, systems, factors, reflections, reductions, picks, views, places, joins)
# torch's 1/6 is a float32; its trigamma function has 9 digits; its slope there has lost some more
LOOSE = {"hardsigmoid": 1e-7, "digamma": 1e-9, "polygamma": 1e-9, "special_log_ndtr": 1e-12}
INNER = {"_linalg_det": (1, 2), "_linalg_slogdet": (2, 3), "_linalg_solve_ex": (1, 2)}
# tried below in ways of their own
DISPUTED = {"as_strided_scatter", "cholesky_solve", "cholesky_inverse"}
VALUES_ONLY = {"_linalg_eigh", "_linalg_svd"}

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

_GROUPS = {
    cases: "unary special binary truths",
    matrices: "linear systems reductions picks",
    moves: "views places strided joins",
}


def made() -> Iterator[tuple[str, int, cases.Case]]:
    for module, groups in _GROUPS.items():
        for group in groups.split():
            cases.again(3)
            for k, case in enumerate(getattr(module, group)()):
                yield group, k, case


_CASES = list(made())


@pytest.mark.parametrize(("group", "case"), [(g, c) for g, _, c in _CASES], ids=[f"{g}-{k}-{c[0]}" for g, k, c in _CASES])
def test_like_torch(group: str, case: cases.Case) -> None:
    name, args, kwargs = case
    base = name.split(".")[0]
    check(name, args, kwargs, eps=LOOSE.get(base, EPS), strided=group != "strided", inner=INNER.get(base, ()))


def test_every_row_is_tried() -> None:
    for _, _, (name, args, kwargs) in _CASES:
        for full in (True, False):
            found(name, Bound(overload(name), args, kwargs, full).arguments)
    rows = [row for table in TABLES for row in table.ROWS]
    untried = [row.name for row in rows if id(row) not in USED and row.name not in DISPUTED | VALUES_ONLY]
    assert untried == []


def numerical(function: Any, values: list[Any], g: Any, slot: int) -> Any:
    """The gradient of sum(g * function) with respect to one operand, by central differences."""
    found = np.zeros(values[slot].shape)
    for place in np.ndindex(found.shape):
        ends = []
        for step in (1e-5, -1e-5):
            moved = [np.array(value) for value in values]
            moved[slot][place] += step
            ends.append(float(np.sum(g * function(*moved))))
        found[place] = (ends[0] - ends[1]) / 2e-5
    return found


_LOWER = torch.linalg.cholesky(spd(3, 3).detach()).requires_grad_()


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("as_strided_scatter", (f(3, 4), f(2, 3), (2, 3), (4, 1), 1)),
        ("as_strided_scatter", (f(3, 4), f(4), (4,), (3,))),
        ("cholesky_solve", (f(3, 2), _LOWER)),
        ("cholesky_solve", (f(3, 2), spd(3, 3), True)),
        ("cholesky_inverse", (_LOWER,)),
        ("cholesky_inverse", (spd(3, 3), True)),
        # torch raises 2 to a whole negative number among whole numbers
        ("ldexp.Tensor", (f(3), n(-1, 2, -3))),
        ("polygamma", (1, f(5, low=0.2, high=3))),
        # torch has zeros where the matrix is singular
        ("_linalg_det", (torch.tensor([[1.0, 2, 3], [0, 0, 0], [4, 5, 7]], dtype=torch.float64).requires_grad_(),)),
    ],
)
def test_our_rule_where_torch_has_another(name: str, args: tuple[Any, ...]) -> None:
    bound = Bound(overload(name), args, {}, True)
    call = found(name, bound.arguments)
    run, rules = kernels(call.op, call.statics, False)
    values = [array(bound.tensors[k]) for k in call.operands if isinstance(k, int)]
    y = run(*values)
    result = overload(name)(*args)
    if isinstance(result, tuple):
        first = run
        run, y, result = (lambda *values: first(*values)[0]), y[0], result[0]
    assert np.allclose(y, array(result), rtol=1e-9, atol=0)
    g = np.random.default_rng(0).normal(size=np.shape(y))
    for slot, tensor in enumerate(bound.tensors):
        if tensor.requires_grad:
            rule = rules[slot]
            assert rule is not None
            ours = unbroadcast(rule({0: g} if name in INNER else g, y, *values), values[slot].shape)
            assert np.allclose(ours, numerical(run, values, g, slot), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "part", "vectors"), [("_linalg_eigh", 0, 1), ("_linalg_svd", 1, 0)])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (1, 1)])
def test_values_alone_have_a_rule(name: str, part: int, vectors: int, shape: tuple[int, ...]) -> None:
    source = spd(*shape)
    bound = Bound(overload(name), (source,), {}, True)
    call = found(name, bound.arguments)
    run, (rule,) = kernels(call.op, call.statics, False)
    y = run(array(source))
    theirs = overload(name)(source)[part]
    assert np.allclose(y[part], array(theirs), rtol=1e-12)
    g = np.random.default_rng(0).normal(size=y[part].shape)
    (gradient,) = torch.autograd.grad(theirs, source, torch.from_numpy(g))
    assert rule is not None
    assert np.allclose(rule({part: g}, y, array(source)), array(gradient), rtol=1e-10, atol=1e-12)
    with pytest.raises(TraceError, match="anyone's choice"):
        rule({part: g, vectors: y[vectors]}, y, array(source))


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("floor_divide", (f(3), f(3)), {}),
        ("remainder.Scalar_Tensor", (7.5, f(3)), {}),
        ("view.dtype", (f(3), torch.int64), {}),
        ("topk", (f(5), 2, -1, True, False), {}),
        ("linalg_qr", (f(3, 2), "complete"), {}),
        ("linalg_qr", (f(3, 2), "r"), {}),
        ("linalg_pinv.atol_rtol_tensor", (spd(3, 3),), {"hermitian": True}),
        ("div.Tensor", (n(1, 2), n(3, 7)), {}),
        ("mul.Tensor", (n(1, 2), 0.5), {}),
        ("pow.Tensor_Scalar", (n(1, 2), 0.5), {}),
        ("pow.Tensor_Tensor", (n(1, 2), n(1, 2)), {}),
        ("as_strided", (f(3), (5,), (1,)), {}),
        ("as_strided_scatter", (f(4), f(3, 2), (3, 2), (1, 1)), {}),
        ("_linalg_svd", (f(3, 2), False, False), {}),
        ("rrelu_with_noise", (f(3), torch.ones(3), 0.1, 0.3, True), {}),
        ("heaviside", (f(3), f(3)), {}),
        ("logsumexp", (f(0), [0]), {}),
    ],
)
def test_refused(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    assert refused(name, args, kwargs)


def test_ties_of_a_rank_go_to_one() -> None:
    call = found("topk", Bound(overload("topk"), (v(3.0, 1.0, 3.0, 3.0), 2), {}, True).arguments)
    run, (rule,) = kernels(call.op, call.statics, False)
    x = np.array([3.0, 1.0, 3.0, 3.0])
    values, _ = y = run(x)
    assert rule is not None
    assert values.tolist() == [3.0, 3.0]
    assert rule({0: np.ones(2)}, y, x).tolist() == [1.0, 0.0, 1.0, 0.0]

"""Local Jacobians of recorded rows against torch's, on the calls that try the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aten_cases_one
import numpy as np
import pytest
import test_aten_rows_two
import torch
from aten_harness import overload
from test_aten_rows_one import _GROUPS, DISPUTED, LOOSE
from test_jacobian import EPS

from graphcore import ops, record, trace
from graphcore.backprop import Trace
from graphcore.errors import JacobianError
from graphcore.jacobian import local_jacobian
from graphcore.jacobian.path import path_jacobian


def tensors_in(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [one for part in value for one in tensors_in(part)] if isinstance(value, list | tuple) else []


def put_back(value: Any, given: Iterator[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return next(given)
    return type(value)(put_back(part, given) for part in value) if isinstance(value, list | tuple) else value


PER_ROW = 3
# torch's rule is not the derivative, or the sign of what it returns is not settled
APART = DISPUTED | {"_linalg_eigh", "_linalg_svd", "ldexp", "rrelu_with_noise"}


def recorded_cases() -> list[Any]:
    """Up to three calls of every row with a tensor that requires grad and few enough entries."""
    given = []
    for module, groups in _GROUPS.items():
        for group in groups.split():
            aten_cases_one.again(3)
            given += list(getattr(module, group)())
    given += [(name, args, rest[0] if rest else {}) for name, args, *rest in test_aten_rows_two.ALL]
    counts: dict[str, int] = {}
    found = []
    for name, args, kwargs in given:
        if name == "copy" and not args[1].requires_grad:
            continue
        tensors = tensors_in((*args, *kwargs.values()))
        sizes = [tensor.numel() for tensor in tensors if tensor.requires_grad]
        if not sizes or 0 in sizes or max(sizes) > 400 or name.split(".")[0] in APART or counts.get(name, 0) >= PER_ROW:
            continue
        counts[name] = counts.get(name, 0) + 1
        found.append(pytest.param(name, args, kwargs, id=f"{name}-{counts[name]}"))
    return found


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "args", "kwargs"), recorded_cases())
def test_every_recorded_row_has_the_jacobian_that_torch_has(name: str, args: Any, kwargs: Any) -> None:
    tensors = tensors_in((*args, *kwargs.values()))
    function = overload(name)

    def call(*given: torch.Tensor) -> Any:
        left = iter(given)
        some = put_back(tuple(args), left)
        if name == "copy":
            return (some[0].clone().copy_(*some[1:]),)  # torch has a derivative only where it writes in place
        found = function(*some, **{key: put_back(value, left) for key, value in kwargs.items()})
        outputs = found if isinstance(found, list | tuple) else (found,)
        return tuple(out for out in outputs if isinstance(out, torch.Tensor) and out.requires_grad and out.numel())

    fresh = [tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in tensors]
    wanted = call(*fresh)
    if not wanted:
        return  # no gradient flows
    graph = record(call, *fresh)
    run = trace(
        graph, upstream=[np.ones(tuple(out.shape)) for out in wanted] if len(wanted) > 1 else np.ones(tuple(wanted[0].shape))
    )
    for slot, tensor in enumerate(fresh):
        if not tensor.requires_grad:
            continue
        expected = torch.autograd.functional.jacobian(lambda x: call(*fresh[:slot], x, *fresh[slot + 1 :]), tensor)  # noqa: B023
        leaf = graph.leaves[slot].index
        assert graph.shapes[leaf] == tuple(tensor.shape)
        for output, theirs in zip(graph.outputs, expected):
            matrix = theirs.reshape(-1, tensor.numel()).numpy()
            compare_recorded(run, leaf, output.index, matrix, LOOSE.get(name.split(".")[0], 1024 * EPS))


def compare_recorded(run: Trace, leaf: int, output: int, expected: np.ndarray[Any, Any], eps: float) -> None:
    try:
        found: Any = path_jacobian(run, leaf, output)
    except JacobianError:
        np.testing.assert_array_equal(expected, 0)
        return
    dense = found.dense()
    finite = np.isfinite(expected)
    np.testing.assert_allclose(dense[finite], expected[finite], rtol=0, atol=eps * np.abs(expected[finite]).max(initial=0))
    rng = np.random.default_rng(1)
    for local in [found, *(local_jacobian(run, edge) for edge in getattr(found, "edges", ()))]:
        whole = local.dense()
        for _ in range(3):
            r, c = (slice(int(rng.integers(n)), None, int(rng.integers(1, 3))) for n in whole.shape)
            np.testing.assert_array_equal(local.block(r, c), whole[r, c])
        column = int(rng.integers(whole.shape[1]))
        rows, values = local.entry(column)
        filled = np.zeros(whole.shape[0])
        filled[rows] = values
        np.testing.assert_array_equal(filled, whole[:, column])


def test_every_recorded_row_is_among_them() -> None:
    names = {case.values[0].split(".")[0] for case in recorded_cases()}
    rows = {name.split(".")[0] for name, listed in ops.aten.ROWS.items() for row in listed if getattr(row, "rules", {})}
    assert len(rows & names) > 0.9 * len(rows)

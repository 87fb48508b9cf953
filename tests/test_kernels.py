"""What is done for speed changes no number: the error function by table, products the other way round, windows with gaps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import graphcore as gc
from graphcore.ops.functions import across, add_to_product
from graphcore.ops.special import erf


@pytest.mark.parametrize("spread", [1e-300, 1e-8, 1e-3, 0.5, 1.0, 4.0])
def test_erf_is_within_two_units_of_the_last_place(spread: float) -> None:
    x = np.random.default_rng(5).normal(0, spread, 20_000)
    expected = np.array([math.erf(value) for value in x])
    assert np.max(np.abs(erf(x) - expected) / np.spacing(np.abs(expected))) <= 2


def test_erf_of_what_is_no_ordinary_number() -> None:
    x = np.array([[0.0, -0.0, np.inf], [-np.inf, np.nan, 5e-324]])
    found = erf(x)
    np.testing.assert_array_equal(found, [[0.0, 0.0, 1.0], [-1.0, np.nan, 5e-324]])
    assert np.signbit(found[0, 1]) and not np.signbit(found[0, 0])
    assert erf(np.zeros((0, 3))).shape == (0, 3) and math.isnan(erf(np.nan))


@pytest.mark.parametrize(("rows", "left", "right"), [(3, 5, 2), (3, 2, 5), (0, 2, 3), (2, 0, 3)])
def test_a_product_across_is_the_same_either_way(rows: int, left: int, right: int) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(rows, left)), rng.normal(size=(rows, right))
    np.testing.assert_allclose(across(a, b), a.T @ b, rtol=1e-13)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (2, 3), (4, 2, 3), ()])
def test_adding_to_a_product_is_a_sum_of_any_shapes(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(7)
    a, b, other = rng.normal(size=(2, 4)), rng.normal(size=(4, 3)), rng.normal(size=shape)
    before = other.copy()
    np.testing.assert_array_equal(add_to_product(a @ b, other), other + a @ b)
    np.testing.assert_array_equal(other, before)


def _same(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, weight, bias, padding=1)


def _transposed(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return F.conv_transpose2d(x, weight.transpose(0, 1), bias)


@pytest.mark.parametrize("convolve", [_same, _transposed])
@pytest.mark.parametrize("bad", [math.inf, math.nan, 1.0])
@pytest.mark.parametrize("where", ["weight", "input"])
def test_inf_and_nan_reach_what_they_reach_in_torch(convolve: Any, bad: float, where: str) -> None:
    """The gaps between rows of windows hold zeros, and 0 times inf is nan: it must not get out of them."""
    rng = np.random.default_rng(8)
    x, weight, bias = (torch.from_numpy(rng.normal(size=shape)) for shape in ((2, 3, 6, 7), (4, 3, 3, 3), (4,)))
    (weight if where == "weight" else x)[1, 2, 0, 2] = bad
    tensors = [t.requires_grad_() for t in (x, weight, bias)]
    y = convolve(*tensors)
    upstream = torch.from_numpy(rng.normal(size=tuple(y.shape)))
    run = gc.trace(gc.record(convolve, *tensors), upstream=upstream.numpy())
    np.testing.assert_allclose(run.value(run.graph.outputs[0].name), y.detach().numpy(), rtol=1e-11, atol=1e-12)
    for leaf, theirs in zip(run.graph.leaves, torch.autograd.grad(y, tensors, upstream), strict=True):
        np.testing.assert_allclose(run.gradient(leaf.name), theirs.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation"), [(2, 2, 0, 1), (3, 1, 1, 2), ((1, 3), (2, 1), 0, 1)])
def test_the_largest_of_a_window_is_the_first_of_equals(kernel: Any, stride: Any, padding: int, dilation: int) -> None:
    x = np.random.default_rng(9).integers(0, 3, (2, 3, 9, 11)).astype(float)
    tensor = torch.from_numpy(x).requires_grad_()

    def pool(t: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(t, kernel, stride, padding, dilation)

    y = pool(tensor)
    upstream = torch.from_numpy(np.random.default_rng(10).normal(size=tuple(y.shape)))
    run = gc.trace(gc.record(pool, tensor), upstream=upstream.numpy())
    np.testing.assert_array_equal(run.value(run.graph.outputs[0].name), y.detach().numpy())
    (theirs,) = torch.autograd.grad(y, tensor, upstream)
    np.testing.assert_allclose(run.gradient(run.graph.leaves[0].name), theirs.numpy(), rtol=1e-14)

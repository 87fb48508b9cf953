"""Hand-written backward passes: a wrong one is a mismatch at its Function, and what follows from it is inherited."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import graphcore as gc
from tests.models import numbers


class Sigmoid(torch.autograd.Function):
    """Forgets the factor (1 - y)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        y = 1 / (1 + torch.exp(-x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        (y,) = ctx.saved_tensors
        return g * y


class RightSigmoid(Sigmoid):
    """The same forward with the right backward."""

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        (y,) = ctx.saved_tensors
        return g * y * (1 - y)


class Shift(torch.autograd.Function):
    """Adds a row to every row; its backward takes one row of the upstream where it should sum them."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
        return x + row

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return g, g[0]


class Scale(torch.autograd.Function):
    """A product whose backward gives nothing to the second factor."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(factor)
        return x * factor

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor, None]:
        (factor,) = ctx.saved_tensors
        return g * factor, None


def wanted(*shape: int, seed: int) -> torch.Tensor:
    return numbers(*shape, seed=seed).requires_grad_()


def of_sigmoid(function: type[torch.autograd.Function]) -> gc.Comparison:
    w, x = wanted(4, 3, seed=1), wanted(2, 4, seed=2)

    def net(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.sin(function.apply(torch.mm(x, w)) * 2).sum()

    return gc.compare(gc.trace(gc.record(net, x, w)))


def test_a_right_backward_matches() -> None:
    result = of_sigmoid(RightSigmoid)
    assert result.verdict == "match"
    (match,) = result.functions
    assert match.right
    assert {m.state for m in match.inputs.values()} == {"match"}


def test_a_forgotten_factor_is_a_mismatch_at_the_function_alone() -> None:
    result = of_sigmoid(Sigmoid)
    assert result.verdict == "mismatch"
    wrong = [name for name, match in result.matches.items() if match.state == "mismatch"]
    (function,) = result.functions
    assert wrong == [result.run.graph.names[function.node]]
    assert result.matches["x"].state == result.matches["w"].state == "inherited"
    assert "Sigmoid" in result.banner.bold
    y = 1 / (1 + torch.exp(-torch.tensor(result.run.value("x")) @ torch.tensor(result.run.value("w"))))
    (match,) = function.inputs.values()
    # what the forward implies is what was returned times (1 - y)
    assert torch.allclose(torch.tensor(match.manual), torch.tensor(match.torch) * (1 - y))


def test_a_forgotten_sum_is_seen_at_its_input() -> None:
    x, row = wanted(2, 3, seed=3), wanted(3, seed=4)
    result = gc.compare(gc.trace(gc.record(lambda x, row: torch.sin(Shift.apply(x, row)).sum(), x, row)))
    (function,) = result.functions
    assert function.inputs["x"].state == "match"
    assert function.inputs["row"].state == "mismatch"
    assert result.verdict == "mismatch"
    assert result.matches["x"].state == "match"
    assert result.matches["row"].state == "inherited"


def test_a_none_in_place_of_a_gradient_is_seen() -> None:
    x, factor = wanted(2, 3, seed=5), wanted(3, seed=6)
    result = gc.compare(gc.trace(gc.record(lambda x, factor: torch.sin(Scale.apply(x, factor)).sum(), x, factor)))
    (function,) = result.functions
    assert function.inputs["factor"].state == "mismatch"
    assert function.inputs["factor"].torch is None
    assert result.matches["x"].state == "match"
    assert "no gradient" in result.banner.small


@pytest.mark.parametrize("function", [Sigmoid, RightSigmoid])
def test_the_inner_nodes_are_not_paired(function: type[torch.autograd.Function]) -> None:
    result = of_sigmoid(function)
    recorded = result.run.graph.recorded
    assert recorded is not None
    (group,) = recorded.groups
    assert group.kind == "function"
    inner = [k for k in group.nodes if k not in group.outputs]
    assert inner and all(result.states[k] in ("unpaired", "constant") for k in inner)

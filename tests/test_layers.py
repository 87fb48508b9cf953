"""The layers of a network: norms, the factor from layer to layer with its two parts, saturated and dead units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import graphcore as gc
from graphcore.layers import Layer, layers, norm


class Whole(nn.Module):
    """A network with its loss, as the page records it."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return ((self.net(x) - y) ** 2).sum()


def recorded(net: nn.Module, rows: int = 1, columns: int = 10) -> tuple[Any, list[Layer]]:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(rows, columns, generator=generator, dtype=torch.float64)
    run = gc.trace(gc.record(Whole(net.double()), x, (x**2).mean(1, keepdim=True)))
    return run, layers(run, gc.compare(run))


def deep(count: int = 4) -> nn.Module:
    torch.manual_seed(3)
    inner = [layer for _ in range(count) for layer in (nn.Linear(21, 21), nn.ReLU())]
    return nn.Sequential(nn.Linear(10, 21), *inner, nn.Linear(21, 1))


def test_layers_stand_in_the_order_of_their_use() -> None:
    _, found = recorded(deep())
    assert [layer.path for layer in found] == ["net.0", "net.1", "net.3", "net.5", "net.7", "net.9"]
    assert {layer.module for layer in found} == {"Linear"}
    assert [p.name for p in found[0].parameters] == ["net.0.weight", "net.0.bias"]
    assert found[0].parameters[0].shape == (21, 10)
    assert {p.state for layer in found for p in layer.parameters} == {"match"}


def test_norms_are_those_of_torch() -> None:
    net = deep()
    _, found = recorded(net)
    x = torch.rand(1, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ((net(x) - (x**2).mean(1, keepdim=True)) ** 2).sum().backward()
    for name, parameter in net.named_parameters():
        row = next(p for layer in found for p in layer.parameters if p.name == f"net.{name}")
        assert parameter.grad is not None
        assert row.manual == pytest.approx(float(parameter.grad.norm()), rel=1e-12)
        assert row.torch == pytest.approx(row.manual, rel=1e-12)
        assert row.zeros == pytest.approx(float((parameter.grad == 0).double().mean()))


def test_the_factor_is_weights_times_activation() -> None:
    run, found = recorded(deep())
    by_path = {layer.path: layer for layer in found}
    for layer in found[:-1]:
        assert layer.after is not None
        later = by_path[layer.after]
        assert layer.factor == pytest.approx(layer.weights * layer.activation)
        assert layer.gradient == pytest.approx(layer.factor * later.gradient)
        weight = run.value(f"{layer.after}.weight")
        upstream = run.gradient(later.output)
        assert layer.weights == pytest.approx(norm(upstream @ weight) / norm(upstream))
    assert found[-1].after is None
    # between the first two layers there is no activation
    assert found[0].activation == pytest.approx(1.0)
    assert found[0].activations == ()


def test_shut_units_are_counted() -> None:
    run, found = recorded(deep(), rows=3)
    counted = found[1].activations[0]
    value = run.value(counted.node)
    assert (counted.op, counted.kind) == ("relu", "off")
    assert (counted.count, counted.of) == (int((value == 0).sum()), value.size)
    assert (counted.dead, counted.units) == (int((value == 0).all(axis=0).sum()), 21)


def test_saturated_units_are_counted() -> None:
    net = nn.Sequential(nn.Linear(10, 4), nn.Sigmoid(), nn.Linear(4, 1))
    with torch.no_grad():
        net[0].bias.copy_(torch.tensor([0.0, 20.0, -20.0, 0.1]))
    _, found = recorded(net)
    counted = found[0].activations[0]
    assert (counted.op, counted.kind, counted.count, counted.of) == ("sigmoid", "saturated", 2, 4)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.unused = nn.Linear(10, 10), nn.Linear(10, 10), nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.first(x)
        return h + self.second(h)


def test_a_branch_is_no_chain_and_an_unused_layer_comes_last() -> None:
    _, found = recorded(Residual())
    assert [layer.path for layer in found] == ["net.first", "net.second", "net.unused"]
    assert [layer.factor for layer in found] == [None, None, None]
    assert found[0].gradient is not None
    unused = found[-1]
    assert (unused.output, unused.gradient) == (None, None)
    assert {(p.state, p.manual, p.zeros) for p in unused.parameters} == {("none", None, None)}


def test_a_program_is_one_layer_without_a_path() -> None:
    run = gc.trace(gc.parse("x = const([1, 2])\nw = [3, 4]\ny = sum(w * x)"))
    (found,) = layers(run, gc.compare(run))
    assert (found.path, found.output) == ("", None)
    assert [p.name for p in found.parameters] == ["w"]


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200])
def test_a_norm_neither_vanishes_nor_overflows(size: float) -> None:
    assert norm(np.full((3, 3), size)) == pytest.approx(3 * size, rel=1e-12)


def test_norms_of_what_is_not_finite() -> None:
    assert norm(np.array([])) == 0
    assert norm(np.array([1.0, math.inf])) == math.inf
    assert math.isnan(norm(np.array([1.0, math.nan])))

"""Groups while recording: decompositions, hand-written Functions, and ops that stay without a rule."""

import numpy as np
import pytest
import torch
import torch.utils.checkpoint
from record_checks import against_torch

import graphcore as gc
from graphcore.errors import RecordError, UnsupportedError
from graphcore.ops import aten
from graphcore.record import record


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        ctx.mark_non_differentiable(mask := a > 0.5)
        return a.detach() * b.exp(), mask

    @staticmethod
    def backward(ctx, g, _):
        a, b = ctx.saved_tensors
        return g * b.exp(), (g * a * b.exp()).sum(0)


class Doubled(Scaled):
    @staticmethod
    def backward(ctx, g, _):
        a, b = ctx.saved_tensors
        return 2 * g * b.exp(), (g * a * b.exp()).sum(0)


class Halves(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x, x[:2] * 2, x

    @staticmethod
    def backward(ctx, a, b, c):
        return a + c + torch.cat([2 * b, torch.zeros_like(b[:1])])


class InNumpy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.from_numpy(np.exp(x.detach().numpy()))

    @staticmethod
    def backward(ctx, g):
        return g


def test_a_function_is_one_group():
    def run(x, b):
        h, mask = Scaled.apply(x * 2, b)
        return (h * h * mask).sum()

    graph = against_torch(run, torch.rand(3, 2), torch.rand(2))
    (group,) = graph.recorded.groups
    assert group.kind == "function" and group.name == "Scaled"
    assert [graph.names[k] for k in group.inputs] == ["mul", "b"]
    assert [graph.names[k] for k in group.outputs] == ["mul_2"]
    assert all(graph.active[k] for k in group.nodes if graph.names[k] != "gt")
    (call,) = [call for call in graph.recorded.calls if call.function is Scaled]
    assert [ref.node for ref in call.arguments] == [graph.index("mul"), graph.index("b")]
    assert graph.recorded.twins[group.outputs[0]] == ("ScaledBackward",)


def test_a_wrong_backward_is_found():
    def run(x, b):
        return (Doubled.apply(x * 2, b)[0] ** 2).sum()

    result = gc.compare(record(run, torch.rand(3, 2), torch.rand(2)))
    assert result.verdict == "mismatch"
    assert result.matches["b"].state == "match"


def test_inputs_handed_back():
    graph = against_torch(lambda x: [part * k for k, part in enumerate(Halves.apply(x.sin()), 1)], torch.rand(3))
    assert len(graph.recorded.groups[0].outputs) == 3


def test_a_result_that_torch_cannot_see():
    with pytest.raises(RecordError, match="`InNumpy` computes its result where torch cannot be watched"):
        record(lambda x: InNumpy.apply(x).sum(), torch.rand(3))


def test_checkpoints():
    layer = torch.nn.Linear(3, 3)

    def run(x):
        return torch.utils.checkpoint.checkpoint(lambda v: layer(v).tanh(), x, use_reentrant=reentrant).sum()

    found = []
    for reentrant in (True, False):  # noqa: B007  # read by run
        graph = record(run, torch.rand(2, 3, requires_grad=True))
        found.append([op.name for op in graph.ops if op is not None])
        assert gc.compare(graph).verdict == "match"
    assert found[0] == found[1]


def without(monkeypatch, *names):
    monkeypatch.setattr(aten, "ROWS", {key: rows for key, rows in aten.ROWS.items() if key not in names})


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("silu", lambda x: torch.nn.functional.silu(x * 2).sum()),
        ("logit", lambda x: (torch.logit(x * 0.5, 0.1) ** 2).sum()),
        ("_softmax", lambda x: (torch.softmax(x, 1) ** 2).sum()),
        ("addmm", lambda x: torch.addmm(x, x, x.t() @ x).sum()),
    ],
)
def test_ops_without_a_row_are_decomposed(monkeypatch, name, function):
    without(monkeypatch, name)
    graph = against_torch(function, torch.rand(3, 4))
    (group,) = graph.recorded.groups
    assert group.kind == "decomposition" and group.name == name.strip("_")
    assert group.outputs[0] in graph.recorded.twins
    assert sum(call.function.name() == f"aten::{name}" for call in graph.recorded.calls if hasattr(call.function, "name")) == 1


def test_ops_without_any_rule_are_listed(monkeypatch):
    without(monkeypatch, "sin", "cos", "exp")

    def run(x):
        return x.sin().cos().sin().sum() + torch.max(x.exp().detach())

    graph = record(run, torch.rand(3))
    assert {name: len(nodes) for name, nodes in graph.recorded.unsupported.items()} == {"sin": 2, "cos": 1, "exp": 1}
    with pytest.raises(UnsupportedError, match="`cos`, `exp`, `sin` \\(2 times\\)") as problem:
        gc.trace(graph)
    assert np.allclose(problem.value.forward.value("sin"), np.sin(problem.value.forward.value("x")))


def test_no_gradient_no_rule_needed(monkeypatch):
    without(monkeypatch, "sin")
    x = torch.rand(3)
    graph = record(lambda x: x * torch.arange(3.0).sin(), x)
    assert not graph.recorded.unsupported and "sin" in {leaf.name for leaf in graph.leaves}

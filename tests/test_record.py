"""Recording a torch module or function: leaves, names, modules, notes, and what is left unchanged."""

import copy
import random
import threading
import types

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from record_checks import against_torch, kinds_of, names_of
from torch import nn

import graphcore as gc
from graphcore.record import record


class Net(nn.Module):
    """Problem D's network with a batch norm."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 10)
        self.norm = nn.BatchNorm1d(10)
        self.layers = nn.Sequential(nn.Linear(10, 10), nn.Sigmoid(), nn.Linear(10, 1))

    def forward(self, x, target=None):
        prediction = self.layers(self.norm(self.first(x)).sigmoid())
        return prediction if target is None else ((prediction - target) ** 2).sum()


class Convolution(nn.Module):
    """Problem G: x is used three times."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1)
        self.wide = nn.Linear(10, 10)
        self.last = nn.Linear(10, 1)

    def forward(self, x):
        z = torch.flatten(x) + torch.flatten(self.conv(x))
        return ((self.last(self.wide(z)) - x.sum()) ** 2).sum()


def test_leaves_names_and_modules():
    graph = record(Net(), torch.rand(4, 2), target=torch.rand(4, 1))
    leaves = [leaf.name for leaf in graph.leaves]
    assert leaves[:2] == ["x", "target"]
    assert leaves[2:10] == [name for name, _ in Net().named_parameters()]
    assert graph.node("first.weight").scope == "first"
    node = graph.node("layers.0.addmm")
    assert node.scope == "layers.0" and node.label == "addmm"
    assert graph.recorded.modules["layers.0"] == "Linear"
    assert graph.recorded.modules[""] == "Net"
    assert graph.node("sum").scope == "" and graph.outputs[0].name == "sum"
    assert len(set(graph.names)) == len(graph)
    constants = {graph.names[k] for k in graph.constants}
    assert {"x", "target"} <= constants and "first.weight" not in constants


def test_names_taken_again():
    graph = record(lambda x: x.sin().sin().sin(), torch.rand(3))
    assert names_of(graph) == ["x", "sin", "sin_2", "sin_3"]
    graph = record(lambda sin: sin.sin(), torch.rand(3))
    assert names_of(graph) == ["sin", "sin_2"]


def test_arguments_in_lists_keywords_and_outside():
    weight = torch.rand(3)
    graph = record(
        lambda tensors, scale: (tensors[0] * tensors[1] * scale * weight).sum(),
        [torch.rand(3), torch.rand(3)],
        scale=torch.rand(3),
    )
    assert [leaf.name for leaf in graph.leaves] == ["tensors[0]", "tensors[1]", "scale", "outside0"]
    assert "outside0" in {graph.names[k] for k in graph.constants}


def test_gradients_wanted():
    x, y = torch.rand(3, requires_grad=True), torch.rand(3)
    assert record(lambda x, y: x * y, x, y).active == (True, False, True)
    assert record(lambda x, y: x * y, x.detach(), y).active == (True, True, True)
    frozen = nn.Linear(3, 3)
    frozen.weight.requires_grad_(False)
    graph = record(frozen, y)
    assert not graph.active[graph.index("weight")] and graph.active[graph.index("bias")]
    assert not graph.active[graph.index("t")]
    weight = torch.rand(3, requires_grad=True)
    graph = record(lambda x: x * weight, y)
    assert [graph.names[k] for k, active in enumerate(graph.active) if active] == ["outside0", "mul"]


def test_unused_leaves_stay():
    graph = record(lambda x, y: x * 2, torch.rand(3), torch.rand(3))
    run = gc.trace(graph, upstream=np.ones(3))
    assert run.gradient("y") is None and run.gradient("x") is not None


def test_modules_met_in_a_closure_keep_their_names():
    model, target = nn.Linear(3, 2), torch.rand(4, 2)
    graph = record(lambda x: F.mse_loss(model(x), target), torch.rand(4, 3))
    assert {"weight", "bias", "x", "outside0"} == {leaf.name for leaf in graph.leaves}
    other = nn.Linear(2, 2)

    def loss(x):
        return other(model(x)).sum()

    graph = record(lambda x: loss(x), torch.rand(4, 3))
    assert {"model.weight", "model.bias", "other.weight", "other.bias", "x"} == {leaf.name for leaf in graph.leaves}
    graph = record(Net().forward, torch.rand(4, 2))
    assert "first.weight" in graph.names


@pytest.mark.parametrize("training", [True, False])
def test_nothing_of_the_callers_is_changed(training):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)).train(training)
    model[0].weight.requires_grad_(False)
    x, outside = torch.rand(5, 3), torch.zeros(4)
    before = copy.deepcopy(model.state_dict())
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    flags = torch._C._get_mkldnn_enabled(), torch.backends.cuda.flash_sdp_enabled(), torch.backends.mha.get_fastpath_enabled()

    def run(x):
        x.mul_(2)
        outside.add_(1)
        random.random()  # noqa: S311
        return model(x) * outside.sum()

    kept, version = x.clone(), x._version
    record(run, x)
    assert torch.equal(x, kept) and x._version == version and not x.requires_grad
    assert torch.equal(outside, torch.zeros(4))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model[0].weight.requires_grad and model.training is training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[1]
    assert np.array_equal(np.random.get_state()[1], states[2])
    now = torch._C._get_mkldnn_enabled(), torch.backends.cuda.flash_sdp_enabled(), torch.backends.mha.get_fastpath_enabled()
    assert now == flags


def test_random_numbers_are_those_the_module_would_draw():
    model, x = nn.Dropout(0.5), torch.rand(50)
    torch.manual_seed(3)
    graph = record(model, x)
    assert np.allclose(gc.trace(graph, upstream=np.ones(50)).value("mul"), model(x).numpy())
    assert "bernoulli" in {leaf.name for leaf in graph.leaves}


def test_random_slopes():
    x = torch.randn(50)
    graph = record(lambda x: F.rrelu(x, training=True), x)
    state = torch.get_rng_state()
    run = gc.trace(graph, upstream=np.ones(50))
    assert np.allclose(run.value("rrelu"), F.rrelu(x, training=True).numpy())
    torch.set_rng_state(state)
    assert np.allclose(run.gradient("x"), run.value("slope"))


def test_stored_activations_locks_and_ties():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
            self.b.weight = self.a.weight
            self.lock = threading.Lock()
            self.last = None

        def forward(self, x):
            self.last = self.b(self.a(x))
            return self.last

    model = Odd()
    model(torch.rand(2, 3))
    kept = model.last
    graph = record(model, torch.rand(2, 3))
    assert model.last is kept
    assert [leaf.name for leaf in graph.leaves] == ["x", "a.weight", "a.bias", "b.bias"]


def test_two_threads_at_once():
    model, x = Net(), torch.rand(4, 2)
    found, problems = [], []

    def work():
        try:
            found.extend(record(model, x) for _ in range(5))
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems and len({graph.names for graph in found}) == 1


@pytest.mark.parametrize(
    ("model", "shapes"),
    [
        (Net(), [(4, 2), (4, 1)]),
        (Net().eval(), [(4, 2)]),
        (Convolution(), [(1, 1, 10)]),
        (nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), [(2, 5, 8)]),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval(), [(2, 5, 8)]),
        (nn.LSTM(3, 4, batch_first=True), [(2, 3, 3)]),
        (nn.LSTM(3, 4, num_layers=2, bidirectional=True), [(3, 2, 3)]),
        (nn.GRU(3, 4), [(3, 2, 3)]),
        (nn.RNN(3, 4, nonlinearity="relu"), [(3, 2, 3)]),
        (nn.MultiheadAttention(8, 2), [(5, 2, 8), (5, 2, 8), (5, 2, 8)]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_replayed_modules_give_what_torch_gives(model, shapes):
    torch.manual_seed(1)
    against_torch(model, *[torch.rand(shape) for shape in shapes])


def test_twins_and_calls():
    graph = record(Convolution(), torch.rand(1, 1, 10))
    twins = graph.recorded.twins
    assert twins[graph.index("conv.weight")] == ("AccumulateGrad",)
    assert twins[graph.index("conv.convolution")] == ("ConvolutionBackward0",)
    assert all(k in twins for k, active in enumerate(graph.active) if active)
    assert all(call.outputs for call in graph.recorded.calls)
    assert len(graph.recorded.calls) == sum(op is not None for op in graph.ops)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module():
    graph = record(torch.jit.script(nn.Sequential(nn.Linear(3, 2), nn.Tanh())), torch.rand(4, 3))
    assert {"0.weight", "0.bias"} == {graph.names[k] for k in graph.leaf_values if graph.active[k]}
    assert gc.compare(gc.trace(graph, upstream=np.ones((4, 2)))).verdict == "match"


def test_stops_and_lines():
    def run(x):
        h = x * 2
        kept = h.detach()
        with torch.no_grad():
            scale = h.exp()
        best = h.argmax()
        mask = h > 0
        return (h * kept * scale * mask).sum() + h[best.view(1)] * h.data[0] + h.long().sum()

    graph = record(run, torch.rand(4))
    stops = {graph.names[k]: stop for k, stop in graph.recorded.stops.items()}
    assert kinds_of(graph)["argmax"] == "int64" and kinds_of(graph)["gt"] == "bool"
    assert {name: stop.cause for name, stop in stops.items()} == {
        "detach": "detach",
        "exp": "no_grad",
        "argmax": "argmax",
        "gt": "comparison",
        "detach_2": "detach",
        "to_copy": "integer",
    }
    assert stops["detach"].line.startswith("test_record.py:") and stops["detach"].line.endswith(": kept = h.detach()")
    assert graph.recorded.lines[graph.index("mul")].endswith(": h = x * 2")


def test_outputs_in_their_order():
    def run(x):
        return {"b": x.sum(), "a": (x, x.sin())}, [x], types.SimpleNamespace(), 3

    graph = record(run, torch.rand(3))
    assert [node.name for node in graph.outputs] == ["sum", "x", "sin", "same"]


def test_notes():
    graph = record(nn.Linear(3, 2).half(), torch.rand(1, 3).half())
    assert any("float16" in note for note in graph.recorded.notes)
    graph = record(lambda x: x * 2, torch.tensor([1.0, float("nan")]))
    assert graph.recorded.notes == ("`x` holds nan or inf.",)

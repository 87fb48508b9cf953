"""In-place calls while recording: on whole tensors, on views, and where autograd does not look."""

import numpy as np
import pytest
import torch
from record_checks import against_torch
from torch import nn

import graphcore as gc
from graphcore.ops.aten.writes import COPY, SAME, STRAIGHT, TAKE, WRITE
from graphcore.record import record


def whole(x, y):
    return ((x * 2).add_(y).relu_() * x).sum()


def one_row(x, y):
    h = x * 2
    h[0] = y[1]
    return (h * h).sum()


def added_to_a_view(x, y):
    h = x * 2
    row, turned = h[1], h.t()
    row.add_(y[0])
    return (h * h).sum() + (turned * 3).sum() + (row * row).sum()


def transposed(x, y):
    h = x * 2
    h.t()[1:3].mul_(y.t()[1:3])
    return (h**3).sum()


def masked(x, y):
    h = x * 2
    h[x > 0.5] = 0.5
    h[:, 1][y[:, 1] > 0.5] = y[0, 0]
    h.masked_fill_(y > 0.9, 2.0)
    return (h * y).sum()


def overlapping(x, y):
    h = x * 2
    upper, lower = h[:2], h[1:]
    upper.mul_(y[:2])
    lower.mul_(y[1:])
    return (upper * upper).sum() + lower.sum()


def view_of_a_view(x, y):
    h = (x * 2).t()
    h[1:][:, 0].copy_(y[0, 1:])
    h.view(-1)[:1].zero_() if h.is_contiguous() else h[0, 0].fill_(3.0)
    return (h * h).sum()


def from_nothing(x, y):
    h = torch.zeros(3, 4)
    for i in range(3):
        h[i] = x[i] * y[i]
    full = torch.empty(3, 4).fill_(2.0)
    kept = torch.empty(3, 4)
    kept.copy_(x)
    return (h.pow(2) * full * kept).sum()


def turned_in_place(x, y):
    h = x * 2
    h.unsqueeze_(0)
    h.transpose_(1, 2)
    part = h[0, 1]
    h.mul_(3)
    return (h.sum() * part).sum()


def argument(x, y):
    x.mul_(y)
    x[0] = 1
    return (x * x).sum()


def no_grad_write(x, y):
    h = x * 2
    with torch.no_grad():
        h.mul_(y)
        h[0] += 1
    return (h * x).sum()


def data_write(x, y):
    h = x * 2
    h.data[1] = 5.0
    h.detach().mul_(2)
    return h.sin().sum()


def out_given(x, y):
    result = torch.empty(3, 4)
    with torch.no_grad():
        torch.add(x, y, out=result)
    return (result * x).sum()


def separate_chunks(x, y):
    a, b = (x * 2).unsafe_chunk(2, 1)
    a.sigmoid_()
    b.tanh_()
    return (a * b).sum()


def unsafe_view(x, y):
    h = (x.unsqueeze(0) @ y.t()).sin()
    g = x.unsqueeze(0) @ y.t()
    g[0, 1] = 2.0
    return (h * g).sum()


CASES = [
    whole,
    one_row,
    added_to_a_view,
    transposed,
    masked,
    overlapping,
    view_of_a_view,
    from_nothing,
    turned_in_place,
    argument,
    no_grad_write,
    data_write,
    out_given,
    separate_chunks,
    unsafe_view,
]


@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
def test_beside_torch(function):
    torch.manual_seed(0)
    against_torch(function, torch.rand(3, 4), torch.rand(3, 4))


def test_write_back_has_copy_slices_for_its_twin():
    graph = record(added_to_a_view, torch.rand(3, 4), torch.rand(3, 4))
    twins = graph.recorded.twins
    assert twins[graph.index("write")] == ("CopySlices",)
    assert twins[graph.index("take_again")] == ("AsStridedBackward0",)
    assert graph.index("add") not in twins


def test_parameters_written_without_gradient():
    class Clipped(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.linspace(-1, 1, 16).reshape(4, 4))

        def forward(self, x):
            with torch.no_grad():
                self.weight.clamp_(-0.5, 0.5)
            self.weight.data[0] *= 2
            return (x @ self.weight).pow(2).sum()

    model = Clipped()
    graph = record(model, torch.rand(3, 4))
    run = gc.trace(graph)
    assert float(model.weight.detach().min()) == -1.0
    weight = graph.index("weight")
    assert run.gradient(weight).any() and run.gradient(weight).shape == (4, 4)
    again = Clipped().double()
    loss = again(torch.from_numpy(np.array(run.value("x"))))
    loss.backward()
    assert np.allclose(run.gradient("weight"), again.weight.grad.numpy())


def test_buffers_written_to():
    class Counted(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", torch.zeros(()))

        def forward(self, x):
            self.count += 1
            return x * self.count

    model = Counted()
    graph = against_torch(model, torch.rand(3))
    assert float(model.count) == 0.0 and "count" in graph.names


@pytest.mark.parametrize(
    ("shape", "base", "where"),
    [
        ((3, 4), (4, 1), {"size": (2, 4), "stride": (4, 1), "offset": 4}),
        ((4, 3), (1, 4), {"size": (2, 2), "stride": (4, 2), "offset": 1}),
        ((6,), (1,), {"size": (5, 2), "stride": (1, 1), "offset": 0}),
        ((), (), {"size": (), "stride": (), "offset": 0}),
    ],
)
def test_rows_against_numeric_derivatives(shape, base, where):
    random = np.random.default_rng(0)
    whole, part = random.standard_normal(shape), random.standard_normal(where["size"])
    where = {"base": base, **where}
    rows = [
        (WRITE, (whole, part), where, ("self", "src")),
        (TAKE, (whole,), where, ("self",)),
        (COPY, (part,), {"size": (2, *part.shape), "kind": "float"}, ("src",)),
        (SAME, (whole,), {}, ("self",)),
    ]
    for row, values, statics, names in rows:
        given = dict(zip(names, values))
        y = row.forward.function(**given, **statics)
        g = random.standard_normal(np.shape(y))
        for name in names:
            ours = row.rules[name].function(g, y, **given, **statics)
            while np.ndim(ours) > np.ndim(given[name]):
                ours = ours.sum(0)
            for place in np.ndindex(np.shape(given[name])):
                moved = np.array(given[name])
                moved[place] += 1e-6
                there = row.forward.function(**{**given, name: moved}, **statics)
                assert np.allclose(((there - y) / 1e-6 * g).sum(), np.asarray(ours)[place], atol=1e-6)
    assert STRAIGHT.rules["self"].function(part, part, part, part) is part

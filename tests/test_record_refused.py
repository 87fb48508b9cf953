"""What a recording refuses, each with a clear sentence."""

import pytest
import torch
from torch import nn

from graphcore.errors import RecordError
from graphcore.record import record


def _raises(x):
    raise KeyError("no such layer")


class _Misfit(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x)


@pytest.mark.parametrize(
    ("function", "tensors", "says"),
    [
        (_raises, [torch.rand(3)], 'raise KeyError("no such layer"): KeyError'),
        (_Misfit(), [torch.rand(2, 4)], "return self.layer(x): RuntimeError: mat1 and mat2 shapes"),
        (lambda x: x.tolist(), [torch.rand(3)], "the result holds no tensor: it is a list"),
        (lambda x: x * 2, [torch.arange(3)], "no floating-point tensor is among the arguments and parameters"),
        (lambda x: x.detach() * 2, [torch.rand(3)], "no output depends on a leaf that wants a gradient"),
        (lambda x: x * 2, [torch.rand(3, dtype=torch.complex64)], "complex tensors are not supported, because"),
        (lambda x: torch.view_as_complex(x).abs(), [torch.rand(3, 2)], "complex tensors are not supported, because"),
        (lambda x: x * 2, [torch.eye(3).to_sparse()], "sparse tensors are not supported, because"),
        (nn.LazyLinear(3), [torch.rand(2, 3)], "has no shape yet"),
        (3, [torch.rand(3)], "a module or a function is recorded"),
        (nn.Linear(3, 3), [], "TypeError"),
    ],
)
def test_bad_input(function, tensors, says):
    with pytest.raises(RecordError) as problem:
        record(function, *tensors)
    assert says in str(problem.value)


def test_too_many_nodes():
    def run(x):
        for _ in range(40_000):
            x = x + 1
        return x

    with pytest.raises(RecordError, match="more than 30,000 nodes"):
        record(run, torch.rand(()))

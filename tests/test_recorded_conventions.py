"""The probes of kinks and special values again, as recorded torch calls: the rows of torch's own ops give torch's numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import graphcore as gc
from graphcore.errors import RecordError
from graphcore.parse import parse
from tests.test_conventions import PROBES, Probe

# torch's own gradient is disputed there; see test_conventions and the scoreboard
DISPUTED = {"hardsigmoid at -3,3"}
RECORDED = [probe for probe in PROBES if probe.name not in DISPUTED]


def leaves_of(probe: Probe) -> list[np.ndarray]:
    graph = parse(probe.program)
    return [np.asarray(gc.trace(graph, upstream=np.ones(graph.outputs[0].shape)).value(leaf.name)) for leaf in graph.leaves]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("probe", RECORDED, ids=lambda probe: f"{probe.name}: {probe.program[:40]!r}")
def test_recorded_probe(probe: Probe) -> None:
    values = leaves_of(probe)
    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    try:
        graph = gc.record(lambda *inputs: probe.torch(*inputs), *[t.detach().clone().requires_grad_() for t in tensors])
    except RecordError as problem:
        pytest.fail(str(problem))
    output = probe.torch(*tensors)
    seed = np.random.default_rng(3).uniform(0.5, 1.5, tuple(output.shape))
    run = gc.trace(graph, upstream=seed)
    found = torch.autograd.grad(output, tensors, torch.tensor(seed), allow_unused=True)
    np.testing.assert_allclose(run.value(graph.outputs[0].name), output.detach().numpy(), rtol=1e-12, atol=1e-300)
    for k, theirs in enumerate(found):
        ours = run.gradient(f"inputs[{k}]")
        if theirs is None:
            assert ours is None
            continue
        assert ours is not None
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-11, atol=1e-300)

"""What tests of recordings share: the replayed graph beside torch's own run in float64."""

import copy
import inspect

import numpy as np
import torch
from torch.utils import _pytree as pytree

import graphcore as gc


def names_of(graph):
    return list(graph.names)


def kinds_of(graph):
    return {graph.names[k]: kind for k, kind in graph.recorded.kinds.items()}


def seeds_for(graph):
    random = np.random.default_rng(7)
    seeds = [random.standard_normal(node.shape) if graph.active[node.index] else None for node in graph.outputs]
    return seeds[0] if len(seeds) == 1 else seeds


def against_torch(function, *tensors, tolerance=1e-10):
    """Record, replay and go back, beside torch's own run in float64: outputs and the gradient of every leaf."""
    module = isinstance(function, torch.nn.Module)
    private = copy.deepcopy(function).double() if module else function
    inputs = [t.double() if t.is_floating_point() else t.clone() for t in tensors]
    state = torch.get_rng_state()
    graph = gc.record(private, *[t.clone() for t in inputs])
    assert torch.equal(torch.get_rng_state(), state)
    seeds = seeds_for(graph)
    run = gc.trace(graph, upstream=seeds)
    leaves = dict(private.named_parameters()) if module else {}
    names = list(inspect.signature(private.forward if module else private).parameters)
    if any(graph.active[graph.index(name)] for name, t in zip(names, inputs)):
        leaves |= {name: t.requires_grad_() for name, t in zip(names, inputs) if t.is_floating_point()}
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        result = private(*[t.clone() for t in inputs])
    finally:
        torch.set_default_dtype(default)
        torch.set_rng_state(state)
    outputs = [t for t in pytree.tree_leaves(result) if isinstance(t, torch.Tensor)]
    assert len(outputs) == len(graph.outputs)
    for node, output in zip(graph.outputs, outputs):
        assert np.allclose(run.value(node.index), output.detach().numpy(), rtol=tolerance, atol=tolerance)
    pairs = [(t, torch.tensor(g)) for t, g in zip(outputs, seeds if isinstance(seeds, list) else [seeds]) if t.requires_grad]
    found = torch.autograd.grad([t for t, _ in pairs], list(leaves.values()), [g for _, g in pairs], allow_unused=True)
    for name, theirs in zip(leaves, found):
        ours = run.gradient(name)
        if theirs is None or ours is None:
            assert ours is None and (theirs is None or not theirs.any()), name
        else:
            assert np.allclose(ours, theirs.numpy(), rtol=tolerance, atol=tolerance * float(theirs.abs().max()) + 1e-14), name
    assert not [name for name, match in gc.compare(run).matches.items() if match.state == "mismatch"]
    return graph

"""Random programs over the registry: our gradients beside torch's, at every node."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphcore import Builder, Graph, GraphError, ops, trace
from graphcore.compare import compare
from graphcore.graph import Handle

# ops are drawn from the registry; what does not fit the operands' shapes is refused by the shape rules
ENTRIES = "sin cos tanh exp square neg abs relu sigmoid softplus silu gelu elu leaky_relu atan sinh cosh expm1 erf asinh softsign"
WHOLE = "T sum mean norm max min prod var logsumexp det inv trace tril diagonal"
ALONG = "sum mean max min prod cumsum softmax log_softmax logsumexp norm flip"
PAIRS = "add sub mul div maximum minimum matmul hypot atan2 outer kron greater"
UNARY: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in (ENTRIES + " " + WHOLE).split()),
    *((name, {"axis": axis}) for name in ALONG.split() for axis in (0, -1)),
    *((name, {"axis": 0, "keepdims": True}) for name in ("sum", "mean", "max")),
    *(("getitem", {"index": index}) for index in ((0,), (slice(None), 1), (slice(None, None, 2),))),
    ("expand_dims", {"axis": 0}),
    ("reshape", {"newshape": (-1,)}),
    ("roll", {"shift": 1}),
]
BINARY = PAIRS.split()
SHAPES = [(), (), (1,), (3,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1), (2, 3, 2), (0,), (0, 3)]
LARGEST = 500


def usable(name: str, statics: dict[str, Any]) -> bool:
    return name in {*ops.REGISTRY, *ops.ALIASES} and set(statics) <= set(ops.get(name).statics)


UNARY = [(name, statics) for name, statics in UNARY if usable(name, statics)]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph of up to 16 ops on up to 4 leaves, with literals, repeated operands and dead ends, ending in one number."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    b = Builder()
    nodes: list[Handle] = []
    for k in range(draw(st.integers(1, 4))):
        shape = draw(st.sampled_from(SHAPES))
        value = generator.normal(size=shape) if draw(st.booleans()) else generator.integers(-2, 3, size=shape)
        nodes.append(b.leaf(f"x{k}", value, wants_gradient=k == 0 or draw(st.integers(0, 3)) > 0))
    for _ in range(draw(st.integers(1, 16))):
        # the newest node half of the time, so that chains grow deep and little is left dangling
        a = nodes[-1] if draw(st.booleans()) else draw(st.sampled_from(nodes))
        try:
            if draw(st.booleans()):
                name, statics = draw(st.sampled_from(UNARY))
                if name == "var" and math.prod(b.shape(a)) < 2:
                    continue  # torch warns of it
                node = b.apply(name, a, **statics)
            else:
                other: Any = draw(st.sampled_from([*nodes, 0.5, -3.0]))
                pair = (a, other) if draw(st.booleans()) else (other, a)
                node = b.apply(draw(st.sampled_from(BINARY)), *pair)
        except GraphError:
            continue
        if math.prod(b.shape(node)) <= LARGEST:
            nodes.append(node)
    return b.graph(_total(b, nodes, generator))


def _total(b: Builder, nodes: list[Handle], generator: np.random.Generator) -> Handle:
    """The last two nodes, each with its own random upstream, as one number."""
    parts = []
    for k, node in enumerate(nodes[-2:]):
        if b.shape(node):
            weights = b.leaf(f"weights{k}", generator.normal(size=b.shape(node)), wants_gradient=False)
            node = b.apply("sum", b.apply("mul", node, weights))
        parts.append(node)
    return b.apply("add", *parts) if len(parts) == 2 else parts[0]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(graphs())
def test_every_gradient_of_a_random_program_matches_torch(graph: Graph) -> None:
    try:
        run = trace(graph, upstream=1.0)
    except np.linalg.LinAlgError:
        return  # the inverse of a singular matrix
    result = compare(run)
    assert result.verdict != "mismatch", result.banner.small
    assert result.banner.bold
    assert len(result.torch.twins) == len(graph)
    for twin, active, state in zip(result.torch.twins, graph.active, result.states, strict=True):
        assert active or state == "constant"
        assert twin is not None or not active or state in ("zero", "none", "seed")

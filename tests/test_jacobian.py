"""Local Jacobians against torch's, for every row of the registry, and the ways of reading them against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from graphcore import ops
from graphcore.backprop import Trace, trace
from graphcore.errors import JacobianError
from graphcore.graph import Builder, Edge
from graphcore.jacobian import local_jacobian

EPS = np.finfo(np.float64).eps
S, V, M, C = (), (3,), (2, 3), (2, 3, 4)

# rows that are no plain function of every entry: the shapes of their operands, and their statics
CASES: dict[str, list[tuple[tuple[tuple[int, ...], ...], dict[str, Any]]]] = {
    "matmul": [((M, (3, 4)), {}), ((M, (3, 1)), {}), (((1, 1), (1, 2)), {}), (((0, 3), (3, 2)), {}), (((2, 0), (0, 3)), {})],
    "matvec": [((M, V), {}), (((1, 3), V), {}), (((2, 0), (0,)), {})],
    "vecmat": [(((2,), M), {}), (((1,), (1, 3)), {})],
    "dot": [((V, V), {}), (((1,), (1,)), {}), (((0,), (0,)), {})],
    "matmul_batched": [((C, (2, 4, 5)), {}), ((C, (4, 5)), {}), (((2, 3), (4, 3, 2)), {}), (((2, 1, 2, 3), (4, 3, 2)), {})],
    "matvec_batched": [((C, (4,)), {})],
    "vecmat_batched": [(((3,), C), {})],
    "T": [((M,), {}), (((1, 3),), {}), (((0, 2),), {})],
    "outer": [((V, (2,)), {}), ((V, (1,)), {})],
    "linear": [((M, (4, 3), (4,)), {}), ((V, (2, 3), (2,)), {}), (((2, 1, 3), (4, 3), (4,)), {})],
    "trace": [(((3, 3),), {})],
    "det": [(((3, 3),), {})],
    "inv": [(((3, 3),), {})],
    "kron": [((M, (3, 2)), {}), ((M, (1, 2)), {})],
    **{
        name: [((M,), {}), ((V,), {}), ((M,), {"axis": 0}), ((C,), {"axis": 1, "keepdims": True}), ((M,), {"axis": -1})]
        for name in ("sum", "mean", "prod", "max", "min", "amax", "amin", "var", "std", "norm", "logsumexp")
    },
    "cumsum": [((V,), {}), ((M,), {"axis": 0}), ((C,), {"axis": -2})],
    "cumprod": [((V,), {}), ((M,), {"axis": 1})],
    "getitem": [
        ((C,), {"index": index})
        for index in (1, (0, 2, 3), (slice(None), 1), (slice(0, 1), slice(1, None), slice(None, None, 2)), (..., None, -1))
    ]
    + [((M,), {"index": (None, slice(1, 2), slice(0, 0))}), ((V,), {"index": (slice(1, None), None)})],
    "take": [((M, ("index", [1, 0, 1])), {}), ((V, ("index", [[2, 0], [1, 1]])), {}), ((C, ("index", 1)), {})],
    "reshape": [((M,), {"newshape": (3, 2)}), ((C,), {"newshape": (4, -1)}), ((S,), {"newshape": (1, 1)})]
    + [(((1,),), {"newshape": ()})],
    "flatten": [((C,), {}), ((S,), {})],
    "transpose": [((M,), {}), ((C,), {"axes": (2, 0, 1)}), ((V,), {})],
    "swapaxes": [((C,), {"axis1": 0, "axis2": -1})],
    "squeeze": [(((1, 3, 1),), {}), (((1, 3, 1),), {"axis": 0})],
    "expand_dims": [((M,), {"axis": 1}), ((S,), {"axis": 0})],
    "broadcast_to": [((V,), {"newshape": (2, 3)}), (((2, 1),), {"newshape": (4, 2, 3)}), ((S,), {"newshape": (2,)})],
    "tile": [((V,), {"reps": (2,)}), ((M,), {"reps": (2, 1, 3)}), ((M,), {"reps": (2,)})],
    "repeat": [((V,), {"repeats": 2}), ((M,), {"repeats": 3, "axis": 0}), ((M,), {"repeats": 2})],
    "flip": [((M,), {}), ((C,), {"axis": 1}), ((M,), {"axis": (0, 1)})],
    "roll": [((V,), {"shift": 1}), ((M,), {"shift": -2, "axis": 1}), ((M,), {"shift": 2})]
    + [((M,), {"shift": (1, 2), "axis": (0, 1)})],
    "tril": [((M,), {}), (((3, 2),), {"k": 1}), ((C,), {"k": -1})],
    "triu": [((M,), {}), (((3, 2),), {"k": -1})],
    "diag": [((V,), {})],
    "diagonal": [(((3, 3),), {})],
    "concatenate": [((V, (2,)), {}), ((M, (2, 1), M), {"axis": 1}), ((M, (0, 3)), {"axis": 0})],
    "hstack": [((M, (2, 2)), {})],
    "vstack": [((M, (1, 3)), {})],
    "clip": [((M,), {"min": -0.5, "max": 0.7}), ((S,), {"min": 0.4}), (((0, 3),), {"max": 0.5})],
    "prelu": [((M, (1,)), {}), ((M, (3,)), {})],
    "binary_cross_entropy_each": [((M, M), {}), ((S, S), {})],
    "stack": [((V, V), {}), ((M, M, M), {"axis": -1}), ((S, S), {})],
    "softmax": [((M,), {}), ((M,), {"axis": 0}), ((V,), {})],
    "log_softmax": [((M,), {}), ((C,), {"axis": 1})],
    "pick": [((M, ("index", [2, 0])), {})],
    "pick_one": [((V, ("index", 1)), {})],
}
CASES["norm"] += [((M,), {"ord": k, "axis": 1}) for k in (1, 2, 3, float("inf"))]
# a function of every entry: alike, with broadcasting, single numbers, nothing at all
SHAPES = {
    1: [(M,), (S,), ((0, 3),), ((2, 1, 2),)],
    2: [(M, M), (M, V), ((2, 1), (1, 3)), (S, M), (V, S), (S, S), ((0, 3), (3,)), ((1, 3), (2, 1))],
    3: [(M, M, M), (M, V, S), (S, S, S), ((2, 1), V, (1, 1))],
}
MORE = {"gelu": {"approximate": "tanh"}}


def cases() -> list[Any]:
    found = []
    for name, op in ops.REGISTRY.items():
        if name in CASES:
            listed = CASES[name]
        else:
            listed = [(shapes, {}) for shapes in SHAPES[len(op.operands)]]
            listed += [(shapes, MORE[name]) for shapes in SHAPES[len(op.operands)] if name in MORE]
        found += [pytest.param(name, shapes, statics, id=f"{name}-{shapes}-{statics}") for shapes, statics in listed]
    return found


def a_run(name: str, shapes: Any, statics: Any, seed: int, spread: float) -> Trace:
    """The op alone, on random numbers, with a random upstream gradient."""
    rng = np.random.default_rng(seed)
    b = Builder()
    leaves = []
    for k, shape in enumerate(shapes):
        if shape and shape[0] == "index":
            leaves.append(b.leaf(f"x{k}", shape[1], wants_gradient=False))
        else:
            leaves.append(b.leaf(f"x{k}", rng.uniform(0.2, 0.9, shape) if spread == 0 else rng.normal(0, spread, shape)))
    y = b.apply(ops.REGISTRY[name], *leaves, name="y", **statics)
    graph = b.graph(y)
    return trace(graph, upstream=rng.normal(size=graph.shapes[y]))


def torch_jacobian(run: Trace, edge: Edge) -> np.ndarray[Any, Any]:
    graph = run.graph
    op = graph.ops[edge.target]
    assert op is not None
    statics = dict(graph.statics[edge.target])
    function = op.torch.compile(op.operands, {"torch": torch, "F": torch.nn.functional}, statics)
    values = [torch.tensor(run.value(k)) for k in graph.arguments[edge.target]]

    def of_one(x: torch.Tensor) -> torch.Tensor:
        return function(*[x if slot == edge.slot else value for slot, value in enumerate(values)])

    size = [int(np.prod(graph.shapes[k])) for k in (edge.target, edge.source)]
    if 0 in size:
        return np.zeros(size)
    answer = torch.autograd.functional.jacobian(of_one, values[edge.slot])
    return answer.reshape(size).numpy()


@pytest.mark.parametrize("spread", [0, 1.5])
@pytest.mark.parametrize(("name", "shapes", "statics"), cases())
def test_every_row_has_the_jacobian_that_torch_has(name: str, shapes: Any, statics: Any, spread: float) -> None:
    if name == "binary_cross_entropy_each" and spread:
        pytest.skip("probabilities only")
    run = a_run(name, shapes, statics, 1, spread)
    rng = np.random.default_rng(2)
    for position, edge in enumerate(run.graph.backward_edges):
        local = local_jacobian(run, edge)
        dense, expected = local.dense(), torch_jacobian(run, edge)
        assert dense.shape == local.shape == expected.shape
        # torch multiplies its zeros with what is not finite; ours stay zeros, the column must hold it at its place
        finite = np.isfinite(expected)
        # hardsigmoid: torch writes 1/6 as a float32 number even on float64 arrays
        eps = EPS if name != "hardsigmoid" else float(np.finfo(np.float32).eps) / 256
        bound = 256 * eps * np.abs(expected[finite]).max(initial=0)
        np.testing.assert_allclose(dense[finite], expected[finite], rtol=0, atol=bound)
        assert np.array_equal(finite.all(axis=0), np.isfinite(dense).all(axis=0))
        rows, columns = local.shape
        for _ in range(8):
            r, c = a_slice(rng, rows), a_slice(rng, columns)
            np.testing.assert_array_equal(local.block(r, c), dense[r, c])
        for j in range(columns):
            np.testing.assert_array_equal(scattered(rows, *local.entry(j)), dense[:, j])
        for i in range(rows):
            np.testing.assert_array_equal(scattered(columns, *local.row(i)), dense[i])
        upstream, downstream = run.gradient(edge.target), run.downstream(position)
        assert upstream is not None and downstream is not None
        if np.isfinite(dense).all() and np.isfinite(downstream).all():
            product = upstream.reshape(-1) @ dense
            bound = 64 * EPS * (np.abs(upstream.reshape(-1)) @ np.abs(dense)).max(initial=0)
            np.testing.assert_allclose(product, downstream.reshape(-1), rtol=0, atol=bound)
        if name != "cumprod" and not (name == "roll" and statics.get("axis") is None):
            assert local.kind != "function"


def a_slice(rng: np.random.Generator, size: int) -> slice:
    ends = [None, *range(-size - 1, size + 2)]
    start, stop = (ends[rng.integers(len(ends))] for _ in range(2))
    return slice(start, stop, [None, 1, 2, -1, -2][rng.integers(5)])


def scattered(size: int, places: Any, values: Any) -> Any:
    assert len(set(places.tolist())) == len(places)
    line = np.zeros(size)
    line[places] = values
    return line

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
from graphcore.jacobian import Jacobian, local_jacobian
from graphcore.jacobian.entries import Entries
from graphcore.jacobian.linear import Linear

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
    "reshape": [
        (shapes, {"newshape": newshape})
        for shapes, newshape in (
            ((M,), (3, 2)),
            ((C,), (4, -1)),
            ((C,), (3, 2, 2, 2)),
            ((S,), (1,)),
            (((1,),), ()),
            (((0, 3),), (3, 0)),
        )
    ],
    "flatten": [((C,), {}), ((S,), {})],
    "transpose": [((M,), {}), ((C,), {"axes": (2, 0, 1)}), ((V,), {})],
    "swapaxes": [((C,), {"axis1": 0, "axis2": -1})],
    "squeeze": [(((1, 3, 1),), {}), (((1, 3, 1),), {"axis": 0})],
    "expand_dims": [((M,), {"axis": 1}), ((S,), {"axis": 0})],
    "broadcast_to": [((V,), {"newshape": (2, 3)}), (((2, 1),), {"newshape": (4, 2, 3)}), ((S,), {"newshape": (2,)})],
    "tile": [((V,), {"reps": (2,)}), ((M,), {"reps": (2, 1, 3)}), ((M,), {"reps": (2,)})],
    "repeat": [((V,), {"repeats": 2}), ((M,), {"repeats": 3, "axis": 0}), ((M,), {"repeats": 2})],
    "flip": [((M,), {}), ((C,), {"axis": 1}), ((M,), {"axis": (0, 1)})],
    "roll": [((V,), {"shift": 1}), ((M,), {"shift": 2}), ((M,), {"shift": (1, -5), "axis": (0, 1)})],
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
    "median": [((V,), {}), ((M,), {"axis": 1}), ((M,), {"axis": 0, "keepdims": True})],
    "solve": [(((3, 3), V), {})],
    "solve_columns": [(((3, 3), (3, 2)), {})],
    "cross": [((V, V), {}), ((M, M), {}), ((M, (1, 3)), {"axis": -1})],
    "pad": [((V,), {"width": ((1, 2),)}), ((M,), {"width": ((0, 1), (2, 0)), "value": 2.0})],
    "gather": [
        ((M, ("index", [[0, 2], [1, 1]])), {"axis": 1}),
        ((V, ("index", [2, 0, 0, 1])), {"axis": 0}),
    ],
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

# coefficients that are operands, or products of two: not one rounding between them and torch's
EXACT = """
    add sub mul neg matmul matvec vecmat dot matmul_batched matvec_batched vecmat_batched T outer linear trace kron sum getitem
    take reshape flatten transpose swapaxes squeeze expand_dims broadcast_to tile repeat flip roll tril triu diag diagonal
    concatenate hstack vstack stack pick pick_one relu where maximum minimum cumsum
"""


def cases(spread: float) -> list[Any]:
    """Every row on operands from 0.2 to 0.9, or spread around 0, where it takes those."""
    found = []
    for name, op in ops.REGISTRY.items():
        if spread and name == "binary_cross_entropy_each":
            continue
        if name in CASES:
            listed = CASES[name]
        else:
            listed = [(shapes, {}) for shapes in SHAPES[len(op.operands)]]
            listed += [(shapes, MORE[name]) for shapes in SHAPES[len(op.operands)] if name in MORE]
        found += [
            pytest.param(name, shapes, statics, spread, id=f"{name}-{shapes}-{statics}-{spread}") for shapes, statics in listed
        ]
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


@pytest.mark.parametrize(("name", "shapes", "statics", "spread"), [*cases(0), *cases(1.5)])
def test_every_row_has_the_jacobian_that_torch_has(name: str, shapes: Any, statics: Any, spread: float) -> None:
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
        if name in EXACT.split():
            np.testing.assert_array_equal(dense, expected)
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
        if name not in ("cumprod", "gather") and not (name == "roll" and statics.get("axis") is None):
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


KINDS = [
    ("add", (M, M), 0, "identity", "I"),
    ("add", (M, V), 1, "broadcast", "1 ⊗ I"),
    ("mul", (M, M), 0, "diagonal", "diag(x1)"),
    ("exp", (M,), 0, "diagonal", "diag(y)"),
    ("mul", (M, V), 1, "broadcast", "broadcast"),
    ("mul", (V, S), 1, "broadcast", "x0"),
    ("matmul", (M, (3, 4)), 0, "kronecker", "I ⊗ x1ᵀ"),
    ("matmul", (M, (3, 4)), 1, "kronecker", "x0 ⊗ I"),
    ("matvec", (M, V), 0, "kronecker", "I ⊗ x1ᵀ"),
    ("matvec", (M, V), 1, "dense", "x0"),
    ("vecmat", ((2,), M), 1, "kronecker", "x0ᵀ ⊗ I"),
    ("dot", (V, V), 0, "sum", "x1ᵀ"),
    ("linear", (M, (4, 3), (4,)), 0, "kronecker", "I ⊗ x1"),
    ("outer", (V, (2,)), 1, "kronecker", "x0 ⊗ I"),
    ("matmul_batched", (C, (2, 4, 5)), 0, "blocks", "blocks"),
    ("inv", ((3, 3),), 0, "kronecker", "−y ⊗ yᵀ"),
    ("sum", (M,), 0, "sum", "1ᵀ"),
    ("mean", (M,), 0, "sum", "1/6 1ᵀ"),
    ("T", (M,), 0, "permutation", "K"),
    ("flip", (M,), 0, "permutation", "permutation"),
    ("flatten", (M,), 0, "identity", "I"),
    ("concatenate", (V, (2,)), 1, "selection", "selection"),
    ("take", (M, ("index", [1, 0, 1])), 0, "selection", "selection"),
    ("softmax", (M,), 0, "softmax", "diag(y) − y yᵀ, one block each"),
    ("log_softmax", (V,), 0, "softmax", "I − 1 exp(y)ᵀ"),
]


@pytest.mark.parametrize(("name", "shapes", "slot", "kind", "structure"), KINDS)
def test_the_structure_is_named(name: str, shapes: Any, slot: int, kind: str, structure: str) -> None:
    run = a_run(name, shapes, {}, 3, 0)
    edge = next(edge for edge in run.graph.edges if edge.slot == slot)
    local = local_jacobian(run, edge)
    assert (local.kind, local.structure) == (kind, structure)
    assert kind in repr(local)


@pytest.mark.parametrize(
    ("name", "shapes", "slot"),
    [(n, s, k) for n, s, k, _, structure in KINDS if "⊗" in structure and "1" not in structure.split()],
)
def test_the_kronecker_product_named_is_the_matrix(name: str, shapes: Any, slot: int) -> None:
    run = a_run(name, shapes, {}, 3, 0)
    local = local_jacobian(run, next(edge for edge in run.graph.edges if edge.slot == slot))
    parts = []
    for part in local.structure.split(" ⊗ "):
        if part == "I":
            parts.append(None)
            continue
        sign = -1.0 if part.startswith("−") else 1.0
        value = sign * run.value(part.removesuffix("ᵀ").removeprefix("−"))
        matrix = value if value.ndim == 2 else value[:, None]
        parts.append(matrix.T if part.endswith("ᵀ") else matrix)
    known = next(part for part in parts if part is not None)
    identity = np.eye(local.shape[0] // known.shape[0])
    np.testing.assert_array_equal(local.dense(), np.kron(*[identity if part is None else part for part in parts]))


def test_an_operand_used_twice_is_two_edges() -> None:
    b = Builder()
    x = b.leaf("x", [2.0, 3.0])
    b.apply("div", x, x, name="y")
    run = trace(b.graph(), upstream=[1.0, 1.0])
    first, second = (local_jacobian(run, edge).dense() for edge in run.graph.edges)
    np.testing.assert_array_equal(first, np.diag([1 / 2, 1 / 3]))
    np.testing.assert_array_equal(second, -np.diag([2 / 4, 3 / 9]))


def test_literal_operands_and_steps() -> None:
    b = Builder()
    x = b.leaf("x", [2.0, 3.0])
    b.apply("sum", b.apply("mul", b.literal([[4.0], [5.0]]), x, name="y"), name="total")
    run = trace(b.graph())
    by_target = {step.target.name: step.local for step in run.steps}
    np.testing.assert_array_equal(by_target["y"].dense(), [[4, 0], [0, 4], [5, 0], [0, 5]])
    np.testing.assert_array_equal(by_target["total"].dense(), [[1, 1, 1, 1]])


def test_arrays_that_are_views() -> None:
    rng = np.random.default_rng(4)
    b = Builder()
    x, w = b.leaf("x", rng.normal(size=(3, 2))), b.leaf("w", rng.normal(size=(4, 3, 5)))
    turned = b.apply("T", x, name="turned")
    part = b.apply("getitem", w, index=(1, slice(None), slice(0, 5, 2)), name="part")
    wide = b.apply("broadcast_to", b.apply("getitem", w, index=(0, 0, slice(0, 3))), newshape=(2, 3), name="wide")
    product = b.apply("matmul", turned, part, name="product")
    b.apply("mul", product, wide, name="y")
    run = trace(b.graph(), upstream=np.ones((2, 3)))
    assert not run.value("turned").flags.c_contiguous and not run.value("part").flags.c_contiguous
    for edge in run.graph.backward_edges:
        local = local_jacobian(run, edge)
        np.testing.assert_allclose(local.dense(), torch_jacobian(run, edge), rtol=0, atol=1e-15)
    by_names = {(run.graph.names[e.target], e.slot): local_jacobian(run, e).structure for e in run.graph.edges}
    assert by_names["product", 0] == "I ⊗ partᵀ"
    assert by_names["product", 1] == "turned ⊗ I"


def test_a_large_jacobian_is_read_but_not_written_out() -> None:
    rng = np.random.default_rng(5)
    b = Builder()
    x, w = b.leaf("x", rng.normal(size=(64, 300))), b.leaf("w", rng.normal(size=(300, 200)))
    b.apply("matmul", x, w, name="y")
    run = trace(b.graph(), upstream=np.ones((64, 200)))
    local = local_jacobian(run, run.graph.edges[1])
    assert local.shape == (12_800, 60_000)
    with pytest.raises(JacobianError, match=r"12,800 x 60,000 = 768,000,000 entries of .*dy/dw.* at most 1,000,000"):
        local.dense()
    with pytest.raises(JacobianError, match="12,800 x 100"):
        local.block(slice(None), slice(100))
    expected = np.zeros((16, 16))
    np.fill_diagonal(expected[:, 5:], run.value("x")[5, 7])
    np.testing.assert_array_equal(local.block(slice(1000, 1016), slice(7 * 200 - 5, 7 * 200 + 11)), expected)
    rows, values = local.entry(7 * 200 + 3)
    np.testing.assert_array_equal(rows, np.arange(64) * 200 + 3)
    np.testing.assert_array_equal(values, run.value("x")[:, 7])
    with pytest.raises(IndexError):
        local.entry(60_000)


def test_a_function_rule_is_run_only_for_the_rows_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run("cumprod", (V,), {}, 6, 0)
    local = local_jacobian(run, run.graph.edges[0])
    assert local.kind == "function"
    asked: list[int] = []
    plain = Jacobian._rows
    monkeypatch.setattr(Jacobian, "_rows", lambda self, positions: asked.extend(positions) or plain(self, positions))
    local.block(slice(1, 2), slice(None))
    local.row(2)
    assert asked == [1, 2]


def test_where_the_rule_is_cut_off_nothing_leaks_in() -> None:
    b = Builder()
    x = b.leaf("x", [0.0, 4.0, -1.0])
    b.apply("norm", b.apply("sqrt", x, name="root"), axis=0, name="y")
    run = trace(b.graph())
    roots = local_jacobian(run, run.graph.edges[0])
    np.testing.assert_array_equal(roots.dense(), [[np.inf, 0, 0], [0, 0.25, 0], [0, 0, np.nan]])
    b = Builder()
    x = b.leaf("x", [0.0, 4.0])
    b.apply("pow", x, b.literal(0.0), name="y")
    np.testing.assert_array_equal(
        local_jacobian(run := trace(b.graph(), upstream=[1, 1]), run.graph.edges[0]).dense(), np.zeros((2, 2))
    )


def test_a_jacobian_cannot_be_changed() -> None:
    run = a_run("matvec", (M, V), {}, 7, 0)
    local = local_jacobian(run, run.graph.edges[1])
    before = run.value("x0").copy()
    local.dense()[:] = 0
    local.entry(0)[1][:] = 0
    local.row(0)[1][:] = 0
    np.testing.assert_array_equal(run.value("x0"), before)
    np.testing.assert_array_equal(local.dense(), before)
    with pytest.raises(AttributeError):
        local.run = run  # type: ignore[misc]


A, B, W3 = (np.random.default_rng(8).normal(size=shape) for shape in (M, (4, 3), (2, 5, 3)))
# what rules may do to g beyond what today's rows do: the same function on numbers and on the linear map
NOTATION: list[tuple[tuple[int, ...], Any]] = [
    (M, lambda g: A * g / A - g),
    ((2, 4), lambda g: (A.T @ (g * 2.0)).T + 0),
    (V, lambda g: A @ g),
    ((2,), lambda g: g @ A),
    ((4, 5), lambda g: g @ W3),
    ((2, 3, 4), lambda g: W3 @ g),
    (M, lambda g: np.where(A > 0, 0, g) + np.where(A > 0, g * 3, 0 * g)),
    ((2,), lambda g: (np.broadcast_to(np.expand_dims(g, 1), M) * A).sum(1)),
    ((2,), lambda g: np.broadcast_to(np.expand_dims(g, 1), M).sum(1)),
    (M, lambda g: np.reshape(np.reshape(g * A, (6,)), (1, 3, 2)) * 2),
    (C, lambda g: np.transpose(g, (1, 0, 2)).reshape(3, 8)[:, ::1].reshape(3, 2, 2, 2).sum(1)),
    (M, lambda g: g[1:, ::-1] - g[:1, :]),
    (M, lambda g: g[..., None, ::2] * 2),
    (M, lambda g: g[:, None, -1]),
    (M, lambda g: g[0:0]),
    ((4, 3), lambda g: np.flip(np.cumsum(np.flip(g, 1), 1), 1)),
    ((4, 3), lambda g: np.cumsum(g, axis=0) / B),
    (M, lambda g: np.roll(g, 2, axis=1) * A),
    (M, lambda g: np.squeeze(np.swapaxes(g[None], 1, 2))),
    ((0, 3), lambda g: (g * np.ones((0, 3))).sum(0)),
    (V, lambda g: (g * np.ones((0, 3))).sum(0)),
    ((3, 3), lambda g: g[np.arange(3), np.arange(3)] - 0.0),
    (S, lambda g: -g * A),
]


@pytest.mark.parametrize("k", range(len(NOTATION)))
def test_the_linear_map_follows_numpy(k: int) -> None:
    shape, function = NOTATION[k]
    size = int(np.prod(shape))
    form = function(Linear.upstream(shape))
    expected = [np.asarray(function(one.reshape(shape) if shape else one[0])) for one in np.eye(size)]
    assert form.shape == np.shape(function(np.zeros(shape)))
    found = np.zeros((size, form.size))
    for term in form.terms:
        at, values = Entries(term, form.shape).block(np.arange(size), np.arange(form.size))
        found.reshape(-1)[at] += values
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=0, atol=1e-15)


SUBSCRIPTS = [np.s_[1], np.s_[1:3, ::2], np.s_[::-1, 2], np.s_[..., None, 1], np.s_[None, ::-2, :, 0:1], np.s_[-1, -1, -1]]


@pytest.mark.parametrize("index", [*SUBSCRIPTS, np.s_[3:0:-1], np.s_[0:0], np.s_[:, 4:1:-2, ::-1]])
def test_scatter_is_the_transpose_of_a_subscript(index: Any) -> None:
    shape = (4, 5, 3)
    weights = np.arange(60.0).reshape(shape)
    part = np.zeros(shape)[index]
    form = Linear.upstream(part.shape).scatter(shape, index) * weights
    found = np.zeros((part.size, 60))
    for term in form.terms:
        at, values = Entries(term, form.shape).block(np.arange(part.size), np.arange(60))
        found.reshape(-1)[at] += values
    for k in range(part.size):
        whole = np.zeros(shape)
        one = np.zeros(part.size)
        one[k] = 1
        whole[index] = one.reshape(part.shape)
        np.testing.assert_array_equal(found[k], (whole * weights).reshape(-1))


@pytest.mark.parametrize("rule", [lambda g: g * g, lambda g: g + 1, np.exp, lambda g: np.maximum(g, 0), bool, np.asarray])
def test_what_is_not_linear_is_refused(rule: Any) -> None:
    with pytest.raises(TypeError):
        rule(Linear.upstream(M))

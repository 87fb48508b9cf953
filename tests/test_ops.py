"""The registry is the table of tests: every row by torch, by a numerical derivative, on floats and on arrays."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import graphcore as gc
from graphcore import ops
from graphcore.compare import compare
from graphcore.ops import Op
from graphcore.ops.namespaces import ARRAYS, FLOATS
from graphcore.ops.written import write
from graphcore.parse import parse

EPS = np.finfo(float).eps
TORCH_NAMES = {"torch": torch, "F": torch.nn.functional, "pow": pow}


class Sample(NamedTuple):
    """Operand values and static arguments for one row."""

    operands: tuple[Any, ...]
    statics: dict[str, Any] = {}


# the numbers an op is tried on, where those from -2 to 2 will not do
DOMAIN = {
    "log": (0.3, 3), "log2": (0.3, 3), "log10": (0.3, 3), "log1p": (-0.6, 3), "sqrt": (0.3, 3), "rsqrt": (0.3, 3), "asin": (-0.7, 0.7),
    "acos": (-0.7, 0.7), "atanh": (-0.6, 0.6), "acosh": (1.3, 3), "tan": (-1.1, 1.1), "reciprocal": (0.4, 3), "pow": (0.1, 3), "binary_cross_entropy_each": (0.3, 0.7),
    "hardsigmoid": (-5, 5), "hardswish": (-5, 5), "relu6": (-3, 9), "softplus": (-30, 30), "cumprod": (0.5, 2), "selu": (-3, 3),
}  # fmt: skip
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "clip": [{"min": -1, "max": 1}, {"min": 0.5}, {"max": 0.5}, {"min": 1, "max": -1}],
    "leaky_relu": [{}, {"negative_slope": 0.3}],
    "elu": [{}, {"alpha": 0.5}],
    "celu": [{}, {"alpha": 0.5}],
    "softplus": [{}, {"beta": 2.0, "threshold": 5.0}],
    "gelu": [{}, {"approximate": "tanh"}],
    "hardtanh": [{}, {"min_val": -0.5, "max_val": 1.5}],
    "hardshrink": [{}, {"lambd": 1.0}],
    "softshrink": [{}, {"lambd": 1.0}],
    "threshold": [{}, {"threshold": 0.5, "value": -3.0}],
}
REDUCTIONS = [{}, {"keepdims": True}, {"axis": 0}, {"axis": -1}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}]
rng = np.random.default_rng(0)


def drawn(op: Op, *shapes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    low, high = DOMAIN.get(op.name, (-2, 2))
    generator = np.random.default_rng(zlib.crc32(f"{op.name}{shapes}".encode()))
    if op.name in ("fmod", "remainder", "floor_divide"):  # keep off the jumps: a is half a step from a multiple of b
        return tuple(
            generator.integers(-3, 3, s) + 0.5 if k == 0 else generator.uniform(0.97, 1.03, s) for k, s in enumerate(shapes)
        )
    return tuple(generator.uniform(low, high, shape) for shape in shapes)


def pointwise(op: Op) -> Iterator[Sample]:
    """Scalars, matrices, broadcasting, nothing at all, and every setting."""
    n = len(op.operands)
    for statics in SETTINGS.get(op.name, [{}]):
        for shapes in {((),) * n, ((2, 3),) * n, ((0, 3),) * n, *itertools.permutations(((3,), (2, 3), (2, 1))[:n])}:
            values = drawn(op, *shapes)
            if op.name == "where":
                values = ((values[0] > 0) * 1.0, *values[1:])
            if op.name == "prelu":
                values = (values[0], np.full((1,) * bool(values[0].ndim), 0.3))
            yield Sample(values, statics)
        yield Sample(
            tuple(v.T[::-1] for v in drawn(op, *[(3, 2)] * n)) if op.name != "prelu" else drawn(op, (3, 2), (1,)), statics
        )


PRODUCTS = {
    "matmul": [((2, 3), (3, 4)), ((2, 3), (3, 1)), ((2, 0), (0, 3))],
    "matvec": [((2, 3), (3,))],
    "vecmat": [((3,), (3, 2))],
    "dot": [((3,), (3,)), ((0,), (0,))],
    "matmul_batched": [((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2))],
    "matvec_batched": [((2, 3, 4), (4,)), ((5, 2, 3, 4), (4,))],
    "vecmat_batched": [((3,), (2, 3, 4)), ((3,), (5, 2, 3, 4))],
    "outer": [((2,), (3,))],
    "binary_cross_entropy_each": [((2, 3), (2, 3)), ((), ()), ((0, 3), (0, 3))],
    "linear": [((3,), (2, 3), (2,)), ((4, 3), (2, 3), (2,)), ((5, 4, 3), (2, 3), (2,))],
    "kron": [((2, 3), (3, 2))],
    "T": [((2, 3),)],
    "trace": [((3, 3),)],
    "det": [((3, 3),)],
    "inv": [((3, 3),)],
    "softmax": [((2, 3),), ((4,),), ((2, 3, 4),)],
    "log_softmax": [((2, 3),), ((4,),)],
}
# further operands than the shapes say, and static arguments
MOVED: dict[str, list[tuple[tuple[tuple[int, ...], ...], dict[str, Any]]]] = {
    "softmax": [(((2, 3),), {"axis": 0})],
    "log_softmax": [(((2, 3),), {"axis": 0})],
    "getitem": [
        (((4, 5),), {"index": index})
        for index in [(1,), (-1, 2), (slice(1, 3),), (slice(None), 2), (slice(0, 4, 2), slice(None, -1)), (None, 1), (Ellipsis, 0)]
    ] + [(((4,),), {"index": (slice(2, 2),)})],
    "reshape": [(((2, 6),), {"newshape": s}) for s in [(3, 4), (-1,), (2, -1, 3), 12]] + [(((0, 3),), {"newshape": (3, 0)})],
    "flatten": [(((2, 3),), {}), (((),), {})],
    "transpose": [(((2, 3),), {}), (((2, 3, 4),), {}), (((2, 3, 4),), {"axes": (2, 0, 1)}), (((2, 3, 4),), {"axes": (-1, 0, 1)}), (((3,),), {})],
    "swapaxes": [(((2, 3, 4),), {"axis1": 0, "axis2": -1})],
    "squeeze": [(((1, 3, 1),), {}), (((1, 3, 1),), {"axis": 0}), (((1, 3, 1),), {"axis": (0, -1)})],
    "expand_dims": [(((2, 3),), {"axis": k}) for k in (0, 1, -1)],
    "broadcast_to": [(((3,),), {"newshape": (2, 3)}), (((2, 1),), {"newshape": (4, 2, 3)}), (((),), {"newshape": (2,)})],
    "tile": [(((2, 3),), {"reps": r}) for r in [2, (2,), (3, 1), (2, 1, 2)]],
    "repeat": [(((2, 3),), {"repeats": 2}), (((2, 3),), {"repeats": 2, "axis": 0}), (((2, 3),), {"repeats": 3, "axis": -1})],
    "flip": [(((2, 3),), {}), (((2, 3),), {"axis": 1}), (((2, 3),), {"axis": (0, 1)})],
    "roll": [(((2, 3),), {"shift": 1}), (((2, 3),), {"shift": -1, "axis": 1}), (((2, 3),), {"shift": (1, 2), "axis": (0, 1)})],
    "tril": [(((3, 4),), {}), (((2, 3, 3),), {"k": -1})],
    "triu": [(((3, 4),), {}), (((2, 3, 3),), {"k": 1})],
    "diag": [(((3,),), {})],
    "diagonal": [(((3, 3),), {})],
    "concatenate": [(((2, 3), (1, 3)), {}), (((2, 3), (2, 1), (2, 2)), {"axis": -1}), (((2,),), {})],
    "hstack": [(((2, 3), (2, 1)), {})],
    "vstack": [(((2, 3), (1, 3)), {})],
    "stack": [(((2, 3), (2, 3)), {}), (((2, 3), (2, 3), (2, 3)), {"axis": -1}), (((), ()), {})],
    "detach": [(((2, 3),), {})],
    "cumsum": [(((4,),), {}), (((2, 3),), {"axis": 0}), (((2, 3),), {"axis": -1})],
    "cumprod": [(((4,),), {}), (((2, 3),), {"axis": 0}), (((2, 3),), {"axis": -1})],
}  # fmt: skip


def reduced(op: Op) -> Iterator[Sample]:
    settings = [s for s in REDUCTIONS if not (op.name == "prod" and isinstance(s.get("axis"), tuple))]
    if op.name == "norm":
        orders = [1, 2, 3, 1.5, math.inf, -math.inf]
        settings = settings + [{"ord": p, "axis": 1} for p in orders] + [{"ord": p, "axis": 0, "keepdims": True} for p in orders]
    if op.name in ("var", "std"):
        settings = [*settings, {"ddof": 1}, {"ddof": 1, "axis": 0}]
    for statics in settings:
        yield Sample(drawn(op, (2, 3)), statics)
        yield Sample((drawn(op, (3, 2))[0].T,), statics)
    yield Sample(drawn(op, (2, 3, 4)), {"axis": 1})
    if op.name not in ("std", "var"):
        yield Sample(drawn(op, ()))
    if op.shape.__name__ != "extreme" and op.name not in ("std", "var"):
        yield Sample((np.zeros((0, 3)),), {"axis": 1})


def samples(op: Op) -> Iterator[Sample]:
    """What a row is tried on."""
    for shapes in PRODUCTS.get(op.name, []):
        yield Sample(drawn(op, *shapes))
        if op.name == "matmul":
            yield Sample(tuple(v.T for v in drawn(op, *[s[::-1] for s in shapes])))
    for shapes, statics in MOVED.get(op.name, []):
        yield Sample(drawn(op, *shapes), statics)
    if op.name == "take":
        yield Sample((*drawn(op, (3, 2)), np.array([0.0, 2, 2, 1])))
        yield Sample((*drawn(op, (4,)), np.array([[0.0, 3], [3, -1]])))
    elif op.name in ("pick", "pick_one"):
        yield Sample((*drawn(op, (3, 4)), np.array([0.0, 3, 1])) if op.name == "pick" else (*drawn(op, (4,)), np.array(2.0)))
    elif op.group == "reductions" and "keepdims" in op.statics or op.name == "logsumexp":
        yield from reduced(op)
    elif op.shape is ops.get("sin").shape:
        yield from pointwise(op)


POINTWISE = [op for op in ops.REGISTRY.values() if op.shape is ops.get("sin").shape]
FLOATING = [op for op in POINTWISE if op.forward.runs_on(FLOATS, (*op.operands, *op.statics))]
CASES = [pytest.param(op, s, id=f"{op.name}-{k}") for op in ops.REGISTRY.values() for k, s in enumerate(samples(op))]


def traced(op: Op, sample: Sample) -> tuple[gc.Trace, list[int], np.ndarray]:
    b = gc.Builder()
    leaves = [b.leaf(f"x{k}", value) for k, value in enumerate(sample.operands)]
    out = b.apply(op, *leaves, **sample.statics)
    graph = b.graph(out)
    seed = np.random.default_rng(7).uniform(0.5, 1.5, graph.shapes[out])
    return gc.trace(graph, upstream=seed), [int(k) for k in leaves], seed


def torch_call(op: Op, operands: Any, statics: dict[str, Any]) -> Any:
    return op.torch.compile(op.operands, TORCH_NAMES, {**op.statics, **statics})(*operands)


def close(ours: np.ndarray, theirs: np.ndarray, factor: float = 256) -> bool:
    """The rule of design section 6."""
    if ours.shape != theirs.shape:
        return False
    if not ours.size:
        return True
    return bool(np.max(np.abs(ours - theirs)) <= factor * EPS * np.max(np.abs(theirs)))


def test_every_row_is_tried() -> None:
    tried = {case.values[0].name for case in CASES}
    assert set(ops.REGISTRY) - tried == set()


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_values_and_gradients_are_torchs(op: Op, sample: Sample) -> None:
    run, leaves, seed = traced(op, sample)
    tensors = [torch.tensor(np.array(v), dtype=torch.float64, requires_grad=True) for v in sample.operands]
    out = torch_call(op, tensors, sample.statics)
    assert close(run.value(len(run.graph) - 1), out.detach().numpy(), 64)
    if out.requires_grad:
        gradients = torch.autograd.grad(out, tensors, torch.tensor(seed), allow_unused=True)
    else:
        gradients = [None] * len(tensors)
    for slot, (leaf, theirs) in enumerate(zip(leaves, gradients)):
        ours = run.gradient(leaf)
        if op.rule(slot) is None:
            assert ours is None
            assert theirs is None
            continue
        assert theirs is not None
        # torch's constant in hardsigmoid is float32(1/6): its gradient is off by 2.5e-8; the numerical witness is on our side
        factor = 3e-8 / EPS if op.name == "hardsigmoid" else 256
        assert close(ours, theirs.numpy(), factor), (ours, theirs)


def forward_kernel(op: Op, statics: dict[str, Any]) -> Any:
    return op.forward.compile(op.operands, ARRAYS, {**op.statics, **statics})


SMOOTH = {
    "sin",
    "cos",
    "exp",
    "log",
    "sqrt",
    "tanh",
    "sigmoid",
    "add",
    "sub",
    "mul",
    "div",
    "matmul",
    "linear",
    "softmax",
    "sum",
    "mean",
    "var",
}


def numerical(op: Op, sample: Sample, slot: int, seed: np.ndarray) -> tuple[np.ndarray, float]:
    """The gradient of sum(seed * op) by operand number ``slot``, and the error to be expected of it.

    A complex step is exact to rounding where the forward formula takes complex numbers; else a fourth order central
    difference with step h: rounding eps/h and truncation h**4, both times the size of the numbers met.
    """
    kernel = forward_kernel(op, sample.statics)
    x = np.array(sample.operands[slot], dtype=float)
    rest = list(sample.operands)

    def at(moved: np.ndarray) -> Any:
        rest[slot] = moved
        with np.errstate(all="ignore"):
            return np.sum(seed * kernel(*rest))

    found = np.zeros_like(x)
    complex_step = op.name in SMOOTH
    h = 1e-3
    for k in np.ndindex(x.shape):

        def shifted(by: Any, k: Any = k) -> Any:
            moved = x.astype(type(by)) if isinstance(by, complex) else x.copy()
            moved[k] += by
            return at(moved)

        if complex_step:
            found[k] = shifted(1e-100j).imag / 1e-100
        else:
            found[k] = (8 * (shifted(h) - shifted(-h)) - (shifted(2 * h) - shifted(-2 * h))) / (12 * h)
    size = float(np.abs(at(x))) + float(np.max(np.abs(found), initial=0.0)) + 1.0
    return found, size * (64 * EPS if complex_step else 40 * EPS / h + 200 * h**4)


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_gradients_are_numerical_ones(op: Op, sample: Sample) -> None:
    run, leaves, seed = traced(op, sample)
    for slot, leaf in enumerate(leaves):
        if op.rule(slot) is None:
            continue
        found, error = numerical(op, sample, slot, seed)
        ours = run.gradient(leaf)
        assert ours.shape == found.shape
        assert np.all(np.abs(ours - found) <= error), (np.abs(ours - found).max(), error)


@pytest.mark.parametrize("op", ops.REGISTRY.values(), ids=lambda op: op.name)
def test_a_repeated_operand_gets_both_gradients(op: Op) -> None:
    for sample in samples(op):
        shapes = {v.shape for v in sample.operands}
        if len(sample.operands) < 2 or len(shapes) > 1 or not all(op.rule(k) for k in range(len(sample.operands))):
            continue
        value = sample.operands[0]
        b = gc.Builder()
        x = b.leaf("x", value)
        out = b.apply(op, *[x] * len(sample.operands), **sample.statics)
        seed = rng.uniform(0.5, 1.5, b.shape(out))
        run = gc.trace(b.graph(out), upstream=seed)
        t = torch.tensor(np.array(value), dtype=torch.float64, requires_grad=True)
        (theirs,) = torch.autograd.grad(torch_call(op, [t] * len(sample.operands), sample.statics), t, torch.tensor(seed))
        # the two parts may cancel (x / x): their sizes, not their sum, say what rounding may leave
        parts = sum(np.abs(run.downstream(k)).max(initial=0) for k in range(len(run.graph.backward_edges)))
        assert np.all(np.abs(run.gradient("x") - theirs.numpy()) <= 256 * EPS * parts)


@pytest.mark.parametrize("op", FLOATING, ids=lambda op: op.name)
def test_floats_and_arrays_agree(op: Op) -> None:
    """A scalar graph on Python floats gives what NumPy gives, at ordinary numbers and at the far ends."""
    awkward = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 20.5, 710.0, -746.0, 1e-310, 1e308, math.inf, -math.inf, math.nan]
    for statics in SETTINGS.get(op.name, [{}]):
        for values in itertools.product(awkward, repeat=len(op.operands)):
            b = gc.Builder()
            scalar = gc.trace(built(b, op, [float(v) for v in values], statics))
            b = gc.Builder()
            array = gc.trace(built(b, op, [np.array([v]) for v in values], statics), upstream=[1.0])
            for k in range(len(values) + 1):
                read = (lambda t: t.value(k)) if k == len(values) else (lambda t: t.gradient(k))
                ours, theirs = read(scalar), read(array)
                assert (ours is None) == (theirs is None)
                if ours is not None:
                    assert_same(float(ours), float(theirs[0]), (op.name, values, k))


def built(b: gc.Builder, op: Op, values: list[Any], statics: dict[str, Any]) -> gc.graph.Graph:
    return b.graph(b.apply(op, *[b.leaf(f"x{k}", v) for k, v in enumerate(values)], **statics))


def assert_same(ours: float, theirs: float, note: Any) -> None:
    if math.isnan(ours) or math.isinf(ours) or math.isnan(theirs) or math.isinf(theirs):
        assert ours == theirs or (math.isnan(ours) and math.isnan(theirs)), (note, ours, theirs)
    else:
        assert abs(ours - theirs) <= 64 * EPS * abs(theirs) + 1e-320, (note, ours, theirs)


@pytest.mark.parametrize("op", [op for op in ops.REGISTRY.values() if op.local], ids=lambda op: op.name)
def test_the_textbook_formula_is_the_rule(op: Op) -> None:
    """Where another text is shown for the local derivative, it gives the rule's numbers."""
    for sample in itertools.islice(samples(op), 2):
        if not all(v.size for v in sample.operands) or sample.statics.get("ord"):
            continue
        settings = {**op.statics, **sample.statics}
        names = [k.lstrip("*") for k in op.operands]
        y = forward_kernel(op, sample.statics)(*sample.operands)
        if op.group == "reductions" and np.ndim(y):
            continue
        for name, formula in op.local.items():
            shown = formula.compile(("y", *op.operands), ARRAYS, settings)(y, *sample.operands)
            rule = op.rules[name].compile(("g", "y", *op.operands), ARRAYS, settings)(np.ones_like(y)[()], y, *sample.operands)
            assert np.allclose(np.broadcast_to(shown, np.shape(rule)), rule, rtol=1e-9, atol=1e-12), name


@pytest.mark.parametrize("op", ops.REGISTRY.values(), ids=lambda op: op.name)
def test_a_row_is_complete(op: Op) -> None:
    assert op.spoken and op.group and op.example
    assert bool(op.kink) == bool(op.kink_says)
    assert set(op.rules) <= {k.lstrip("*") for k in op.operands}
    assert set(op.says) <= {k.lstrip("*") for k in op.operands}
    for formula in (
        op.forward,
        op.written,
        op.numpy,
        op.torch,
        *op.rules.values(),
        *op.local.values(),
        *([op.kink] if op.kink else []),
    ):
        assert formula.tree is not None
    assert write(op, ["p", "q", "r"][: len(op.operands)])


@pytest.mark.parametrize("row", [*ops.REGISTRY.values(), *ops.COMPOSITES.values()], ids=lambda row: row.name)
def test_every_example_runs_and_matches_torch(row: Any) -> None:
    graph = parse(row.example)
    run = gc.trace(graph)
    if isinstance(row, Op):
        assert row in graph.ops
    assert np.all(np.isfinite(run.value(graph.outputs[0].name)))
    verdict = compare(run).verdict
    assert verdict == "match" or row.name == "hardsigmoid", verdict


@pytest.mark.parametrize("op", [op for op in ops.REGISTRY.values() if op.kink], ids=lambda op: op.name)
def test_kinks_are_masks(op: Op) -> None:
    for sample in itertools.islice(samples(op), 3):
        y = forward_kernel(op, sample.statics)(*sample.operands)
        settings = {**op.statics, **sample.statics}
        found = op.kink.compile(("y", *op.operands), ARRAYS, settings)(y, *sample.operands)
        assert np.asarray(found).dtype == bool

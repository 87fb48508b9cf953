"""The registry is the table of tests: every row by torch, by a numerical derivative, on floats and on arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

import graphcore as gc
from graphcore import ops
from graphcore.__main__ import main
from graphcore.compare import compare
from graphcore.ops import Op
from graphcore.ops.namespaces import ARRAYS, FLOATS
from graphcore.ops.written import write
from graphcore.parse import parse
from tests.op_samples import SETTINGS, Sample, samples

EPS = np.finfo(float).eps
TORCH_NAMES = {"torch": torch, "F": torch.nn.functional, "pow": pow}


rng = np.random.default_rng(0)
POINTWISE = [op for op in ops.REGISTRY.values() if op.entrywise]
FLOATING = [op for op in POINTWISE if op.forward.runs_on(FLOATS, (*op.operands, *op.statics))]
CASES = [pytest.param(op, s, id=f"{op.name}-{k}") for op in ops.REGISTRY.values() for k, s in enumerate(samples(op))]


def traced(op: Op, sample: Sample) -> tuple[gc.Trace, list[int], np.ndarray]:
    b = gc.Builder()
    leaves = [b.leaf(f"x{k}", value) for k, value in enumerate(sample.operands)]
    out = b.apply(op, *leaves, **sample.statics)
    graph = b.graph(out)
    seed = np.random.default_rng(7).uniform(0.5, 1.5, graph.shapes[out])
    return gc.trace(graph, upstream=seed), [int(k) for k in leaves], seed


def torch_call(op: Op, operands: Any, statics: Mapping[str, Any]) -> Any:
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


def forward_kernel(op: Op, statics: Mapping[str, Any]) -> Any:
    return op.forward.compile(op.operands, ARRAYS, {**op.statics, **statics})


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_the_numpy_text_gives_the_value(op: Op, sample: Sample) -> None:
    """What the Code tab prints is what was computed."""
    text = op.numpy.compile(op.operands, {"np": np, "math": math}, {**op.statics, **sample.statics})
    with np.errstate(all="ignore"):
        written = text(*sample.operands)
    assert close(np.asarray(written, dtype=float), traced(op, sample)[0].value(len(sample.operands)), 64)


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
                ours, theirs = [t.value(k) if k == len(values) else t.gradient(k) for t in (scalar, array)]
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


MEANT = {
    "matmul": [([(2, 3), (3, 4)], "matmul"), ([(2, 3), (3,)], "matvec"), ([(3,), (3, 2)], "vecmat"), ([(3,), (3,)], "dot")],
    "@": [],
    "mm": [([(2, 3), (3, 4)], "matmul")],
    "bmm": [([(5, 2, 3), (5, 3, 4)], "matmul_batched")],
    "dot": [([(), (3,)], "mul"), ([(3,), (3,)], "dot"), ([(2, 3), (3,)], "matvec")],
    "T": [([(2, 3)], "T"), ([(3,)], "transpose"), ([(2, 3, 4)], "transpose")],
    "diag": [([(3,)], "diag"), ([(3, 3)], "diagonal")],
    "vstack": [([(3,), (3,)], "stack"), ([(2, 3), (1, 3)], "vstack")],
    "arcsin": [([()], "asin")],
}


@pytest.mark.parametrize(("name", "cases"), MEANT.items())
def test_a_word_means_the_row_for_its_axes(name: str, cases: list[Any]) -> None:
    for shapes, row in cases:
        assert ops.resolve(name, shapes).name == row


def test_other_names_lead_somewhere() -> None:
    for alias, name in ops.ALIASES.items():
        assert name in ops.REGISTRY or name in ops.COMPOSITES, alias
        assert alias not in ops.REGISTRY, alias
        assert alias not in ops.COMPOSITES, alias
    assert not set(ops.EXCLUDED) & ({*ops.REGISTRY} | {*ops.ALIASES} | {*ops.COMPOSITES})
    with pytest.raises(KeyError, match="Did you mean `sin`"):
        ops.get("sine")


REFUSED = [
    ("matmul", [(3, 3), (2, 1)], {}, "{0} is (3, 3), {1} is (2, 1): 3 columns against 2 rows."),
    ("matmul", [(3,), (2,)], {}, "{0} is (3,), {1} is (2,): 3 entries against 2 entries."),
    ("matmul", [(), (2,)], {}, "{0} is a single number; @ multiplies matrices. Write * to scale."),
    ("add", [(3,), (2,)], {}, "{0} is (3,), {1} is (2,): these shapes do not broadcast."),
    ("sum", [(2, 3)], {"axis": 2}, "there is no axis 2: {0} is (2, 3), its axes are 0 and 1."),
    ("sum", [(2, 3)], {"axis": (0, 0)}, "axis 0 is named twice."),
    ("max", [(0, 3)], {}, "{0} is (0, 3): nothing there to choose from."),
    ("reshape", [(2, 3)], {"newshape": (4, 2)}, "{0} is (2, 3): its 6 entries do not fill (4, 2)."),
    ("reshape", [(2, 3)], {"newshape": (10**9, 10**9)}, f"{{0}} is (2, 3): its 6 entries do not fill {(10**9, 10**9)}."),
    ("concatenate", [(2, 3), (2, 4)], {}, "{0} is (2, 3), {1} is (2, 4): they must agree in every axis but 0."),
    ("norm", [(2, 2)], {"ord": 2}, "a matrix norm with ord=2 needs singular values"),
    ("norm", [(2,)], {"ord": 0}, "it has no gradient"),
    ("getitem", [(2, 3)], {"index": (2,)}, "the subscript does not fit"),
    ("getitem", [(4,)], {"index": (slice(None, None, -1),)}, "no slices that run backward"),
    ("pick", [(2, 3), (3,)], {}, "one class number for each row of scores is wanted"),
    ("cumsum", [(2, 3)], {}, "name the axis"),
    ("linear", [(3,), (2, 4), (2,)], {}, "{0} is (3,), {1} is (2, 4): 3 inputs against 4 columns."),
    ("inv", [(2, 3)], {}, "a square matrix is wanted"),
]


@pytest.mark.parametrize(("name", "shapes", "statics", "words"), REFUSED)
def test_shapes_that_do_not_fit_are_refused_in_words(name: str, shapes: Any, statics: Any, words: str) -> None:
    row = ops.get(name)
    with pytest.raises(ops.ShapeError) as refusal:
        row.shape(*shapes, **{**row.statics, **statics})
    assert words in str(refusal.value)


HUGE = (10**6, 10**6, 10**3)


def test_shapes_are_computed_without_the_arrays() -> None:
    """A shape of 10^15 entries costs nothing to compute."""
    assert ops.get("broadcast_to").shape((1,), newshape=HUGE) == HUGE
    assert ops.get("reshape").shape(HUGE, newshape=(-1,)) == (10**15,)
    assert ops.get("getitem").shape(HUGE, index=(slice(1, None), 0)) == (10**6 - 1, 10**3)
    assert ops.get("tile").shape((10**6,), reps=(10**9, 1)) == (10**9, 10**6)
    assert ops.get("matmul").shape((10**9, 2), (2, 10**9)) == (10**9, 10**9)
    assert ops.get("kron").shape((10**6, 10**6), (10**6, 10**6)) == (10**12, 10**12)
    assert ops.get("diag").shape((10**9,)) == (10**9, 10**9)
    assert ops.get("concatenate").shape(HUGE, HUGE, axis=0) == (2 * 10**6, *HUGE[1:])


def test_an_index_must_be_a_whole_number_in_range() -> None:
    for wrong, words in (
        ([0.5], "must be a whole number; 0.5 is none"),
        ([3.0], "index 3 is out of range"),
        ([math.nan], "whole number"),
    ):
        b = gc.Builder()
        graph = b.graph(b.apply("take", b.leaf("x", [1.0, 2, 3]), b.leaf("k", wrong, wants_gradient=False)))
        with pytest.raises(gc.TraceError, match=words):
            gc.trace(graph, upstream=[1.0])


def _has_entries(op: Op, sample: Sample) -> bool:
    return 0 not in op.shape(*[v.shape for v in sample.operands], **{**op.statics, **sample.statics})


# what a factorization makes of inf is LAPACK's affair
@pytest.mark.parametrize(
    ("op", "sample"),
    [case for case in CASES if case.values[0].name not in ("det", "solve", "solve_columns") and _has_entries(*case.values)],
)
@pytest.mark.parametrize("special", [math.inf, math.nan])
def test_an_upstream_that_is_not_finite_goes_where_torch_lets_it(op: Op, sample: Sample, special: float) -> None:
    """What an op stops (a loser, a flat piece, a place off the diagonal) is 0, not 0 * inf."""
    b = gc.Builder()
    leaves = [b.leaf(f"x{k}", value) for k, value in enumerate(sample.operands)]
    graph = b.graph(b.apply(op, *leaves, **sample.statics))
    seed = np.random.default_rng(7).uniform(0.5, 1.5, graph.shapes[-1])
    seed.flat[0] = special
    run = gc.trace(graph, upstream=seed)
    tensors = [torch.tensor(np.array(v), dtype=torch.float64, requires_grad=True) for v in sample.operands]
    out = torch_call(op, tensors, sample.statics)
    if not out.requires_grad:
        return
    for leaf, theirs in zip(leaves, torch.autograd.grad(out, tensors, torch.tensor(seed), allow_unused=True)):
        ours = run.gradient(leaf)
        if ours is None or theirs is None:
            continue
        for what in (np.isnan, np.isinf, lambda a: a == 0):
            assert (what(ours) == what(theirs.numpy())).all(), (ours, theirs)


@pytest.mark.parametrize("program", ["A = [[1, 2], [2, 4]]\ny = sum(inv(A))", "A = [[1, 2], [2, 4]]\nB = inv(A)\ny = B[0, 0]"])
def test_the_inverse_of_a_singular_matrix_is_refused_in_a_sentence(program: str) -> None:
    with pytest.raises(gc.TraceError, match=r"^`(inv\(A\)|B)` has no value: the matrix is singular, so it has no inverse\.$"):
        gc.trace(parse(program))


def test_the_command_line_says_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "A = [[1, 2], [2, 4]]; y = sum(inv(A))"]) == 2
    captured = capsys.readouterr()
    assert "`inv(A)` has no value: the matrix is singular" in captured.err
    assert "Traceback" not in captured.err


def test_nan_in_a_matrix_is_nan_in_its_inverse_and_determinant() -> None:
    for program in ("A = [[nan, 2], [2, 4]]\ny = sum(inv(A))", "A = [[nan, 2], [2, 4]]\ny = det(A)"):
        run = gc.trace(parse(program))
        assert np.isnan(run.value("y"))
        assert np.isnan(run.gradient("A")).all()


def test_kron_of_transposed_matrices_is_torchs() -> None:
    program = "A = [[1, 2, 3], [4, 5, 6]]\nB = [[1, 2], [3, 5]]\ny = sum(kron(A{}, B{}) ** 2)"
    for first, second in itertools.product(("", ".T"), repeat=2):
        assert compare(gc.trace(parse(program.format(first, second)))).verdict == "match"


WRITTEN = [
    ("sum", ["x + 1"], {"axis": 1}, "sum(x + 1, axis=1)"),
    ("sum", ["x"], {"axis": None, "keepdims": False}, "sum(x)"),
    ("mul", ["a + b", "-c"], {}, "(a + b) * -c"),
    ("pow", ["-a", "2"], {}, "(-a) ** 2"),
    ("T", ["a @ b"], {}, "(a @ b).T"),
    ("getitem", ["x * 2"], {"index": (0, slice(1, None))}, "(x * 2)[0, 1:]"),
    ("concatenate", ["a", "b * 2"], {"axis": 1}, "concatenate([a, b * 2], axis=1)"),
    ("clip", ["x"], {"max": 1}, "clip(x, max=1)"),
    ("leaky_relu", ["x"], {"negative_slope": 0.2}, "leaky_relu(x, negative_slope=0.2)"),
    ("exp", ["not python ("], {}, "exp(not python ()"),
]


@pytest.mark.parametrize(("name", "operands", "statics", "text"), WRITTEN)
def test_an_application_is_written_as_a_user_would(name: str, operands: list[str], statics: dict[str, Any], text: str) -> None:
    assert write(ops.get(name), operands, statics) == text


BOMBS = [
    "x = ones(1000, 1000)\n" + "\n".join(f"s{k} = sum(x)" for k in range(30)),
    "a = ones(1000, 1000)\nb = ones(1000, 1000, 1)\ny = sum(a @ b)",
    "x = ones(2000)\ny = sum(outer(x, x))",
    "a = ones(100, 100)\ny = sum(kron(a, a))",
    "x = ones(1000)\ny = sum(repeat(x, 100000))",
    "x = ones(1000)\ny = sum(tile(x, (1000, 1000)))",
    "x = ones(1000)\ny = sum(broadcast_to(x, (10000, 1000)))",
    "x = ones(10000)\ny = sum(diag(x))",
    "x = ones(1000)\nk = zeros(100000)\ny = sum(take(ones(100, 1000) * x, k))",
    "x = ones(1000)\ny = sum(x[:, None, None] * x[:, None] * x)",
    "y = sum(outer(ones(100000), ones(100000)))",
]


@pytest.mark.parametrize("program", BOMBS, ids=lambda text: text[-40:])
def test_what_would_not_fit_in_memory_is_refused_before_it_is_made(program: str) -> None:
    with pytest.raises(gc.GraphError, match=r"At most|at most"):
        parse(program)

"""How sure a match is: the third witness against planted errors, the warnings, and points that show more."""

from __future__ import annotations

import json
from typing import Any

import aten_cases_two
import numpy as np
import pytest
import test_aten_rows_one
import torch
from aten_harness import Bound, array, found, overload
from torch import nn

import graphcore as gc
from graphcore import ops
from graphcore.backprop import kernels
from graphcore.check.align import align
from graphcore.check.evidence import evidence_rows, evidence_text, stronger, warnings, witness
from graphcore.check.evidence.along import Path
from graphcore.check.evidence.complexes import complex_kernel
from graphcore.check.evidence.samples import PASSES
from graphcore.check.hand_in import HandIn, Reading
from graphcore.graph import Parts
from graphcore.ops.namespaces import ARRAYS, unbroadcast
from graphcore.problems import GALLERY
from tests.op_samples import samples

SMALL = [problem for problem in GALLERY if problem.key not in ("nan", "kink")]
H = 1e-100


def traced(text: str, **more: Any) -> gc.Trace:
    return gc.trace(gc.parse(text), **more)


def recorded(net: nn.Module, *inputs: torch.Tensor) -> gc.Trace:
    class Squares(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            return self.net(*inputs).pow(2).mean()

    return gc.trace(gc.record(Squares().double(), *inputs))


def networks() -> dict[str, gc.Trace]:
    torch.manual_seed(3)
    double = {"dtype": torch.float64}
    return {
        "tanh": recorded(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(5, 3, **double)),
        "dropout": recorded(
            nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)), torch.randn(5, 3, **double)
        ),
        "convolution": recorded(
            nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3)),
            torch.randn(2, 1, 6, 6, **double),
        ),
        "norm": recorded(
            nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 3)), torch.randn(5, 4, **double)
        ),
        "embedding": recorded(nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 3)), torch.tensor([1, 2, 2, 5])),
        "huber": gc.trace(
            gc.record(lambda a, b: nn.functional.huber_loss(a, b), torch.randn(6, **double), torch.zeros(6, **double))
        ),
    }


NETWORKS = networks()


@pytest.fixture
def by_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """No op has a formula over complex numbers."""
    monkeypatch.setattr(Path, "without_complex", property(lambda path: ("all",)))


# ---- right rules agree ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", SMALL, ids=lambda problem: problem.key)
def test_the_gallery_agrees_by_complex_step(problem: Any) -> None:
    run = traced(problem.text)
    result = witness(run, gc.compare(run, reasons=False), inside=True)
    assert {e.state for e in result.evidence} <= {"agrees", "zero"}, evidence_text(result)
    assert {e.method for e in result.evidence} == {"complex step"}
    assert result.state == "agrees"
    assert all(e.error <= e.allowed for e in result.evidence)
    leaves = witness(run)
    assert leaves.passes <= PASSES


@pytest.mark.usefixtures("by_differences")
@pytest.mark.parametrize("problem", SMALL, ids=lambda problem: problem.key)
def test_the_gallery_agrees_by_differences(problem: Any) -> None:
    run = traced(problem.text)
    result = witness(run)
    assert {e.method for e in result.evidence} == {"differences"}
    assert {e.state for e in result.evidence} <= {"agrees", "zero"}, evidence_text(result)
    # an error that is stated is one that was not missed by much, and is no excuse for anything
    assert all(e.step_error <= 1e-6 * max(abs(e.numerical), 1e-3) for e in result.evidence)


@pytest.mark.parametrize("name", NETWORKS)
def test_recorded_networks_agree(name: str) -> None:
    run = NETWORKS[name]
    result = witness(run, gc.compare(run, reasons=False), inside=True)
    assert {e.state for e in result.evidence} <= {"agrees", "zero"}, evidence_text(result)
    assert result.state == "agrees"


# ---- wrong ones do not ---------------------------------------------------------------------------------------------


def off_by_a_millionth(run: gc.Trace) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    names = [leaf.name for leaf in run.graph.leaves if run.gradient(leaf.name) is not None]
    return {n: run.gradient(n) * (1 + 1e-6 * generator.choice([-1, 1], run.gradient(n).shape)) for n in names}


def all_noticed(run: gc.Trace) -> None:
    planted = off_by_a_millionth(run)
    result = witness(run, gc.compare(run, reasons=False), gradients=planted)
    for name, wrong in planted.items():
        evidence = result.by_name[name]
        if evidence.state != "zero":
            assert evidence.state == "differs", name
            assert evidence.against == ("manual",)
            assert evidence.error > evidence.allowed
            assert wrong.any()


@pytest.mark.parametrize("problem", SMALL, ids=lambda problem: problem.key)
def test_a_millionth_is_noticed(problem: Any) -> None:
    all_noticed(traced(problem.text))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_millionth_is_noticed_in_recorded_networks(name: str) -> None:
    all_noticed(NETWORKS[name])


@pytest.mark.usefixtures("by_differences")
@pytest.mark.parametrize("key", ["a", "b", "d", "attention"])
def test_a_millionth_is_noticed_by_differences(key: str) -> None:
    all_noticed(traced(gc.problems.problem(key).text))


def test_one_wrong_entry_and_a_wrong_shape_are_noticed() -> None:
    run = traced("W = [[1, 2, 3], [4, 5, 6]]\nL = sum(sin(W) ** 2)")
    one = run.gradient("W").copy()
    one[1, 2] = -one[1, 2]
    evidence = witness(run, gradients={"W": one}).by_name["W"]
    assert (evidence.state, evidence.place) == ("differs", (1, 2))
    assert np.allclose(evidence.entries, run.gradient("W"), rtol=1e-14)
    turned = witness(run, gradients={"W": run.gradient("W").T}).by_name["W"]
    assert turned.state == "differs"
    assert "shape is (3, 2), the node's is (2, 3)" in turned.why
    with pytest.raises(KeyError, match="no node is called `V`"):
        witness(run, gradients={"V": one})


def test_torch_can_be_the_one_that_differs() -> None:
    """torch multiplies by float32(1/6) in hardsigmoid."""
    run = traced("x = [0.3, -1.1]\ny = sum(hardsigmoid(x) ** 2)")
    result = witness(run, gc.compare(run, reasons=False))
    assert result.by_name["x"].against == ("torch",)
    assert "manual agrees" in evidence_text(result)


# ---- where there is nothing to tell --------------------------------------------------------------------------------


def test_a_kink_is_told_with_both_slopes() -> None:
    result = witness(traced("x = [0, 1, -1]\ny = sum(relu(x) * 3)"))
    evidence = result.by_name["x"]
    assert evidence.state == "cannot tell"
    assert "relu is at its kink (x[0] = 0)" in evidence.why
    assert sorted(evidence.sides) == [0.0, 3.0]
    assert result.state == "cannot tell"
    text = evidence_rows(result)[0]["sentence"]
    assert text.startswith("x: cannot tell: relu is at its kink")
    assert "its two sides are" in text


def test_a_kink_that_nothing_moves_over_is_none() -> None:
    run = traced("x = 2\nz = [0, 1]\ny = sum(x * relu(detach(z)))")
    assert witness(run).by_name["x"].state == "agrees"
    balanced = traced("x = 0\ny = 5 * x + relu(x) - relu(-x) - x")
    assert witness(balanced).by_name["x"].numerical == 5.0


@pytest.mark.usefixtures("by_differences")
@pytest.mark.parametrize("near", ["1e-3", "1e-6", "-1e-4"])
def test_differences_stay_on_their_side_of_a_kink(near: str) -> None:
    run = traced(f"x = {near}\ny = abs(x) * exp(x)")
    evidence = witness(run).by_name["x"]
    assert evidence.state == "agrees"
    assert evidence.step_error < 1e-4
    assert witness(run, gradients={"x": -run.gradient("x")}).by_name["x"].state == "differs"


@pytest.mark.usefixtures("by_differences")
def test_differences_at_a_kink_and_at_an_edge() -> None:
    at = witness(traced("x = 0\ny = abs(x)")).by_name["x"]
    assert (at.state, at.numerical) == ("cannot tell", None)
    assert "kink" in at.why
    # the logarithm ends before the first step does
    assert witness(traced("x = 1e-3\ny = log(x)")).by_name["x"].state == "agrees"
    edge = witness(traced("x = 0\ny = sqrt(x)")).by_name["x"]
    assert (edge.state, edge.why) == ("cannot tell", "the forward pass has no finite values close by.")


def test_a_corner_that_no_formula_speaks_of() -> None:
    run = traced("x = [0, -2, 2]\ny = norm(x, ord=inf)")
    evidence = witness(run).by_name["x"]
    assert evidence.state == "cannot tell"
    assert evidence.why == "not differentiable here: its two sides differ."


def test_beside_a_kink_a_wrong_entry_is_noticed() -> None:
    run = traced("x = [0, 1, -1]\ny = sum(relu(x) * [3, 4, 5])")
    wrong = run.gradient("x") + np.array([0, 1e-6, 0])
    evidence = witness(run, gradients={"x": wrong}).by_name["x"]
    assert (evidence.state, evidence.place) == ("differs", (1,))


def test_slopes_that_are_the_same_to_both_sides_of_a_tie() -> None:
    """Each entry alone moves nothing, all together do: there is no gradient, so none is wrong."""
    run = traced("x = [0, 0]\nz = x * 1\ny = min(maximum(z, [0, 0]))")
    assert {e.state for e in witness(run, inside=True).evidence} == {"cannot tell"}


def test_zeros_prove_nothing() -> None:
    result = witness(traced("x = [-1, -2]\nw = 0\ny = sum(relu(x)) + 0 * w"))
    assert [e.state for e in result.evidence] == ["zero", "zero"]
    assert result.state == "zero"
    assert "proves nothing" in evidence_text(result)


def test_zero_to_rounding_is_zero() -> None:
    """A bias before a normalization: both passes give rounding and nothing else."""
    result = witness(
        recorded(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh()), torch.randn(6, 3, dtype=torch.float64))
    )
    assert result.by_name["net.0.bias"].state == "zero"
    assert result.by_name["net.0.weight"].state == "agrees"


def test_saturation_is_no_disagreement() -> None:
    """1 - y * y keeps few digits near 1; the noise of the tensor says how few."""
    run = traced("x = [12, 15, 17.5]\ny = sum(tanh(x))")
    assert witness(run, gc.compare(run, reasons=False)).by_name["x"].state == "agrees"
    assert witness(run, gradients={"x": run.gradient("x") * 2}).by_name["x"].state == "differs"


def test_what_the_step_cuts_off_is_no_gradient() -> None:
    """Along x the cosh of 0 is flat; only the square of the step is left of it."""
    result = witness(traced("x = 0\ny = cosh(x) * 1e9"))
    assert result.by_name["x"].state == "zero"
    assert "step error" not in evidence_text(witness(traced("x = 2\ny = cosh(x)")))


def test_what_is_not_finite_says_so() -> None:
    result = witness(traced("x = -1\ny = log(x)"))
    assert result.by_name["x"].why == "y is not finite here, so there is nothing to differentiate."
    run = traced("x = 2\ny = x ** 2")
    for wrong in (np.nan, np.inf):
        assert witness(run, gradients={"x": wrong}).by_name["x"].state == "differs"
    hidden = witness(traced("x = 0\ny = 0 * sqrt(x)")).by_name["x"]
    assert hidden.state == "cannot tell"


def test_leaves_without_a_gradient() -> None:
    run = traced("W = [[1, 2], [3, 4], [5, 6]]\nk = [2, 0]\nunused = 3\ny = sum(take(W, k) ** 2)")
    result = witness(run, gc.compare(run, reasons=False))
    assert result.by_name["W"].state == "agrees"
    assert result.by_name["unused"].why == "the outputs do not depend on it through any rule."
    assert "k" not in result.by_name
    assert result.by_name["W"].entries[1].tolist() == [0, 0]


def test_an_output_that_is_a_leaf_and_an_empty_array() -> None:
    graph = gc.parse("x = 3")
    assert witness(gc.trace(graph)).by_name["x"].why.startswith("it is the output")
    empty = gc.record(
        lambda x, y: (x * 2).sum() + y * y, torch.zeros(0, dtype=torch.float64), torch.tensor(1.5, dtype=torch.float64)
    )
    result = witness(gc.trace(empty))
    assert [e.state for e in result.evidence] == ["cannot tell", "agrees"]


def test_several_outputs_with_seeds_and_scalars() -> None:
    graph = gc.record(
        lambda x, w: (x * w, (x + w).sin().sum(), w.exp()), torch.tensor([1.0, 2.0]).double(), torch.tensor(0.5).double()
    )
    for seeds in ([np.array([2.0, -1.0]), 3.0, None], [None, None, 0.25]):
        run = gc.trace(graph, upstream=seeds)
        result = witness(run, gc.compare(run, reasons=False))
        assert {e.state for e in result.evidence} <= {"agrees", "zero"}
        assert result.by_name["w"].state == "agrees"


def test_what_is_cut_stays_cut() -> None:
    """detach, no_grad and a mask: the gradient treats them as constants, and so does the witness."""

    def function(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            fixed = x * x
        return (x * fixed + x.detach() * x + torch.where(x > 0, x, 3 * x)).sum()

    run = gc.trace(gc.record(function, torch.tensor([1.5, -0.5]).double().requires_grad_()))
    assert witness(run).by_name["x"].state == "agrees"


def test_the_padding_row_is_no_derivative() -> None:
    net = nn.Embedding(5, 2, padding_idx=1)
    with torch.no_grad():
        net.weight.fill_(0.7)
    result = witness(recorded(net, torch.tensor([1, 2])))
    assert result.by_name["net.weight"].state == "cannot tell"
    assert "by definition" in result.by_name["net.weight"].why


def test_large_networks_stay_bounded() -> None:
    run = traced(
        "x = const(randn(30, 40))\n"
        + "\n".join(f"W{k} = randn(40, 40)\nx = tanh(x @ W{k} / 7)" for k in range(40))
        + "\nL = sum(x)"
    )
    result = witness(run)
    assert result.passes <= PASSES
    assert len(result.evidence) == 40
    assert all(e.state == "agrees" for e in result.evidence)


def test_a_seed_repeats() -> None:
    run = traced("W = randn(4, 5)\nL = sum(sin(W) ** 2)")
    first, again, other = (witness(run, seed=seed).by_name["W"].numerical for seed in (0, 0, 1))
    assert first == again != other


def test_rows_are_plain_data() -> None:
    run = traced("x = [0.5, 2]\nw = 0\ny = sum(x ** 3) + abs(w)")
    result = witness(run, gc.compare(run, reasons=False), gradients={"x": [0.75, 13.0]})
    rows = evidence_rows(result, "yours")
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert list(rows[0]) == ["name", "manual", "torch", "numerical", "error", "state", "method", "sentence"]
    assert rows[0]["sentence"].startswith("x: differs at entry [1]: yours 13, numerically 12 (complex step; ")
    assert rows[0]["sentence"].endswith("torch agrees.")
    assert rows[1]["state"] == "cannot tell"
    assert "x: differs" in evidence_text(result)


@pytest.mark.usefixtures("by_differences")
def test_a_method_states_its_error() -> None:
    (row,) = evidence_rows(witness(traced("x = 0.7\ny = sin(x)")))
    assert row["method"].startswith("differences, step error ")
    assert float(row["method"].rsplit(" ", 1)[1]) < 1e-9


# ---- formulas over complex numbers ---------------------------------------------------------------------------------


def slopes_agree(op: Any, statics: Any, values: list[Any]) -> bool:
    """Whether a complex step through one op gives what its rules do; True where it has none."""
    run, rules = kernels(op, statics, False)
    stepped = complex_kernel(op, statics)
    if stepped is None or dict(statics).get("padding_idx", -1) >= 0 or dict(statics).get("scale_grad_by_freq"):
        return True
    generator = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        y = run(*values)
        parts = y if isinstance(y, tuple) else (y,)
        if op.kink is not None and np.any(op.kink.compile((*op.operands, "y"), ARRAYS, dict(statics))(*values, np.asarray(y))):
            return True
        for slot, value in enumerate(values):
            rule = rules[min(slot, len(rules) - 1)]
            if rule is None or value.dtype != np.float64 or not value.size:
                continue
            direction = generator.normal(size=value.shape)
            ends = [stepped(*[v + 1j * h * direction if k == slot else v for k, v in enumerate(values)]) for h in (H, -H)]
            up, down = (end if isinstance(end, tuple) else (end,) for end in ends)
            for k, part in enumerate(parts):
                if np.asarray(part).dtype != np.float64 or not np.isfinite(part).all() or (k and isinstance(y, tuple)):
                    continue
                g = generator.normal(size=np.shape(part))
                more = {"slot": slot} if op.variadic else {}
                wanted = unbroadcast(
                    np.asarray(rule(Parts({k: g}) if isinstance(y, tuple) else g, y, *values, **more)), value.shape
                )
                sides = [float(np.sum(g * np.imag(up[k]))) / H, -float(np.sum(g * np.imag(down[k]))) / H]
                size = float(np.sum(np.abs(wanted * direction)))
                smooth = np.isfinite(sides).all() and abs(sides[0] - sides[1]) <= 1e-12 * max(map(abs, sides))
                if smooth and np.isfinite(size) and abs(sides[0] - np.sum(wanted * direction)) > 1e-11 * size + 1e-90:
                    return False
    return True


@pytest.mark.parametrize("op", ops.REGISTRY.values(), ids=lambda op: op.name)
def test_a_complex_step_through_every_row_of_the_language(op: Any) -> None:
    for sample in samples(op):
        statics = tuple({**op.statics, **sample.statics}.items())
        assert slopes_agree(op, statics, [np.asarray(v, dtype=float) for v in sample.operands])


def test_most_rows_of_the_language_have_one() -> None:
    without = {op.name for op in ops.REGISTRY.values() if op.rules and complex_kernel(op, tuple(op.statics.items())) is None}
    assert without == {"remainder", "fmod", "floor_divide"}


def test_a_complex_step_through_the_rows_of_torch() -> None:
    cases = [case for _, _, case in test_aten_rows_one._CASES]
    cases += [(name, args, rest[0] if rest else {}) for name, args, *rest in aten_cases_two.ALL]
    tried, wrong = set(), set()
    for name, args, kwargs in cases:
        bound = Bound(overload(name), args, kwargs, True)
        call = found(name, bound.arguments)
        values = [array(bound.tensors[k]) if isinstance(k, int) else np.asarray(float(k)) for k in call.operands]
        if complex_kernel(call.op, call.statics) is not None:
            tried.add(call.op.name)
            if not slopes_agree(call.op, call.statics, values):
                wrong.add(call.op.name)
    assert wrong == set()
    assert {"convolution", "native_layer_norm", "native_batch_norm", "max_pool2d_with_indices", "addmm", "embedding"} <= tried


# ---- warnings ------------------------------------------------------------------------------------------------------


def titles(run: gc.Trace, *more: Any) -> dict[str, str]:
    return {reason.title: reason.text for reason in warnings(run, *more)}


def test_a_good_point_has_no_warnings() -> None:
    run = traced(gc.problems.problem("a").text)
    assert warnings(run) == warnings(run, gc.compare(run)) == ()


def test_problem_c_warns_of_what_is_alike() -> None:
    run = traced(gc.problems.problem("c").text)
    said = titles(run, gc.compare(run))
    assert said["A wrong rule would agree too"] == "x2 = (2, 2): any mix-up of its entries gives the same dL/dW2."
    assert said["Square shapes let a transpose pass"].startswith("W2 (2 × 2): a transpose has the same shape")
    assert "relu hands everything on" in said["Only one side was tried"]


def test_zeros_mostly_zeros_and_units_that_are_off() -> None:
    said = titles(traced("x = [-1, -2, 3, -4]\nv = [-1, -3]\ny = sum(relu(x) ** 2) + sum(relu(v))"))
    assert said["Mostly zero gradients"].startswith("Entries that are exactly zero: x 3 of 4.")
    assert "(relu) 3 of 4" in said["Units that are off"]
    assert said["1 gradient proves nothing"].startswith("The gradient of v is zero")


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "hardtanh"])
def test_saturated_units(name: str) -> None:
    far = "[9, -30, 50]" if name != "softmax" else "[1, 30, 2]"
    said = titles(traced(f"x = {far}\nh = {name}(x)\ny = sum(h * [1, 2, 3])"))
    assert f"h ({name}) 3 of 3" in said["Saturated units"]
    assert "Saturated units" not in titles(traced(f"x = [0.1, -0.3, 0.2]\nh = {name}(x)\ny = sum(h * [1, 2, 3])"))


def test_a_gradient_that_is_its_own_transpose() -> None:
    said = titles(traced("W = [[1, 2], [2, 5]]\ny = sum(W ** 2)"))
    assert said["A transpose would agree too"].startswith("The gradient of W (2 × 2) equals its own transpose")


def test_what_prints_as_zero() -> None:
    run = traced("x = [1e-4, 2e-4, 0.9]\nw = [0.021, 0.022]\ny = sum(x ** 3) + sum(w ** 2)")
    half = 0.5e-2
    readings = tuple(
        Reading(name, np.round(run.gradient(name), 2), np.full(run.gradient(name).shape, half)) for name in ("x", "w")
    )
    said = titles(run, None, align(run.graph, HandIn(readings, everything=readings)))
    assert said["Values that print as zero"].startswith("Entries that print as 0 although they are not: x 2 of 3.")
    assert said["Few digits were printed"].startswith("Significant digits of the largest entry: w 1.")


def test_a_kink_is_a_warning() -> None:
    assert titles(traced("x = [0, 1]\ny = sum(relu(x) * 2)"))["At a kink"].startswith("Relu is at its kink (x[0] = 0)")


# ---- a stronger point ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", GALLERY, ids=lambda problem: problem.key)
def test_a_stronger_point_is_a_plain_match(problem: Any) -> None:
    graph = gc.parse(problem.text)
    run = gc.trace(graph)
    point = stronger(graph, run)
    there = gc.compare(gc.trace(graph, point.values))
    assert there.banner.state == "match", there.banner
    assert point.caught > 0.7 * (point.caught + len(point.not_caught))
    assert stronger(graph, run).values.keys() == point.values.keys()
    assert all(np.array_equal(stronger(graph, run).values[k], v) for k, v in point.values.items())


def test_the_stronger_point_shows_what_hid() -> None:
    graph = gc.parse("a = 2\nb = 2\ny = a * b + a ** 2")
    point = stronger(graph, gc.trace(graph))
    assert point.values["a"] != point.values["b"]
    assert not [missed for missed in point.not_caught if not missed.never]
    assert "mistakes would change a number here." in point.text
    other = stronger(graph, gc.trace(graph), seed=4)
    assert other.values != point.values


def test_what_no_point_shows_is_said_with_the_reason() -> None:
    graph = gc.parse("x = 0.7\ny = 1 * sin(x)")
    missed = {m.mistake: m for m in stronger(graph, gc.trace(graph)).not_caught}
    assert missed["skipped-op"].never
    assert missed["skipped-op"].why == "The other operand of y is the literal 1, so leaving it out changes nothing."
    column = gc.parse("W = [[1, 2], [3, 4]]\nx = [[1], [2]]\ny = sum((W @ x) ** 2)")
    why = {m.mistake: m.why for m in stronger(column, gc.trace(column)).not_caught}
    assert why["running-sum-not-reset"].endswith("there is no second row or column to mix up.")


def test_class_numbers_and_a_good_point_stay() -> None:
    graph = gc.parse("z = [[1, 1, 1], [1, 1, 1]]\nt = [0, 2]\nL = cross_entropy(z, t)")
    point = stronger(graph, gc.trace(graph))
    assert "t" not in point.values
    assert "z" in point.values
    good = gc.trace(graph, point.values)
    assert stronger(graph, good).values == {}


def test_a_graph_without_places_for_a_mistake() -> None:
    graph = gc.parse("x = 3")
    point = stronger(graph, gc.trace(graph))
    assert (point.values, point.caught, point.text) == ({}, 0, "No mistake of the table fits this graph.")


def test_a_stronger_point_for_a_recorded_network() -> None:
    run = NETWORKS["tanh"]
    point = stronger(run.graph, run)
    assert point.caught > 50
    assert gc.compare(gc.trace(run.graph, point.values)).verdict == "match"

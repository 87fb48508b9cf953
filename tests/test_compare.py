"""The comparison with torch: states, verdict and the words of the banner."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from graphcore import Builder, Graph, ops, trace
from graphcore.compare import Comparison, compare, stronger_point
from graphcore.compare.states import EPS, compare_tensors, measure_noise
from graphcore.errors import CompareError
from graphcore.ops import Formula


def problem_a(**rows: ops.Op) -> Graph:
    b = Builder()
    x1, w1, x2, w2 = (b.leaf(name, value) for name, value in (("x1", -1), ("w1", 3), ("x2", -2), ("w2", 3)))
    v1 = b.apply("mul", x1, w1, name="v1")
    s = b.apply(rows.get("sin", "sin"), v1, name="s")
    v2 = b.apply("mul", x2, w2, name="v2")
    c = b.apply(rows.get("cos", "cos"), v2, name="c")
    v3 = b.apply(rows.get("pow", "pow"), s, 2, name="v3")
    v5 = b.apply("add", b.apply("add", 2, v3, name="v4"), c, name="v5")
    b.apply(rows.get("div", "div"), 1, v5, name="f")
    return b.graph()


def problem_b() -> Graph:
    b = Builder()
    w = b.leaf("W", [[0.4, 0.1, -0.5], [0.2, -0.32, 0.8], [0.7, 0.4, -0.6]])
    x = b.leaf("x", [[-0.2], [0.6], [-0.4]])
    h = b.apply("sigmoid", b.apply("matmul", w, x, name="z"), name="h")
    b.apply("sum", b.apply("pow", h, 2), name="f")
    return b.graph()


def problem_c(activation: str = "relu", x1: object = (0, 1, 2)) -> Graph:
    b = Builder()
    names = ("x1", "W1", "b1", "W2", "b2")
    values = (x1, [[3, -1, 1], [-5, 2, -1]], [1, 2], [[1, -2], [-3, 1]], [1, 1])
    leaf = {name: b.leaf(name, value) for name, value in zip(names, values, strict=True)}
    t = b.leaf("t", [1, 2], wants_gradient=False)
    z = b.apply("add", b.apply("matmul", leaf["W1"], leaf["x1"]), leaf["b1"], name="z")
    x2 = b.apply(activation, z, name="x2")
    x3 = b.apply("add", b.apply("matmul", leaf["W2"], x2), leaf["b2"], name="x3")
    b.apply("mul", 0.5, b.apply("sum", b.apply("pow", b.apply("sub", t, x3), 2)), name="L")
    return b.graph()


def of(op: str, *more: str, **leaves: object) -> Comparison:
    """Compare a chain of ops on leaves."""
    b = Builder()
    node = b.apply(op, *[b.leaf(name, value) for name, value in leaves.items()], name="y")
    for name in more:
        node = b.apply(name, node)
    return compare(trace(b.graph()))


def wrong_row(name: str, **rules: str) -> ops.Op:
    row = ops.get(name)
    return dataclasses.replace(row, rules={**row.rules, **{key: Formula(text) for key, text in rules.items()}})


# -- problems -----------------------------------------------------------------------------------------------------


def test_problem_a_is_a_plain_match_of_eleven() -> None:
    result = compare(trace(problem_a()))
    assert result.verdict == "match"
    assert [m.state for m in result.matches.values()].count("match") == 11
    assert result.matches["f"].state == "seed"
    assert float(result.matches["x1"].torch) == pytest.approx(-0.09438748216145315, rel=1e-15)
    banner = result.banner
    assert (banner.state, banner.sign, banner.tone) == ("match", "=", "right")
    assert banner.bold == "Every gradient matches torch."
    assert banner.small == "11 of 11 equal to rounding, worst 1.0 eps (256 allowed). None is zero, none at a kink."
    assert banner.action is not None and banner.action.kind == "reasons"
    assert any("wrong rules were tried" in reason.text for reason in banner.reasons)


def test_problem_b_is_a_plain_match() -> None:
    result = compare(trace(problem_b()))
    assert result.banner.state == "match"
    assert np.round(result.matches["W"].torch, 4).tolist()[0] == [-0.0540, 0.1621, -0.1081]


@pytest.mark.parametrize(("activation", "value"), [("relu", "(2, 2)"), ("sigmoid", "(0.8808, 0.8808)")])
def test_problem_c_matches_but_proves_little(activation: str, value: str) -> None:
    graph = problem_c(activation)
    run = trace(graph)
    result = compare(run)
    assert result.verdict == "match"
    banner = result.banner
    assert (banner.state, banner.bold) == ("weak", "Matches, but proves little.")
    assert banner.small == f"x2 = {value}: any mix-up of its entries gives the same dL/dW2."
    assert banner.action is not None and banner.action.kind == "stronger"
    better = compare(trace(graph, stronger_point(graph, run)))
    assert better.banner.state == "match"


def test_problem_c_without_gradient_reaching_the_weights() -> None:
    result = compare(trace(problem_c("relu", x1=(0, -10, -15)), {"b2": [0.0, 1.0]}))
    zeros = {name for name, m in result.matches.items() if m.state == "zero"}
    assert {"W1", "b1", "x1", "z"} <= zeros
    assert result.matches["t"].state == "constant"


def test_all_zero_is_unproven() -> None:
    b = Builder()
    x = b.leaf("x", [[-1.0, -2.0, -0.5]])
    b.apply("sum", b.apply("relu", b.apply("mul", x, b.leaf("w", 3.0), name="z"), name="h"), name="L")
    result = compare(trace(b.graph()))
    # h itself gets ones from the sum: an inner match, but no leaf proves anything
    assert result.verdict == "unproven"
    assert result.banner.bold == "Unproven."
    assert result.banner.action is not None and result.banner.action.label == "Use a stronger point"
    only = of("square", x=0.0)
    assert only.banner.small == "The only gradient is zero on both sides; a wrong rule would agree too."


# -- wrong rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "wrong", "sentence"),
    [
        ({"sin": wrong_row("sin", a="g * sin(a)")}, {"v1", "x1", "w1"}, "v1:"),
        ({"cos": wrong_row("cos", a="g * sin(a)")}, {"v2", "x2", "w2"}, "v2:"),
        ({"pow": wrong_row("pow", a="g * b * a ** (b - 1) * (1 + 1e-12)")}, {"s", "v1", "x1", "w1"}, "s:"),
        ({"div": wrong_row("div", b="g * y / b")}, {"v5", "v4", "c", "v3", "s", "v1", "v2", "x1", "w1", "x2", "w2"}, "v5: 0.1126"),
    ],
)
def test_a_wrong_rule_shows_exactly_above_its_node(rows: dict[str, ops.Op], wrong: set[str], sentence: str) -> None:
    result = compare(trace(problem_a(**rows)))
    assert {name for name, m in result.matches.items() if m.state == "mismatch"} == wrong
    assert result.verdict == "mismatch"
    banner = result.banner
    assert (banner.state, banner.sign, banner.tone) == ("mismatch", "≠", "wrong")
    assert banner.bold == f"{len(wrong)} of 11 gradients differ from torch."
    assert banner.small.startswith(sentence)
    assert banner.action is not None and banner.action.kind == "report"
    assert "torch 2" in banner.action.text and "x1 = -1.0" in banner.action.text


def test_a_numerical_derivative_takes_sides() -> None:
    ours_wrong = compare(trace(problem_a(cos=wrong_row("cos", a="g * sin(a)"))))
    assert "fault in Chainrule" in ours_wrong.banner.small
    # a copied row whose torch text has another derivative plays a wrong torch
    row = dataclasses.replace(ops.get("sin"), torch=Formula("torch.sin(a.detach()) + 0 * a"))
    torch_wrong = compare(trace(problem_a(sin=row)))
    assert torch_wrong.verdict == "mismatch"
    assert "torch disputed" in torch_wrong.banner.small


def test_a_transposed_gradient_of_the_same_size_is_a_mismatch() -> None:
    b = Builder()
    w, x = b.leaf("W", [[1.0, 2.0], [3.0, 4.0]]), b.leaf("x", [0.5, 0.7])
    b.apply("sum", b.apply("square", b.apply(wrong_row("matvec", a="outer(b, g)"), w, x)))
    result = compare(trace(b.graph()))
    assert result.matches["W"].state == "mismatch"
    assert result.matches["x"].state == "match"
    assert "W[" in result.banner.small


# -- states -------------------------------------------------------------------------------------------------------


def test_the_rule_is_per_tensor_and_relative_to_its_largest_entry() -> None:
    theirs = np.array([1e6, 1.0])
    assert compare_tensors(theirs + [0.0, 200 * EPS * 1e6], theirs)[0] == "match"
    assert compare_tensors(theirs + [0.0, 300 * EPS * 1e6], theirs)[0] == "mismatch"
    assert compare_tensors(np.array([1.0, np.nan]), np.array([1.0, np.nan])) == ("non-finite", None)
    assert compare_tensors(np.array([np.inf, np.nan]), np.array([np.inf, np.inf]))[0] == "mismatch"
    assert compare_tensors(np.array([np.inf, 1.0]), np.array([np.inf, 2.0]))[0] == "mismatch"
    assert compare_tensors(np.inf, -np.inf)[0] == "mismatch"
    assert compare_tensors(np.zeros((0, 3)), np.zeros((0, 3)))[0] == "zero"
    assert compare_tensors(None, None)[0] == "none"
    assert compare_tensors(None, 0.0)[0] == "zero"
    assert compare_tensors(None, 1.0)[0] == "mismatch"
    assert compare_tensors(1e-300, 0.0)[0] == "mismatch"


def centred() -> Graph:
    """A bias before its mean is taken away: its gradient is a true zero that floats do not hit."""
    b = Builder()
    generator = np.random.default_rng(3)
    x, bias = b.leaf("x", generator.normal(size=(7, 3))), b.leaf("bias", generator.normal(size=3))
    z = b.apply("add", x, bias, name="z")
    c = b.apply("sub", z, b.apply("mean", z, axis=0, keepdims=True), name="c")
    w = b.leaf("w", generator.normal(size=(7, 3)), wants_gradient=False)
    b.apply("sum", b.apply("mul", b.apply("tanh", c), w), name="L")
    return b.graph()


def test_a_true_zero_made_of_rounding_is_zero() -> None:
    run = trace(centred())
    result = compare(run)
    assert result.matches["bias"].state == "zero"
    assert 0 < np.abs(run.gradient("bias")).max() < 1e-14
    assert result.matches["x"].state == "match"
    noise = measure_noise(run, [run.graph.index("bias"), run.graph.index("x")])
    assert 0 < noise[run.graph.index("bias")] < 1e-14
    assert np.abs(run.gradient("x")).max() > 1e10 * noise[run.graph.index("x")]
    assert result.banner.state == "some-zero"
    assert result.banner.small == "1 more is zero on both sides and proves nothing: bias."
    assert result.banner.action is not None and result.banner.action.nodes == (run.graph.index("bias"),)


def test_noise_does_not_hide_a_small_real_error() -> None:
    b = Builder()
    x = b.leaf("x", [0.3, -0.7, 0.2])
    wrong = wrong_row("tanh", a="g * (1 - y * y) * (1 + 1e-11)")
    b.apply("sum", b.apply(wrong, b.apply("sub", x, b.apply("mean", x))))
    assert compare(trace(b.graph())).matches["x"].state == "mismatch"


def test_an_unused_leaf_gets_none_on_both_sides() -> None:
    b = Builder()
    x, _ = b.leaf("x", 0.3), b.leaf("unused", [1.0, 2.0])
    b.apply("exp", x)
    result = compare(trace(b.graph()))
    assert result.matches["unused"] == ("none", None, None, None)
    assert result.verdict == "match"
    assert any("not used" in reason.title for reason in result.banner.reasons)


def test_an_output_that_is_a_leaf_proves_nothing() -> None:
    b = Builder()
    b.leaf("x", 2.0)
    result = compare(trace(b.graph()))
    assert (result.verdict, result.matches["x"].state) == ("unproven", "seed")
    b = Builder()
    b.apply("sin", b.leaf("x", 2.0, wants_gradient=False))
    result = compare(trace(b.graph()))
    assert result.verdict == "unproven"
    assert result.banner.small == "No leaf wants a gradient, so there is nothing to compare."


def test_fan_out_and_an_output_that_is_also_used() -> None:
    b = Builder()
    x = b.leaf("x", 0.7)
    y = b.apply("sin", x, name="y")
    z = b.apply("mul", y, b.apply("exp", y), name="z")
    graph = b.graph(y, z)
    result = compare(trace(graph, upstream=[0.3, 2.0]))
    # y was seeded and gets gradient from z too: that sum is compared
    assert result.matches["y"].state == "match"
    assert result.matches["z"].state == "seed"
    result = compare(trace(graph, upstream={"y": 1.5}))
    assert (result.verdict, result.matches["z"].state) == ("match", "none")


def test_a_node_that_is_its_operand_keeps_its_own_gradient() -> None:
    b = Builder()
    x = b.leaf("x", [1.5, -0.5])
    same = dataclasses.replace(ops.get("neg"), rules={"a": Formula("g")}, forward=Formula("1 * a"), torch=Formula("a"))
    z = b.apply(same, x, name="z")
    b.apply("sum", b.apply("mul", x, b.apply("exp", z)))
    result = compare(trace(b.graph()))
    assert {m.state for m in result.matches.values()} == {"match", "seed"}


# -- kinks and non-finite numbers ---------------------------------------------------------------------------------


def test_a_kink_is_named_with_its_entry() -> None:
    b = Builder()
    z = b.leaf("z", [1.5, 0.0, -2.0])
    b.apply("sum", b.apply("square", b.apply("sub", b.apply("relu", z, name="h"), 0.3)))
    result = compare(trace(b.graph()))
    assert result.kinks == {1: "relu is at its kink (z[1] = 0): not differentiable there; torch uses 0."}
    banner = result.banner
    assert (banner.state, banner.bold) == ("kink", "Every gradient matches torch.")
    assert banner.small == "relu sits at its kink (z[1] = 0): not differentiable there; torch uses 0."
    assert banner.action is not None
    assert (banner.action.label, banner.action.kind, banner.action.nodes) == ("Go to z", "goto", (0,))


def test_a_tie_is_a_kink() -> None:
    b = Builder()
    p, q = b.leaf("p", [2.0, 3.0]), b.leaf("q", [2.0, 1.0])
    b.apply("sum", b.apply("exp", b.apply("maximum", p, q)))
    result = compare(trace(b.graph()))
    assert result.kinks[2].startswith("maximum is at its kink (p[0] = q[0] = 2)")


def test_the_first_nan_is_named_with_its_cause() -> None:
    b = Builder()
    v2 = b.leaf("v2", -6.0)
    v3 = b.apply("log", v2, name="v3")
    node = v3
    for _ in range(5):
        node = b.apply("mul", node, 2)
    result = compare(trace(b.graph()))
    assert result.verdict == "unproven"
    banner = result.banner
    assert (banner.state, banner.sign, banner.tone) == ("non-finite", "∞", "off")
    assert banner.bold == "Not a number since v3."
    assert banner.small == "v3 = log(v2), v2 = -6. 5 nodes after it are nan on both sides."
    assert banner.action is not None and (banner.action.label, banner.action.nodes) == ("Go to v3", (1,))


def test_the_backward_way_to_nan_is_named_too() -> None:
    b = Builder()
    x = b.leaf("x", 0.0)
    b.apply("mul", b.apply("sqrt", x, name="y"), 0)
    banner = compare(trace(b.graph())).banner
    assert banner.bold == "The gradient is not a number since x."
    assert banner.small == "0 × inf on x -> sqrt(x)."
    banner = of("sqrt", x=0.0).banner
    assert (banner.bold, banner.small) == ("The gradient is infinite since x.", "1 × inf on x -> sqrt(x).")
    b = Builder()
    b.apply("sum", b.apply("sqrt", b.leaf("x", [4.0, 0.0, 9.0])))
    assert compare(trace(b.graph())).banner.small == "1 × inf on x -> sqrt(x)."


def test_overflow_is_infinite_not_nan() -> None:
    banner = of("exp", x=1000.0).banner
    assert (banner.bold, banner.small) == ("Infinite since y.", "y = exp(x), x = 1000.")


# -- how much a match proves --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "small"),
    [
        (lambda: of("sin", x=0.0), "At x = 0, leaving out the derivative of the sine gives the same dy/dx."),
        (lambda: of("mul", x=1.0, w=4.0), "At x = 1, leaving out the factor x gives the same dy/dw."),
        (lambda: of("mul", x=3.0, w=3.0), "At x = 3 and w = 3, the factor x in place of w gives the same dy/dx."),
        (lambda: of("div", x=3.0, w=1.0), "At w = 1, leaving out the divisor w gives the same dy/dx."),
        (lambda: of("exp", x=0.0), "At x = 0, leaving out the derivative of the exponential gives the same dy/dx."),
    ],
)
def test_points_where_a_wrong_rule_agrees(result: object, small: str) -> None:
    banner = result().banner  # type: ignore[operator]
    assert (banner.state, banner.small) == ("weak", small)


def test_a_square_at_two_and_a_symmetric_matrix() -> None:
    b = Builder()
    b.apply("pow", b.leaf("x", 2.0), 2, name="y")
    assert "the power itself in place of its derivative" in compare(trace(b.graph())).banner.small
    b = Builder()
    w, x = b.leaf("W", [[1.5, 2.0], [2.0, 0.3]]), b.leaf("x", [0.4, 0.7])
    b.apply("sum", b.apply("square", b.apply("matmul", w, x)), name="L")
    graph = b.graph()
    result = compare(trace(graph))
    assert "leaving out the transpose of W gives the same dL/dx" in result.banner.small
    assert compare(trace(graph, stronger_point(graph, result.run))).banner.state == "match"


@pytest.mark.parametrize(
    "result",
    [
        lambda: of("mul", x=2.5, w=4.0),
        lambda: of("square", x=3.0),
        lambda: of("relu", x=2.0),
        lambda: of("exp", x=0.4),
        lambda: of("add", x=1.0, w=1.0),
    ],
)
def test_ordinary_points_are_not_called_weak(result: object) -> None:
    assert result().banner.state == "match"  # type: ignore[operator]


def test_a_factor_that_is_always_itself_is_no_weakness_of_the_point() -> None:
    b = Builder()
    x = b.leaf("x", 3.0)
    b.apply("mul", 1, b.apply("mul", x, x))
    assert compare(trace(b.graph())).banner.state == "match"


def test_reasons_can_be_left_out() -> None:
    assert compare(trace(problem_c()), reasons=False).banner.state == "match"


def test_a_stronger_point_keeps_class_numbers_and_domains() -> None:
    b = Builder()
    a = b.leaf("a", [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    rows = b.leaf("rows", [1, 0], wants_gradient=False)
    b.apply("sum", b.apply("log", b.apply("take", b.apply("mul", a, a), rows)))
    graph = b.graph()
    point = stronger_point(graph, trace(graph))
    assert "rows" not in point
    assert compare(trace(graph, point)).verdict == "match"


def test_payload_is_plain_data() -> None:
    import json

    for graph in (problem_a(), problem_c(), problem_a(cos=wrong_row("cos", a="g"))):
        payload = compare(trace(graph)).banner.payload()
        assert json.loads(json.dumps(payload)) == payload
        assert set(payload) == {"state", "sign", "tone", "bold", "small", "action", "reasons"}


# -- manners ------------------------------------------------------------------------------------------------------


def test_literals_run_as_a_person_writes_them() -> None:
    b = Builder()
    x = b.leaf("x", [0.2, -0.4])
    clipped = b.apply("maximum", x, 0.1)
    two = b.apply("where", b.apply("greater", x, 0), 0.1, 2.3)
    b.apply("sum", b.apply("mul", b.apply("mul", clipped, two), b.apply("sin", 2)))
    result = compare(trace(b.graph()))
    assert result.verdict == "match"
    assert not [r for r in result.banner.reasons if "forward values differ" in r.title]


def test_large_graphs_are_refused_in_a_sentence() -> None:
    b = Builder()
    node = b.leaf("x", 0.5)
    for _ in range(30_000):
        node = b.apply("neg", node)
    with pytest.raises(CompareError, match=r"30,001 nodes; the comparison with torch stops at 30,000"):
        compare(trace(b.graph()))


def test_a_chain_of_5000_is_compared_and_freed() -> None:
    b = Builder()
    node = b.leaf("x", 0.5)
    for k in range(5000):
        node = b.apply("sin" if k % 2 else "neg", node)
    result = compare(trace(b.graph()))
    assert result.banner.small.startswith("5000 of 5000 equal to rounding")
    assert len(result.torch.twins) == 5001


def test_what_torch_refuses_is_said_with_the_node() -> None:
    b = Builder()
    row = dataclasses.replace(ops.get("sin"), torch=Formula("torch.linalg.inv(a)"))
    b.apply("sum", b.apply(row, b.leaf("x", [1.0, 2.0]), name="y"))
    with pytest.raises(CompareError, match="torch refuses `y`"):
        compare(trace(b.graph()))


def test_nothing_global_is_touched() -> None:
    import torch

    state = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]
    with torch.no_grad():
        result = compare(trace(problem_c()))
        stronger_point(problem_c(), result.run)
        assert (result.verdict, result.banner.state) == ("match", "weak")
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert compare(trace(problem_a())).torch.twins
        assert torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(torch.get_rng_state(), state[0])
    assert (np.random.get_state()[1] == state[1]).all()  # type: ignore[index]


def test_two_comparisons_at_once() -> None:
    graphs = [problem_a(), problem_b(), problem_c()] * 8
    shared = problem_a()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda graph: compare(trace(graph)), [*graphs, *[shared] * 8]))
        twins = list(pool.map(lambda result: result.torch.twins, results))
    assert all(result.verdict == "match" for result in results)
    assert [len(pair) for pair in twins] == [len(result.run.graph) for result in results]


def test_graphcore_does_not_import_torch() -> None:
    code = "import sys, graphcore, graphcore.compare; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)

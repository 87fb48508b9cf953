"""The comparison with torch: states, errors, and that nothing else is touched."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from compare_graphs import centred, of, problem_a, problem_b, problem_c, wrong_row

from graphcore import Builder, ops, trace
from graphcore.compare import compare, stronger_point
from graphcore.compare.states import EPS, compare_tensors, measure_noise
from graphcore.errors import CompareError
from graphcore.ops import Formula

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


# -- states -------------------------------------------------------------------------------------------------------


def test_the_rule_is_per_tensor_and_relative_to_its_largest_entry() -> None:
    theirs = np.array([1e6, 1.0])
    assert compare_tensors(np.add(theirs, [0.0, 200 * EPS * 1e6]), theirs)[0] == "match"
    assert compare_tensors(np.add(theirs, [0.0, 300 * EPS * 1e6]), theirs)[0] == "mismatch"
    assert compare_tensors(np.array([1.0, np.nan]), np.array([1.0, np.nan])) == ("non-finite", None)
    assert compare_tensors(np.array([np.inf, np.nan]), np.array([np.inf, np.inf]))[0] == "mismatch"
    assert compare_tensors(np.array([np.inf, 1.0]), np.array([np.inf, 2.0]))[0] == "mismatch"
    assert compare_tensors(np.inf, -np.inf)[0] == "mismatch"
    assert compare_tensors(np.zeros((0, 3)), np.zeros((0, 3)))[0] == "zero"
    assert compare_tensors(None, None)[0] == "none"
    assert compare_tensors(None, 0.0)[0] == "zero"
    assert compare_tensors(None, 1.0)[0] == "mismatch"
    assert compare_tensors(1e-300, 0.0)[0] == "mismatch"


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

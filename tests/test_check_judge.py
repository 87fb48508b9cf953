"""Judging a hand-in: statuses, origins, names, forward values, printed digits, and what cannot be judged."""

from __future__ import annotations

import numpy as np
import pytest

import graphcore as gc
from graphcore.check.hand_in import HandIn, Reading
from graphcore.check.words import banner, numbers, sentence
from graphcore.mistakes import MISTAKES, NAMES, Places, candidates, plant
from tests import bench_check
from tests.planted import FORMS, networks

STABLE = """
missing-transpose transposed-result elementwise-for-matmul overwritten-fan-out missing-path skipped-op
extra-activation-derivative derivative-at-output function-for-derivative complement-for-derivative mask-from-upstream
diagonal-softmax softmax-derivative-twice wrong-sign missing-factor-two extra-factor-two sum-for-mean mean-for-sum degrees
not-summed-over-batch averaged-over-batch summed-over-wrong-axis not-unbroadcast row-column-order accumulated-twice wrong-layer
wrong-log-or-division-sign function-applied-twice forgotten-term bias-once-per-column running-sum-not-reset constant-factor
rounded-on-the-way unknown
"""

MLP = """x = const([[0.3], [-0.7], [1.1]])
W1 = randn(4, 3, seed=1)
b1 = randn(4, 1, seed=2)
W2 = randn(2, 4, seed=3)
b2 = randn(2, 1, seed=4)
z = W1 @ x + b1
h = sigmoid(z)
p = W2 @ h + b2
L = sum(p**2)"""


def gradients(run: gc.Trace, *names: str) -> dict[str, np.ndarray]:
    chosen = names or [n.name for n in run.graph.nodes if run.gradient(n.index) is not None]
    return {name: np.array(run.gradient(name)) for name in chosen}


def printed(arrays: dict[str, object], decimals: int) -> HandIn:
    readings = tuple(
        Reading(name, np.round(np.asarray(a, dtype=float), decimals), np.full(np.shape(a), 0.5 * 10.0**-decimals))
        for name, a in arrays.items()
    )
    return HandIn(readings, everything=readings)


@pytest.fixture(scope="module")
def run() -> gc.Trace:
    return gc.trace(gc.parse(MLP))


def test_the_names_promised_are_there_and_no_name_twice() -> None:
    assert set(STABLE.split()) <= set(NAMES)
    assert len(NAMES) == len(set(NAMES))


def test_right_work_is_right(run: gc.Trace) -> None:
    checkup = gc.check(run, gradients(run))
    assert checkup.verdict == "right"
    assert {f.status for f in checkup.findings.values()} == {"right"}
    assert checkup.origins == ()


def test_an_origin_its_inherited_errors_and_what_stays_right(run: gc.Trace) -> None:
    handed = gradients(run)
    h = np.array(run.value("h"))
    wrong = handed["h"] * (1 - h)
    handed["z"] = wrong
    handed["b1"] = wrong
    handed["W1"] = wrong @ np.array(run.value("x")).T
    handed[run.graph.nodes[run.graph.node("z").operands[0]].name] = wrong
    checkup = gc.check(run, handed)
    statuses = {name: f.status for name, f in checkup.findings.items()}
    assert statuses["z"] == "origin"
    assert statuses["W1"] == statuses["b1"] == "inherited"
    assert statuses["h"] == statuses["W2"] == "right"
    explanation = checkup.findings["z"].explanations[0]
    assert explanation.mistake == "complement-for-derivative"
    assert explanation.certain
    assert explanation.formula == "∂L/∂h * h * (1 - h)"
    assert explanation.wrong == "∂L/∂h * (1 - h)"
    assert "you" not in explanation.text
    assert banner(checkup).bold == "1 mistake explains all 4 wrong gradients."


def test_leaves_alone_locate_the_mistake_between_them(run: gc.Trace) -> None:
    h = np.array(run.value("h"))
    wrong = gradients(run, "h")["h"] * h
    handed = gradients(run, "W2", "b2") | {"b1": wrong, "W1": wrong @ np.array(run.value("x")).T}
    checkup = gc.check(run, handed)
    assert [run.graph.names[f.node] for f in checkup.origins] == ["z"]
    assert checkup.findings["z"].explanations[0].mistake == "function-for-derivative"
    assert checkup.findings["b1"].status == "inherited"
    assert checkup.findings["z"].explanations[0].mended == 2


def _planted(name: str) -> tuple[gc.Trace, dict[str, np.ndarray], int] | None:
    """Somewhere a mistake of this name changes a number, with the gradients of all nodes."""
    for graph in networks().values():
        run = gc.trace(graph)
        places = Places(run)
        for change in candidates(places):
            if change.mistake.name != name:
                continue
            planted = plant(places, change)
            if planted is not None and not np.allclose(planted[change.node], run._gradients[change.node]):
                arrays = {graph.names[k]: np.asarray(g) for k, g in enumerate(planted) if g is not None and k not in graph.tuples}
                return run, arrays, change.node
    return None


@pytest.mark.parametrize("name", [n for n in MISTAKES if n not in ("diagonal-softmax",)])
def test_every_row_is_found_where_it_is_planted(name: str) -> None:
    case = _planted(name)
    if case is None:
        softmax = gc.trace(gc.parse("x = [0.3, -1.2, 0.8]\np = softmax(x)\nt = const([0, 1, 0])\nL = -sum(t * log(p))"))
        assert name in {c.mistake.name for c in candidates(Places(softmax))}, f"{name} fits nowhere"
        return
    run, arrays, node = case
    checkup = gc.check(run, arrays)
    assert [f.node for f in checkup.origins] == [node]
    said = [e.mistake for e in checkup.origins[0].explanations]
    assert name in said
    assert all(e.text and e.right for e in checkup.origins[0].explanations)


def test_a_diagonal_softmax_and_its_derivative_twice() -> None:
    run = gc.trace(gc.parse("x = [0.3, -1.2, 0.8]\np = softmax(x)\nt = const([0, 1, 0])\nL = -sum(t * log(p))"))
    p, t = np.array(run.value("p")), np.array([0.0, 1.0, 0.0])
    diagonal = np.array(run.gradient("p")) * p * (1 - p)
    assert gc.check(run, {"x": diagonal}).findings["x"].explanations[0].mistake == "diagonal-softmax"
    delta = p - t
    twice = p * (delta - (delta * p).sum())
    assert gc.check(run, {"x": twice}).findings["x"].explanations[0].mistake == "softmax-derivative-twice"


def test_an_error_without_a_name_is_unknown_with_what_is_seen(run: gc.Trace) -> None:
    handed = gradients(run, "W1", "b1", "W2", "b2")
    handed["W2"] = handed["W2"] * np.linspace(0.2, 3, 8).reshape(2, 4)
    checkup = gc.check(run, handed)
    finding = checkup.findings["W2"]
    assert finding.status == "origin"
    assert [e.mistake for e in finding.explanations] == ["unknown"]
    assert "entries are wrong" in finding.explanations[0].text
    assert not finding.explanations[0].certain
    assert "no name" in banner(checkup).bold


def test_a_plain_factor_is_said(run: gc.Trace) -> None:
    handed = gradients(run, "W1", "b1", "W2", "b2")
    handed["W1"] = handed["W1"] * 1.7
    explanation = gc.check(run, handed).findings["W1"].explanations[0]
    assert explanation.mistake == "constant-factor"
    assert "1.7 times" in explanation.text


@pytest.mark.parametrize("decimals", [3, 4, 6])
def test_printed_digits_count_and_no_more(run: gc.Trace, decimals: int) -> None:
    right = gc.check(run, printed(gradients(run), decimals))
    assert right.verdict == "right"
    assert banner(right).bold == f"Equal to the {decimals} decimals printed."
    off = gradients(run)
    off["b2"] = off["b2"] * 1.09
    assert gc.check(run, printed(off, decimals)).findings["b2"].status == "origin"


def test_rounding_on_the_way_is_right() -> None:
    run = gc.trace(gc.parse(MLP))
    h = np.round(np.array(run.value("h")), 3)
    dp = 2 * (np.array(run.value("W2")) @ h + np.array(run.value("b2")))
    checkup = gc.check(run, {"W2": dp @ h.T, "b2": dp})
    assert checkup.verdict == "right"
    assert checkup.findings["W2"].explanations[0].mistake == "rounded-on-the-way"
    assert "3 decimals" in checkup.findings["W2"].explanations[0].text


def test_numbers_that_print_as_zero_prove_nothing(run: gc.Trace) -> None:
    tiny = gc.trace(gc.parse("x = 0.001\ny = x**4"))
    checkup = gc.check(tiny, printed({"x": tiny.gradient("x")}, 4))
    assert checkup.verdict == "unproven"
    assert "prints as zero" in sentence(checkup, checkup.findings["x"])


def test_gradients_of_other_weights_prove_nothing(run: gc.Trace) -> None:
    generator = np.random.default_rng(5)
    values = {leaf.name: generator.normal(size=leaf.shape) for leaf in run.graph.leaves}
    other = gc.trace(run.graph, values)
    handed = gradients(other, "W1", "b1", "W2", "b2")
    checkup = gc.check(run.graph, handed)
    assert checkup.verdict == "unproven"
    assert checkup.elsewhere
    assert "other weights" in banner(checkup).small
    assert gc.check(run.graph, handed, at=values).verdict == "right"


def test_what_is_missing_is_said(run: gc.Trace) -> None:
    checkup = gc.check(run, gradients(run, "W1", "b1"))
    assert {name for name, f in checkup.findings.items() if f.status == "missing"} == {"W2", "b2"}
    assert "Not handed in: " in banner(checkup).small


def test_a_wrong_forward_is_found_before_any_gradient_is_blamed() -> None:
    run = gc.trace(gc.parse("x = 0.4\nw = 1.3\ns = sin(x * w)\ny = s**2 + cos(w)"))
    s = np.sin(np.sin(0.4 * 1.3))
    # the backward pass is right for the wrong forward values
    wrong = gc.trace(gc.parse("x = 0.4\nw = 1.3\ns = sin(x * w)\nq = sin(s)\ny = q**2 + cos(w)"))
    handed = {"s": 2 * s, "w": 2 * s * np.cos(0.4 * 1.3) * 0.4 - np.sin(1.3)}
    checkup = gc.check(run, handed, {"s": s, "y": s**2 + np.cos(1.3)})
    assert float(wrong.value("y")) == pytest.approx(s**2 + np.cos(1.3))
    assert checkup.values["s"].status == "origin"
    assert checkup.values["s"].explanations[0].mistake == "function-applied-twice"
    assert checkup.values["y"].status == "inherited"
    assert checkup.findings["s"].status == "inherited"
    assert checkup.findings["w"].status == "inherited"


def test_a_gradient_not_summed_over_the_batch_has_another_shape() -> None:
    text = "X = const(randn(5, 3, seed=1))\nW = randn(3, 2, seed=2)\nb = randn(2, seed=3)\nL = mean((X @ W + b)**2)"
    run = gc.trace(gc.parse(text))
    full = 2 * (np.array(run.value("X")) @ np.array(run.value("W")) + np.array(run.value("b"))) / 10
    checkup = gc.check(run, {"W": run.gradient("W"), "b": full})
    assert checkup.findings["b"].status == "origin"
    assert checkup.findings["b"].explanations[0].mistake == "not-summed-over-batch"
    assert checkup.findings["W"].status == "right"


def test_another_shape_that_means_nothing_is_undecided(run: gc.Trace) -> None:
    checkup = gc.check(run, {"W1": np.ones((7, 2)), "b1": run.gradient("b1")})
    assert checkup.findings["W1"].status == "undecided"
    assert "shape (7, 2)" in checkup.findings["W1"].why


def test_entries_left_out_are_no_mistake(run: gc.Trace) -> None:
    array = np.array(run.gradient("W1"))
    array[1] = np.nan
    readings = (Reading("W1", array, np.zeros(array.shape), incomplete=True),)
    assert gc.check(run, HandIn(readings, everything=readings)).findings["W1"].status == "right"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_an_origin(run: gc.Trace, bad: float) -> None:
    handed = gradients(run, "W1", "b1")
    handed["b1"] = handed["b1"].copy()
    handed["b1"][2] = bad
    checkup = gc.check(run, handed)
    assert checkup.findings["b1"].status == "origin"
    assert checkup.findings["W1"].status == "right"


def test_nothing_handed_in_and_all_zero_are_unproven(run: gc.Trace) -> None:
    assert gc.check(run, {}).verdict == "unproven"
    zero = gc.trace(gc.parse("x = 0\ny = x**2"))
    assert gc.check(zero, {"x": 0.0}).verdict == "unproven"


def test_two_mistakes_are_both_named(run: gc.Trace) -> None:
    places = Places(run)
    everything = list(candidates(places))
    first = next(c for c in everything if c.mistake.name == "missing-factor-two")
    second = next(c for c in everything if c.mistake.name == "complement-for-derivative")
    once = plant(places, first)
    assert once is not None
    twice = plant(Places(gc.Trace(run.graph, run._store, once, run._downstream, run.seeds)), second)
    assert twice is not None
    handed = {run.graph.names[k]: twice[k] for k in run.graph.leaf_values if twice[k] is not None}
    found = {f.explanations[0].mistake for f in gc.check(run, handed).origins}
    assert found == {first.mistake.name, second.mistake.name}


def test_the_same_hand_in_twice_gives_the_same_answer_and_changes_nothing(run: gc.Trace) -> None:
    handed = {name: array * 1.5 for name, array in gradients(run, "W1", "b1").items()}
    kept = {name: array.copy() for name, array in handed.items()}
    answers = [[(f.status, f.explanations) for f in gc.check(run, handed).findings.values()] for _ in range(2)]
    assert answers[0] == answers[1]
    for name in handed:
        np.testing.assert_array_equal(handed[name], kept[name])


def test_the_worst_entry_is_shown(run: gc.Trace) -> None:
    handed = gradients(run, "W2")
    handed["W2"] = handed["W2"].copy()
    handed["W2"][1, 3] += 5
    checkup = gc.check(run, handed)
    assert numbers(checkup, checkup.findings["W2"]).startswith("W2[1, 3]: ")


@pytest.mark.parametrize("form", FORMS)
def test_planted_mistakes_are_found_and_named(form: str) -> None:
    at_all = bench_check.score(48, form, False, seed=77_000)
    assert at_all.origins >= 0.97, at_all
    assert at_all.names >= 0.97, at_all
    at_leaves = bench_check.score(16, form, True, seed=78_000)
    assert at_leaves.names >= 0.8, at_leaves
    outside = bench_check.score(24, form, False, listed=False, seed=79_000)
    assert outside.wrongly_named == 0
    assert outside.origins >= 0.95, outside


def test_right_work_is_never_said_to_be_wrong() -> None:
    assert bench_check.false_origins(240) == 0

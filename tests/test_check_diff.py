"""Two files of gradients without weights: paired, compared as printed, explained by relations and the rank-one law."""

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphcore.check.diff import Difference, difference, difference_json, difference_markdown, difference_text
from graphcore.check.diff.law import law
from graphcore.check.diff.network import difference_with_network
from graphcore.check.diff.pairing import pair
from graphcore.check.diff.printed import Printed
from graphcore.check.hand_in import HandIn, from_mapping
from graphcore.check.labels import read_label, words
from graphcore.check.reading import read_gradients
from graphcore.parse import parse

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "gradients"
NAMES = ("mine", "torch")
Rule = Callable[[Any], Any]


def network(
    sizes: tuple[int, ...] = (4, 6, 5, 3),
    batch: int = 1,
    activation: str = "sigmoid",
    derivative: dict[int, Rule] | None = None,
    change: dict[str, Rule] | None = None,
) -> dict[str, np.ndarray]:
    """The gradients of a small network, with another derivative in some layer or some array changed afterwards."""
    random = np.random.default_rng(0)
    weights = [random.standard_normal((n, m)) for m, n in itertools.pairwise(sizes)]
    biases = [random.standard_normal(n) for n in sizes[1:]]
    values = [random.standard_normal((batch, sizes[0]))]
    function: Rule = {"sigmoid": lambda v: 1 / (1 + np.exp(-v)), "tanh": np.tanh, "relu": lambda v: np.maximum(v, 0)}[activation]
    right: Rule = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y, "relu": lambda y: (y > 0) * 1.0}[activation]
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = values[-1] @ w.T + b
        values.append(function(z) if k < len(weights) - 1 else z)
    delta = 2 * (values[-1] - random.standard_normal((batch, sizes[-1])))
    found = {}
    for k in reversed(range(len(weights))):
        found[f"dw{k + 1}"], found[f"db{k + 1}"] = delta.T @ values[k], delta.sum(axis=0)
        delta = delta @ weights[k] * (derivative or {}).get(k, right)(values[k])
    return {name: (change or {}).get(name, lambda v: v)(array) for name, array in found.items()}


def rounded(arrays: dict[str, np.ndarray], decimals: int | None) -> HandIn:
    """The arrays as a file that prints so many decimals (None: all digits)."""
    given = from_mapping(arrays)
    if decimals is None:
        return given
    half = 0.5 * 10.0**-decimals
    readings = tuple(r._replace(array=np.round(r.array, decimals), half=np.full(r.array.shape, half)) for r in given.readings)
    return HandIn(readings, everything=readings)


def compared(mine: dict[str, np.ndarray], other: dict[str, np.ndarray], decimals: int | None = None) -> Difference:
    return difference(rounded(mine, decimals), rounded(other, decimals), NAMES)


def mistakes(found: Difference) -> list[str]:
    return [note.mistake for note in found.findings if note.mistake not in ("origin", "inherited")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("First hidden layer weights gradient:", "Weights gradient of first hidden layer"),
        ("dw3", "dLdw3"),
        ("dL/dW1", "W1_grad"),
        ("0: b2_grad:", "∂L/∂b_2"),
        ("2nd layer bias", "Bias of the second layer"),
        ("Hidden_layer 10 weight gradient: ", "hidden layer 10 weights"),
        ("grad_w1", "w1.grad"),
    ],
)
def test_labels_that_mean_the_same_are_the_same(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_labels_that_mean_something_else_stay_apart() -> None:
    labels = ["dw1", "db1", "dw2", "hidden.0.weight", "output.0.weight", "decoder.bias", "delta2", "data", "dx", "dz1"]
    assert len({words(label) for label in labels}) == len(labels)
    assert read_label("dw1").gradient
    assert not read_label("w1").gradient
    assert not read_label("decoder.bias").gradient
    assert len(words("x" * 100_000)[0]) < 1000


def test_arrays_are_paired_by_words_then_order_then_shape() -> None:
    mine = from_mapping({"0.weight": np.ones((3, 2)), "2.weight": np.ones((4, 3)), "0.bias": np.ones(3), "2.bias": np.ones(4)})
    other = from_mapping({"dw2": np.ones((3, 4)), "db2": np.ones((1, 4)), "dw1": np.ones((2, 3)), "db1": np.ones(3)})
    found = pair(mine.readings, other.readings)
    assert [(match.first, match.second) for match in found.matches] == [(0, 2), (1, 0), (2, 3), (3, 1)]
    assert "its place among the layers' weights" in found.matches[0].how
    guess = pair(from_mapping({"": np.ones((5, 7))}).readings, from_mapping({"theta": np.ones((7, 5))}).readings)
    assert not guess.matches[0].sure
    assert guess.matches[0].how == "by shape, the only (5, 7)"
    told = difference(from_mapping({"": np.ones((5, 7))}), from_mapping({"theta": np.ones((7, 5))}))
    assert any("Paired without a label" in note for note in told.notes)


def test_a_parameter_is_not_paired_with_a_gradient() -> None:
    mine = from_mapping({"w1": np.full((2, 2), 9.0), "dw1": np.eye(2)})
    found = difference(mine, from_mapping({"w1_grad": np.eye(2)}))
    assert [(p.label, p.state) for p in found.pairs] == [("dw1", "equal")]
    assert found.unpaired_a == ("w1 (no gradient)",)
    assert found.verdict == "equal"


@pytest.mark.parametrize("decimals", [None, 4])
@pytest.mark.parametrize(
    ("mistake", "layer", "options"),
    [
        ("skipped-op", 2, {"derivative": {2: np.ones_like}}),
        ("skipped-op", 1, {"derivative": {1: np.ones_like}, "activation": "tanh"}),
        ("skipped-op", 1, {"derivative": {1: np.ones_like}, "activation": "relu"}),
        ("extra-activation-derivative", 2, {"derivative": {2: lambda y: (y * (1 - y)) ** 2}}),
        ("function-for-derivative", 1, {"derivative": {1: lambda y: y}}),
        ("complement-for-derivative", 1, {"derivative": {1: lambda y: 1 - y}}),
        ("averaged-over-batch", 2, {"batch": 8, "change": {"db2": lambda v: v / 8}}),
        ("wrong-sign", 3, {"change": {"dw3": np.negative, "db3": np.negative}}),
        ("row-column-order", 1, {"change": {"dw1": lambda v: v.ravel(order="F").reshape(v.shape)}}),
        ("extra-factor-two", 1, {"change": {"dw1": lambda v: 2 * v}}),
        ("degrees", 2, {"change": {"db2": lambda v: 180 / np.pi * v}}),
        ("transposed-result", 2, {"sizes": (4, 5, 5, 3), "change": {"dw2": np.transpose}}),
        ("elementwise-for-matmul", 2, {"sizes": (4, 5, 5, 3), "change": {"dw2": np.diagonal}}),
        ("not-unbroadcast", 1, {"change": {"db1": lambda v: np.tile(v, (4, 1))}}),
        ("running-sum-not-reset", 1, {"change": {"db1": lambda v: np.cumsum(v[::-1])[::-1]}}),
        ("bias-once-per-column", 1, {"change": {"db1": lambda v: 4 * v}}),
    ],
)
def test_a_planted_mistake_is_named_with_its_layer(
    mistake: str, layer: int, options: dict[str, Any], decimals: int | None
) -> None:
    plain = {key: value for key, value in options.items() if key not in ("derivative", "change")}
    found = compared(network(**options), network(**plain), decimals)
    assert found.verdict == "different"
    assert mistakes(found)[0] == mistake
    assert found.findings[0].layer == layer
    assert found.banner.small.endswith("could say which.") or found.findings[-1].mistake == "origin"


@pytest.mark.parametrize("decimals", [None, 4])
def test_right_work_is_equal_and_nothing_is_found(decimals: int | None) -> None:
    for options in ({}, {"activation": "relu"}, {"batch": 6}, {"activation": "tanh", "sizes": (3, 7, 7, 7, 1)}):
        arrays = network(**options)  # type: ignore[arg-type]
        found = compared({name: array * (1 + 1e-15) for name, array in arrays.items()}, arrays, decimals)
        assert (found.verdict, found.findings) == ("equal", ())
        turned = compared({name: array.T for name, array in arrays.items()}, arrays, decimals)
        assert (turned.verdict, turned.findings) == ("equal", ())
        assert any("transposed to each other" in note for note in turned.notes)


def test_what_is_below_a_wrong_delta_is_inherited() -> None:
    found = compared(network(derivative={2: np.ones_like}), network())
    assert [note.mistake for note in found.findings] == ["skipped-op", "inherited", "origin"]
    assert "Layer 3 agrees. The origin is at or above layer 2; with the weights I could say which." in found.sentence


def test_one_factor_everywhere_is_one_finding() -> None:
    arrays = network()
    found = compared({name: 2 * array for name, array in arrays.items()}, arrays)
    assert [note.mistake for note in found.findings] == ["extra-factor-two"]
    assert found.findings[0].certain


def test_the_law_recovers_the_activation_to_the_printed_digits() -> None:
    delta, x = np.array([0.5, -0.25, 0.125]), np.array([1.5, -2.0])
    half = np.full((3, 2), 5e-5)
    found = law(Printed(np.round(np.outer(delta, x), 4), half, 0.0), Printed(delta, half[:, 0], 0.0))
    assert found.state == "holds"
    assert found.layout == "(out, in)"
    assert found.input is not None
    assert np.all(np.abs(found.input.array - x) <= found.input.half)
    assert np.all(found.input.half < 1e-3)
    other_way = law(Printed(np.outer(x, delta), np.zeros((2, 3)), 0.0), Printed(delta, np.zeros(3), 0.0))
    assert other_way.layout == "(in, out)"
    broken = law(Printed(np.outer(delta[::-1], x), np.zeros((3, 2)), 0.0), Printed(delta, np.zeros(3), 0.0))
    assert (broken.state, broken.rank, broken.input) == ("broken", 1, None)
    batch = law(Printed(np.eye(3), np.zeros((3, 3)), 0.0), Printed(delta, np.zeros(3), 0.0))
    assert (batch.state, batch.rank) == ("batch", 3)


def test_a_law_broken_in_one_file_blames_its_outer_product() -> None:
    found = compared(network(change={"dw2": lambda v: v[::-1]}), network())
    note = found.findings[0]
    assert note.side == 0
    assert "not with its own db" in note.text
    assert "not the upstream gradient" in note.text


def test_zeros_and_missing_arrays_prove_nothing() -> None:
    arrays = network()
    nothing = {name: 0 * array for name, array in arrays.items()}
    assert compared(nothing, nothing).verdict == "unproven"
    assert compared({}, {}).verdict == "unproven"
    partly = compared({name: array for name, array in arrays.items() if name != "dw1"}, arrays)
    assert partly.verdict == "unproven"
    assert "Only in torch: dw1." in partly.sentence


def test_the_printed_precision_is_said_with_its_zeros() -> None:
    small = {"dw": np.array([[0.25, 1e-6, 2e-6], [0.125, 0.0, 3.0]])}
    found = compared(small, small, 4)
    assert found.pairs[0].text == "equal to the 4 decimals printed; 3 of 6 entries print as 0"
    assert found.verdict == "equal"
    assert compared({"dw": small["dw"] + 3e-4}, small, 4).verdict == "different"
    coarse = difference(rounded({"dw": small["dw"] + 3e-5}, 4), rounded(small, None))
    assert coarse.verdict == "equal"


def test_nan_infinity_and_left_out_entries() -> None:
    array = np.array([1.0, np.inf, -np.inf, 4.0])
    assert compared({"b": array}, {"b": array}).verdict == "equal"
    assert compared({"b": array}, {"b": -array}).verdict == "different"
    left_out = compared({"b": np.array([1.0, np.nan, 3.0])}, {"b": np.array([1.0, 2.0, 3.0])})
    assert left_out.verdict == "equal"
    assert "1 entry not in the file" in left_out.pairs[0].text
    json.dumps(difference_json(compared({"b": array}, {"b": np.array([1.0, np.nan, 2.0, 4.0])})), allow_nan=False)


def test_labels_with_markup_stay_text() -> None:
    label = "<script>alert(1)</script> | **w** \x1b[31m"
    found = compared({label: np.ones((2, 2))}, {label: np.eye(2)})
    assert "<script>" not in difference_markdown(found)
    assert "\x1b" not in difference_text(found)
    assert "\x1b" not in difference_markdown(found)


def test_two_files_of_a_million_numbers_take_seconds() -> None:
    random = np.random.default_rng(1)
    array = random.standard_normal((1000, 1000))
    start = time.process_time()
    for other in (array, array.T, random.standard_normal((1000, 1000)), array[random.permutation(1000)]):
        difference_text(compared({"dw1": array, "db1": array[0]}, {"dw1": other, "db1": array[0]}, 5))
    assert time.process_time() - start < 20


def test_one_file_beside_a_network_says_what_fits() -> None:
    graph = parse("W = [[1, 2], [3, 4]]; b = [1, 2]; x = const([1, 1]); L = sum((W @ x + b) ** 2)")
    found = difference_with_network(from_mapping({"dW": np.outer([1.0, 2.0], [1, 1]), "db": [1.0, 3.0]}), graph)
    assert {name for name, _, _ in found.fitting} == {"W", "b"}
    assert "broken" in found.sentence
    partly = difference_with_network(from_mapping({"db": [1.0, 3.0]}), graph)
    assert any("no gradient for W" in misfit for misfit in partly.misfits)


def files(letter: str) -> Difference:
    if not (DATA / letter).exists():
        pytest.skip("the files are not here")
    return difference(*(read_gradients(DATA / letter / f"{side}_autograd.dat") for side in ("my", "torch")), ("my", "torch"))


@pytest.mark.parametrize(("letter", "count", "said"), [("a", 6, "4 decimals"), ("b", 24, "4 decimals"), ("c", 132, "5 decimals")])
def test_files_that_agree_agree(letter: str, count: int, said: str) -> None:
    found = files(letter)
    assert found.verdict == "equal"
    assert len(found.pairs) == count
    assert said in found.banner.bold
    assert not found.findings


def test_file_c_holds_six_runs_written_transposed() -> None:
    found = files("c")
    assert {p.run for p in found.pairs} == set(range(6))
    assert all(any(words in note for note in found.notes) for words in ("6 runs", "transposed to each other"))
    assert "21,242 of 27,852 entries print as 0" in found.sentence
    assert len(found.notes) == 2
    assert "56 matrices in 6 runs" in found.notes[1]


def test_file_d_is_explained_from_the_two_files_alone() -> None:
    found = files("d")
    assert found.verdict == "different"
    assert [p.label for p in found.pairs if p.state == "different"] == ["dw2", "db2", "dw1", "db1"]
    notes = {note.mistake: note for note in found.findings}
    bias, running = notes["bias-once-per-column"], notes["running-sum-not-reset"]
    assert bias.certain
    assert "10 times the other's" in bias.text
    assert "half the other's, its fan-in being 2" in bias.text
    assert running.certain
    assert "climb monotonically from 0.8134 to 1" in running.text
    assert "climb monotonically from 0.9977 to 1" in running.text
    assert found.sentence.endswith("The origin is at or above layer 2; with the weights I could say which.")
    layer_one, layer_two, layer_three = found.layers
    assert layer_three.agrees
    assert layer_one.laws is not None
    assert [one.state for one in layer_one.laws] == ["holds", "holds"]
    assert layer_two.laws is not None
    # both are outer products; only torch's is one with its own db
    assert [one.rank for one in layer_two.laws] == [1, 1]
    assert [one.state for one in layer_two.laws] == ["broken", "holds"]
    json.dumps(difference_json(found), allow_nan=False)
    assert "running-sum-not-reset" in difference_text(found)

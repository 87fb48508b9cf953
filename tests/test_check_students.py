"""Mistakes as students make them in a NumPy network with a batch: the right node, a sensible name, one for one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphcore as gc
from graphcore.__main__ import main
from graphcore.check.findings import Checkup
from graphcore.check.words import banner
from graphcore.networks import GALLERY
from graphcore.picture.check.page import Shown, verdict
from graphcore.picture.check.problem import solve_network
from graphcore.picture.check.sources import Source
from graphcore.picture.check.work import Asked, Crowd
from graphcore.picture.network.settings import Request, Settings

ROWS = 6
SHAPES = {"X": (ROWS, 4), "T": (ROWS, 3), "W1": (4, 5), "b1": (5,), "W2": (5, 7), "b2": (7,), "W3": (7, 3), "b3": (3,)}
FORWARD = """z1 = X @ W1 + b1
a1 = tanh(z1)
z2 = a1 @ W2 + b2
a2 = relu(z2)
z3 = a2 @ W3 + b3
L = mean((z3 - T)**2)"""
BACKWARD = """z1 = X @ W1 + b1; a1 = np.tanh(z1); z2 = a1 @ W2 + b2; a2 = np.maximum(z2, 0); z3 = a2 @ W3 + b3
dz3 = 2 * (z3 - T) / z3.size
dW3 = a2.T @ dz3
db3 = dz3.sum(axis=0)
dz2 = (dz3 @ W3.T) * (z2 > 0)
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0)
dz1 = (dz2 @ W2.T) * (1 - a1**2)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0)"""
BUGS = [
    ("/ z3.size", f"/ {ROWS}", "v5", "sum-for-mean"),
    ("/ z3.size", "/ z3.size / 7", "z3", "constant-factor"),
    ("2 * (z3", "(z3", "v4", "missing-factor-two"),
    ("(1 - a1**2)", "(1 - z1**2)", "z1", "input-for-output"),
    ("(1 - a1**2)", "(a1 * (1 - a1))", "z1", "sigmoid-for-tanh"),
    ("(1 - a1**2)", "(1 - a1)", "z1", "complement-for-derivative"),
    ("(z2 > 0)", "(z2 <= 0)", "z2", "complement-for-derivative"),
    ("(z2 > 0)", "(dz3 @ W3.T > 0)", "z2", "mask-from-upstream"),
    ("db2 = dz2.sum(axis=0)", "db2 = dz2.mean(axis=0)", "b2", "averaged-over-batch"),
    ("db3 = dz3.sum(axis=0)", "db3 = 2 * dz3.sum(axis=0)", "b3", "accumulated-twice"),
]


@pytest.fixture(scope="module")
def numbers() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {name: rng.normal(size=shape) for name, shape in SHAPES.items()}


@pytest.fixture(scope="module")
def graph(numbers: dict[str, np.ndarray]) -> gc.Graph:
    written = {k: f"const({v.tolist()})" if k in "XT" else str(v.tolist()) for k, v in numbers.items()}
    return gc.parse("\n".join([*(f"{k} = {text}" for k, text in written.items()), FORWARD]))


def handed(graph: gc.Graph, numbers: dict[str, np.ndarray], right: str, wrong: str, decimals: int | None = None) -> Checkup:
    assert BACKWARD.count(right) == 1
    notebook: dict[str, Any] = {"np": np, **numbers}
    exec(BACKWARD.replace(right, wrong), notebook)
    text = "\n".join(f"d{k} = {np.array2string(notebook[f'd{k}'], precision=decimals or 17)}" for k in SHAPES if k not in "XT")
    return gc.check(graph, gc.read_gradients(text))


def named(checkup: Checkup) -> dict[str, str]:
    return {checkup.run.graph.names[f.node]: f.explanations[0].mistake for f in checkup.origins}


@pytest.mark.parametrize("decimals", [None, 4])
@pytest.mark.parametrize(("right", "wrong", "node", "mistake"), BUGS, ids=[f"{row[3]} at {row[2]}" for row in BUGS])
def test_one_mistake_of_a_student_is_one_mistake(
    graph: gc.Graph, numbers: dict[str, np.ndarray], right: str, wrong: str, node: str, mistake: str, decimals: int | None
) -> None:
    found = named(handed(graph, numbers, right, wrong, decimals))
    if mistake == "constant-factor":
        # of a factor at all leaves, where on the way to them it came in cannot be told
        assert list(found.values()) == [mistake]
    else:
        assert found == {node: mistake}


def test_a_slope_where_the_relu_is_off_is_no_rounding(graph: gc.Graph, numbers: dict[str, np.ndarray]) -> None:
    checkup = handed(graph, numbers, "(z2 > 0)", "np.where(z2 > 0, 1, 0.01)", decimals=4)
    assert checkup.verdict == "wrong"
    assert set(named(checkup).values()) == {"unknown"}


@pytest.fixture(scope="module")
def attention() -> gc.Trace:
    network = next(known for known in GALLERY if known.key == "attention")
    fields = {"loss": network.loss, "input": network.input, "target": network.target}
    return solve_network(Request(network.text, Settings.read(fields)), lambda *told: None).run


def own(run: gc.Trace) -> dict[str, np.ndarray]:
    return {leaf.name: np.array(run.gradient(leaf.name)) for leaf in run.graph.leaves if run.gradient(leaf.name) is not None}


def test_a_factor_at_every_parameter_of_a_block_is_one_mistake_and_found_at_once(attention: gc.Trace) -> None:
    begun = time.perf_counter()
    found = named(gc.check(attention, {name: 2 * array for name, array in own(attention).items()}))
    assert list(found.values()) == ["extra-factor-two"]
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize("spoiled", [np.nan, np.inf, 1 + 1e-13])
def test_no_number_of_a_layer_norm_is_too_odd_to_be_judged(attention: gc.Trace, spoiled: float) -> None:
    right = own(attention)
    for name in right:
        # float32, so that rounding is measured on a graph with an op of several outputs
        arrays = {k: array.astype(np.float32) for k, array in right.items()}
        with np.errstate(invalid="ignore"):  # 0 times inf
            arrays[name] = (right[name] * spoiled).astype(np.float32)
        checkup = gc.check(attention, arrays)
        assert checkup.findings[name].status == ("right" if np.isfinite(spoiled) else "origin")


def test_the_command_line_says_that_a_match_proves_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from graphcore.check.examples import example

    (tmp_path / "c.txt").write_text(example("c-weak").text)
    assert main(["check", "c", str(tmp_path / "c.txt")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("0 Right, but it proves little. x2 = (2, 2): any mix-up of its entries")
    assert "Square shapes let a transpose pass" in said


def test_formulas_on_the_command_line_have_the_name_of_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from graphcore.check.examples import example

    (tmp_path / "a.txt").write_text(example("a-degrees").text)
    main(["check", "a-degrees", str(tmp_path / "a.txt")])
    said = capsys.readouterr().out
    assert "∂f/∂v4 * (pi / 180)" in said
    assert "∂L" not in said


def test_a_file_for_another_network_is_no_mistake_of_this_one() -> None:
    text = "\n".join(f"layer {k} weight gradient: {np.full((21, 21), 0.1 * k).tolist()}" for k in range(1, 6))
    checkup = gc.check(gc.parse("W = [1, 2]\nb = 3\nL = sum(W)**2 * b"), gc.read_gradients(f"{text}\nb gradient: 0.5\n"))
    assert checkup.verdict == "unproven"
    assert "of the 6 arrays handed in belong to no node" in banner(checkup).small


def test_a_class_without_a_problem_is_asked_for_it() -> None:
    sources = tuple(Source(f"{name}.dat", b"W = 1") for name in ("ann", "bert", "cora"))
    said = verdict(Shown(Asked(Request(""), sources), crowd=Crowd(sources)), None, None, stopped=False)
    assert said["bold"].startswith("What problem")
    assert "all 3" in said["small"]

"""The generated programs run, alone, and give the gradients of the trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphcore as gc
from graphcore import ops
from graphcore.backprop import Trace
from graphcore.code import gradient_variables, numpy_program, torch_program, variables
from graphcore.parse import parse

EPS = np.finfo(np.float64).eps
C = """x1 = [[0], [1], [2]]
W1 = [[3, -1, 1], [-5, 2, -1]]
b1 = [[1], [2]]
W2 = [[1, -2], [-3, 1]]
b2 = [[1], [1]]
t = const([[1], [2]])
x2 = {}(W1 @ x1 + b1)
x3 = W2 @ x2 + b2
L = 0.5 * sum((t - x3)**2)"""
D = """x = [[0.3, 0.8]]
W1 = randn(10, 2, seed=1)
b1 = randn(10, seed=2)
W2 = randn(10, 10, seed=3)
b2 = randn(10, seed=4)
W3 = randn(1, 10, seed=5)
b3 = randn(1, seed=6)
y = const(0.365)
h1 = sigmoid(x @ W1.T + b1)
h2 = sigmoid(h1 @ W2.T + b2)
p = h2 @ W3.T + b3
L = sum((p - y)**2)"""
PROGRAMS = {
    "A": "x1 = -1\nw1 = 3\nx2 = -2\nw2 = 3\nf = 1 / (2 + sin(x1 * w1)**2 + cos(x2 * w2))",
    "A in degrees": "x1 = -1\nw1 = 3\nf = 1 / (2 + sin(radians(x1 * w1))**2)",
    "B": "W = [[0.4, 0.1, -0.5], [0.2, -0.32, 0.8], [0.7, 0.4, -0.6]]\nx = [-0.2, 0.6, -0.4]\nf = norm(sigmoid(W @ x))**2",
    "B, column": "W = [[0.4, 0.1], [0.2, -0.32]]\nx = [[-0.2], [0.6]]\nf = sum(sigmoid(W @ x)**2)",
    "C with relu": C.format("relu"),
    "C with sigmoid": C.format("sigmoid"),
    "D": D,
    "softmax cross-entropy": "z = [[1, 2, 3], [1, 0, -1]]\nt = const([2, 0])\nL = cross_entropy(z, t)",
    "probabilities": "z = [[1, 2, 3], [1, 0, -1]]\nt = const([[0, 0, 1], [1, 0, 0]])\n"
    "L = -mean(sum(t * log(softmax(z)), axis=1))",
    "fan-out": "x = 2\na = x ** 2\nb = sin(x)\ny = a * b + x",
    "fan-out of an array": "x = [1, 2, 3]\na = x + 1\nb = x.T\ny = sum(a * b * x) + sum(x)",
    "used twice": "x = [1, 2]\ny = sum(x * x)",
    "reductions": "x = [[1, 2, 4], [4, 7, 6]]\n"
    "y = sum(mean(x, axis=0) * max(x, axis=0)) + sum(x, axis=1, keepdims=True)[0, 0] + prod(x[0]) + min(x)",
    "indexing": "x = [[1, 2, 3], [4, 5, 6]]\ny = x[0, 1] * sum(x[1, 1:]) + sum(x[:, ::2] ** 2)",
    "rows by number": "x = [[1, 2], [3, 4]]\nk = const([0, 1, 1])\ny = sum(x[k] ** 2)",
    "joined": "x = [1, 2]\nw = [3, 4]\ny = sum(concatenate([x, w, x]) ** 2) + sum(stack([x, w]) @ [1, -1])",
    "where": "x = [-1, 2, 0.5]\nw = [1, 2, 3]\ny = sum(where(x > 0, x * w, 0.1 * x ** 2))",
    "broadcasting": "M = [[1, 2, 3], [4, 5, 6]]\nr = [1, 2, 3]\nk = [[2], [3]]\ns = 0.5\ny = sum((M * r + k) ** 2 * s / (M + s))",
    "literals": "x = [1, 2]\ny = sum(3 * x - x / 4 + [5, 6] * x + x ** 3 + 2 ** x + 1e-3 * x - (-2) ** 2 * x)",
    "names that are taken": "d = 2\nx = 3\ndx = 5\nnp = 4\nlen = 1.5\ny = x * dx * d * np * len",
    "empty": "x = zeros(0, 3)\ny = sum(x) + 1",
    "a leaf alone": "x = 3",
    "nothing wants a gradient": "x = const(3)\ny = 2 * x",
    "only a comparison": "x = 3\ny = x > 2",
    "an infinite gradient": "x = 0\ny = sqrt(x)",
}


def close(got: Any, wanted: Any) -> bool:
    """The rule of the comparison: 256 eps of the largest entry, nan and inf at the same places."""
    got, wanted = np.asarray(got, dtype=np.float64), np.asarray(wanted)
    if got.shape != wanted.shape:
        return False
    finite = np.isfinite(wanted)
    if not np.array_equal(got[~finite], wanted[~finite], equal_nan=True):
        return False
    largest = np.max(np.abs(wanted[finite]), initial=0.0)
    return bool(np.max(np.abs(got[finite] - wanted[finite]), initial=0.0) <= 256 * EPS * largest)


def check(run: Trace, *, torch_disagrees: bool = False) -> None:
    """Both programs, each in a fresh namespace."""
    graph = run.graph
    leaves = [leaf.index for leaf in graph.leaves if run.gradient(leaf.index) is not None]
    ours: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        exec(numpy_program(run), ours)
    for index in leaves:
        assert close(ours[gradient_variables(graph)[index]], run.gradient(index)), graph.names[index]
    theirs: dict[str, Any] = {"print": lambda *_: None}
    exec(torch_program(run), theirs)
    for index in leaves:
        gradient = theirs[variables(graph)[index]].grad
        assert torch_disagrees or close(gradient.numpy(), run.gradient(index)), graph.names[index]


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_give_the_traces_gradients(name: str) -> None:
    """The problems of the gallery and one program for each thing that a backward line has to do."""
    check(gc.trace(parse(PROGRAMS[name])))


# torch's hardsigmoid multiplies by 1/6 in float32
TORCH_ROUNDS = {"hardsigmoid"}


@pytest.mark.parametrize("name", ops.REGISTRY)
def test_every_rows_example_runs(name: str) -> None:
    """Adding an op to the registry adds it to the programs."""
    check(gc.trace(parse(ops.REGISTRY[name].example)), torch_disagrees=name in TORCH_ROUNDS)


@pytest.mark.parametrize("name", ops.COMPOSITES)
def test_every_composites_example_runs(name: str) -> None:
    """And so does a composite."""
    check(gc.trace(parse(ops.COMPOSITES[name].example)))


def test_numpy_program_is_what_a_person_would_hand_in() -> None:
    """Problem C, line by line."""
    backward = numpy_program(gc.trace(parse(C.format("relu")))).split("# backward\n")[1]
    assert backward.splitlines() == [
        "dL = np.array(1.0)",
        "dv6 = dL * 0.5  # L = 0.5 · v6",
        "dv5 = dv6 * np.ones_like(v5)  # v6 = sum(v5)",
        "dv4 = dv5 * 2 * v4  # v5 = v4²",
        "dx3 = -dv4  # v4 = t − x3",
        "dv3 = dx3  # x3 = v3 + b2",
        "db2 = dx3  # x3 = v3 + b2",
        "dW2 = dv3 @ x2.T  # v3 = W2 @ x2",
        "dx2 = W2.T @ dv3  # v3 = W2 @ x2",
        "dv2 = np.where(x2 <= 0, 0.0, dx2)  # x2 = relu(v2)",
        "dv1 = dv2  # v2 = v1 + b1",
        "db1 = dv2  # v2 = v1 + b1",
        "dW1 = dv1 @ x1.T  # v1 = W1 @ x1",
        "dx1 = W1.T @ dv1  # v1 = W1 @ x1",
    ]


def test_fan_out_and_broadcasting_lines() -> None:
    """A sum of terms with +=, and broadcasting undone with .sum(axis=0)."""
    program = numpy_program(gc.trace(parse("M = [[1, 2], [3, 4]]\nb = [1, 2]\ny = sum((M + b) * M)")))
    assert "db = dv1.sum(axis=0)  # v1 = M + b" in program
    assert "dM = dv2 * v1  # v2 = v1 ⊙ M" in program
    assert "dM += dv1  # v1 = M + b" in program


def test_helpers_only_where_they_are_called() -> None:
    """A program defines no function that it does not use."""
    assert "def " not in numpy_program(gc.trace(parse(PROGRAMS["D"])))
    assert "def " in numpy_program(gc.trace(parse("x = [1, 2]\ny = amax(x)")))


def test_another_seed_and_several_outputs() -> None:
    """The starting gradients are written out."""
    b = gc.Builder()
    x = b.leaf("x", [1.0, 2.0])
    y, z = b.apply("sin", x, name="y"), b.apply("mul", x, x, name="z")
    check(gc.trace(b.graph(y), upstream=[0.5, -2.0]))
    check(gc.trace(b.graph(y, z), upstream=([0.5, -2.0], [1.0, 3.0])))
    check(gc.trace(b.graph(y, z), upstream=(None, [1.0, 3.0])))


def test_other_leaf_values_are_the_ones_written() -> None:
    """A program shows the run, not the text it came from."""
    run = gc.trace(parse(PROGRAMS["A"]), {"w1": 2.5})
    assert "w1 = np.array(2.5)" in numpy_program(run)
    check(run)


def test_every_digit_is_kept_and_large_arrays_are_wrapped() -> None:
    """repr round-trips; lines stay readable."""
    rng = np.random.default_rng(0)
    b = gc.Builder()
    x = b.leaf("x", rng.standard_normal((30, 20)))
    v = b.leaf("v", [1 / 3, 1e-300, -0.0, 1e300])
    total = b.apply("add", b.apply("sum", x), b.apply("sum", v))
    run = gc.trace(b.graph(total))
    program = numpy_program(run)
    assert max(map(len, program.splitlines())) <= 110
    names: dict[str, Any] = {}
    exec(program, names)
    assert np.array_equal(names["x"], run.value("x"))
    assert names["v"].tobytes() == run.value("v").tobytes()


def test_large_leaves_can_be_left_out() -> None:
    """For a screen: the program still runs, and says what is missing."""
    run = gc.trace(parse("W = randn(20, 30, seed=1)\nx = 2\ny = x * sum(W)"))
    program = numpy_program(run, most=400)
    assert "W = np.zeros((20, 30))  # 600 numbers, left out here" in program
    exec(program, {})
    program = torch_program(run, most=400)
    assert "W = torch.zeros((20, 30), dtype=torch.float64, requires_grad=True)  # 600 numbers, left out here" in program
    exec(program, {"print": lambda *_: None})


@pytest.mark.parametrize(
    "name", ["<script>", '"]', "a.b.weight", "0.weight", "class", "import os", "x\ny", "é中", "#", "__import__('os')"]
)
def test_hostile_names_become_variables(name: str) -> None:
    """No name of a recorded module reaches a program as anything but an identifier or a comment."""
    b = gc.Builder()
    x = b.leaf(name, [1.0, 2.0])
    y = b.apply("sin", b.apply("mul", 2, x, name=name + " twice"))
    run = gc.trace(b.graph(b.apply("sum", y)))
    check(run)
    assert all(variable.isidentifier() for variable in variables(run.graph))


def test_names_are_unique() -> None:
    """Different nodes keep different variables after mending."""
    b = gc.Builder()
    for name in ("a.b", "a_b", "a b", "np", "da_b"):
        b.leaf(name, 1.0)
    graph = b.graph()
    every = [*variables(graph), *gradient_variables(graph)]
    assert len(set(every)) == len(every)


def test_two_thousand_nodes_are_written_quickly() -> None:
    """Lines are printed once a kind of node; part of every answer to the browser."""
    import time

    b = gc.Builder()
    x = b.leaf("x", 0.5)
    for k in range(1000):
        x = b.apply("sin", b.apply("mul", x, k + 0.5))
    run = gc.trace(b.graph())
    started = time.perf_counter()
    numpy_program(run)
    torch_program(run)
    # 40 ms alone on this machine
    assert time.perf_counter() - started < 0.4

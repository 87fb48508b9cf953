"""Jacobians of paths, in other conventions, of recorded rows, and what their structures are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from test_jacobian import EPS, M, V, a_run, cases

from graphcore import parse, record, trace
from graphcore.backprop import Trace
from graphcore.errors import JacobianError
from graphcore.graph import Builder
from graphcore.jacobian import Jacobian, local_jacobian
from graphcore.jacobian.layout import Arranged, Convention, label
from graphcore.jacobian.path import PathJacobian, path_jacobian
from graphcore.problems import GALLERY

CONVENTIONS = [Convention(a, b) for a in (False, True) for b in (False, True)]


def named_matrix(run: Trace, name: str, order: Any) -> np.ndarray[Any, Any]:
    """A factor of a formula as a matrix; a vector is a column."""
    sign = -1.0 if name.startswith("−") else 1.0
    name = name.removeprefix("−")
    if name.endswith("ᵀ"):
        return sign * named_matrix(run, name[:-1], order).T
    if name.startswith("diag("):
        values = [run.value(part) for part in name[5:-1].split(" · ")]
        return sign * np.diag(np.prod([value.ravel(order) for value in values], axis=0))
    value = run.value(name[4:-1]).ravel(order) if name.startswith("vec(") else run.value(name)
    return sign * (value.reshape(-1, 1) if value.ndim < 2 else value)


def written_out(run: Trace, formula: str, shape: tuple[int, int], order: Any) -> np.ndarray[Any, Any] | None:
    """The matrix that a formula of Kronecker factors says, None where it is no such formula."""
    words = formula.split(" ")
    if any(
        word in words for word in ("K", "Kᵀ", "permutation", "kronecker", "diagonal", "dense", "sum", "broadcast", "selection")
    ):
        return None
    if any(word in formula for word in ("blocks", "sparse", "function", "identity", "diag(y) −", "I − 1", "I − exp", "softmax")):
        return None
    head, *rest = formula.split(" ⊗ ")
    scale = 1.0
    while " " in head and not head.startswith("diag("):
        word, _, head = head.partition(" ")
        word = word.replace("−", "-")
        over = word.split("/")
        scale *= (
            float(over[0]) / float(over[-1] if len(over) > 1 else 1)
            if word[-1].isdigit() and word[0] in "-0123456789"
            else run.value(word)
        )
    if head.startswith("−"):
        scale, head = -scale, head[1:]
    if not rest and (head == "0" or head.replace(".", "").replace("/", "").isdigit()):
        a, *b = head.split("/")
        return np.full(shape, scale * float(a) / float(b[0] if b else 1))
    factors = [head, *rest]
    matrices = [None if part in ("I", "1", "1ᵀ") else named_matrix(run, part, order) for part in factors]
    open_ = [sum(k in ("I", name) for k in factors) for name in ("1", "1ᵀ")]
    left = [n // int(np.prod([1 if m is None else m.shape[axis] for m in matrices])) for axis, n in enumerate(shape)]
    if factors.count("I") > 1 or open_[0] > 2 or open_[1] > 2:
        return None
    eye = left[1] if "1" in factors else left[0]
    ones = {
        "I": np.eye(eye),
        "1": np.ones((left[0] // (eye if "I" in factors else 1), 1)),
        "1ᵀ": np.ones((1, left[1] // (eye if "I" in factors else 1))),
    }
    found = np.ones((1, 1)) * scale
    for name, matrix in zip(factors, matrices):
        found = np.kron(found, ones[name] if matrix is None else matrix)
    return found


def permuted(run: Trace, local: Jacobian | PathJacobian, ends: tuple[int, int], convention: Convention) -> np.ndarray[Any, Any]:
    """The matrix in a convention, by NumPy's own reshaping of the dense one."""
    shapes = [run.graph.shapes[k] for k in ends]
    dense = local.dense()
    if convention.columns:
        rows, columns = (np.arange(int(np.prod(shape))).reshape(shape).ravel(order="F") for shape in shapes)
        dense = dense[rows][:, columns]
    return dense.T if convention.denominator else dense


def test_formulas_say_the_matrix_in_every_convention() -> None:
    said = 0
    for one in cases(0):
        name, shapes, statics, _ = one.values
        run = a_run(name, shapes, statics, 1, 0)
        for edge in run.graph.backward_edges:
            local = local_jacobian(run, edge)
            if 0 in local.shape:
                continue
            for convention in CONVENTIONS:
                arranged = Arranged(local, convention)
                expected = permuted(run, local, (edge.target, edge.source), convention)
                np.testing.assert_array_equal(arranged.block(slice(None), slice(None)), expected)
                formula = written_out(run, arranged.structure, arranged.shape, "F" if convention.columns else "C")
                if formula is None:
                    continue
                said += 1
                assert formula.shape == expected.shape, (name, shapes, arranged.structure)
                np.testing.assert_allclose(
                    formula, expected, rtol=1e-5, atol=1e-12, err_msg=f"{name} {shapes} {arranged.structure}"
                )
    assert said > 900


NAMES = [
    ("matmul", (M, (3, 4)), 0, ["I ⊗ x1ᵀ", "I ⊗ x1", "x1ᵀ ⊗ I", "x1 ⊗ I"]),
    ("matvec", (M, V), 0, ["I ⊗ x1ᵀ", "I ⊗ x1", "x1ᵀ ⊗ I", "x1 ⊗ I"]),
    ("matvec", (M, V), 1, ["x0", "x0ᵀ", "x0", "x0ᵀ"]),
    ("inv", ((3, 3),), 0, ["−y ⊗ yᵀ", "−yᵀ ⊗ y", "yᵀ ⊗ −y", "y ⊗ −yᵀ"]),
    ("sum", (M,), 0, ["1ᵀ", "1", "1ᵀ", "1"]),
    ("T", (M,), 0, ["K", "Kᵀ", "K", "Kᵀ"]),
    ("reshape", (M,), 0, ["I", "I", "permutation", "permutation"]),
    ("add", (M, V), 1, ["1 ⊗ I", "1ᵀ ⊗ I", "I ⊗ 1", "I ⊗ 1ᵀ"]),
    ("mul", (M, V), 0, ["I ⊗ diag(x1)", "I ⊗ diag(x1)", "diag(x1) ⊗ I", "diag(x1) ⊗ I"]),
    ("exp", (M,), 0, ["diag(y)"] * 4),
    ("softmax", (V,), 0, ["diag(y) − y yᵀ"] * 4),
    ("log_softmax", (V,), 0, ["I − 1 exp(y)ᵀ", "I − exp(y) 1ᵀ"] * 2),
]


@pytest.mark.parametrize(("name", "shapes", "slot", "expected"), NAMES)
def test_the_structure_is_named_in_every_convention(name: str, shapes: Any, slot: int, expected: list[str]) -> None:
    run = a_run(name, shapes, {"newshape": (6,)} if name == "reshape" else {}, 3, 0)
    local = local_jacobian(run, next(edge for edge in run.graph.edges if edge.slot == slot))
    assert [Arranged(local, convention).structure for convention in CONVENTIONS] == expected


PROGRAMS = [one for one in GALLERY if one.key not in ("nan",)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.key)
def test_a_path_to_the_output_is_the_gradient(program: Any) -> None:
    run = trace(parse(program.text))
    output = run.graph.outputs[0].index
    for leaf in run.graph.leaves:
        gradient = run.gradient(leaf.index)
        if gradient is None:
            with pytest.raises(JacobianError, match=f"no gradient flows from .* to {leaf.name}"):
                path_jacobian(run, leaf.name, output)
            continue
        found = path_jacobian(run, leaf.name, output)
        bound = 256 * EPS * np.abs(gradient).max(initial=0)
        np.testing.assert_allclose(found.dense(), gradient.reshape(1, -1), rtol=0, atol=bound)


def test_a_path_is_the_product_of_what_lies_on_it() -> None:
    run = trace(parse(next(one.text for one in GALLERY if one.key == "c-sigmoid")))
    found = path_jacobian(run, "W1", "x3")
    assert isinstance(found, PathJacobian)
    assert (found.kind, found.shape) == ("product", (2, 6))
    assert found.chain is not None
    product = np.linalg.multi_dot([local.dense() for local in found.chain])
    np.testing.assert_allclose(found.dense(), product, rtol=1e-14)
    np.testing.assert_array_equal(found.block(1, slice(2, 5)), found.dense()[1:2, 2:5])
    assert found.structure.endswith("(I ⊗ x1ᵀ)")
    assert found.structure_when(True).endswith("(x1ᵀ ⊗ I)")
    assert found.structure_when(True, True).startswith("(x1 ⊗ I)")


def test_paths_that_part_are_summed() -> None:
    run = trace(parse("x = [1, 2]\na = x * x\nb = sin(x)\ny = a * b + x\nL = sum(y)"))
    found = path_jacobian(run, "x", "y")
    assert isinstance(found, PathJacobian)
    assert found.kind == found.structure == "paths"
    assert found.chain is None
    x = run.value("x")
    np.testing.assert_allclose(found.dense(), np.diag(2 * x * np.sin(x) + x * x * np.cos(x) + 1), rtol=1e-14)
    assert isinstance(path_jacobian(run, "y", "L"), Jacobian)
    same = path_jacobian(run, "y", "y")
    np.testing.assert_array_equal(same.dense(), np.eye(2))
    with pytest.raises(JacobianError, match="no gradient flows from x to L"):
        path_jacobian(run, "L", "x")
    with pytest.raises(KeyError):
        path_jacobian(run, "nobody", "L")


def test_only_the_rows_asked_for_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder()
    x = b.leaf("x", np.random.default_rng(0).normal(size=(40, 50)))
    y = b.apply("exp", b.apply("sin", x), name="y")
    run = trace(b.graph(y), upstream=np.ones((40, 50)))
    found: Any = path_jacobian(run, "x", "y")
    with pytest.raises(JacobianError, match="2,000 x 2,000 = 4,000,000 entries"):
        found.dense()
    asked: list[int] = []
    plain = PathJacobian._row
    monkeypatch.setattr(PathJacobian, "_row", lambda self, row: asked.append(row) or plain(self, row))
    block = found.block(slice(7, 9), slice(5, 10))
    assert asked == [7, 8]
    value = run.value("x").reshape(-1)[7:9]
    np.testing.assert_allclose(block[:, 2:4], np.diag(np.exp(np.sin(value)) * np.cos(value)), rtol=1e-13)


def test_labels_follow_the_convention() -> None:
    run = a_run("matmul", (M, (3, 4)), {}, 1, 0)
    local = local_jacobian(run, run.graph.edges[1])
    rows = Arranged(local)
    assert rows.labels(0, slice(3)) == ["y[0,0]", "y[0,1]", "y[0,2]"]
    assert rows.labels(1, slice(3, 6)) == ["x1[0,3]", "x1[1,0]", "x1[1,1]"]
    stacked = Arranged(local, Convention(columns=True, denominator=True))
    assert stacked.labels(1, slice(3)) == ["y[0,0]", "y[1,0]", "y[0,1]"]
    assert stacked.labels(0, slice(3)) == ["x1[0,0]", "x1[1,0]", "x1[2,0]"]
    assert stacked.place(0, 1) == 4
    assert label("a", (), 0) == "a"


SIX = {
    "c": {
        "W1": [[0, 0], [13, -1], [26, -2]],
        "W2": [[-4, -10], [-4, -10]],
        "b1": [[13, -1]],
        "b2": [[-2, -5]],
    },
    "c-sigmoid": {
        "W1": [[0, 0], [0.7774, -0.1050], [1.5547, -0.2100]],
        "W2": [[-0.7758, -2.4324], [-0.7758, -2.4324]],
        "b1": [[0.7774, -0.1050]],
        "b2": [[-0.8808, -2.7616]],
    },
}


@pytest.mark.parametrize("key", SIX)
def test_problem_c_in_its_own_conventions(key: str) -> None:
    run = trace(parse(next(one.text for one in GALLERY if one.key == key)))
    for name, expected in SIX[key].items():
        stacked = Arranged(path_jacobian(run, name, "L"), Convention(columns=True))
        np.testing.assert_allclose(stacked.block(slice(None), slice(None)), np.reshape(expected, (1, -1)), atol=6e-5)
        np.testing.assert_allclose(stacked.gathered(), expected, atol=6e-5)
        turned = Arranged(path_jacobian(run, name, "L"), Convention(denominator=True))
        np.testing.assert_array_equal(turned.gathered(), run.gradient(name))
    with pytest.raises(JacobianError, match="no form as one matrix"):
        Arranged(path_jacobian(run, "W1", "x3")).gathered()


def test_convolution_is_a_band_and_layer_norm_has_its_formula() -> None:
    maker = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=maker, dtype=torch.float64, requires_grad=True)

    graph = record(lambda x, w: torch.nn.functional.conv1d(x, w, padding=1), normal(1, 1, 6), normal(1, 1, 3))
    run = trace(graph, upstream=np.ones((1, 1, 6)))
    by_input, by_weight = (local_jacobian(run, edge) for edge in graph.backward_edges)
    assert (by_input.kind, by_input.structure) == ("band", "band(w)")
    expected = sum(np.eye(6, k=k - 1) * run.value("w")[0, 0, k] for k in range(3))
    np.testing.assert_array_equal(by_input.dense(), expected)
    assert (by_weight.kind, by_weight.structure_when(denominator=True)) == ("band", "band(x)ᵀ")
    graph = record(lambda x, w: torch.nn.functional.layer_norm(x, (4,), w), normal(2, 4), normal(4))
    run = trace(graph, upstream=np.ones((2, 4)))
    edge = next(edge for edge in graph.backward_edges if graph.names[edge.source] == "x")
    assert local_jacobian(run, edge).kind == "layer norm"
    assert local_jacobian(run, edge).structure == "diag(w) (I − 1 1ᵀ/n − x̂ x̂ᵀ/n) / σ"

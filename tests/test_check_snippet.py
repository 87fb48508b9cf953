"""The way out of the notebook: the lines really run, and what they write is read and aligned with nothing left to do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphcore as gc
from graphcore.check.align import Alignment, align
from graphcore.check.reading import read_gradients
from graphcore.check.snippet import leaves_of, numpy_snippet, torch_snippet
from graphcore.problems import GALLERY, problem


def run(snippet: str, notebook: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Paste the lines at the end of a notebook whose names are given."""
    monkeypatch.chdir(folder)
    exec(snippet, notebook)
    return folder / "handin.npz"


def read_back(graph: gc.Graph, path: Path) -> Alignment:
    found = align(graph, read_gradients(path))
    assert found.sure, [row.how for row in found.rows if not row.sure or row.node is None]
    return found


def notebook_of(graph: gc.Graph) -> dict[str, Any]:
    """The arrays a person has after solving a program by hand, at a point of their own."""
    rng = np.random.default_rng(3)
    point = {leaf.name: rng.normal(size=leaf.shape) for leaf in graph.leaves}
    trace = gc.trace(graph, point)
    return point | {f"d{leaf.name}": trace.gradient(leaf.name) for leaf in graph.leaves if trace.gradient(leaf.name) is not None}


@pytest.mark.parametrize("snippet", [numpy_snippet(), torch_snippet()], ids=["numpy", "torch"])
def test_six_lines_at_most_that_import_nothing_of_ours(snippet: str) -> None:
    assert len(snippet.splitlines()) <= 6
    assert [line for line in snippet.splitlines() if "import" in line] == ["import numpy as np"]
    compile(snippet, "notebook", "exec")


@pytest.mark.parametrize("key", [entry.key for entry in GALLERY if entry.key != "nan"])
def test_every_program_of_the_gallery_comes_back(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gc.parse(problem(key).text)
    snippet = numpy_snippet(graph)
    assert len(snippet.splitlines()) <= 6
    notebook = notebook_of(graph)
    found = read_back(graph, run(snippet, dict(notebook), tmp_path, monkeypatch))
    assert not found.missing
    assert found.point.keys() == {leaf.name for leaf in graph.leaves}
    for leaf in graph.leaves:
        assert np.array_equal(found.point[leaf.name], notebook[leaf.name])
    for node, row in found.gradients.items():
        assert np.array_equal(row.array, notebook[f"d{graph.names[node]}"])


def test_torch_tensors_under_names_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    graph = gc.parse(problem("d").text)
    notebook = {name: torch.tensor(np.asarray(array), requires_grad=True) for name, array in notebook_of(graph).items()}
    found = read_back(graph, run(numpy_snippet(graph), notebook, tmp_path, monkeypatch))
    assert len(found.gradients) == 6


def test_rows_in_place_of_columns_and_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gc.parse(problem("d").text)
    notebook = {name: np.asarray(array, dtype=np.float32).squeeze() for name, array in notebook_of(graph).items()}
    path = run(numpy_snippet(graph), notebook, tmp_path, monkeypatch)
    found = read_back(graph, path)
    assert found.point["b1"].shape == (10, 1) and found.point["x"].shape == (2, 1)
    assert {reading.eps for reading in read_gradients(path).readings} == {float(np.finfo(np.float32).eps)}


def test_without_a_problem_whatever_has_its_gradient_is_handed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gc.parse(problem("d").text)
    notebook = notebook_of(graph) | {"y": np.array(0.3), "np": np, "ot": print, "dot": np.dot, "unused": np.ones(3)}
    found = read_back(graph, run(numpy_snippet(), notebook, tmp_path, monkeypatch))
    assert not found.missing
    assert found.values.keys() == {graph.index("y")}, "the program computes y, so the target is a value of it"


def test_a_name_the_notebook_does_not_have_is_named_by_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gc.parse(problem("b").text)
    with pytest.raises(NameError, match="dW"):
        run(numpy_snippet(graph), {"W": np.ones((3, 3)), "x": np.ones((3, 1)), "grad_W": np.ones((3, 3))}, tmp_path, monkeypatch)


def test_a_program_with_very_many_leaves_searches_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gc.parse("\n".join([*(f"w{k} = {k}" for k in range(60)), "f = " + " + ".join(f"w{k}" for k in range(60))]))
    snippet = numpy_snippet(graph)
    assert max(map(len, snippet.splitlines())) < 300
    found = read_back(graph, run(snippet, notebook_of(graph), tmp_path, monkeypatch))
    assert len(found.gradients) == 60


def module(torch: Any) -> Any:
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(nn.Linear(2, 10), nn.Sigmoid(), nn.Linear(10, 10), nn.Sigmoid(), nn.Linear(10, 1))


@pytest.mark.parametrize("generic", [False, True])
def test_a_torch_module_with_its_own_gradients(generic: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from graphcore.build.losses import problem as with_loss

    model = module(torch)
    x, y = torch.rand(3, 2), torch.rand(3, 1)
    graph = gc.record(with_loss(model, "mse"), x, y)
    model.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    snippet = torch_snippet(None if generic else graph)
    assert len(snippet.splitlines()) <= 6
    found = read_back(graph, run(snippet, {"model": model, "x": x, "y": y}, tmp_path, monkeypatch))
    assert found.point.keys() == {"x", "t", *dict(model.named_parameters())}
    assert not found.missing
    assert np.array_equal(found.gradients[graph.index("2.weight")].array, model[2].weight.grad.numpy().astype(float))


def test_gradients_computed_by_hand_for_a_torch_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from graphcore.build.losses import problem as with_loss

    model, x, y = module(torch), torch.rand(1, 2), torch.rand(1, 1)
    graph = gc.record(with_loss(model, "squared error"), x, y)
    mine = {name: np.random.default_rng(1).normal(size=tuple(p.shape)) for name, p in model.named_parameters()}
    snippet = torch_snippet(graph).replace(
        "_mine = {}", f"_mine = dict({', '.join(f'**{{{n!r}: by_hand[{n!r}]}}' for n in mine)})"
    )
    found = read_back(graph, run(snippet, {"model": model, "x": x, "y": y, "by_hand": mine}, tmp_path, monkeypatch))
    assert {graph.names[node]: row.array.tolist() for node, row in found.gradients.items()} == {
        n: a.tolist() for n, a in mine.items()
    }
    numpy = numpy_snippet(graph)
    assert "'0.weight': dW1, '0.bias': db1" in numpy and "'4.bias': db3" in numpy


def test_an_input_that_wants_a_gradient_and_the_buffers_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1)).eval()
    x = torch.rand(5, 3, requires_grad=True)
    graph = gc.record(model, x)
    model(x).sum().backward()
    assert leaves_of(graph).buffers == ("1.running_mean", "1.running_var")
    inner = torch_snippet(graph)
    name = leaves_of(graph).inputs[0]
    found = read_back(graph, run(inner, {"model": model, name: x}, tmp_path, monkeypatch))
    assert graph.index(name) in found.gradients and not found.missing
    assert {"1.running_mean", "1.running_var", name} <= found.point.keys()


def test_a_name_is_never_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = gc.Builder()
    evil = builder.leaf("w': __import__('os').abort(), 'v", 2.0)
    builder.apply("sin", evil)
    graph = builder.graph()
    snippet = numpy_snippet(graph)
    names = {
        name: 1.0 for name in compile(snippet, "notebook", "exec").co_names if name not in ("np", "items", "savez", "hasattr")
    }
    found = align(graph, read_gradients(run(snippet, names, tmp_path, monkeypatch)))
    assert set(found.gradients) == {evil}

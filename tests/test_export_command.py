"""``python -m graphcore export``: every format, from programs, examples, workspaces and modules; refusals in sentences."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from graphcore import export as exporting
from graphcore import parse, trace
from graphcore.__main__ import main
from graphcore.commands.output import BAD_INPUT, MATCH
from graphcore.errors import GraphError, TraceError, UnknownNameError
from graphcore.export import FORMATS, SavedFile, Workspace, export, format_of, read_workspace, to_workspace
from tests.export_runs import run_of

STARTS = {
    "html": b"<!doctype html>",
    "svg": b"<?xml",
    "png": b"\x89PNG",
    "tex": b"\\documentclass",
    "ipynb": b"{",
    "dat": b"x1 gradient:",
    "npz": b"PK",
    "json": b"{",
}


class Binary(io.TextIOWrapper):
    """A standard output with bytes behind it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8")

    def bytes(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_of_formats_is_whole() -> None:
    assert set(FORMATS) == set(STARTS)
    for name, kind in FORMATS.items():
        assert (kind.name, kind.suffix) == (name, f".{name}") and "/" in kind.mime and kind.title
    with pytest.raises(UnknownNameError, match="Did you mean `html`"):
        format_of("htm")


@pytest.mark.parametrize("name", STARTS)
def test_every_format_of_a_program(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / f"run.{name}"
    assert main(["export", "a", "--to", name, "-o", str(file)]) == MATCH
    assert file.read_bytes().startswith(STARTS[name])
    assert f"wrote {file}" in capsys.readouterr().err
    assert main(["export", "a", "-o", str(file)]) == MATCH  # the suffix says it
    assert f"replaced {file}" in capsys.readouterr().err
    run, result = run_of("a")
    if name not in ("ipynb", "json"):
        assert export(run, name, result)[:200] == file.read_bytes()[:200]


@pytest.mark.parametrize("name", ["html", "svg", "tex", "ipynb", "npz", "json"])
def test_every_format_of_a_network(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"run.{name}"
    assert main(["export", "network:d", "-o", str(file)]) == MATCH
    data = file.read_bytes()
    assert data.startswith(STARTS[name])
    if name in ("html", "tex", "ipynb", "json"):
        assert b"nn.Sigmoid()" in data
    if name == "npz":
        assert np.load(io.BytesIO(data))["0.weight"].shape == (10, 2)


def test_numbers_of_the_gradients(tmp_path: Path) -> None:
    run, result = run_of("a")
    for side in ("manual", "torch"):
        found = np.load(io.BytesIO(export(run, "npz", side=side)))
        assert float(found["w1"]) == pytest.approx(0.031462494053817715, rel=1e-15)
    assert export(run, "dat", style="numpy").startswith(b"dLd(x1)\n-0.0943")
    assert export(run, "dat", result, side="torch").count(b"gradient:") == 4
    odd = trace(parse("file = [1, 2]\nallow_pickle = 2\ny = sum(file * allow_pickle)"))
    assert set(np.load(io.BytesIO(export(odd, "npz")))) == {"file", "allow_pickle"}
    with pytest.raises(TraceError, match="no gradient reaches a leaf"):
        export(trace(parse("x = const(2)\ny = x * x")), "npz")
    with pytest.raises(TraceError, match="nothing was compared"):
        exporting.to_npz(run, None, "torch")
    with pytest.raises(ValueError, match="no side"):
        exporting.to_npz(run, None, "left")  # type: ignore[arg-type]


def test_other_values_and_other_starting_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Binary()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["export", "x = 2; y = x * x", "--set", "x=5", "--to", "json"]) == MATCH
    assert read_workspace(out.bytes()).text == "x = 5\ny = x * x"
    out = Binary()
    monkeypatch.setattr(sys, "stdout", out)
    program = ["export", "x = [1, 2]\ny = x * 3", "--upstream", "[1, 10]", "--to", "dat", "--style", "numpy", "-o", "-"]
    assert main(program) == MATCH
    assert out.bytes() == b"dLd(x)\n[ 3.,30.]\n"


def test_a_workspace_is_exported_and_kept(tmp_path: Path) -> None:
    saved = tmp_path / "page.json"
    state = Workspace("check", "x = 3\ny = x * x", hand_ins=(SavedFile("my.dat", b"x gradient:\n6\n"),))
    saved.write_bytes(to_workspace(state))
    assert main(["export", str(saved), "-o", str(tmp_path / "g.dat")]) == MATCH
    assert (tmp_path / "g.dat").read_text() == "x gradient:\n6.0000000000000000e+00\n"
    assert main(["export", str(saved), "-o", str(tmp_path / "again.json")]) == MATCH
    assert read_workspace((tmp_path / "again.json").read_bytes()) == state


def test_the_weights_of_a_workspace_are_used(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save

    weights = save({"weight": torch.tensor([[2.0, 3.0]]), "bias": torch.tensor([1.0])})
    text = "Linear(2, 1)"
    fields = {"loss": "sum", "input": "[[1.0, 2.0]]", "gradient": "input"}
    state = Workspace("networks", text, "network", fields, SavedFile("net.safetensors", weights))
    (tmp_path / "w.json").write_bytes(to_workspace(state))
    assert main(["export", str(tmp_path / "w.json"), "-o", str(tmp_path / "w.npz")]) == MATCH
    assert np.load(tmp_path / "w.npz")["x"].tolist() == [[2.0, 3.0]]
    assert main(["export", str(tmp_path / "w.json"), "-o", str(tmp_path / "w.ipynb")]) == MATCH
    assert "Weights.read('net.safetensors'" in (tmp_path / "w.ipynb").read_text()


def test_a_module_is_exported_but_no_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text("import torch\ndef make():\n    return torch.nn.Linear(2, 1), torch.ones(1, 2)\n")
    sys.path.insert(0, str(tmp_path))
    factory = ["--module", "mine:make"]
    try:
        assert main(["export", *factory, "--upstream", "[[1]]", "-o", str(tmp_path / "m.svg")]) == MATCH
        assert main(["export", *factory, "--upstream", "[[1]]", "-o", str(tmp_path / "m.ipynb")]) == MATCH
        assert "importlib.import_module('mine')" in (tmp_path / "m.ipynb").read_text()
        assert main(["export", *factory, "--upstream", "[[1]]", "--to", "json"]) == BAD_INPUT
        assert "no workspace keeps" in capsys.readouterr().err
    finally:
        sys.path.remove(str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a"], "say what to write with --to html|svg"),
        (["a", "-o", "run.doc"], "say what to write"),
        (["a", "--to", "doc"], "invalid choice"),
        (["a", "--to", "png"], "no text for a terminal"),
        (["a", "-o", "no/such/folder/run.svg"], "there is no folder `no/such/folder`"),
        (["a", "--to", "svg", "-o", "."], "is a folder"),
        (["--to", "svg"], "give a program"),
        (["nothing", "--to", "svg"], "no file and no example called `nothing`"),
        (["x = sine(1)", "--to", "svg"], "no op is called `sine`"),
        (["x = [1, 2]", "--to", "tex"], "a gradient starts from one"),
        (["network:d", "--to", "json", "--set", "x=1"], "has shape"),
        (["a", "--to", "svg", "--decimals", "90"], "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", *arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert said in captured.err and captured.out == ""


def test_a_bad_workspace_is_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    for content, said in (({"chainrule": 2}, "newer Chainrule"), ({"chainrule": 1, "page": "explore"}, "`text` is missing")):
        bad.write_text(json.dumps(content))
        assert main(["export", str(bad), "--to", "svg"]) == BAD_INPUT
        assert said in capsys.readouterr().err
    with pytest.raises(GraphError, match="was not made of a program"):
        export(run_of("network:d")[0], "json")

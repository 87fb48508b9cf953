"""Notebooks: of the documented format, and every cell of them runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphcore import parse, trace
from graphcore.commands.problem import recorded
from graphcore.errors import GraphError
from graphcore.export import of_factory, of_network, of_program, to_notebook
from graphcore.export.source import literal
from graphcore.networks import network
from graphcore.picture.network.settings import Request, Settings
from graphcore.picture.network.views import settings_of
from graphcore.problems import problem
from tests.export_runs import hostile, run_of

ROOT = Path(__file__).resolve().parents[1]

# runs the cells of the notebooks given, one after the other, each in a namespace of its own
RUNNER = """
import json, sys
for path in sys.argv[1:]:
    cells = json.load(open(path, encoding="utf-8"))["cells"]
    names = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), path, "exec"), names)
    print("done:", path)
"""


def check_format(text: str) -> list[dict[str, Any]]:
    """What nbformat 4.5 asks of a notebook; returns its cells."""
    notebook = json.loads(text)
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", one) for one in ids)
    for cell in notebook["cells"]:
        code = cell["cell_type"] == "code"
        assert cell["cell_type"] in ("code", "markdown")
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | ({"execution_count", "outputs"} if code else set())
        assert all(isinstance(line, str) for line in cell["source"])
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        if code:
            assert cell["execution_count"] is None and cell["outputs"] == []
            compile("".join(cell["source"]), "cell", "exec")
    return list(notebook["cells"])


def run_notebooks(folder: Path, **notebooks: str) -> str:
    paths = []
    for name, text in notebooks.items():
        check_format(text)
        paths.append(folder / f"{name}.ipynb")
        paths[-1].write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *map(str, paths)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_cells_of_programs_run_and_say_the_verdict(tmp_path: Path) -> None:
    moved = trace(parse("w1 = 2\nrun = [1, 2]\nvalue_of = 3\ny = run * w1 * value_of"), {"w1": 5.0}, np.array([1.0, 2.0]))
    quoted = trace(parse('x = 2  # """ \\ \'\nnp = 1\nsame_gradients = x * np'))
    said = run_notebooks(
        tmp_path,
        a=to_notebook(run_of("a")[0]),
        f=to_notebook(run_of("f")[0]),
        weak=to_notebook(run_of("nan")[0]),
        moved=to_notebook(moved),
        quoted=to_notebook(quoted),
    )
    parts = re.split(r"done: .*\n", said)
    assert "= Every gradient matches torch. 11 of 11 equal to rounding" in parts[0] and "verdict: match" in parts[0]
    assert "NumPy gives the same 4 gradients" in parts[0] and "torch gives the same 4 gradients" in parts[0]
    assert "torch gives the same 24 gradients" in parts[1]
    assert "verdict: unproven" in parts[2]
    assert re.search(r"w1 .*\s5\s", parts[3]) and "verdict: match" in parts[3]
    assert "torch gives the same 2 gradients" in parts[4]


def test_the_cells_of_networks_run_beside_the_module_itself(tmp_path: Path) -> None:
    notebooks = {}
    for key in ("d", "wrong"):
        chosen = network(key)
        request = Request(chosen.text, Settings.read(settings_of(chosen)))
        notebooks[key] = to_notebook(trace(recorded(key)), source=of_network(request))
    said = re.split(r"done: .*\n", run_notebooks(tmp_path, **notebooks))
    assert "verdict: match" in said[0] and "verdict: mismatch" in said[1]
    apart = [float(number) for number in re.findall(r": (\S+) apart", said[0])]
    assert len(apart) == 6 and max(apart) < 1e-15
    assert max(float(number) for number in re.findall(r": (\S+) apart", said[1])) > 1e-3


def test_a_graph_without_a_text_needs_to_be_told_where_it_comes_from() -> None:
    with pytest.raises(GraphError, match="was not made of a program"):
        to_notebook(run_of("hostile")[0])
    cells = check_format(to_notebook(trace(recorded("d")), source=of_factory("my.module:make.it")))
    assert any("importlib.import_module('my.module')" in "".join(cell["source"]) for cell in cells)
    with pytest.raises(GraphError):
        of_program(hostile())


@pytest.mark.parametrize(
    "text", ["x = 2", 'a = """', "back\\slash\nx", "tab\tx\ny", "\x00\n", "a\nb", "'''\n\"", "a\r\nb", "\nx"]
)
def test_a_text_is_the_same_text_in_python(text: str) -> None:
    names: dict[str, Any] = {}
    exec(f"text = {literal(text)}", names)
    assert names["text"] == text


def test_markdown_takes_names_as_text() -> None:
    graph = parse(problem("a").text.replace("f = ", "a_b_c = "))
    title = check_format(to_notebook(trace(graph)))[0]["source"][0]
    assert title == "# Backpropagation of a\\_b\\_c\n"

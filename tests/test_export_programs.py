"""The programs of a network too large to be written out: they load its parameters, run, and give the same gradients."""

import base64
import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphcore import parse, trace
from graphcore.build.explore import as_program, outlined
from graphcore.code import Saved, numpy_program, torch_program
from graphcore.networks import network
from graphcore.picture.network import tabs
from graphcore.picture.network.pipeline import Result, run_request
from graphcore.picture.network.session import NetworkSession
from graphcore.picture.network.settings import Request, Settings
from graphcore.picture.network.views import settings_of


def result_of(text: str, **fields: str) -> Result:
    return run_request(Request(text, Settings.read(fields)), lambda *_: None)[0]


def ran(program: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        exec(program, names)
    return names


def check_programs(result: Result, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Both programs in a folder with the file that they load, against the gradients of the page."""
    code = tabs.code(result)
    file = tabs.download(result, tabs.PARAMETERS)
    assert code["file"] == file["name"] == "parameters.npz" and code["program"] is None
    (folder / file["name"]).write_bytes(base64.b64decode(file["data"]))
    ours = ran(code["numpy"], monkeypatch, folder)
    theirs = ran(code["torch"], monkeypatch, folder)
    weights = [name for name in result.graph.names if name.endswith("weight")]
    assert weights
    for k, name in enumerate(weights, 1):
        for kind in ("weight", "bias"):
            gradient = result.run.gradient(name.replace("weight", kind))
            variable = f"{'W' if kind == 'weight' else 'b'}{k}"
            scale = np.max(np.abs(gradient))
            assert np.max(np.abs(ours[f"d{variable}"] - gradient)) <= 1e-12 * scale
            assert np.max(np.abs(theirs[variable].grad.numpy() - gradient)) <= 1e-12 * scale


def test_problem_f_with_its_4873_parameters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = network("f")
    result = result_of(chosen.text, **settings_of(chosen))
    code = tabs.code(result)
    assert "4,873 parameters" in code["says"] and "`parameters.npz`" in code["says"]
    assert "W1 = saved['0.weight']" in code["numpy"] and len(code["numpy"]) < 20_000
    check_programs(result, monkeypatch, tmp_path)


def test_a_large_input_is_loaded_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = result_of("Linear(80, 40), Tanh(), Linear(40, 3)", loss="cross_entropy", batch="16")
    assert "x = saved['input']" in tabs.code(result)["numpy"]
    check_programs(result, monkeypatch, tmp_path)
    lone = result_of("Linear(30, 20)", loss="sum")
    assert "saved['weight']" in tabs.code(lone)["torch"]
    check_programs(lone, monkeypatch, tmp_path)


def test_a_small_network_is_written_out_as_before() -> None:
    chosen = network("d")
    code = tabs.code(result_of(chosen.text, **settings_of(chosen)))
    assert code["file"] is None and "saved" not in code["numpy"] and code["program"].startswith("x = ")


def test_what_has_no_short_form_says_why_and_is_written_from_its_recording() -> None:
    chosen = network("g")
    code = tabs.code(result_of(chosen.text, **settings_of(chosen)))
    assert (code["program"], code["file"]) == (None, None) and "There is no program of Explore for it" in code["says"]
    assert "conv_convolution = convolve(x, conv_weight, conv_bias, (10,), padding=1)" in code["numpy"]
    assert "conv_convolution = F.conv1d(x, conv_weight, conv_bias, padding=1)" in code["torch"]


def test_the_page_hands_out_the_parameters() -> None:
    session = NetworkSession("Linear(30, 20)", {"loss": "sum"})
    assert session.wait(60)
    session.payload()
    session._take_in({"kind": "file", "side": "parameters"})
    download = session.payload()["download"]
    assert download["name"] == "parameters.npz"
    found = np.load(io.BytesIO(base64.b64decode(download["data"])))
    assert set(found) == {"weight", "bias", "input"} and found["weight"].shape == (20, 30)


def test_an_outline_is_the_written_program_without_its_numbers() -> None:
    chosen = network("d")
    made = result_of(chosen.text, **settings_of(chosen)).prepared
    outline = outlined(made.built.module, made.tensors[0], made.target, made.used["loss"])
    written = as_program(made.built.module, made.tensors[0], made.target, made.used["loss"])
    assert outline.text is not None and written.text is not None
    values = {name: tensor.numpy() for name, (_, tensor) in outline.leaves.items()}
    assert {key for key, _ in outline.leaves.values()} == {f"{k}.{kind}" for k in (0, 2, 4) for kind in ("weight", "bias")}
    run, other = trace(parse(outline.text), values), trace(parse(written.text))
    for leaf in ("W1", "b3"):
        assert np.array_equal(run.gradient(leaf), other.gradient(leaf))


def test_only_what_is_saved_is_loaded() -> None:
    run = trace(parse("x = [1, 2]\nw = 3\ny = sum(x * w)"))
    saved = Saved("store = {'x': np.array([1.0, 2.0])}", {"x": "store['x']"})
    for program, gradient in ((numpy_program(run, saved=saved), "dx"), (torch_program(run, saved=saved), "x")):
        names: dict[str, Any] = {}
        with redirect_stdout(io.StringIO()):
            exec(program, names)
        found = names[gradient] if gradient == "dx" else names[gradient].grad.numpy()
        assert np.asarray(found).tolist() == [3.0, 3.0]
    assert numpy_program(run) == numpy_program(run, saved=None)

"""``python -m graphcore compare --module package.module:factory``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graphcore.__main__ import main
from graphcore.commands.output import BAD_INPUT, MATCH, MISMATCH

SOURCE = """
import torch
from torch import nn
from tests.test_functions import Sigmoid

def right():
    return nn.Linear(3, 1), torch.ones(1, 3)

def wrong():
    return lambda x: Sigmoid.apply(x).sum(), torch.tensor([0.5, -1.0], requires_grad=True)

def alone():
    return nn.Linear(3, 1)

def broken():
    return nn.Linear(3, 1), torch.ones(1, 4)

number = 7
"""


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "factories.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("factories", None)
    return "factories"


def test_a_module_is_compared(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--module", f"{named}:right"]) == MATCH
    out = capsys.readouterr().out
    assert "weight" in out and "addmm" in out


def test_a_wrong_backward_is_a_mismatch(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--module", f"{named}:wrong", "--json"]) == MISMATCH
    assert "The backward of Sigmoid is wrong." in capsys.readouterr().out


def test_a_module_is_traced(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--module", f"{named}:right"]) == MATCH
    assert "Backward" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("factories", "names no factory"),
        ("nowhere.at_all:make", "cannot be imported"),
        ("factories:rigth", "Did you mean `right`?"),
        ("factories:alone", "returned Linear, not a module with its inputs"),
        ("factories:number", "`factories:number()` failed"),
        ("factories:broken", "mat1 and mat2"),
    ],
)
def test_what_cannot_be_recorded_is_said(named: str, given: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--module", given]) == BAD_INPUT
    assert says in capsys.readouterr().err


def test_a_program_and_a_module_together_are_refused(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "x = 2", "--module", f"{named}:right"]) == BAD_INPUT
    assert main(["compare"]) == BAD_INPUT
    assert capsys.readouterr().err.count("--module package.module:factory") == 2

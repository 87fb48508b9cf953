"""The command line, as a shell sees it: output, exit codes, errors without a traceback."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graphcore import Builder, ops
from graphcore.__main__ import main
from graphcore.commands.output import BAD_INPUT, FAULT, MATCH, MISMATCH, UNPROVEN
from graphcore.ops import Formula
from graphcore.problems import problem

ROOT = Path(__file__).resolve().parents[1]
A = problem("a").text


def cli(*arguments: str, stdin: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "graphcore", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, env={**os.environ, **environment}, check=False)


def test_compare_says_the_verdict_and_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", A]) == MATCH
    out = capsys.readouterr().out
    assert out.startswith("= Every gradient matches torch. 11 of 11")
    rows = out.splitlines()[2:]
    assert rows[0].split()[:3] == ["node", "op", "value"] and len(rows) == 1 + 12
    assert len({row.index("state") for row in rows[:1]}) == 1


def test_trace_prints_both_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", A]) == MATCH
    out = capsys.readouterr().out
    assert "s = sin(v1) = −0.1411" in out
    assert "w1 from v1: −0.0315 × −1 = 0.0315   (dv1/dw1 = x1)" in out


def test_json_keeps_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--json", A]) == MATCH
    data = json.loads(capsys.readouterr().out)
    assert data["verdict"] == "match" and data["nodes"]["f"]["value"] == 0.3355608822921746
    assert data["nodes"]["w1"]["torch"] == 0.031462494053817715
    assert main(["trace", "--json", A]) == MATCH
    data = json.loads(capsys.readouterr().out)
    assert [step["source"] for step in data["steps"]][:2] == ["v5", "v4"] and data["outputs"] == ["f"]


def test_numbers_that_json_lacks_are_strings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--json", problem("nan").text]) == UNPROVEN
    nodes = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))["nodes"]
    assert "nan" in [node["value"] for node in nodes.values()]


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        (["--set", "w1=2"], "w1", 2.0),
        (["--set", "w1=2", "--set", "x1=-.5"], "x1", -0.5),
        (["--set=w1 = -1e3"], "w1", -1000.0),
    ],
)
def test_set_changes_leaves(settings: list[str], name: str, value: float, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--json", A, *settings]) == MATCH
    assert json.loads(capsys.readouterr().out)["nodes"][name]["value"] == value


def test_set_takes_nested_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--json", "W = [[1, 2]]; f = sum(W**2)", "--set", "W=[[3,-4]]"]) == MATCH
    assert json.loads(capsys.readouterr().out)["nodes"]["f"]["value"] == 25


def test_one_unproven_and_one_mismatch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["compare", "x = -2; f = relu(x)"]) == UNPROVEN
    assert capsys.readouterr().out.startswith("0 Unproven.")
    # the user's text cannot make a rule wrong, so a row of the registry with a wrong rule stands in for the parser
    b = Builder()
    b.apply(replace(ops.get("cos"), rules={"a": Formula("g * sin(a)")}), b.leaf("x", 0.5), name="c")
    monkeypatch.setattr("graphcore.commands.asked.parse", lambda _: b.graph())
    assert main(["compare", A]) == MISMATCH
    assert capsys.readouterr().out.startswith("≠ 1 of 1 gradient differs from torch.")


@pytest.mark.parametrize(
    "text", [A, A.replace("\n", ";"), A.replace("\n", "\\n"), A.replace("\n", "; "), A.replace("\n", "\r\n")]
)
def test_a_program_may_be_written_on_one_line(text: str) -> None:
    assert main(["compare", text]) == MATCH


def test_a_file_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "a program.txt"
    file.write_bytes(b"\xef\xbb\xbf" + A.replace("\n", "\r\n").encode())
    assert main(["compare", str(file)]) == MATCH
    assert cli("compare", "-", stdin=A.encode()).returncode == MATCH


BAD = {
    "unknown op": (
        ["trace", "x = 1\ns = 3 * sine(x)"],
        "Line 2, column 9: no op is called `sine`. Did you mean `sin`?\n  s = 3 * sine(x)\n          ^^^^\n",
    ),
    "array output": (
        ["trace", "x = [1, 2]\ny = x * 2"],
        "The output y has 2 numbers; a gradient starts from one. End with sum(y)",
    ),
    "missing file": (["trace", "nofile.txt"], "there is no file called `nofile.txt`"),
    "no command": ([], "Try `python -m graphcore --help`"),
    "unknown command": (["run", "x = 1"], "invalid choice: 'run'"),
    "unknown leaf": (["trace", A, "--set", "w3=1"], "`w3`"),
    "setting an op": (["trace", A, "--set", "s=1"], "`s`"),
    "other shape": (["trace", A, "--set", "w1=[1,2]"], "`w1` has shape ()"),
    "code in a setting": (["trace", A, "--set", "w1=__import__('os')"], "is not a number or a nested list"),
    "ragged": (["trace", "W = [[1, 2]]; f = sum(W)", "--set", "W=[[1],[2,3]]"], "not numbers of one regular shape"),
    "no value": (["trace", A, "--set", "w1"], "write NAME=VALUE"),
    "deep brackets": (["trace", A, "--set", "w1=" + "[" * 5000], "is not a number or a nested list"),
    "empty": (["trace", ""], "there is no file called ``"),
    "nul": (["trace", "x = 1\x00"], "Line 1"),
    "brackets": (["trace", "x = " + "(" * 100_000], "Line 1"),
    "lambda": (["trace", "f = lambda: 1"], "lambda"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_sentence(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = BAD[case]
    assert main(arguments) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == "" and said in captured.err and "Traceback" not in captured.err
    assert all(c.isprintable() or c == "\n" for c in captured.err)


def test_a_file_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.pt"
    file.write_bytes(b"PK\x03\x04\xff\xfe")
    assert main(["trace", str(file)]) == BAD_INPUT
    assert "is not UTF-8 text" in capsys.readouterr().err


def test_any_locale_can_print_a_minus_sign() -> None:
    done = cli("compare", "x = -0.3; f = sin(x)", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == MATCH and "−0.2955" in done.stdout.decode("utf-8") and done.stderr == b""


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("".join(f"x{k} = {k}\n" for k in range(4000)))
    command = [sys.executable, "-m", "graphcore", "trace", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b"Forward\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == MATCH


def test_help_names_the_ways_in() -> None:
    done = cli("compare", "--help")
    assert done.returncode == 0 and b"--set" in done.stdout and b"stdin" in done.stdout


def test_an_upstream_gradient_answers_the_question_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "x = [1, 2]; y = x * x"]) == BAD_INPUT
    assert "give an upstream gradient of shape (2,)" in capsys.readouterr().err
    assert main(["compare", "--json", "x = [1, 2]; y = x * x", "--upstream", "[1, -3]"]) == MATCH
    assert json.loads(capsys.readouterr().out)["nodes"]["x"]["gradient"] == [2.0, -12.0]
    assert main(["trace", "x = [1, 2]; y = x * x", "--upstream", "[1"]) == BAD_INPUT
    assert "`[1` is not a number or a nested list of numbers" in capsys.readouterr().err


def test_json_has_the_local_derivative_of_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "--json", "x = 2; w = [1, 2]; y = sum(sin(x) * w)"]) == MATCH
    steps = {(step["source"], step["target"]): step for step in json.loads(capsys.readouterr().out)["steps"]}
    assert steps["x", "v1"]["local"] == -0.4161468365471424
    assert steps["v2", "y"]["local"] == {"kind": "sum", "shape": [1, 2]}
    assert all({"upstream", "local", "downstream"} <= step.keys() for step in steps.values())


def test_a_folder_is_no_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(tmp_path)]) == BAD_INPUT
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_output_that_cannot_be_written_is_no_mismatch() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "graphcore", "trace", A], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False
        )
    assert done.returncode == BAD_INPUT and b"could not be written" in done.stderr and b"Traceback" not in done.stderr


def test_a_pipe_is_a_file_and_arguments_are_utf8() -> None:
    script = f"cd '{ROOT}'; '{sys.executable}' -m graphcore compare <(printf 'x = 2\\ny = x * x')"
    assert subprocess.run(["bash", "-c", script], capture_output=True, check=False).returncode == MATCH
    done = cli(
        "trace", "\N{GREEK SMALL LETTER ALPHA} = -1; y = sin(\N{GREEK SMALL LETTER ALPHA})", LC_ALL="C", PYTHONCOERCECLOCALE="0"
    )
    assert done.returncode == MATCH, done.stderr


def test_a_fault_of_ours_is_neither_a_mismatch_nor_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr("graphcore.commands.compare.compare", broken)
    assert main(["compare", A]) == FAULT
    err = capsys.readouterr().err
    assert "Chainrule itself failed (ZeroDivisionError" in err and "Traceback" not in err

"""``python -m graphcore check`` and ``diff``: one file in full, a class a line each, and codes that a script can trust."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphcore import parse, trace
from graphcore.__main__ import main
from graphcore.check import many
from graphcore.commands.output import BAD_INPUT, MATCH, MISMATCH, UNPROVEN
from graphcore.problems import problem

ROOT = Path(__file__).resolve().parents[1]
GRADIENTS = ROOT.parent / "shared" / "data" / "gradients"
A = problem("a").text
LEAVES = ("x1", "w1", "x2", "w2")


def written(folder: Path, name: str, text: str = A, **changed: Any) -> str:
    """A file with the gradients of the leaves, some of them changed; its path."""
    run = trace(parse(text))
    wanted = [leaf.name for leaf in run.graph.leaves if run.gradient(leaf.index) is not None]
    arrays = {leaf: run.gradient(leaf) for leaf in wanted} | changed
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"d{leaf}: {np.asarray(array).tolist()!r}\n" for leaf, array in arrays.items()), "utf-8")
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A class: right, wrong, empty, and what is no hand-in."""
    made = tmp_path / "class"
    written(made, "ann10.dat")
    written(made, "ann2.dat", x2=-float(trace(parse(A)).gradient("x2")))
    written(made, "bob/last.txt", w2=-float(trace(parse(A)).gradient("w2")))
    (made / "zoe.dat").write_bytes(b"")
    (made / "solution.py").write_text("import os\n")
    (made / ".hidden").write_text("dx1: 1\n")
    return made


def answer(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    assert all(c.isprintable() or c == "\n" for c in captured.out + captured.err)
    return captured.out, captured.err


def test_a_right_file_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", written(tmp_path, "mine.dat")]) == MATCH
    out, _ = answer(capsys)
    assert out.startswith("= ") and "origin" not in out


def test_a_wrong_file_says_node_mistake_formula_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = float(trace(parse(A)).gradient("w2"))
    assert main(["check", A, written(tmp_path, "mine.dat", w2=-right)]) == MISMATCH
    out, _ = answer(capsys)
    assert out.startswith("≠ ") and "Gradient of w2: origin." in out and "1. wrong-sign: " in out
    assert "with the numbers: ∂f/∂v2 · x2 = 0.0314625 × −2 = −0.062925" in out
    assert "Mending only this makes 1 of 1 wrong array right; nothing remains wrong." in out


def test_json_has_every_digit_of_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = float(trace(parse(A)).gradient("w2"))
    assert main(["check", "--json", "a", written(tmp_path, "mine.dat", w2=-right)]) == MISMATCH
    data = json.loads(answer(capsys)[0])
    assert data["verdict"] == "wrong" and data["origins"] == ["w2"]
    finding = data["findings"]["w2"]
    assert (finding["status"], finding["handed"], finding["right"]) == ("origin", -right, right)
    assert finding["explanations"][0]["mistake"] == "wrong-sign"
    assert data["findings"]["x1"]["status"] == "right"


def test_other_leaf_values_are_taken(tmp_path: Path) -> None:
    path = written(tmp_path, "mine.dat", A.replace("w1 = 3", "w1 = 2"))
    assert main(["check", "a", path]) == UNPROVEN
    assert main(["check", "a", path, "--set", "w1=2"]) == MATCH


def test_standard_input_is_a_file(tmp_path: Path) -> None:
    content = Path(written(tmp_path, "mine.dat")).read_bytes()
    command = [sys.executable, "-m", "graphcore", "check", "a", "-"]
    done = subprocess.run(command, input=content, capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == MATCH, done


def test_a_folder_is_a_line_a_file_and_a_table_of_mistakes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", str(folder)]) == MISMATCH
    out, err = answer(capsys)
    lines = out.splitlines()
    # student2 before student10, and every name in a column of its own
    assert [line.split()[:2] for line in lines[:4]] == [["≠", "wrong"], ["=", "right"], ["≠", "wrong"], ["!", "unread"]]
    assert [Path(line.split()[2]).name for line in lines[:4]] == ["ann2.dat", "ann10.dat", "last.txt", "zoe.dat"]
    assert lines[0].endswith("100 %  x2: wrong-sign")
    assert lines[5] == "4 hand-ins: 1 right, 2 wrong, 1 unread."
    assert [line.split() for line in lines[7:]] == [["mistake", "times", "hand-ins"], ["wrong-sign", "2", "2"]]
    assert "1 file of the folder is no hand-in" in err


def test_csv_and_json_of_a_class(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", str(folder), "--csv"]) == MISMATCH
    out, err = answer(capsys)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(Path(row["file"]).name, row["verdict"], row["mistakes"]) for row in rows] == [
        ("ann2.dat", "wrong", "wrong-sign"),
        ("ann10.dat", "right", ""),
        ("last.txt", "wrong", "wrong-sign"),
        ("zoe.dat", "unread", ""),
    ]
    assert "zoe.dat: " in err
    assert main(["check", "a", str(folder), "--json"]) == MISMATCH
    data = json.loads(answer(capsys)[0])
    assert [row["verdict"] for row in data["rows"]] == ["wrong", "right", "wrong", "unread"]
    assert data["mistakes"] == [{"mistake": "wrong-sign", "times": 2, "files": 2}]


def test_processes_print_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", str(folder)]) == MISMATCH
    alone = answer(capsys)
    assert main(["check", "a", str(folder), "--jobs", "2"]) == MISMATCH
    assert answer(capsys) == alone


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["right", "right2"], MATCH),
        (["right", "wrong", "empty", "zeros"], MISMATCH),
        (["right", "empty", "zeros"], BAD_INPUT),
        (["right", "nowhere"], BAD_INPUT),
    ],
)
def test_the_code_of_a_class(names: list[str], code: int, tmp_path: Path) -> None:
    for name in names:
        if name == "wrong":
            written(tmp_path, name, x1=7.0)
        elif name in ("right", "right2"):
            written(tmp_path, name)
        elif name != "nowhere":
            (tmp_path / name).write_text("" if name == "empty" else "nothing 0")
    assert main(["check", "a", *(str(tmp_path / name) for name in names)]) == code


def test_all_zero_is_unproven(tmp_path: Path) -> None:
    text = "x = -2; f = relu(x)"
    assert main(["check", text, written(tmp_path, "mine.dat", text)]) == UNPROVEN
    assert main(["check", text, written(tmp_path, "mine.dat", text), written(tmp_path, "more.dat", text)]) == UNPROVEN


def test_a_network_of_the_gallery_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from graphcore.commands.problem import recipe

    run = trace(recipe("network:d").graph())
    lines = []
    for leaf in run.graph.leaves:
        if run.gradient(leaf.index) is not None:
            factor = 2 if leaf.name == "4.bias" else 1
            lines.append(f"{leaf.name} gradient:\n{(factor * run.gradient(leaf.index)).tolist()!r}\n")
    path = tmp_path / "mine.dat"
    path.write_text("".join(lines))
    assert main(["check", "network:d", str(path)]) == MISMATCH
    assert "Gradient of 4.bias: origin." in answer(capsys)[0]


def test_a_module_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "import torch\n\ndef make():\n    torch.manual_seed(0)\n    return torch.nn.Linear(2, 1), torch.tensor([[1.0, -3.0]])\n"
    )
    (tmp_path / "my_factory.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "mine.dat"
    path.write_text("weight.grad:\n[[1.0, -3.0]]\nbias.grad:\n[1.0]\n")
    assert main(["check", "--module", "my_factory:make", str(path)]) == MATCH
    assert main(["check", "--module", "my_factory:make", str(path), str(path), "--jobs", "2"]) == MATCH
    assert main(["check", "--module", "my_factory:nothing", str(path)]) == BAD_INPUT


BAD = {
    "no file": (["check", "a"], "give the problem and then a file or folder"),
    "no such problem": (["check", "newtork:d", "x.dat"], "Did you mean `network:d`?"),
    "no such file": (["check", "a", "nowhere.dat"], "there is no file called `nowhere.dat`"),
    "a bad program": (["check", "f = sine(1)", "nowhere.dat"], "Did you mean `sin`?"),
    "a bad setting": (["check", "a", "HERE", "--set", "w9=1"], "`w9`"),
    "run 0": (["check", "a", "HERE", "--run", "0"], "runs are counted from 1"),
    "run 5": (["check", "a", "HERE", "--run", "5"], "the file holds one run"),
    "jobs": (["check", "a", "HERE", "--jobs", "-1"], "--jobs -1"),
    "two forms": (["check", "a", "HERE", "--json", "--csv"], "not allowed with"),
    "an empty folder": (["check", "a", "FOLDER"], "there is no file to judge in"),
    "one side": (["diff", "HERE"], "holds one side only"),
    "two stdins": (["diff", "-", "-"], "not both"),
    "no second file": (["diff", "HERE", "nowhere.dat"], "there is no file called `nowhere.dat`"),
    "a folder beside": (["diff", "HERE", "FOLDER"], "there is no file to judge in"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_sentence(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = BAD[case]
    (tmp_path / "empty").mkdir()
    places = {"HERE": written(tmp_path, "mine.dat"), "FOLDER": str(tmp_path / "empty")}
    assert main([places.get(a, a) for a in arguments]) == BAD_INPUT
    out, err = answer(capsys)
    assert out == "" and said in err and "Traceback" not in err


@pytest.mark.parametrize(
    "content",
    [b"", bytes(range(256)) * 20, b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94.", b"I have nothing.\n"],
    ids=["empty", "binary", "pickle", "words"],
)
@pytest.mark.parametrize("command", ["check", "diff"])
def test_a_file_that_holds_no_gradients_is_bad_input(
    content: bytes, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.dat"
    path.write_bytes(content)
    assert main([command, "a" if command == "check" else written(tmp_path, "other.dat"), str(path)]) == BAD_INPUT
    out, err = answer(capsys)
    assert out == "" and err.strip() and "Traceback" not in err and "itself failed" not in err


def test_fifty_megabytes_of_brackets_are_answered_soon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.dat"
    path.write_bytes(b"[" * 50_000_000)
    before = time.perf_counter()
    assert main(["check", "a", str(path)]) == BAD_INPUT
    assert time.perf_counter() - before < 20
    assert "itself failed" not in answer(capsys)[1]


def test_labels_cannot_speak_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine\x1b[31m.dat"
    path.write_text("\x1b]0;title\x07w1\u202e <b>: 0.5\nx1\x9b2J: 7\n", "utf-8")
    for more in ([], ["--json"], ["--csv"], [str(path.parent)], [str(path.parent), "--json"]):
        main(["check", "a", str(path), *more])
        answer(capsys)
    for more in ([], ["--json"], ["--network", "a"], ["--network", "a", "--json"]):
        main(["diff", str(path), *([] if "--network" in more else [str(path)]), *more])
        answer(capsys)


class TestResults:
    """``--out FILE`` keeps what is done."""

    def test_what_is_done_is_passed_over(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "results.jsonl"
        assert main(["check", "a", str(folder), "--out", str(out)]) == MISMATCH
        first, kept = answer(capsys), out.read_bytes()
        assert kept.count(b"\n") == 4

        def again(*_: Any) -> Any:
            raise AssertionError("judged again")

        with monkeypatch.context() as patched:
            patched.setattr(many, "_judged", again)
            assert main(["check", "a", str(folder), "--resume", str(out)]) == MISMATCH
        assert answer(capsys) == first and out.read_bytes() == kept
        written(folder, "ann2.dat")
        written(folder, "carl.dat")
        assert main(["check", "a", str(folder), "--out", str(out)]) == MISMATCH
        names = [Path(json.loads(line)["file"]).name for line in out.read_text("utf-8").splitlines()]
        assert names == ["ann2.dat", "ann10.dat", "last.txt", "carl.dat", "zoe.dat"]

    def test_rows_of_another_problem_stay(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "results.jsonl"
        main(["check", "a", str(folder), "--out", str(out)])
        main(["check", "a-degrees", str(folder), "--out", str(out)])
        main(["check", "a", str(folder), "--out", str(out)])
        assert len(out.read_text("utf-8").splitlines()) == 8

    def test_a_line_cut_short_is_done_again(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "results.jsonl"
        main(["check", "a", str(folder), "--out", str(out)])
        whole = out.read_bytes()
        out.write_bytes(whole[:-40])
        main(["check", "a", str(folder), "--out", str(out)])
        assert out.read_bytes() == whole

    def test_another_file_is_never_written_over(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for content in ("dx1: 1\n", "dx1: 1", "{}\n", '{"file": 3}\n'):
            other = tmp_path / "gradients.dat"
            other.write_text(content)
            assert main(["check", "a", str(folder), "--out", str(other)]) == BAD_INPUT
            assert other.read_text() == content
            assert "left as it is" in answer(capsys)[1]
        assert main(["check", "a", str(folder), "--out", str(tmp_path)]) == BAD_INPUT
        assert main(["check", "a", str(folder), "--out", str(tmp_path / "no" / "where.jsonl")]) == BAD_INPUT

    def test_the_results_in_the_folder_are_no_hand_in(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for _ in range(2):
            main(["check", "a", str(folder), "--out", str(folder / "results.dat")])
            assert "4 hand-ins" in answer(capsys)[0]


def test_diff_compares_without_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = written(tmp_path, "mine.dat"), written(tmp_path, "other.dat", x2=2.0)
    assert main(["diff", mine, mine]) == MATCH
    assert answer(capsys)[0].count("\n= ") == 5
    assert main(["diff", mine, other, "--json"]) == MISMATCH
    data = json.loads(answer(capsys)[0])
    assert data["verdict"] == "different" and data["names"] == ["mine.dat", "other.dat"]


def test_diff_says_what_fits_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "W = [[1, 2], [3, 4]]; b = [1, 1]; x = const([1, 3]); L = sum((W @ x + b)**2)"
    assert main(["diff", written(tmp_path, "mine.dat", text), "--network", text]) == UNPROVEN
    assert answer(capsys)[0].startswith("2 of 2 gradients of the network are in the file")
    mine = written(tmp_path, "mine.dat", text, W=np.array([[16.0, 48.0], [50.0, 150.0]]))
    assert main(["diff", mine, "--network", text, "--json"]) == MISMATCH
    assert json.loads(answer(capsys)[0])["laws"][0]["state"] == "broken"
    assert main(["diff", mine, mine, "--network", text]) == BAD_INPUT


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [written(tmp_path, f"{who}/part/hand_in.dat") for who in ("ann", "bob")] + [written(tmp_path, "zoe.dat")]
    assert main(["check", "a", *paths]) == MATCH
    lines = answer(capsys)[0].splitlines()[:3]
    assert [line.split()[2] for line in lines] == ["ann/part/hand_in.dat", "bob/part/hand_in.dat", "zoe.dat"]
    assert main(["check", "a", *paths, "--csv"]) == MATCH
    assert [row["file"] for row in csv.DictReader(io.StringIO(answer(capsys)[0]))] == paths


def test_a_float32_file_is_told_what_it_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trace(parse(A))
    right = {name: np.float32(run.gradient(name)) for name in LEAVES}
    np.savez(tmp_path / "kept.npz", **{**right, "w2": -right["w2"]})
    assert main(["check", "a", str(tmp_path / "kept.npz")]) == MISMATCH
    kept = answer(capsys)[0]
    assert "The arrays hold float32, about 7 digits: equal means equal to rounding" in kept
    assert "printed" not in kept and "looks like" not in kept
    # who computes in float32 is off by more than the last rounding
    np.savez(tmp_path / "computed.npz", **{**right, "w2": np.float32(-right["w2"] * (1 + 1e-6))})
    assert main(["check", "a", str(tmp_path / "computed.npz")]) == MISMATCH
    computed = answer(capsys)[0]
    assert "This looks like it, to the rounding of what was handed in: float32, about 7 digits." in computed
    assert "printed" not in computed


@pytest.mark.parametrize(("odd", "said"), [(np.nan, "nan at [0, 1]"), (np.inf, "∞ at [0, 1]"), (-np.inf, "−∞ at [0, 1]")])
def test_what_is_not_finite_is_shown_with_its_place(
    odd: float, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "W = [[1, 2], [3, 4]]; x = const([1, 3]); L = sum(tanh(W @ x / 20))"
    array = np.array(trace(parse(text)).gradient("W"))
    array[0, 1] = odd
    np.save(tmp_path / "W.npy", array)
    assert main(["check", text, str(tmp_path / "W.npy")]) == MISMATCH
    out = answer(capsys)[0]
    assert said in out
    assert "1 of 4 entries differ; most of all [0, 1]" in out
    assert f"entry [0, 1] is {odd}" in out


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("working", [False, True])
def test_ctrl_c_ends_every_process_without_a_word(working: bool, tmp_path: Path) -> None:
    """As a terminal does it: the signal reaches the command and every process that it has started."""
    for k in range(400):
        written(tmp_path, f"{k}.dat")
    command = [sys.executable, "-m", "graphcore", "check", "a", str(tmp_path), "--jobs", "2"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True
    ) as process:
        assert process.stdout is not None
        if working:
            assert process.stdout.readline().startswith("= right")
        else:
            _wait_until(lambda: len(_group(process.pid)) > 1)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (130, "")
        _wait_until(lambda: not _group(process.pid))


def _group(leader: int) -> list[str]:
    """The processes of a group that still run."""
    told = subprocess.run(["ps", "-eo", "pgid=,stat=,pid="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines()]
    return [row[2] for row in rows if row[0] == str(leader) and not row[1].startswith("Z")]


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(not GRADIENTS.is_dir(), reason="the files that people wrote are not here")
@pytest.mark.parametrize(("pair", "code"), [("a", MATCH), ("b", MATCH), ("c", MATCH), ("d", MISMATCH)])
def test_files_that_people_wrote(pair: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = (str(GRADIENTS / pair / f"{name}_autograd.dat") for name in ("my", "torch"))
    assert main(["diff", mine, other]) == code
    out, _ = answer(capsys)
    assert out.startswith("my_autograd.dat beside torch_autograd.dat\n")
    if pair == "c":
        assert main(["diff", mine, other, "--run", "2"]) == MATCH
        assert "22 arrays compared" in answer(capsys)[0]
        assert main(["diff", mine, other, "--run", "7"]) == BAD_INPUT


def test_help_names_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "graphcore", "--help"], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 0 and all(name in done.stdout for name in (b"trace", b"compare", b"check", b"diff"))

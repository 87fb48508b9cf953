"""Many hand-ins at once: a row for each in their order, on any executor, whatever is in the files."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphcore import Builder, parse, trace
from graphcore.check import many
from graphcore.check.many import Recipe, Row, check_many, mistake_counts, rows_csv, rows_json
from graphcore.check.rows import read_row, row_json
from graphcore.errors import ChainruleError, TraceError
from graphcore.problems import problem

TEXT = "x = [1, 2]; W = [[0.5, -1], [2, 0.25]]; z = W @ x; h = tanh(z); f = sum(h**2)"


def handed(**changed: Any) -> bytes:
    """All gradients of the leaves as a file, some of them changed."""
    run = trace(parse(TEXT))
    arrays = {name: run.gradient(name) for name in ("x", "W")} | changed
    return "".join(f"{name}:\n{np.asarray(a).tolist()!r}\n" for name, a in arrays.items()).encode()


RIGHT = handed()
WRONG = handed(W=-np.asarray(trace(parse(TEXT)).gradient("W")))
HOSTILE = {
    "empty": b"",
    "blank": b" \r\n\t\n",
    "binary": bytes(range(256)) * 8,
    "pickle": pickle.dumps({"W": [1.0]}),
    "torch": b"PK\x03\x04" + b"\0" * 200,
    "half a numpy file": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fort",
    "brackets": b"[" * 1_000_000,
    "words": b"I could not finish this.\n",
    "utf-16": "W: [[1, 2]]".encode("utf-16"),
    "another network": b"fc.weight:\n[[1., 2., 3., 4., 5., 6., 7.]]\nfc.bias:\n[1.]\n",
    "wrong shape": b"W:\n[[1, 2, 3], [4, 5, 6], [7, 8, 9]]\nx:\n[1, 2, 3]\n",
    "not numbers": b"W:\n[[nan, inf], [-inf, nan]]\nx:\n[nan, 1]\n",
    "markup": b"<script>alert(1)</script>\x1b[31m:\n[[1, 2], [3, 4]]\n=cmd|'/c calc'!A1:\n[1, 2]\n",
    "code": b"__import__('os').system('touch /tmp/chainrule-was-here')\nW: [[1, 2], [3, 4]]\n",
}


def files() -> list[tuple[str, bytes]]:
    mixed = [("right.dat", RIGHT), *HOSTILE.items(), ("wrong.dat", WRONG), ("right again.dat", RIGHT)]
    return [(name, content) for name, content in mixed]


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return tuple(check_many(parse(TEXT), files()))


def test_one_row_a_file_in_their_order(rows: tuple[Row, ...]) -> None:
    assert [row.file for row in rows] == [name for name, _ in files()]
    by_file = {row.file: row for row in rows}
    assert (by_file["right.dat"].verdict, by_file["right.dat"].origins, by_file["right.dat"].mended) == ("right", (), 1.0)
    wrong = by_file["wrong.dat"]
    assert (wrong.verdict, wrong.origins, wrong.mistakes, wrong.mended) == ("wrong", ("W",), ("wrong-sign",), 1.0)
    assert wrong.sentence and not wrong.error


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_file_is_a_row_with_a_sentence(rows: tuple[Row, ...], name: str) -> None:
    row = next(row for row in rows if row.file == name)
    assert row.verdict != "right"
    said = row.error or row.sentence
    assert (
        said.partition("\n")[0].endswith((".", ".)", ":")) and "Traceback" not in said and "Chainrule itself failed" not in said
    ), said
    assert (row.verdict == "unread") == bool(row.error)


def test_nothing_of_a_file_was_run() -> None:
    assert not Path("/tmp/chainrule-was-here").exists()  # noqa: S108  # the file would be written there


def test_threads_give_the_same_rows(rows: tuple[Row, ...]) -> None:
    with ThreadPoolExecutor(3) as executor:
        assert tuple(check_many(parse(TEXT), files(), executor=executor)) == rows


def test_processes_give_the_same_rows(rows: tuple[Row, ...]) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert tuple(check_many(parse(TEXT), files(), executor=executor)) == rows


def test_a_dask_cluster_gives_the_same_rows(rows: tuple[Row, ...]) -> None:
    distributed = pytest.importorskip("dask.distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert tuple(check_many(parse(TEXT), files(), executor=client.get_executor())) == rows


def module() -> Any:
    """A factory whose weights are drawn anew each time."""
    import torch

    return torch.nn.Linear(2, 1), torch.ones(1, 2)


def recorded(named: str) -> Any:
    from graphcore.record.factory import from_factory

    return from_factory(named)


def test_a_recorded_graph_keeps_its_numbers_in_another_process() -> None:
    made = recorded(f"{__name__}:module")
    run = trace(made)
    content = "".join(f"{name}:\n{run.gradient(name).tolist()!r}\n" for name in ("weight", "bias")).encode()

    class Once(Recipe):
        """A recipe of which this process has the first graph; a worker makes one with other weights."""

        def graph(self) -> Any:
            return made

    here = Once(recorded, (f"{__name__}:module",))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        task = many._Task(here, None, None, None)
        task.recipe = Recipe(*here)
        row = executor.submit(many._judged, task, "mine.dat", content, "").result()
    assert row == many._judged(many._Task(here, None, None, None), "mine.dat", content, "")
    assert row.verdict != "unread", row


def test_a_graph_without_text_stays_in_its_process() -> None:
    b = Builder()
    b.apply("sin", b.leaf("x", 0.5), name="y")
    source = [("x.dat", b"x: 0.8775825618903728\n")]
    assert [row.verdict for row in check_many(b.graph(), source)] == ["right"]
    with ThreadPoolExecutor(1) as executor:
        assert [row.verdict for row in check_many(b.graph(), source, executor=executor)] == ["right"]
    with ProcessPoolExecutor(1) as executor, pytest.raises(ChainruleError, match="cannot be sent to another process"):
        list(check_many(b.graph(), source, executor=executor))


def test_a_graph_that_comes_out_differently_is_refused() -> None:
    task = many._Task(Recipe(parse, (TEXT,)), None, None, None)
    task.recipe = Recipe(parse, ("x = 2; f = x * x",))
    row = many._judged(pickle.loads(pickle.dumps(task)), "a.dat", RIGHT, "k")  # noqa: S301  # what was dumped a moment ago
    assert row.verdict == "unread" and "came out differently" in row.error


def test_what_is_done_is_not_judged_again(rows: tuple[Row, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*_: Any) -> Row:
        raise AssertionError("judged again")

    monkeypatch.setattr(many, "_judged", again)
    assert tuple(check_many(parse(TEXT), files(), done=rows)) == rows
    renamed = list(check_many(parse(TEXT), [("other name.dat", WRONG)], done=rows))
    assert [(row.file, row.verdict) for row in renamed] == [("other name.dat", "wrong")]
    with pytest.raises(AssertionError, match="judged again"):
        list(check_many(parse(TEXT), [("new.dat", RIGHT + b"\n")], done=rows))


def test_the_key_names_problem_point_and_content() -> None:
    def key(text: str = TEXT, content: bytes = RIGHT, **asked: Any) -> str:
        return next(check_many(parse(text), [("a", content)], **asked)).key

    keys = {
        key(),
        key(TEXT.replace("tanh", "sigmoid")),
        key(TEXT.replace("0.25", "0.75")),
        key(TEXT.replace("**2", "**3")),
        key(content=WRONG),
        key(at={"x": [1.0, 3.0]}),
        key(upstream=2.0),
        key(run=0),
    }
    assert len(keys) == 8 and key() in keys
    assert len({part.partition("-")[0] for part in keys}) == 7


def test_numbers_that_do_not_fit_the_problem_are_an_error_at_once() -> None:
    with pytest.raises(TraceError, match="`x`"):
        check_many(parse(TEXT), [("a", RIGHT)], at={"x": [1.0, 2.0, 3.0]})


def test_a_run_that_is_not_there_is_said() -> None:
    row = next(check_many(parse(TEXT), [("a", RIGHT)], run=4))
    assert row.verdict == "unread" and "run 5" in row.error


def test_files_are_read_when_their_turn_comes_and_no_sooner(tmp_path: Path) -> None:
    taken: list[int] = []

    class Slow(Executor):
        """Answers nothing until it is asked for."""

        def submit(self, fn: Any, /, *args: Any, **keywords: Any) -> Any:
            class Later(Future[Row]):
                def result(self, timeout: float | None = None) -> Row:
                    return Row(args[1], args[3], "unproven")

            return Later()

    def sources() -> Iterator[tuple[str, bytes]]:
        for k in range(1000):
            taken.append(k)
            yield f"{k}.dat", RIGHT

    rows = check_many(parse(TEXT), sources(), executor=Slow())
    assert next(rows).file == "0.dat" and len(taken) == many.AHEAD
    assert next(rows).file == "1.dat" and len(taken) == many.AHEAD + 1
    rows.close()  # type: ignore[attr-defined]


def test_paths_that_cannot_be_opened_are_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "LARGEST", 100)
    (tmp_path / "large.dat").write_bytes(b"1" * 101)
    (tmp_path / "right.dat").write_bytes(b"x: [1, 2]")
    (tmp_path / "folder").mkdir()
    names = ["large.dat", "folder", "nowhere.dat", "nul\0.dat", "right.dat"]
    rows = list(check_many(parse(TEXT), [tmp_path / name for name in names]))
    errors = [row.error for row in rows]
    assert "larger than" in errors[0] and "is a folder" in errors[1] and "No such file" in errors[2] and "null byte" in errors[3]
    assert not errors[4] and not any(row.key for row in rows[:4])


def test_a_fault_of_ours_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    # the package's public name `check` hides the way to it by dots
    monkeypatch.setattr(sys.modules["graphcore.check.judge"], "check", broken)
    first, second = check_many(parse(TEXT), [("a", RIGHT), ("b", WRONG)])
    assert first.error == second.error == "Chainrule itself failed on it (ZeroDivisionError: division by zero)."


def test_mistakes_are_counted_the_most_frequent_first() -> None:
    rows = [
        Row("a", "", "wrong", ("s", "c"), ("wrong-sign", "wrong-sign")),
        Row("b", "", "wrong", ("s",), ("degrees",)),
        Row("c", "", "wrong", ("s", "t"), ("degrees", "unknown")),
        Row("d", "", "unread", error="it is empty."),
    ]
    assert mistake_counts(rows) == (("degrees", 2, 2), ("wrong-sign", 2, 1), ("unknown", 1, 1))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " +", "\n@", "\r-"])
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    evil = f"{start}cmd|'/c calc'!A1"
    shown = re.sub(r"\s", " ", evil)
    row = Row(evil, "k", "wrong", (evil,), (evil,), 0.5, evil, evil)
    lines = list(csv.reader(io.StringIO(rows_csv([row]), newline="")))
    assert lines[0][:5] == ["file", "verdict", "origins", "mistakes", "mended"]
    cells = [cell for cell in lines[1] if "calc" in cell]
    assert len(cells) == 5 and all(cell == f"'{shown}" for cell in cells)
    assert lines[1][4] == "0.5"


def test_rows_come_back_from_their_json(rows: tuple[Row, ...]) -> None:
    assert [row["file"] for row in json.loads(rows_json(rows))] == [row.file for row in rows]
    assert tuple(read_row(row_json(row)) for row in rows) == rows
    assert json.loads(rows_json([])) == []
    for line in ("", "{}", "[" * 100_000, '{"file": 1}', row_json(rows[0]).replace('"right"', '"splendid"')):
        with pytest.raises(ChainruleError, match="is no row of results"):
            read_row(line)


def test_a_course_problem_is_judged_at_its_own_point() -> None:
    run = trace(parse(problem("a").text))
    content = "".join(f"d{name}: {float(run.gradient(name))!r}\n" for name in ("x1", "w1", "x2", "w2")).encode()
    assert next(check_many(parse(problem("a").text), [("a.txt", content)])).verdict == "right"

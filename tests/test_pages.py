"""The pages' logic without a browser: each comes up alone and through app.py, and the session answers its messages."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphcore.picture.session import Session
from graphcore.problems import GALLERY

ROOT = Path(__file__).resolve().parents[1]
A = GALLERY[0].text


@pytest.mark.parametrize("script", ["app.py", "pages/explore.py", "pages/check.py", "pages/ops.py", "pages/words.py"])
def test_every_page_comes_up_alone(script: str) -> None:
    app = AppTest.from_file(str(ROOT / script), default_timeout=30).run()
    assert not app.exception


def test_a_link_is_read_when_the_page_opens() -> None:
    app = AppTest.from_file(str(ROOT / "pages/explore.py"), default_timeout=30)
    app.query_params["example"] = "b"
    app.run()
    assert not app.exception
    text = next(example.text for example in GALLERY if example.key == "b")
    assert app.session_state["session"].payload()["program"]["text"] == text


def send(session: Session, number: int, **action: Any) -> dict[str, Any]:
    session.act({"id": number, **action})
    data = session.payload()
    json.dumps(data, allow_nan=False)
    return data


def test_a_fresh_session_shows_problem_a() -> None:
    data = Session().payload()
    assert data["program"] == {**data["program"], "text": A, "ran": A, "error": None, "example": "a"}
    assert data["verdict"]["state"] == "match"
    assert len(data["structure"]["steps"]) == 20


def test_an_error_keeps_the_last_good_picture_and_the_text() -> None:
    session = Session()
    good = session.payload()
    data = send(session, 1, kind="run", text="x = 2\ny = sine(x)")
    assert data["program"]["text"] == "x = 2\ny = sine(x)"
    assert data["program"]["ran"] == A
    assert data["program"]["error"]["fix"]["text"] == "x = 2\ny = sin(x)"
    assert data["verdict"]["bold"] == "Not run yet."
    assert (data["topology"], data["numbers"]) == (good["topology"], good["numbers"])


def test_a_nudge_changes_numbers_and_no_structure() -> None:
    session = Session()
    before = session.payload()
    text = A.replace("w1 = 3", "w1 = 2")
    data = send(session, 1, kind="nudge", text=text, values={"w1": 2.0})
    assert data["structure"] is before["structure"]
    assert data["numbers"]["values"] != before["numbers"]["values"]
    assert data["program"]["text"] == text
    again = send(session, 2, kind="run", text=text)
    assert again["topology"] == before["topology"]
    assert again["numbers"] == data["numbers"]


def test_a_repeated_message_changes_nothing() -> None:
    session = Session()
    send(session, 1, kind="run", text="x = 2\ny = x * x")
    data = send(session, 1, kind="run", text="x = 3\ny = x")
    assert data["program"]["text"] == "x = 2\ny = x * x"


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"id": "1"},
        {"id": 1},
        {"id": 1, "kind": "run"},
        {"id": 1, "kind": "run", "text": 5},
        {"id": 1, "kind": "nudge", "text": A, "values": {"w1": "x"}},
        {"id": 1, "kind": "nudge", "text": A, "values": {"nobody": 2}},
        {"id": 1, "kind": "nudge", "text": A, "values": {"w1": [1, 2]}},
        {"id": 1, "kind": "open", "node": 10**9},
        {"id": 1, "kind": "open", "node": -3},
        {"id": 1, "kind": "tab", "tab": ["x"]},
        {"id": 1, "kind": "eval", "text": "1"},
    ],
)
def test_malformed_messages_leave_the_program_alone(action: dict[str, Any]) -> None:
    session = Session()
    session.act(action)
    data = session.payload()
    json.dumps(data, allow_nan=False)
    assert data["program"]["text"] == A
    assert data["numbers"] is not None


def test_the_empty_program_offers_starts() -> None:
    data = send(Session(), 1, kind="run", text="  \n")
    assert data["structure"] is None
    assert len(data["starts"]) == 3


def test_a_stronger_point_keeps_the_program_and_proves_more() -> None:
    session = Session(next(example.text for example in GALLERY if example.key == "c"))
    assert session.payload()["verdict"]["state"] == "weak"
    data = send(session, 1, kind="stronger")
    assert data["verdict"]["state"] == "match"
    assert "relu(z1)" in data["program"]["text"]


def test_the_derivation_comes_when_its_tab_is_shown() -> None:
    session = Session()
    assert session.payload()["derivation"] is None
    data = send(session, 1, kind="tab", tab="derivation")
    steps = {entry["step"] for entry in data["derivation"]}
    assert steps == set(range(9, 21))


def test_a_node_is_opened_in_full() -> None:
    session = Session("W = rand(30, 40, seed=1)\ny = sum(W ** 2)")
    node = 0
    data = send(session, 1, kind="open", node=node)
    rows = data["opened"]["value"]["rows"]
    assert (len(rows), len(rows[0])) == (30, 40)


def test_a_non_scalar_output_is_asked_about() -> None:
    data = send(Session(), 1, kind="run", text="x = [1, 2, 3]\ny = sin(x)")
    error = data["program"]["error"]
    assert "The output y has 3 numbers; a gradient starts from one." in f"{error['what']} {error['instead']}"


def test_sessions_in_threads_do_not_disturb_each_other() -> None:
    results: dict[int, list[float]] = {}

    def work(k: int) -> None:
        session = Session(f"x = {k}\ny = x * x * {k}")
        for n in range(1, 15):
            send(session, n, kind="run", text=f"x = {k}\ny = x * x * {n}")
        results[k] = session.payload()["numbers"]["values"]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {k: values[-1] for k, values in results.items()} == {k: 14.0 * k * k for k in range(1, 7)}


def test_first_visits_at_once_find_every_module_whole() -> None:
    program = """
import importlib, threading
gate = threading.Barrier(10)
faults = []
def visit(name):
    gate.wait()
    try:
        importlib.import_module(name)
    except Exception as fault:
        faults.append(f"{name}: {fault!r}")
names = ["pages.ui.explore", "pages.ui.check", "pages.ui.reference", "pages.ui.words", "pages.ui.link"] * 2
threads = [threading.Thread(target=visit, args=(name,)) for name in names]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(faults)
"""
    for _ in range(3):
        answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert answer.stdout.strip() == "[]", answer.stdout

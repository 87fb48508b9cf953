"""What a session sends again and what it knows the browser to have: the messages between the page and Python."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphcore.parse import parse
from graphcore.picture import geometry
from graphcore.picture.session import PARTS, Session
from graphcore.problems import GALLERY

A = GALLERY[0].text


class Browser:
    """What the page's JavaScript does with payloads: it puts back what was kept and says what it holds."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.data: dict[str, Any] = {}
        self.sent = 0
        self.size = 0
        self.load()

    def load(self) -> dict[str, Any]:
        """A script run without an action of ours: a reload, another fragment, the way back from another page."""
        return self._take(self.session.payload())

    def send(self, **action: Any) -> dict[str, Any]:
        self.act(**action)
        return self._take(self.session.payload())

    def act(self, **action: Any) -> None:
        self.sent += 1
        self.session.act({"id": self.sent, "have": self.data["stamp"], **action})

    def _take(self, data: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(data, allow_nan=False)
        self.size = len(text)
        whole = json.loads(text)
        assert all(whole[part] is None for part in whole["kept"])
        whole.update({part: self.data[part] for part in whole["kept"]})
        self.data = whole
        return data


def drag(browser: Browser, w1: float) -> dict[str, Any]:
    return browser.send(kind="nudge", text=A.replace("w1 = 3", f"w1 = {w1}"), values={"w1": w1})


def test_a_nudge_brings_numbers_and_little_else() -> None:
    browser = Browser(Session())
    whole = browser.size
    before = browser.data
    data = drag(browser, 2.5)
    assert set(data["kept"]) >= {"structure", "examples", "starts", "leaves", "code"}
    assert data["structure"] is None
    assert data["topology"] == before["topology"]
    assert data["answers"] == 1
    assert data["numbers"]["values"][1] == 2.5
    assert browser.size < whole / 4
    assert browser.data["structure"] == before["structure"]


def test_places_of_literals_are_those_of_the_text_they_come_with() -> None:
    browser = Browser(Session())
    for w1 in (2.5, 2.75, 12.125):
        assert "leaves" in drag(browser, w1)["kept"], "the page moves the places itself while it writes"
    data = browser.send(kind="run", text=A.replace("w1 = 3", "w1 = 12.125"))
    assert data["structure"] is None
    assert literals(data) == {"x1": "-1", "w1": "12.125", "x2": "-2", "w2": "3"}
    assert "12.125" in data["code"]["numpy"]


def literals(data: dict[str, Any]) -> dict[str, str]:
    lines = data["program"]["text"].split("\n")
    found = {}
    for leaf in data["leaves"]:
        line, start, _, end = leaf["spans"][0]
        found[leaf["name"]] = lines[line - 1][start:end]
    return found


@pytest.mark.parametrize("again", ["load", "foreign", "lost"])
def test_whoever_does_not_hold_the_newest_gets_everything(again: str) -> None:
    browser = Browser(Session())
    stamp = browser.data["stamp"]
    drag(browser, 2.125)
    if again == "load":
        data = browser.load()
    elif again == "foreign":
        browser.data["stamp"] = "0a0a0a0a.99"
        data = drag(browser, 2.25)
    else:
        # the answer to a run was overtaken and never arrived: its leaves must not count as held
        browser.act(kind="run", text=A.replace("w1 = 3", "w1 = 123456"))
        browser.session.payload()
        browser.data["stamp"] = stamp
        data = drag(browser, 2.25)
    assert "leaves" not in data["kept"]
    assert literals(data)["w1"] == {"load": "2.125", "foreign": "2.25", "lost": "2.25"}[again]
    if again != "lost":
        assert data["kept"] == []
        assert data["structure"]["steps"]


@pytest.mark.parametrize("stamp", [None, 7, "", ".", "x.1", "²", "." * 99, "1" * 9999])
def test_a_malformed_stamp_holds_nothing(stamp: object) -> None:
    session = Session()
    session.payload()
    session.act({"id": 1, "kind": "tab", "tab": "torch", "have": stamp})
    assert session.payload()["kept"] == []


def test_another_program_and_back_again_is_sent_anew() -> None:
    browser = Browser(Session())
    first = browser.data
    browser.act(kind="run", text="x = 2\ny = x * x")  # its answer is overtaken by the next action
    data = browser.send(kind="run", text=A)
    assert data["structure"] is not None
    assert data["topology"] == first["topology"]
    empty = browser.send(kind="run", text="")
    assert (empty["structure"], empty["leaves"], empty["code"]) == (None, [], None)
    assert "structure" not in empty["kept"]


def test_an_error_keeps_the_structure_the_page_has() -> None:
    browser = Browser(Session())
    data = browser.send(kind="run", text="x = 2\ny = sine(x)")
    assert set(PARTS) == set(data["kept"])
    assert data["program"]["error"]["line"] == 2


def test_code_of_a_large_program_waits_for_its_tab() -> None:
    chain = "\n".join(["v0 = 0.5", *(f"v{k} = sin(v{k - 1})" for k in range(1, 90))])
    browser = Browser(Session(chain))
    assert browser.data["code"] is None
    assert "import numpy" in browser.send(kind="tab", tab="code")["code"]["numpy"]
    assert "code" in browser.send(kind="open", node=1)["kept"]
    assert browser.data["code"] is not None


def long_chain(count: int) -> str:
    return "\n".join(["v0 = 0.5", *(f"v{k} = sin(v{k - 1})" for k in range(1, count))])


def test_layouts_of_a_large_graph_are_made_when_asked_for() -> None:
    session = Session(long_chain(200))
    browser = Browser(session)
    structure = browser.data["structure"]
    assert (structure["geometry"]["across"], structure["torch"]["drawn"]) == (None, None)
    assert structure["later"] == ["across", "drawn"]
    data = browser.send(kind="layout", which="across")
    assert data["structure"] is None
    assert len(data["layouts"]["across"]["nodes"]) == 200
    assert data["layouts"]["across"]["width"] > data["layouts"]["across"]["height"]
    data = browser.send(kind="layout", which="drawn")
    assert {entry["node"] for entry in data["layouts"]["drawn"]["nodes"]} >= set(range(200))
    assert "layouts" in browser.send(kind="open", node=3)["kept"]
    whole = browser.load()["structure"]
    assert whole["later"] == []
    assert whole["geometry"]["across"]["nodes"]
    assert whole["torch"]["drawn"]["edges"]


def test_a_small_graph_has_every_layout_at_once() -> None:
    structure = Session().payload()["structure"]
    assert structure["later"] == []
    assert structure["geometry"]["across"]
    assert structure["torch"]["drawn"]


def test_beyond_graphviz_there_is_still_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometry, "PATIENCE", 1e-4)
    session = Session(long_chain(170))
    data = session.payload()
    assert data["structure"]["note"] == "170 nodes: search (/) or follow the steps"
    boxes = data["structure"]["geometry"]["down"]["nodes"]
    assert [box[0] for box in boxes] == [boxes[0][0]] * 170, "a chain hangs straight"
    session.act({"id": 1, "kind": "layout", "which": "drawn"})
    drawn = session.payload()["structure"]["torch"]["drawn"]
    assert len(drawn["nodes"]) >= 170


def test_a_layout_for_no_graph_changes_nothing() -> None:
    session = Session("")
    session.act({"id": 1, "kind": "layout", "which": "across"})
    session.act({"id": 2, "kind": "layout", "which": ["across"]})
    assert session.payload()["structure"] is None
    assert parse(long_chain(3)) is not None

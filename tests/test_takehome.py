"""Taking a page home: files of every format, workspaces that open as the page was left, and what is refused."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from graphcore.export import FORMATS, Workspace, read_workspace, to_workspace
from graphcore.picture import takehome
from graphcore.picture.answers import Answers
from graphcore.picture.check import CheckSession
from graphcore.picture.network import NetworkSession
from graphcore.picture.session import Session
from graphcore.picture.takehome import session_of
from pages.ui import opening

PROGRAM = "x = [1, 2]\nW = [[1, 2], [3, 4]]\nh = tanh(W @ x / 10)\nL = sum(h**2)"
LAYERS = "Sequential(\n  Linear(3, 4),\n  Sequential(Tanh(), Linear(4, 2)),\n)"
STARTS = {"html": b"<!doctype html>", "svg": b"<?xml", "png": b"\x89PNG", "tex": b"\\documentclass", "ipynb": b"{", "npz": b"PK"}
SMALL = {"chainrule": 1, "page": "explore", "text": "x = 3\ny = x"}
VIEW = {"step": 5, "tab": "code", "decimals": 6, "direction": "across", "torch_view": "drawn", "node": "h"}
OWN = {"stamp", "revision", "answers", "restored", "start", "home", "kept"}  # of a session, not of what it shows


class Page:
    """A session as the browser talks to it."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.data: dict[str, Any] = self.answer()

    def send(self, kind: str, **rest: Any) -> dict[str, Any]:
        self.session.act({"id": self.data["answers"] + 1, "kind": kind, **rest})
        self.data = self.answer()
        return self.data

    def answer(self) -> dict[str, Any]:
        assert not hasattr(self.session, "wait") or self.session.wait(60)
        fresh = self.session.payload()
        json.dumps(fresh, allow_nan=False)
        return fresh

    def file(self, to: str, **rest: Any) -> bytes:
        home = self.send("export", to=to, **rest)["home"]
        assert home["id"] == self.data["answers"] and home["file"], self.data["notice"]
        return base64.b64decode(home["file"]["data"])

    def saved(self, **rest: Any) -> Workspace:
        return read_workspace(self.file("json", **rest))

    @property
    def shown(self) -> Mapping[str, Any]:
        return {name: value for name, value in self.answer().items() if name not in OWN and name != "notice"}


def reopened(workspace: Workspace, before: Answers | None = None) -> Page:
    made = session_of(read_workspace(to_workspace(workspace)), before)
    assert made is not None
    return Page(made)


def pages() -> dict[str, Page]:
    network, check = NetworkSession("Linear(2, 3)\nTanh()\nLinear(3, 1)"), CheckSession(example="d-sums")
    return {"explore": Page(Session(PROGRAM)), "networks": Page(network), "check": Page(check)}


# ---- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["explore", "networks", "check"])
def test_every_format_comes_once_with_a_name(name: str) -> None:
    page = pages()[name]
    light = len(json.dumps(page.data))
    for to, kind in FORMATS.items():
        data = page.file(to, decimals=3, which="manual", side="torch")
        assert data.startswith(STARTS.get(to, b"")) and len(data) > 100
        file = page.data["home"]["file"]
        assert file["name"].startswith("chainrule-") and file["name"].endswith(kind.suffix) and file["mime"] == kind.mime
        assert page.answer()["home"] is None, "a file is answered once"
    assert len(json.dumps(page.answer())) <= light * 1.01 + 500


def test_choices_stand_in_the_name_and_in_the_file() -> None:
    page = Page(Session("x = 3\ny = x * x"))
    names = []
    for options in ({"to": "svg"}, {"to": "svg", "which": "torch"}, {"to": "dat"}, {"to": "npz", "side": "torch"}):
        page.file(**options)
        names.append(page.data["home"]["file"]["name"])
    stem = "chainrule-program"
    assert names == [f"{stem}.svg", f"{stem}-torch.svg", f"{stem}-gradients.dat", f"{stem}-torch-gradients.npz"]
    assert np.load(io.BytesIO(page.file("npz", side="torch")))["x"] == 6
    assert b"AccumulateGrad" not in page.file("svg", which="manual") and b"AccumulateGrad" in page.file("svg", which="both")


def test_what_the_weights_are_goes_into_the_notebook_alone() -> None:
    page = Page(with_weights())
    assert b"safetensors" in page.file("ipynb") and b"Weights.read" not in page.file("tex")


@pytest.mark.parametrize(
    ("session", "rest", "said"),
    [
        (Session(""), {"to": "html"}, "There is no picture yet"),
        (NetworkSession("Linear(2, 3)\nLinear(2, 3)"), {"to": "png"}, "There is no picture yet"),
        (CheckSession(), {"to": "tex"}, "There is no picture yet"),
        (Session(PROGRAM), {"to": "docx"}, "format"),
        (Session(PROGRAM), {}, "format"),
        (Session(PROGRAM), {"to": "json", "text": "x" * 200_001}, "at most 200,000"),
        (Session(PROGRAM), {"to": "json", "view": {"step": "3"}}, "`view.step` is '3'"),
    ],
)
def test_what_cannot_be_made_is_said_and_changes_nothing(session: Any, rest: dict[str, Any], said: str) -> None:
    page = Page(session)
    before = page.shown
    data = page.send("export", **rest)
    assert said in data["notice"] and data["home"]["file"] is None
    assert page.shown == before


def test_a_file_that_is_too_large_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(Session(PROGRAM))
    monkeypatch.setattr(takehome, "LARGEST", 1000)
    said = page.send("export", to="html")["notice"]
    assert "this page hands out up to" in said and "python -m graphcore export FILE --to html" in said
    monkeypatch.setattr(takehome, "WRITTEN", 3)
    assert "Take them as .npz" in page.send("export", to="dat")["notice"]


def test_a_fault_of_ours_is_said_and_the_page_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(Session(PROGRAM))
    before = page.shown
    monkeypatch.setattr("graphcore.export.export", lambda *_, **__: 1 / 0)
    assert "Chainrule itself failed here" in page.send("export", to="html")["notice"]
    assert page.shown == before


# ---- Explore -----------------------------------------------------------------------------------------------


def test_explore_opens_as_it_was() -> None:
    page = Page(Session(PROGRAM))
    workspace = page.saved(text=PROGRAM, view=VIEW)
    again = reopened(workspace)
    assert again.shown == page.shown
    told = {name: value for name, value in again.data["restored"].items() if name not in ("id", "finding")}
    assert told == VIEW and again.data["start"] == {"step": 5, "decimals": 6}
    assert again.saved(view=VIEW) == workspace


def test_what_was_typed_and_not_run_is_saved_too() -> None:
    broken = PROGRAM + "\nz = sine(L)"
    again = reopened(Page(Session(PROGRAM)).saved(text=broken))
    assert again.data["program"]["text"] == broken and "sine" in again.data["program"]["error"]["what"]


def test_a_tab_that_python_makes_is_there_at_once() -> None:
    again = reopened(Workspace("explore", PROGRAM, view=read_workspace(to_workspace(Workspace("explore", ""))).view))
    assert again.data["derivation"] is None
    page = Page(Session(PROGRAM))
    assert reopened(page.saved(view={"tab": "derivation"})).data["derivation"]


# ---- Networks ----------------------------------------------------------------------------------------------


def with_weights() -> NetworkSession:
    session = NetworkSession(LAYERS, {"seed": "5", "batch": "2"})
    assert session.wait(60)
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Linear(4, 2))).double()
    encoded = base64.b64encode(save(net.state_dict())).decode()
    session.act({"id": 1, "kind": "weights", "name": "mine.safetensors", "data": encoded, "text": LAYERS})
    assert session.wait(60)
    return session


def test_a_network_opens_with_its_weights_fields_and_modules() -> None:
    page = Page(with_weights())
    page.send("fold", open=["1"], plumbing=True)
    fold = page.data["structure"]["fold"]
    assert (fold["open"], fold["plumbing"]) == (["1"], True)
    workspace = page.saved(text=LAYERS, view={**VIEW, "tab": "files", "node": None})
    again = reopened(workspace)
    assert again.data["weights"]["file"] == {"name": "mine.safetensors", "size": len(workspace.weights.data)}
    assert again.data["settings"]["values"] == {"seed": "5", "batch": "2"}
    assert again.data["topology"] == page.data["topology"] and again.data["numbers"] == page.data["numbers"]
    assert again.data["structure"] == page.data["structure"] and again.data["layers"] == page.data["layers"]
    assert again.data["files"], "its tab is looked at"
    assert again.saved(view={**VIEW, "tab": "files", "node": None}) == workspace


def test_fields_that_were_typed_and_not_run_are_saved_too() -> None:
    page = Page(NetworkSession("Linear(3, 4)"))
    workspace = page.saved(text="Linear(3, 5)", settings={"seed": "9"})
    assert (workspace.text, workspace.settings, workspace.weights) == ("Linear(3, 5)", {"seed": "9"}, None)


def test_a_network_of_the_gallery_keeps_the_weights_of_its_workspace() -> None:
    page = Page(with_weights())
    first = NetworkSession()._request
    workspace = Workspace("networks", first.text, "network", first.settings.plain(), weights=page.saved().weights)
    again = reopened(workspace)
    assert again.data["weights"]["file"]["name"] == "mine.safetensors"


# ---- opening -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ('{"chainrule": 2}', "This workspace was saved by a newer Chainrule"),
        ("x = 2", "This is no workspace: line 1, column 1"),
        ('{"chainrule": 1, "page": "explore", "text": "", "theme": 1}', "A workspace has no field `theme`"),
        (None, "The file did not arrive whole"),
        (["{}"], "The file did not arrive whole"),
    ],
)
def test_a_bad_workspace_is_refused_with_the_reason_and_changes_nothing(file: Any, said: str) -> None:
    for page in pages().values():
        before = page.shown
        data = page.send("workspace", file=file)
        assert data["notice"].startswith(said) and page.session.workspace is None
        assert page.shown == before and data["restored"] is None


def test_any_page_takes_any_workspace_and_its_place_is_taken_over() -> None:
    here = pages()
    saved = {name: page.saved() for name, page in here.items()}
    for page in here.values():
        for name, workspace in saved.items():
            page.send("workspace", file=to_workspace(workspace).decode())
            assert page.session.workspace == workspace
            before = here[name]
            again = reopened(workspace, before.session)
            assert again.session.page == name
            assert again.data["answers"] == before.session.payload()["answers"], "its last message is not taken in again"
            assert again.data["restored"]["id"] != before.data["stamp"].split(".")[0]
    assert session_of(Workspace("ops", "")) is None


def test_a_fault_of_ours_in_opening_leaves_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(Session(PROGRAM))
    before = page.shown
    monkeypatch.setattr(opening, "session_of", lambda *_: 1 / 0)
    monkeypatch.setattr(opening.st, "session_state", {})
    page.session.act({"id": page.data["answers"] + 1, "kind": "workspace", "file": json.dumps(SMALL)})
    assert opening.opened(page.session) is page.session
    assert "Chainrule itself failed here" in page.session.payload()["notice"] and page.session.workspace is None
    assert page.shown == before


def test_the_session_that_was_opened_takes_the_page_over(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(PROGRAM)
    monkeypatch.setattr(opening.st, "session_state", {"session": session})
    session.act({"id": 1, "kind": "workspace", "file": json.dumps(SMALL)})
    made = opening.opened(session)
    assert made is not session and opening.now(session) is made
    assert made.payload()["program"]["text"] == SMALL["text"] and opening.opened(made) is made


def test_the_archive_of_gradients_holds_no_pickle() -> None:
    with zipfile.ZipFile(io.BytesIO(Page(Session(PROGRAM)).file("npz"))) as archive:
        assert archive.namelist() == ["x.npy", "W.npy"]
    assert np.load(io.BytesIO(Page(Session(PROGRAM)).file("npz")), allow_pickle=False)["W"].shape == (2, 2)

"""Workspaces: what is saved opens as it was; what is damaged, newer or foreign is refused with the reason."""

import base64
import json
import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcore.errors import ChainruleError, WorkspaceError
from graphcore.export import Hand, SavedFile, View, Workspace, is_workspace, read_workspace, to_workspace
from graphcore.export import workspace as saving
from graphcore.export.workspace_fields import TEXT

FULL = Workspace(
    page="check",
    kind="network",
    text="Linear(2, 1)  # ünï\n",
    settings={"loss": "mse", "input": "rand(1, 2, seed=1)", "seed": "7"},
    weights=SavedFile("net.safetensors", bytes(range(256))),
    hand_ins=(SavedFile("my.dat", b"dLdw1\r\n[[1.]]\n"), SavedFile("my.npz", b"PK\x03\x04\x00\xff")),
    choices={"0": "0.weight", "12": ""},
    hand=Hand("h1 = 0.5", 2, swapped=True, together=True, taken={"0": "gradient transposed", "3": "value"}),
    view=View(
        step=14,
        tab="files",
        decimals=6,
        direction="across",
        torch_view="drawn",
        node="0",
        open=("0", "1.a"),
        plumbing=True,
        finding=1,
    ),
)
SMALL: dict[str, Any] = {"chainrule": 1, "page": "explore", "text": "y = 2"}


def test_everything_comes_back() -> None:
    for state in (FULL, Workspace("explore", ""), Workspace("networks", "Linear(1, 1)", "network")):
        assert read_workspace(to_workspace(state)) == state
    saved = json.loads(to_workspace(FULL))
    assert saved["chainrule"] == 1 and saved["hand_ins"][0]["text"] == "dLdw1\r\n[[1.]]\n" and "base64" in saved["hand_ins"][1]
    assert to_workspace(FULL) == to_workspace(read_workspace(to_workspace(FULL)))


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200), st.binary(max_size=300), st.integers(1, 10**6)
)
def test_any_text_and_any_file_come_back(text: str, data: bytes, step: int) -> None:
    state = Workspace("explore", text, hand_ins=(SavedFile("a", data),), view=View(step=step))
    assert read_workspace(to_workspace(state)) == state


def test_what_may_be_left_out() -> None:
    assert read_workspace(json.dumps(SMALL)) == Workspace("explore", "y = 2")
    assert read_workspace(json.dumps({**SMALL, "page": "networks"})).kind == "network"
    assert read_workspace("\ufeff".encode() + json.dumps(SMALL).encode()).text == "y = 2"


FILE = {"name": "a.safetensors", "base64": base64.b64encode(b"abc").decode()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chainrule": 2}, "newer Chainrule (version 2"),
        ({"chainrule": 0}, "a version is wanted"),
        ({"chainrule": True}, "`chainrule` is True"),
        ({"chainrule": "1"}, "`chainrule` is '1'"),
        ({"page": "nowhere"}, "`page` is 'nowhere', and one of these is wanted: explore"),
        ({"page": ["explore"]}, "`page` is ['explore']"),
        ({"kind": "network"}, "page explore does not show"),
        ({"text": 3}, "`text` is 3, and a text is wanted"),
        ({"text": "x" * (TEXT + 1)}, "`text` has 200,001 characters"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "\ud800"}, "half a character"),
        ({"stepp": 1}, "a workspace has no field `stepp`"),
        ({"setings": {}}, "Did you mean `settings`?"),
        ({"settings": []}, "`settings` is [], and an object"),
        ({"settings": {"colour": "red"}}, "`settings` has no field `colour`"),
        ({"settings": {"seed": 7}}, "`settings.seed` is 7, and a text is wanted"),
        ({"weights": {**FILE, "name": "a.pt"}}, "no .safetensors file"),
        ({"weights": {"name": "a.safetensors"}}, "one of them"),
        ({"weights": {**FILE, "text": "x"}}, "one of them"),
        ({"weights": {**FILE, "base64": "abc"}}, "damaged or cut off"),
        ({"weights": {**FILE, "digest": "00"}}, "not what its digest says"),
        ({"weights": {"base64": FILE["base64"]}}, "`name` is missing"),
        ({"hand_ins": "x"}, "`hand_ins` is 'x', and a list"),
        ({"hand_ins": [None]}, "`hand_ins[0]` is None"),
        ({"hand_ins": [{"name": "a", "text": "x"}] * 201}, "at most 200"),
        ({"choices": {"0": 1}}, "`choices.0` is 1"),
        ({"choices": {"W1": "a"}}, "`choices` has an entry `W1`, and the place of an array is wanted"),
        ({"hand": {"runs": 1}}, "`hand` has no field `runs`. Did you mean `run`?"),
        ({"hand": {"run": -1}}, "`hand.run` is -1"),
        ({"hand": {"swapped": 1}}, "true or false"),
        ({"hand": {"values": 1}}, "`hand.values` is 1"),
        ({"hand": {"taken": {"0": "gradient turned"}}}, "`hand.taken` is 'turned', and one of these is wanted: gradient"),
        ({"view": 4}, "`view` is 4"),
        ({"view": {"step": 0}}, "`view.step` is 0, and a whole number from 1"),
        ({"view": {"step": 1.5}}, "`view.step` is 1.5"),
        ({"view": {"step": True}}, "`view.step` is True"),
        ({"view": {"decimals": 13}}, "from 0 to 12"),
        ({"view": {"direction": "up"}}, "down, across"),
        ({"view": {"plumbing": 1}}, "true or false"),
        ({"view": {"open": [1]}}, "`view.open` is 1"),
        ({"view": {"theme": "dark"}}, "`view` has no field `theme`"),
    ],
)
def test_a_field_that_will_not_do_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(WorkspaceError) as refused:
        read_workspace(json.dumps({**SMALL, **change}))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "this is no workspace: line 1, column 1"),
        (b'{"chainrule": 1, "page": "expl', "damaged or cut off"),
        (b"\xff\xfe", "not UTF-8 text (byte 1)"),
        (b"[1]", "does not start with"),
        (b"null", "does not start with"),
        (b'{"page": "explore"}', "does not start with"),
        (b'{"chainrule": 1, "chainrule": 1}', "`chainrule` stands in it twice"),
        (b'{"chainrule": 1, "page": "explore", "text": "", "view": {"step": NaN}}', "`NaN` is no number"),
        (b'{"chainrule": ' + b"9" * 5000 + b"}", "too long"),
        (b"[" * 100_000, "nested too deeply"),
        (pickle.dumps({"chainrule": 1}), "no workspace"),
    ],
)
def test_what_is_no_workspace_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(WorkspaceError) as refused:
        read_workspace(data)
    assert said in str(refused.value) and isinstance(refused.value, ChainruleError)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LARGEST", 10)
    with pytest.raises(WorkspaceError, match="at most 10"):
        read_workspace(b"x" * 11)
    with pytest.raises(WorkspaceError, match="at most 10"):
        to_workspace(FULL)


def test_what_could_not_be_opened_again_is_not_saved() -> None:
    for state in (
        replace(FULL, page="nowhere"),
        replace(FULL, settings={"colour": "red"}),
        replace(FULL, weights=SavedFile("a.pt", b"")),
        replace(FULL, view=View(step=0)),
        Workspace("explore", "x" * (TEXT + 1)),
    ):
        with pytest.raises(WorkspaceError):
            to_workspace(state)


def test_a_file_is_known_by_its_start() -> None:
    assert is_workspace(to_workspace(FULL)) and is_workspace(json.dumps(SMALL))
    assert not is_workspace("x = 2") and not is_workspace(b'{"nodes": []}') and not is_workspace(b"\x00\xff")


def test_nothing_is_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pickle, "loads", never)
    monkeypatch.setattr(pickle, "load", never)
    assert read_workspace(to_workspace(FULL)) == FULL

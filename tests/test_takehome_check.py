"""Page Check taken home: a hand-in, what was said about it, and the picture come back with a workspace."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest

from graphcore.check.examples import examples
from graphcore.export import Workspace
from graphcore.picture.check import CheckSession
from graphcore.picture.session import Session
from tests.test_takehome import LAYERS, PROGRAM, Page, reopened


@pytest.mark.parametrize("key", [example.key for example in examples()])
def test_every_example_of_check_opens_as_it_was(key: str) -> None:
    page = Page(CheckSession(example=key))
    again = reopened(page.saved(view={"finding": 1}))
    assert again.shown == page.shown and again.data["hand"]["example"] == key
    assert again.data["restored"]["finding"] == 1


def test_what_was_said_about_a_hand_in_opens_with_it() -> None:
    text = "a = [[1, 2], [3, 4]]\nb = [0.1, 0.2]\nc = [5, 6]"
    page = Page(CheckSession(PROGRAM, None, text, "h = [0.46, 0.8]"))
    node = {name: k for k, name, *_ in page.data["alignment"]["nodes"]}
    page.send("choose", reading=0, node=node["W"], role="gradient", change="transposed")
    page.send("choose", reading=1, node=node["x"], role="", change="")
    page.send("choose", reading=2, node=None)
    workspace = page.saved(text=PROGRAM, hand=text, values="h = [0.46, 0.8]")
    assert workspace.choices == {"0": "W", "1": "x", "2": ""}
    assert workspace.hand.taken == {"0": "gradient transposed", "1": "unchanged"}
    again = reopened(workspace)
    assert again.shown == page.shown
    assert again.saved() == workspace


def test_a_choice_of_a_node_that_is_not_there_is_left_out() -> None:
    workspace = Workspace("check", PROGRAM, choices={"0": "nowhere", "1": "x"})
    assert list(reopened(workspace).session._shown.asked.choices) == [1]
    assert reopened(Workspace("check", "x = (", choices={"0": "x"})).data["program"]["error"]


def test_files_are_saved_as_they_came() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, W=np.eye(2), x=np.ones(2))
    sent = {"name": "mine.npz", "data": base64.b64encode(buffer.getvalue()).decode()}
    page = Page(CheckSession(PROGRAM))
    page.send("files", files=[sent], text=PROGRAM)
    again = reopened(page.saved())
    assert again.data["hand"]["files"] == [{"name": "mine.npz", "size": len(buffer.getvalue())}]
    assert again.shown == page.shown and again.data["check"]["mode"] == "judged"
    many = [{**sent, "name": f"{k}.npz"} for k in range(3)]
    page.send("files", files=many, text=PROGRAM)
    again = reopened(page.saved())
    assert again.data["check"]["crowd"] == page.data["check"]["crowd"] and again.data["check"]["mode"] == "crowd"


def test_a_network_to_check_opens_with_its_modules() -> None:
    page = Page(CheckSession(LAYERS, {"seed": "2"}, "0.bias: [0, 0, 0, 0]"))
    page.send("fold", open=["1"], plumbing=False)
    workspace = page.saved()
    assert (workspace.kind, workspace.settings) == ("network", {"seed": "2"})
    again = reopened(workspace)
    assert again.data["structure"]["fold"]["open"] == ["1"] and again.shown == page.shown


def test_the_files_of_check_are_right_at_the_numbers_that_were_handed_in() -> None:
    page = Page(CheckSession("x = 2\ny = x * x", None, "x = 3\nx.grad = 5"))
    run = page.session._shown.judged.run
    program = page.session.taken()
    assert run.value("x") == program.run.value("x") == 3 and program.text == program.run.graph.source.text == "x = 3\ny = x * x"
    assert page.file("print").startswith(b"<!doctype html>") and b"data-paper" not in page.file("print")
    assert b"data-paper" in page.file("html")
    assert b"data-paper" in Page(Session(PROGRAM)).file("print")

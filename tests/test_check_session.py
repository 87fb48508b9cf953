"""Page Check without a browser: hand-ins in every form through the session, and what it answers."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from graphcore.backprop import trace
from graphcore.check.examples import examples
from graphcore.parse import parse
from graphcore.picture.check import CheckSession
from graphcore.picture.check.problem import is_network
from graphcore.problems import GALLERY, problem
from pages.ui.link import pack, read_check_link
from tests.test_pages import ROOT

SMALL = "x = [1, 2]\nW = [[1, 2], [3, 4]]\nh = tanh(W @ x / 10)\nL = sum(h**2)"
NETWORK = "Linear(3, 4)\nTanh()\nLinear(4, 2)"


class Page:
    """A session as the browser talks to it."""

    def __init__(self, *link: Any, **given: Any) -> None:
        self.session = CheckSession(*link, **given)
        self.number = 0
        self.data: dict[str, Any] = {}
        self.answer()

    def send(self, kind: str, **rest: Any) -> dict[str, Any]:
        self.number += 1
        self.session.act({"id": self.number, "kind": kind, "have": self.data["stamp"], **rest})
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.session.wait(60)
        fresh = self.session.payload()
        json.dumps(fresh, allow_nan=False)
        kept = {part: self.data[part] for part in fresh["kept"]}
        self.data = {**fresh, **kept}
        return self.data


def file(name: str, content: bytes | str) -> dict[str, str]:
    data = content.encode() if isinstance(content, str) else content
    return {"name": name, "data": base64.b64encode(data).decode()}


def gradients(text: str, **changed: Any) -> str:
    run = trace(parse(text))
    graph = run.graph
    lines = []
    for leaf in graph.leaves:
        gradient = run.gradient(leaf.name)
        if gradient is not None:
            lines.append(f"d{leaf.name} = {np.array2string(np.asarray(changed.get(leaf.name, gradient)), precision=9)}\n")
    return "".join(lines)


def wrong() -> str:
    return gradients(SMALL, W=2 * np.asarray(trace(parse(SMALL)).gradient("W")))


def test_the_page_comes_up_empty_and_by_a_link() -> None:
    app = AppTest.from_file(str(ROOT / "pages/check.py"), default_timeout=30).run()
    assert not app.exception
    assert app.session_state["check"].payload()["check"]["mode"] == "waiting"
    linked = AppTest.from_file(str(ROOT / "pages/check.py"), default_timeout=30)
    linked.query_params["example"] = "a-degrees"
    linked.run()
    assert not linked.exception
    assert linked.session_state["check"].wait(30)
    assert linked.session_state["check"].payload()["verdict"]["state"] == "wrong"


def test_the_empty_page_offers_examples_and_lines_to_paste() -> None:
    data = Page().data
    handed = [entry["key"] for entry in data["examples"] if entry["hand"]]
    assert handed == [example.key for example in examples()]
    assert {entry["group"] for entry in data["examples"]} >= {"Handed in", "Course problems"}
    for code in data["snippets"].values():
        assert 1 < len(code.splitlines()) <= 6
        assert "graphcore" not in code
    assert data["verdict"]["bold"] == ""


@pytest.mark.parametrize("key", [example.key for example in examples()])
def test_every_example_is_judged_and_drawn(key: str) -> None:
    data = Page(example=key).data
    assert data["check"]["mode"] == "judged"
    assert data["verdict"]["tone"] in ("right", "wrong", "weak")
    assert len(data["numbers"]["judged"]["status"]) == len(data["structure"]["nodes"])
    assert data["hand"]["problem"] is None
    for found in data["check"]["findings"]:
        assert found["guesses"] or found["why"]
    if data["verdict"]["tone"] == "wrong":
        first = data["check"]["findings"][0]
        assert first["status"] == "origin"
        assert first["entry"] or first["felt"]


def test_a_wrong_array_is_found_explained_and_marked() -> None:
    data = Page(SMALL, None, wrong()).data
    first = data["check"]["findings"][0]
    assert (first["name"], first["status"], first["line"]) == ("W", "origin", 2)
    assert first["entry"]["handed"] != first["entry"]["right"]
    place = [node["name"] for node in data["structure"]["nodes"]].index("W")
    judged = data["numbers"]["judged"]
    assert judged["status"][place] == "origin"
    assert judged["given"][place]["entries"] != data["numbers"]["gradients"][place]["entries"]
    rows = {row["name"]: row["status"] for row in data["check"]["rows"]}
    assert rows == {"W": "origin", "x": "right"}


def test_typed_numbers_are_judged_with_the_problem_in_the_editor() -> None:
    page = Page(SMALL)
    assert page.data["verdict"]["state"] == "waiting"
    other = SMALL.replace("/ 10", "/ 5")
    data = page.send("hand", text=other, hand=gradients(other))
    assert data["program"]["text"] == other
    assert data["verdict"]["tone"] == "right"
    assert data["hand"]["arrays"] == 2


def test_a_bad_hand_in_keeps_the_text_and_the_last_picture() -> None:
    page = Page(SMALL, None, gradients(SMALL))
    before = page.data["numbers"]
    data = page.send("hand", text=SMALL, hand="%%% <b>nothing</b>")
    assert data["verdict"]["bold"] == "Not read."
    assert data["hand"]["text"] == "%%% <b>nothing</b>"
    assert data["hand"]["problem"]["what"]
    assert data["numbers"] == before
    assert page.send("hand", text=SMALL, hand=gradients(SMALL))["verdict"]["tone"] == "right"


def test_a_broken_problem_keeps_hand_in_and_picture() -> None:
    page = Page(SMALL, None, gradients(SMALL))
    data = page.send("run", text=SMALL + "\nL = sine(x)")
    assert data["verdict"]["bold"] == "Not run yet."
    assert data["check"]["mode"] == "judged"
    assert data["hand"]["text"] == gradients(SMALL)
    assert page.send("run", text=SMALL)["verdict"]["tone"] == "right"


def test_an_array_is_given_another_node_and_back() -> None:
    page = Page("a = 2\nb = 3\nL = a * b", None, "first = 3\nb = 2\n")
    by = {row["label"]: row for row in page.data["alignment"]["rows"]}
    data = page.send("choose", reading=by["first"]["reading"], node=1, role="gradient", change="")
    row = next(row for row in data["alignment"]["rows"] if row["label"] == "first")
    assert (row["node"], row["chosen"]) == (1, True)
    data = page.send("choose", reading=by["first"]["reading"], node=None)
    assert next(row for row in data["alignment"]["rows"] if row["label"] == "first")["node"] is None
    data = page.send("choose", reading=by["first"]["reading"], reset=True)
    assert data["alignment"]["chosen"] == 0


def test_two_sides_of_one_paste_are_swapped() -> None:
    both = gradients(SMALL) + "W grad: tensor([[1., 1.],\n        [1., 1.]])\nx grad: tensor([1., 1.])\n"
    page = Page(SMALL, None, both)
    if page.data["hand"]["sides"] is None:
        pytest.skip("the reader takes this for one side")
    first = page.data["verdict"]["tone"]
    data = page.send("swap")
    assert data["hand"]["sides"]["swapped"]
    assert data["verdict"]["tone"] != first


def test_a_pickle_is_refused_with_two_lines_and_a_large_one_by_its_size() -> None:
    page = Page(SMALL)
    data = page.send("files", text=SMALL, files=[{"name": "net.pt", "data": ""}])
    assert "can run code" in data["hand"]["problem"]["what"]
    assert len(data["hand"]["problem"]["lines"].splitlines()) == 2
    data = page.send("files", text=SMALL, files=[{"name": "x.dat", "data": "A" * (28 * 2**20)}])
    assert "20 MB" in data["hand"]["problem"]["what"]


def test_what_a_notebook_saves_is_read_back_with_nothing_to_align() -> None:
    run = trace(parse(SMALL))
    arrays = {f"gradient:{name}": run.gradient(name) for name in ("x", "W")}
    arrays |= {"parameter:W": np.asarray(run.value("W")), "parameter:x": np.asarray(run.value("x"))}
    saved = io.BytesIO()
    np.savez(saved, **arrays)
    data = Page(SMALL).send("files", text=SMALL, files=[file("handin.npz", saved.getvalue())])
    assert data["alignment"]["sure"]
    assert data["verdict"]["tone"] == "right"


def test_two_files_without_a_problem_are_laid_beside_each_other() -> None:
    page = Page()
    data = page.send("files", text="", files=[file("a.dat", gradients(SMALL)), file("b.dat", wrong())])
    assert data["check"]["mode"] == "difference"
    assert data["verdict"]["tone"] == "wrong"
    found = data["check"]["difference"]
    assert found["names"] == ["a.dat", "b.dat"]
    assert [pair["state"] for pair in found["pairs"] if pair["label"] == "dW"] == ["different"]
    assert b"b.dat" in base64.b64decode(page.send("save", what="markdown")["download"]["data"])


def test_many_files_are_a_class_of_which_one_is_opened() -> None:
    page = Page(SMALL)
    files = [file("good.dat", gradients(SMALL)), file("wrong.dat", wrong()), file("=bad.dat", "no numbers")]
    data = page.send("files", text=SMALL, files=files)
    rows = data["check"]["crowd"]["rows"]
    assert [row["verdict"] for row in rows] == ["right", "wrong", "unread"]
    assert data["check"]["crowd"]["counts"][0][1:] == [1, 1]
    saved = base64.b64decode(page.send("save", what="csv")["download"]["data"]).decode()
    assert saved.splitlines()[3].startswith("'=bad.dat,unread")
    data = page.send("one", file=1)
    assert (data["check"]["mode"], data["check"]["findings"][0]["name"]) == ("judged", "W")
    data = page.send("class")
    assert (data["check"]["mode"], len(data["check"]["crowd"]["rows"])) == ("crowd", 3)


def test_a_class_is_stopped_and_keeps_its_rows() -> None:
    session = CheckSession(SMALL)
    assert session.wait(60)
    files = [file(f"{k}.dat", gradients(SMALL).replace("dW", f"d{k} W")) for k in range(150)]
    session.act({"id": 1, "kind": "files", "text": SMALL, "files": files})
    session.act({"id": 2, "kind": "stop"})
    data = session.payload()
    assert data["work"] is None
    assert len(data["check"]["crowd"]["rows"]) <= 150


def test_evidence_and_report_are_made_when_their_tab_is_shown() -> None:
    page = Page(SMALL, None, wrong())
    assert page.data["made"] == {}
    data = page.send("tab", tab="evidence")
    assert {row["name"]: row["state"] for row in data["made"]["evidence"]["rows"]} == {"x": "agrees", "W": "agrees"}
    data = page.send("tab", tab="report")
    assert "W" in data["made"]["report"]["markdown"]
    for what in ("markdown", "html"):
        assert base64.b64decode(page.send("save", what=what)["download"]["data"])


def test_a_stronger_point_comes_without_the_old_hand_in() -> None:
    page = Page(example="c-weak")
    assert page.data["verdict"]["state"] == "weak"
    data = page.send("stronger")
    assert data["program"]["text"] != problem("c").text
    assert data["hand"]["arrays"] == 0
    assert "hand those in" in data["notice"]


def test_a_network_is_a_problem_too() -> None:
    assert is_network(NETWORK)
    assert not any(is_network(known.text) for known in GALLERY)
    page = Page(NETWORK)
    assert page.data["settings"]["losses"]
    data = page.data
    names = [node["name"] for node in data["structure"]["nodes"]]
    assert "0.weight" in names
    shown = data["numbers"]["gradients"][names.index("2.bias")]["entries"]
    data = page.send("hand", text=NETWORK, hand=f"2.bias = {shown}\n0.bias = [1, 2, 3, 4]\n")
    rows = {row["name"]: row["status"] for row in data["check"]["rows"]}
    assert rows["2.bias"] == "right"
    assert rows["0.bias"] == "origin"
    assert data["numbers"]["judged"]["status"][names.index("0.bias")] == "origin"


def test_links_bring_problem_and_hand_in() -> None:
    link = read_check_link({"p": pack(SMALL), "h": pack("dW = 1"), "v": pack("L = 2"), "step": "3"})
    assert (link.text, link.hand, link.values, link.step) == (SMALL, "dW = 1", "L = 2", 3)
    broken = read_check_link({"p": pack(SMALL), "h": "???"})
    assert broken.text == SMALL
    assert broken.problem is not None
    assert broken.problem.startswith("The link's hand-in cannot be read")


def test_a_link_says_that_a_file_stayed_behind_until_there_is_another() -> None:
    page = Page(*read_check_link({"p": pack(SMALL), "left": "file"}))
    assert page.data["hand"]["left"] == "file"
    assert page.data["verdict"]["bold"] == "The hand-in stayed behind."
    assert "drop it here again" in page.data["verdict"]["small"]
    data = page.send("files", text=SMALL, files=[file("mine.dat", wrong())])
    assert (data["hand"]["left"], data["verdict"]["tone"]) == (None, "wrong")
    assert "too long" in Page(*read_check_link({"left": "text"})).data["verdict"]["small"]
    assert read_check_link({"p": pack(SMALL), "left": "<b>"}).left is None


def test_files_of_one_name_are_counted() -> None:
    page = Page(SMALL)
    files = [file("hand_in.dat", gradients(SMALL)), file("hand_in.dat", wrong())]
    data = page.send("files", text=SMALL, files=files)
    assert [row["file"] for row in data["check"]["crowd"]["rows"]] == ["hand_in.dat", "hand_in.dat (2)"]
    assert page.send("one", file=1)["hand"]["files"][0]["name"] == "hand_in.dat (2)"
    data = Page().send("files", text="", files=files)
    assert data["check"]["difference"]["names"] == ["hand_in.dat", "hand_in.dat (2)"]


def test_mending_a_forward_value_mends_what_follows() -> None:
    text = "x = 0.7\ns = sin(x)\nf = s**2"
    wrong = float(np.sin(np.deg2rad(0.7)))
    handed = f"ds: {2 * wrong!r}\ndx: {2 * wrong * float(np.cos(0.7))!r}\n"
    page = Page(text, None, handed, f"s = {wrong!r}\n")
    (found,) = page.data["check"]["findings"]
    assert (found["what"], found["guesses"][0]["mistake"]) == ("value", "degrees")
    assert (found["guesses"][0]["mended"], found["guesses"][0]["of"], found["guesses"][0]["remains"]) == (3, 3, "")
    both = Page(text, None, handed.replace("dx: ", "dx: -"), f"s = {wrong!r}\n").data["check"]["findings"]
    assert "the other mistake stays" in both[0]["guesses"][0]["remains"]


def test_forward_values_are_handed_in_beside() -> None:
    page = Page(SMALL, None, gradients(SMALL), "L = 7\n")
    found = [one for one in page.data["check"]["findings"] if one["what"] == "value"]
    assert found
    assert page.data["hand"]["values"] == "L = 7\n"
    assert page.send("values", values="")["verdict"]["tone"] == "right"


@pytest.mark.parametrize(
    "action",
    [
        {"kind": "hand"},
        {"kind": "hand", "hand": 5, "text": 7},
        {"kind": "files"},
        {"kind": "files", "files": "x"},
        {"kind": "files", "files": [5]},
        {"kind": "files", "files": [{"name": None, "data": "!"}]},
        {"kind": "choose", "reading": 99, "node": 10**6, "role": ["x"], "change": "melted"},
        {"kind": "choose", "reading": -1},
        {"kind": "run of", "run": 99},
        {"kind": "one", "file": -3},
        {"kind": "class"},
        {"kind": "save", "what": "exe"},
        {"kind": "stronger"},
        {"kind": "example", "key": "nobody"},
        {"kind": "open", "node": -1},
        {"kind": "fold", "open": None},
    ],
)
def test_malformed_messages_leave_the_page_whole(action: dict[str, Any]) -> None:
    page = Page(SMALL, None, gradients(SMALL))
    number = page.number + 1
    page.session.act({"id": number, **action})
    assert page.session.wait(60)
    data = page.session.payload()
    json.dumps(data, allow_nan=False)
    assert data["structure"] is not None


def test_a_check_of_network_d_takes_no_time() -> None:
    page = Page(example="d-sums")
    took = []
    for _ in range(3):
        start = time.perf_counter()
        page.send("run of", run=0)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.4, took

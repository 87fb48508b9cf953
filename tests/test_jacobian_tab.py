"""What Python sends to the tabs Jacobian and Derivation, on page Explore and on page Networks."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from graphcore import parse, trace
from graphcore.backprop import Trace
from graphcore.graph import Builder
from graphcore.picture import jacobians
from graphcore.picture.network.session import NetworkSession
from graphcore.picture.session import Session
from graphcore.problems import GALLERY

C = next(one.text for one in GALLERY if one.key == "c")


def view(run: Trace, **asked: Any) -> Any:
    return json.loads(json.dumps(jacobians.view(run, jacobians.read(asked)), allow_nan=False))


def sent(session: Any, number: int, **action: Any) -> Any:
    session.act({"id": number, **action})
    return json.loads(json.dumps(session.payload(), allow_nan=False))


@pytest.mark.parametrize("key", ["a", "c", "d", "shared", "softmax", "attention", "kink", "nan"])
def test_every_edge_in_every_convention(key: str) -> None:
    run = trace(parse(next(one.text for one in GALLERY if one.key == key)))
    for number, edge in enumerate(run.graph.edges):
        if edge not in run.graph.backward_edges:
            continue
        for columns, denominator in ((False, False), (True, False), (False, True), (True, True)):
            shown = view(run, edge=number, columns=columns, denominator=denominator, entry=10**6)
            assert shown["refused"] is None
            block, product = shown["block"], shown["product"]
            entries = np.array([[float(x) for x in row] for row in block["entries"]])
            assert entries.shape == (len(block["rows"]), len(block["columns"]))
            if block["small"] and np.isfinite(entries).all():
                up, down = (np.array([float(x) for x in product[side]]) for side in ("upstream", "downstream"))
                if np.isfinite(down).all():
                    np.testing.assert_allclose(entries @ up if denominator else up @ entries, down, rtol=1e-9, atol=1e-12)
            terms = sum(float(t["upstream"]) * float(t["local"]) for t in product["terms"])
            if not product["more"] and np.isfinite(float(product["total"])):
                assert terms == pytest.approx(float(product["total"]), rel=1e-9, abs=1e-12)


def test_problem_c_as_the_tab_shows_it() -> None:
    run = trace(parse(C))
    shown = view(run, source=1, target=run.graph.index("L"), columns=True, decimals=2, entry=2)
    assert shown["formula"] == "0.5 · 1ᵀ · diag(2v3) · (−I) · I · W2 · diag(z1 > 0) · I · (x1ᵀ ⊗ I)"
    assert shown["block"]["columns"] == ["W1[0,0]", "W1[1,0]", "W1[0,1]", "W1[1,1]", "W1[0,2]", "W1[1,2]"]
    assert shown["block"]["entries"] == [[0, 0, 13, -1, 26, -2]]
    assert shown["gathered"]["entries"] == [[0, 0], [13, -1], [26, -2]]
    assert shown["gathered"]["latex"] == r"\begin{bmatrix} 0 & 0 \\ 13 & -1 \\ 26 & -2 \end{bmatrix}"
    assert shown["product"]["label"] == "W1[0,1]"
    assert view(run, source=1, target=run.graph.index("L"))["product"]["terms"] == [{"label": "L", "upstream": 1, "local": 0}]
    assert [factor["formula"] for factor in shown["factors"]][-1] == "x1ᵀ ⊗ I"
    assert shown["latex"].startswith(r"\frac{\partial L}{\partial \operatorname{vec}(W_{1})} = \begin{bmatrix} 0 & 0 & 13")
    found: Any = {}
    exec(f"found = {shown['numpy']}", {"np": np}, found)  # our own text
    np.testing.assert_array_equal(found["found"], [[0, 0, 13, -1, 26, -2]])
    turned = view(run, source=1, target=run.graph.index("L"), denominator=True)
    assert turned["formula"].startswith("(I ⊗ x1) · I · diag(z1 > 0) · W2ᵀ")
    assert turned["gathered"]["entries"] == [[0, 13, 26], [0, -1, -2]]


def test_a_large_matrix_is_sent_in_windows() -> None:
    b = Builder()
    x, w = b.leaf("x", np.ones((64, 300))), b.leaf("w", np.arange(60_000.0).reshape(300, 200))
    b.apply("sum", b.apply("matmul", x, w, name="y"), name="L")
    run = trace(b.graph())
    shown = view(run, edge=0, row=10**9, column=599, cells=True)
    assert shown["shape"] == [12_800, 19_200]
    assert (len(shown["block"]["rows"]), len(shown["block"]["columns"])) == (32, 64)
    assert shown["block"]["row"] == 12_800 - 32
    assert shown["numpy"] is None
    assert r"\supset" in shown["latex"]


def test_a_path_through_much_is_shown_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trace(parse(C))
    monkeypatch.setattr(jacobians, "WORK", 20)
    shown = view(run, source=1, target=run.graph.index("x3"))
    assert (len(shown["block"]["rows"]), shown["shape"]) == (1, [2, 6])
    assert shown["product"]["terms"] is None
    assert shown["numpy"] is None
    assert shown["product"]["downstream"] == [0, 13, 26, 0, -1, -2]


def test_what_makes_no_sense_is_refused_with_a_sentence() -> None:
    run = trace(parse(C))
    assert "Choose a node" in view(run, edge="x")["refused"]
    assert "no gradient flows" in view(run, source=run.graph.index("L"), target=1)["refused"]
    assert view(run, source=10**6, target=1)["refused"]


def test_explore_answers_while_the_tab_is_shown() -> None:
    session = Session(C)
    data = sent(session, 1, kind="jacobian", tab="jacobian", edge=0)
    assert data["jacobian"]["formula"] == "I ⊗ x1ᵀ"
    assert data["derivation"] is None
    assert {"node": 1, "shown": 1, "name": "W1"} in data["jacobian"]["nodes"]
    data = sent(session, 2, kind="derive", tab="derivation", leaf=4, indices=True, values=True, decimals=2)
    assert data["jacobian"] is None
    assert data["derived"]["leaf"] == 4
    assert "[i,0]" in data["derivation"][-1]["latex"]
    assert data["derivation"][0]["step"] is None
    assert sent(session, 3, kind="tab", tab="table")["derivation"] is None


def test_a_network_answers_in_the_words_of_its_picture() -> None:
    session = NetworkSession("Linear(2, 3)\nReLU()\nLinear(3, 1)")
    assert session.wait(60)
    data = sent(session, 1, kind="tab", tab="jacobian")
    steps = [step for step in data["structure"]["steps"] if step["phase"] == "backward"]
    names = data["structure"]["nodes"]
    for number, step in enumerate(steps, 2):
        edge = data["structure"]["edges"][step["edge"]]
        shown = sent(session, number, kind="jacobian", tab="jacobian", edge=step["edge"])["jacobian"]
        assert shown["refused"] is None
        assert (shown["target"]["name"], shown["source"]["name"]) == (
            names[edge["target"]]["name"],
            names[edge["source"]]["name"],
        )
    derived = sent(session, 100, kind="derive", tab="derivation", leaf=None)
    known = {line["step"] for line in derived["derivation"]}
    assert known - {None} <= set(range(1, len(data["structure"]["steps"]) + 1))
    assert len(known) > 5
    assert all("ᵀᵀ" not in line["latex"] for line in derived["derivation"])


def test_a_long_path_shows_both_ends_and_the_way_to_the_rest() -> None:
    names = ["x", *(f"a{k}" for k in range(20))]
    run = trace(parse("x = 0.3\n" + "\n".join(f"{new} = sin({old})" for old, new in pairwise(names))))
    shown = view(run, source=0, target=20)
    formulas = [f"cos({name})" for name in reversed(names[:-1])]
    assert [factor["formula"] for factor in shown["factors"]] == formulas[:8] + formulas[-8:]
    assert (shown["between"]["count"], shown["between"]["after"]) == (4, 8)
    assert shown["block"]["entries"] == [[pytest.approx(float(run.gradient("x")))]]
    ends = {side: shown["between"][side]["node"] for side in ("source", "target")}
    rest = view(run, **ends)
    assert [factor["formula"] for factor in rest["factors"]] == formulas[8:-8]
    assert rest["between"] is None
    turned = view(run, source=0, target=20, denominator=True)
    assert [factor["formula"] for factor in turned["factors"]] == [*reversed(formulas[-8:]), *reversed(formulas[:8])]

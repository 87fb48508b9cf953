"""The payload: exactly what was agreed with the browser, from every program of the gallery."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import graphcore as gc
from graphcore.compare import compare
from graphcore.errors import GraphError, TraceError
from graphcore.parse import parse
from graphcore.picture import encode, page
from graphcore.picture import payload as view
from graphcore.picture.page import assets, embedded, read, show
from graphcore.picture.session import Session
from graphcore.problems import GALLERY

# --- the contract, as a small schema language: a type, a set of allowed values, {key: schema}, [schema], a tuple of choices


KINDS = {"reasons", "stronger", "show", "goto", "report", "line"}
NUMBER = (int, float, {"nan", "inf", "-inf"})
TEXT_OR_NONE = (str, None)
SPAN = [int]
V = (
    NUMBER,
    {"shape": [int], "entries": [NUMBER]},
    {"shape": [int], "cells": [[NUMBER]], "norm": NUMBER},
    None,
)
FRACTION = {"d": [str], "shape": [int], "role": {"result", "gradient"}}
TOKEN = (FRACTION, {"value": str, "shape": [int]}, {"op": str}, {"text": str})
G = {"width": float, "height": float, "nodes": [[float]], "edges": [[float]]}
DRAWN = {
    "width": float,
    "height": float,
    "nodes": [{"box": [float], "lines": [str], "node": (int, None), "kind": {"function", "leaf", "output"}}],
    "edges": [{"points": [float], "source": int, "target": int}],
}
STEP = ({"phase": {"forward", "seed"}, "node": int}, {"phase": {"backward"}, "edge": int})
STRUCTURE = {
    "nodes": [
        {
            "name": str,
            "head": str,
            "expression": [(str, int)],
            "leaf": bool,
            "op": TEXT_OR_NONE,
            "spoken": TEXT_OR_NONE,
            "shape": [int],
            "line": (int, None),
            "active": bool,
            "wants": bool,
            "uses": int,
        }
    ],
    "edges": [
        {
            "source": int,
            "target": int,
            "slot": int,
            "active": bool,
            "symbol": TEXT_OR_NONE,
            "says": TEXT_OR_NONE,
            "rule": ([TOKEN], None),
        }
    ],
    "steps": [STEP],
    "output": int,
    "geometry": {"down": G, "across": (G, None)},
    "torch": {
        "twins": [({"fn": str, "also": [str]}, None)],
        "beads": [{"fn": str, "node": int, "edge": (int, None)}],
        "drawn": (DRAWN, None),
        "explained": [{"fn": str, "sentence": str, "nodes": [int]}],
    },
    "later": [{"across", "drawn"}],
    "note": TEXT_OR_NONE,
}
STATES = {"match", "mismatch", "zero", "non-finite", "none", "unpaired", "seed", "constant"}
NUMBERS = {
    "values": [V],
    "gradients": [V],
    "torch": [V],
    "states": [STATES],
    "errors": [(NUMBER, None)],
    "kinks": [TEXT_OR_NONE],
    "edges": [
        {
            "local": (NUMBER, None),
            "kind": str,
            "jacobian": [int],
            "says": TEXT_OR_NONE,
            "down": V,
            "entry": ({"index": [int], "total": NUMBER, "terms": [[NUMBER]], "more": int, "torch": (NUMBER, None)}, None),
        }
    ],
}
REASON = {"sign": str, "tone": {"right", "weak", "wrong", "off"}, "title": str, "text": str}
ERROR = {
    "line": (int, None),
    "column": (int, None),
    "where": str,
    "what": str,
    "instead": str,
    "source": TEXT_OR_NONE,
    "carets": ([int], None),
    "fix": ({"label": str, "text": str}, None),
}
FULL = {"shape": [int], "rows": [[NUMBER]], "more": int}
ACTION = {"label": str, "kind": KINDS, "nodes?": [int], "line?": int, "text?": str}
CARD = {"label": str, "inner": int, "node": (int, None), "entry": [int], "value": NUMBER, "gradient": (NUMBER, None)}
EDGE = {**CARD, "local": NUMBER, "upstream": (NUMBER, None), "downstream": (NUMBER, None)}
SIDE = {"shown": [EDGE], "size": int, "start": int, "rest": (NUMBER, None), "unread": int}
TOKENS = [(str, {"brackets": bool, "value": NUMBER, "symbol?": str, "note?": str, "inner?": int, "entry?": [int]})]
SCALAR = {
    **CARD,
    "seed": (NUMBER, None),
    "shape": [int],
    "op": TEXT_OR_NONE,
    "loss": str,
    "count": int,
    "written": TOKENS,
    "says": [str],
    "came": SIDE,
    "to": SIDE,
}
DERIVED = {
    "leaf": (int, None),
    "indices": bool,
    "values": bool,
    "decimals": int,
    "small": bool,
    "leaves": [{"node": int, "name": str}],
}
POINT = {
    "leaf": str,
    "flat": int,
    "problem": str,
    "x": NUMBER,
    "y": NUMBER,
    "slope": (*NUMBER, None),
    "depends": bool,
    "corner": TEXT_OR_NONE,
}
CURVE = {
    "leaf": str,
    "flat": int,
    "low": float,
    "high": float,
    "y": [(float, None)],
    "kinks": [{"x": float, "y": NUMBER, "jump": bool, "op": str}],
}
PAYLOAD = {
    "page": {"explore"},
    "revision": int,
    "stamp": str,
    "kept": [str],
    "answers": int,
    "notice": TEXT_OR_NONE,
    "topology": str,
    "structure": (STRUCTURE, None),
    "layouts": {"across?": (G, None), "drawn?": (DRAWN, None)},
    "numbers": (NUMBERS, None),
    "verdict": {
        "state": {"match", "weak", "unproven", "some-zero", "kink", "mismatch", "non-finite", "stale", "running"},
        "sign": str,
        "tone": {"right", "weak", "wrong", "off"},
        "bold": str,
        "small": str,
        "action": (ACTION, None),
        "reasons": [REASON],
    },
    "program": {"text": str, "ran": str, "error": (ERROR, None), "skipped": TEXT_OR_NONE, "example": TEXT_OR_NONE},
    "examples": [{"key": str, "title": str, "sentence": str, "text": str, "group": str}],
    "starts": [str],
    "leaves": [
        {
            "node": int,
            "name": str,
            "shape": [int],
            "values": ([NUMBER], None),
            "spans": ([SPAN], None),
            "span": (SPAN, None),
            "wants": bool,
            "integer": bool,
        }
    ],
    "derived?": (DERIVED, None),
    "jacobian?": (dict, None),  # tests/test_jacobian_tab.py reads it
    "derivation": ([{"step": (int, None), "symbols": list, "numbers": list, "latex": str}], None),
    "code": ({"numpy": str, "torch": str}, None),
    "scalar?": (SCALAR, None),
    "home?": (dict, None),
    "restored?": (dict, None),
    "slope?": (POINT, {"leaf": str, "flat": int, "problem": str}, None),
    "curve?": (CURVE, None),
    "descent?": ({"losses": [NUMBER], "first": int, "at": (int, None), "says": str, "note": str}, None),
    "opened": ({"node": int, "value": FULL, "gradient": (FULL, None), "torch": (FULL, None)}, None),
    "start": {"step": (int, None), "decimals": (int, None)},
}


def misfit(value: Any, schema: Any, where: str = "data") -> str | None:
    """Where a value first breaks the contract, or None."""
    if schema is None:
        return None if value is None else f"{where}: {value!r} is not null"
    if isinstance(schema, tuple):
        found = [misfit(value, choice, where) for choice in schema]
        return None if None in found else max((f for f in found if f), key=len)
    if isinstance(schema, set):
        return None if isinstance(value, str) and value in schema else f"{where}: {value!r} is none of {sorted(schema)}"
    if isinstance(schema, list):
        if not isinstance(value, list):
            return f"{where}: {value!r} is no list"
        return next((m for k, v in enumerate(value) if (m := misfit(v, schema[0], f"{where}[{k}]"))), None)
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            return f"{where}: {value!r} is no object"
        # a key that ends in ? may be left out
        wanted = {key.removesuffix("?"): inner for key, inner in schema.items() if not key.endswith("?") or key[:-1] in value}
        if value.keys() != wanted.keys():
            return f"{where}: keys {sorted(value)}, not {sorted(schema)}"
        return next((m for k in wanted if (m := misfit(value[k], wanted[k], f"{where}.{k}"))), None)
    fits = isinstance(value, (int, float) if schema is float else schema) and (schema is bool or not isinstance(value, bool))
    return None if fits else f"{where}: {value!r} is no {schema}"


def data_of(text: str, **more: Any) -> Any:
    run = gc.trace(parse(text))
    data = view.payload(run, compare(run), **more)
    return json.loads(json.dumps(data, allow_nan=False))


@pytest.fixture(scope="module", params=[problem.key for problem in GALLERY])
def data(request: pytest.FixtureRequest) -> Any:
    return data_of(next(problem.text for problem in GALLERY if problem.key == request.param))


def test_the_schema_checker_finds_misfits() -> None:
    assert misfit(float("nan"), ({"nan"},)) and misfit(True, int) and misfit({"a": 1}, {"b": int}) and misfit([1, "x"], [int])
    assert misfit(1, float) is None and misfit("nan", NUMBER) is None


class TestEveryProgramOfTheGallery:
    def test_keeps_the_contract(self, data: Any) -> None:
        assert misfit(data, PAYLOAD) is None

    def test_columns_are_as_long_as_the_graph(self, data: Any) -> None:
        structure, numbers = data["structure"], data["numbers"]
        nodes, edges = len(structure["nodes"]), len(structure["edges"])
        assert {len(numbers[key]) for key in ("values", "gradients", "torch", "states", "errors", "kinks")} == {nodes}
        assert len(structure["torch"]["twins"]) == nodes and len(numbers["edges"]) == edges
        for drawing in structure["geometry"].values():
            assert len(drawing["nodes"]) == nodes and len(drawing["edges"]) == edges

    def test_steps_visit_every_op_once_and_every_carrying_edge_once(self, data: Any) -> None:
        structure = data["structure"]
        phases = [step["phase"] for step in structure["steps"]]
        assert phases == sorted(phases, key=["forward", "seed", "backward"].index) and phases.count("seed") == 1
        forward = [step["node"] for step in structure["steps"] if step["phase"] == "forward"]
        assert forward == [k for k, node in enumerate(structure["nodes"]) if not node["leaf"]]
        backward = [step["edge"] for step in structure["steps"] if step["phase"] == "backward"]
        assert len(set(backward)) == len(backward)
        assert all(data["numbers"]["edges"][k]["down"] is not None for k in backward)
        uses = [sum(structure["edges"][k]["source"] == node for k in backward) for node in range(len(structure["nodes"]))]
        assert uses == [node["uses"] for node in structure["nodes"]]

    def test_a_gradient_is_the_sum_of_what_its_edges_hand_on(self, data: Any) -> None:
        structure, numbers = data["structure"], data["numbers"]
        for node in range(len(structure["nodes"])):
            downs = [
                numbers["edges"][step["edge"]]["down"]
                for step in structure["steps"]
                if step["phase"] == "backward" and structure["edges"][step["edge"]]["source"] == node
            ]
            if downs and all(isinstance(down, (int, float)) for down in downs):
                assert numbers["gradients"][node] == pytest.approx(sum(downs), rel=1e-12, abs=1e-300)

    def test_upstream_times_local_is_downstream(self, data: Any) -> None:
        for edge, shown in zip(data["structure"]["edges"], data["numbers"]["edges"], strict=True):
            upstream = data["numbers"]["gradients"][edge["target"]]
            if all(isinstance(v, (int, float)) for v in (shown["local"], shown["down"], upstream)):
                assert upstream * shown["local"] == pytest.approx(shown["down"], rel=1e-12)

    def test_a_written_entry_adds_up(self, data: Any) -> None:
        for edge in data["numbers"]["edges"]:
            entry = edge["entry"]
            if entry and not entry["more"]:
                total = sum(upstream * local for upstream, local in entry["terms"])
                assert total == pytest.approx(entry["total"], rel=1e-9)
            assert entry is None or len(entry["terms"]) <= 6

    def test_expressions_name_only_their_operands(self, data: Any) -> None:
        edges = data["structure"]["edges"]
        for k, node in enumerate(data["structure"]["nodes"]):
            used = {token for token in node["expression"] if isinstance(token, int)}
            assert used <= {edge["source"] for edge in edges if edge["target"] == k}

    def test_literals_stand_where_the_spans_say(self, data: Any) -> None:
        lines = data["program"]["text"].split("\n")
        for leaf in data["leaves"]:
            for span, value in zip(leaf["spans"] or [], leaf["values"] or [], strict=False):
                assert float(lines[span[0] - 1][span[1] : span[3]].replace(" ", "")) == value


def test_sampling_keeps_the_corners_and_the_size() -> None:
    array = np.arange(40.0 * 30).reshape(40, 30)
    shown = encode.tensor(array)
    cells = np.array(shown["cells"])
    assert cells.shape == (7, 14) and shown["shape"] == [40, 30]
    assert cells[0, 0] == array[0, 0] and cells[-1, -1] == array[-1, -1] and cells[0, -1] == array[0, -1]
    assert shown["norm"] == pytest.approx(np.linalg.norm(array))
    assert np.shape(encode.tensor(np.ones((2, 3, 5)))["cells"]) == (6, 5)
    assert np.shape(encode.tensor(np.ones(100))["cells"]) == (1, 14)


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (np.float64(-0.5), -0.5),
        (np.float64("nan"), "nan"),
        (np.zeros((0, 3)), {"shape": [0, 3], "entries": []}),
        (np.array([[1.0, np.inf]]), {"shape": [1, 2], "entries": [1.0, "inf"]}),
        (np.arange(12.0)[::-2], {"shape": [6], "entries": [11.0, 9.0, 7.0, 5.0, 3.0, 1.0]}),
    ],
)
def test_tensors(array: Any, shown: Any) -> None:
    assert encode.tensor(np.asarray(array)) == shown


def test_norms_neither_overflow_nor_vanish() -> None:
    assert encode.norm(np.full((4, 4), 1e200)) == pytest.approx(4e200)
    assert encode.norm(np.full((4, 4), 1e-200)) == pytest.approx(4e-200)
    assert encode.norm(np.zeros((4, 4))) == 0


def test_opened_arrays_stop_at_ten_thousand_entries() -> None:
    full = encode.opened(np.ones((200, 300)))
    assert len(full["rows"]) * len(full["rows"][0]) + full["more"] == 60_000
    assert len(full["rows"]) * 300 <= 10_000
    assert encode.opened(np.ones(20_000))["more"] == 10_000
    data = data_of("W = randn(5, 6)\nL = sum(W**2)", open_node="W")
    assert misfit(data, PAYLOAD) is None and data["opened"]["torch"]["shape"] == [5, 6]


def test_the_topology_knows_structure_from_numbers() -> None:
    first = parse("x = 2\nW = [[1, 2]]\nf = sum(W * x)")
    assert view.topology(first) == view.topology(parse("x = 3\nW = [[5, -2]]\nf = sum(W * x)"))
    changed = [
        "x = 2\nW = [[1, 2, 3]]\nf = sum(W * x)",
        "x = 2\nW = [[1, 2]]\nf = sum(W + x)",
        "y = 2\nW = [[1, 2]]\nf = sum(W * y)",
        "x = 2\n\nW = [[1, 2]]\nf = sum(W * x)",
        "x = 2\nW = const([[1, 2]])\nf = sum(W * x)",
        "x = 2\nW = [[1, 2]]\nf = sum(x * W)",
        "x = 2\nW = [[1, 2]]\nf = mean(W * x)",
    ]
    keys = {view.topology(parse(text)) for text in changed}
    assert len(keys) == len(changed) and view.topology(first) not in keys


def test_new_numbers_leave_the_structure_alone() -> None:
    graph = parse(GALLERY[0].text)
    moved = gc.trace(graph, {"w1": 2.0})
    kept = view.structure(graph, compare(gc.trace(graph)).torch)
    assert view.structure(graph, compare(moved).torch) == kept
    assert view.numbers(moved, compare(moved)) != view.numbers(gc.trace(graph), compare(gc.trace(graph)))


def test_entries_can_be_left_out_while_something_is_dragged() -> None:
    run = gc.trace(parse("W = [[1, 2], [3, 4]]\nf = sum(W @ W)"))
    full, quick = view.numbers(run, compare(run)), view.numbers(run, compare(run), written=False)
    assert any(edge["entry"] for edge in full["edges"]) and not any(edge["entry"] for edge in quick["edges"])
    assert {**full, "edges": 0} == {**quick, "edges": 0}


def test_a_branch_that_leads_nowhere_gets_no_step() -> None:
    data = data_of("x = 2\nunused = sin(x)\nf = x * 3")
    assert misfit(data, PAYLOAD) is None
    names = [node["name"] for node in data["structure"]["nodes"]]
    assert data["structure"]["nodes"][names.index("x")]["uses"] == 1
    assert data["numbers"]["gradients"][names.index("unused")] is None
    assert data["numbers"]["states"][names.index("unused")] == "none"


def test_relu_says_whether_it_is_on() -> None:
    data = data_of("x = 2\ny = -1\nf = relu(x) + relu(y)")
    assert {edge["says"] for edge in data["numbers"]["edges"]} == {None, "on: 1", "off: 0"}


def test_whole_number_leaves_are_told() -> None:
    leaves = {leaf["name"]: leaf for leaf in data_of("z = [[1, 2, 3]]\nt = const([2])\nL = cross_entropy(z, t)")["leaves"]}
    assert leaves["t"]["integer"] and not leaves["t"]["wants"] and not leaves["z"]["integer"]


@pytest.mark.parametrize("key", ["a", "c", "shared"])
def test_every_line_of_the_derivation_knows_its_step(key: str) -> None:
    data = data_of(next(problem.text for problem in GALLERY if problem.key == key), derived=True)
    assert misfit(data, PAYLOAD) is None
    steps = data["structure"]["steps"]
    shown = [line["step"] for line in data["derivation"]]
    assert shown == sorted(shown) and {steps[k - 1]["phase"] for k in shown} == {"seed", "backward"}
    assert set(shown) == {k for k, step in enumerate(steps, 1) if step["phase"] != "forward"}


def test_a_session_keeps_the_contract_whatever_is_sent() -> None:
    session = Session()
    text = GALLERY[0].text.replace("w1 = 3", "w1 = 2")
    actions: list[dict[str, Any]] = [
        {"kind": "nudge", "text": text, "values": {"w1": 2.0}},
        {"kind": "tab", "tab": "derivation"},
        {"kind": "slope", "slope": {"leaf": "x1", "entry": 0, "zoom": 3}},
        {"kind": "open", "node": 4},
        {"kind": "scalar", "tab": "scalars", "node": 4, "entry": []},
        {"kind": "jacobian", "tab": "jacobian", "edge": 3, "columns": True, "entry": 1},
        {"kind": "jacobian", "tab": "jacobian", "source": 0, "target": 10**9, "row": -1, "cells": "yes"},
        {"kind": "derive", "tab": "derivation", "leaf": 1, "indices": True, "decimals": 99},
        {"kind": "derive", "tab": "derivation", "leaf": "x", "decimals": []},
        {"kind": "stronger"},
        {"kind": "run", "text": "x = 1\ny = sine(x)"},
        {"kind": "run", "text": next(problem.text for problem in GALLERY if problem.key == "c")},
        {"kind": "stronger"},
        {"kind": "descend", "text": "x = 2\ny = x * x", "rate": 0.1, "steps": 2, "slope": {"leaf": "x", "entry": 0, "zoom": 0}},
        {"kind": "descend", "text": 4, "rate": "fast"},
        {"kind": "run", "text": ""},
    ]
    before = session.payload()
    for number, action in enumerate(actions, 1):
        session.act({"id": number, **action})
        data = json.loads(json.dumps(session.payload(), allow_nan=False))
        assert misfit(data, PAYLOAD) is None and data["answers"] == number
        if number == 1:
            assert data["topology"] == before["topology"] and data["structure"] == json.loads(json.dumps(before["structure"]))
            assert data["numbers"]["values"][1] == 2


def test_an_empty_page_keeps_the_contract() -> None:
    data = view.payload(None)
    assert misfit(data, PAYLOAD) is None and data["structure"] is None


class TestErrors:
    def test_carets_stand_under_the_word(self) -> None:
        text = "x1 = 1\ns = 3 * sine(x1)"
        with pytest.raises(GraphError) as caught:
            parse(text)
        shown = view.error(caught.value, text)
        assert misfit(shown, ERROR) is None
        assert shown["source"][slice(*shown["carets"])] == "sine" and shown["line"] == 2
        assert "sin" in shown["instead"]
        assert view.verdict(None, caught.value)["action"]["line"] == 2

    def test_an_error_without_a_line(self) -> None:
        with pytest.raises(TraceError) as caught:
            gc.trace(parse("y = [1, 2, 3]\nz = y * 2"))
        shown = view.error(caught.value, "y = [1, 2, 3]\nz = y * 2")
        assert misfit(shown, ERROR) is None and shown["line"] is None
        assert shown["what"] == "The output z has 3 numbers; a gradient starts from one."
        assert shown["instead"].startswith("End with sum(z)")
        assert shown["fix"]["label"] == "End with sum(z)"
        mended = gc.trace(parse(shown["fix"]["text"]))
        assert mended.value("z").shape == (3,) and mended.graph.outputs[0].shape == ()


HOSTILE = [
    "<script>alert(1)</script>",
    '"]; n9 [label=x',
    "</script><!--",
    "a\\N\x00\x1b[31m",
    "𝓍|`$\\input{x}",
    "\u2028 ' OR 1=1",
]


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data: dict[str, str] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open = f"{tag}:{dict(attrs).get('type')}"

    def handle_data(self, data: str) -> None:
        self.data[self._open] = self.data.get(self._open, "") + data


def test_hostile_names_stay_text() -> None:
    b = gc.Builder()
    handles = [b.leaf(name, 0.5) for name in HOSTILE]
    total = handles[0]
    for k, handle in enumerate(handles[1:]):
        total = b.apply("mul", total, handle, name=f"{HOSTILE[k]}&{k}")
    run = gc.trace(b.graph())
    data = view.payload(run, compare(run))
    assert misfit(json.loads(json.dumps(data, allow_nan=False)), PAYLOAD) is None
    assert [node["name"] for node in data["structure"]["nodes"]][:6] == HOSTILE
    found = _Scripts()
    found.feed(page(run))
    assert found.tags.count("script") == 2 and "alert(1)" not in "".join(v for k, v in found.data.items() if "json" not in k)
    assert json.loads(found.data["script:application/json"])["structure"]["nodes"][0]["name"] == HOSTILE[0]


def test_the_stand_alone_page_asks_nothing_of_a_network(tmp_path) -> None:
    text = page(parse(GALLERY[0].text))
    assert "default-src 'none'" in text
    body = text.replace("http://www.w3.org/", "")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", body)
    target = show(parse(GALLERY[0].text), tmp_path / "a.html")
    assert target.read_text("utf-8") == text


def test_embedded_data_survives_the_page() -> None:
    for name in HOSTILE:
        assert json.loads(embedded({"name": name})) == {"name": name}
        assert "<" not in embedded({"name": name})


def test_the_files_are_joined_in_name_order(tmp_path) -> None:
    for folder in ("js", "css"):
        (tmp_path / folder).mkdir()
    (tmp_path / "picture.html").write_text("<div></div>", "utf-8")
    (tmp_path / "js" / "20-b.js").write_text("b", "utf-8")
    (tmp_path / "js" / "10-a.js").write_text("a", "utf-8")
    assert read(tmp_path) == ("<div></div>", "", "a\nb")
    assert assets() is assets() and "cr-root" in assets().html

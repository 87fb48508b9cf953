"""Layout: the boxes keep their sizes and their distances, rows their order, and the same graph its drawing."""

import math
import os
import random
import subprocess
import sys
from itertools import combinations, pairwise

import pytest

import graphcore as gc
from graphcore import dot, layout
from graphcore.errors import LayoutError
from graphcore.picture.geometry import geometry


def scalar_program(count: int, seed: int) -> gc.Graph:
    draw = random.Random(seed)  # noqa: S311  # a test's graph, no secret
    b = gc.Builder()
    handles = [b.leaf(f"x{k}", draw.random()) for k in range(4)]
    while len(b) < count:
        op = draw.choice(["add", "mul", "sub", "sin", "cos"])
        picks = [handles[max(0, len(handles) - 1 - int(draw.expovariate(0.4)))] for _ in range(1 if op in ("sin", "cos") else 2)]
        handles.append(b.apply(op, *picks))
    return b.graph()


def problem_a() -> gc.Graph:
    b = gc.Builder()
    x1, w1, x2, w2 = (b.leaf(name, 1.5) for name in ("x1", "w1", "x2", "w2"))
    v1 = b.apply("mul", x1, w1)
    s = b.apply("sin", v1, name="s")
    c = b.apply("cos", b.apply("mul", x2, w2), name="c")
    v5 = b.apply("add", b.apply("add", 2, b.apply("pow", s, 2)), c)
    b.apply("div", 1, v5, name="f")
    return b.graph()


def heads(graph: gc.Graph) -> list[str]:
    return [node.name if node.op is None else f"{node.name} = {node.op.name}(…)" for node in graph.nodes]


GRAPHS = {"a": problem_a(), **{f"random{n}-{seed}": scalar_program(n, seed) for n, seed in ((5, 1), (20, 2), (60, 3), (150, 4))}}


@pytest.fixture(params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> gc.Graph:
    return GRAPHS[request.param]


@pytest.mark.parametrize("direction", ["down", "across"])
class TestEveryDrawing:
    def test_boxes_have_the_sizes_asked_for(self, graph: gc.Graph, direction: str) -> None:
        drawn = geometry(graph, heads(graph))[direction]
        for (_, _, w, h), wanted in zip(drawn["nodes"], dot.sizes(graph, heads(graph)), strict=True):
            assert (w, h) == pytest.approx(wanted, abs=0.2)

    def test_boxes_never_touch_and_lie_inside(self, graph: gc.Graph, direction: str) -> None:
        drawn = geometry(graph, heads(graph))[direction]
        for x, y, w, h in drawn["nodes"]:
            assert x - w / 2 >= -0.1 and x + w / 2 <= drawn["width"] + 0.1
            assert y - h / 2 >= -0.1 and y + h / 2 <= drawn["height"] + 0.1
        for (x, y, w, h), (u, v, p, q) in combinations(drawn["nodes"], 2):
            assert abs(x - u) >= (w + p) / 2 + 9.5 or abs(y - v) >= (h + q) / 2 + 13

    def test_an_operand_stands_before_its_user(self, graph: gc.Graph, direction: str) -> None:
        drawn = geometry(graph, heads(graph))[direction]
        axis = 1 if direction == "down" else 0
        for edge in graph.edges:
            assert drawn["nodes"][edge.source][axis] < drawn["nodes"][edge.target][axis]

    def test_an_edge_runs_from_its_source_to_its_target(self, graph: gc.Graph, direction: str) -> None:
        drawn = geometry(graph, heads(graph))[direction]
        for edge, points in zip(graph.edges, drawn["edges"], strict=True):
            assert len(points) % 6 == 2 and len(points) >= 8
            for (px, py), (x, y, w, h) in (
                (points[:2], drawn["nodes"][edge.source]),
                (points[-2:], drawn["nodes"][edge.target]),
            ):
                assert abs(px - x) <= w / 2 + 2 and abs(py - y) <= h / 2 + 2

    def test_no_edge_runs_through_a_strange_box(self, graph: gc.Graph, direction: str) -> None:
        drawn = geometry(graph, heads(graph))[direction]
        for edge, points in zip(graph.edges, drawn["edges"], strict=True):
            boxes = [box for k, box in enumerate(drawn["nodes"]) if k not in (edge.source, edge.target)]
            for x, y in along(points):
                assert not any(abs(x - u) < w / 2 - 1 and abs(y - v) < h / 2 - 1 for u, v, w, h in boxes)


def along(points: list[float]) -> list[tuple[float, float]]:
    found = []
    for k in range(0, len(points) - 2, 6):
        p = points[k : k + 8]
        for t in (0.0, 0.25, 0.5, 0.75, 1.0):
            b = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
            found.append((sum(f * v for f, v in zip(b, p[0::2])), sum(f * v for f, v in zip(b, p[1::2]))))
    return found


def test_problem_a_is_as_compact_and_symmetrical_as_drawn_by_hand() -> None:
    graph = problem_a()
    drawn = geometry(graph, heads(graph))["down"]
    assert drawn["width"] <= 500 and drawn["height"] == pytest.approx(439, abs=5)
    at = {name: drawn["nodes"][k] for k, name in enumerate(graph.names)}
    assert {at[name][1] for name in ("x1", "w1", "x2", "w2")} == {at["x1"][1]}
    assert at["s"][1] == at["c"][1]
    assert at["v1"][0] == at["s"][0] == pytest.approx((at["x1"][0] + at["w1"][0]) / 2, abs=15)
    assert at["f"][0] == pytest.approx((at["s"][0] + at["c"][0]) / 2, abs=15)
    rows = sorted({y for _, y, _, _ in drawn["nodes"]})
    assert all(b - a == pytest.approx(66, abs=1) for a, b in pairwise(rows))


def test_a_leaf_used_late_stands_just_above_its_user() -> None:
    b = gc.Builder()
    h = b.leaf("x", 0.5)
    for _ in range(6):
        h = b.apply("sin", h)
    late = b.leaf("w", 2.0)
    b.apply("mul", h, late, name="f")
    rank = dot.ranks(b.graph())
    assert rank[late] == rank[-1] - 1 == 6


def test_operands_keep_their_order_where_nothing_speaks_against_it() -> None:
    drawn = geometry(problem_a(), heads(problem_a()))["down"]["nodes"]
    assert drawn[0][0] < drawn[1][0] < drawn[2][0] < drawn[3][0]


def test_two_edges_between_the_same_nodes_do_not_cover_each_other() -> None:
    b = gc.Builder()
    x = b.leaf("x", 0.5)
    b.apply("mul", x, x)
    graph = b.graph()
    first, second = geometry(graph, heads(graph))["down"]["edges"]
    assert abs(first[0] - second[0]) > 10 and abs(first[-2] - second[-2]) > 10


def test_the_same_text_gives_the_same_bytes_in_another_process() -> None:
    graph = GRAPHS["random60-3"]
    text = dot.manual(graph, dot.sizes(graph, heads(graph)))
    script = "import sys; from graphcore import layout; print(layout.geometry(sys.stdin.read()))"
    out = subprocess.run([sys.executable, "-c", script], input=text, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == repr(layout.geometry(text))
    assert layout.geometry(text) is layout.geometry(text)


@pytest.mark.parametrize(
    ("head", "shape", "options", "expected"),
    [
        ("s = sin(v1)", (), {}, (152, 43)),
        ("x1", (), {"leaf": True}, (112, 43)),
        ("x", (), {"leaf": True, "uses": 3}, (216, 43)),
        ("W 3×3", (3, 3), {"leaf": True}, (324, 85)),
        ("3.weight 21×21", (21, 21), {"leaf": True}, (292, 116)),
        ("e 0×3", (0, 3), {"leaf": True}, (112, 43)),
        ("b 2", (2,), {"leaf": True}, (152, 66)),
    ],
)
def test_sizes(head: str, shape: tuple[int, ...], options: dict, expected: tuple[int, int]) -> None:
    assert dot.size(head, shape, **{"leaf": False, "active": True, "uses": 1, **options}) == expected


def test_a_long_first_line_is_cut_and_the_box_stops_growing() -> None:
    long = "v1 = concatenate(" + ", ".join(f"a{k}" for k in range(50)) + ")"
    assert len(dot.cut(long)) <= dot.HEAD_LIMIT and dot.cut(long).endswith("…")
    assert dot.size(long, (), leaf=False, active=True, uses=1)[0] < 310


def test_hostile_names_never_reach_the_layout_text() -> None:
    b = gc.Builder()
    x = b.leaf('"]; node [label=<script>', 1.0)
    b.apply("sin", x, name="<b>\\N\n}")
    graph = b.graph()
    text = dot.manual(graph, dot.sizes(graph, list(graph.names)))
    assert "script" not in text and "<b>" not in text
    assert len(layout.geometry(text).nodes) == 2


def test_a_refused_text_is_a_sentence() -> None:
    with pytest.raises(LayoutError, match="Graphviz refused the drawing"):
        layout.geometry("digraph {")


def test_without_graphviz_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    layout.command.cache_clear()
    monkeypatch.setattr(layout.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(layout.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(layout.shutil, "which", lambda _: None)
    try:
        with pytest.raises(LayoutError, match="pip install graphviz-pure"):
            layout.command()
        found = tmp_path / ("graphviz-pure.exe" if os.name == "nt" else "graphviz-pure")
        found.touch()
        assert layout.command() == str(found)
    finally:
        layout.command.cache_clear()


def test_a_slow_graphviz_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "TIMEOUT", 0.0)
    with pytest.raises(LayoutError, match="took longer"):
        layout.geometry("digraph { slow -> down }")


def test_torchviz_drawings_are_read_with_their_labels() -> None:
    drawn = layout.geometry(
        'digraph { node [shape=box fontname=Courier]; n0 [label="MulBackward0"]; n1 [label="x\\n(2, 3)"]; n1 -> n0 }'
    )
    assert [node.lines for node in drawn.nodes] == [("MulBackward0",), ("x", "(2, 3)")]
    edge = drawn.edges[0]
    assert (edge.source, edge.target) == (1, 0) and edge.points[1] < edge.points[-1]


def test_an_empty_graph_has_an_empty_drawing() -> None:
    assert layout.geometry("digraph {}") == layout.Geometry(0.0, 0.0, (), ())


def test_a_long_chain_is_placed_to_the_pixel() -> None:
    b = gc.Builder()
    h = b.leaf("x", 0.5)
    for _ in range(1500):
        h = b.apply("sin", h)
    graph = b.graph()
    nodes = geometry(graph, heads(graph))["down"]["nodes"]
    pitches = {round(b[1] - a[1], 1) for a, b in pairwise(nodes)}
    assert all(math.isclose(pitch, 66, abs_tol=0.2) for pitch in pitches)

"""Twins, beads and torchviz's drawing: which autograd node belongs to which node of ours."""

from __future__ import annotations

import pytest

from graphcore import Builder, Graph, ops, trace
from graphcore.compare import compare
from graphcore.compare import drawn as drawing
from graphcore.compare.explained import SENTENCES, sentence
from graphcore.compare.twins import TorchGraph, Twin, torch_graph
from graphcore.parse import parse

A = """x1 = -1
w1 = 3
x2 = -2
w2 = 3
s = sin(x1 * w1)
c = cos(x2 * w2)
f = 1 / (2 + s**2 + c)"""


def twins(text: str) -> tuple[Graph, TorchGraph]:
    graph = parse(text)
    return graph, torch_graph(graph)


def test_problem_a() -> None:
    graph, torch = twins(A)
    fns = {node.name: twin.fn for node, twin in zip(graph.nodes, torch.twins, strict=True) if twin}
    assert fns["x1"] == fns["w2"] == "AccumulateGrad"
    assert (fns["s"], fns["c"]) == ("SinBackward0", "CosBackward0")
    f = graph.index("f")
    assert torch.twins[f] == Twin("MulBackward0", ("ReciprocalBackward0",))
    (bead,) = torch.beads
    assert (bead.fn, bead.node) == ("ReciprocalBackward0", f)
    assert bead.edge is not None and graph.edges[bead.edge].target == f
    assert [graph.names[e.source] for e in graph.edges if e.target == f] == [graph.names[graph.edges[bead.edge].source]]


@pytest.mark.parametrize(
    ("text", "also", "edges"),
    [
        ("x = [1, 2]\nW = [[1, 2, 3], [4, 5, 6]]\ny = sum(x @ W)", ["UnsqueezeBackward0", "MmBackward0"], [0, None]),
        ("x = [1, 2]\nz = [3, 4, 5]\ny = sum(outer(x, z))", ["ViewBackward0"], [0]),
        ("x = [[1, 2], [3, 4]]\ny = x[0, 1]", ["SelectBackward0"], [0]),
        ("x = [1, 2]\ny = sum(outer(x, x))", ["ViewBackward0"], [0]),
        ("x = [1, 2]\nz = [3, 4]\ny = x @ z", [], []),
    ],
)
def test_extra_autograd_nodes_sit_on_their_edge(text: str, also: list[str], edges: list[int | None]) -> None:
    graph, torch = twins(text)
    node = next(k for k, arguments in enumerate(graph.arguments) if arguments)
    assert [bead.fn for bead in torch.beads if bead.node == node] == also
    slots = [None if bead.edge is None else graph.edges[bead.edge].slot for bead in torch.beads if bead.node == node]
    assert slots == edges
    assert list(torch.twins[node].also) == also


def test_constants_and_flat_nodes_have_no_twin() -> None:
    graph, torch = twins("x = [1, -2]\nt = const([3, 4])\nm = t * 2\ny = sum(where(x > 0, x * m, x))")
    found = {node.name: twin for node, twin in zip(graph.nodes, torch.twins, strict=True)}
    assert found["t"] is None and found["m"] is None
    assert all(twin is not None for twin, active in zip(torch.twins, graph.active, strict=True) if active)


def test_the_graph_is_watched_once_and_lives_with_its_graph() -> None:
    graph = parse(A)
    assert compare(trace(graph)).torch is compare(trace(graph, {"w1": 2.0})).torch


def test_every_kind_is_explained_with_its_nodes() -> None:
    graph, torch = twins(A)
    explained = {row.fn: row for row in torch.explained}
    assert explained["AccumulateGrad"].nodes == tuple(graph.leaf_values)
    assert explained["ReciprocalBackward0"].nodes == (graph.index("f"),)
    assert "g * cos(x)" in explained["SinBackward0"].sentence


@pytest.mark.parametrize("name", ops.REGISTRY)
def test_the_language_needs_no_generic_sentence(name: str) -> None:
    _, torch = twins(ops.get(name).example)
    for row in torch.explained:
        assert row.sentence in SENTENCES.values(), row.fn


def test_an_unknown_kind_gets_a_sensible_sentence() -> None:
    assert sentence("FancyThingBackward3") == (
        "Backward of fancy thing: multiplies the gradient by the local gradient of that operation."
    )


# -- as torchviz draws it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ops.REGISTRY)
def test_our_walk_draws_what_make_dot_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = parse(ops.get(name).example)
    by_torchviz = drawing.draw(graph)
    monkeypatch.setattr(drawing, "RECURSION", 0)
    assert drawing.draw(graph) == by_torchviz


def test_several_outputs_and_an_output_that_is_a_view(monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder()
    x = b.leaf("x", [[1.0, 2.0], [3.0, 4.0]])
    y = b.apply("exp", x, name="y")
    z = b.apply("T", y, name="z")
    graph = b.graph(y, z)
    by_torchviz = drawing.draw(graph)
    assert [node.lines for node in by_torchviz.nodes if node.kind == "output"] == [("y", "(2, 2)"), ("z", "(2, 2)")]
    assert [edge.dotted for edge in by_torchviz.edges].count(True) == 1
    monkeypatch.setattr(drawing, "RECURSION", 0)
    assert drawing.draw(graph) == by_torchviz


def test_drawn_boxes_know_their_nodes() -> None:
    graph, torch = twins(A)
    drawn = torch.drawn()
    kinds = [node.kind for node in drawn.nodes]
    assert (kinds.count("leaf"), kinds.count("output")) == (4, 1)
    for node in drawn.nodes:
        assert node.node is not None
        if node.kind == "leaf":
            assert node.lines == (graph.names[node.node], "()")
        elif node.kind == "output":
            assert node.lines == ("f", "()")
        elif node.lines != ("AccumulateGrad",):
            twin = torch.twins[node.node]
            assert twin is not None and node.lines[0] in (twin.fn, *twin.also)
    dot = torch.drawn_dot()
    assert dot.startswith("digraph {") and 'n0 [label="f\\n()" fillcolor=darkolivegreen1]' in dot
    assert [node.id for node in drawn.nodes] == [f"n{k}" for k in range(len(drawn.nodes))]


def test_a_quote_in_a_name_stays_inside_its_label() -> None:
    b = Builder()
    b.apply("sin", b.leaf('"]<script>\\', 0.3))
    assert '"\\"]<script>\\\\\\n()"' in torch_graph(b.graph()).drawn_dot()


def test_a_deep_graph_is_drawn_without_recursion() -> None:
    b = Builder()
    node = b.leaf("x", 0.5)
    for _ in range(3000):
        node = b.apply("sin", node)
    drawn = torch_graph(b.graph()).drawn()
    assert len(drawn.nodes) == 3003
    assert len(drawn.edges) == 3002


def test_a_graph_without_gradients_is_one_box() -> None:
    b = Builder()
    b.apply("sin", b.leaf("x", 0.5, wants_gradient=False), name="y")
    drawn = torch_graph(b.graph()).drawn()
    assert [node.kind for node in drawn.nodes] == ["output"]
    assert not drawn.edges

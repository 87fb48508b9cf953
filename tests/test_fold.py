"""Recorded graphs as they are drawn: modules folded and opened, bookkeeping hidden, the numbers that remain."""

import json
import time
from typing import Any

import numpy as np
import pytest

import graphcore as gc
from graphcore import latex, tables
from graphcore.picture import encode, fold_payload, numbers, structure
from graphcore.picture.fold import LIMIT, Folded, every_path, first_open, fold
from graphcore.picture.fold_numbers import FoldedRun
from tests.recorded_by_hand import Maker, deep, shared

STATES = [(None, False), (frozenset(), False), (frozenset(), True), ("all", False), ("all", True)]


def states(graph: Any) -> list[Folded]:
    return [fold(graph, every_path(graph) if opened == "all" else opened, plumbing) for opened, plumbing in STATES]


def drawn(folded: Folded) -> tuple[Any, Any]:
    run = gc.trace(folded.graph)
    return fold_payload.structure(folded, None), fold_payload.numbers(folded, run, None)


@pytest.mark.parametrize("make", [deep, shared])
def test_every_state_is_a_whole_picture(make: Any) -> None:
    graph = make()
    for folded in states(graph):
        made, counted = drawn(folded)
        json.dumps([made, counted], allow_nan=False)
        count = len(made["nodes"])
        assert count == len(folded.shown) == len(counted["values"]) == len(made["torch"]["twins"])
        assert len(made["edges"]) == len(counted["edges"]) == len(folded.ways) == len(made["geometry"]["down"]["edges"])
        assert all(edge["source"] < edge["target"] for edge in made["edges"]), "operands come before the node that uses them"
        # every real node is in just one node of the picture, or hidden beside one
        inside = sorted(k for node in made["nodes"] for k in node["nodes"])
        assert sorted((*inside, *folded.hidden)) == list(range(len(graph)))
        assert all(at >= 0 for at in made["shown"])
        assert all(k in made["nodes"][at]["nodes"] for k, at in enumerate(made["shown"]) if k not in folded.hidden)
        assert fold(graph, folded.opened, folded.plumbing) is folded


@pytest.mark.parametrize("make", [deep, shared])
def test_what_arrives_adds_up_to_the_gradient(make: Any) -> None:
    graph = make()
    run = gc.trace(graph)
    for folded in states(graph):
        seen = FoldedRun(run, None, folded)
        arrived: dict[int, Any] = {}
        for edge, ways in zip(folded.view.edges, folded.ways, strict=True):
            if edge in folded.view.backward_edges:
                down = seen.down(ways, folded.shown[edge.source])
                assert down is not None and down.shape == folded.view.shapes[edge.source]
                arrived.setdefault(edge.source, []).append(down)
        for number, parts in arrived.items():
            if folded.shown[number].part is not None:
                continue  # its edges bring it different parts
            np.testing.assert_allclose(sum(parts), seen.gradient(number), rtol=1e-12, atol=1e-14)


def test_modules_are_folded_first_in_a_large_graph_and_open_in_a_small_one() -> None:
    large, small = deep(20), deep(2)
    assert len(large) > 40 and first_open(large) == frozenset()
    folded = fold(large)
    assert [node.place.path for node in folded.shown if node.place] == [*(f"blocks.{k}" for k in range(20)), "head"]
    assert {place for place in every_path(large) if place.startswith("blocks.1.")} == {"blocks.1.fc", "blocks.1.act"}
    assert not any(node.place for node in fold(small).shown)


def test_a_folded_module_says_what_it_holds() -> None:
    graph = deep(20)
    made, counted = drawn(fold(graph))
    block = next(k for k, node in enumerate(made["nodes"]) if node["name"] == "blocks.3")
    node = made["nodes"][block]
    assert node["head"] == "blocks.3  Block"
    assert node["module"] == {
        "path": "blocks.3", "class": "Block", "kind": "module", "ops": 3, "parameters": 2, "words": "3 ops · 2 parameters",
    }  # fmt: skip
    run = gc.trace(graph)
    assert counted["values"][block] == encode.tensor(run.value("blocks.3.add"))
    assert counted["gradients"][block] == encode.tensor(run.gradient("blocks.3.add"))
    edge = next(e for e in made["edges"] if e["target"] == block)
    assert (edge["says"], edge["rule"], edge["symbol"]) == ("through blocks.3 (3 ops)", None, None)


def test_opening_one_module_shows_what_is_inside_it() -> None:
    made, _ = drawn(fold(deep(12), {"blocks.3"}))
    heads = [node["head"] for node in made["nodes"] if node["name"].startswith("blocks.3")]
    # a module of one op is that op
    assert heads == ["blocks.3.fc  Linear", "blocks.3.act  tanh", "blocks.3  add"]
    assert {node["within"] for node in made["nodes"] if node["name"].startswith("blocks.3")} == {"blocks.3"}


def test_names_and_rules_read_well() -> None:
    made, _ = drawn(fold(deep(2), ["blocks.0", "blocks.1", "blocks.0.fc", "blocks.1.fc", "head"]))
    by_name = {node["name"]: k for k, node in enumerate(made["nodes"])}
    assert made["nodes"][by_name["blocks.1.fc.addmm"]]["head"] == "blocks.1.fc  addmm"
    assert "blocks.1.fc.t" not in by_name

    def rule(source: str, target: str) -> str:
        at = (by_name[source], by_name[target])
        tokens = next(e["rule"] for e in made["edges"] if (e["source"], e["target"]) == at)
        return " ".join("∂{}/∂{}".format(*t["d"]) if "d" in t else t.get("value") or t.get("op") or t["text"] for t in tokens)

    # the hidden transpose is undone: this is the gradient of the weight itself
    assert rule("blocks.1.fc.weight", "blocks.1.fc.addmm") == "∂sum/∂weight = ( blocks.0.act.tanhᵀ @ ∂sum/∂addmm )ᵀ"
    assert rule("blocks.0.act.tanh", "blocks.1.fc.addmm") == "∂sum/∂blocks.0.act.tanh = ∂sum/∂addmm @ weight"


def test_a_module_called_twice_is_two_nodes_and_a_shared_weight_its_own() -> None:
    graph = shared()
    folded = fold(graph, ())
    names = folded.view.names
    assert [name for name in names if name.startswith("act")] == ["act", "act_2"]
    tied = names.index("tied")
    assert folded.shown[tied].place is None
    assert [edge.target for edge in folded.view.edges if edge.source == tied] == [names.index("first"), names.index("second")]


def test_tuples_show_a_part_and_groups_their_outer_twin() -> None:
    graph = shared()
    made, counted = drawn(fold(graph, every_path(graph)))
    run = gc.trace(graph)
    tuple_node = next(k for k, node in enumerate(made["nodes"]) if node["name"] == "halves")
    assert counted["values"][tuple_node] == encode.tensor(run.value("halves")[0])
    assert made["nodes"][tuple_node]["shape"] == [2, 2]
    grouped = fold(graph)
    box = next(node for node in grouped.shown if node.place and node.place.kind == "function")
    assert (box.place.path, box.ops) == ("squash:0", 2)
    assert not any(node.place for node in fold(graph, every_path(graph)).shown)


def test_where_the_gradient_stops_is_said_and_never_hidden() -> None:
    made, _ = drawn(fold(shared()))
    stops = [node for node in made["nodes"] if node["stop"]]
    assert [node["name"] for node in stops] == ["detach"]
    assert stops[0]["stop"] == "The gradient stops here: it is detached (net.py:12)."


def test_a_step_is_found_again_by_its_moment() -> None:
    graph = deep(12)
    folded, opened = fold(graph), fold(graph, every_path(graph))
    few, many = (fold_payload.structure(state, None)["steps"] for state in (folded, opened))
    moments = {step["moment"] for step in many}
    # most steps of the folded picture are steps of the open one; the others stand for several of them
    assert sum(step["moment"] in moments for step in few) >= len(few) - 12
    assert [s["phase"] for s in few] == sorted((s["phase"] for s in few), key=["forward", "seed", "backward"].index)


def test_a_graph_too_large_is_folded_again_with_a_sentence() -> None:
    graph = deep(700)
    assert len(graph) > LIMIT
    folded = fold(graph, every_path(graph))
    assert len(folded.shown) <= LIMIT
    assert folded.note == f"{len(graph):,} nodes; drawn by module. Open one, or search (/)."
    assert fold(graph).note is None


def test_folding_costs_little() -> None:
    fold_payload.structure(fold(deep(3)), None)
    graph = deep(70)
    start = time.perf_counter()
    fold_payload.structure(fold(graph), None)
    assert time.perf_counter() - start < 2, "0.15 s on a quiet machine"


@pytest.mark.parametrize("make", [deep, shared])
def test_the_other_views_work_on_recorded_graphs(make: Any) -> None:
    graph = make()
    run = gc.trace(graph)
    assert tables.text(tables.rows(run))
    assert latex.derivation(run)
    for dialect in ("text", "latex", "math"):
        for index in range(len(graph)):
            assert latex.expression(graph, index, dialect)
        for edge in graph.backward_edges:
            latex.local_symbol(graph, edge, dialect)
    assert len(structure(graph, None)["nodes"]) == len(numbers(run, None)["values"])


def test_whole_numbers_and_truth_values_are_read_as_numbers() -> None:
    made = Maker()
    x = made.leaf("x", 2)
    mask = made.tape.leaf("mask", np.array([True, False]), wants=False, kind="bool")
    made.values[mask] = np.array([True, False])
    y = made.call("sum", made.call("mul", x, mask))
    graph = made.graph(y)
    counted = numbers(gc.trace(graph), None)
    assert counted["values"][1] == {"shape": [2], "entries": [1.0, 0.0]}


def test_side_computations_are_hidden_with_the_bookkeeping() -> None:
    made = Maker()
    x = made.leaf("x", 2)
    count = made.leaf("count", wants=False)
    made.call("add", count, count, alpha=1)
    graph = made.graph(made.call("sum", x))
    folded = fold(graph)
    assert list(folded.view.names) == ["x", "sum"]
    assert folded.at == (0, -1, -1, 1)
    assert len(fold(graph, None, True).shown) == 4
    json.dumps(drawn(folded), allow_nan=False)


def test_a_long_path_keeps_its_end() -> None:
    made = Maker()
    x = made.leaf("x", 2, 4)
    path = "bert.encoder.layer.11.attention.self.query.projection"
    graph = made.graph(made.call("sum", made.linear(path, x, 3)))
    heads = [node["head"] for node in fold_payload.structure(fold(graph, every_path(graph)), None)["nodes"]]
    assert "…self.query.projection  addmm" in heads
    assert all(len(head) <= 34 for head in heads)


def recorded_networks() -> tuple[Any, Any]:
    """Two layers, and the same with a hand-written backward between them that is wrong."""
    import torch
    from torch import nn

    from graphcore.record import record

    class Forgetful(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = 1 / (1 + torch.exp(-x))
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0]

    torch.manual_seed(1)
    x = torch.randn(3, 4)
    layers = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))
    right = record(lambda x: layers(x).pow(2).sum(), x)

    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 5), nn.Linear(5, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(Forgetful.apply(self.first(x))).pow(2).sum()

    return right, record(Wrong(), x)


def test_torch_stands_beside_folded_modules_and_groups() -> None:
    right, wrong = recorded_networks()
    run = gc.trace(right)
    comparison = gc.compare(run, reasons=False)
    folded = fold(right, ())
    made = fold_payload.structure(folded, comparison.torch)
    counted = fold_payload.numbers(folded, run, comparison)
    boxes = [k for k, node in enumerate(made["nodes"]) if node["module"]]
    assert boxes
    for k in boxes:
        assert "autograd node" in made["torch"]["twins"][k]["fn"]
        assert counted["states"][k] == "match"
        assert counted["torch"][k] is not None
        assert counted["errors"][k] == max(comparison.errors[i] or 0 for i in made["nodes"][k]["nodes"])

    run = gc.trace(wrong)
    comparison = gc.compare(run, reasons=False)
    folded = fold(wrong)
    made = fold_payload.structure(folded, comparison.torch)
    group = next(k for k, node in enumerate(made["nodes"]) if node["module"] and node["module"]["kind"] == "function")
    assert made["torch"]["twins"][group]["fn"] == "ForgetfulBackward"
    assert fold_payload.numbers(folded, run, comparison)["states"][group] == "mismatch"

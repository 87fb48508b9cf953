"""What of a recorded graph's picture depends on the recording and its state of folding alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphcore import dot, latex
from graphcore.graph import Edge, Graph
from graphcore.picture import fold_words as words
from graphcore.picture import geometry
from graphcore.picture.fold import Folded, Shown, Way, every_path, transposes
from graphcore.picture.fold_graph import unsupported
from graphcore.picture.fold_units import places

if TYPE_CHECKING:
    from graphcore.compare import TorchGraph

Json = dict[str, Any]


def structure(folded: Folded, torch_graph: TorchGraph | None, *, everything: bool = False) -> Json:
    """Structure ``S`` of the contract with the browser, for what is drawn; layouts not shown at first wait for :func:`later`."""
    heads = words.first_lines(folded)
    planned = geometry.plan(folded.view, heads, torch_graph, everything=everything, at=folded.at)
    return {
        "nodes": _nodes(folded, heads),
        "edges": [_edge(folded, edge, ways) for edge, ways in zip(folded.view.edges, folded.ways, strict=True)],
        "steps": _steps(folded),
        "output": folded.view.output_indices[0],
        "geometry": planned.geometry,
        "torch": {**_torch(folded, torch_graph), "drawn": planned.drawn},
        "later": planned.later,
        "note": folded.note or planned.note,
        "fold": _state(folded),
        "shown": list(folded.at),
    }


def topology(folded: Folded) -> str:
    """A key that changes with the recording's structure and with the state of folding."""
    digest = hashlib.blake2b(digest_size=12)
    for part in (recording(folded.graph), sorted(folded.opened), folded.plumbing):
        digest.update(repr(part).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def recording(graph: Graph) -> str:
    """A key of the recording alone, made once."""
    from graphcore.picture.structure import topology as whole

    made: str | None = vars(graph).get("_recording")
    if made is None:
        made = vars(graph)["_recording"] = whole(graph)
    return made


def later(folded: Folded, torch_graph: TorchGraph | None, which: geometry.Which) -> Json | None:
    """A layout that was left out at first."""
    return geometry.asked(folded.view, words.first_lines(folded), torch_graph, which, at=folded.at)


def _nodes(folded: Folded, heads: Sequence[str]) -> list[Json]:
    view, graph = folded.view, folded.graph
    uses = dot.uses(view)
    recorded = places(graph).recorded
    scopes = places(graph).scopes
    found = []
    for number, node in enumerate(folded.shown):
        op = view.ops[number]
        box = node.place
        found.append(
            {
                "name": view.names[number],
                "short": words.label(view.names[number]),
                "head": heads[number],
                "expression": [view.names[number]] if box else words.expression(folded, node.main),
                "leaf": op is None,
                "op": op.name if op else None,
                "spoken": op.spoken if op else None,
                "shape": list(view.shapes[number]),
                "line": None,
                "active": view.active[number],
                "wants": number not in view.constants,
                "uses": uses[number],
                "module": _module(node),
                "scope": words.scope_of(scopes[node.main], node),
                "within": words.within(folded, node),
                "plumbing": bool(op and op.plumbing and not box),
                "group": next((place.name for place in places(graph).around[node.main] if place.kind != "module"), None),
                "stop": words.stop(folded, node),
                "said": recorded.lines.get(node.main) if not box else None,
                "nodes": list(node.nodes),
            }
        )
    return found


def _module(node: Shown) -> Json | None:
    if node.place is None:
        return None
    words = f"{node.ops} op{'s' if node.ops != 1 else ''}"
    if node.parameters:
        words += f" · {node.parameters} parameter{'s' if node.parameters != 1 else ''}"
    return {
        "path": node.place.path,
        "class": node.place.name,
        "kind": node.place.kind,
        "ops": node.ops,
        "parameters": node.parameters,
        "words": words,
    }


def _edge(folded: Folded, edge: Edge, ways: Sequence[Way]) -> Json:
    active = edge in _carrying(folded)
    made: Json = {"source": edge.source, "target": edge.target, "slot": edge.slot, "active": active}
    made |= {"symbol": None, "says": None, "rule": None}
    if not active:
        return made
    target = folded.shown[edge.target]
    if target.place is not None:
        says = f"through {folded.view.names[edge.target]} ({target.ops} op{'s' if target.ops != 1 else ''})"
        return {**made, "says": says}
    way = ways[0]
    # an op with several results is a function: its rule's text says what there is to say
    made["symbol"] = latex.local_symbol(folded.names, way.edge, "text")
    made["says"] = latex.local_says(folded.names, way.edge)
    rule = latex.rule_tokens(folded.names, way.edge)
    if way.hidden:
        rule, passed = _undone(folded, way, rule)
        made["says"] = ", ".join(said for said in (made["says"], passed) if said) or None
    if rule is not None and rule[0].get("d"):
        rule[0] = {
            **rule[0],
            "d": [rule[0]["d"][0], folded.view.names[edge.source]],
            "shape": list(folded.view.shapes[edge.source]),
        }
    near = words.Near(places(folded.graph).scopes[way.edge.target])
    rule = None if rule is None else [near.token(token) for token in rule]
    return {**made, "symbol": near.text(made["symbol"]), "says": near.text(made["says"]), "rule": rule}


def _carrying(folded: Folded) -> frozenset[Edge]:
    found: frozenset[Edge] | None = vars(folded).get("_carrying")
    if found is None:
        found = vars(folded)["_carrying"] = frozenset(folded.view.backward_edges)
    return found


def _undone(folded: Folded, way: Way, rule: list[Json] | None) -> tuple[list[Json] | None, str | None]:
    """A rule whose operand is reached through hidden bookkeeping, with that undone."""
    graph = folded.graph
    turns = sum(transposes(graph, index) for index in way.hidden)
    others = [op.spoken for index in reversed(way.hidden) if (op := graph.ops[index]) and not transposes(graph, index)]
    if rule is not None and turns % 2 and len(rule) > 2:
        plain = len(rule) == 3
        rule = [*rule[:2], *rule[2:], {"text": "ᵀ"}] if plain else [*rule[:2], {"text": "("}, *rule[2:], {"text": ")ᵀ"}]
    words = list(dict.fromkeys(word for word in others if word not in ("output of several", "copy", "copies")))
    if len(words) > 2:
        words = [words[0], f"{len(words) - 1} other views"]
    return rule, f"by way of {' and '.join(words)}" if words else None


def _steps(folded: Folded) -> list[Json]:
    """The steps, each with its moment in the run: a fold state that shows other nodes finds its place again by it."""
    from graphcore.picture.structure import steps

    after = len(folded.graph)
    positions = folded.positions
    found = []
    for step in steps(folded.view):
        if step["phase"] == "seed" and unsupported(folded.graph):
            continue
        if step["phase"] == "forward":
            moment = folded.shown[step["node"]].nodes[-1]
        elif step["phase"] == "seed":
            moment = after
        else:
            moment = after + 1 + max(positions.get(way.edge, 0) for way in folded.ways[step["edge"]])
        found.append({**step, "moment": moment})
    return found


def _state(folded: Folded) -> Json:
    graph = folded.graph
    return {
        "recording": recording(graph),
        "open": sorted(folded.opened),
        "plumbing": folded.plumbing,
        "nodes": len(graph),
        "paths": sorted(every_path(graph)),
        "bookkeeping": any(op is not None and op.plumbing for op in graph.ops),
    }


def _torch(folded: Folded, torch_graph: TorchGraph | None) -> Json:
    if torch_graph is None:
        return {"twins": [None] * len(folded.shown), "beads": [], "explained": []}
    edges = {ways[0].edge: k for k, ways in enumerate(folded.ways) if len(ways) == 1}
    real = folded.graph.edges
    beads = []
    for bead in torch_graph.beads if folded.plumbing else ():
        number = folded.at[bead.node]
        if folded.shown[number].place is None:
            beads.append({"fn": bead.fn, "node": number, "edge": None if bead.edge is None else edges.get(real[bead.edge])})
    return {
        "twins": [_twin(folded, node, torch_graph) for node in folded.shown],
        "beads": beads,
        "explained": [
            {"fn": entry.fn, "sentence": entry.sentence, "nodes": sorted({folded.at[k] for k in entry.nodes})}
            for entry in torch_graph.explained
        ],
    }


def _twin(folded: Folded, node: Shown, torch_graph: TorchGraph) -> Json | None:
    twins = torch_graph.twins
    own = twins[node.main]
    if node.place is None:
        return None if own is None else {"fn": own.fn, "also": list(own.also)}
    if node.place.kind != "module":
        return None if own is None else {"fn": own.fn, "also": []}
    inside = [twin for k in node.nodes if (twin := twins[k]) is not None]
    count = sum(1 + len(twin.also) for twin in inside)
    if not count:
        return None
    return {"fn": f"{count} autograd node{'s' if count != 1 else ''}", "also": []}

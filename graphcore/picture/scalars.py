"""One scalar as the picture's tab Scalars wants it: plain data, its neighbours a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphcore.backprop import Trace
from graphcore.errors import ChainruleError
from graphcore.latex.rules import loss_name
from graphcore.picture import encode
from graphcore.picture.fold import Folded
from graphcore.scalars import At, Link, Links, Quantity, Scalar, bracketed, entry_of, label, scalar, scalar_count
from graphcore.scalars.places import number_at

Json = dict[str, Any]

SHOWN = 8  # edges of each side that are shown at a time


@dataclass(frozen=True)
class Asked:
    """The scalar that is looked at: a node of the graph (None: the output), its entry, and where each side's page begins."""

    node: int | None = None
    entry: tuple[int, ...] = ()
    came: int = 0
    to: int = 0


def asked(action: Mapping[str, Any], run: Trace, folded: Folded | None = None) -> Asked | None:
    """What an action asks for, None where that is nothing.

    ``node`` is a node of the picture and ``entry`` what it shows there; ``inner`` is a node of the graph itself instead,
    ``name`` its name.
    """
    node, given = action.get("inner", action.get("node")), action.get("entry")
    if isinstance(action.get("name"), str):
        node = {name: k for k, name in enumerate(run.graph.names)}.get(action["name"])
    if not isinstance(node, int) or not isinstance(given, list) or not all(type(k) is int for k in given):
        return None
    entry = tuple(given)
    if not {"inner", "name"} & set(action) and folded is not None:
        if not 0 <= node < len(folded.shown):
            return None
        shown = folded.shown[node]
        node = shown.main
        if node in run.graph.tuples:
            entry = (shown.part or 0, *entry)
    starts = (action.get(side, 0) for side in ("came", "to"))
    came, to = (start if isinstance(start, int) and start >= 0 else 0 for start in starts)
    return Asked(node, entry, came, to) if 0 <= node < len(run.graph) else None


def payload(run: Trace, wanted: Asked | None, folded: Folded | None = None) -> Json | None:
    """The scalar asked for, the first of the output where none is or it is not there any more."""
    graph = run.graph
    wanted = wanted or Asked()
    node = graph.output_indices[0] if wanted.node is None else wanted.node
    try:
        if node >= len(graph):
            raise ChainruleError
        if wanted.node is None:
            wanted = replace(wanted, entry=entry_of(run, node, 0))
        opened = scalar(run, node, wanted.entry, came=wanted.came, to=wanted.to, limit=SHOWN)
    except ChainruleError:
        return None if wanted.node is None else payload(run, None, folded)
    at = _shown(folded)
    return {
        **_scalar(run, opened),
        "node": at(node),
        "inner": node,
        "shape": list(graph.shapes[node]),
        "op": None if graph.ops[node] is None else graph.ops[node].spoken or graph.ops[node].name,  # type: ignore[union-attr]
        "loss": loss_name(graph),
        "count": scalar_count(graph),
        "written": [_token(run, opened, k) for k in range(len(opened.written.tokens))],
        "says": [*opened.written.says, *opened.says],
        "came": _side(run, opened.came, at),
        "to": _side(run, opened.to, at),
    }


def _shown(folded: Folded | None) -> Any:
    return (lambda node: node) if folded is None else (lambda node: folded.at[node] if folded.at[node] >= 0 else None)


def _scalar(run: Trace, opened: Scalar) -> Json:
    return {
        "label": opened.name,
        "entry": list(opened.entry),
        "value": encode.number(opened.value),
        "gradient": _number(opened.gradient),
        "seed": _number(opened.seed),
    }


def _number(value: float | None) -> Any:
    return None if value is None else encode.number(value)


def _side(run: Trace, links: Links, at: Any) -> Json:
    return {
        "shown": [_link(run, link, at) for link in links.shown],
        "size": links.size,
        "start": links.start,
        "rest": _number(links.rest),
        "unread": links.unread,
    }


def _link(run: Trace, link: Link, at: Any) -> Json:
    return {
        "node": at(link.node),
        "inner": link.node,
        "entry": list(link.entry),
        "label": label(run.graph.names[link.node], link.entry),
        "value": encode.number(link.value),
        "gradient": _number(link.gradient),
        "local": encode.number(link.local),
        "upstream": _number(link.upstream),
        "downstream": _number(link.downstream),
    }


def _token(run: Trace, opened: Scalar, k: int) -> Any:
    token = opened.written.tokens[k]
    if isinstance(token, str):
        return token
    made: Json = {"brackets": bracketed(opened.written.tokens, k)}
    if isinstance(token, Quantity):
        return made | {"symbol": token.symbol, "value": encode.number(token.value), "note": token.note}
    assert isinstance(token, At)
    made["value"] = encode.number(number_at(run, *token))
    if token.node < 0:
        return made
    entry = entry_of(run, token.node, token.position)
    return made | {"symbol": label(run.graph.names[token.node], entry), "inner": token.node, "entry": list(entry)}

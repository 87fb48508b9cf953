"""What is said of the nodes of a recorded graph: heads, expressions, why a gradient stops; names as they read best."""

from __future__ import annotations

import re
from typing import Any

from graphcore import dot, latex
from graphcore.graph import Graph
from graphcore.picture.fold import Folded, Shown
from graphcore.picture.fold_units import places

Json = dict[str, Any]

STOPS = {
    "detach": "it is detached",
    "no_grad": "it is computed under no_grad",
    "integer": "whole numbers have no gradient",
    "boolean": "truth values have no gradient",
    "argmax": "the place of the largest entry does not change with small changes",
    "comparison": "a comparison has no gradient",
    "random": "random numbers come from nowhere",
    "no rule": "there is no rule for this op",
}


def first_lines(folded: Folded) -> list[str]:
    """The first line of every node's box."""
    return [_head(folded, node) for node in folded.shown]


def _head(folded: Folded, node: Shown) -> str:
    graph = folded.graph
    if node.place is not None:
        name = node.place.name
        owner = places(graph).around[node.main]
        scope = node.place.path if node.place.kind == "module" else next((p.path for p in owner[::-1] if p.kind == "module"), "")
        return _line(scope, name)
    op = graph.ops[node.main]
    if op is None:
        return _short(folded.view.names[folded.at[node.main]], dot.HEAD_LIMIT)
    return _line(places(graph).scopes[node.main], f"{op.name} {_part_number(graph, node)}".rstrip())


def _part_number(graph: Graph, node: Shown) -> str:
    op = graph.ops[node.main]
    picked = op is not None and op.name == "output"
    return str(dict(graph.statics[node.main]).get("k", 0)) if picked else ""


def _line(scope: str, name: str) -> str:
    """``layers.3.fc  addmm``; of a long path the last parts stay."""
    if not scope or name == "":
        return dot.cut(scope or name)
    return f"{_short(scope, dot.HEAD_LIMIT - len(name) - 2)}  {name}"


def _short(path: str, room: int) -> str:
    if len(path) <= room:
        return path
    end = path[len(path) - max(room, 8) + 1 :]
    # whole parts of the path, where that leaves enough of it
    whole = end.partition(".")[2]
    return f"…{whole if len(whole) * 2 > len(end) else end}"


def scope_of(scope: str, node: Shown) -> str:
    """The module path of a node; of a folded module its own."""
    return node.place.path if node.place is not None and node.place.kind == "module" else scope


def label(name: str) -> str:
    """The last two parts of a name: ``fc.weight``."""
    return ".".join(name.rsplit(".", 2)[-2:])


def within(folded: Folded, node: Shown) -> str | None:
    """The innermost open module or group around a node: what folding there closes."""
    around = places(folded.graph).around[node.main]
    return next((place.path for place in reversed(around) if place.path in folded.opened and place != node.place), None)


def expression(folded: Folded, index: int) -> list[str | int]:
    """The op on its operands, as nodes of the picture; a hidden one stands by its name."""
    names = folded.names.names
    found: list[str | int] = []
    for token in latex.expression_tokens(folded.names, index):
        if isinstance(token, int):
            token = names[token] if token in folded.hidden or folded.shown[folded.at[token]].place else folded.at[token]
        if isinstance(token, str) and found and isinstance(found[-1], str):
            found[-1] += token
        else:
            found.append(token)
    return found


def stop(folded: Folded, node: Shown) -> str | None:
    """Why no gradient flows on from a node, as a sentence."""
    stops = places(folded.graph).recorded.stops
    if node.place is not None or node.main not in stops:
        return None
    found = stops[node.main]
    where = f" ({found.line})" if found.line else ""
    return f"The gradient stops here: {STOPS.get(found.cause, found.cause)}{where}."


class Near:
    """Names as they are said inside of a module: ``weight`` in the rule of an op of ``layers.3.fc``."""

    def __init__(self, scope: str) -> None:
        self.inside = re.compile(rf"(?<![\w.]){re.escape(scope)}\.(?=\w)") if scope else None

    def text(self, text: str | None) -> str | None:
        """A text with its names so said."""
        if not text:
            return text
        return (self.inside.sub("", text) if self.inside else text).replace("ᵀᵀ", "")

    def token(self, token: Json) -> Json:
        """A token of a rule with its names so said."""
        found = {key: self.text(value) if isinstance(value, str) else value for key, value in token.items()}
        if "d" in found:
            found["d"] = [self.text(name) or "" for name in token["d"]]
        return found

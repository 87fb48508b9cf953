"""Formulas of rules and of mistakes in the user's names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from graphcore.mistakes import Change, Places, argument_name

if TYPE_CHECKING:
    from graphcore.graph import Graph


def wrong_text(places: Places, change: Change, right: str, names: dict[str, str]) -> str:
    """The wrong formula as a reader wants it; the helpers of the table's language are written out."""
    formula = change.wrong.formula
    edge = change.edge(places)
    assert edge is not None
    rule = places.op(edge.target).rule(edge.slot)
    assert rule is not None
    own = places.op(edge.target).operands[min(edge.slot, len(places.op(edge.target).operands) - 1)].lstrip("*")
    text = rule.given(dict(places.graph.statics[edge.target])).text
    if formula.startswith("local("):
        at = {"local(y)": names["y"], "local(swapped)": names.get("swapped", "")}.get(
            formula, f"{places.op(edge.target).name}({names[own]})"
        )
        return named(text, {**names, own: at, "y": f"{places.op(edge.target).name}({at})"})
    if formula.startswith("rule("):
        partner = [name for name in names if name not in ("g", "y", own, "right", "before", "v", "swapped")]
        return named(text, {**names, **dict.fromkeys(partner, names["swapped"])})
    return named(formula, names)


def names_at(places: Places, target: int) -> dict[str, str]:
    graph = places.graph
    op = places.op(target)
    names = {"g": f"∂L/∂{graph.names[target]}", "y": graph.names[target]}
    for name, place in zip((n.lstrip("*") for n in op.operands), graph.arguments[target], strict=False):
        names[name] = argument_name(graph, place)
    return names


class _Named(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def named(formula: str, names: dict[str, str]) -> str:
    """A formula with the user's names in place of the rule's."""
    try:
        return ast.unparse(_Named(names).visit(ast.parse(formula, mode="eval")))
    except SyntaxError:
        return formula


def right_of_node(graph: Graph, index: int) -> str:
    places = [edge for edge in graph.backward_edges if edge.source == index]
    written = []
    for edge in places[:3]:
        op = graph.ops[edge.target]
        rule = None if op is None else op.rule(edge.slot)
        if op is None or rule is None:
            continue
        names = {"g": f"∂L/∂{graph.names[edge.target]}", "y": graph.names[edge.target]}
        for name, place in zip((n.lstrip("*") for n in op.operands), graph.arguments[edge.target], strict=False):
            names[name] = argument_name(graph, place)
        written.append(named(rule.given(dict(graph.statics[edge.target])).text, names))
    return " + ".join(written) + (" + …" if len(places) > 3 else "")

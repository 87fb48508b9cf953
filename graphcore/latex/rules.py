"""The array rule of an edge with the user's names, piece by piece, with a shape under every factor."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from graphcore.graph import Edge, Graph
from graphcore.latex.filling import FIXED, ref_text
from graphcore.latex.forms import TIMES_INVISIBLE, Dialect
from graphcore.latex.pieces import Content, Ref
from graphcore.latex.printer import print_tree
from graphcore.latex.shapes import shape_of
from graphcore.latex.shown import shown
from graphcore.latex.simplify import simplify
from graphcore.latex.terms import bound, cached, name_shapes, op_at, pattern, prose, words
from graphcore.latex.views import summed_axes
from graphcore.ops.namespaces import Shape

Token = dict[str, Any]
_SIGNS = re.compile(r" ([·⊙@/+\u2212]) ")


def loss_name(graph: Graph) -> str:
    """What the gradients are gradients of: the name of the scalar output, else ``L``."""
    outputs = graph.output_indices
    return graph.names[outputs[0]] if len(outputs) == 1 and not graph.shapes[outputs[0]] else "L"


def is_scalar_edge(graph: Graph, edge: Edge) -> bool:
    """Whether an edge is a multiplication of two numbers."""
    return not graph.shapes[edge.source] and not graph.shapes[edge.target] and graph.tuples.isdisjoint(edge[:2])


def rule_parts(graph: Graph, edge: Edge, dialect: Dialect) -> Content | None:
    """What an edge hands on, as its op's rule with holes; None where the op has no rule for the operand."""
    op = op_at(graph, edge.target)
    rule = op.rule(edge.slot)
    if rule is None:
        return None
    statics = graph.statics[edge.target]
    kinds = pattern(graph, edge.target)
    source, target = graph.shapes[edge.source], graph.shapes[edge.target]
    key = ("rule", dialect, op, edge.slot, repr(statics), kinds, source)

    def make() -> Content:
        if prose(rule):
            return words(rule.text, dialect)
        shapes = name_shapes(kinds, target)
        tree = simplify(shown(bound(op, rule, dict(statics), kinds, edge.slot), shapes))
        return print_tree(_summed(tree, shapes, source), dialect, shapes)

    return cached(key, make)


def _summed(tree: ast.expr, shapes: Mapping[str, Shape], source: Shape) -> ast.expr:
    """The rule with broadcasting undone, as a sum over the axes that were repeated."""
    shape = shape_of(tree, shapes)
    if shape is None or shape == source:
        return tree
    axes = summed_axes(source, shape) if len(source) <= len(shape) else ()
    if not axes:
        return tree
    keywords = []
    if len(axes) < len(shape):
        axis: ast.expr = ast.Constant(axes[0]) if len(axes) == 1 else ast.Tuple([ast.Constant(k) for k in axes])
        keywords.append(ast.keyword("axis", axis))
    if len(shape) == len(source):
        keywords.append(ast.keyword("keepdims", ast.Constant(True)))
    return ast.Call(ast.Name("sum"), [tree], keywords)


def rule_tokens(graph: Graph, edge: Edge) -> list[Token] | None:
    """The rule of an array edge as tokens: ``∂L/∂W2 = ∂L/∂z2 @ h1ᵀ``; None for scalar edges.

    A token is ``{"d": [output, name], "shape", "role"}``, ``{"value", "shape"}``, ``{"op"}`` or ``{"text"}``.
    """
    if is_scalar_edge(graph, edge):
        return None
    parts = rule_parts(graph, edge, "text")
    if parts is None:
        return None
    loss = loss_name(graph)
    source = edge.source
    tokens: list[Token] = [
        {"d": [loss, graph.names[source]], "shape": list(graph.shapes[source]), "role": "result"},
        {"op": "="},
    ]
    for part in parts:
        if isinstance(part, Ref):
            tokens.extend(_ref_tokens(graph, edge, part, loss))
        else:
            tokens.extend(_text_tokens(part.replace(TIMES_INVISIBLE, " · ")))
    return tokens


def _ref_tokens(graph: Graph, edge: Edge, ref: Ref, loss: str) -> list[Token]:
    if ref.key == "@g":
        names = [loss, graph.names[edge.target]]
        token: Token = {"d": names, "shape": list(graph.shapes[edge.target]), "role": "gradient"}
        return [token, {"text": "ᵀ"}] if ref.transposed else [token]
    if ref.key in FIXED:
        return [{"value": FIXED[ref.key][0], "shape": list(graph.shapes[edge.source])}]
    if graph.recorded is not None and not ref.key.startswith("@"):
        return [{"value": ref_text(graph, edge.target, ref, "text")}]  # a word of the row's own, of whatever shape
    shape = ref.shape if ref.shape is not None else ()
    return [{"value": ref_text(graph, edge.target, ref, "text"), "shape": list(shape)}]


def _text_tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for k, piece in enumerate(_SIGNS.split(text)):
        if k % 2:
            found.append({"op": piece})
        elif piece:
            found.append({"text": piece})
    return found

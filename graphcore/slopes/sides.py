"""On which side of its kinks an op works: what changes from one point to another has a kink between them."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

import numpy as np

from graphcore.graph import Graph
from graphcore.ops import Formula, Op, Statics, StaticsKey
from graphcore.ops.namespaces import ARRAYS, Array, Kernel


class Sides:
    """The sides of all kinks of some nodes of a graph, read from the values of a forward pass."""

    def __init__(self, graph: Graph, nodes: list[int]) -> None:
        self._graph = graph
        self._tests = [(k, test) for k in nodes for test in _tests_of(graph, k)]

    def __call__(self, store: list[Any]) -> list[Array]:
        """One array of sides per kink; arrays that are equal lie between the same kinks."""
        return [np.nan_to_num(test(*self._operands(store, node), np.asarray(store[node]))) for node, test in self._tests]

    def crossed(self, before: list[Array], after: list[Array]) -> int | None:
        """The first node of which a kink lies between two points, None where there is none."""
        for (node, _), one, other in zip(self._tests, before, after, strict=True):
            if not np.array_equal(one, other):
                return node
        return None

    def _operands(self, store: list[Any], node: int) -> list[Array]:
        return [np.asarray(store[k]) for k in self._graph.arguments[node]]


def _tests_of(graph: Graph, node: int) -> tuple[Kernel, ...]:
    op = graph.ops[node]
    if op is None or op.kink is None or op.variadic or not graph.tuples.isdisjoint((node, *graph.arguments[node])):
        return ()
    return _tests(op, StaticsKey(graph.statics[node]))


@lru_cache(maxsize=1024)
def _tests(op: Op, statics: StaticsKey) -> tuple[Kernel, ...]:
    settings: Statics = statics.pairs
    assert op.kink is not None
    texts = [text for text in map(_side, ast.walk(op.kink.given(dict(settings)).tree)) if text]
    return tuple(Formula(text).compile((*op.operands, "y"), ARRAYS, dict(settings)) for text in texts)


def _side(found: ast.AST) -> str | None:
    """A formula that changes where an equality of a row's kink is crossed."""
    if isinstance(found, ast.Call) and ast.unparse(found.func) == "tied":
        a, y, *settings = (ast.unparse(argument) for argument in found.args)
        return f"({a} == keep({', '.join([y, *settings])})) * 1.0"
    if not isinstance(found, ast.Compare) or not isinstance(found.ops[0], ast.Eq):
        return None
    left, right = found.left, found.comparators[0]
    if isinstance(right, ast.Call) and ast.unparse(right.func) == "floor":
        return ast.unparse(right)
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Sub) and "floor" in ast.unparse(left.right):
        return f"floor(({ast.unparse(left.left)}) - ({ast.unparse(right)}))"
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod):
        return f"floor(({ast.unparse(left.left)}) / ({ast.unparse(left.right)}))"
    if isinstance(left, ast.Call) and ast.unparse(left.func) == "fmod":
        a, b = map(ast.unparse, left.args)
        return f"floor(({a}) / ({b}))"
    return f"sign(({ast.unparse(left)}) - ({ast.unparse(right)}))"

"""The two passes: loops over the rows of a plan, every number kept.

A node whose numbers are all scalars runs on Python floats; the few operations where floats raise although IEEE
arithmetic has an answer are repeated with NumPy, node by node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphcore.backprop.plan import MANY, UNARY, Plan, kernels, slot_rule
from graphcore.errors import TraceError
from graphcore.graph import Edge, Graph, Value
from graphcore.heard import heard
from graphcore.ops.namespaces import unbroadcast


def forward(graph: Graph, plan: Plan, store: list[Any]) -> None:
    """Fill the places of all nodes that are no leaves; TraceError where a matrix has no inverse."""
    rows = heard(plan.forward, after=len(plan.backward))
    index = 0
    while True:
        try:
            for index, kernel, a, b in rows:
                if b == UNARY:
                    store[index] = kernel(store[a])
                elif b != MANY:
                    store[index] = kernel(store[a], store[b])
                else:
                    store[index] = kernel(*[store[k] for k in a])
            return
        except np.linalg.LinAlgError:
            label = graph.labels.get(index, graph.names[index])
            raise TraceError(f"`{label}` has no value: the matrix is singular, so it has no inverse.") from None
        except (ArithmeticError, ValueError):
            if graph.shapes[index] or graph.recorded is not None:
                raise
            op = graph.ops[index]
            assert op is not None
            array_kernel, _ = kernels(op, graph.statics[index], False)
            store[index] = float(array_kernel(*[np.float64(store[k]) for k in graph.arguments[index]]))


def backward(graph: Graph, plan: Plan, store: list[Any], seeds: Mapping[int, Value]) -> tuple[list[Any], list[Any]]:
    """The gradient of every node, and what every edge hands on; None where none flows."""
    gradients: list[Any] = [None] * len(graph)
    for index, seed in seeds.items():
        gradients[index] = seed
    downstream: list[Any] = []
    hand_on = downstream.append
    rows = heard(plan.backward, before=len(plan.forward))
    row: Any = None
    while True:
        try:
            for row in rows:
                target, source, rule, a, b, shape = row
                g = gradients[target]
                if g is None:
                    hand_on(None)
                    continue
                if b == UNARY:
                    d = rule(g, store[target], store[a])
                elif b != MANY:
                    d = rule(g, store[target], store[a], store[b])
                else:
                    d = rule(g, store[target], *[store[k] for k in a])
                if shape is not None and getattr(d, "shape", ()) != shape:
                    d = unbroadcast(d, shape)
                hand_on(d)
                sofar = gradients[source]
                gradients[source] = d if sofar is None else sofar + d
            return gradients, downstream
        except (ArithmeticError, ValueError):
            if row[5] is not None or graph.recorded is not None:
                raise
            d = _array_rule(graph, store, gradients, graph.backward_edges[len(downstream)])
            hand_on(d)
            sofar = gradients[row[1]]
            gradients[row[1]] = d if sofar is None else sofar + d


def _array_rule(graph: Graph, store: list[Any], gradients: list[Any], edge: Edge) -> float:
    """One scalar edge again with NumPy, where a float operation raised."""
    op = graph.ops[edge.target]
    assert op is not None
    _, rules = kernels(op, graph.statics[edge.target], False)
    rule = rules[min(edge.slot, len(rules) - 1)]
    assert rule is not None
    if op.variadic and edge.slot >= len(rules) - 1:
        rule = slot_rule(rule, edge.slot)
    operands = [np.float64(store[k]) for k in graph.arguments[edge.target]]
    return float(rule(np.float64(gradients[edge.target]), np.float64(store[edge.target]), *operands))

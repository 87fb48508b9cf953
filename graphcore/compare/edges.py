"""One edge of the backward pass on its own: its rule, or another rule in its place, on any upstream gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from graphcore.backprop import kernels
from graphcore.ops import Op
from graphcore.ops.namespaces import Kernel, unbroadcast

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Edge, Graph

# where forward values are read: a node's index, or a literal's negative number
Values = Callable[[int], Any]


def op_at(graph: Graph, index: int) -> Op:
    """The op of a node that is known to be no leaf."""
    return cast("Op", graph.ops[index])


def operands(run: Trace, target: int) -> list[Any]:
    """The recorded values of a node's operands, literals among them, as arrays."""
    return [as_array(run.graph, run.argument(k)) for k in run.graph.arguments[target]]


def as_array(graph: Graph, value: Any) -> Any:
    """A value as a float64 array; a recorded graph's tuples and whole numbers are left as they are."""
    return value if graph.recorded is not None else np.asarray(value, dtype=np.float64)


def downstream(graph: Graph, edge: Edge, upstream: Any, value: Values) -> Any:
    """What the edge hands on for this upstream, at these forward values."""
    op = op_at(graph, edge.target)
    _, rules = kernels(op, graph.statics[edge.target], False)
    rule = cast("Kernel", rules[min(edge.slot, len(rules) - 1)])
    own = [as_array(graph, value(k)) for k in graph.arguments[edge.target]]
    slot = {"slot": edge.slot} if op.variadic and edge.slot >= len(rules) - 1 else {}
    result = value(edge.target)
    handed = rule(upstream, result if graph.recorded is not None else np.asarray(result), *own, **slot)
    return handed if edge.source in graph.tuples else unbroadcast(handed, graph.shapes[edge.source])


def backward(
    run: Trace,
    values: Callable[[int], Values],
    upstream: Callable[[Any], Any] = lambda g: g,
    answer: Callable[[Edge, Any], Any] = lambda _, handed: handed,
) -> list[Any]:
    """The backward pass again by the same rules; what arrives at an edge and what it hands on may be changed on the way.

    ``values(target)`` says where the rules of that node read forward values; an ``answer`` of None hands on nothing.
    """
    graph = run.graph
    gradients: list[Any] = [None] * len(graph)
    for index, seed in run.seeds.items():
        gradients[index] = np.asarray(seed, dtype=np.float64)
    for edge in graph.backward_edges:
        arrived = gradients[edge.target]
        if arrived is not None:
            handed = answer(edge, downstream(graph, edge, upstream(arrived), values(edge.target)))
            sofar = gradients[edge.source]
            gradients[edge.source] = handed if sofar is None else sofar if handed is None else sofar + handed
    return gradients

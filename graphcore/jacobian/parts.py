"""Nodes whose value is a tuple: their parts laid one after the other, each flattened row by row."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Parts
from graphcore.ops.namespaces import Array, Shape, unbroadcast


def shapes_of(run: Trace, node: int) -> tuple[Shape, ...]:
    """The shapes of a node's parts; a node whose value is one array has one part."""
    if node not in run.graph.tuples:
        return (run.graph.shapes[node],)
    value: Any = run.argument(node)
    return tuple(np.shape(part) for part in value)


def size_of(run: Trace, node: int) -> int:
    """How many entries a node has, all parts together."""
    return sum(map(prod, shapes_of(run, node)))


def one_hot(run: Trace, node: int, position: int) -> Any:
    """An upstream gradient that is 1 at one entry of a node and 0 elsewhere; None where that entry is no real number."""
    whole = node in run.graph.tuples
    for k, shape in enumerate(shapes_of(run, node)):
        if position < prod(shape):
            g = np.zeros(prod(shape))
            g[position] = 1.0
            part = g.reshape(shape) if shape else g[0]
            value: Any = run.argument(node)
            if whole and np.asarray(value[k]).dtype.kind != "f":
                return None
            return Parts({k: part}) if whole else part
        position -= prod(shape)
    raise IndexError(f"node {node} has no entry of that number")


def flattened(run: Trace, node: int, gradient: Any) -> Array:
    """A gradient of a node as one row of numbers; zeros for parts that none flows to."""
    shapes = shapes_of(run, node)
    if gradient is None:
        return np.zeros(sum(map(prod, shapes)))
    if node not in run.graph.tuples:
        flat: Array = np.reshape(unbroadcast(gradient, shapes[0]), -1)
        return flat
    given = gradient if isinstance(gradient, Parts) else dict(enumerate(gradient))
    rows = [given.get(k) for k in range(len(shapes))]
    return np.concatenate(
        [np.zeros(0), *[np.zeros(prod(s)) if row is None else np.reshape(row, -1) for row, s in zip(rows, shapes)]]
    )

"""What a caller gives a trace: other leaf values, and the seeds it starts from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.errors import TraceError, UnknownNameError
from graphcore.graph import Graph, Value


def replace_leaves(graph: Graph, store: list[Any], values: Mapping[str, Any]) -> None:
    """Put the values given in the places of their leaves; TraceError for other shapes, KeyError for an unknown name."""
    if not isinstance(values, Mapping):
        raise TraceError(f"leaf values come as a mapping from names, not as {type(values).__name__}.")
    for name, value in values.items():
        if not isinstance(name, str):
            raise TraceError(f"leaf values go by name; `{str(name)[:40]}` is not one.")
        index = graph.index(name)
        if index not in graph.leaf_values:
            raise UnknownNameError("leaf", name, [node.name for node in graph.leaves])
        if type(value) is not float:
            value = _numbers(value, f"the value for `{name}`")
        shape = np.shape(value)
        if shape != graph.shapes[index]:
            raise TraceError(f"`{name}` has shape {graph.shapes[index]}; the value given has shape {shape}.")
        store[index] = value if graph.recorded is None else _as_recorded(graph, index, name, value)


def _as_recorded(graph: Graph, index: int, name: str, value: Value) -> Any:
    """A value in the kind that the leaf was recorded with: whole numbers and truth values stay such."""
    kind = np.asarray(graph.leaf_values[index]).dtype
    array = np.asarray(value)
    if kind.kind != "f" and not np.array_equal(array.astype(kind), array):
        raise TraceError(f"`{name}` holds {'truth values' if kind.kind == 'b' else 'whole numbers'}; the value given does not.")
    return array.astype(kind)


def seeds_of(graph: Graph, upstream: Any) -> dict[int, Value]:
    """The seed of each output that has one; TraceError where one is missing or has another shape."""
    outputs = graph.output_indices
    if upstream is None:
        if len(outputs) == 1 and math.prod(graph.shapes[outputs[0]]) == 1:
            # one number is one number, however it is nested; torch's backward() starts there too
            shape = graph.shapes[outputs[0]]
            return {outputs[0]: np.ones(shape) if shape else 1.0}
        raise TraceError(_ask_for_seed(graph))
    if isinstance(upstream, Mapping):
        given = {graph.index(name): seed for name, seed in upstream.items()}
        stray = [graph.names[k] for k in given if k not in outputs]
        if stray:
            raise TraceError(f"`{stray[0]}` is not an output; a seed belongs to {_listed(graph)}.")
    elif len(outputs) == 1:
        given = {outputs[0]: upstream}
    else:
        if not isinstance(upstream, Sequence) or len(upstream) != len(outputs):
            raise TraceError(f"a seed is wanted for each of the {len(outputs)} outputs {_listed(graph)} (None for none).")
        given = dict(zip(outputs, upstream, strict=True))
    seeds: dict[int, Value] = {}
    for index, seed in given.items():
        if seed is None:
            continue
        name = graph.names[index]
        value = _numbers(seed, f"the upstream gradient for `{name}`")
        shape = np.shape(value)
        if shape != graph.shapes[index]:
            raise TraceError(f"the upstream gradient has shape {shape}; output `{name}` has shape {graph.shapes[index]}.")
        seeds[index] = value
    return seeds


def _numbers(given: Any, what: str) -> Value:
    """A float or a private float64 array of what a caller gives; None is no number, though NumPy would read nan."""
    try:
        if given is None:
            raise TypeError
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise TraceError(f"{what} is not numbers of one regular shape.") from None
    return float(array) if array.ndim == 0 else array


def _listed(graph: Graph) -> str:
    return ", ".join(f"`{node.name}` {node.shape}" for node in graph.outputs)


def _ask_for_seed(graph: Graph) -> str:
    if len(graph.output_indices) != 1:
        return f"a gradient starts from one number; the outputs are {_listed(graph)}. Give an upstream gradient for each."
    node = graph.outputs[0]
    count = int(np.prod(node.shape))
    return (
        f"The output {node.name} has {count} number{'s' if count != 1 else ''}; a gradient starts from one. "
        f"End with sum({node.name}) or mean({node.name}), or give an upstream gradient of shape {node.shape}."
    )

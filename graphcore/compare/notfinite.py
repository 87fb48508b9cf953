"""The first node that became nan or inf, forward or backward, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.compare.edges import downstream
from graphcore.compare.numbers import finite, has_nan, number, plural
from graphcore.compare.states import raw
from graphcore.latex import expression

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.compare.comparison import Comparison
    from graphcore.graph import Edge, Graph


class NotFinite(NamedTuple):
    """Where it began, and the two sentences of the banner."""

    node: int
    bold: str
    small: str


def first_not_finite(result: Comparison) -> NotFinite | None:
    """Where numbers stopped being finite, if that reaches a gradient or an output; else None."""
    run = result.run
    if "non-finite" in result.states or not all(finite(run.argument(k)) for k in run.seeds):
        return _forward(result) or _backward(result)
    # an infinity on the way that left only zeros behind, as in 1 / inf
    return _forward(result) if result.verdict == "unproven" else None


def _needed(graph: Graph, seeds: Any) -> list[bool]:
    """Per node, whether a seeded output depends on it."""
    needed = [False] * len(graph)
    for index in range(len(graph) - 1, -1, -1):
        if index in seeds:
            needed[index] = True
        if needed[index]:
            for k in graph.arguments[index]:
                if k >= 0:
                    needed[k] = True
    return needed


def _forward(result: Comparison) -> NotFinite | None:
    run, graph = result.run, result.run.graph
    needed = _needed(graph, run.seeds)
    bad = [k for k in range(len(graph)) if needed[k] and not finite(run.argument(k))]
    if not bad:
        return None
    node = bad[0]
    name = graph.names[node]
    is_nan = has_nan(run.argument(node))
    bold = f"{'Not a number' if is_nan else 'Infinite'} since {name}."
    after = len(bad) - 1
    kind = "nan" if all(has_nan(run.argument(k)) for k in bad[1:]) else "nan or infinite"
    same = " on both sides" if _same_outputs(result) else ""
    tail = f" {plural(after, 'node')} after it {'is' if after == 1 else 'are'} {kind}{same}." if after else ""
    return NotFinite(node, bold, f"{_cause(run, node)}.{tail}")


def _same_outputs(result: Comparison) -> bool:
    outputs = result.torch_outputs.items()
    return all(np.array_equal(np.isfinite(v), np.isfinite(result.run.argument(k))) for k, v in outputs)


def _cause(run: Trace, node: int) -> str:
    graph = run.graph
    op = graph.ops[node]
    if op is None:
        return f"{graph.names[node]} is a leaf with the value {_entry(run, node, _bad_place(run.argument(node)))[1]}"
    bad: Any = run.argument(node)
    place = _bad_place(next(part for part in bad if not finite(part)) if isinstance(bad, tuple) else bad)
    operands = []
    for k in dict.fromkeys(graph.arguments[node]):
        if k >= 0 and k not in graph.tuples:
            subscript, value = _entry(run, k, place)
            operands.append(f"{graph.names[k]}{subscript} = {value}")
    return ", ".join([f"{graph.names[node]} = {expression(graph, node, 'text')}", *operands])


def said(graph: Graph, node: int) -> str:
    """A node's op on its operands' names, as plain text."""
    return str(expression(graph, node, "text"))


def _bad_place(value: Any) -> tuple[int, ...]:
    array = np.asarray(value)
    return tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])


def _entry(run: Trace, node: int, place: tuple[int, ...]) -> tuple[str, str]:
    """The entry of an operand that stands at the same place, where the shapes tell; else its range."""
    array = np.asarray(run.argument(node))
    if array.ndim == 0:
        return "", number(array)
    if array.ndim <= len(place):
        own = tuple(0 if n == 1 else k for k, n in zip(place[len(place) - array.ndim :], array.shape, strict=True))
        if all(k < n for k, n in zip(own, array.shape, strict=True)):
            return str(list(own)), number(array[own])
    return "", f"{number(array.min())} to {number(array.max())}" if array.size else "empty"


def _backward(result: Comparison) -> NotFinite | None:
    run, graph = result.run, result.run.graph
    for position, edge in enumerate(graph.backward_edges):
        handed = run.downstream(position)
        if handed is None or edge.source in graph.tuples or finite(handed):
            continue
        name = graph.names[edge.source]
        is_nan = bool(np.isnan(handed).any())
        bold = f"The gradient is {'not a number' if is_nan else 'infinite'} since {name}."
        bad = [k for k, state in enumerate(result.states) if state == "non-finite" and k != edge.source]
        verb = "is" if len(bad) == 1 else "are"
        tail = f" {plural(len(bad), 'more gradient')} {verb} not finite on both sides." if bad else ""
        return NotFinite(
            edge.source, bold, f"{_factors(run, edge, handed)}{name} -> {expression(graph, edge.target, 'text')}.{tail}"
        )
    return None


def _factors(run: Trace, edge: Edge, handed: Any) -> str:
    """``0 × inf on ``: the two numbers whose product is not finite, where the edge works entry by entry."""
    if edge.target in run.graph.tuples:
        return "on "
    upstream = np.asarray(raw(run, edge.target), dtype=np.float64)
    if upstream.shape != handed.shape:
        return "on "
    with np.errstate(all="ignore"):
        try:
            local = np.asarray(downstream(run.graph, edge, np.ones(upstream.shape), run.argument))
        except (ArithmeticError, ValueError):
            return "on "
    place = _bad_place(handed)
    if np.isfinite(local[place]) and np.isfinite(upstream[place]):
        return "on "
    return f"{number(upstream[place])} × {number(local[place])} on "

"""Ops whose rule is a function of its own and whose Jacobian has a structure worth having: convolution, layer norm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Edge
from graphcore.jacobian.linear import Linear
from graphcore.ops.aten.windows import each
from graphcore.ops.namespaces import Array, Shape


class Special(NamedTuple):
    """What a Jacobian is called, its formula and its transpose's, and what becomes of a linear map in the upstream's place."""

    kind: str
    formula: str
    turned: str
    downstream: Callable[[Any], Any]


def special_of(run: Trace, edge: Edge) -> Special | None:
    """The structure of an edge that its rule does not say, None where the rule does or nobody knows one."""
    op = run.graph.ops[edge.target]
    make = None if op is None else _SPECIAL.get((op.name, op.operands[min(edge.slot, len(op.operands) - 1)]))
    return None if make is None else make(run, edge)


def _operands(run: Trace, edge: Edge) -> tuple[dict[str, Array], dict[str, str], dict[str, Any]]:
    graph, target = run.graph, edge.target
    op = graph.ops[target]
    assert op is not None
    pairs = list(zip(op.operands, graph.arguments[target]))
    names = {key: graph.names[k] for key, k in pairs if k >= 0}
    return {key: np.asarray(run.argument(k)) for key, k in pairs}, names, dict(graph.statics[target])


def _convolution(run: Trace, edge: Edge) -> Special | None:
    values, names, statics = _operands(run, edge)
    if statics.get("transposed"):
        return None
    of_input = edge.slot == 0
    formula = f"band({names.get('weight' if of_input else 'input', '')})"
    move = _to_input if of_input else _to_weight
    return Special("band", formula, f"{formula}ᵀ", lambda g: move(g, values["input"], values["weight"], statics))


def _reached(size: int, count: int, start: int, stride: int) -> range:
    """The windows whose entry at this place of the kernel is a number of the input, not padding."""
    first = max(0, -(start // stride))
    return range(first, max(first, min(count, (size - 1 - start) // stride + 1)))


def _windows(
    input_shape: Shape, output_shape: Shape, weight: Array, statics: Mapping[str, Any]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...]]]:
    """For each place of the kernel that meets the input: the windows in which it does, and the entries they meet there."""
    stride, padding, dilation = (each(statics[key], weight.ndim - 2) for key in ("stride", "padding", "dilation"))
    for place in product(*map(range, weight.shape[2:])):
        starts = [k * d - p for k, d, p in zip(place, dilation, padding)]
        reached = [_reached(*ends) for ends in zip(input_shape[2:], output_shape[2:], starts, stride)]
        if all(reached):
            inner = tuple([slice(r.start, r.stop) for r in reached])
            wide = tuple([slice(a + s * r.start, a + s * (r[-1]) + 1, s) for a, s, r in zip(starts, stride, reached)])
            yield place, inner, wide


def _to_input(g: Linear, input: Array, weight: Array, statics: Mapping[str, Any]) -> Linear:
    """One term a place of the kernel and a group: where its windows lie, times its weights."""
    groups = statics["groups"]
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    found = Linear(input.shape, ())
    for place, inner, wide in _windows(input.shape, g.shape, weight, statics):
        for group in range(groups):
            mine = slice(group * outs, (group + 1) * outs)
            matrix: Any = weight[(mine, slice(None), *place)]  # type: ignore[arg-type]  # whole numbers among slices
            part = g[(slice(None), mine, *inner)].expand_dims(2)
            products = part._scaled(np.multiply, matrix.reshape(outs, ins, *(1,) * len(place))).sum(1)
            found += products.scatter(input.shape, (slice(None), slice(group * ins, (group + 1) * ins), *wide))
    return found


def _to_weight(g: Linear, input: Array, weight: Array, statics: Mapping[str, Any]) -> Linear:
    """One term a place of the kernel and a group: the input that its windows met there."""
    groups, rank = statics["groups"], weight.ndim - 2
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    found = Linear(weight.shape, ())
    for place, inner, wide in _windows(input.shape, g.shape, weight, statics):
        for group in range(groups):
            mine = slice(group * outs, (group + 1) * outs)
            met = input[(slice(None), slice(group * ins, (group + 1) * ins), *wide)]
            part = g[(slice(None), mine, *inner)].expand_dims(2)
            summed = part._scaled(np.multiply, met[:, None]).sum((0, *range(3, 3 + rank)))
            found += summed.scatter(weight.shape, (mine, slice(None), *place))
    return found


def _layer_norm(run: Trace, edge: Edge) -> Special | None:
    values, names, statics = _operands(run, edge)
    x: Array = values["input"]
    rank = len(statics["normalized_shape"])
    axes = tuple(range(x.ndim - rank, x.ndim))
    n = int(np.prod(x.shape[x.ndim - rank :]))
    _, middle, spread = run.value(edge.target)
    hat = (x - middle) * spread
    weight = values["weight"] if "weight" in names else None

    def downstream(g: Any) -> Linear:
        h = g[0] if weight is None else g[0] * weight
        away = h.sum(axes, True) * (1 / n) + (h * hat).sum(axes, True) * (hat / n)
        return (h - away) * spread + g[1] * np.broadcast_to(1 / n, x.shape) - g[2] * (hat * spread * spread / n)  # type: ignore[no-any-return]

    formula = "(I − 1 1ᵀ/n − x̂ x̂ᵀ/n) / σ"
    if weight is None:
        return Special("layer norm", formula, formula, downstream)
    scale = f"diag({names['weight']})"
    return Special("layer norm", f"{scale} {formula}", f"{formula} {scale}", downstream)


_SPECIAL: Mapping[tuple[str, str], Callable[[Trace, Edge], Special | None]] = {
    **{(name, operand): _convolution for name in ("convolution", "_convolution") for operand in ("input", "weight")},
    ("native_layer_norm", "input"): _layer_norm,
}

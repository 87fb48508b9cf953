"""The forward and the backward pass, with every number kept.

Both passes are loops over rows compiled once per graph: forward over the nodes, backward over the edges in reverse.
A node whose numbers are all scalars runs on Python floats; the few operations where floats raise although IEEE
arithmetic has an answer are repeated with NumPy, node by node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.errors import TraceError, UnknownNameError
from graphcore.graph import Edge, Graph, Node, Value
from graphcore.ops import Op, Statics
from graphcore.ops.namespaces import ARRAYS, FLOATS, Array, Kernel, Shape, unbroadcast

if TYPE_CHECKING:
    from graphcore.jacobian import Jacobian

# in place of a second operand's position: there is none, or the first position is a tuple of many
_UNARY = -(1 << 62)
_MANY = _UNARY + 1


class Plan(NamedTuple):
    """A graph's two loops, ready to run.

    ``forward`` rows are (node, kernel, a, b); ``backward`` rows are (target, source, rule, a, b, source shape or
    None where all is scalar), one per edge of ``graph.backward_edges``, in its order.
    """

    forward: list[tuple[int, Kernel, Any, int]]
    backward: list[tuple[int, int, Kernel, Any, int, Shape | None]]
    literals: list[Value]


@lru_cache(maxsize=4096)
def _kernels(op: Op, statics_key: str, statics: Any, scalar: bool) -> tuple[Kernel, tuple[Kernel | None, ...]]:
    """The forward kernel and the rule per operand, on floats where the formulas allow it."""
    settings = dict(statics.pairs)
    names = op.operands
    namespace = FLOATS if scalar else ARRAYS

    def build(formula: Any, parameters: tuple[str, ...]) -> Kernel:
        if scalar and not formula.runs_on(FLOATS, (*(p.lstrip("*") for p in parameters), *settings)):
            kernel: Kernel = formula.compile(parameters, ARRAYS, settings)
            return lambda *values: _as_float(kernel(*values))
        return formula.compile(parameters, namespace, settings)  # type: ignore[no-any-return]

    rules = []
    for name in names:
        rule = op.rules.get(name.lstrip("*"))
        rules.append(None if rule is None else build(rule, ("g", "y", *names)))
    return build(op.forward, names), tuple(rules)


class _Statics:
    """Static arguments as a cache key: equal when they print alike, whatever they hold."""

    __slots__ = ("key", "pairs")

    def __init__(self, pairs: Statics) -> None:
        self.pairs = pairs
        self.key = repr(pairs)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Statics) and self.key == other.key


def kernels(op: Op, statics: Statics, scalar: bool) -> tuple[Kernel, tuple[Kernel | None, ...]]:
    """The compiled formulas of one op with its static arguments; made once."""
    wrapped = _Statics(statics)
    return _kernels(op, wrapped.key, wrapped, scalar)


def _as_float(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def compile_plan(graph: Graph) -> Plan:
    """The two loops of a graph."""
    shapes = graph.shapes
    literals = [literal.value for literal in reversed(graph.literals)]
    # a literal's place is negative, so its shape is read from the end
    all_shapes = [*shapes, *[np.shape(value) for value in literals]]
    active = graph.active
    forward: list[tuple[int, Kernel, Any, int]] = []
    reverse: list[tuple[int, int, Kernel, Any, int, Shape | None]] = []
    made: dict[Any, tuple[Kernel, tuple[Kernel | None, ...]]] = {}
    for index, op in enumerate(graph.ops):
        if op is None:
            continue
        arguments = graph.arguments[index]
        statics = graph.statics[index]
        scalar = not shapes[index]
        for k in arguments:
            if all_shapes[k]:
                scalar = False
                break
        key = (op, scalar, repr(statics)) if statics else (op, scalar)
        pair = made.get(key)
        if pair is None:
            pair = made[key] = kernels(op, statics, scalar)
        function, rules = pair
        a: Any = arguments
        b = _MANY
        if len(arguments) == 1:
            a, b = arguments[0], _UNARY
        elif len(arguments) == 2:
            a, b = arguments
        forward.append((index, function, a, b))
        if not active[index]:
            continue
        last = len(rules) - 1
        # appended from the last slot to the first: the whole list is reversed at the end
        for slot in range(len(arguments) - 1, -1, -1):
            source = arguments[slot]
            rule = rules[slot] if slot < last else rules[last]
            if source < 0 or rule is None or not active[source]:
                continue
            if op.variadic and slot >= last:
                rule = _slot_rule(rule, slot)
            reverse.append((index, source, rule, a, b, None if scalar else shapes[source]))
    reverse.reverse()
    return Plan(forward, reverse, literals)


def _slot_rule(rule: Kernel, slot: int) -> Kernel:
    """The rule of a variadic op, told which of its operands it is for."""
    return lambda g, y, *operands: rule(g, y, *operands, slot=slot)


class Step(NamedTuple):
    """One edge of the backward pass: ``downstream = upstream x local``."""

    source: Node
    target: Node
    slot: int
    upstream: Array
    local: Jacobian
    downstream: Array


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """A graph with all its numbers. It never changes after it is made."""

    graph: Graph
    _store: list[Any]
    _gradients: list[Any]
    _downstream: list[Any]
    seeds: Mapping[int, Value]

    def __repr__(self) -> str:
        return f"<Trace of {len(self.graph)} nodes>"

    def value(self, node: str | int) -> Array:
        """The forward value of a node (by name or index): float64, 0-d for a scalar, read-only."""
        return read_only(self._store[self._at(node)])

    def gradient(self, node: str | int) -> Array | None:
        """The gradient of a node (the sum of what its edges hand on), or None where none flows."""
        gradient = self._gradients[self._at(node)]
        return None if gradient is None else read_only(gradient)

    def argument(self, argument: int) -> Value:
        """The value of a node, or of a literal by its negative number."""
        return self._store[argument]  # type: ignore[no-any-return]

    def downstream(self, position: int) -> Array | None:
        """What edge number ``position`` of ``graph.backward_edges`` hands on, None where nothing arrives."""
        value = self._downstream[position]
        return None if value is None else read_only(value)

    def _at(self, node: str | int) -> int:
        return self.graph.index(node) if isinstance(node, str) else int(node)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the backward pass, in order; edges that no gradient reaches are left out."""
        return tuple(self.step(k) for k, value in enumerate(self._downstream) if value is not None)

    def step(self, position: int) -> Step:
        """The step of edge number ``position`` of ``graph.backward_edges``."""
        from graphcore.jacobian import local_jacobian

        edge = self.graph.backward_edges[position]
        nodes = self.graph.nodes
        upstream = self.gradient(edge.target)
        downstream = self.downstream(position)
        if upstream is None or downstream is None:
            raise TraceError(f"no gradient arrives at `{nodes[edge.target].name}`, so this edge is no step.")
        local = local_jacobian(self, edge)
        return Step(nodes[edge.source], nodes[edge.target], edge.slot, upstream, local, downstream)

    def _repr_html_(self) -> str:
        from graphcore.picture import page

        return page(self)


def read_only(value: Any) -> Array:
    """A float64 array view that cannot be written through."""
    array = np.asarray(value, dtype=np.float64)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def trace(graph: Graph, values: Mapping[str, Any] | None = None, upstream: Any = None) -> Trace:
    """Run a graph forward and backward and keep every number.

    ``values`` replaces leaf values by name (same shapes); ``upstream`` is the seed: one value of the output's shape,
    for several outputs a sequence (None where nothing is seeded) or a mapping by name. Without it the single scalar
    output is seeded with 1. Raises :class:`TraceError` for other shapes and for a missing seed, KeyError for an
    unknown leaf.

    >>> from graphcore.graph import Builder
    >>> b = Builder(); x = b.leaf("x", 3.0); y = b.apply("mul", x, x, name="y")
    >>> run = trace(b.graph())
    >>> float(run.value("y")), float(run.gradient("x"))
    (9.0, 6.0)
    """
    plan: Plan = graph.plan
    store: list[Any] = [None] * len(graph)
    store += plan.literals
    for index, leaf_value in graph.leaf_values.items():
        store[index] = leaf_value
    if values:
        _replace_leaves(graph, store, values)
    seeds = _seeds(graph, upstream)
    with np.errstate(all="ignore"):
        _forward(graph, plan, store)
        gradients, downstream = _backward(graph, plan, store, seeds)
    return Trace(graph, store, gradients, downstream, seeds)


def _replace_leaves(graph: Graph, store: list[Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        index = graph.index(name)
        if index not in graph.leaf_values:
            raise UnknownNameError("leaf", name, [node.name for node in graph.leaves])
        if type(value) is not float:
            try:
                value = np.array(value, dtype=np.float64)
            except (TypeError, ValueError, OverflowError):
                raise TraceError(f"the value for `{name}` is not numbers of one regular shape.") from None
            if value.shape == ():
                value = float(value)
        shape = np.shape(value)
        if shape != graph.shapes[index]:
            raise TraceError(f"`{name}` has shape {graph.shapes[index]}; the value given has shape {shape}.")
        store[index] = value


def _seeds(graph: Graph, upstream: Any) -> dict[int, Value]:
    outputs = graph.output_indices
    if upstream is None:
        if len(outputs) == 1 and not graph.shapes[outputs[0]]:
            return {outputs[0]: 1.0}
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
        array = np.array(seed, dtype=np.float64)
        if array.shape != graph.shapes[index]:
            raise TraceError(
                f"the upstream gradient has shape {array.shape}; output `{graph.names[index]}` has shape {graph.shapes[index]}."
            )
        seeds[index] = float(array) if array.ndim == 0 else array
    return seeds


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


def _forward(graph: Graph, plan: Plan, store: list[Any]) -> None:
    rows = iter(plan.forward)
    index = 0
    while True:
        try:
            for index, kernel, a, b in rows:
                if b == _UNARY:
                    store[index] = kernel(store[a])
                elif b != _MANY:
                    store[index] = kernel(store[a], store[b])
                else:
                    store[index] = kernel(*[store[k] for k in a])
            return
        except (ArithmeticError, ValueError):
            if graph.shapes[index]:
                raise
            op = graph.ops[index]
            assert op is not None
            array_kernel, _ = kernels(op, graph.statics[index], False)
            store[index] = float(array_kernel(*[np.float64(store[k]) for k in graph.arguments[index]]))


def _backward(graph: Graph, plan: Plan, store: list[Any], seeds: Mapping[int, Value]) -> tuple[list[Any], list[Any]]:
    gradients: list[Any] = [None] * len(graph)
    for index, seed in seeds.items():
        gradients[index] = seed
    downstream: list[Any] = []
    hand_on = downstream.append
    rows = iter(plan.backward)
    row: Any = None
    while True:
        try:
            for row in rows:
                target, source, rule, a, b, shape = row
                g = gradients[target]
                if g is None:
                    hand_on(None)
                    continue
                if b == _UNARY:
                    d = rule(g, store[target], store[a])
                elif b != _MANY:
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
            if row[5] is not None:
                raise
            d = _array_rule(graph, Edge(row[1], row[0], len(downstream)), plan, store, gradients, len(downstream))
            hand_on(d)
            sofar = gradients[row[1]]
            gradients[row[1]] = d if sofar is None else sofar + d


def _array_rule(graph: Graph, edge: Edge, plan: Plan, store: list[Any], gradients: list[Any], position: int) -> float:
    """One scalar edge again with NumPy, where a float operation raised."""
    edge = graph.backward_edges[position]
    op = graph.ops[edge.target]
    assert op is not None
    _, rules = kernels(op, graph.statics[edge.target], False)
    rule = rules[min(edge.slot, len(rules) - 1)]
    assert rule is not None
    if op.variadic and edge.slot >= len(rules) - 1:
        rule = _slot_rule(rule, edge.slot)
    operands = [np.float64(store[k]) for k in graph.arguments[edge.target]]
    return float(rule(np.float64(gradients[edge.target]), np.float64(store[edge.target]), *operands))

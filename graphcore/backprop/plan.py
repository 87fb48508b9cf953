"""A graph's two loops, compiled once: which kernel runs on which places, forward and backward."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop.blocks import by_blocks, in_blocks
from graphcore.graph import Graph, Value
from graphcore.ops import Op, Statics, StaticsKey
from graphcore.ops.namespaces import ARRAYS, FLOATS, Kernel, Shape

# in place of a second operand's position: there is none, or the first position is a tuple of many
UNARY = -(1 << 62)
MANY = UNARY + 1
Forward = tuple[int, Kernel, Any, int]
Backward = tuple[int, int, Kernel, Any, int, Shape | None]


class Plan(NamedTuple):
    """A graph's two loops, ready to run.

    ``forward`` rows are (node, kernel, a, b); ``backward`` rows are (target, source, rule, a, b, source shape or
    None where all is scalar), one per edge of ``graph.backward_edges``, in its order.
    """

    forward: list[Forward]
    backward: list[Backward]
    literals: list[Value]


@lru_cache(maxsize=4096)
def _kernels(op: Op, statics: StaticsKey, scalar: bool) -> tuple[Kernel, tuple[Kernel | None, ...]]:
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


def kernels(op: Op, statics: Statics, scalar: bool) -> tuple[Kernel, tuple[Kernel | None, ...]]:
    """The compiled formulas of one op with its static arguments; made once."""
    return _kernels(op, StaticsKey(statics), scalar)


def _as_float(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def compile_plan(graph: Graph) -> Plan:
    """The two loops of a graph."""
    shapes = graph.shapes
    literals = [literal.value for literal in reversed(graph.literals)]
    # a literal's place is negative, so its shape is read from the end
    all_shapes = [*shapes, *[np.shape(value) for value in literals]]
    active = graph.active
    recorded = graph.recorded is not None
    tuples = graph.tuples
    forward: list[Forward] = []
    reverse: list[Backward] = []
    made: dict[Any, tuple[Kernel, tuple[Kernel | None, ...]]] = {}
    for index, op in enumerate(graph.ops):
        if op is None:
            continue
        arguments = graph.arguments[index]
        statics = graph.statics[index]
        scalar = not shapes[index] and not recorded
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
        b = MANY
        if len(arguments) == 1:
            a, b = arguments[0], UNARY
        elif len(arguments) == 2:
            a, b = arguments
        blocks = not scalar and in_blocks(op, shapes[index], [all_shapes[k] for k in arguments])
        forward.append((index, by_blocks(op.forward, function, shapes[index]) if blocks else function, a, b))
        if not active[index]:
            continue
        # appended from the last slot to the first: the whole list is reversed at the end
        for slot in range(len(arguments) - 1, -1, -1):
            source = arguments[slot]
            if source >= 0 and active[source]:
                rule = _rule_for(op, rules, slot)
                if rule is not None:
                    # the gradient of a tuple has no shape that broadcasting could have changed
                    shape = None if scalar or source in tuples else shapes[source]
                    if blocks and shape == shapes[index]:
                        rule = by_blocks(op.rule(slot), rule, shape)
                    reverse.append((index, source, rule, a, b, shape))
    reverse.reverse()
    return Plan(forward, reverse, literals)


def _rule_for(op: Op, rules: tuple[Kernel | None, ...], slot: int) -> Kernel | None:
    last = len(rules) - 1
    if slot < last:
        return rules[slot]
    rule = rules[last]
    return slot_rule(rule, slot) if op.variadic and rule is not None else rule


def slot_rule(rule: Kernel, slot: int) -> Kernel:
    """The rule of a variadic op, told which of its operands it is for."""
    return lambda g, y, *operands: rule(g, y, *operands, slot=slot)

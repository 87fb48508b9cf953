"""A mismatch that a last digit of the forward values explains.

NumPy's tanh and torch's differ in the last digit now and then, and torch computes ``1 - y * y`` with one rounding fewer. In
saturation that digit moves the gradient by far more than 256 eps although both rules are right. So for tensors that
miss the rule our backward pass is repeated at torch's own forward values, and again with every value that a rule
reads off by one rounding: the change is the tensor's noise, and 64 times it is allowed, as for zeros. Ops with kinks
are left exact, because there a rounding would be a step to another branch; and each op's forward value on torch's
operands must equal torch's, so that a wrong forward is not excused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.backprop import kernels
from graphcore.compare.edges import Values, as_array, backward, op_at
from graphcore.compare.run import forward_values
from graphcore.compare.states import EPS, NOISE_ALLOWED, compare_tensors, may_be_rounding, raw, settled, size

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Graph

RUNS = 3


def excuse(run: Trace, theirs: list[Any], states: list[str]) -> Mapping[int, float]:
    """Turn mismatches that one rounding of the forward values explains into match, or into zero where it drowns them.

    Changes ``states``; returns the noise of the excused matches, in eps of torch's largest entry.
    """
    graph = run.graph
    nodes = [k for k in range(len(states)) if may_be_rounding(run, theirs, states, k)]
    if not nodes:
        return {}
    table = [*forward_values(run), *(literal.value for literal in reversed(graph.literals))]
    generator = np.random.default_rng(20260504)
    moved: dict[int, float] = {}
    with np.errstate(all="ignore"):
        if not _same_forward(graph, table, generator):
            return moved
        ours = backward(run, lambda target: table.__getitem__)
        noise = _noise(run, table, ours, nodes, generator)
    for k in nodes:
        allowed, largest = NOISE_ALLOWED * noise[k], size(theirs[k])
        if not np.isfinite(allowed) or ours[k] is None or theirs[k] is None:
            continue
        with np.errstate(all="ignore"):
            apart = size(ours[k] - theirs[k])
        if largest <= allowed and size(raw(run, k)) <= allowed:
            states[k] = settled("zero", theirs[k])
        elif compare_tensors(ours[k], theirs[k])[0] != "mismatch" or apart <= allowed < largest:
            states[k] = settled("match", theirs[k])
            if states[k] == "match":
                moved[k] = noise[k] / (EPS * largest)
    return moved


def _is_whole(value: Any) -> bool:
    """Whether every entry is a whole number."""
    return bool(np.all(np.trunc(value) == value))


def off(value: Any, generator: np.random.Generator) -> Any:
    """A value off by one rounding, entry by entry; whole numbers and truth values stay."""
    if isinstance(value, tuple):
        return tuple(off(part, generator) for part in value)
    if np.asarray(value).dtype.kind in "biu":
        return value
    return value * (1 + EPS * (generator.integers(0, 2, size=np.shape(value)) * 2 - 1))


def _same_forward(graph: Graph, table: list[Any], generator: np.random.Generator) -> bool:
    """Whether each of our forward formulas gives torch's value on torch's operands."""
    for target, arguments in enumerate(graph.arguments):
        if graph.ops[target] is None:
            continue
        op = op_at(graph, target)
        function, _ = kernels(op, graph.statics[target], False)
        if target in graph.tuples:
            continue  # what is used of a tuple is looked at in the nodes that take it
        operands = [as_array(graph, table[k]) for k in arguments]
        ours, other = np.asarray(function(*operands), dtype=np.float64), np.asarray(table[target])
        if compare_tensors(ours, other)[0] != "mismatch":
            continue
        if op.kink is not None:
            return False
        exact = {slot for slot, v in enumerate(operands) if op.rule(slot) is None or (op.name == "pow" and slot and _is_whole(v))}
        nudged = [v if slot in exact else off(v, generator) for slot, v in enumerate(operands)]
        if not size(ours - other) <= NOISE_ALLOWED * size(np.asarray(function(*nudged)) - ours):
            return False
    return True


def _noise(
    run: Trace, table: list[Any], exact: list[Any], nodes: list[int], generator: np.random.Generator
) -> Mapping[int, float]:
    """How much the gradients of ``nodes`` change when every value that a smooth rule reads is off by one rounding."""
    values = rounded(run.graph, table, generator)
    noise = dict.fromkeys(nodes, 0.0)
    for _ in range(RUNS):
        gradients = backward(run, values)
        for k in nodes:
            if gradients[k] is not None:
                noise[k] = max(noise[k], size(gradients[k] - exact[k]))
    return noise


def rounded(graph: Graph, table: list[Any], generator: np.random.Generator) -> Callable[[int], Values]:
    """Where the rules of each node read forward values: those of ``table``, for smooth rules off by one rounding."""

    def values(target: int) -> Values:
        op = op_at(graph, target)
        if op.kink is not None:
            return table.__getitem__
        arguments = graph.arguments[target]
        whole = {k for slot, k in enumerate(arguments) if op.rule(slot) is None}
        if op.name == "pow" and _is_whole(table[arguments[1]]):
            # (-2) ** 3 is a number, (-2) ** 3.0000000000000004 is none
            whole.add(arguments[1])
        return lambda k: table[k] if k in whole else off(as_array(graph, table[k]), generator)

    return values

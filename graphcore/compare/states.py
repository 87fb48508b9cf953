"""When two gradients match: per tensor, max|a - b| <= 256 eps max|b|, and what is said of zeros and of nan.

A tensor that misses the rule may still be zero to rounding: a sum that cancels to nothing but noise on both sides.
The noise of a tensor is measured by running the backward pass again with every upstream perturbed by one rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.compare.edges import backward
from graphcore.graph import Parts

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Graph
    from graphcore.ops.namespaces import Array

EPS = float(np.finfo(np.float64).eps)
ALLOWED = 256
NOISE_ALLOWED = 64
# a gradient this much smaller than the largest one of its graph is looked at for noise although it agrees
SUSPICIOUS = 1e-12
COUNTED = frozenset({"match", "mismatch", "inherited", "zero", "non-finite"})


class Match(NamedTuple):
    """The verdict on one node: both gradients, and their distance in eps of torch's largest entry."""

    state: str
    manual: Array | None
    torch: Array | None
    error: float | None


class Judged(NamedTuple):
    """State and error of every node, by index; ``moved``: where a last digit of the forward values decided, its weight in eps."""

    states: list[str]
    errors: list[float | None]
    moved: Mapping[int, float]


def raw(run: Trace, index: int) -> Any:
    """Our gradient of a node as the engine left it: a float, an array or None."""
    return run._gradients[index]


def judge(run: Trace, theirs: list[Any]) -> Judged:
    """The state and the error of every node of a run beside torch's gradients."""
    graph = run.graph
    active = graph.active
    unpaired = inner_nodes(graph)
    used = {edge.source for edge in graph.backward_edges}
    states: list[str] = []
    errors: list[float | None] = []
    for index in range(len(graph)):
        if not active[index]:
            state, error = "constant", None
        elif index in run.seeds and index not in used:
            state, error = "seed", None
        elif index in unpaired or index in graph.tuples:
            state, error = "unpaired", None
        else:
            state, error = compare_tensors(raw(run, index), theirs[index])
        states.append(state)
        errors.append(error)
    _find_noise(run, theirs, states)
    moved: Mapping[int, float] = {}
    if "mismatch" in states:
        from graphcore.compare.rounding import excuse

        moved = excuse(run, theirs, states)
    _gather(graph, states, errors)
    return Judged(states, errors, moved)


_WORST = ("mismatch", "non-finite", "match", "zero", "none", "unpaired")


def _gather(graph: Graph, states: list[str], errors: list[float | None]) -> None:
    """The state of a tuple is the worst of its parts, as far as they are used."""
    for index, op in enumerate(graph.ops):
        if op is None or op.name != "output":
            continue
        whole = graph.arguments[index][0]
        if states[whole] in _WORST and states[index] in _WORST:
            states[whole] = min(states[whole], states[index], key=_WORST.index)
            errors[whole] = max((e for e in (errors[whole], errors[index]) if e is not None), default=None)


def inner_nodes(graph: Graph) -> frozenset[int]:
    """The nodes that stand inside of one call of torch's, and have no autograd node of their own."""
    if graph.recorded is None:
        return frozenset()
    return frozenset(k for group in graph.recorded.groups for k in group.nodes if k not in group.outputs)


def compare_tensors(ours: Any, theirs: Any) -> tuple[str, float | None]:
    """The state of one tensor before noise is considered, and its error in eps of torch's largest entry.

    >>> compare_tensors(1.0, 1.0 + 2**-52)
    ('match', 0.9999999999999998)
    >>> compare_tensors(0.0, 0.0)
    ('zero', 0.0)
    """
    if ours is None and theirs is None:
        return "none", None
    if isinstance(ours, float) and isinstance(theirs, float):
        if math.isfinite(ours) and math.isfinite(theirs):
            return _by_rule(abs(ours - theirs), abs(theirs), ours == 0.0)
        same = (ours != ours and theirs != theirs) or ours == theirs
        return ("non-finite", None) if same else ("mismatch", math.inf)
    a = np.zeros(np.shape(theirs)) if ours is None else np.asarray(ours, dtype=np.float64)
    b = np.zeros(np.shape(ours)) if theirs is None else np.asarray(theirs, dtype=np.float64)
    if a.shape != b.shape:
        return "mismatch", math.inf
    if not a.size and not b.size:
        return "zero", 0.0
    both = np.isfinite(a) & np.isfinite(b)
    if both.all():
        return _by_rule(float(np.max(np.abs(a - b))), float(np.max(np.abs(b))), not a.any())
    agree = both | (a == b) | (np.isnan(a) & np.isnan(b))
    if not agree.all():
        return "mismatch", math.inf
    if both.any():
        state, error = _by_rule(float(np.max(np.abs(a[both] - b[both]))), float(np.max(np.abs(b[both]))), not a[both].any())
        if state == "mismatch":
            return state, error
    return "non-finite", None


def _by_rule(difference: float, largest: float, ours_zero: bool) -> tuple[str, float]:
    if largest == 0.0:
        return ("zero", 0.0) if ours_zero else ("mismatch", math.inf)
    # below 2**-1022 floats are evenly spaced: one rounding is eps * 2**-1022 there, however small the number
    state = "match" if difference <= ALLOWED * EPS * max(largest, 2.0**-1022) else "mismatch"
    # eps of so small a number is no number any more; then the error is counted in the smallest steps there are
    return state, difference / max(EPS * largest, 5e-324)


def _find_noise(run: Trace, theirs: list[Any], states: list[str]) -> None:
    """Turn the tensors that are zero to rounding from mismatch (or from a lucky match) into zero."""
    sizes = {k: size(theirs[k]) for k, state in enumerate(states) if state in ("match", "mismatch")}
    top = max(sizes.values(), default=0.0)
    doubtful = [k for k, largest in sizes.items() if largest < SUSPICIOUS * top or may_be_rounding(run, theirs, states, k)]
    if not doubtful:
        return
    noise = measure_noise(run, doubtful)
    for k in doubtful:
        limit = NOISE_ALLOWED * noise[k]
        if limit > 0 and sizes[k] <= limit and size(raw(run, k)) <= limit:
            states[k] = settled("zero", theirs[k])


def may_be_rounding(run: Trace, theirs: list[Any], states: list[str], index: int) -> bool:
    """Whether a node is a mismatch among finite numbers alone: nan or inf at different places is no rounding."""
    if states[index] != "mismatch":
        return False
    a, b = (np.asarray(0.0 if v is None else v, dtype=np.float64) for v in (raw(run, index), theirs[index]))
    if a.shape != b.shape:
        return False
    finite = np.isfinite(a) & np.isfinite(b)
    return bool((finite | (a == b) | (np.isnan(a) & np.isnan(b))).all())


def settled(state: str, theirs: Any) -> str:
    """The state of a tensor whose finite entries are in this state: non-finite if it has others."""
    return state if theirs is None or np.isfinite(theirs).all() else "non-finite"


def size(value: Any) -> float:
    """The largest finite entry of a gradient, without its sign; 0 where there is none."""
    if value is None:
        return 0.0
    if isinstance(value, float):
        return abs(value) if math.isfinite(value) else 0.0
    array = np.abs(np.asarray(value, dtype=np.float64))
    largest = float(array.max(initial=0.0))
    return largest if math.isfinite(largest) else float(array.max(initial=0.0, where=np.isfinite(array)))


def measure_noise(run: Trace, nodes: list[int], runs: int = 3) -> Mapping[int, float]:
    """How much the gradients of ``nodes`` change when every upstream is off by one rounding: the largest of some runs."""
    generator = np.random.default_rng(20260501)

    def off_by_one_rounding(upstream: Any) -> Any:
        if type(upstream) is Parts:
            return Parts({part: off_by_one_rounding(gradient) for part, gradient in upstream.items()})
        return upstream * (1 + EPS * (generator.integers(0, 2, size=np.shape(upstream)) * 2 - 1))

    noise = dict.fromkeys(nodes, 0.0)
    with np.errstate(all="ignore"):
        for _ in range(runs):
            gradients = backward(run, lambda target: run.argument, off_by_one_rounding)
            for k in nodes:
                ours, other = raw(run, k), gradients[k]
                if ours is not None and other is not None:
                    noise[k] = max(noise[k], size(other - ours))
    return noise

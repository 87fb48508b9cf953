"""A network layer by layer: its parameters' gradients beside torch's, and how the gradient shrinks or grows on its way.

A layer is a module that owns parameters. Between two layers that follow each other in a plain chain the gradient's norm
changes by a factor, which is split in two: what the later layer hands on to its input (its *weights*), and what the ops
between the two make of that (the *activation*).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphcore.backprop import Trace
from graphcore.graph import Graph
from graphcore.ops.namespaces import Array, Shape
from graphcore.tables import norm

if TYPE_CHECKING:
    from graphcore.compare import Comparison

# an entry is saturated where the slope of its activation is below a hundredth of the largest slope there is
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}
FLAT = 0.01
SWITCHES = frozenset({"relu", "relu6", "hardtanh", "threshold", "clamp", "clip"})


@dataclass(frozen=True)
class Parameter:
    """A parameter's gradient on both sides: ``manual`` and ``torch`` are norms, None where none flows.

    ``error`` is in eps of torch's largest entry, ``zeros`` the share of entries whose gradient is exactly 0.
    """

    node: int
    name: str
    shape: Shape
    manual: float | None
    torch: float | None
    error: float | None
    state: str
    zeros: float | None


@dataclass(frozen=True)
class Activation:
    """How many entries of an activation let (nearly) nothing through: ``kind`` is ``off`` (slope 0) or ``saturated``.

    ``dead`` counts the units that do so for every row of the batch, out of ``units``.
    """

    node: int
    op: str
    kind: str
    count: int
    of: int
    dead: int
    units: int


@dataclass(frozen=True)
class Layer:
    """A module with parameters of its own: the gradient's norm at its output, and the way to the next layer.

    ``factor = weights * activation`` is this layer's ``gradient`` over that of the layer ``after``; all four are None
    where the two are not joined by a plain chain.
    """

    path: str
    module: str
    parameters: tuple[Parameter, ...]
    output: int | None
    gradient: float | None
    after: str | None = None
    factor: float | None = None
    weights: float | None = None
    activation: float | None = None
    activations: tuple[Activation, ...] = ()


def layers(run: Trace, comparison: Comparison | None = None) -> list[Layer]:
    """The layers of a recorded run in the order in which they are used."""
    graph = run.graph
    groups: dict[str, list[Parameter]] = {}
    for index in graph.leaf_values:
        if index not in graph.constants:
            groups.setdefault(owner(graph, index), []).append(_parameter(run, comparison, index))
    walker = _Walker(graph)
    outputs = {path: walker.output(path) for path in groups}
    last = len(graph)

    def place(path: str) -> int:
        output = outputs[path]
        return last if output is None else output

    ordered = sorted(groups, key=place)
    rows = {path: _layer(run, path, tuple(groups[path]), outputs[path]) for path in ordered}
    ends = {row.output: path for path, row in rows.items() if row.output is not None}
    for path in ordered:
        found = _joined(run, rows[path], ends, walker)
        if found is not None:
            rows[found[0]] = replace(rows[found[0]], **found[1])
    return list(rows.values())


def owner(graph: Graph, leaf: int) -> str:
    """The module that owns a leaf: the path before the last dot of its name, empty for what belongs to none."""
    path = graph.names[leaf].rpartition(".")[0]
    known = graph.recorded.modules if graph.recorded else {}
    return path if path in known else ""


def _length(gradient: Any) -> float | None:
    # the gradient of several tensors at once is as long as all of them
    if gradient is None:
        return None
    if isinstance(gradient, tuple):
        parts = [norm(part) for part in gradient if part is not None]
        return norm(np.array(parts)) if parts else None
    return norm(gradient)


def _parameter(run: Trace, comparison: Comparison | None, index: int) -> Parameter:
    ours = run.gradient(index)
    theirs = None if comparison is None else comparison.torch_gradient(index)
    return Parameter(
        node=index,
        name=run.graph.names[index],
        shape=run.graph.shapes[index],
        manual=_length(ours),
        torch=_length(theirs),
        error=None if comparison is None else comparison.errors[index],
        state="none" if comparison is None else comparison.states[index],
        zeros=float(np.mean(ours == 0)) if ours is not None and ours.size else None,
    )


def _layer(run: Trace, path: str, parameters: tuple[Parameter, ...], output: int | None) -> Layer:
    recorded = run.graph.recorded
    module = recorded.modules.get(path, "") if recorded else ""
    return Layer(path, module, parameters, output, None if output is None else _length(run.gradient(output)))


class _Walker:
    """Ops by module and backward edges by both ends, for the way from one layer to the one before."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.sources: dict[int, list[tuple[int, int]]] = {}
        self.uses: dict[int, int] = {}
        self.ops: dict[str, list[int]] = {}
        for node, scope in enumerate(graph.recorded.scopes if graph.recorded else ()):
            if graph.ops[node] is not None:
                self.ops.setdefault(scope, []).append(node)
        for position, edge in enumerate(graph.backward_edges):
            self.sources.setdefault(edge.target, []).append((edge.source, position))
            self.uses[edge.source] = self.uses.get(edge.source, 0) + 1

    def output(self, path: str) -> int | None:
        """The last node of a layer through which gradient flows; what belongs to no module has none."""
        found = (node for node in reversed(self.ops.get(path, ())) if self.graph.active[node])
        return next(found, None) if path else None

    def inputs(self, nodes: Iterable[int]) -> dict[int, list[int]]:
        """What flows into a set of nodes from outside, leaves left out: the edges' positions by source."""
        inside = set(nodes)
        found: dict[int, list[int]] = {}
        for node in inside:
            for source, position in self.sources.get(node, ()):
                if source not in inside and self.graph.ops[source] is not None:
                    found.setdefault(source, []).append(position)
        return found

    def chain(self, start: int) -> Iterator[int]:
        """The nodes from ``start`` against the flow of values, as long as each hands on to the next alone."""
        node: int | None = start
        while node is not None:
            yield node
            before = [source for source, _ in self.sources.get(node, ()) if self.graph.ops[source] is not None]
            node = before[0] if len(before) == 1 and self.uses[before[0]] == 1 else None


def _joined(run: Trace, later: Layer, ends: dict[int, str], walker: _Walker) -> tuple[str, dict[str, Any]] | None:
    """The layer that feeds this one through a plain chain, and what to write into it."""
    if later.output is None or later.gradient is None:
        return None
    inputs = walker.inputs(walker.ops[later.path])
    if len(inputs) != 1:
        return None
    ((source, positions),) = inputs.items()
    if walker.uses[source] != len(positions):
        return None
    handed = _sum(run, positions)
    passed: list[int] = []
    for node in walker.chain(source):
        if node in ends:
            first = _length(run.gradient(node))
            if handed is None or first is None:
                return None
            return ends[node], {
                "after": later.path,
                "factor": _ratio(first, later.gradient),
                "weights": _ratio(handed, later.gradient),
                "activation": _ratio(first, handed),
                "activations": tuple(made for k in passed if (made := _counted(run, k)) is not None),
            }
        passed.append(node)
    return None


def _sum(run: Trace, positions: list[int]) -> float | None:
    parts = [run.downstream(position) for position in positions]
    if any(part is None or not isinstance(part, np.ndarray) for part in parts):
        return None
    total: Any = sum(part for part in parts if part is not None)
    return norm(total)


def _ratio(a: float, b: float) -> float | None:
    return a / b if b and np.isfinite(a) and np.isfinite(b) else None


def _counted(run: Trace, node: int) -> Activation | None:
    op = run.graph.ops[node]
    value = run.value(node)
    if op is None or not isinstance(value, np.ndarray) or not value.size:
        return None
    if op.name in STEEPEST:
        slope = value * (1 - value) if op.name == "sigmoid" else 1 - value**2
        lost, kind = np.asarray(slope < FLAT * STEEPEST[op.name]), "saturated"
    elif op.name in SWITCHES:
        lost, kind = _shut(run, node, value), "off"
    else:
        return None
    rows = lost.reshape(lost.shape[0], -1) if lost.ndim > 1 else lost.reshape(1, -1)
    return Activation(node, op.name, kind, int(lost.sum()), int(lost.size), int(rows.all(axis=0).sum()), rows.shape[1])


def _shut(run: Trace, node: int, value: Array) -> npt.NDArray[np.bool_]:
    # a switch that lets its operand through leaves it as it is
    source = next((k for k in run.graph.arguments[node] if k >= 0), None)
    given = None if source is None else run.value(source)
    if not isinstance(given, np.ndarray) or given.shape != value.shape:
        return np.asarray(value == 0)
    return np.asarray((value != given) | (value == 0))

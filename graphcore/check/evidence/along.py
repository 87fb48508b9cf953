"""The seeded outputs as a function of one node along a direction: the forward pass alone, from that node on.

Only edges that carry gradient are followed: behind a ``detach``, in a mask or in an index the recorded value stays, as it
does for every gradient that this is compared with.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop import kernels
from graphcore.check.evidence.analytic import STEP
from graphcore.check.evidence.complexes import complex_kernel
from graphcore.compare.edges import as_array, op_at
from graphcore.compare.rounding import off
from graphcore.compare.states import EPS
from graphcore.ops.namespaces import Kernel

if TYPE_CHECKING:
    from graphcore.backprop import Trace

# a call costs as much as so many entries
CALL = 1_500
# as far apart the complex pass may be from the recorded values: it takes other ways to the same functions
APART = 1e-9


class Row(NamedTuple):
    """One node that follows: its operands, and which of them move."""

    target: int
    arguments: tuple[int, ...]
    moved: tuple[bool, ...]


class Path:
    """What follows node number ``source`` of a run; :meth:`value` and :meth:`slope` go along it and are counted."""

    def __init__(self, run: Trace, source: int, following: dict[int, list[tuple[int, int]]]) -> None:
        self.run = run
        self.source = source
        self.passes = 0
        self.rows = self._rows(following)
        reached = {source, *(row.target for row in self.rows)}
        self.outputs = tuple(k for k in run.seeds if k in reached)

    def _rows(self, following: dict[int, list[tuple[int, int]]]) -> tuple[Row, ...]:
        graph = self.run.graph
        reached: dict[int, set[int]] = {}
        waiting = [self.source]
        while waiting:
            for target, slot in following.get(waiting.pop(), ()):
                if target not in reached:
                    waiting.append(target)
                reached.setdefault(target, set()).add(slot)
        return tuple(
            Row(k, graph.arguments[k], tuple(slot in reached[k] for slot in range(len(graph.arguments[k]))))
            for k in sorted(reached)
        )

    @cached_property
    def work(self) -> int:
        """What one pass costs, in entries."""
        shapes = self.run.graph.shapes
        return sum(CALL + int(np.prod(shapes[row.target])) for row in self.rows) + CALL

    @cached_property
    def without_complex(self) -> tuple[str, ...]:
        """The ops on the way that have no formula over complex numbers."""
        graph = self.run.graph
        ops = [(op_at(graph, row.target), graph.statics[row.target]) for row in self.rows]
        return tuple(dict.fromkeys(op.name for op, statics in ops if complex_kernel(op, statics) is None))

    @cached_property
    def _real(self) -> tuple[Kernel, ...]:
        graph = self.run.graph
        return tuple(kernels(op_at(graph, row.target), graph.statics[row.target], False)[0] for row in self.rows)

    @cached_property
    def _complex(self) -> tuple[Kernel | None, ...]:
        graph = self.run.graph
        return tuple(complex_kernel(op_at(graph, row.target), graph.statics[row.target]) for row in self.rows)

    @cached_property
    def start(self) -> Any:
        """The node's own value."""
        return np.asarray(self.run.argument(self.source), dtype=np.float64)

    def forward(self, value: Any, jitter: np.random.Generator | None = None) -> dict[int, Any]:
        """The values of all nodes that follow when the node has another one, complex where that is.

        With ``jitter`` every value is off by one rounding.
        """
        run, graph = self.run, self.run.graph
        self.passes += 1
        functions = self._complex if np.iscomplexobj(value) else self._real
        store: dict[int, Any] = {self.source: value}
        with np.errstate(all="ignore"):
            for row, function in zip(self.rows, functions, strict=True):
                assert function is not None
                operands = [
                    store[k] if moves else as_array(graph, run.argument(k))
                    for k, moves in zip(row.arguments, row.moved, strict=True)
                ]
                found = function(*operands)
                if not isinstance(found, tuple):
                    found = np.asarray(found)
                store[row.target] = found if jitter is None else off(found, jitter)
        return store

    def total(self, store: dict[int, Any]) -> Any:
        """The outputs times their seeds, summed."""
        return sum(np.sum(self.run.seeds[k] * store[k]) for k in self.outputs)

    def value(self, direction: Any, step: float) -> float:
        """The seeded outputs a step along the direction."""
        return float(self.total(self.forward(self.start + step * direction)))

    def slope(self, direction: Any, jitter: np.random.Generator | None = None) -> float | None:
        """The derivative along the direction by a complex step; None where complex numbers took another way."""
        store = self.forward(self.start + 1j * (STEP * direction), jitter)
        for k in self.outputs:
            ours, found = np.asarray(self.run.argument(k)), np.real(store[k])
            with np.errstate(all="ignore"):
                if not np.max(np.abs(found - ours), initial=0.0) <= APART * max(float(np.max(np.abs(ours), initial=0.0)), STEP):
                    return None
        with np.errstate(all="ignore"):
            found = float(np.imag(self.total(store))) / STEP
        return found if np.isfinite(found) else None

    def noise(self, generator: np.random.Generator) -> float:
        """How much the seeded outputs change when every value on the way is off by one rounding; one of their sum at least."""
        store = self.forward(self.start)
        here = float(self.total(store))
        there = [float(self.total(self.forward(off(self.start, generator), generator))) for _ in range(3)]
        least = EPS * sum(float(np.sum(np.abs(self.run.seeds[k] * store[k]))) for k in self.outputs)
        return max(least, *(abs(value - here) for value in there))


def following(run: Trace) -> dict[int, list[tuple[int, int]]]:
    """For each node the uses of it that carry gradient: (target, operand number)."""
    found: dict[int, list[tuple[int, int]]] = {}
    for edge in run.graph.backward_edges:
        found.setdefault(edge.source, []).append((edge.target, edge.slot))
    return found

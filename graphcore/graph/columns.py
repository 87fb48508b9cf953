"""The graph: nodes in topological order, built once and never changed.

A graph is stored as columns (names, ops, arguments ...), which keeps 100,000 nodes cheap; :class:`Node` and
:class:`Edge` are rows of it, made when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphcore.errors import UnknownNameError
from graphcore.graph.recorded import Recorded
from graphcore.ops import Op
from graphcore.ops.namespaces import Shape

Value = float | npt.NDArray[np.float64]
Span = tuple[int, int, int, int]
Statics = tuple[tuple[str, Any], ...]


class Node(NamedTuple):
    """A leaf, or one application of an op.

    ``operands`` are the indices of the nodes it uses; ``arguments`` are the same with the literals written inside
    the expression among them, as negative numbers ``-1 - k`` into ``graph.literals``. ``label`` is the source text
    of an unnamed inner expression, else the name. ``span`` is where the node's expression stands in the program:
    first line, first column, last line, last column; lines count from 1, columns from 0, the end is exclusive.
    """

    index: int  # type: ignore[assignment]  # the public name; tuple.index is not missed
    name: str
    label: str
    op: Op | None
    operands: tuple[int, ...]
    arguments: tuple[int, ...]
    statics: Statics
    shape: Shape
    scope: str
    span: Span | None

    @property
    def line(self) -> int | None:
        """The program line the node stands on."""
        return self.span[0] if self.span else None


class Edge(NamedTuple):
    """The use of node ``source`` as operand number ``slot`` of node ``target``."""

    source: int
    target: int
    slot: int


@dataclass(frozen=True)
class Literal:
    """A number or a nested list written inside an expression, with its text."""

    value: Value
    text: str


def number_text(number: float) -> str:
    """A number as a person writes it in an expression.

    >>> number_text(2.0), number_text(0.5), number_text(1e300)
    ('2', '0.5', '1e+300')
    """
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


@dataclass(frozen=True)
class Source:
    """What the text of a program adds to its graph."""

    text: str = ""
    skipped: Mapping[str, int] = field(default_factory=dict)
    entry_spans: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in topological order: operands come before the node that uses them."""

    names: tuple[str, ...]
    ops: tuple[Op | None, ...]
    arguments: tuple[tuple[int, ...], ...]
    statics: tuple[Statics, ...]
    shapes: tuple[Shape, ...]
    literals: tuple[Literal, ...]
    leaf_values: Mapping[int, Value]
    constants: frozenset[int]
    output_indices: tuple[int, ...]
    labels: Mapping[int, str] = field(default_factory=dict)
    spans: Mapping[int, Span] = field(default_factory=dict)
    source: Source = field(default_factory=Source)
    recorded: Recorded | None = None

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<Graph of {len(self)} nodes, output {', '.join(node.name for node in self.outputs)}>"

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in topological order."""
        return tuple(self._row(index) for index in range(len(self)))

    def _row(self, index: int) -> Node:
        arguments = self.arguments[index]
        name = self.names[index]
        return Node(
            index,
            name,
            self.labels.get(index, name),
            self.ops[index],
            tuple(k for k in arguments if k >= 0),
            arguments,
            self.statics[index],
            self.shapes[index],
            self.recorded.scopes[index] if self.recorded else "",
            self.spans.get(index),
        )

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """The index of the node called ``name``; raises a KeyError that names the nearest."""
        try:
            return self._index[name]
        except KeyError:
            raise UnknownNameError("node", name, self.names) from None

    def node(self, name: str) -> Node:
        """The node called ``name``; raises a KeyError that names the nearest."""
        return self._row(self.index(name))

    @property
    def leaves(self) -> tuple[Node, ...]:
        """The leaf nodes, in program order."""
        return tuple(self._row(index) for index in self.leaf_values)

    @property
    def outputs(self) -> tuple[Node, ...]:
        """The output nodes."""
        return tuple(self._row(index) for index in self.output_indices)

    @cached_property
    def active(self) -> tuple[bool, ...]:
        """Per node, whether it depends on a leaf that wants a gradient."""
        if self.recorded is not None:
            return self.recorded.active
        flags = [False] * len(self)
        for index, (op, arguments) in enumerate(zip(self.ops, self.arguments, strict=True)):
            if op is None:
                flags[index] = index not in self.constants
                continue
            for slot, k in enumerate(arguments):
                if k >= 0 and flags[k] and (len(op.rules) == len(op.operands) or op.rule(slot) is not None):
                    flags[index] = True
                    break
        return tuple(flags)

    @cached_property
    def tuples(self) -> frozenset[int]:
        """The nodes whose value is a tuple: those of which an ``output`` node takes a part."""
        if self.recorded is None:
            return frozenset()
        picks = (k for k, op in enumerate(self.ops) if op is not None and op.name == "output")
        whole = (call.whole for call in self.recorded.calls if call.whole is not None)
        return frozenset((*(self.arguments[k][0] for k in picks), *whole))

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every use of a node as an operand, in the order of the targets."""
        return tuple(
            Edge(source, target, slot)
            for target, arguments in enumerate(self.arguments)
            for slot, source in enumerate(arguments)
            if source >= 0
        )

    @cached_property
    def backward_edges(self) -> tuple[Edge, ...]:
        """The edges that can carry gradient, in the order of the backward pass."""
        return tuple(self._backward_edges())

    def _backward_edges(self) -> Iterator[Edge]:
        active = self.active
        for target in range(len(self) - 1, -1, -1):
            op = self.ops[target]
            if op is None or not active[target]:
                continue
            for slot, source in enumerate(self.arguments[target]):
                if source >= 0 and active[source] and op.rule(slot) is not None:
                    yield Edge(source, target, slot)

    @cached_property
    def plan(self) -> Any:
        """The compiled forward and backward loops (made once by :mod:`graphcore.backprop`)."""
        from graphcore.backprop import compile_plan

        return compile_plan(self)

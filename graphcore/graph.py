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

from graphcore import ops
from graphcore.errors import GraphError, UnknownNameError
from graphcore.ops import Op, ShapeError
from graphcore.ops.namespaces import Shape
from graphcore.ops.shapes import elementwise

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
            "",
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


# rows that need no look at shapes when every operand is a scalar
_ELEMENTWISE: Mapping[Any, Op] = {
    name: row for name, row in ops.REGISTRY.items() if row.shape is elementwise and not row.statics and not row.variadic
}


class Handle(int):
    """What :class:`Builder` returns for a node, so that a handle is never taken for a literal number."""

    __slots__ = ()


class Builder:
    """Builds a graph node by node, without text.

    Operands are handles or plain numbers and nested lists (literals). Names are unique; unnamed nodes are called
    ``v1, v2, ...``, skipping the ``reserved`` ones.

    >>> b = Builder()
    >>> x = b.leaf("x", 0.5)
    >>> y = b.apply("sin", x)
    >>> b.graph().outputs[0].name
    'v1'
    """

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        self._names: list[str] = []
        self._reserved = reserved
        self._taken: set[str] = set(reserved)
        self._given: set[str] = set()
        # columns, not rows: one object per node less for the garbage collector to walk
        self._ops: list[Op | None] = []
        self._arguments: list[tuple[int, ...]] = []
        self._statics: list[Statics] = []
        self._shapes: list[Shape] = []
        self._literals: list[Literal] = []
        self._leaf_values: dict[int, Value] = {}
        self._constants: set[int] = set()
        self._counter = 0
        self.labels: dict[int, str] = {}
        self.spans: dict[int, Span] = {}

    def __len__(self) -> int:
        return len(self._names)

    def leaf(self, name: str, value: Any, *, wants_gradient: bool = True) -> Handle:
        """A leaf with its value; ``wants_gradient=False`` makes it a constant.

        Raises :class:`GraphError` if the value is not numbers of one regular shape.
        """
        index = len(self._names)
        number = _as_value(value)
        self._leaf_values[index] = number
        if not wants_gradient:
            self._constants.add(index)
        return self._append(self._unique(name), None, (), (), np.shape(number))

    def apply(self, op: str | Op, *operands: Any, name: str | None = None, **statics: Any) -> Handle:
        """One application of an op; raises :class:`GraphError` if the name, the number or the shapes do not fit."""
        if name is None and not statics:
            # a graph of 100,000 scalars is built through here: nothing to check but the number of operands
            row = _ELEMENTWISE.get(op)
            if row is not None and len(operands) == len(row.operands):
                shapes = self._shapes
                for k in operands:
                    if type(k) is not Handle or shapes[k]:
                        break
                else:
                    self._counter += 1
                    automatic = f"v{self._counter}"
                    self._names.append(automatic if automatic not in self._taken else self._next_name())
                    self._ops.append(row)
                    self._arguments.append(operands)
                    self._statics.append(())
                    shapes.append(())
                    return Handle(len(shapes) - 1)
        return self._apply(op, operands, name, statics)

    def _apply(self, op: str | Op, operands: tuple[Any, ...], name: str | None, statics: Mapping[str, Any]) -> Handle:
        arguments = tuple([k if type(k) is Handle else self._literal(k) for k in operands])
        shapes = [self.shape(k) for k in arguments]
        row = ops.resolve(op, shapes) if isinstance(op, str) else op
        if len(arguments) != len(row.operands) and not (row.variadic and len(arguments) >= len(row.operands) - 1):
            self._refuse_arity(row, len(arguments))
        pairs: Statics = self._check_statics(row, statics) if statics or row.statics else ()
        try:
            shape = row.shape(*shapes, **dict(pairs)) if any(shapes) or pairs else row.shape(*shapes)
        except ShapeError as problem:
            text = str(problem).format(*[self.label(k) for k in arguments])
            raise GraphError(f"{self.written(row, arguments)} does not fit. {text}") from None
        return self._append(self._unique(name), row, arguments, pairs, shape)

    def literal(self, value: Any, text: str | None = None) -> int:
        """A literal to be passed to :meth:`apply`, with the text it was written as."""
        return self._literal(value, text)

    def label(self, argument: int) -> str:
        """How an argument is called in a sentence."""
        if argument < 0:
            return self._literals[-1 - argument].text
        return self.labels.get(argument, self._names[argument])

    def shape(self, argument: int) -> Shape:
        """The shape of a node or literal."""
        return self._shapes[argument] if argument >= 0 else np.shape(self._literals[-1 - argument].value)

    def rename(self, node: Handle, name: str) -> None:
        """Give an automatically named node the name it was assigned to."""
        self._taken.discard(self._names[node])
        self._names[node] = self._unique(name)

    def graph(self, *outputs: Handle, source: Source | None = None) -> Graph:
        """The finished graph; the last node is the output unless others are named."""
        if not self._names:
            raise GraphError("there is nothing here yet.", instead="Write an assignment such as `x = 2`.")
        return Graph(
            tuple(self._names),
            tuple(self._ops),
            tuple(self._arguments),
            tuple(self._statics),
            tuple(self._shapes),
            tuple(self._literals),
            dict(self._leaf_values),
            frozenset(self._constants),
            tuple(int(k) for k in outputs) or (len(self._names) - 1,),
            dict(self.labels),
            dict(self.spans),
            source or Source(),
        )

    def written(self, row: Op, arguments: tuple[int, ...]) -> str:
        """The application as a user would write it, for error sentences."""
        from graphcore.ops.written import write

        return write(row, [self.label(k) for k in arguments])

    def _append(self, name: str, row: Op | None, arguments: tuple[int, ...], statics: Statics, shape: Shape) -> Handle:
        self._names.append(name)
        self._ops.append(row)
        self._arguments.append(arguments)
        self._statics.append(statics)
        self._shapes.append(shape)
        return Handle(len(self._shapes) - 1)

    def _next_name(self) -> str:
        taken = self._taken
        while True:
            self._counter += 1
            name = f"v{self._counter}"
            if name not in taken:
                return name

    def _unique(self, name: str | None) -> str:
        if name is None:
            return self._next_name()
        if not name:
            raise GraphError("a node needs a name that is not empty.")
        # a reserved name is kept free for the one who asks for it by name
        free = name in self._reserved and name not in self._given
        if not free and self._used(name):
            k = 2
            while self._used(f"{name}_{k}"):
                k += 1
            name = f"{name}_{k}"
        self._given.add(name)
        self._taken.add(name)
        return name

    def _used(self, name: str) -> bool:
        # automatic names are not kept in a set: they are v1 up to the counter, less those that were taken
        automatic = name[:1] == "v" and name[1:].isdecimal() and name[1] != "0" and int(name[1:]) <= self._counter
        return automatic or name in self._taken

    def _literal(self, value: Any, text: str | None = None) -> int:
        if isinstance(value, int) and value < 0 and text is None and type(value) is _LiteralIndex:
            return value
        number = _as_value(value)
        self._literals.append(Literal(number, text if text is not None else _literal_text(value)))
        return _LiteralIndex(-len(self._literals))

    def _check_statics(self, row: Op, given: Mapping[str, Any]) -> Statics:
        for key in given:
            if key not in row.statics:
                known = ", ".join(f"`{k}`" for k in row.statics) or "no keyword"
                raise GraphError(f"`{row.name}` has no argument `{key}`.", instead=f"It takes {known}.")
        merged = {**row.statics, **given}
        for key, value in merged.items():
            if value is ops.REQUIRED:
                raise GraphError(f"`{row.name}` needs its argument `{key}`.")
        return tuple(merged.items())

    def _refuse_arity(self, row: Op, given: int) -> None:
        wanted = len(row.operands)
        raise GraphError(
            f"`{row.name}` takes {wanted} operand{'s' if wanted != 1 else ''}, {given} {'were' if given != 1 else 'was'} given.",
            instead=f"Write it as `{row.written.text}`.",
        )


class _LiteralIndex(int):
    """A literal's place, told apart from a literal negative number."""

    __slots__ = ()


def _as_value(value: Any) -> Value:
    """A float, or a private float64 array; GraphError where the value is no number."""
    if type(value) is float:
        return value
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise GraphError(f"`{str(value)[:60]}` is not a number or a regular nested list of numbers.") from None
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def _literal_text(value: Any) -> str:
    number = _as_value(value)
    if isinstance(number, float):
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return str(number.tolist())

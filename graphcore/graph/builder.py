"""Building a graph node by node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphcore import ops
from graphcore.errors import GraphError
from graphcore.graph.columns import Graph, Literal, Source, Span, Statics, Value, number_text
from graphcore.ops import Op, ShapeError
from graphcore.ops.namespaces import Shape
from graphcore.ops.shapes import elementwise

# rows that need no look at shapes when every operand is a scalar, with their number of operands
_ELEMENTWISE: Mapping[Any, tuple[Op, int]] = {
    name: (row, len(row.operands))
    for name, row in ops.REGISTRY.items()
    if row.shape is elementwise and not row.statics and not row.variadic
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
        # columns, not rows, and plain numbers (+handle) in them: 100,000 objects less for the garbage collector to walk;
        # what most scalar nodes do not have (a name of their own, a shape, settings) is kept for those that do
        self._ops: list[Op | None] = []
        self._arguments: list[tuple[int, ...]] = []
        self._shapes: dict[int, Shape] = {}
        self._statics: dict[int, Statics] = {}
        self._literals: list[Literal] = []
        self._leaf_values: dict[int, Value] = {}
        self._constants: set[int] = set()
        self._counter = 0
        self.labels: dict[int, str] = {}
        self.spans: dict[int, Span] = {}

    def __len__(self) -> int:
        return len(self._ops)

    def leaf(self, name: str, value: Any, *, wants_gradient: bool = True) -> Handle:
        """A leaf with its value; ``wants_gradient=False`` makes it a constant.

        Raises :class:`GraphError` if the value is not numbers of one regular shape.
        """
        index = len(self._ops)
        if not isinstance(name, str):
            raise GraphError(f"a leaf's name is text; `{str(name)[:40]}` is not.")
        number = _as_value(value)
        self._leaf_values[index] = number
        if not wants_gradient:
            self._constants.add(index)
        return self._append(self._unique(name), None, (), (), shape_of(number))

    def apply(self, op: str | Op, *operands: Any, name: str | None = None, **statics: Any) -> Handle:
        """One application of an op; raises :class:`GraphError` if the name, the number or the shapes do not fit."""
        found = _ELEMENTWISE.get(op)
        if found is not None and name is None and not statics and len(operands) == found[1]:
            # a graph of 100,000 scalars is built through here: nothing to check but that operands are scalar nodes
            shapes = self._shapes
            for k in operands:
                if type(k) is not Handle or k in shapes:
                    break
            else:
                column = self._ops
                place = Handle(len(column))
                column.append(found[0])
                self._arguments.append((+operands[0],) if len(operands) == 1 else tuple([+k for k in operands]))
                return place
        return self._apply(op, operands, name, statics)

    def _apply(self, op: str | Op, operands: tuple[Any, ...], name: str | None, statics: Mapping[str, Any]) -> Handle:
        arguments = tuple([+k if type(k) is Handle else +self._literal(k) for k in operands])
        known, literals = self._shapes, self._literals
        shapes = [known.get(k, ()) if k >= 0 else shape_of(literals[-1 - k].value) for k in arguments]
        row = ops.resolve(op, shapes) if isinstance(op, str) else op
        if len(arguments) != len(row.operands) and not (row.variadic and len(arguments) >= len(row.operands) - 1):
            self._refuse_arity(row, len(arguments))
        pairs: Statics = self._check_statics(row, statics) if statics or row.statics else ()
        try:
            shape = row.shape(*shapes, **dict(pairs)) if any(shapes) or pairs else row.shape(*shapes)
        except ShapeError as problem:
            text = str(problem).format(*[self.label(k) for k in arguments])
            raise GraphError(f"{self.written(row, arguments, dict(pairs))} does not fit. {text}") from None
        return self._append(self._unique(name), row, arguments, pairs, shape)

    def literal(self, value: Any, text: str | None = None) -> int:
        """A literal to be passed to :meth:`apply`, with the text it was written as."""
        return self._literal(value, text)

    def label(self, argument: int) -> str:
        """How an argument is called in a sentence."""
        if argument < 0:
            return self._literals[-1 - argument].text
        if argument in self.labels:
            return self.labels[argument]
        self._name_rest()
        return self._names[argument]

    def shape(self, argument: int) -> Shape:
        """The shape of a node or literal."""
        return self._shapes.get(argument, ()) if argument >= 0 else shape_of(self._literals[-1 - argument].value)

    def rename(self, node: Handle, name: str) -> None:
        """Give an automatically named node the name it was assigned to."""
        self._name_rest()
        self._taken.discard(self._names[node])
        self._names[node] = self._unique(name)

    def graph(self, *outputs: Handle, source: Source | None = None) -> Graph:
        """The finished graph; the last node is the output unless others are named."""
        if not self._ops:
            raise GraphError("there is nothing here yet.", instead="Write an assignment such as `x = 2`.")
        self._name_rest()
        return Graph(
            tuple(self._names),
            tuple(self._ops),
            tuple(self._arguments),
            self._column(self._statics),
            self._column(self._shapes),
            tuple(self._literals),
            dict(self._leaf_values),
            frozenset(self._constants),
            tuple(int(k) for k in outputs) or (len(self._names) - 1,),
            dict(self.labels),
            dict(self.spans),
            source or Source(),
        )

    def written(self, row: Op, arguments: tuple[int, ...], statics: Mapping[str, Any] | None = None) -> str:
        """The application as a user would write it, for error sentences."""
        from graphcore.ops.written import write

        return write(row, [self.label(k) for k in arguments], statics)

    def _append(self, name: str, row: Op | None, arguments: tuple[int, ...], statics: Statics, shape: Shape) -> Handle:
        index = len(self._ops)
        self._names.append(name)
        self._ops.append(row)
        self._arguments.append(arguments)
        if statics:
            self._statics[index] = statics
        if shape:
            self._shapes[index] = shape
        return Handle(index)

    def _column(self, some: Mapping[int, tuple[Any, ...]]) -> tuple[Any, ...]:
        """A column in full: the empty tuple for every node that is not among ``some``."""
        full: list[tuple[Any, ...]] = [()] * len(self._ops)
        for index, entry in some.items():
            full[index] = entry
        return tuple(full)

    def _name_rest(self) -> None:
        """Name the nodes that came without a name since a name was last asked for."""
        names, first = self._names, self._counter + 1
        rest = len(self._ops) - len(names)
        if not rest:
            return
        automatic = [f"v{k}" for k in range(first, first + rest)]
        if self._taken.isdisjoint(automatic):
            self._counter += rest
            names += automatic
        else:
            names += [self._next_name() for _ in range(rest)]

    def _next_name(self) -> str:
        taken = self._taken
        while True:
            self._counter += 1
            name = f"v{self._counter}"
            if name not in taken:
                return name

    def _unique(self, name: str | None) -> str:
        if len(self._names) < len(self._ops):
            self._name_rest()
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


_FLOAT64 = np.dtype(np.float64)


class _LiteralIndex(int):
    """A literal's place, told apart from a literal negative number."""

    __slots__ = ()


def shape_of(value: Value) -> Shape:
    """The shape of a value, told without NumPy for a single number."""
    return () if type(value) is float else np.shape(value)


def _as_value(value: Any) -> Value:
    """A float, or a private float64 array; GraphError where the value is no number."""
    if type(value) is float:
        return value
    if type(value) is np.ndarray and value.dtype is _FLOAT64 and not value.flags.writeable and value.base is None:
        return value  # nobody can change it: the parser's own arrays need no second copy
    try:
        if value is None:
            raise TypeError  # NumPy would read nan
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise GraphError(f"`{str(value)[:60]}` is not a number or a regular nested list of numbers.") from None
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def _literal_text(value: Any) -> str:
    number = _as_value(value)
    return number_text(number) if isinstance(number, float) else str(number.tolist())

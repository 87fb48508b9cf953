"""The columns of a recorded graph while it is being written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from graphcore.errors import RecordError
from graphcore.graph import Graph
from graphcore.graph.columns import Literal, Statics, number_text
from graphcore.graph.recorded import Group, Recorded, Stop, TorchCall
from graphcore.ops import Op
from graphcore.ops.namespaces import Shape

NODES = 30_000
ENTRIES = 400_000_000


class Tape:
    """Nodes in the order of their recording, and what is known of each; nodes at the end can be taken back."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.ops: list[Op | None] = []
        self.arguments: list[tuple[int, ...]] = []
        self.statics: list[Statics] = []
        self.shapes: list[Shape] = []
        self.scopes: list[str] = []
        self.active: list[bool] = []
        self.literals: list[Literal] = []
        self.leaf_values: dict[int, Any] = {}
        self.labels: dict[int, str] = {}
        self.calls: list[TorchCall] = []
        self.groups: list[Group] = []
        self.twins: dict[int, tuple[str, ...]] = {}
        self.kinds: dict[int, str] = {}
        self.stops: dict[int, Stop] = {}
        self.lines: dict[int, str] = {}
        self.unsupported: dict[str, list[int]] = {}
        self.modules: dict[str, str] = {}
        self.notes: dict[str, None] = {}
        # the leaves from the start are the first of all; idle nodes count only where something uses them
        self.fixed = 0
        self.idle: set[int] = set()
        self._taken: dict[str, int] = {}
        self._entries = 0

    def __len__(self) -> int:
        return len(self.names)

    def leaf(self, name: str, value: Any, *, wants: bool, scope: str = "", kind: str = "float") -> int:
        """A leaf with its value; ``wants`` says whether it wants a gradient."""
        shape = () if type(value) is float else value.shape
        index = self._append(name, None, (), (), tuple(shape), scope, kind)
        self.leaf_values[index] = value
        self.active[index] = wants
        if wants:
            self.twins[index] = ("AccumulateGrad",)
        short = ".".join(self.names[index].rsplit(".", 2)[-2:])
        if short != self.names[index]:
            self.labels[index] = short
        return index

    def node(
        self, op: Op, operands: Sequence[int | float], statics: Statics, shape: Shape, scope: str, kind: str, name: str
    ) -> int:
        """One application of an op; a float among the operands is a literal."""
        arguments = tuple([k if type(k) is int else self._literal(k) for k in operands])
        index = self._append(f"{scope}.{name}" if scope else name, op, arguments, statics, shape, scope, kind)
        if scope:
            self.labels[index] = self.names[index][len(scope) + 1 :]
        return index

    def depends(self, index: int) -> bool:
        """Whether an operand of a node is active."""
        active = self.active
        return any(active[k] for k in self.arguments[index] if k >= 0)

    def take_back(self, length: int, calls: int) -> None:
        """Forget the nodes from number ``length`` on and the calls from number ``calls`` on."""
        del self.calls[calls:]
        for nodes in self.unsupported.values():
            while nodes and nodes[-1] >= length:
                nodes.pop()
        for index in range(length, len(self.names)):
            for known in (self.leaf_values, self.labels, self.twins, self.kinds, self.stops, self.lines):
                known.pop(index, None)
            self._taken.pop(self.names[index], None)
        for column in (self.names, self.ops, self.arguments, self.statics, self.shapes, self.scopes, self.active):
            del column[length:]

    def reserve(self, name: str) -> None:
        """Keep a name for the leaf that will be called so."""
        self._taken.setdefault(name, 0)

    def graph(self, outputs: Sequence[int]) -> Graph:
        """The finished graph."""
        recorded = Recorded(
            tuple(self.active),
            tuple(self.scopes),
            tuple([call._replace(outputs=tuple(call.outputs)) for call in self.calls]),
            self.twins,
            self.modules,
            tuple(self.groups),
            self.stops,
            self.lines,
            self.kinds,
            {name: tuple(nodes) for name, nodes in self.unsupported.items() if nodes},
            tuple(self.notes),
        )
        return Graph(
            tuple(self.names),
            tuple(self.ops),
            tuple(self.arguments),
            tuple(self.statics),
            tuple(self.shapes),
            tuple(self.literals),
            self.leaf_values,
            frozenset(k for k in self.leaf_values if not self.active[k]),
            tuple(outputs),
            self.labels,
            recorded=recorded,
        )

    def _append(
        self, name: str, op: Op | None, arguments: tuple[int, ...], statics: Statics, shape: Shape, scope: str, kind: str
    ) -> int:
        index = len(self.names)
        self._entries += math.prod(shape)
        if index >= NODES:
            raise RecordError(
                f"more than {NODES:,} nodes: a recording stops there, because freeing a deeper autograd graph can crash "
                "the interpreter. Record fewer steps or a part of the module."
            )
        if self._entries > ENTRIES:
            raise RecordError(f"more than {ENTRIES:,} numbers in all: a recording stops there. Use a smaller batch or input.")
        self.names.append(self._unique(name, op is None))
        self.ops.append(op)
        self.arguments.append(arguments)
        self.statics.append(statics)
        self.shapes.append(shape)
        self.scopes.append(scope)
        self.active.append(False)
        if kind != "float":
            self.kinds[index] = "bool" if kind == "bool" else "int64"
        return index

    def _unique(self, name: str, leaf: bool) -> str:
        count = self._taken.get(name)
        if count is None or (leaf and count == 0):
            self._taken[name] = 1
            return name
        taken = self._taken
        count = max(count, 1) + 1
        while f"{name}_{count}" in taken:
            count += 1
        taken[name] = count
        taken[f"{name}_{count}"] = 1
        return f"{name}_{count}"

    def _literal(self, value: float) -> int:
        self.literals.append(Literal(value, number_text(value)))
        return -len(self.literals)

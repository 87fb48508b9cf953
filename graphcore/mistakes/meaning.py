"""What the words of a row's formula mean at one place; each is found when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop import kernels
from graphcore.mistakes.row import Mistake, Wrong

if TYPE_CHECKING:
    from graphcore.graph import Edge
    from graphcore.mistakes.places import Places


class Change(NamedTuple):
    """One row of the table at one place: ``node`` gets a wrong gradient (or value).

    ``position`` is the number of the edge through which it does, where it is an edge's rule. ``swapped`` is the node whose value
    was used in place of another, for rows that ask for one.
    """

    mistake: Mistake
    wrong: Wrong
    node: int
    position: int | None = None
    swapped: int | None = None

    def edge(self, places: Places) -> Edge | None:
        """The use of the node whose rule was wrong."""
        return None if self.position is None else places.graph.backward_edges[self.position]


def partner(places: Places, position: int) -> int | None:
    """The other factor of a product, as an argument."""
    target, *_ = places.rows[position]
    slot = places.slot(position)
    arguments = places.graph.arguments[target]
    factors = places.factors(target) or (arguments if len(arguments) == 2 else None)
    if factors is None or arguments[slot] not in factors or factors[0] == factors[1]:
        return None
    return factors[1] if arguments[slot] == factors[0] else factors[0]


class Place:
    """What the words of a formula mean at one place; each is found when it is asked for."""

    own: frozenset[str] = frozenset()

    def __init__(self, places: Places, change: Change, target: int) -> None:
        self.places = places
        self.change = change
        self.target = target
        graph = places.graph
        self.op = places.op(target) if graph.ops[target] is not None else None
        names = [] if self.op is None else [name.lstrip("*") for name in self.op.operands]
        self.operands = dict(zip(names, graph.arguments[target], strict=False))
        self.statics = dict(graph.statics[target])
        self.own = frozenset((*self.operands, *self.statics))

    def __getitem__(self, name: str) -> Any:
        if name in self.operands:
            return self._array(self.operands[name])
        if name in self.statics:
            return self.statics[name]
        found = getattr(self, f"_{name}", None)
        if found is None:
            raise KeyError(name)
        return found()

    def _array(self, argument: int) -> Any:
        return np.asarray(self.places.store[argument])

    def _y(self) -> Any:
        return self._array(self.target)

    def _a(self) -> Any:
        return self._array(self._factors()[0])

    def _b(self) -> Any:
        return self._array(self._factors()[1])

    def _factors(self) -> tuple[int, int]:
        found = self.places.factors(self.target)
        if found is None:
            raise KeyError("factors")
        return found

    def _fan_in(self) -> int:
        biased = self.places.biased(self.target)
        factors = self.places.factors(self.target if biased is None else biased[1])
        assert factors is not None
        return int(np.shape(self.places.store[factors[0]])[-1])

    def _bias(self) -> Any:
        biased = self.places.biased(self.target)
        assert biased is not None
        return self._array(biased[0])

    def _swapped(self) -> Any:
        assert self.change.swapped is not None
        return self._array(self.change.swapped)

    def _forward(self) -> Any:
        assert self.op is not None
        kernel, _ = kernels(self.op, self.places.graph.statics[self.target], False)
        return lambda x: np.asarray(kernel(np.asarray(x)))


class AtEdge(Place):
    """The words at an edge."""

    def __init__(self, places: Places, change: Change, g: Any) -> None:
        assert change.position is not None
        super().__init__(places, change, places.rows[change.position][0])
        self.position = change.position
        self.g = g

    def _g(self) -> Any:
        return np.asarray(self.g)

    def _right(self) -> Any:
        return np.asarray(self.places.downstream(self.position, self.g))

    def _before(self) -> Any:
        return np.asarray(self.places.before(self.position, self.g))

    def _v(self) -> Any:
        return self._array(self.change.node)

    def _n(self) -> float:
        return float(np.size(self._before()) / np.size(self._right()))

    def _averaged(self) -> float:
        if self.op is not None and self.op.name == "nll_loss_forward":
            size = np.shape(self._v())[0]
        else:
            size = np.size(self._v()) / max(np.size(self.g) if not isinstance(self.g, dict) else 1, 1)
        return float(size) if self.statics.get("reduction", 1) == 1 else 1.0

    def _shared(self) -> float:
        """Among how many entries a reduction divides what arrives: one, unless it is a mean."""
        return self._averaged() if self.op is not None and self.op.name == "mean" else 1.0

    def _rule(self) -> Any:
        """The right rule with another value for the other factor."""
        places = self.places
        other = partner(places, self.position)
        return lambda x: self._again({other: x})

    def _local(self) -> Any:
        """The right rule of a function of one operand at another place."""
        return lambda x: self._again({self.change.node: x}, self._forward()(x))

    def _again(self, values: dict[Any, Any], y: Any = None) -> Any:
        places = self.places
        assert self.op is not None
        _, rules = kernels(self.op, places.graph.statics[self.target], False)
        rule = rules[min(places.slot(self.position), len(rules) - 1)]
        assert rule is not None
        own = [np.asarray(values.get(k, places.store[k])) for k in places.graph.arguments[self.target]]
        return rule(self._g(), self._y() if y is None else y, *own)


class AtNode(Place):
    """The words at a node where contributions are summed."""

    def __init__(self, places: Places, change: Change, parts: list[Any]) -> None:
        super().__init__(places, change, change.node)
        self.parts = parts
        self.operands, self.statics, self.own = {}, {}, frozenset()

    def _parts(self) -> Any:
        return [np.asarray(part) for part in self.parts]

    def _right(self) -> Any:
        return np.asarray(sum(self.parts[1:], start=self.parts[0]))

    def _v(self) -> Any:
        return self._array(self.target)


class AtValue(Place):
    """The words at a node whose forward value is wrong."""

    def __init__(self, places: Places, change: Change) -> None:
        super().__init__(places, change, change.node)

    def _right(self) -> Any:
        return self._y()

    def _again(self) -> Any:
        """The op after its operand's own op was applied twice."""
        places, graph = self.places, self.places.graph
        inner = graph.arguments[self.target][0]
        once, _ = kernels(places.op(inner), graph.statics[inner], False)
        kernel, _ = kernels(self.op, graph.statics[self.target], False)  # type: ignore[arg-type]  # a value change is at an op
        own = [np.asarray(places.store[k]) for k in graph.arguments[self.target]]
        return lambda: np.asarray(kernel(np.asarray(once(own[0])), *own[1:]))

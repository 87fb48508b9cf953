"""Judge forward values: what follows from the handed-in values before it is right or inherited; elsewhere a mistake began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.explain import said_of_value, unknown
from graphcore.check.findings import Explanation, Finding, furthest
from graphcore.check.given import Given, as_kept
from graphcore.check.rounded import Roundings, forward_rows
from graphcore.compare.states import ALLOWED, size
from graphcore.mistakes import Change, Places, value_changes, wrong_value

if TYPE_CHECKING:
    from graphcore.backprop import Trace

# explanations of one wrong value that are shown
SHOWN = 4


class ForwardSearch:
    """A run and the forward values handed in; ``store`` are the values that the person went on with."""

    def __init__(self, run: Trace, given: Mapping[int, Given]) -> None:
        self.run = run
        self.graph = run.graph
        self.given = given
        self.store = list(run._store)
        self.changed = False
        self._rows = {index: (kernel, arguments) for index, kernel, arguments in forward_rows(run.graph)} if given else {}
        self._roundings = Roundings(Places(run))

    def findings(self) -> dict[int, Finding]:
        """What is said of every value handed in, and of nodes between them where a mistake was found."""
        found: dict[int, Finding] = {}
        touched: set[int] = set()
        for index in range(len(self.graph)) if self.given else ():
            if index in self._rows and any(k in touched for k in self.graph.arguments[index]):
                self.store[index] = self._computed(index, self.store)
                touched.add(index)
            given = self.given.get(index)
            if given is None or index in self.graph.tuples:
                continue
            found[index] = self._judged(index, given, touched, found)
        return found

    def _judged(self, index: int, given: Given, touched: set[int], found: dict[int, Finding]) -> Finding:
        implied = self.store[index]
        right = self.run.value(index)
        apart = furthest(right, given.array, given.gaps) if right.shape == given.array.shape else None
        about = (given.label, given.line, given.eps, given.gaps)
        finding = Finding("right", index, given.array, right, np.asarray(implied), apart, given.largest, (), "", True, *about)
        if right.shape != given.array.shape:
            why = f"it has shape {given.array.shape}; the value of {self.graph.names[index]} has shape {right.shape}."
            return finding._replace(status="undecided", why=why)
        if fits(implied, given):
            return finding if fits(right, given) else finding._replace(status="inherited")
        rounded = self._roundings.of_value(index, implied, given)
        if rounded is not None:
            return finding._replace(explanations=(self._rounded(index, rounded),))
        made = self._explained(index, given)
        self.changed = True
        touched.add(index)
        if not made:
            self.store[index] = as_kept(np.where(np.isnan(given.array), implied, given.array), implied)
            return finding._replace(status="origin", explanations=(unknown(self.graph, index, implied, given, "value"),))
        change, store = made[0]
        touched |= {k for k in range(change.node, index + 1) if store[k] is not self.store[k]}
        self.store = store
        others = [c for c, _ in made if c.node == change.node]
        said = tuple(said_of_value(Places(self.run), c) for c in others[:SHOWN])
        if change.node == index:
            return finding._replace(status="origin", explanations=said)
        found[change.node] = Finding("origin", change.node, None, self.run.value(change.node), explanations=said, forward=True)
        return finding._replace(status="inherited")

    def _rounded(self, index: int, rounded: Any) -> Explanation:
        from graphcore.check.explain import said_of_rounding

        return said_of_rounding(self.graph, index, rounded)

    def _explained(self, index: int, given: Given) -> list[tuple[Change, list[Any]]]:
        """The mistakes of the table that give this value, the nearest first, each with all values that follow."""
        found = []
        places = Places(self.run, self.store)
        for node in sorted(self._region(index), reverse=True):
            for change in value_changes(places, node):
                wrong = wrong_value(places, change)
                if wrong is None:
                    continue
                store = list(self.store)
                store[node] = as_kept(wrong, store[node])
                if self._follows(store, node, index) and fits(store[index], given) and not fits(self.store[index], given):
                    found.append((change, store))
        return found

    def _follows(self, store: list[Any], node: int, index: int) -> bool:
        """Compute what follows from a changed node; whether it agrees with what was handed in on the way."""
        touched = {node}
        for k in range(node + 1, index + 1):
            if k in self._rows and touched.intersection(self.graph.arguments[k]):
                store[k] = self._computed(k, store)
                touched.add(k)
                given = self.given.get(k)
                if given is not None and k != index and not fits(store[k], given):
                    return False
        return index in touched

    def _region(self, index: int) -> Iterator[int]:
        seen = {index}
        waiting = [index]
        for node in waiting:
            yield node
            for k in self.graph.arguments[node]:
                if k >= 0 and k not in seen and k not in self.given and self.graph.ops[k] is not None:
                    seen.add(k)
                    waiting.append(k)

    def _computed(self, index: int, store: list[Any]) -> Any:
        kernel, arguments = self._rows[index]
        try:
            return kernel(*[store[k] for k in arguments])
        except (ArithmeticError, ValueError):
            return self.run._store[index]


def fits(ours: Any, given: Given) -> bool:
    """Whether a forward value is the handed-in one to the digits printed and to rounding."""
    array = np.asarray(ours, dtype=np.float64)
    if array.shape != given.array.shape:
        return False
    with np.errstate(invalid="ignore"):
        same = np.abs(array - given.array) <= given.half * (1 + 1e-9) + ALLOWED * given.eps * size(array)
    same |= (array == given.array) | (np.isnan(array) & np.isnan(given.array))
    if given.gaps is not None:
        same |= np.isnan(given.array)
    return bool(same.all())

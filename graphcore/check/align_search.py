"""The search behind :func:`graphcore.check.align.align`: stage by stage, the surest first, no node given away twice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from graphcore.check.align_found import Found, Named, known_role, quoted
from graphcore.check.align_layers import Layer, Place, count, layers_of, place_of
from graphcore.check.align_names import Names, Role, Said, folded, is_loss, read_name
from graphcore.check.align_shapes import fit, shape_text
from graphcore.check.hand_in import Reading
from graphcore.graph import Graph

_LISTED = 3
_POINT = frozenset({"parameter", "input", "target"})


class Search:
    """The nodes of a graph for the arrays of one hand-in: :attr:`found` by reading index."""

    def __init__(self, graph: Graph, readings: Sequence[Reading], found: Mapping[int, Found], roles: Mapping[int, Role]) -> None:
        self.graph, self.readings = graph, readings
        self.names = Names(graph)
        self.said: list[Said] = [read_name(reading.label) for reading in readings]
        self.found: dict[int, Found] = {}
        self.taken: dict[tuple[int, str], int] = {}
        self.explicit: set[int] = set()
        self.roles: list[Role | Literal[""]] = [
            roles.get(k) or known_role(reading.role) or said.role for k, (reading, said) in enumerate(zip(readings, self.said))
        ]
        for reading, chosen in found.items():
            self.give(reading, chosen)
        self._by_name()
        self._by_role()
        self._by_layer()
        self._by_op()
        self._by_shape()
        for reading in self.left():
            self._give_up(reading)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the graph."""
        return layers_of(self.graph)

    @cached_property
    def by_size(self) -> dict[int, list[int]]:
        """The nodes by their number of entries."""
        found: dict[int, list[int]] = {}
        for node, shape in enumerate(self.graph.shapes):
            found.setdefault(math.prod(shape), []).append(node)
        return found

    def left(self) -> list[int]:
        """The readings that have not been read as anything yet."""
        return [k for k in range(len(self.readings)) if k not in self.found]

    def give(self, reading: int, found: Found) -> None:
        """Read an array as a node, unless another one has it already."""
        if found.node is not None:
            key = (found.node, "point" if found.role in _POINT else found.role)
            if key in self.taken:
                other = self.readings[self.taken[key]]
                where = f"on line {other.line}" if other.line is not None else quoted(other.label)
                how = f"reads as {quoted(self.graph.names[found.node])}, and another array, {where}, has been read as that"
                found = Found(None, found.role, how, False, meant=found.node)
            else:
                self.taken[key] = reading
        self.found[reading] = found

    def fits(self, reading: int, node: int) -> bool:
        """Whether an array has as many entries as a node."""
        if node in self.graph.tuples:
            return False
        return fit(self.readings[reading].array.shape, self.graph.shapes[node]) is not None

    def _by_name(self) -> None:
        named = {reading: self._named(reading) for reading in self.left()}
        for reading, found in self._counted_otherwise({r: n for r, n in named.items() if n is not None}).items():
            self.give(reading, found)
        for reading, name in named.items():
            if name is not None and (name.name in self.said[reading].derived or f"d{name.name}" in self.said[reading].plain):
                self.roles[reading] = self.roles[reading] or "gradient"
        self.explicit = explicit = {n.node for r, n in named.items() if n is not None and self.roles[r] == "gradient"}
        # exact names first: `x_2` is its own node before it is a spelling of `x2`
        rank = {"exact": 0, "written": 1, "folded": 2, "case": 3, "within": 4}
        for reading in sorted(self.left(), key=lambda r: 9 if (n := named.get(r)) is None else rank[n.how]):
            name = named.get(reading)
            if name is None:
                self._loss_or_local(reading)
                continue
            stated = self.roles[reading]
            role, why, sure = (stated, "", True) if stated else self._plain_role(reading, name.node, explicit)
            how = "by name" if name.how == "exact" else f"by name, {quoted(name.name)}"
            if self.fits(reading, name.node):
                self.give(reading, Found(name.node, role, how + why, sure))
                continue
            given, wanted = self.readings[reading].array.shape, self.graph.shapes[name.node]
            how = f"named {quoted(self.graph.names[name.node])}, but it has {shape_text(given)} and the node {shape_text(wanted)}"
            self.found[reading] = Found(None, role, how, False, meant=name.node)

    def _named(self, reading: int) -> Named | None:
        """The node that the label names; of several the one whose shape fits."""
        leaves_only = self.roles[reading] in _POINT
        for name in self.said[reading].names:
            nodes, how = self.names.find(name)
            if leaves_only:
                nodes = tuple(node for node in nodes if node in self.graph.leaf_values)
            if len(nodes) > 1:
                shape = self.readings[reading].array.shape
                nodes = tuple(node for node in nodes if self.graph.shapes[node] == shape) or nodes
            if len(nodes) == 1 and not self._is_local(reading, name):
                return Named(nodes[0], how, name)
        if self.said[reading].over or leaves_only:
            return None
        node, name = self.names.within(self.said[reading].plain)
        return None if node < 0 else Named(node, "within", name)

    def _is_local(self, reading: int, name: str) -> bool:
        """Whether the label is the quotient of two nodes neither of which is the output: a local Jacobian."""
        over = self.said[reading].over
        if not over or is_loss(over) or name == self.said[reading].plain:
            return False
        nodes, _ = self.names.find(over)
        return bool(nodes) and not set(nodes) & set(self.graph.output_indices)

    def _loss_or_local(self, reading: int) -> None:
        said, array = self.said[reading], self.readings[reading].array
        outputs = self.graph.output_indices
        words = set(said.label.words)
        if words and all(is_loss(word) for word in words) and not said.label.numbers and array.size == 1 and len(outputs) == 1:
            if self.roles[reading] in ("", "value"):
                self.give(reading, Found(outputs[0], "value", "the loss, at the output", True))
        elif said.over and any(self._is_local(reading, name) for name in said.names[1:] if self.names.find(name)[0]):
            how = f"{quoted(said.plain)} is the derivative of {quoted(said.over)}, not of the output"
            self.found[reading] = Found(None, "ignored", how, True)

    def _plain_role(self, reading: int, node: int, explicit: set[int]) -> tuple[Role, str, bool]:
        """The role of an array whose label is a node's name and nothing else, why, and whether that is sure.

        Where other labels say "gradient", a bare name more likely is the value of its node.
        """
        graph, array = self.graph, self.readings[reading].array
        if node in graph.leaf_values:
            if node in explicit or (explicit and not graph.active[node]):
                return (
                    ("parameter" if graph.active[node] else "input"),
                    "; its gradient is called otherwise, so this is its value",
                    True,
                )
            return "gradient", "; other labels say that they are gradients, this one does not" if explicit else "", not explicit
        if node in explicit:
            return "value", "; its gradient is called otherwise, so this is its value", True
        if node in graph.output_indices and not (array.size == 1 and array.item() == 1.0):
            return "value", "; the gradient of the output is 1, so this is its value", True
        return (
            ("value", "; other labels say that they are gradients, so this is its value", False)
            if explicit
            else ("gradient", "", True)
        )

    def _counted_otherwise(self, named: Mapping[int, Named]) -> dict[int, Found]:
        """Numbered labels such as ``dw1`` whose names do not fit the nodes of that name, but fit when counted from elsewhere."""
        places: dict[int, Place] = {}
        for reading in self.left():
            place = place_of(self.said[reading].label)
            if place is not None and not place.group and place.kind and self.roles[reading] not in ("value", *_POINT):
                places[reading] = place
        if len(places) < 2 or all(r in named and self.fits(r, named[r].node) for r in places):
            return {}
        counted = count(self.graph, self.layers, places, self._shapes(places))
        nodes = {r: c.node for r, c in counted.items() if c.node is not None and self.fits(r, c.node)}
        if len(nodes) < len(places) or len({c.layer for c in counted.values()}) < len(self.layers):
            return {}
        sure = not set(places) & set(named)
        found = {}
        for reading, node in nodes.items():
            how = f"by number, {quoted(self.said[reading].plain)} counted as {self._ordinal(counted[reading].layer)}"
            found[reading] = Found(node, "gradient", how, sure and counted[reading].sure)
        return found

    def _by_role(self) -> None:
        """Inputs and targets under names of their own: the one leaf that is left for them, or the value of a computed node."""
        for role in ("input", "target"):
            for reading in [r for r in self.left() if self.roles[r] == role]:
                if inner := [n for name in self.said[reading].names for n in self.names.find(name)[0] if self.fits(reading, n)]:
                    self.give(reading, Found(inner[0], "value", "by name, of a computed node", True))
                    continue
                leaves = [leaf for leaf in self.graph.leaf_values if not self.graph.active[leaf]]
                free = [leaf for leaf in leaves if (leaf, "point") not in self.taken and "." not in self.graph.names[leaf]]
                if len(free) == 1 and self.fits(reading, free[0]):
                    self.give(reading, Found(free[0], role, f"by its role, the only {role} left", True))

    def _by_layer(self) -> None:
        places = {r: place for r in self.left() if (place := place_of(self.said[r].label)) is not None}
        places = {r: p for r, p in places.items() if self.roles[r] != "value" or p.kind in ("before", "after")}
        places = {r: p for r, p in places.items() if self.roles[r] not in ("input", "target")}
        for reading, node in self._worded(places).items():
            self.give(reading, Found(node, self.roles[reading] or "gradient", self._words(reading), True))
        places = {r: place for r, place in places.items() if r not in self.found}
        if not places:
            return
        for reading, counted in sorted(count(self.graph, self.layers, places, self._shapes(places)).items()):
            if counted.node is None:
                continue
            role, name = self.roles[reading] or "gradient", quoted(self.graph.names[counted.node])
            if self.fits(reading, counted.node):
                how = f"{self._words(reading)}, read as {self._ordinal(counted.layer)}"
                self.give(reading, Found(counted.node, role, how, counted.sure))
            else:
                given, wanted = self.readings[reading].array.shape, self.graph.shapes[counted.node]
                how = f"{self._words(reading)} this is {name}, but it has {shape_text(given)} and the node {shape_text(wanted)}"
                self.found[reading] = Found(None, role, how, False, meant=counted.node)

    def _worded(self, places: Mapping[int, Place]) -> dict[int, int]:
        """Leaves whose names have the words of a label in another order or spelling; labels that number layers all or none."""
        hits: dict[int, int] = {}
        for reading in self.left():
            label = self.said[reading].label
            nodes = [node for node in self.names.words.get((label.words, label.numbers), ()) if self.fits(reading, node)]
            # `0.weight` has a number of its own, which counts modules and not weights
            if len(nodes) == 1 and (reading not in places or not self.graph.names[nodes[0]][:1].isdecimal()):
                hits[reading] = nodes[0]
        whole = set(places) <= set(hits)
        return {r: node for r, node in hits.items() if whole or r not in places}

    def _words(self, reading: int) -> str:
        return f"by the words {quoted(self.said[reading].plain)}"

    def _ordinal(self, layer: int) -> str:
        return f"layer {layer + 1} of {len(self.layers)}"

    def _shapes(self, readings: Iterable[int]) -> dict[int, tuple[int, ...]]:
        return {reading: self.readings[reading].array.shape for reading in readings}

    def _by_op(self) -> None:
        for reading in self.left():
            for name in self.said[reading].names:
                nodes = self.names.op(name)
                if len(nodes) == 1 and self.fits(reading, nodes[0]):
                    how = f"by the op, the only {quoted(folded(name).lower())}"
                    stated = self.roles[reading]
                    role, why, sure = (stated, "", True) if stated else self._plain_role(reading, nodes[0], self.explicit)
                    self.give(reading, Found(nodes[0], role, how + why, sure))
                    break

    def _by_shape(self) -> None:
        from graphcore.check.align_guess import guess

        for reading, found in guess(self).items():
            self.give(reading, found)

    def _give_up(self, reading: int) -> None:
        plain, array = self.said[reading].plain, self.readings[reading].array
        nodes = self.by_size.get(array.size, ()) if array.shape else ()
        same = [self.graph.names[node] for node in nodes if self.graph.shapes[node] == array.shape]
        start = f"nothing is called {quoted(plain)}" if plain else "it has no label"
        if len(same) > 1:
            more = f" and {len(same) - _LISTED} more" if len(same) > _LISTED else ""
            end = f"{', '.join(quoted(name) for name in same[:_LISTED])}{more} have its shape {array.shape}"
        else:
            end = f"no free node has {shape_text(array.shape)}" if array.shape else "a single number fits too many nodes"
        self.found[reading] = Found(None, self.roles[reading] or "gradient", f"{start}, and {end}", False)

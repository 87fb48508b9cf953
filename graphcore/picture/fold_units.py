"""Which nodes of a recorded graph stand together in one box: those of a module, or of a group, that is not opened.

A module that is called twice has two boxes: a box is a run of calls with nothing else between, so that boxes never feed
each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from graphcore.graph import Graph, Recorded

# lists of modules are never called themselves: a box for one would only be in the way
LISTS = frozenset({"ModuleList", "ModuleDict"})


class Place(NamedTuple):
    """What can be folded: a module or a group, with the name of its class or op."""

    path: str
    kind: str  # "module", "decomposition" or "function"
    name: str


class Unit(NamedTuple):
    """Real nodes that are one node of the picture; ``place`` is None for a node that stands for itself."""

    nodes: tuple[int, ...]
    place: Place | None


@dataclass(frozen=True, eq=False)
class Places:
    """The boxes around every node of a recorded graph, outermost first; made once per graph."""

    graph: Graph

    @cached_property
    def recorded(self) -> Recorded:
        """What the recording added."""
        assert self.graph.recorded is not None
        return self.graph.recorded

    @cached_property
    def around(self) -> tuple[tuple[Place, ...], ...]:
        """Per node, the modules and groups it lies in."""
        chains: dict[str, tuple[Place, ...]] = {}
        found = []
        for index, scope in enumerate(self.scopes):
            if scope not in chains:
                chains[scope] = self._chain(scope)
            groups = self._groups.get(index)
            found.append(chains[scope] if groups is None else (*chains[scope], *groups))
        return tuple(found)

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The module path of every node; a parameter's is in its name where the recording does not say it."""
        graph, known = self.graph, self.recorded.modules
        found = list(self.recorded.scopes)
        for index in graph.leaf_values:
            owner, dot, _ = graph.names[index].rpartition(".")
            if not found[index] and dot and owner in known:
                found[index] = owner
        return tuple(found)

    @cached_property
    def _groups(self) -> Mapping[int, tuple[Place, ...]]:
        found: dict[int, tuple[Place, ...]] = {}
        # a larger group is around a smaller one
        order = sorted(range(len(self.recorded.groups)), key=lambda k: -len(self.recorded.groups[k].nodes))
        for k in order:
            group = self.recorded.groups[k]
            place = Place(f"{group.name}:{k}", group.kind, group.name)
            for index in group.nodes:
                found[index] = (*found.get(index, ()), place)
        return found

    def _chain(self, scope: str) -> tuple[Place, ...]:
        known = self.recorded.modules
        parts = scope.split(".") if scope else []
        paths = [".".join(parts[: k + 1]) for k in range(len(parts))]
        shown = [path for path in paths if (path in known or not known) and known.get(path) not in LISTS]
        return tuple(Place(path, "module", known.get(path, "")) for path in shown)

    @cached_property
    def levels(self) -> tuple[frozenset[str], ...]:
        """What to open level by level: nothing, the outermost modules that hold others, those inside them ... at last all."""
        depth: dict[str, int] = {}
        holds = set()
        for chain in dict.fromkeys(self.around):
            modules = [place.path for place in chain if place.kind == "module"]
            depth |= {path: k for k, path in enumerate(modules)}
            holds.update(modules[:-1])
        deepest = max((depth[path] for path in holds), default=-1)
        found = [frozenset(path for path in holds if depth[path] < level) for level in range(deepest + 2)]
        return tuple(dict.fromkeys([*found, frozenset(depth)]))

    @cached_property
    def idle(self) -> frozenset[int]:
        """Side computations that no output depends on and no gradient passes, such as counting the batches seen."""
        graph = self.graph
        needed = [False] * len(graph)
        for index in graph.output_indices:
            needed[index] = True
        for index in range(len(graph) - 1, -1, -1):
            if needed[index]:
                for source in graph.arguments[index]:
                    if source >= 0:
                        needed[source] = True
        return frozenset(k for k, wanted in enumerate(needed) if not wanted and not graph.active[k])

    @cached_property
    def users(self) -> Sequence[Sequence[int]]:
        """Per node, the nodes that use it."""
        found: list[list[int]] = [[] for _ in range(len(self.graph))]
        for target, arguments in enumerate(self.graph.arguments):
            for source in arguments:
                if source >= 0:
                    found[source].append(target)
        return found

    @cached_property
    def parts(self) -> Mapping[int, Mapping[int, int]]:
        """Per node whose value is a tuple, the nodes that take a part out of it, by the number of the part."""
        graph = self.graph
        found: dict[int, dict[int, int]] = {index: {} for index in graph.tuples}
        for index, op in enumerate(graph.ops):
            if op is not None and op.name == "output" and graph.arguments[index][0] in found:
                found[graph.arguments[index][0]].setdefault(dict(graph.statics[index]).get("k", 0), index)
        return found

    def units(self, opened: Collection[str]) -> list[Unit]:
        """The nodes of the picture with these paths opened, in topological order."""
        graph = self.graph
        outer = [next((place for place in chain if place.path not in opened), None) for chain in self.around]
        runs: list[list[int]] = []
        owner: dict[int, int] = {}
        before: str | None = None
        for index, op in enumerate(graph.ops):
            if op is None:
                continue
            place = outer[index]
            if place is None or place.path != before:
                runs.append([])
            runs[-1].append(index)
            owner[index] = len(runs) - 1
            before = None if place is None else place.path
        inside, alone = self._leaves(outer, owner, runs)
        ends = [(run[-1], number) for number, run in enumerate(runs)] + [(leaf, -1) for leaf in alone]
        made: list[Unit] = []
        for end, number in sorted(ends):
            if number < 0:
                made.append(Unit((end,), None))
            else:
                made += self._box(runs[number], inside.get(number, []), outer[end])
        return made

    def _leaves(
        self, outer: Sequence[Place | None], owner: Mapping[int, int], runs: Sequence[Sequence[int]]
    ) -> tuple[Mapping[int, list[int]], list[int]]:
        """The leaves inside each run, and those that stand for themselves: inputs, and what several boxes share."""
        first: dict[str, int] = {}
        for number, run in enumerate(runs):
            place = outer[run[0]]
            if place is not None:
                first.setdefault(place.path, number)
        inside: dict[int, list[int]] = {}
        alone = []
        for leaf in self.graph.leaf_values:
            place = outer[leaf]
            homes = {owner[user] for user in self.users[leaf]}
            if place is not None and not homes and place.path in first:
                homes = {first[place.path]}
            home = next(iter(homes)) if len(homes) == 1 else None
            holder = None if home is None else outer[runs[home][0]]
            if home is not None and place is not None and holder is not None and holder.path == place.path:
                inside.setdefault(home, []).append(leaf)
            else:
                alone.append(leaf)
        return inside, alone

    def _box(self, run: Sequence[int], leaves: Sequence[int], place: Place | None) -> list[Unit]:
        ops = self.graph.ops
        work = sum(not op.plumbing for op in (ops[k] for k in run) if op is not None)
        # a box around a single op, or around bookkeeping alone, would hide more than it says
        bare = not leaves and (len(run) == 1 or work == 0) and (place is None or place.kind != "function")
        if place is None or bare:
            return [Unit((k,), None) for k in run]
        return [Unit(tuple(sorted((*leaves, *run))), place)]


def places(graph: Graph) -> Places:
    """The boxes around the nodes of a recorded graph, made once."""
    made: Places | None = vars(graph).get("_places")
    if made is None:
        made = vars(graph)["_places"] = Places(graph)
    return made

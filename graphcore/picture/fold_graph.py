"""The graph that is drawn of a recorded one: which nodes it has, how they are joined, and what they are called."""

from __future__ import annotations

from typing import NamedTuple

from graphcore.graph import Edge, Graph, Recorded
from graphcore.ops import Formula, Op
from graphcore.ops.namespaces import Shape
from graphcore.picture.fold_units import Place, Unit, places


class Way(NamedTuple):
    """A real edge into a node of the picture, and the hidden nodes before it, last first, back to the real ``source``."""

    edge: Edge
    hidden: tuple[int, ...]
    source: int


class Shown(NamedTuple):
    """A node of the picture: the real nodes it stands for, and the one whose numbers it shows (``part`` of a tuple)."""

    nodes: tuple[int, ...]
    main: int
    part: int | None
    place: Place | None
    ops: int
    parameters: int


def unsupported(graph: Graph) -> bool:
    """Whether there is no backward pass, for want of rules."""
    return graph.recorded is not None and bool(graph.recorded.unsupported)


def shown_of(graph: Graph, unit: Unit) -> Shown:
    """A node of the picture: of a box its last output that carries gradient is what it shows."""
    if unit.place is None:
        main = unit.nodes[0]
    else:
        users, inside = places(graph).users, frozenset(unit.nodes)
        ends = set(graph.output_indices)
        ops = [k for k in unit.nodes if graph.ops[k] is not None]
        out = [k for k in ops if k in ends or not inside.issuperset(users[k])] or ops
        main = next((k for k in reversed(out) if graph.active[k]), out[-1])
    idle = places(graph).idle
    ops_inside = sum((op := graph.ops[k]) is not None and not op.plumbing and k not in idle for k in unit.nodes)
    wanting = sum(graph.ops[k] is None and k not in graph.constants for k in unit.nodes)
    return Shown(unit.nodes, main, first_part(graph, main), unit.place, ops_inside, wanting)


def first_part(graph: Graph, index: int) -> int | None:
    """Which part of a tuple is shown: the first that is used; None for a node that is no tuple."""
    taken = places(graph).parts.get(index)
    return None if taken is None else min(taken, default=0)


def part_taken(graph: Graph, index: int, part: int) -> int | None:
    """The node that takes this part out of a tuple."""
    return places(graph).parts.get(index, {}).get(part)


def shape_of(graph: Graph, index: int, part: int | None) -> Shape:
    """The shape of a node, or of a part of a tuple."""
    taken = index if part is None else part_taken(graph, index, part)
    return () if taken is None else graph.shapes[taken]


Wiring = tuple[list[tuple[int, ...]], tuple[tuple[Way, ...], ...]]


def wiring(graph: Graph, units: list[Unit], at: list[int], hidden: frozenset[int]) -> Wiring:
    """The arguments of every node of the picture, and the real edges behind every edge, in the order of its edges."""
    arguments: list[tuple[int, ...]] = []
    ways: list[tuple[Way, ...]] = []
    for number, unit in enumerate(units):
        if unit.place is None:
            index = unit.nodes[0]
            given = graph.arguments[index]
            arguments.append(tuple(at[k] if k >= 0 else k for k in given))
            ways += [(_way(graph, Edge(k, index, slot), hidden),) for slot, k in enumerate(given) if k >= 0]
            continue
        found: dict[int, list[Way]] = {}
        for index in unit.nodes:
            for slot, k in enumerate(graph.arguments[index]):
                if k >= 0 and at[k] != number:
                    found.setdefault(at[k], []).append(_way(graph, Edge(k, index, slot), hidden))
        arguments.append(tuple(found))
        ways += [tuple(group) for group in found.values()]
    return arguments, tuple(ways)


def _way(graph: Graph, edge: Edge, hidden: frozenset[int]) -> Way:
    passed = []
    source = edge.source
    while source in hidden:
        passed.append(source)
        source = graph.arguments[source][0]
    return Way(edge, tuple(passed), source)


def view_of(
    graph: Graph, shown: tuple[Shown, ...], at: list[int], arguments: list[tuple[int, ...]], ways: tuple[tuple[Way, ...], ...]
) -> Graph:
    """The nodes and edges of the picture as a graph of their own; it is drawn and stepped through, never run."""
    # where an op has no rule nothing was computed backward
    backward = frozenset(() if unsupported(graph) else graph.backward_edges)
    single = [node.place is None for node in shown]
    leaves = {k: graph.leaf_values[node.main] for k, node in enumerate(shown) if graph.ops[node.main] is None}
    view = Graph(
        names=_names(graph, shown, at),
        ops=tuple(graph.ops[node.main] if alone else _box_op(node) for node, alone in zip(shown, single, strict=True)),
        arguments=tuple(arguments),
        statics=tuple(graph.statics[node.main] if alone else () for node, alone in zip(shown, single, strict=True)),
        shapes=tuple(shape_of(graph, node.main, node.part) for node in shown),
        literals=graph.literals,
        leaf_values=leaves,
        constants=frozenset(k for k in leaves if shown[k].main in graph.constants),
        output_indices=tuple(dict.fromkeys(at[k] for k in graph.output_indices)),
        recorded=Recorded(tuple(graph.active[node.main] for node in shown), ("",) * len(shown), ()),
    )
    carry = [any(way.edge in backward for way in group) for group in ways]
    lines = [edge for edge, carries in zip(view.edges, carry, strict=True) if carries]
    # known from the real edges: an op of the view is only a name
    vars(view)["backward_edges"] = tuple(sorted(lines, key=lambda edge: (-edge.target, edge.slot)))
    vars(view)["tuples"] = frozenset()
    return view


def _names(graph: Graph, shown: tuple[Shown, ...], at: list[int]) -> tuple[str, ...]:
    # a result whose part is the output goes by the output's name
    outputs = {at[k]: graph.names[k] for k in graph.output_indices if shown[at[k]].part is not None}
    taken: set[str] = {graph.names[node.main] for node in shown if node.place is None}
    found = []
    for number, node in enumerate(shown):
        if node.place is None:
            found.append(outputs.get(number, graph.names[node.main]))
            continue
        base, count = node.place.path, 1
        name = base
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        found.append(name)
    return tuple(found)


def _box_op(node: Shown) -> Op:
    assert node.place is not None
    name = node.place.name or "module"
    spoken = f"module {name}" if node.place.kind == "module" else name
    plain = Formula("a")
    return Op(
        name=name,
        operands=("*a",),
        forward=plain,
        rules={"a": Formula("g")},
        shape=_no_shape,
        written=plain,
        numpy=plain,
        torch=plain,
        group="module",
        spoken=spoken,
    )


def _no_shape(*_: object, **__: object) -> Shape:
    raise NotImplementedError("a module takes its shape from the recording")

"""From the tape of a run to its graph: what nothing uses is left out, and calls that were stopped stay stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphcore.graph import Graph, Ref
from graphcore.graph.recorded import Group, TorchCall
from graphcore.record.repeat import Stopped
from graphcore.record.tape import Tape


def finished(tape: Tape, outputs: Sequence[int], everything: bool) -> Graph:
    """The graph; ``everything`` says that no argument and no parameter of the caller's wanted a gradient by itself."""
    if everything and any(tape.active[k] for k in tape.leaf_values if k >= tape.fixed):
        # a tensor from outside wanted one, so those that did not ask for it want none
        for index in range(tape.fixed):
            tape.active[index] = False
            tape.twins.pop(index, None)
        _restrict(tape)
    tape.calls = [_stopped(tape, call) for call in tape.calls]
    kept = _kept(tape, outputs)
    if len(kept) < len(tape):
        outputs = _renumbered(tape, kept, outputs)
    return tape.graph(outputs)


def _restrict(tape: Tape) -> None:
    for index, op in enumerate(tape.ops):
        if op is not None and tape.active[index] and not tape.depends(index):
            tape.active[index] = False
            tape.twins.pop(index, None)
    for nodes in tape.unsupported.values():
        nodes[:] = [node for node in nodes if tape.active[node]]
    for index in list(tape.stops):
        if tape.ops[index] is not None and not tape.depends(index):
            del tape.stops[index]


def _stopped(tape: Tape, call: TorchCall) -> TorchCall:
    made = [node for node in (*call.outputs, call.whole) if node is not None]
    if not made or any(tape.active[node] for node in made) or not any(tape.active[k] for k in _refs(call)):
        return call
    function = call.function.apply if isinstance(call.function, type) else call.function  # type: ignore[attr-defined]
    return call._replace(function=Stopped(function))


def _kept(tape: Tape, outputs: Sequence[int]) -> list[int]:
    """All that an output, an active node or a leaf of the caller's needs; of a call or a group all or nothing."""
    together: dict[int, tuple[int, ...]] = {}
    for call in tape.calls:
        made = [node for node in (*call.outputs, call.whole) if node is not None]
        for node in made:
            together[node] = (*made, *_refs(call))
    group_of = {node: group for group in tape.groups for node in group.nodes}
    keep = [False] * len(tape)
    waiting = [*outputs, *range(tape.fixed), *(k for k, active in enumerate(tape.active) if active and k not in tape.idle)]
    done: set[int] = set()
    while waiting:
        index = waiting.pop()
        if keep[index]:
            continue
        keep[index] = True
        waiting.extend([k for k in tape.arguments[index] if k >= 0])
        waiting.extend(together.get(index, ()))
        group = group_of.get(index)
        if group is not None and id(group) not in done:
            done.add(id(group))
            waiting.extend(group.nodes)
    return [index for index, wanted in enumerate(keep) if wanted]


def _refs(call: TorchCall) -> list[int]:
    found: list[int] = []
    waiting: list[Any] = [*call.arguments, *[value for _, value in call.keywords]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Ref):
            found.append(value.node)
        elif isinstance(value, (tuple, list)):
            waiting.extend(value)
    return found


def _renumbered(tape: Tape, kept: list[int], outputs: Sequence[int]) -> list[int]:
    place = {old: new for new, old in enumerate(kept)}
    for name in ("names", "ops", "statics", "shapes", "scopes", "active"):
        column = getattr(tape, name)
        setattr(tape, name, [column[k] for k in kept])
    tape.arguments = [tuple([place[k] if k >= 0 else k for k in tape.arguments[old]]) for old in kept]
    for name in ("leaf_values", "labels", "twins", "kinds", "stops", "lines"):
        known = getattr(tape, name)
        setattr(tape, name, {place[k]: value for k, value in known.items() if k in place})
    tape.calls = [_moved(call, place) for call in tape.calls if any(k in place for k in (*call.outputs, call.whole))]
    tape.groups = [
        Group(group.name, group.kind, *[tuple([place[k] for k in nodes if k in place]) for nodes in group[2:]])
        for group in tape.groups
        if group.nodes[0] in place
    ]
    tape.unsupported = {name: [place[k] for k in nodes if k in place] for name, nodes in tape.unsupported.items()}
    return [place[k] for k in outputs]


def _moved(call: TorchCall, place: dict[int, int]) -> TorchCall:
    def moved(value: Any) -> Any:
        if isinstance(value, Ref):
            return Ref(place[value.node])
        return tuple([moved(v) for v in value]) if isinstance(value, (tuple, list)) else value

    outputs = tuple([None if k is None else place.get(k) for k in call.outputs])
    keywords = tuple([(name, moved(value)) for name, value in call.keywords])
    whole = None if call.whole is None else place.get(call.whole)
    return TorchCall(call.function, moved(call.arguments), keywords, outputs, whole)

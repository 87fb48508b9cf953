"""Ops without a row, recorded through torch's own decomposition of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch._decomp import decomposition_table

from graphcore.graph.recorded import Group, TorchCall
from graphcore.ops.aten import Slot
from graphcore.ops.aten.writes import SAME
from graphcore.record.calls import Given, kind_of, tensors_of

if TYPE_CHECKING:
    from graphcore.record.watch import Watch
    from graphcore.record.writer import Writer

_COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd
_DEEPEST = 12


class NoWay(Exception):  # noqa: N818  # never seen outside: a decomposition is given up
    """A decomposition led to an op that has no row either."""


class Decomposer:
    """Runs decompositions under the watch; ``depth`` counts those that are running."""

    def __init__(self, writer: Writer, watch: Watch) -> None:
        self.depth = 0
        self._writer = writer
        self._watch = watch
        self._found: list[Any] = []
        self._start = (0, 0, 0)

    def nodes(self, given: Given, nodes: list[int]) -> list[int] | None:
        """The nodes of the results of a call, or None where the decomposition leads nowhere."""
        way = _way(given)
        if way is None or self.depth >= _DEEPEST:
            if self.depth:
                raise NoWay
            return None
        writer = self._writer
        tape, memory = writer.tape, writer.memory
        start, inner = (len(tape), len(memory), len(tape.calls)), writer.inner
        writer.inner, self.depth = True, self.depth + 1
        try:
            with self._watch:
                found = tensors_of(way(*given.args, **{k: v for k, v in given.keywords.items() if k not in given.schema.out}))
            made = [memory.node(part) for part in found]
        except Exception:  # whatever a decomposition raises: there is no way through it
            tape.take_back(start[0], start[2])
            memory.forget(start[1])
            if self.depth > 1:
                raise NoWay from None
            return None
        finally:
            writer.inner, self.depth = inner, self.depth - 1
        if not self.depth:
            self._found, self._start = found, start
        return made

    def agrees(self, results: list[Any], group: list[int]) -> bool:
        """Whether the decomposition gave what the call itself gave; what does not agree is taken back."""
        if self.depth:
            return True
        found, start = self._found, self._start
        self._found = []
        if len(found) == len(results) and all(_close(a, b) for a, b in zip(found, results)):
            return True
        self._writer.tape.take_back(start[0], start[2])
        self._writer.memory.forget(start[1])
        return False

    def grouped(self, given: Given, nodes: list[int], group: list[int], result: Any) -> list[int]:
        """The nodes of the results, recorded as one call; inside of another group they are only its nodes."""
        writer = self._writer
        tape = writer.tape
        if self.depth or writer.inner:
            return group
        start, _, calls = self._start
        outputs = own_nodes(writer, group, tensors_of(result), start)
        made = tuple(range(start, len(tape)))
        del tape.calls[calls:]
        function = given.schema.functional or given.func
        tape.calls.append(TorchCall(function, (), given.with_refs(nodes), tuple(outputs), None))
        tape.groups.append(Group(given.schema.shown, "decomposition", made, inputs_of(writer, made, nodes), tuple(outputs)))
        group[:] = outputs
        return outputs


def own_nodes(writer: Writer, nodes: list[int], results: list[Any], start: int) -> list[int]:
    """For each result a node of its own that is not older than ``start``."""
    outputs: list[int] = []
    for node, part in zip(nodes, results):
        if node < start or node in outputs or writer.tape.ops[node] is None:
            call = SAME.call({"self": Slot(node, ())})
            assert call is not None
            active = writer.tape.active[node]
            node = writer.node(call.op, [node], call.statics, part, "same")
            writer.tape.active[node] = active
        outputs.append(node)
    return outputs


def inputs_of(writer: Writer, made: tuple[int, ...], more: list[int]) -> tuple[int, ...]:
    """The nodes from outside that a group uses."""
    inside = set(made)
    used = [k for node in made for k in writer.tape.arguments[node] if k >= 0]
    return tuple(dict.fromkeys(k for k in (*more, *used) if k not in inside))


def _way(given: Given) -> Any:
    function = given.schema.functional
    if function is None or given.schema.also:
        return None
    way = decomposition_table.get(function)
    if way is None and function.has_kernel_for_dispatch_key(_COMPOSITE):
        return function.decompose
    return way


def _close(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.shape != b.shape or kind_of(a) != kind_of(b):
        return False
    if not b.dtype.is_floating_point:
        return bool(torch.equal(a, b))
    tolerance = torch.finfo(b.dtype).eps ** 0.5
    scale = float(b.detach().nan_to_num(0.0, 0.0, 0.0).abs().max()) if b.numel() else 0.0
    return bool(torch.allclose(a.to(b.dtype), b.detach(), rtol=tolerance, atol=tolerance * scale, equal_nan=True))

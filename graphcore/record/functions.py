"""A hand-written ``torch.autograd.Function``: the nodes of its forward are one group."""

from __future__ import annotations

from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.checkpoint import CheckpointFunction

from graphcore.errors import RecordError
from graphcore.graph import Ref
from graphcore.graph.recorded import Group, TorchCall
from graphcore.record.calls import kind_of
from graphcore.record.decomposed import inputs_of, own_nodes
from graphcore.record.frames import called
from graphcore.record.memory import Seen, value_of
from graphcore.record.twins import grad_fn_of, unwatched

if TYPE_CHECKING:
    from graphcore.record.writer import Writer


class FunctionGroup:
    """Open while the frame of ``apply`` is on the stack; its results get their ``grad_fn`` only after that."""

    def __init__(self, writer: Writer, frame: FrameType) -> None:
        self.frame = frame
        self.dirty: list[Seen] = []
        self._writer = writer
        self._function, arguments = called(frame)
        self._inputs: list[int] = []
        self._arguments = tuple([self._with_refs(value) for value in arguments])
        self._start = len(writer.tape), len(writer.memory), len(writer.tape.calls)

    def close(self) -> None:
        """Close the group: one call, the tensors that it returned are its outputs."""
        writer, tape = self._writer, self._writer.tape
        start, known, calls = self._start
        touched = [*writer.memory.since(known), *self.dirty]
        if self._function is CheckpointFunction:
            # it computes nothing of its own: its backward runs the forward again and differentiates that
            return
        results = {seen.tensor.output_nr: seen for seen in touched if self._made(seen.tensor)}
        if not results:
            for node in range(start, len(tape)):
                tape.active[node] = False
            return
        places = sorted(results)
        tensors = [results[k].tensor for k in places]
        nodes = own_nodes(writer, [writer.memory.node(tensor) for tensor in tensors], tensors, start)
        self._refuse_unseen(nodes)
        for seen in touched:
            # what else was computed inside is not seen from outside: torch repeats the group as a whole
            seen.set(make=self._constant(seen.tensor))
        for k, node in zip(places, nodes):
            results[k].set(node)
            tape.active[node] = True
        made = tuple(range(start, len(tape)))
        outputs: list[int | None] = [None] * (places[-1] + 1)
        for k, node in zip(places, nodes):
            outputs[k] = node
        del tape.calls[calls:]
        tape.calls.append(TorchCall(self._function, self._arguments, (), tuple(outputs), None))
        name = self._function.__name__
        tape.groups.append(Group(name, "function", made, inputs_of(writer, made, self._inputs), tuple(nodes)))
        names = writer.twins.names(tensors)
        for node in nodes if names else ():
            tape.twins[node] = names

    def _refuse_unseen(self, nodes: list[int]) -> None:
        """A result that hangs on no input at all was computed where torch is not watched."""
        tape, hanging = self._writer.tape, {k for k in self._inputs if self._writer.tape.active[k]}
        if not hanging:
            return
        for node in range(self._start[0], len(tape)):
            if not hanging.isdisjoint(tape.arguments[node]):
                hanging.add(node)
        if not hanging.issuperset(nodes):
            raise RecordError(unwatched(self._function.__name__))

    def _made(self, tensor: torch.Tensor) -> bool:
        return isinstance(grad_fn_of(tensor), self._function._backward_cls)

    def _with_refs(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            node = self._writer.memory.node(value)
            self._inputs.append(node)
            return Ref(node)
        if type(value) in (list, tuple):
            return tuple([self._with_refs(v) for v in value])
        return value

    def _constant(self, tensor: torch.Tensor) -> Any:
        writer, name = self._writer, self._function.__name__

        def make() -> int:
            return writer.tape.leaf(name, value_of(tensor), wants=False, kind=kind_of(tensor))

        return make

"""The dispatch mode that watches every ATen call of one run."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from graphcore.errors import ChainruleError
from graphcore.graph.recorded import Stop
from graphcore.heard import listener
from graphcore.ops.aten import Call, resolve
from graphcore.ops.aten.writes import SAME
from graphcore.record.calls import Given, cause_of, given_of, tensors_of
from graphcore.record.decomposed import Decomposer, NoWay
from graphcore.record.functions import FunctionGroup
from graphcore.record.memory import Make
from graphcore.record.writer import Opening, Writer, refuse

_OVERWRITES = {"copy": "src", "fill": "value"}
_FILLS = frozenset({"fill", "zero"})


def _laid_out(given: Given) -> bool:
    """Whether the memory of the operands is as our rows see it: ``as_strided`` counts in memory, not in entries."""
    plain = given.tensors[0].is_contiguous() and given.tensors[0].storage_offset() == 0
    return plain or not given.schema.base.startswith("as_strided")


class Way(NamedTuple):
    """What becomes of a call: ``row``, ``group`` (decomposed), ``copy`` (into its target), ``only`` (recorded), ``constant``."""

    kind: str
    nodes: list[int] = []  # noqa: RUF012  # never changed
    found: Call | None = None
    group: list[int] = []  # noqa: RUF012


class Pending(NamedTuple):
    """A call whose results get their ``grad_fn`` only after it has returned."""

    given: Given
    results: list[Any]
    values: list[int | Make]
    node: int
    group: tuple[int, ...]
    opening: Opening | None
    grad_mode: bool


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    """Decides for every ATen call of one run what becomes of it on the tape."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # torch would wrap every call in what keeps its compiler away, and load the compiler for it
        return False

    def __init__(self, writer: Writer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.writer = writer
        self.failure: ChainruleError | None = None
        self._decomposer = Decomposer(writer, self)
        self._function: FunctionGroup | None = None
        self._pending: Pending | None = None
        self._calls = 0
        self._hears = listener()

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """One ATen call of the run."""
        self._calls += 1
        if self._hears is not None:
            self._hears(self._calls)
        try:
            if not self._decomposer.depth:
                self.settle()
                self.writer.frames.look()
                self._follow()
            return self._call(given_of(func, args, kwargs or {}))
        except ChainruleError as problem:
            self.failure = self.failure or problem
            raise

    def finish(self) -> None:
        """Settle what is pending when the run has returned."""
        self.settle()
        if self._function is not None:
            self._close()

    def settle(self) -> None:
        """Finish the call before: what torch made of its results is known only now."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        writer, results = self.writer, pending.results
        if not writer.inner:
            if pending.node >= 0:
                self._activity(pending)
            for node, part in zip(pending.group, results):
                writer.seen_by_autograd(node, part)
            self._based(results)
        if pending.opening is not None:
            writer.written(pending.opening, pending.values[0])

    def _based(self, results: list[Any]) -> None:
        """A view belongs to the memory of its base, also where that was told apart from memory it shares."""
        memory = self.writer.memory
        for part in results:
            base = None if part._base is None else memory.get(part._base)
            seen = memory.get(part)
            if base is not None and seen is not None and base.store is not seen.store:
                seen.store = base.store
                seen.version = base.store.version

    def _activity(self, pending: Pending) -> None:
        tape, node, results = self.writer.tape, pending.node, pending.results
        if not tape.depends(node):
            return
        if any(part.requires_grad for part in results):
            tape.active[node] = True
            # what an in-place call on a view made belongs to the write into its base
            if pending.opening is None or pending.opening.target is pending.opening.root:
                names = self.writer.twins.names(results)
                if names:
                    tape.twins[node] = names
            self.writer.report(node)
        else:
            tape.stops[node] = Stop(cause_of(pending.given, results[0], pending.grad_mode), tape.lines.get(node, ""))

    def _follow(self) -> None:
        """Open and close the group of the hand-written Function that is running."""
        frame = self.writer.frames.function
        if self._function is not None and frame is not self._function.frame:
            self._close()
        if self._function is None and frame is not None:
            self._function = FunctionGroup(self.writer, frame)
            self.writer.inner = True

    def _close(self) -> None:
        assert self._function is not None
        group, self._function = self._function, None
        self.writer.inner = False
        group.close()

    def _call(self, given: Given) -> Any:
        schema, target = given.schema, given.target
        if schema.base == "detach":
            return self._detach(given)
        if schema.base == "rrelu_with_noise" and target is None and given.bound.get("training"):
            return self._sloped(given)
        way = self._way(given)
        opening = self.writer.opening(target) if target is not None and not schema.moves else None
        result = given.run()
        results = tensors_of(result)
        for part in results:
            refuse(part)
        if schema.base == "_local_scalar_dense" and self._reaches(given.tensors[0]):
            line = self.writer.frames.text
            self.writer.tape.notes[f"A number was taken out of a tensor and stays as it was recorded{line and ': ' + line}."] = (
                None
            )
        if results and not self._unchanged(given, results):
            values, way = self._values(given, way, result, results)
            node = -1
            if way.kind not in ("constant", "group"):
                node = values[0] if isinstance(values[0], int) else len(self.writer.tape) - 1
            self._keep(Pending(given, results, values, node, tuple(way.group), opening, torch.is_grad_enabled()))
        for name in schema.also:
            written = given.bound.get(name)
            if isinstance(written, torch.Tensor) and given.bound.get("training", True):
                self.writer.changed(written, schema.shown)
        return result

    def _way(self, given: Given) -> Way:
        """What is to become of a call, with the nodes of its tensors as they are before it."""
        schema, tensors, memory = given.schema, given.tensors, self.writer.memory
        src = given.bound.get(_OVERWRITES.get(schema.base, "")) if given.target is not None else None
        if isinstance(src, torch.Tensor):
            return Way("copy", [memory.node(src)])
        if not tensors or schema.random or schema.nothing or (schema.base in _FILLS and given.target is not None):
            return Way("constant")
        found = resolve(schema.base, schema.overload, given.described) if _laid_out(given) else None
        if found is None and not any(map(self._wants, tensors)):
            return Way("constant")
        nodes = [memory.node(tensor) for tensor in tensors]
        if found is not None:
            return Way("row", nodes, found)
        group = self._decomposer.nodes(given, nodes)
        return Way("only", nodes) if group is None else Way("group", nodes, None, group)

    def _values(self, given: Given, way: Way, result: Any, results: list[Any]) -> tuple[list[int | Make], Way]:
        """Per result of a call its node, or what makes it."""
        writer = self.writer
        if way.kind == "group":
            if self._decomposer.agrees(results, way.group):
                way = way._replace(group=self._decomposer.grouped(given, way.nodes, way.group, result))
                return list(way.group), way
            way = Way("only", way.nodes)
        if way.kind == "constant":
            reached = not writer.inner and any(map(self._reaches, given.tensors))
            cause = cause_of(given, results[0], torch.is_grad_enabled()) if reached else None
            return writer.constants(given, results, cause), way
        if way.kind == "copy":
            return writer.copied(given, way.nodes[0], results[0]), way
        if way.found is not None:
            return writer.called(given, way.found, way.nodes, result, results), way
        if self._decomposer.depth:
            raise NoWay
        return writer.rowless(given, way.nodes, result, results), way

    def _keep(self, pending: Pending) -> None:
        memory = self.writer.memory
        if pending.opening is None:
            for part, value in zip(pending.results, pending.values):
                seen = memory.get(part) or memory.add(part)
                if isinstance(value, int):
                    seen.set(value)
                else:
                    seen.set(make=value)
        elif self._function is not None:
            self._function.dirty.append(pending.opening.target)
        self._pending = pending
        if self._decomposer.depth:
            self.settle()

    def _unchanged(self, given: Given, results: list[Any]) -> bool:
        """Whether a call only handed back what it was given."""
        if given.target is not None:
            return False
        return all(self.writer.memory.get(part) is not None for part in results)

    def _detach(self, given: Given) -> Any:
        """A stop, made when it is used; inside of a hand-written Function autograd sees nothing and nothing stops."""
        writer, tensor = self.writer, given.tensors[0]
        if not writer.inner and not tensor.requires_grad:
            writer.memory.known(tensor)
            result = given.run()
            if writer.memory.get(result) is None:
                writer.memory.add(result, make=partial(writer.memory.node, tensor))
            return result
        source = writer.memory.node(tensor)
        result = given.run()
        if writer.inner:
            writer.memory.add(result, source)
            return result
        found = resolve("detach", "", {"self": given.described["self"]}) or SAME.call({"self": given.described["self"]})
        assert found is not None
        call, scope, line = found, writer.scopes.path, writer.frames.text

        def make() -> int:
            with writer.at(scope, line):
                node = writer.called(given, call, [source], result, [result])[0]
            assert isinstance(node, int)
            writer.tape.active[node] = False
            if writer.tape.active[source]:
                writer.tape.stops[node] = Stop("detach", line)
            return node

        seen = writer.memory.get(result) or writer.memory.add(result)
        seen.set(make=make)
        return result

    def _sloped(self, given: Given) -> Any:
        """A random ReLU: its result is the input times the slopes that it has drawn."""
        writer, tensor, noise = self.writer, given.tensors[0], given.bound["noise"]
        source = writer.memory.node(tensor)
        result = given.run()
        writer.changed(noise, "slope")
        product = given_of(torch.ops.aten.mul.Tensor, (tensor, noise), {})
        product = product._replace(schema=product.schema._replace(base="rrelu"))
        found = resolve("mul", "Tensor", product.described)
        assert found is not None
        values = writer.called(product, found, [source, writer.memory.node(noise)], result, [result])
        self._keep(Pending(given, [result], values, len(writer.tape) - 1, (), None, torch.is_grad_enabled()))
        return result

    def _wants(self, tensor: torch.Tensor) -> bool:
        """Whether gradient could flow into a tensor now."""
        if not self.writer.inner:
            return tensor.requires_grad and torch.is_grad_enabled()
        return self._reaches(tensor)

    def _reaches(self, tensor: torch.Tensor) -> bool:
        node = self.writer.memory.peek(tensor)
        return node >= 0 and self.writer.tape.active[node]

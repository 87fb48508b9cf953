"""Writes nodes on the tape: results of calls, constants, parts of tuples, and what in-place calls need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch

from graphcore.errors import RecordError
from graphcore.graph import Ref
from graphcore.graph.columns import Statics
from graphcore.graph.recorded import Stop, TorchCall
from graphcore.ops import Op
from graphcore.ops.aten import OUTPUT, Call, Row, Slot
from graphcore.ops.aten.writes import COPY, SAME, STRAIGHT, TAKE, WRITE, covered
from graphcore.record import repeat
from graphcore.record.calls import Given, kind_of
from graphcore.record.frames import Frames
from graphcore.record.memory import Make, Memory, Seen, Store, alike, value_of
from graphcore.record.only import recorded_only
from graphcore.record.scopes import Scopes
from graphcore.record.tape import Tape
from graphcore.record.twins import Twins, grad_fn_of, unwatched

_BITS = "writing to a tensor that is also read as another dtype is not supported, because the bits would matter."


class Opening(NamedTuple):
    """An in-place call about to happen: what it writes to, the first tensor on that memory, its node and ``grad_fn`` before."""

    target: Seen
    root: Seen
    base: int
    before: Any


class Writer:
    """Nodes with their names, lines, calls and activity; ``inner`` says that autograd does not see the present calls."""

    def __init__(self, tape: Tape, frames: Frames, scopes: Scopes) -> None:
        self.tape = tape
        self.frames = frames
        self.scopes = scopes
        self.memory = Memory(self.outside, self.again)
        self.twins = Twins()
        self.inner = False
        self._place: tuple[str, str] | None = None
        self._saved: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._foreign: set[int] = set()
        self._rowless: set[int] = set()

    def outside(self, tensor: torch.Tensor) -> None:
        """A leaf for a tensor that was there before the run."""
        refuse(tensor)
        if tensor.grad_fn is not None and self.twins.is_new(tensor.grad_fn):
            raise RecordError(unwatched(type(tensor.grad_fn).__name__.removesuffix("Backward")))
        name = f"outside{len(self._foreign)}"
        node = self.tape.leaf(name, value_of(tensor), wants=tensor.requires_grad, kind=kind_of(tensor))
        self._foreign.add(id(tensor))
        self.memory.add(tensor, node)

    @contextmanager
    def at(self, scope: str, line: str) -> Iterator[None]:
        """Nodes made inside belong to a module and line of before."""
        self._place = scope, line
        try:
            yield
        finally:
            self._place = None

    def node(self, op: Op, operands: list[int | float], statics: Statics, like: torch.Tensor | None, name: str) -> int:
        """A node of the present module and line; ``like`` is its result, None for a tuple."""
        kind, shape = ("float", ()) if like is None else (kind_of(like), tuple(like.shape))
        scope, line = self._place or (self.scopes.path, self.frames.text)
        index = self.tape.node(op, operands, statics, shape, scope, kind, name)
        if line:
            self.tape.lines[index] = line
        if op.plumbing or name == "clone":
            # torch makes copies of its own before in-place calls; views are often taken only to be written to
            self.tape.idle.add(index)
        if self.inner:
            self.tape.active[index] = kind == "float" and self.tape.depends(index)
        return index

    def called(self, given: Given, found: Call, nodes: list[int], result: Any, results: list[Any]) -> list[int | Make]:
        """The node of a call with a row, and per result the node or what makes it."""
        whole = not isinstance(result, torch.Tensor)
        operands = [nodes[k] if type(k) is int else k for k in found.operands]
        node = self.node(found.op, operands, found.statics, None if whole else results[0], given.schema.shown)
        outputs: Any = [None] * len(results) if whole else (node,)
        function = given.schema.functional or given.func
        self.tape.calls.append(TorchCall(function, (), given.with_refs(nodes), outputs, node if whole else None))
        return [self._part(node, k, part, outputs) for k, part in enumerate(results)] if whole else [node]

    def rowless(self, given: Given, nodes: list[int], result: Any, results: list[Any]) -> list[int | Make]:
        """The node of a call that wants a gradient and has no row."""
        values = value_of(result) if isinstance(result, torch.Tensor) else tuple([value_of(part) for part in results])
        op = recorded_only(given.schema.shown, values, len(nodes))
        made = self.called(given, Call(op, tuple(range(len(nodes))), ()), nodes, result, results)
        node = len(self.tape) - 1
        self._rowless.add(node)
        if self.inner and self.tape.active[node]:
            self.report(node)
        return made

    def put_back(self) -> None:
        """Give the caller's own tensors the numbers back that the run has written over."""
        for tensor, numbers in self._saved.values():
            tensor.detach().copy_(numbers)

    def same(self, node: int, tensor: torch.Tensor) -> int:
        """Another node for the value of a node."""
        made = self._moved(SAME, {"self": node}, {}, tensor, "same", torch.ops.aten.alias.default)
        self.tape.active[made] = self.tape.active[node]
        return made

    def report(self, node: int) -> None:
        """List a node without a row that wants a gradient."""
        op = self.tape.ops[node]
        if node in self._rowless and op is not None:
            self.tape.unsupported.setdefault(op.name, []).append(node)

    def copied(self, given: Given, src: int, target: torch.Tensor) -> list[int | Make]:
        """The node of an in-place copy: what is overwritten has no part in it."""
        settings = {"size": tuple(target.shape), "kind": kind_of(target)}
        return [self._moved(COPY, {"src": src}, settings, target, given.schema.shown, repeat.copy)]

    def constants(self, given: Given, results: list[Any], cause: str | None) -> list[int | Make]:
        """Leaves with the recorded values, made when they are used."""
        return [self._constant(given.schema.shown, part, cause) for part in results]

    def opening(self, target: torch.Tensor) -> Opening:
        """Look at what an in-place call will write to, before it does."""
        seen = self.memory.known(target)
        root = self._rooted(target, seen.store)
        if seen is not root:
            seen.store = root.store
        self._save(root.tensor)
        needed = root is not seen or root.tensor.requires_grad
        return Opening(seen, root, self.memory.node(root.tensor) if needed else -1, grad_fn_of(root.tensor))

    def _rooted(self, target: torch.Tensor, store: Store) -> Seen:
        """The tensor that stands for a piece of memory: of several, the one that autograd takes a write to be a write to."""
        base = self.memory.known(target if target._base is None else target._base)
        root = store.root
        if base is root or base.store is not store:
            return base.store.root
        whole = base.tensor.numel() == root.tensor.numel()
        if root.tensor.requires_grad and base.tensor.requires_grad:
            # results of unsafe_split and _unsafe_view: one memory, but to autograd tensors of their own
            node = self.memory.node(base.tensor)
            if not whole:
                base.store = Store(base, store.key)
            base.set(node)
            base.store.root = base
        elif not root.tensor.requires_grad and whole and alike(base.tensor, root.tensor):
            base.set(root.node, root.make if root.node >= 0 else partial(self.memory.node, root.tensor))
            store.root = base
        return base.store.root

    def written(self, opening: Opening, value: int | Make) -> None:
        """After an in-place call: its value goes to the memory it wrote to."""
        target, root, tape = opening.target, opening.root, self.tape
        unseen = not self.inner and root.tensor.requires_grad and grad_fn_of(root.tensor) is opening.before
        whole = target is root or alike(target.tensor, root.tensor)
        store = target.store
        if whole and not unseen:
            store.version += 1
            root.set(value) if isinstance(value, int) else root.set(make=value)
            if target is not root and isinstance(value, int):
                target.set(value)
            return
        node = value if isinstance(value, int) else value()
        if not whole:
            nodes = {"self": opening.base, "src": node}
            node = self._moved(WRITE, nodes, _where(target, root), root.tensor, "write", repeat.write)
            if not unseen:
                self._see(node, root.tensor)
        if unseen:
            nodes = {"self": opening.base, "value": node}
            node = self._moved(STRAIGHT, nodes, {}, root.tensor, "straight", repeat.straight)
            tape.active[node] = tape.active[opening.base]
        store.version += 1
        root.set(node)

    def again(self, seen: Seen) -> int:
        """The node of a view whose memory has been written to since."""
        root, tensor = seen.store.root, seen.tensor
        if alike(tensor, root.tensor) and (tensor.requires_grad or not root.tensor.requires_grad):
            return self.memory.node(root.tensor)
        where = _where(seen, root)
        if not covered(tuple(root.tensor.shape), **where):
            return self.tape.leaf("memory", value_of(tensor), wants=False, kind=kind_of(tensor), scope=self.scopes.path)
        source = self.memory.node(root.tensor)
        node = self._moved(TAKE, {"self": source}, where, tensor, "take_again", repeat.take)
        self._see(node, tensor)
        return node

    def changed(self, tensor: torch.Tensor, name: str) -> None:
        """A tensor that a call wrote other numbers to, not as its result."""
        seen = self.memory.known(tensor)
        seen.store.version += 1
        seen.store.root.set(make=self._constant(name, seen.store.root.tensor, None))

    def seen_by_autograd(self, node: int, tensor: torch.Tensor) -> None:
        """The twin of a result of a group, and no gradient to it where torch says that none flows."""
        tape = self.tape
        if not tensor.requires_grad:
            tape.active[node] = False
            return
        names = self.twins.names([tensor])
        if names:
            tape.twins[node] = names

    def _see(self, node: int, tensor: torch.Tensor) -> None:
        """Activity and twins of a node that belongs to a tensor that autograd has finished."""
        tape = self.tape
        if self.inner:
            return
        if tensor.requires_grad and tape.depends(node):
            tape.active[node] = True
            names = self.twins.names([tensor])
            if names:
                tape.twins[node] = names
        elif tape.depends(node):
            tape.stops[node] = Stop("detach", tape.lines.get(node, ""))

    def _moved(
        self, row: Row, nodes: dict[str, int], settings: dict[str, Any], like: torch.Tensor, name: str, function: Any
    ) -> int:
        found = row.call({**{key: Slot(k, ()) for key, k in nodes.items()}, **settings})
        assert found is not None
        index = self.node(found.op, list(found.operands), found.statics, like, name)
        given = (*((key, Ref(k)) for key, k in nodes.items()), *settings.items())
        self.tape.calls.append(TorchCall(function, (), given, (index,)))
        return index

    def _part(self, node: int, k: int, tensor: torch.Tensor, outputs: list[int | None]) -> Make:
        tape = self.tape

        def make() -> int:
            call = OUTPUT.call({"self": Slot(0, ()), "k": k})
            assert call is not None
            made = tape.node(call.op, (node,), call.statics, tuple(tensor.shape), tape.scopes[node], kind_of(tensor), "output")
            reached = tape.active[node] and kind_of(tensor) == "float"
            tape.active[made] = reached and (tensor.requires_grad or self.inner)
            if node in tape.lines:
                tape.lines[made] = tape.lines[node]
            outputs[k] = made
            return made

        return make

    def _constant(self, name: str, tensor: torch.Tensor, cause: str | None) -> Make:
        scope, line = self.scopes.path, self.frames.text

        def make() -> int:
            path = f"{scope}.{name}" if scope else name
            index = self.tape.leaf(path, value_of(tensor), wants=False, scope=scope, kind=kind_of(tensor))
            if cause is not None:
                self.tape.stops[index] = Stop(cause, line)
            return index

        return make

    def _save(self, tensor: torch.Tensor) -> None:
        """Keep the numbers of a tensor of the caller's own that is about to be written to."""
        if id(tensor) in self._foreign and id(tensor) not in self._saved:
            self._saved[id(tensor)] = tensor, tensor.detach().clone()


def refuse(tensor: torch.Tensor) -> None:
    """Raise RecordError for a tensor that cannot be recorded."""
    if tensor.is_complex():
        raise RecordError("complex tensors are not supported, because every rule here is for real numbers.")
    if tensor.layout is not torch.strided:
        raise RecordError("sparse tensors are not supported, because every value here is a full array: call `.to_dense()` first.")
    if tensor.is_quantized:
        raise RecordError("quantized tensors are not supported, because they have no gradient.")


def _where(part: Seen, root: Seen) -> dict[str, Any]:
    tensor, whole = part.tensor, root.tensor
    if tensor.dtype.itemsize != whole.dtype.itemsize:
        raise RecordError(_BITS)
    return {
        "base": tuple(whole.stride()),
        "size": tuple(tensor.shape),
        "stride": tuple(tensor.stride()),
        "offset": tensor.storage_offset() - whole.storage_offset(),
    }

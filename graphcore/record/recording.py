"""The recording as a whole: private copy, leaves, one watched run, graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from graphcore.errors import ChainruleError, RecordError
from graphcore.graph import Graph
from graphcore.record.calls import kind_of
from graphcore.record.finish import finished
from graphcore.record.frames import Frames, user_line
from graphcore.record.memory import value_of
from graphcore.record.private import Leaf, Private, private
from graphcore.record.scopes import Scopes
from graphcore.record.state import steady
from graphcore.record.tape import Tape
from graphcore.record.watch import Watch
from graphcore.record.writer import Writer

_LONGEST = 600


def recorded(function: Callable[..., Any], tensors: tuple[Any, ...], keywords: dict[str, Any]) -> Graph:
    """The graph of one run; see :func:`graphcore.record.record`."""
    if not callable(function):
        raise RecordError(f"a module or a function is recorded; this is a {type(function).__name__}.")
    # a compiled module is recorded as what it was made from
    function = getattr(function, "_orig_mod", function) if isinstance(function, torch.nn.Module) else function
    with steady():
        copy = private(function, tensors, keywords)
        writer = Writer(Tape(), Frames(_run.__code__), Scopes())
        watch = Watch(writer)
        _leaves(writer, copy)
        writer.scopes.watch(copy.modules)
        writer.tape.modules = writer.scopes.modules
        try:
            outputs = _outputs(watch, _run(watch, copy))
        finally:
            writer.put_back()
            writer.memory.release()
            writer.twins.release()
        return finished(writer.tape, outputs, copy.everything)


def _leaves(writer: Writer, copy: Private) -> None:
    tape, memory = writer.tape, writer.memory
    tape.notes = dict.fromkeys(copy.notes)
    for leaf in (*copy.arguments, *copy.parameters):
        floating = leaf.own.dtype.is_floating_point
        wants = floating and (leaf.own.requires_grad or copy.everything)
        value = value_of(leaf.private)
        memory.add(leaf.private, tape.leaf(leaf.name, value, wants=wants, scope=leaf.scope, kind=kind_of(leaf.private)))
        if floating and not np.all(np.isfinite(value)):
            tape.notes[f"`{leaf.name}` holds nan or inf."] = None
    tape.fixed = len(tape)
    for leaf in copy.buffers:
        if memory.get(leaf.private) is None:
            tape.reserve(leaf.name)
            memory.add(leaf.private, make=_buffer(tape, leaf))


def _buffer(tape: Tape, leaf: Leaf) -> Callable[[], int]:
    return lambda: tape.leaf(leaf.name, value_of(leaf.private), wants=False, scope=leaf.scope, kind=kind_of(leaf.private))


def _run(watch: Watch, copy: Private) -> Any:
    watch.writer.twins.start()
    try:
        with watch:
            result = copy.run(*copy.tensors, **copy.keywords)
        watch.finish()
    except ChainruleError:
        raise
    except Exception as problem:
        if _ours(problem):
            raise
        line = user_line(problem, _run.__code__)
        message = f"{type(problem).__name__}: {problem}"[:_LONGEST]
        raise RecordError(f"the module raised an error. {line + ': ' if line else ''}{message}") from problem
    if watch.failure is not None:
        raise watch.failure
    return result


def _ours(problem: BaseException) -> bool:
    """Whether an exception came from our own code, which is then a mistake of ours."""
    step = problem.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and step.tb_frame.f_code is not _run.__code__ and "graphcore" in step.tb_frame.f_code.co_filename


def _outputs(watch: Watch, result: Any) -> list[int]:
    flat = list(_tensors(result))
    if not flat:
        raise RecordError(f"the result holds no tensor: it is a {type(result).__name__}.")
    writer, outputs = watch.writer, []
    for tensor in flat:
        node = writer.memory.node(tensor)
        # each output is a node of its own, so that each can have its own seed
        outputs.append(writer.same(node, tensor) if node in outputs else node)
    tape = writer.tape
    if not any(tape.active[k] for k in tape.leaf_values):
        raise RecordError("no floating-point tensor is among the arguments and parameters, so nothing can have a gradient.")
    if not any(tape.active[node] for node in outputs):
        stop = next((f" ({stop.cause}, {stop.line})" if stop.line else f" ({stop.cause})" for stop in tape.stops.values()), "")
        raise RecordError(f"no output depends on a leaf that wants a gradient, so there is nothing to go back to{stop}.")
    return outputs


def _tensors(result: Any) -> Iterator[torch.Tensor]:
    for leaf in pytree.tree_leaves(result):
        if isinstance(leaf, torch.Tensor):
            yield leaf
        elif dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
            yield from _tensors([getattr(leaf, field.name) for field in dataclasses.fields(leaf)])

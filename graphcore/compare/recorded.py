"""A recorded graph under torch autograd: its own torch calls again, in float64, with this run's leaf values.

A ``torch.autograd.Function`` is called as it is, each of its inputs through a tap of its own, so that what its backward
returned for that input can be told from what else flows into the same tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.errors import CompareError, first_line
from graphcore.graph import Ref
from graphcore.heard import heard

if TYPE_CHECKING:
    from graphcore.graph import Graph, Recorded, TorchCall


class Tap(NamedTuple):
    """One tensor input of a hand-written Function: its group, the node it came from, and the tensor it was given."""

    group: int
    node: int
    tensor: Any


def recorded(graph: Graph) -> Recorded:
    """The recording behind a graph that is known to have one."""
    assert graph.recorded is not None
    return graph.recorded


def run_calls(graph: Graph, tensors: list[Any], taps: list[Tap]) -> Iterator[tuple[int, Any]]:
    """Repeat the recorded calls; after each one its last node that wants a gradient, with its tensor."""
    own = recorded(graph)
    functions = {group.outputs[0]: k for k, group in enumerate(own.groups) if group.kind == "function" and group.outputs}
    for call in heard(own.calls):
        made = [k for k in call.outputs if k is not None]
        group = next((functions[k] for k in made if k in functions), None)
        out = _call(graph, call, tensors, taps, group)
        parts = tuple(out) if isinstance(out, (tuple, list)) else (out,)
        if call.whole is not None:
            tensors[call.whole] = parts
        newest = None
        for node, part in zip(call.outputs, parts, strict=False):
            if node is not None:
                tensors[node] = part
                if hasattr(part, "grad_fn") and part.grad_fn is not None:
                    newest = (node, part)
        if newest is None and call.whole is not None:
            part = next((p for p in parts if getattr(p, "grad_fn", None) is not None), None)
            newest = None if part is None else (call.whole, part)
        if newest is not None:
            yield newest


def _call(graph: Graph, call: TorchCall, tensors: list[Any], taps: list[Tap], group: int | None) -> Any:
    import torch

    given: list[Any] = []

    def place(value: Any) -> Any:
        if isinstance(value, Ref):
            found = tensors[value.node]
            if group is not None and found.requires_grad:
                found = found.view_as(found)
                taps.append(Tap(group, value.node, found))
            given.append(found)
            return found
        if isinstance(value, (tuple, list)):
            return [place(entry) for entry in value]
        if isinstance(value, torch.dtype) and value.is_floating_point:
            return torch.float64
        return value

    arguments = [place(value) for value in call.arguments]
    keywords = {key: place(value) for key, value in call.keywords}
    function: Any = call.function
    if isinstance(function, type):
        function = function.apply  # type: ignore[attr-defined]  # a torch.autograd.Function
    try:
        out = function(*arguments, **keywords)
    except Exception as problem:
        raise CompareError(f"torch refuses `{name_of(graph, call)}` again: {first_line(problem)}") from problem
    if isinstance(out, torch.Tensor) and any(out is tensor for tensor in given):
        # one tensor for two of our nodes would give both the gradient of both
        out = out.view_as(out)
    return out


def name_of(graph: Graph, call: TorchCall) -> str:
    """What a call is called in a sentence: the name of the node it makes."""
    node = next((k for k in (call.whole, *call.outputs) if k is not None), None)
    return str(call.function) if node is None else graph.names[node]

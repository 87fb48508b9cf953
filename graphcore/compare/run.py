"""The same graph under torch autograd, in float64, with this run's leaf values and seeds.

Nothing global is touched: grad mode and inference mode are thread-local and put back, dtypes and devices are given
explicitly, no random number is drawn. torch is imported at the first comparison.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.compare.edges import op_at
from graphcore.compare.recorded import Tap, run_calls
from graphcore.errors import CompareError, first_line
from graphcore.graph import Graph
from graphcore.ops import Op, StaticsKey
from graphcore.ops.namespaces import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphcore.backprop import Trace

# freeing a deeper autograd graph can overflow the C stack of the interpreter
LIMIT = 30_000


class Row(NamedTuple):
    """One node's torch call: the compiled text, what it is called with, and whether numbers must become tensors."""

    node: int
    kernel: Kernel
    arguments: tuple[int, ...]
    tensors_only: bool


class Forward(NamedTuple):
    """The tensors of one forward pass under autograd, by node index, and of the array literals."""

    tensors: list[Any]
    literals: list[Any]


@lru_cache(maxsize=1)
def _namespace() -> Mapping[str, Any]:
    import torch

    return {"torch": torch, "F": torch.nn.functional, "pow": operator.pow}


@lru_cache(maxsize=2048)
def _kernel(op: Op, statics: StaticsKey) -> Kernel:
    return op.torch.compile(op.operands, _namespace(), dict(statics.pairs))


def rows(graph: Graph) -> list[Row]:
    """The torch calls of a graph, in order; made once per graph."""
    made: list[Row] | None = vars(graph).get("_torch_rows")
    if made is None:
        made = []
        for index, (op, arguments) in enumerate(zip(graph.ops, graph.arguments, strict=True)):
            if op is not None:
                # torch.sin(2.0) is an error: a call without any tensor gets tensors for its numbers
                tensors_only = not op.takes_numbers or all(k < 0 for k in arguments)
                made.append(Row(index, _kernel(op, StaticsKey(graph.statics[index])), arguments, tensors_only))
        # kept on the graph itself, so that they live as long as it does
        vars(graph)["_torch_rows"] = made
    return made


def refuse_large(graph: Graph) -> None:
    """Raise :class:`CompareError` for a graph whose autograd graph would be too deep to free safely."""
    if len(graph) > LIMIT:
        raise CompareError(
            f"this graph has {len(graph):,} nodes; the comparison with torch stops at {LIMIT:,}, "
            "because freeing a deeper autograd graph can crash the interpreter."
        )


@contextmanager
def autograd_on() -> Iterator[None]:
    """Gradients are recorded inside, whatever the caller's thread has set; put back afterwards."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        yield


def tensor(value: Any, wants: bool = False) -> Any:
    """A fresh float64 tensor on the CPU; whole numbers and truth values, as recorded graphs have them, stay such."""
    import torch

    if isinstance(value, np.ndarray) and value.dtype.kind in "biu":
        return torch.tensor(value, device="cpu")
    return torch.tensor(value, dtype=torch.float64, device="cpu", requires_grad=wants)


def leaves(graph: Graph, values: Mapping[int, Any]) -> Forward:
    """Fresh tensors for the leaves of a graph; the places of the other nodes are still None."""
    tensors: list[Any] = [None] * len(graph)
    for index, value in values.items():
        tensors[index] = tensor(value, index not in graph.constants)
    literals = [literal.value if type(literal.value) is float else tensor(literal.value) for literal in graph.literals]
    return Forward(tensors, literals)


def apply(graph: Graph, row: Row, made: Forward) -> Any:
    """One node's torch call; numbers inside it stay Python numbers unless torch insists on tensors."""
    tensors, literals = made
    operands = [tensors[k] if k >= 0 else literals[-1 - k] for k in row.arguments]
    try:
        out = None if row.tensors_only else _as_numbers(row.kernel, operands)
        if out is None:
            out = row.kernel(*[tensor(v) if type(v) is float else v for v in operands]).double()
    except Exception as problem:
        raise _refusal(graph, row, problem) from problem
    if any(out is v for v in operands):
        # one tensor for two of our nodes would give both the gradient of both
        out = out.view_as(out)
    return out


def _as_numbers(kernel: Kernel, operands: list[Any]) -> Any:
    """The call with Python numbers as a person would write it; None where torch wants tensors for them.

    torch.maximum takes no numbers, and torch.where of two numbers answers in float32.
    """
    import torch

    try:
        out = kernel(*operands)
    except TypeError:
        return None
    return out if out.dtype is torch.float64 else None


def _refusal(graph: Graph, row: Row, problem: Exception) -> CompareError:
    op = op_at(graph, row.node)
    return CompareError(f"torch refuses `{graph.names[row.node]}` (`{op.torch.text}`): {first_line(problem)}")


def calls(graph: Graph, made: Forward, taps: list[Tap] | None = None) -> Iterator[tuple[int, Any]]:
    """Run the torch calls of a graph one by one: after each one the node it made and its tensor."""
    if graph.recorded is not None:
        yield from run_calls(graph, made.tensors, [] if taps is None else taps)
        return
    for row in rows(graph):
        out = made.tensors[row.node] = apply(graph, row, made)
        yield row.node, out


def forward(run: Trace, taps: list[Tap] | None = None) -> Forward:
    """The whole graph under autograd; call it inside :func:`autograd_on`."""
    graph = run.graph
    made = leaves(graph, {k: run.argument(k) for k in graph.leaf_values})
    for _ in calls(graph, made, taps):
        pass
    return made


def release(made: Forward) -> None:
    """Free an autograd graph from its output on, one node at a time, so that no free is deep."""
    tensors = made.tensors
    while tensors:
        tensors.pop()


def forward_values(run: Trace) -> list[Any]:
    """torch's forward value of every node; our own inside of what torch does in one call."""
    with autograd_on():
        made = forward(run)
        values = [run.argument(k) if value is None else _value(value) for k, value in enumerate(made.tensors)]
        release(made)
    return values


def _value(found: Any) -> Any:
    if isinstance(found, tuple):
        return tuple(_value(part) for part in found)
    return _number(found.detach()) if found.dtype.is_floating_point else found.detach().numpy()


class Repeated(NamedTuple):
    """torch's numbers: the gradient of every node (None where none flows) and the outputs' values.

    ``returned`` is what the backward of each hand-written Function returned, by group and by node it went to.
    """

    gradients: list[Any]
    outputs: dict[int, Any]
    returned: dict[tuple[int, int], Any]


def repeat(run: Trace) -> Repeated:
    """torch's gradient of every node, from one call of ``torch.autograd.grad``.

    Numbers are floats or float64 arrays. Raises :class:`CompareError` above 30,000 nodes and where torch refuses an op.
    """
    graph = run.graph
    refuse_large(graph)
    taps: list[Tap] = []
    with autograd_on():
        made = forward(run, taps)
        tensors = made.tensors
        gradients: list[Any] = [None] * len(graph)
        returned: dict[tuple[int, int], Any] = {}
        outputs = {k: _number(tensors[k].detach()) for k in graph.output_indices}
        seeded = [k for k in run.seeds if tensors[k].requires_grad]
        wanted = [k for k, active in enumerate(graph.active) if active and getattr(tensors[k], "requires_grad", False)]
        if seeded and wanted:
            found: Sequence[Any] = _autograd(
                [tensors[k] for k in seeded],
                [*(tensors[k] for k in wanted), *(tap.tensor for tap in taps)],
                [tensor(run.seeds[k]) for k in seeded],
            )
            for k, gradient in zip(wanted, found, strict=False):
                gradients[k] = None if gradient is None else _number(gradient)
            for tap, gradient in zip(taps, found[len(wanted) :], strict=True):
                sofar = returned.get((tap.group, tap.node))
                part = None if gradient is None else _number(gradient)
                returned[tap.group, tap.node] = part if sofar is None else sofar if part is None else sofar + part
            del found
        taps.clear()
        release(made)
    return Repeated(gradients, outputs, returned)


def _autograd(outputs: list[Any], wanted: list[Any], seeds: list[Any]) -> Sequence[Any]:
    import torch

    try:
        return torch.autograd.grad(outputs, wanted, seeds, allow_unused=True)
    except Exception as problem:
        # a hand-written backward can raise, or return what does not fit its input
        raise CompareError(f"torch's own backward pass failed: {first_line(problem)}") from problem


def _number(found: Any) -> Any:
    if not found.dim():
        return found.item()
    # a ZeroTensor, with which torch says that nothing flows, has no memory to read
    array = found.resolve_conj().numpy() if found.is_conj() else found.numpy(force=found._is_zerotensor())
    return np.asarray(array, dtype=np.float64)

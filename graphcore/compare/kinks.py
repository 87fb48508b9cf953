"""Nodes evaluated exactly where their op is not differentiable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.compare.edges import operands
from graphcore.compare.numbers import number
from graphcore.ops.namespaces import ARRAYS

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.ops import Op


def find_kinks(run: Trace) -> Mapping[int, str]:
    """A sentence for each active node at a kink, by node index.

    Like ``relu is at its kink (z[1] = 0): not differentiable there; torch uses 0.``
    """
    graph = run.graph
    found: dict[int, str] = {}
    with np.errstate(all="ignore"):
        for index, op in enumerate(graph.ops):
            if op is None or op.kink is None or not graph.active[index]:
                continue
            place = kink_place(run, index, op)
            if place is not None:
                says = f"; {op.kink_says}" if op.kink_says else ""
                found[index] = f"{op.name} is at its kink{place}: not differentiable there{says}."
    return found


def kink_place(run: Trace, index: int, op: Op) -> str | None:
    """Where on its operands a node is at a kink: `` (z[1] = 0)``, nothing where no entry can be told; None: nowhere."""
    if op.kink is None or op.variadic or not run.graph.tuples.isdisjoint((index, *run.graph.arguments[index])):
        return None
    own = operands(run, index)
    test = op.kink.compile((*op.operands, "y"), ARRAYS, dict(run.graph.statics[index]))
    at = np.asarray(test(*own, np.asarray(run.argument(index))))
    if not at.any():
        return None
    mentioned = [k for k, name in enumerate(op.operands) if name in op.kink.names]
    return _place(run, index, own, at, mentioned or list(range(len(own))))


def _place(run: Trace, index: int, own: list[Any], at: Any, slots: list[int]) -> str:
    arguments = run.graph.arguments[index]
    spread = np.broadcast_shapes(*[own[k].shape for k in slots])
    if at.shape not in ((), spread):
        return ""
    count = int(at.sum())
    if at.shape == () and spread != ():
        whole = own[slots[0]]
        if not whole.size or not np.all(whole == whole.flat[0]):
            return f" (in {run.graph.names[arguments[slots[0]]]})" if arguments[slots[0]] >= 0 else ""
        return f" ({run.graph.names[arguments[slots[0]]]} = {number(whole.flat[0])})" if arguments[slots[0]] >= 0 else ""
    where = tuple(int(k) for k in np.argwhere(at)[0])
    terms = []
    for slot in slots:
        if arguments[slot] >= 0:
            entry = where[len(where) - own[slot].ndim :] if own[slot].ndim else ()
            entry = tuple(0 if n == 1 else k for k, n in zip(entry, own[slot].shape, strict=True))
            subscript = f"[{', '.join(map(str, entry))}]" if entry else ""
            terms.append(f"{run.graph.names[arguments[slot]]}{subscript}")
    value = number(np.broadcast_to(own[slots[0]], spread)[where])
    more = f" and {count - 1} more" if count > 1 else ""
    return f" ({' = '.join(terms)} = {value}{more})"

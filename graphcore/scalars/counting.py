"""How many scalars a graph is, if every one of them were a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from graphcore.graph import Graph

Count = Callable[[Graph, int], int]


def scalar_count(graph: Graph) -> int:
    """The nodes of the graph drawn scalar by scalar, with operations of one or two numbers.

    Every entry of a leaf is one, every sum of two, product of two, power or function of a number is one; numbers that
    only move (a transpose, a reshape) are none. A matrix product of inner size n takes n products and n - 1 sums an
    entry; with a bias one sum more. An op that the table below does not know counts as one node an entry.

    >>> from graphcore.graph import Builder
    >>> b = Builder(); w, x = b.leaf("W", [[1.0, 2.0], [3.0, 4.0]]), b.leaf("x", [1.0, 1.0])
    >>> y = b.apply("matvec", w, x)
    >>> scalar_count(b.graph())  # 6 entries of leaves, 2 * (2 products + 1 sum)
    12
    """
    total = 0
    for node, op in enumerate(graph.ops):
        if op is None:
            total += prod(graph.shapes[node])
        elif not op.plumbing:
            count = _COUNTS.get(op.name)
            total += prod(graph.shapes[node]) if count is None else count(graph, node)
    return total


def _shape(graph: Graph, node: int, slot: int) -> tuple[int, ...]:
    arguments = graph.arguments[node]
    if slot >= len(arguments):
        return ()
    k = arguments[slot]
    literal = getattr(graph.literals[-1 - k].value, "shape", ()) if k < 0 else ()
    return graph.shapes[k] if k >= 0 else literal


def _products(more: int, operand: int = 0) -> Count:
    """n products and n - 1 sums an entry, and ``more``."""

    def count(graph: Graph, node: int) -> int:
        n = (_shape(graph, node, operand) or (1,))[-1]
        return prod(graph.shapes[node]) * max(0, 2 * n - 1 + more)

    return count


def _convolution(graph: Graph, node: int) -> int:
    n = prod(_shape(graph, node, 1)[1:])
    return prod(graph.shapes[node]) * (2 * n - 1 + (len(graph.arguments[node]) > 2))


def _reduced(each: int, end: int) -> Count:
    """``each`` nodes an entry that is reduced, one sum less than there are entries, and ``end``."""

    def count(graph: Graph, node: int) -> int:
        size, results = prod(_shape(graph, node, 0)), prod(graph.shapes[node])
        n = size // max(results, 1)
        return size * each + results * (max(n - 1, 0) + (end if n > 1 or each else 0))

    return count


def _softmax(an_entry: int, a_group: int) -> Count:
    def count(graph: Graph, node: int) -> int:
        shape = graph.shapes[node] or (1,)
        n: int = shape[dict(graph.statics[node]).get("axis", -1)]
        groups = prod(shape) // max(n, 1)
        return prod(shape) * an_entry + groups * (max(n - 1, 0) + a_group)

    return count


def _squared_error(graph: Graph, node: int) -> int:
    size = prod(_shape(graph, node, 0))
    ending = {0: 0, 1: size if size > 1 else 0, 2: size - 1}[dict(graph.statics[node]).get("reduction", 1)]
    return 2 * size + ending


_COUNTS: Mapping[str, Count] = {
    **dict.fromkeys(("matmul", "matvec", "vecmat", "dot", "vdot", "mm", "bmm", "mv"), _products(0)),
    **dict.fromkeys(("matmul_batched", "matvec_batched", "vecmat_batched"), _products(0)),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), _products(1, 1)),
    "linear": _products(1),
    **dict.fromkeys(("convolution", "_convolution"), _convolution),
    **dict.fromkeys(("sum", "prod", "max", "min", "amax", "amin"), _reduced(0, 0)),
    "mean": _reduced(0, 1),
    "norm": _reduced(1, 1),
    "logsumexp": _reduced(1, 1),
    "softmax": _softmax(2, 0),
    "log_softmax": _softmax(2, 1),
    "mse_loss": _squared_error,
}

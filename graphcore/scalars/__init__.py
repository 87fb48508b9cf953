"""Down to scalars: any entry of any node as a node of its own, with what it comes from and goes to.

A scalar is opened one at a time: its neighbours are read off one row and one column of the local Jacobians, nothing is
ever laid out in full.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphcore.backprop import Trace
from graphcore.scalars.counting import scalar_count
from graphcore.scalars.links import Link, Links, came_from, goes_to, gradient_at, seed_at
from graphcore.scalars.places import Entry, entry_of, label, number_at, position_of
from graphcore.scalars.table import written
from graphcore.scalars.words import about
from graphcore.scalars.writing import At, Quantity, Written, bracketed

__all__ = ["At", "Link", "Links", "Quantity", "Scalar", "Written", "bracketed", "entry_of", "label", "scalar", "scalar_count"]


@dataclass(frozen=True)
class Scalar:
    """One entry of a node: its value, its gradient (the sum that arrives), and its edges on both sides.

    ``seed`` is what was put in here, the starting gradient, None where nothing was. ``written`` is the right side of its
    equation, ``says`` are sentences about its gradient. The gradient is the seed and the ``downstream`` of all edges of
    ``to`` together.
    """

    node: int
    name: str
    entry: Entry
    value: float
    gradient: float | None
    seed: float | None
    came: Links
    to: Links
    written: Written
    says: tuple[str, ...] = ()


def scalar(run: Trace, node: str | int, entry: Entry = (), *, came: int = 0, to: int = 0, limit: int = 24) -> Scalar:
    """Entry ``entry`` of a node, opened; ``came`` and ``to`` are the first edges shown of each side, at most ``limit``.

    Of a node with several parts the first index is the part. Raises :class:`~graphcore.errors.EntryError` for an entry
    that is not there and KeyError for a name that is not.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); w, x = b.leaf("W", [[1.0, 2.0], [3.0, 4.0]]), b.leaf("x", [5.0, 6.0])
    >>> z = b.apply("matvec", w, x, name="z"); y = b.apply("sum", z, name="y")
    >>> run = trace(b.graph())
    >>> opened = scalar(run, "z", (1,))
    >>> opened.written.symbols(run), opened.written.numbers(run), opened.gradient
    ('W[1,0]·x[0] + W[1,1]·x[1]', '3·5 + 4·6', 1.0)
    >>> [(link.node, link.entry, link.downstream) for link in scalar(run, "x", (0,)).to.shown]
    [(2, (0,), 1.0), (2, (1,), 3.0)]
    """
    index = run.graph.index(node) if isinstance(node, str) else range(len(run.graph))[node]
    position = position_of(run, index, entry)
    gradient = gradient_at(run, index, position)
    seed = seed_at(run, index, position)
    edges = goes_to(run, index, position, to, limit)
    return Scalar(
        node=index,
        name=label(run.graph.names[index], entry),
        entry=entry,
        value=number_at(run, index, position),
        gradient=gradient,
        seed=seed,
        came=came_from(run, index, position, came, limit),
        to=edges,
        written=written(run, index, position),
        says=about(run.graph, index, gradient, seed, edges),
    )

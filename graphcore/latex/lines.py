"""One line of a derivation, and the pieces it is put together from: each in LaTeX and as a math tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from graphcore.graph import Edge
from graphcore.latex.pieces import Ref


class Line(NamedTuple):
    """One line: the step it belongs to (an index into ``graph.backward_edges``, -1 for the seed), math trees, LaTeX.

    A line that states the forward value of a node has its number in ``node`` and the position -2.
    ``symbols`` and ``numbers`` are math trees; ``latex`` is both in one, without dollar signs.
    """

    position: int
    symbols: Any
    numbers: Any
    latex: str
    node: int | None = None


class Pair(NamedTuple):
    """The same piece in LaTeX and as a math tree."""

    latex: str
    math: Any


def join(*pieces: Pair | str) -> Pair:
    """Pieces and signs side by side."""
    latex: list[str] = []
    math: list[Any] = ["mrow"]
    for piece in pieces:
        if isinstance(piece, str):
            latex.append(_SIGNS.get(piece, piece))
            math.append(["mo", piece.replace("-", "\u2212")])
        else:
            latex.append(piece.latex)
            math.append(piece.math)
    return Pair(" ".join(latex), math)


_SIGNS = {"·": r"\cdot", "×": r"\times", "…": r"\dots"}


def towards(edges: list[tuple[int, Edge]], node: int) -> list[tuple[int, Edge]]:
    """The edges on the way to a node, in the order of the backward pass."""
    reached, found = {node}, []
    for position, edge in reversed(edges):
        if edge.source in reached:
            reached.add(edge.target)
            found.append((position, edge))
    return found[::-1]


def refs(parts: Sequence[Any]) -> list[Ref]:
    """The holes of a printed formula."""
    return [part for part in parts if isinstance(part, Ref)]


def filled(content: Any, write: Callable[[Ref], Any]) -> Any:
    """A printed math tree with every hole written by ``write``."""
    if isinstance(content, Ref):
        return write(content)
    return [filled(item, write) for item in content] if isinstance(content, list | tuple) else content

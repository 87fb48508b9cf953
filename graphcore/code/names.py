"""What nodes are called in a program."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

from graphcore.code.idioms import HELPERS
from graphcore.graph import Graph

# what the rows' texts and the helpers call
_CALLED = {"print", "len", "int", "float", "range", "tuple", "slice", "isinstance", "sorted", "zip", "enumerate", "ValueError"}
_CALLED |= {"max", "min", "abs", "sum"}
_RESERVED = frozenset({"np", "torch", "F", "math", *keyword.kwlist, *_CALLED, *HELPERS})
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def variables(graph: Graph, more: Collection[str] = ()) -> list[str]:
    """A Python name for every node: its own where that is one, and none that hides another, a function or one of ``more``.

    >>> from graphcore.graph import Builder
    >>> b = Builder(); x = b.leaf("0.weight", 1.0); y = b.leaf("sum", 2.0); z = b.leaf("w", 2.0)
    >>> variables(b.graph())
    ['p0_weight', 'sum_', 'w']
    """
    taken: set[str] = {*_RESERVED, *more}
    names: list[str] = []
    for name in graph.names:
        plain = name if _PLAIN.fullmatch(name) else _made_plain(name)
        while plain in taken:
            plain += "_"
        taken.add(plain)
        names.append(plain)
    return names


def _made_plain(name: str) -> str:
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"p{plain}" if plain[:1].isdigit() or not plain else plain


def gradient_variables(graph: Graph, more: Collection[str] = ()) -> list[str]:
    """What the gradient of every node is called: ``d`` and its name, with more in front where that is taken."""
    names = variables(graph, more)
    taken = {*names, *_RESERVED, *more}
    found: list[str] = []
    for name in names:
        gradient = f"d{name}"
        while gradient in taken:
            gradient = f"grad_{gradient}"
        taken.add(gradient)
        found.append(gradient)
    return found

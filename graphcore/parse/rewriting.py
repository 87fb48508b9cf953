"""Numbers back into the text: the program with other values for its leaves."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from graphcore.errors import GraphError, UnknownNameError
from graphcore.graph import Builder, Graph, Span
from graphcore.parse.reader import Line

_ENTRY = re.compile(r"#.*|(?:[-+]\s*)?(?:(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?|\binf\b|\bnan\b)")


class EntrySpans(Mapping[int, tuple[Span, ...]]):
    """Per leaf written as plain numbers, where each entry's literal stands; found when asked for."""

    def __init__(self, literals: Mapping[int, tuple[Line, ast.expr]], builder: Builder) -> None:
        sizes = {index: math.prod(builder.shape(index)) for index in literals}
        self._literals = dict(literals)
        self._sizes = sizes
        self._found: dict[int, tuple[Span, ...] | None] = {}

    def _spans(self, index: int) -> tuple[Span, ...] | None:
        if index not in self._found:
            line, node = self._literals[index]
            spans = tuple(_entries(line, node))
            self._found[index] = spans if len(spans) == self._sizes[index] else None
        return self._found[index]

    def __getitem__(self, index: int) -> tuple[Span, ...]:
        spans = self._spans(index)
        if spans is None:
            raise KeyError(index)
        return spans

    def __iter__(self) -> Iterator[int]:
        return (index for index in self._literals if self._spans(index) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _entries(line: Line, node: ast.expr) -> Iterator[Span]:
    first, start, last, end = line.span(node)
    rows = line.text.split("\n")
    for number in range(first, last + 1):
        shift = line.offset if number == line.number else 0
        row = " " * shift + rows[number - line.number]
        begin, stop = (start if number == first else 0), (end if number == last else len(row))
        for found in _ENTRY.finditer(row, begin, stop):
            if found.group()[0] != "#":
                yield (number, found.start(), number, found.end())


def shortest(value: float) -> str:
    """The shortest text that reads back as the same float64; whole numbers without a point.

    >>> shortest(2.0), shortest(0.1), shortest(-0.0), shortest(1e300)
    ('2', '0.1', '-0.0', '1e+300')
    """
    value = float(value)
    if value.is_integer() and abs(value) < 1e15 and not (value == 0 and math.copysign(1, value) < 0):
        return str(int(value))
    return repr(value)


def rewrite(text: str, graph: Graph, values: Mapping[str, Any]) -> str:
    """The program with other values for some of its leaves; every other character stays.

    ``values`` maps leaf names to numbers of the leaf's shape. Entries written as plain numbers are replaced one by
    one where they differ; any other right side (``randn(3, 2)``, ``1/3``) is replaced as a whole. Raises
    :class:`GraphError` for another shape, KeyError for a name that is no leaf.

    >>> from graphcore.parse import parse
    >>> program = "x = [1, 2.50]  # data\\nw = 1/3\\nf = sum(w * x)"
    >>> print(rewrite(program, parse(program), {"x": [1, 4], "w": 0.5}))
    x = [1, 4]  # data
    w = 0.5
    f = sum(w * x)
    """
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    edits: list[tuple[int, int, str]] = []
    for name, given in values.items():
        index = graph.index(name)
        if index not in graph.leaf_values:
            raise UnknownNameError("leaf", name, [node.name for node in graph.leaves])
        edits += [(starts[a - 1] + b, starts[c - 1] + d, put) for (a, b, c, d), put in _edits(graph, index, given)]
    pieces = []
    at = 0
    for begin, end, put in sorted(edits):
        pieces += [text[at:begin], put]
        at = end
    return "".join(pieces) + text[at:]


def _edits(graph: Graph, index: int, given: Any) -> Iterator[tuple[Span, str]]:
    name, shape = graph.names[index], graph.shapes[index]
    try:
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise GraphError(f"the value for `{name}` is not numbers of one regular shape.") from None
    if array.shape != shape:
        raise GraphError(f"`{name}` has shape {shape}; the value given has shape {array.shape}.")
    spans = graph.source.entry_spans.get(index)
    if spans is not None:
        old = np.ravel(graph.leaf_values[index])
        for span, was, new in zip(spans, old, array.ravel(), strict=True):
            if not (was == new and math.copysign(1, was) == math.copysign(1, new)) and not (was != was and new != new):
                yield span, shortest(new)
        return
    whole = graph.spans.get(index)
    if whole is None:
        raise GraphError(f"`{name}` does not stand in a program text.")
    literal = _literal(array)
    yield whole, f"const({literal})" if index in graph.constants else literal


def _literal(array: Any) -> str:
    if array.ndim == 0:
        return shortest(float(array))
    if array.size == 0:
        return f"zeros{array.shape}"
    return "[" + ", ".join(_literal(part) for part in array) + "]"

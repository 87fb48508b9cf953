"""The logical lines of a program: their text, and where its parts stood."""

from __future__ import annotations

import ast
from collections import Counter
from typing import NamedTuple

from graphcore.graph import Span


class Line(NamedTuple):
    """One logical line of code: ``text`` starts at column ``offset`` of physical line ``number`` (from 1)."""

    number: int
    offset: int
    text: str

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a syntax node stands in the program: lines from 1, columns in code points from 0."""
        first, last = node.lineno, node.end_lineno or node.lineno
        start, end = node.col_offset, node.end_col_offset or 0
        if not self.text.isascii():
            rows = self.text.split("\n")
            start = _code_points(rows[first - 1], start)
            end = _code_points(rows[last - 1], end)
        shift = self.number - 1
        return (first + shift, start + self.offset * (first == 1), last + shift, end + self.offset * (last == 1))

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """The text of a syntax node as it was written."""
        text = self.text
        if "\n" not in text and text.isascii():
            return text[node.col_offset : node.end_col_offset]
        first, start, last, end = self.span(node)
        rows = text.split("\n")[first - self.number : last - self.number + 1]
        if last == self.number:
            end -= self.offset
        if first == self.number:
            start -= self.offset
        rows[-1] = rows[-1][:end]
        rows[0] = rows[0][start:]
        return " ".join(row.strip() for row in rows)


def _code_points(row: str, column: int) -> int:
    return column if row.isascii() else len(row.encode()[:column].decode(errors="ignore"))


class Program(NamedTuple):
    """A text read: its physical lines, its logical lines of code, and how many lines of each kind were skipped."""

    text: str
    rows: list[str]
    lines: list[Line]
    skipped: Counter[str]


def rows_of(text: str) -> list[str]:
    """The physical lines, by any of the three line endings."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

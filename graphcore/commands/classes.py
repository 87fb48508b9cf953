"""A class as text and as JSON: a line for each hand-in, and which mistakes were made how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from graphcore.check.rows import MistakeCount, Row, mistake_counts
from graphcore.commands.output import aligned, columns, dump, printable
from graphcore.compare.numbers import plural

SIGNS = {"right": "=", "wrong": "≠", "unproven": "0", "unread": "!"}


def line(row: Row, width: int) -> str:
    """A hand-in in one line: the verdict, the file, the share right after mending, the origins with their mistakes.

    >>> line(Row("ann.dat", "", "wrong", ("s",), ("wrong-sign",), 1.0, "One."), 8)
    '≠ wrong     ann.dat   100 %  s: wrong-sign'
    """
    share = "" if row.mended is None else f"{100 * row.mended:.0f} %"
    origins = ", ".join(f"{node}: {mistake}" for node, mistake in zip(row.origins, row.mistakes, strict=False))
    file = printable(row.file).replace("\n", " ")
    told = printable(origins or row.error or row.sentence).replace("\n", " ")
    return f"{SIGNS[row.verdict]} {row.verdict:<8}  {file}{' ' * (width - columns(file))}  {share:>5}  {told}"


def summary(rows: Sequence[Row]) -> str:
    """``12 hand-ins: 3 right, 8 wrong, 1 unread.``"""
    count: Counter[str] = Counter(row.verdict for row in rows)
    return f"{plural(len(rows), 'hand-in')}: {', '.join(f'{count[verdict]} {verdict}' for verdict in SIGNS if count[verdict])}."


def counts_text(counts: Sequence[MistakeCount]) -> list[str]:
    """The table of mistakes as lines; none where none was made."""
    if not counts:
        return []
    return ["", *aligned([("mistake", "times", "hand-ins"), *((c.mistake, str(c.times), str(c.files)) for c in counts)])]


def class_json(rows: Sequence[Row]) -> str:
    """Rows and counts as one JSON object."""
    return dump({"rows": [row._asdict() for row in rows], "mistakes": [count._asdict() for count in mistake_counts(rows)]})

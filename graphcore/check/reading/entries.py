"""What a reading of text gives: its arrays with what stands around them."""

from __future__ import annotations

from typing import NamedTuple

from graphcore.check.reading.values import Value

ARRAYS = 100_000  # that one text may hold


class Entry(NamedTuple):
    """An array of the text: its value, label, the run and the section that headings put it in, and its line from 1."""

    value: Value
    label: str
    line: int
    run: str = ""
    section: str = ""
    role: str = ""
    column: str = ""


class Scanned(NamedTuple):
    """All arrays of a text in its order, and sentences on what was not read."""

    entries: list[Entry]
    notes: list[str]

"""The CSV form: a header of labels, then rows that are runs or points, one array or number a cell."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from graphcore.check.reading.blocks import NUMBER, NUMBERS, Block
from graphcore.check.reading.entries import ARRAYS, Entry, Scanned
from graphcore.check.reading.labels import is_run_name, label_of, looks_like_gradient, run_heading
from graphcore.check.reading.values import Value, array, value_at
from graphcore.errors import ReadError

_CELL = {
    mark: re.compile(rf'[ ]*"([^"]*(?:""[^"]*)*)"[ ]*(?={re.escape(mark)}|\n|\Z)|([^{re.escape(mark)}\n]*)') for mark in ",;\t"
}
_HEAD = 20_000


class Cell(NamedTuple):
    """A cell's text and where in the file it starts."""

    text: str
    start: int


def records(text: str, mark: str, most: int | None = None) -> list[list[Cell]]:
    """The records of a table; quoted cells go on over lines.

    >>> [[cell.text for cell in record] for record in records('a,b\\n"1,\\n2",3\\n', ",")]
    [['a', 'b'], ['1,\\n2', '3']]
    """
    found: list[list[Cell]] = []
    row: list[Cell] = []
    at, cells = 0, 0
    while at <= len(text) and (most is None or len(found) < most):
        cell = _CELL[mark].match(text, at)
        assert cell is not None
        quoted = cell[1] is not None
        row.append(Cell(cell[1].replace('""', '"') if quoted else cell[2].strip(), cell.start(1) if quoted else at))
        cells += 1
        if cells > 4 * ARRAYS:
            raise ReadError(f"there are more than {4 * ARRAYS:,} cells in the table; that is the most read at once.")
        at = cell.end()
        ended = at >= len(text)
        if ended or text[at] == "\n":
            if len(row) > 1 or row[0].text:
                found.append(row)
            row = []
        if ended:
            break
        at += 1
    return found


def table_mark(text: str) -> str:
    """The mark between the cells if a text is a table with a header of labels, "" if it is none.

    >>> table_mark(',dw1,db1\\n0,"[1. 2.]",0.5\\n'), table_mark("W1: [1, 2]")
    (',', '')
    """
    start = re.match(r"\s*", text)
    line = text[start.end() if start else 0 :].partition("\n")[0]
    for mark in ",;\t":
        if mark not in line or len(line) > _HEAD:
            continue
        first = records(text.lstrip("\n "), mark, 2)
        if len(first) == 2 and len(first[0]) == len(first[1]) and _is_header(first[0]) and _has_values(first[1]):
            return mark
    return ""


def _is_header(row: list[Cell]) -> bool:
    texts = [cell.text for cell in row]
    if any(NUMBER.fullmatch(text) or text[:1] in ("[", "{", "(") or "=" in text or ": " in text for text in texts):
        return False
    return all(texts[1:])


def _has_values(row: list[Cell]) -> bool:
    filled = [cell for cell in row[1:] if cell.text]
    values = sum(_value(cell, NUMBERS) is not None for cell in filled)
    return values > 0 and 2 * values >= len(filled)


def _value(cell: Cell, room: int) -> Value | None:
    text = cell.text.strip()
    if NUMBER.fullmatch(text):
        return array(Block([text], (), {}), 0, "number", float(np.finfo(float).eps))
    return value_at(text, 0, room)


def read_table(text: str, mark: str) -> Scanned:
    """Every cell with an array or a number as an entry; a row is a run, and a first cell in words is its label.

    >>> [(found.label, found.run) for found in read_table('epoch,w1\\n1,0.5\\n2,0.25\\n', ",").entries]
    [('w1', 'epoch 1'), ('w1', 'epoch 2')]
    """
    rows = records(text, mark)
    header, body = rows[0], rows[1:]
    starts = [found.start() for found in re.finditer("\n", text)]
    long = all(row[0].text and _value(row[0], NUMBERS) is None for row in body)
    entries: list[Entry] = []
    notes: list[str] = []
    numbers = 0
    for place, row in enumerate(body, 1):
        index = "" if long else _index(header[0].text, row[0].text, place, len(body))
        taken = 0 if index is None else 1
        for title, cell in list(zip(header, row))[taken:]:
            line = int(np.searchsorted(starts, cell.start)) + 1
            value = _value(cell, NUMBERS - numbers)
            label = label_of(row[0].text) if long else label_of(title.text)
            if value is None or value.problem:
                if cell.text:
                    problem = value.problem if value else "it holds neither an array nor a number"
                    notes.append(f"`{label[:60]}` (line {line}) is left out: {problem}.")
                continue
            if value.note:
                notes.append(f"`{label[:60]}` (line {line}): {value.note}.")
            numbers += value.numbers.size
            run, rest = run_heading(label) if long else ("", label)
            column = title.text if long and len(header) > 2 else ""
            role = "gradient" if looks_like_gradient(title.text) or looks_like_gradient(label) else value.role
            many = f"row {place}" if len(body) > 1 else ""
            name = run if run and rest else "" if long else (many if index is None else index)
            entries.append(Entry(value, rest if run and rest else label, line, name, "", role, column))
            if len(entries) > ARRAYS:
                raise ReadError(f"there are more than {ARRAYS:,} cells with numbers; that is the most read at once.")
    return Scanned(entries, notes)


def _index(title: str, text: str, place: int, rows: int) -> str | None:
    """The name that the first cell of a row gives it; None where that cell is numbers like the others."""
    if not title and (text.isdigit() or not text):
        return f"row {text or place}" if rows > 1 else ""
    if is_run_name(title) and NUMBER.fullmatch(text):
        return f"{title} {text}"
    if title.lower() in ("index", "id", "n", "#", "no", "nr", "k", "i") and text.isdigit():
        return f"{title} {text}"
    return None

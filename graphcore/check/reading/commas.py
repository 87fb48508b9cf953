"""Decimal commas, as the spreadsheets of many countries save them: made points where nothing else can be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from graphcore.errors import ReadError

_NUMBER = r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?"
# a cell of nothing else, in quotes or not; of the first one a label may stand before it
_COMMA = re.compile(rf'(?:[^"\n]*[:=])?[ ]*(("?)[ ]*({_NUMBER})[ ]*\2)[ ]*')
_POINT = re.compile(r'[ ]*"?[ ]*([+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?)[ ]*"?[ ]*')
_SEVERAL = re.compile(r'[ ]*"?[ ]*([+-]?[0-9][0-9.,]*[.,][0-9]*[.,][0-9.,]*)[ ]*"?[ ]*')
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_ROW = re.compile(r"^(?:[^\n\[\](){}]*[:=][ ]*)?([+-]?[0-9]+(?:,[+-]?[0-9]+)+)[ ]*$", re.MULTILINE)
_LABEL = re.compile(r"[^\s\[\](){}:=0-9][^\s\[\](){}:=]*")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_CELLS = {mark: re.compile(rf'[ ]*"[^"\n]*"[ ]*(?={mark}|$)|[^{mark}\n]*') for mark in (";", "\t", ",")}
_LINE = re.compile(r'^[^\n]*[;\t"][^\n]*$', re.MULTILINE)
_BRACKET = re.compile(r"[\[\](){}]")
_LONGEST = 200  # characters of a cell


class _Found(NamedTuple):
    """A cell that holds a number: where that stands in the text, ``whole`` with its quotes, and the mark between the cells."""

    start: int
    text: str
    whole: str
    mark: str


def with_points(text: str, name: str) -> tuple[str, list[str]]:
    """The text with points for decimal commas, every character in its place, and the sentence that says so.

    Raises ReadError where a comma may part two numbers or be a decimal comma.

    >>> with_points("x;w\\n0,29;0,18\\n", "a.csv")
    ('x;w\\n0.29;0.18\\n', ['Commas were read as decimal points: `0,29` is 0.29.'])
    """
    if not re.search(r"[0-9],[0-9]", text):
        return text, []
    cells, odd = _sorted_out(text)
    if not cells:
        _refuse_either(text, name)
        return text, []
    first = cells[0]
    if odd:
        raise ReadError(
            f"{name} writes `{first.text}` (line {_line(text, first)}) and `{odd[0].text}` (line {_line(text, odd[0])}): "
            "which of comma and point is the decimal one cannot be told. Save it with decimal points throughout."
        )
    if all(cell.mark == "," and _THOUSANDS.fullmatch(cell.text) for cell in cells):
        raise ReadError(
            f"`{first.text}` (line {_line(text, first)}) in {name} may be {first.text.replace(',', '.')} or "
            f"{first.text.replace(',', '')}. Save it with decimal points and without marks between the thousands."
        )
    pieces, at = [], 0
    for cell in cells:
        pieces += [text[at : cell.start], cell.whole.replace('"', " ").replace(",", ".")]
        at = cell.start + len(cell.whole)
    return "".join([*pieces, text[at:]]), [
        f"Commas were read as decimal points: `{first.text}` is {first.text.replace(',', '.')}."
    ]


def _sorted_out(text: str) -> tuple[list[_Found], list[_Found]]:
    """The cells with a decimal comma, and those that speak against reading it so."""
    commas, odd = [], []
    for start, cell, mark in _cells(text):
        if len(cell) > _LONGEST:
            continue
        if found := _COMMA.fullmatch(cell):
            if mark != "," or found[2]:
                commas.append(_Found(start + found.start(1), found[3], found[1], mark))
        elif found := _POINT.fullmatch(cell) or _SEVERAL.fullmatch(cell):
            odd.append(_Found(start + found.start(1), found[1], found[1], mark))
    return commas, odd


def _cells(text: str) -> Iterator[tuple[int, str, str]]:
    """The cells of every line that can be a row of a table: where each starts, its text, and the mark between them."""
    depth, at = 0, 0
    for line in _LINE.finditer(text):
        # a line inside brackets is a part of an array
        if "," not in line[0] or _BRACKET.search(line[0]):
            continue
        for bracket in "[({])}":
            depth += text.count(bracket, at, line.start()) * (1 if bracket in "[({" else -1)
        at = line.start()
        if depth > 0:
            continue
        mark = next((mark for mark in (";", "\t") if mark in line[0]), ",")
        place = line.start()
        while place <= line.end():
            cell = _CELLS[mark].match(text, place, line.end())
            assert cell is not None
            yield cell.start(), cell[0], mark
            place = cell.end() + 1


def _refuse_either(text: str, name: str) -> None:
    """ReadError where commas without any point part the cells and the decimals alike."""
    if re.search(r"[0-9]\.[0-9]", text):
        return
    head, body = ([cell.strip() for cell in line.split(",")] for line in (*text.lstrip().split("\n", 2), "")[:2])
    fits = 1 < len(head) < len(body) <= 2 * len(head)
    if fits and all(map(_LABEL.fullmatch, head)) and all(map(_WHOLE.fullmatch, body)):
        raise ReadError(
            f"`{','.join(body)[:40]}` in {name} has {len(body)} numbers under {len(head)} labels: commas seem to stand "
            "between the cells and for decimal points. Save it with semicolons between the cells, or with decimal points."
        )
    for row in _ROW.finditer(text):
        parts = row[1].split(",")
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
        if len(parts) % 2 == 0 and all(whole.lstrip("+-") == "0" and part.isdigit() for whole, part in pairs):
            line = text.count("\n", 0, row.start(1)) + 1
            point = f"{parts[0]}.{parts[1]}"
            raise ReadError(
                f"`{row[1][:40]}` (line {line}) in {name} may be whole numbers or {point} with a decimal comma. "
                f"Write {point}, or put semicolons between the numbers."
            )


def _line(text: str, cell: _Found) -> int:
    return text.count("\n", 0, cell.start) + 1

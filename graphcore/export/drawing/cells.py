"""The half of a node that holds numbers: one number, the entries of a small array, or a picture of a large one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from graphcore.export.drawing.shapes import ADVANCE, COLOURS, Part, Rect, Text
from graphcore.latex import number_text

SIZE = 13.5
CHARACTER = SIZE * ADVANCE
CLOSE = 13.0  # of numbers that stand in columns
LEVELS = 6  # of ink
_NAMED = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def plain(number: float | str) -> float:
    """A number of the picture's data, where nan and the infinities are words."""
    return _NAMED[number] if isinstance(number, str) else number


def fitted(number: float, decimals: int, room: int) -> str:
    """The longest form of a number that fits so many characters.

    >>> fitted(-0.11259, 4, 8), fitted(-0.11259, 4, 5)
    ('−0.1126', '−0.11')
    """
    for places in range(max(decimals, 1), 0, -1):
        text = number_text(number, places)
        if len(text) <= room:
            return text
    digits, _, power = f"{abs(number):.0e}".partition("e")
    return ("−" if number < 0 else "") + digits + (f"e{int(power)}".replace("-", "−") if power else "")


def cell(kind: str, tensor: Any, box: tuple[float, float, float, float], decimals: int, room_right: float = 0) -> Iterator[Part]:
    """The parts that show a tensor of the picture's data in a box ``(x, y, width, height)``; ``kind`` is value or gradient.

    ``room_right`` stays free at the right, for a sign.
    """
    x, y, width, height = box
    colour = COLOURS[kind]
    if isinstance(tensor, dict) and "cells" in tensor:
        yield from _picture(kind, tensor, (x, y, width - room_right, height), decimals)
    elif isinstance(tensor, dict) and tensor["entries"]:
        yield from _entries(kind, tensor, (x, y, width - room_right, height), decimals)
    else:
        known = tensor is not None and not isinstance(tensor, dict)
        room = max(3, int((width - room_right - 3) / CHARACTER))
        text = fitted(plain(tensor), decimals, room) if known else "none" if tensor is None else "empty"
        middle = y + height / 2 + 4.6
        if room_right and known:
            yield Text(x + width - room_right, middle, text, SIZE, colour, "end")
        else:
            yield Text(x + width / 2, middle, text, SIZE, colour if known else COLOURS["off"])


def _entries(kind: str, tensor: Any, box: tuple[float, float, float, float], decimals: int) -> Iterator[Part]:
    x, y, width, height = box
    shape, numbers = tensor["shape"], [plain(number) for number in tensor["entries"]]
    count = len(numbers)
    columns = shape[-1] if len(shape) > 1 else 1 if height >= count * 17 + 4 else count
    rows = count // columns
    pitch, line = min(50, (width - 12) / columns), min(19, (height - 4) / rows)
    left, top = x + (width - pitch * columns) / 2, y + (height - line * rows) / 2
    room = max(3, int((pitch - 2) / 7.8))
    whole = all(number.is_integer() for number in numbers)
    places = 3 if kind == "gradient" else 2
    for k, number in enumerate(numbers):
        text = fitted(number, decimals, room) if count == 1 else _entry(number, places, room, whole)
        at = left + (k % columns + 1) * pitch - 3, top + k // columns * line + line * 0.72
        yield Text(*at, text, CLOSE, COLOURS[kind], "end")


def _entry(number: float, places: int, room: int, whole: bool) -> str:
    """An entry of a small array: few decimals, and no 0 before the point where room is short."""
    if not math.isfinite(number) or (whole and abs(number) < 1e4):
        return number_text(number)
    if number == 0:
        return "0"
    sign = "−" if number < 0 else ""
    size = abs(number)
    for digits in range(places, 0, -1):
        if size >= 0.5 * 10**-digits and size < 999.5:
            text = f"{size:.{min(digits, 1) if size >= 10 else digits}f}"
            for form in (text, text.removeprefix("0") if text.startswith("0.") else text):
                if len(sign + form) <= room:
                    return sign + form
    return fitted(number, 1, 0)


def _picture(kind: str, tensor: Any, box: tuple[float, float, float, float], decimals: int) -> Iterator[Part]:
    """Depth of ink is size, a dash a minus, a dot an exact zero; the norm stands below."""
    x, y, width, height = box
    cells = [[plain(number) for number in row] for row in tensor["cells"]]
    rows, columns = len(cells), len(cells[0]) if cells else 0
    side = max(2.0, min(9.0, (width - 16) / max(columns, 1), (height - 22) / max(rows, 1)))
    left, top = x + (width - side * columns) / 2, y + (height - 18 - side * rows) / 2
    largest = max((abs(n) for row in cells for n in row if math.isfinite(n)), default=0.0) or 1.0
    for r, row in enumerate(cells):
        for c, number in enumerate(row):
            yield from _ink(kind, number, left + c * side, top + r * side, side, abs(number) / largest)
    yield Text(x + width / 2, y + height - 7, f"norm {number_text(plain(tensor['norm']), decimals)}", 13.3, COLOURS[kind])


def _ink(kind: str, number: float, x: float, y: float, side: float, share: float) -> Iterator[Part]:
    if not math.isfinite(number):
        yield Rect(x + 1, y + 1, side - 3, side - 3, None, COLOURS["off"], 1)
    elif number == 0:
        yield Rect(x + side / 2 - 1.3, y + side / 2 - 1.3, 2, 2, COLOURS["off"])
    else:
        depth = 0.1 + 0.85 * round(share * (LEVELS - 1)) / (LEVELS - 1)
        yield Rect(x, y, side - 1, side - 1, _mixed(COLOURS[f"{kind}-tint"], COLOURS[kind], depth))
        if number < 0:
            yield Rect(x + side * 0.17, y + side * 0.45 - 0.8, side * 0.55, 1.6, COLOURS["node"])


def _mixed(below: str, above: str, share: float) -> str:
    """One colour over another, as thick as ``share``.

    >>> _mixed("#ffffff", "#000000", 0.5)
    '#808080'
    """
    pairs = [(int(below[k : k + 2], 16), int(above[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)

"""Numbers without brackets: a row of them, or each with the words that name it."""

from __future__ import annotations

import re

from graphcore.check.reading.blocks import LONG, NUMBER, NUMBERS, count
from graphcore.check.reading.labels import label_of

SHAPE_WORD = re.compile(r"(?:size|shape|dim|dims|dimensions?)\W{0,3}$", re.IGNORECASE)
_EXPRESSION = re.compile(r"[\s0-9.eE+\-*/^()×·=≈]+")


def plain_row(text: str) -> list[str] | None:
    """The numbers of a line that holds nothing else.

    >>> plain_row(" 1.0, 2e-3;-.5"), plain_row("w 1.0"), plain_row("")
    (['1.0', '2e-3', '-.5'], None, None)
    """
    stripped = text.strip()
    if not stripped or stripped[0] not in "+-.0123456789nNiI" or "_" in stripped:
        return None
    if len(stripped) > LONG:
        count(stripped, NUMBERS)
    words = stripped.replace(",", " ").replace(";", " ").split()
    try:
        for word in words:
            float(word)
    except ValueError:
        return None
    return words


def named_row(text: str) -> tuple[str, list[str]] | None:
    """A label and two numbers or more up to the end of the line.

    >>> named_row("dw1: 0.5, 0.25"), named_row("layers 2 10")
    (('dw1: ', ['0.5', '0.25']), None)
    """
    words = text.replace(",", " ").replace(";", " ").split()
    count = 0
    for word in reversed(words):
        if not NUMBER.fullmatch(word):
            break
        count += 1
    if count < 2 or count == len(words):
        return None
    numbers = words[-count:]
    if not any("." in word or "e" in word.lower() for word in numbers) and text.find(":") < 0 and text.find("=") < 0:
        return None
    # from the right, as the same digits may stand in the label
    place = len(text)
    for word in reversed(numbers):
        place = text.rfind(word, 0, place)
    return text[:place], numbers


def named_numbers(text: str, closed: bool = False) -> list[tuple[str, str, int]]:
    """Labels with the number that each names, and where each ends; with ``closed`` only those set off by a comma or so."""
    parts: list[tuple[str, str, int]] = []
    since = 0
    for number in NUMBER.finditer(text):
        before, after = text[since : number.start()], text[number.end() :]
        if closed and after[:1] not in (",", ";", "|", "\t") and after[:2] != "  ":
            continue
        if not _names(before, number[0], after):
            continue
        label = before.strip(" \t,;|")
        if parts and (not label_of(label) or _EXPRESSION.fullmatch(label)) and "," not in before:
            # `dw = 0.5 * 0.3 = 0.15`: the last one is the value
            parts[-1] = (parts[-1][0], number[0], number.end())
        elif label_of(label) and text.count("(", 0, number.start()) == text.count(")", 0, number.start()):
            parts.append((label, number[0], number.end()))
        since = number.end()
    return parts


def _names(before: str, number: str, after: str) -> bool:
    """Whether the words before a number name it."""
    bare = before.rstrip()
    if not bare or after[:1] in ("%", "/"):
        return False
    if bare[-1] == ":" and bare[-2:-1].isdigit() and bare == before and number.isdigit():
        return False  # a time of day
    set_off = bare[-1] in ":=≈" or bare.endswith(("->", "→", " is", "\tis")) or "\t" in before[len(bare) :]
    if set_off or len(before) - len(bare) >= 2:
        return not SHAPE_WORD.search(bare[:-1][-40:])
    fraction = "." in number or "e" in number.lower()
    return fraction and not after.strip() and (bare[-1].isalnum() or bare[-1] in ")]'\",;|")

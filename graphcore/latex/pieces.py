"""What printing makes: pieces with holes, and how templates are filled with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graphcore.latex.forms import Dialect
from graphcore.ops.namespaces import Shape

COLUMN: Mapping[str, int] = {"text": 0, "latex": 1, "math": 2}


class Ref(NamedTuple):
    """A place for a name: ``key`` is the formula's variable, ``mark`` what follows the name in the same breath."""

    key: str
    transposed: bool = False
    shape: Shape | None = None


Content = Any
"""Parts (a tuple of str and Ref) in ``text`` and ``latex``; a nested list with Refs in ``math``."""

_HOLE = re.compile(r"\$(\d)")


class Printed(NamedTuple):
    """A printed piece: how tightly it binds, whether a minus stands in front, and what it says."""

    level: int
    minus: bool
    content: Content


def fill(template: Any, pieces: Sequence[Content], dialect: Dialect) -> Content:
    """A template of one dialect with its numbered holes filled."""
    if dialect == "math":
        return fill_math(template, pieces)
    parts: list[Any] = []
    for k, part in enumerate(_HOLE.split(template)):
        if k % 2:
            parts.extend(pieces[int(part)])
        elif part:
            parts.append(part)
    return tuple(parts)


def word_math(text: str) -> list[Any]:
    """A word in a math tree: upright where it has more than one letter, so that it is no product of letters."""
    return ["mi", text] if len(text) < 2 else ["mi", {"class": "upright"}, text]


def fill_math(template: Any, pieces: Sequence[Content]) -> Content:
    if isinstance(template, int):
        return pieces[template]
    if isinstance(template, str | dict):
        return template
    return [fill_math(item, pieces) for item in template]

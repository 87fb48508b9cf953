"""One bracketed block of numbers: where it ends, its shape by its brackets, and its numbers as they were written."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from graphcore.errors import ReadError

LEVELS = 64
NUMBERS = 10_000_000
_EVENT = re.compile(r"[\[\](){}]|(?:nan|infinity|inf)(?![A-Za-z0-9_])|[^0-9\s,.+\-eE]", re.IGNORECASE)
# a block this long is counted before its numbers are made
LONG = 4_000_000
NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf(?:inity)?)(?![A-Za-z0-9_])", re.IGNORECASE)


class Extent(NamedTuple):
    """Where a block ends: ``closed`` tells whether by its own bracket; else at ``end`` something else stands."""

    end: int
    closed: bool


class Block(NamedTuple):
    """A block of numbers: ``words`` in the order of the file, ``shape`` what the brackets say.

    ``gaps`` holds for each axis before which entry ``...`` stands. ``problem`` says why there is no shape, "" where there is.
    """

    words: list[str]
    shape: tuple[int, ...]
    gaps: dict[int, int]
    problem: str = ""
    cut: bool = False


def extent(text: str, start: int) -> Extent:
    """From an opening bracket to its closing one, over numbers and brackets alone.

    >>> extent("[[1, 2], [3]] and", 0), extent("[1, 'a']", 0)
    (Extent(end=13, closed=True), Extent(end=4, closed=False))
    """
    depth = 0
    for found in _EVENT.finditer(text, start):
        mark = text[found.start()]
        if mark in "[(":
            depth += 1
            if depth > LEVELS:
                raise ReadError(f"more than {LEVELS} brackets are open inside one another{_place(text, start)}.")
        elif mark in "])":
            depth -= 1
            if depth == 0:
                return Extent(found.end(), True)
        elif found.end() - found.start() == 1:
            return Extent(found.start(), False)
    return Extent(len(text), False)


def _place(text: str, start: int) -> str:
    return f" from line {text.count(chr(10), 0, start) + 1} on"


def block(content: str, room: int = NUMBERS) -> Block:
    """The numbers of a block and its shape; ReadError where there are more than ``room``.

    >>> block("[[1., 2.],\\n [3., 4.]]")
    Block(words=['1.', '2.', '3.', '4.'], shape=(2, 2), gaps={}, problem='', cut=False)
    >>> block("[[1 2] [3]]").problem
    'its rows differ in length (2 and 1)'
    >>> block("[1 2 ... 9]").gaps
    {0: 2}
    """
    if len(content) > LONG:
        count(content, room)
    if "(" in content:
        content = content.replace("(", "[").replace(")", "]")
    reader = _Brackets()
    for piece in content.split("]"):
        reader.take(piece)
    if len(reader.words) > room:
        raise too_many()
    return reader.finish()


def too_many() -> ReadError:
    """What is said of more numbers than are read."""
    return ReadError(f"there are more than {NUMBERS:,} numbers; that is the most read at once.")


def count(content: str, room: int) -> None:
    """ReadError where a text of numbers has more than ``room`` of them."""
    marks = np.frombuffer(content.encode("ascii", "replace"), dtype=np.uint8)
    inside = (marks > ord(" ")) & (marks != ord(",")) & (marks != ord("[")) & (marks != ord("]"))
    if np.count_nonzero(inside[1:] & ~inside[:-1]) > room:
        raise too_many()


class _Brackets:
    """Counts what stands between the brackets; fed with the text before each closing one."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.gaps: dict[int, int] = {}
        self.problem = ""
        self.level = 0
        self.children = [0]
        self.sizes: dict[int, int] = {}
        self.leaves = 0  # the level at which numbers stand

    def take(self, piece: str) -> None:
        *before, leaf = piece.split("[")
        for text in before:
            self.between(text)
            self.children[self.level] += 1
            self.level += 1
            if self.level == len(self.children):
                self.children.append(0)
            self.children[self.level] = 0
        if self.level == 0:
            return
        self.row(leaf, bool(before))
        self.close()

    def between(self, text: str) -> None:
        """Text before an opening bracket: nothing, or the dots that stand for rows left out."""
        if "." in text and not text.strip(" ,.\n\t\r"):
            self.gaps[self.level] = self.children[self.level]
        elif text.strip(" ,\n\t\r"):
            self.problem = self.problem or "numbers and brackets stand side by side in it"

    def row(self, leaf: str, fresh: bool) -> None:
        words = leaf.replace(",", " ").split()
        if "..." in leaf and "..." in words:
            place = words.index("...")
            self.gaps[self.level] = self.children[self.level] + place
            words = [word for word in words if word != "..."]
        if not words and not fresh:
            return
        if self.leaves and self.leaves != self.level:
            self.problem = self.problem or "its brackets are not all equally deep"
        self.leaves = self.level
        self.words += words
        self.children[self.level] += len(words)

    def close(self) -> None:
        size, known = self.children[self.level], self.sizes.get(self.level)
        if known is None:
            self.sizes[self.level] = size
        elif known != size:
            self.problem = self.problem or f"its rows differ in length ({known} and {size})"
        self.level -= 1

    def finish(self) -> Block:
        shape = tuple(self.sizes.get(level, self.children[level]) for level in range(1, max(self.sizes, default=0) + 1))
        gaps = {level - 1: place for level, place in self.gaps.items() if level}
        if not self.problem and int(np.prod(shape, dtype=np.int64)) != len(self.words):
            self.problem = "its rows differ in length"
        return Block(self.words, shape, gaps, self.problem)


def cut(content: str, room: int = NUMBERS) -> Block:
    """A block whose brackets never close: its whole rows, as many as are equally long.

    >>> cut("[[1, 2], [3, 4], [5,")
    Block(words=['1', '2', '3', '4'], shape=(2, 2), gaps={}, problem='', cut=True)
    """
    opened = len(content) - len(content.lstrip("[( \n\t\r"))
    depth = sum(mark in "[(" for mark in content[:opened])
    if depth <= 1:
        # the last number may have been cut in the middle, unless white space ends it
        whole = content if content[-1:].isspace() or content.endswith(",") else content[: _last_space(content)]
        return block(whole + "]", room)._replace(cut=True)
    last = content.rfind("]")
    if last < 0:
        return Block([], (), {}, "its brackets never close")
    rest = content[: last + 1]
    missing = rest.count("[") + rest.count("(") - rest.count("]") - rest.count(")")
    return block(rest + "]" * max(missing, 0), room)._replace(cut=True)


def _last_space(content: str) -> int:
    return max(content.rfind(" "), content.rfind(","), content.rfind("\n"), content.find("[") + 1)

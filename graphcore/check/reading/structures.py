"""Dicts, lists and tuples that hold arrays, as Python and JSON print them, gone through without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from graphcore.check.reading.blocks import LEVELS, NUMBER, NUMBERS, Block
from graphcore.check.reading.labels import is_run_name
from graphcore.check.reading.values import CALL, Value, array, value_at
from graphcore.errors import ReadError

FOUND = 100_000
_TOKEN = re.compile(
    r"\s+|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<call>(?:[A-Za-z_][A-Za-z0-9_]{0,40}\.){0,3}[A-Za-z_][A-Za-z0-9_]{0,40}\()|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)"
    r"|(?P<angle><[^<>\n]{0,200}>)|(?P<mark>[\[\](){},:=])|(?P<other>.)"
)
_OPENING = re.compile(r"(?:(?:OrderedDict|defaultdict|dict_items|dict|list|tuple)\(|[\[({\s])+")
_NAMES = ("name", "label", "parameter", "param", "tensor", "variable", "node")
_PLAIN = (*_NAMES, "grad", "gradient", "gradients", "value", "values", "data", "array")
_ROLES = {
    "gradients": "gradient", "gradient": "gradient", "grads": "gradient", "grad": "gradient", "values": "value", "value": "value",
    "forward": "value", "activations": "value", "parameters": "parameter", "params": "parameter", "weights": "parameter",
    "inputs": "input", "input": "input", "targets": "target", "target": "target",
}  # fmt: skip


class Opening(NamedTuple):
    """An array inside of a structure: its label by the keys that lead to it, where it starts, the run of its list."""

    value: Value
    label: str
    start: int
    run: str = ""
    role: str = ""


class Inside(NamedTuple):
    """The arrays of a structure, where the text goes on, and notes."""

    found: list[Opening]
    end: int
    notes: list[str]


@dataclass
class _Frame:
    mark: str
    label: str  # the keys that lead here
    run: str = ""
    role: str = ""
    key: str | None = None
    index: int = 0
    named: str = ""
    first: int = 0  # the first array found in it
    last: tuple[str, str, int] | None = None  # a string or number that may be a key: kind, text, place
    keys: set[str] = field(default_factory=set)


def opens_structure(text: str, start: int) -> bool:
    """Whether at an opening bracket a dict, list or tuple begins that holds more than numbers."""
    inside = _OPENING.match(text, start, start + 400)
    if inside is None:
        return False
    at = inside.end()
    if sum(map(inside[0].count, "[({")) > LEVELS:
        raise ReadError(f"more than {LEVELS} brackets are open inside one another at line {text.count(chr(10), 0, start) + 1}.")
    if text[at : at + 1] in ("'", '"') or CALL.match(text, at) or text.startswith("<class", at):
        return True
    key = NUMBER.match(text, at)
    return text[start] == "{" and (
        text[at : at + 1] == "}" or (key is not None and text[key.end() : key.end() + 1] in (":", " "))
    )


def structure(text: str, start: int, room: int = NUMBERS, label: str = "") -> Inside:
    """The arrays of the structure that begins at ``start``; keys of nested dicts are joined by dots.

    >>> inside = structure("{'a': {'W': [[1, 2]]}, 'b': 0.5}", 0)
    >>> [(found.label, found.value.numbers.tolist()) for found in inside.found]
    [('a.W', [[1.0, 2.0]]), ('b', 0.5)]
    """
    reader = _Structure(text, start, room, label)
    return Inside(reader.found, reader.go(), reader.notes)


class _Structure:
    def __init__(self, text: str, start: int, room: int, label: str) -> None:
        self.text = text
        self.at = start
        self.room = room
        self.outer = label
        self.found: list[Opening] = []
        self.notes: list[str] = []
        self.stack: list[_Frame] = []

    def go(self) -> int:
        while self.at < len(self.text):
            if not (self.stack and self.array_here()):
                found = _TOKEN.match(self.text, self.at)
                assert found is not None or self.text[self.at] == "\n"
                self.at = found.end() if found else self.at + 1
                if found and found.lastgroup:
                    self.token(found.lastgroup, found[0], found.start())
            if not self.stack:
                return self.at
        self.notes.append("the brackets of a dict or a list never close; what stands before the end was read.")
        self.settle()
        return len(self.text)

    def array_here(self) -> bool:
        """An array at this place, taken whole."""
        if not self.waits():
            return False
        mark = self.text[self.at]
        if not (mark in "[(" or mark.isalpha()):
            return False
        if mark in "[(" and self.text[self.at + 1 : self.at + 2] in ("'", '"', "{"):
            return False
        found = value_at(self.text, self.at, self.room)
        if found is None or (mark in "[(" and not found.numbers.size and not found.problem):
            return False
        start, self.at = self.at, max(found.end, self.at + 1)
        self.emit(found, start)
        return True

    def waits(self) -> bool:
        """Whether a value may stand here: after a key, or anywhere in a list."""
        frame = self.stack[-1]
        return frame.mark != "{" or frame.key is not None

    def token(self, kind: str, text: str, start: int) -> None:
        if kind == "call" or text in "[({":
            self.open(text, start)
        elif kind == "mark" and text in "])}":
            self.settle()
            self.close()
        elif text == ",":
            self.settle()
            frame = self.stack[-1]
            if frame.mark == "{":
                frame.key = None
            frame.index += 1
        elif text in (":", "=") and kind == "mark":
            self.make_key()
        elif kind == "string":
            self.string(text[1:-1], start)
        elif number := NUMBER.match(self.text, start):
            self.at = number.end()
            self.stack[-1].last = ("number", number[0], start)
        elif kind == "word":
            self.stack[-1].last = ("word", text, start)

    def open(self, text: str, start: int) -> None:
        if len(self.stack) >= LEVELS:
            line = self.text.count("\n", 0, start) + 1
            raise ReadError(f"more than {LEVELS} brackets are open inside one another at line {line}.")
        if not self.stack:
            self.stack.append(_Frame(text[-1], ""))
            return
        above = self.stack[-1]
        label, run, role = self.label(above), above.run, above.role
        if above.key is not None and above.key.lower() in _ROLES and text == "{":
            role, label = _ROLES[above.key.lower()], above.label
        listed = above.mark in "[(" and above.key is None
        if listed and text == "{":
            label, run = above.label, f"{above.label or self.outer or 'entry'} {above.index + 1}"
        elif listed:
            label = above.label
        self.stack.append(_Frame(text[-1], label, run, role, first=len(self.found)))

    def close(self) -> None:
        frame = self.stack.pop()
        if frame.named and frame.mark == "{":
            for k in range(frame.first, len(self.found)):
                opening = self.found[k]
                rest = opening.label.removeprefix(frame.label).lstrip(".")
                label = frame.named if rest.lower() in _PLAIN else f"{frame.named} {rest}".strip()
                role = _ROLES.get(rest.lower(), opening.role)
                # named entries of a list are arrays of one run, not runs
                self.found[k] = opening._replace(label=label, run="", role=role)

    def string(self, text: str, start: int) -> None:
        frame = self.stack[-1]
        if frame.key is not None and frame.key.lower() in _NAMES and frame.mark == "{":
            frame.named = text
        frame.last = ("string", text, start)

    def make_key(self) -> None:
        frame = self.stack[-1]
        if frame.last is not None:
            frame.key, frame.last = frame.last[1], None

    def settle(self) -> None:
        """A comma or a closing bracket: what stood before it was a value, or the name in a (name, value) tuple."""
        if not self.stack:
            return
        frame = self.stack[-1]
        last, frame.last = frame.last, None
        if last is None:
            return
        kind, text, start = last
        if kind == "string" and frame.mark == "(" and frame.index == 0:
            frame.key = text
        elif kind == "number" and frame.mark == "{" and frame.key and is_run_name(frame.key) and text.isdigit():
            self.rename_run(frame, f"{frame.key} {text}")
        elif kind == "number" and self.waits():
            value = array(Block([text], (), {}), self.at, "number", float(np.finfo(float).eps))
            self.emit(value, start)
        elif kind == "string" and frame.key is not None and "[" in text:
            found = value_at(text.replace("\\n", "\n "), text.index("["), self.room)
            if found is not None:
                self.emit(found, start)

    def rename_run(self, frame: _Frame, run: str) -> None:
        """`{"epoch": 3, ...}`: the arrays of this dict belong to a run of that name."""
        frame.run = run
        self.found[frame.first :] = [opening._replace(run=run) for opening in self.found[frame.first :]]

    def label(self, frame: _Frame) -> str:
        if frame.key is not None:
            return f"{frame.label}.{frame.key}" if frame.label else frame.key
        base = frame.label or self.outer
        return f"{base}[{frame.index}]" if base and frame.mark == "[" else base

    def emit(self, value: Value, start: int) -> None:
        frame = self.stack[-1]
        frame.last = None
        self.room -= value.numbers.size
        self.found.append(Opening(value, self.label(frame), start, frame.run, frame.role))
        if len(self.found) > FOUND:
            raise ReadError(f"there are more than {FOUND:,} arrays in the text; that is the most read at once.")

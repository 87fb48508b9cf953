"""Gradients as people print them: every array of a text with what stands around it.

A line is a label, a heading, numbers, or several of these; brackets go on over many lines. The text is gone through once.
"""

from __future__ import annotations

import bisect
import re

import numpy as np

from graphcore.check.reading.blocks import NUMBERS, Block, too_many
from graphcore.check.reading.entries import ARRAYS, Entry, Scanned
from graphcore.check.reading.labels import is_run_name, label_of, looks_like_gradient, run_heading
from graphcore.check.reading.named import SHAPE_WORD, named_numbers, named_row, plain_row
from graphcore.check.reading.structures import Opening, opens_structure, structure
from graphcore.check.reading.values import CALL, SCALE, Value, array, value_at
from graphcore.errors import ReadError

_STEPS = 500_000
_START = re.compile(CALL.pattern + r"|[\[({]|Parameter containing:|(?:OrderedDict|defaultdict|dict_items|dict|list|tuple)\(")
_OLD_TORCH = re.compile(r"\[torch\.([A-Za-z.]{0,20})Tensor of size ([0-9x, ()]{1,60})[^\]\n]{0,40}\]")
_OLD_EPS = {"Double": 2.0**-52, "cuda.Double": 2.0**-52, "Half": 2.0**-10, "cuda.Half": 2.0**-10}
_INDEX = re.compile(r"\[[A-Za-z0-9_:, \-'\"]{0,60}\]")
_NUMBERS_LINE = 4000
_SIGN = re.compile(r"[=:]\s{0,9}-$")


def scan(text: str, json: bool = False) -> Scanned:
    """Every array of a text.

    >>> [(found.label, found.value.numbers.tolist(), found.line) for found in scan("W1:\\n[[1. 2.]]\\nb1: 0.5\\n").entries]
    [('W1', [[1.0, 2.0]], 2), ('b1', 0.5, 3)]
    """
    scanner = _Scanner(text, json)
    scanner.go()
    return Scanned(scanner.entries, scanner.notes)


class _Scanner:
    def __init__(self, text: str, json: bool) -> None:
        self.text = text
        self.json = json
        self.entries: list[Entry] = []
        self.notes: list[str] = []
        self.pending = ""  # the label that waits for its array
        self.run = ""
        self.section = ""
        self.numbers = 0
        self.scale = 1.0
        self.steps = 0
        self.ends = [found.start() for found in re.finditer("\n", text)]

    def line_of(self, place: int) -> int:
        return bisect.bisect_left(self.ends, place) + 1

    @property
    def room(self) -> int:
        return NUMBERS - self.numbers

    def go(self) -> None:
        at = 0
        while at < len(self.text):
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
            at = self.rows(at, end) or self.line(at, end)

    def step(self) -> None:
        self.steps += 1
        if self.steps > _STEPS:
            raise ReadError(f"there are more than {_STEPS:,} lines and brackets that are no numbers; the text is not read on.")

    def rows(self, start: int, end: int) -> int | None:
        """Rows of numbers without brackets from ``start`` on; where the text goes on."""
        table: list[list[str]] = []
        at = start
        while at < len(self.text):
            found = plain_row(self.text[at:end])
            if found is None or (table and len(found) != len(table[0])):
                break
            table.append(found)
            self.check(sum(map(len, table)) if len(table) < 3 else len(table) * len(table[0]))
            at = end + 1
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
        if not table:
            return None
        self.emit_rows(table, start)
        return at

    def emit_rows(self, table: list[list[str]], start: int) -> None:
        words = [word for row in table for word in row]
        shape = tuple(count for count in (len(table), len(table[0])) if count > 1)
        form = "number" if not shape else "numpy" if len(words) > 1 and "." in words[0] else "list"
        self.emit(array(Block(words, shape, {}), 0, form, float(np.finfo(float).eps)), self.take(""), start)

    def line(self, start: int, end: int) -> int:
        """One line that is not a row of numbers alone; where the text goes on, which may be many lines below."""
        at = place = start
        self.step()
        while found := _START.search(self.text, place, end):
            opening = found.start()
            self.step()
            if skipped := self.not_a_value(at, opening, end):
                place = skipped
                continue
            after = self.value(at, opening)
            if after is None:
                place = opening + 1
                continue
            at = place = after
            if after > end:
                end = self.text.find("\n", after)
                end = len(self.text) if end < 0 else end
        self.rest(at, end, fresh=at == start)
        return end + 1

    def not_a_value(self, at: int, opening: int, end: int) -> int | None:
        """Where to go on when brackets belong to a label: an index, a shape, a remark."""
        mark, before = self.text[opening], self.text[opening - 1 : opening] if opening > at else ""
        if old := _OLD_TORCH.match(self.text, opening):
            self.old_torch(old)
            return old.end()
        if mark == "[" and (before.isalnum() or before in ("_", ")", "]", "}")) and before:
            index = _INDEX.match(self.text, opening)
            return index.end() if index else None
        prefix = self.text[max(at, opening - 40) : opening]
        if mark in "([" and SHAPE_WORD.search(prefix):
            return opening + 1
        if mark == "(" and prefix.strip() and prefix.rstrip()[-1] not in ":=":
            return opening + 1
        if mark == "(" and not prefix.strip() and re.match(r"\(\s{0,9}[0-9a-z]{1,3}\s{0,9}\)", self.text[opening : opening + 24]):
            return opening + 1
        return None

    def old_torch(self, found: re.Match[str]) -> None:
        """The line that torch before 0.4 printed below the numbers."""
        size = tuple(int(part) for part in re.findall("[0-9]+", found[2]))
        if self.entries and (last := self.entries[-1]).value.numbers.size == int(np.prod(size, dtype=np.int64)):
            value = last.value._replace(
                numbers=last.value.numbers.reshape(size), form="torch", eps=_OLD_EPS.get(found[1], 2.0**-23)
            )
            self.entries[-1] = last._replace(value=value)

    def value(self, at: int, opening: int) -> int | None:
        found = value_at(self.text, opening, self.room)
        if found is not None:
            prefix = self.prefix(at, opening)
            signed = _SIGN.search(prefix)
            if signed:
                found, prefix = found._replace(numbers=-found.numbers), prefix[: signed.start() + 1]
            label = self.take(prefix)
            if signed:
                self.notes.append(
                    f"The minus sign before `{label[:40]}` (line {self.line_of(opening)}) was taken to every entry."
                )
            self.emit(found, label, opening)
            return max(found.end, opening + 1)
        if not opens_structure(self.text, opening):
            return None
        prefix = self.prefix(at, opening)
        if prefix or self.pending:
            self.section = self.heading(self.take(prefix))
        inside = structure(self.text, opening, self.room, self.section)
        for opened in inside.found:
            self.emit_inside(opened)
        self.notes += inside.notes
        self.section = ""
        return max(inside.end, opening + 1)

    def emit_inside(self, opened: Opening) -> None:
        run, label = run_heading(opened.label) if opened.label else ("", "")
        role = opened.role or opened.value.role
        self.emit(opened.value, label or opened.label, opened.start, run=opened.run or (run if label else ""), role=role)

    def prefix(self, at: int, opening: int) -> str:
        """The words before an array; numbers that are named in them are arrays of their own."""
        text = self.text[at:opening]
        if at and len(text) < _NUMBERS_LINE and (parts := named_numbers(text, closed=True)):
            for label, word, _ in parts:
                self.emit_number(label, [word], at)
            return text[parts[-1][2] :]
        return text

    def rest(self, start: int, end: int, fresh: bool) -> None:
        """What is left of a line: named numbers, a label, a heading, or a remark after an array."""
        text = self.text[start:end]
        if not text.strip():
            return
        if scaled := SCALE.fullmatch(text.strip() + "\n"):
            self.scale = float(scaled[1])
            return
        if len(text) < _NUMBERS_LINE and (row := named_row(text)):
            self.emit_number(self.take(row[0]), row[1], start)
            return
        if len(text) < _NUMBERS_LINE and (parts := named_numbers(text)):
            for label, word, _ in parts:
                self.emit_number(label, [word], start)
            return
        if not fresh and not text.rstrip().endswith((":", "=")):
            return
        self.wait(text)

    def wait(self, text: str) -> None:
        """A line without numbers: the label of what follows; the one that waited is then a heading."""
        if text.strip().startswith("Parameter containing"):
            return
        label = label_of(text)
        if not label:
            return
        if self.pending:
            self.section = self.heading(self.pending)
        run, rest = run_heading(label)
        if run:
            self.run, self.section = run, ""
        self.pending = rest if run else label

    def heading(self, text: str) -> str:
        run, rest = run_heading(text)
        if run:
            self.run = run
        return rest if run else text

    def take(self, prefix: str) -> str:
        """The label of an array: the words before it on its line, or the line above."""
        label = label_of(prefix)
        if not label:
            label, self.pending = self.pending, ""
            return label
        if self.pending:
            self.section, self.pending = self.heading(self.pending), ""
        run, rest = run_heading(label)
        if run and rest:
            self.run = run
            return rest
        return label

    def emit_number(self, label: str, words: list[str], start: int) -> None:
        label = label_of(label)
        if len(words) == 1 and is_run_name(label) and words[0].lstrip("+").isdigit():
            self.run, self.section, self.pending = f"{label} {words[0]}", "", ""
            return
        if self.pending:
            self.section, self.pending = self.heading(self.pending), ""
        run, rest = run_heading(label)
        if run and rest:
            self.run, label = run, rest
        shape = () if len(words) == 1 else (len(words),)
        form = "number" if len(words) == 1 else "list"
        self.emit(array(Block(words, shape, {}), 0, form, float(np.finfo(float).eps)), label, start)

    def check(self, more: int) -> None:
        if more > self.room:
            raise too_many()

    def emit(self, value: Value, label: str, start: int, run: str = "", role: str = "") -> None:
        line = self.line_of(start)
        named = f"`{label[:60]}`" if label else "an array without a label"
        if value.problem:
            self.steps += 9  # a sentence costs more than a line
            self.notes.append(f"{named} (line {line}) is left out: {value.problem}.")
            return
        if value.note:
            self.notes.append(f"{named} (line {line}): {value.note}.")
        if self.scale != 1.0:
            with np.errstate(over="ignore", under="ignore"):
                numbers = value.numbers * self.scale
            value = value._replace(numbers=numbers, scale=value.scale * self.scale)
            self.scale = 1.0
        if self.json and value.form in ("list", "number", "numpy"):
            value = value._replace(form="json")
        self.check(value.numbers.size)
        self.numbers += value.numbers.size
        label = label or self.label_of_shape(value)
        role = "gradient" if looks_like_gradient(f"{self.section} {label}") or looks_like_gradient(label) else role or value.role
        self.entries.append(Entry(value, label, line, run or self.run, self.section, role))
        if len(self.entries) > ARRAYS:
            raise ReadError(f"there are more than {ARRAYS:,} arrays in the text; that is the most read at once.")

    def label_of_shape(self, value: Value) -> str:
        """`W1: (10, 2)` and then an array of that shape: the first was its label and its shape, not two numbers."""
        if not self.entries or value.numbers.ndim < 2:
            return ""
        last, said = self.entries[-1], self.entries[-1].value
        if said.form == "list" and not said.digits.point and tuple(said.numbers.reshape(-1)) == value.numbers.shape:
            self.entries.pop()
            return last.label
        return ""

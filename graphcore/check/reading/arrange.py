"""The arrays of a text as a hand-in: which belong to one run or point, and which to the other side of one paste."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from graphcore.check.hand_in import Array, HandIn, Reading
from graphcore.check.reading.digits import halves
from graphcore.check.reading.entries import Entry
from graphcore.check.reading.labels import side_of, without_gradient, without_side


def arrange(entries: Sequence[Entry], notes: Sequence[str] = ()) -> HandIn:
    """The hand-in of a text's arrays in order: split in two sides where it holds both, then in runs."""
    sides, said = _sides(list(entries))
    mine, other = sides
    printed = halves([(entry.value.form, entry.value.digits) for entry in (*mine, *other)])
    first = _runs(mine, printed[: len(mine)], (*notes, *said))
    return replace(first, second=_runs(other, printed[len(mine) :], ())) if other else first


def _reading(entry: Entry, half: Array, run: int) -> Reading:
    value = entry.value
    form = "list" if value.form == "json" else value.form
    with np.errstate(over="ignore", under="ignore"):
        half = np.where(np.isfinite(value.numbers), half.reshape(value.numbers.shape) * value.scale, 0.0)
    return Reading(entry.label, value.numbers, half, value.eps, entry.line, form, value.gaps, run, entry.role)


def _sides(entries: list[Entry]) -> tuple[tuple[list[Entry], list[Entry]], list[str]]:
    """The two sides of a text, the second empty where there is one, and the sentence on the guess."""
    for split, said in ((_by_column, _COLUMNS), (_by_words, _WORDS), (_by_form, _FORMS), (_by_pairs, _PAIRS)):
        sides = split(entries)
        if sides is not None:
            return sides, [said]
    return (entries, []), []


_GUESS = "If it is the other way round, swap them."
_COLUMNS = f"The text holds two sides, one a column; the first was read as the hand-in. {_GUESS}"
_WORDS = f"The text holds two sides, told apart by the words of their labels. {_GUESS}"
_FORMS = f"The text holds two sides: what torch printed was read as the second. {_GUESS}"
_PAIRS = f"Every label comes twice in a row: the first of each was read as one side, the second as the other. {_GUESS}"


def _by_column(entries: list[Entry]) -> tuple[list[Entry], list[Entry]] | None:
    columns = list(dict.fromkeys(entry.column for entry in entries))
    if len(columns) != 2:
        return None
    first, second = ([entry for entry in entries if entry.column == column] for column in columns)
    if side_of(columns[0]) == "other" and side_of(columns[1]) != "other":
        first, second = second, first
    return first, second


def _by_words(entries: list[Entry]) -> tuple[list[Entry], list[Entry]] | None:
    told = [side_of(entry.label) or side_of(entry.section) for entry in entries]
    if not {"mine", "other"} & set(told):
        return None
    # what no word tells is the side that is not named
    rest = "mine" if "other" in told else "other"
    told = [side or rest for side in told]
    return _overlapping(entries, told)


def _by_form(entries: list[Entry]) -> tuple[list[Entry], list[Entry]] | None:
    told = ["other" if entry.value.form == "torch" else "mine" for entry in entries]
    return _overlapping(entries, told)


def _overlapping(entries: list[Entry], told: Sequence[str]) -> tuple[list[Entry], list[Entry]] | None:
    """The two sides, if what they hold is the same: by their labels, or one after the other without labels."""
    mine = [entry for entry, side in zip(entries, told) if side == "mine"]
    other = [entry for entry, side in zip(entries, told) if side == "other"]
    if not mine or not other:
        return None
    if not all(entry.label for entry in mine) or not all(entry.label for entry in other):
        return _partners(mine, other)
    shared = {_key(entry) for entry in mine} & {_key(entry) for entry in other}
    smaller = min(len({_key(entry) for entry in side}) for side in (mine, other))
    same = (2 * len(shared) >= smaller and "" not in shared) or _alike(mine, other, shared)
    return (mine, other) if same else None


def _alike(mine: list[Entry], other: list[Entry], shared: set[str]) -> bool:
    """Labels that are nothing but "torch" and "mine", of arrays that pair by their shapes."""
    return shared == {""} and [e.value.numbers.shape for e in mine] == [e.value.numbers.shape for e in other]


def _partners(mine: list[Entry], other: list[Entry]) -> tuple[list[Entry], list[Entry]] | None:
    """Arrays of which one side has no labels: they take those of the other side, one after the other."""
    if len(mine) != len(other) or any(a.value.numbers.size != b.value.numbers.size for a, b in zip(mine, other)):
        return None
    if any(a.label and b.label and _key(a) != _key(b) for a, b in zip(mine, other)):
        return None
    return (
        [a if a.label else a._replace(label=b.label, role=a.role or b.role) for a, b in zip(mine, other)],
        [b if b.label else b._replace(label=a.label, role=b.role or a.role) for a, b in zip(mine, other)],
    )


def _key(entry: Entry) -> str:
    """What a label names, for pairing: without the words of its side, and "dW1" as "W1.grad"."""
    bare = without_side(f"{entry.section} {entry.label}" if side_of(entry.section) == "" else entry.label)
    return f"gradient of {without_gradient(bare)}" if entry.role == "gradient" else bare


def _by_pairs(entries: list[Entry]) -> tuple[list[Entry], list[Entry]] | None:
    labels = [_place(entry) for entry in entries]
    if len(labels) < 4 or len(labels) % 2 or not all(entry.label for entry in entries):
        return None
    if any(a != b for a, b in zip(labels[::2], labels[1::2])) or len(set(labels[::2])) != len(labels) // 2:
        return None
    return entries[::2], entries[1::2]


def _place(entry: Entry) -> tuple[str, str, str]:
    return entry.run, entry.section, entry.label


def _runs(entries: list[Entry], half: Sequence[Array], notes: Sequence[str]) -> HandIn:
    named, runs, names = _numbered(entries)
    readings = tuple(_reading(entry, found, run) for entry, found, run in zip(named, half, runs))
    chosen = tuple(reading for reading in readings if reading.run == 0)
    return HandIn(chosen, names, 0, tuple(notes), None, readings)


def _numbered(entries: list[Entry]) -> tuple[list[Entry], list[int], tuple[str, ...]]:
    """The entries, labelled so that they can be told apart, the run of each, and the names of the runs."""
    if _headings_are_runs(entries):
        number = {name: k for k, name in enumerate(dict.fromkeys(entry.run for entry in entries))}
        return _with_sections(entries, with_run=False), [number[entry.run] for entry in entries], tuple(number)
    named = _with_sections(entries, with_run=True)
    runs = _by_repeats([entry.label for entry in named])
    count = max(runs, default=0) + 1
    return named, runs, tuple(f"run {k + 1}" for k in range(count)) if count > 1 else ("",)


def _headings_are_runs(entries: list[Entry]) -> bool:
    """Whether headings such as "epoch 3" part the arrays: the same labels below more than one of them."""
    below: dict[str, Counter[tuple[str, str]]] = {}
    for entry in entries:
        below.setdefault(entry.run, Counter())[entry.section, entry.label] += 1
    named = [labels for run, labels in below.items() if run]
    if len(named) < 2 or any(count > 1 for labels in named for (_, label), count in labels.items() if label):
        return False
    sets = [set(labels) for labels in named]
    return bool(sets[0] & sets[1]) or any(sets[0] & other for other in sets[1:])


def _with_sections(entries: list[Entry], with_run: bool) -> list[Entry]:
    """Labels that come again under another heading ("Layer 1", "Layer 2") get that heading before them."""
    headings: dict[str, set[tuple[str, str]]] = {}
    for entry in entries:
        headings.setdefault(entry.label, set()).add((entry.run if with_run else "", entry.section))
    repeated = {label for label, places in headings.items() if len(places) > 1}
    if not repeated:
        return entries
    return [_with_heading(entry, with_run) if entry.label in repeated else entry for entry in entries]


def _with_heading(entry: Entry, with_run: bool) -> Entry:
    parts = (entry.run if with_run else "", entry.section, entry.label)
    return entry._replace(label=" ".join(part for part in parts if part))


def _by_repeats(labels: Sequence[str]) -> list[int]:
    """A label that comes again begins the next run."""
    runs, seen, run = [], set[str](), 0
    for label in labels:
        if label and label in seen:
            run += 1
            seen = set()
        seen.add(label)
        runs.append(run)
    return runs

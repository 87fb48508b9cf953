"""Which array of one file belongs to which of the other: by label, by the order of the layers, by shape; never silently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from graphcore.check.hand_in import Reading
from graphcore.check.labels import Label, read_label

_PLACE = {"input": 0, "output": 2}
NOT_COMPARED = frozenset({"parameter", "input", "target", "value"})


class Match(NamedTuple):
    """Two readings by their place in their files, why these two, and whether more than shape says so."""

    first: int
    second: int
    how: str
    sure: bool


class Pairing(NamedTuple):
    """The matches in the order of the first file, and on each side what is left over and what is no gradient."""

    matches: tuple[Match, ...]
    left: tuple[tuple[int, ...], tuple[int, ...]]
    ignored: tuple[tuple[int, ...], tuple[int, ...]]


class _Side(NamedTuple):
    readings: Sequence[Reading]
    labels: Sequence[Label]
    left: dict[int, None]

    def in_order(self, kind: str) -> list[int]:
        """What is left of one kind, from the input to the output."""
        return sorted((k for k in self.left if self.labels[k].kind == kind), key=lambda k: place(self.labels[k]))


def place(label: Label) -> tuple[int, tuple[int, ...]]:
    """Where in the network a label says that its array stands; sorts from the input to the output."""
    ranks = [_PLACE[word] for word in label.words if word in _PLACE]
    return (ranks[0] if ranks else 1, label.numbers)


def folded(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape up to transposition and axes of length one."""
    return tuple(sorted(n for n in shape if n != 1))


def pair(a: Sequence[Reading], b: Sequence[Reading]) -> Pairing:
    """Pair the readings of two files; each is used once at most.

    >>> import numpy as np
    >>> def reading(label, *shape):
    ...     return Reading(label, np.ones(shape), np.zeros(shape))
    >>> mine = [reading("dw1", 3, 2), reading("db1", 3)]
    >>> for match in pair(mine, [reading("Bias gradient of layer 1", 1, 3), reading("dLdw1", 2, 3)]).matches:
    ...     print(match.first, match.second, match.how)
    0 1 by the words `weight 1`
    1 0 by the words `bias 1`
    """
    one, other = _side(a), _side(b)
    ignored = tuple(k for k in range(len(a)) if k not in one.left), tuple(k for k in range(len(b)) if k not in other.left)
    found: list[Match] = []
    _grouped(one, other, found, lambda side, k: _name(side.readings[k].label), "by name")
    for kind in ("weight", "bias"):
        _by_layers(one, other, found, kind)
    _grouped(one, other, found, lambda side, k: (*side.labels[k].words, side.labels[k].numbers, side.labels[k].gradient), "")
    _grouped(one, other, found, lambda side, k: (*side.labels[k].words, side.labels[k].numbers), "")
    _by_shape(one, other, found)
    return Pairing(tuple(sorted(found)), (tuple(one.left), tuple(other.left)), ignored)


def _side(readings: Sequence[Reading]) -> _Side:
    labels = [read_label(reading.label) for reading in readings]
    gradients = {(label.words, label.numbers) for label in labels if label.gradient}
    # `w1` beside `w1_grad` is the parameter
    left = [
        k
        for k, (reading, label) in enumerate(zip(readings, labels))
        if reading.role not in NOT_COMPARED and (label.gradient or (label.words, label.numbers) not in gradients)
    ]
    return _Side(readings, labels, dict.fromkeys(left))


def _name(label: str) -> str:
    return label.strip().rstrip(":").strip()


def _take(one: _Side, other: _Side, found: list[Match], match: Match) -> None:
    del one.left[match.first]
    del other.left[match.second]
    found.append(match)


def _grouped(one: _Side, other: _Side, found: list[Match], key: Callable[[_Side, int], Hashable], how: str) -> None:
    """Pair what has the same key; several of one key in the order of the files."""
    rows: list[dict[Hashable, list[int]]] = [defaultdict(list), defaultdict(list)]
    for side, groups in zip((one, other), rows):
        for k in side.left:
            if side.readings[k].label.strip() and (side.labels[k].words or how):
                groups[key(side, k)].append(k)
    for name, firsts in rows[0].items():
        seconds = rows[1].get(name, [])
        for first, second in zip(firsts, seconds, strict=False):
            several = len(firsts) > 1 or len(seconds) > 1
            said = (how or f"by the words {_quoted(one.labels[first])}") + (", in the order of the files" if several else "")
            _take(one, other, found, Match(first, second, said, len(firsts) == len(seconds)))


def _quoted(label: Label) -> str:
    return f"`{' '.join((*label.words, *map(str, label.numbers)))}`"


def _by_layers(one: _Side, other: _Side, found: list[Match], kind: str) -> None:
    """Pair the weights (or the biases): by their words where both files count alike, else by the order of the layers."""
    sides = [side.in_order(kind) for side in (one, other)]
    keys = [{(side.labels[k].bare, side.labels[k].numbers) for k in row} for side, row in zip((one, other), sides)]
    if len(sides[0]) == len(sides[1]) == len(keys[0]) == len(keys[1]) and keys[0] == keys[1]:
        _grouped(one, other, found, lambda side, k: _bare(side, k, kind), "")
        return
    fitting = all(_fold(one, i) == _fold(other, j) for i, j in zip(*sides, strict=False))
    if len(sides[0]) == len(sides[1]) and fitting:
        for i, j in zip(*sides, strict=True):
            same = one.labels[i].words == other.labels[j].words and one.labels[i].numbers == other.labels[j].numbers
            how = f"by the words {_quoted(one.labels[i])}" if same else f"by its place among the layers' {_many(kind)}"
            _take(one, other, found, Match(i, j, how, True))
        return
    _grouped(one, other, found, lambda side, k: _bare(side, k, kind), "")


def _bare(side: _Side, k: int, kind: str) -> Hashable:
    label = side.labels[k]
    return (label.bare, label.numbers) if label.kind == kind else (k, id(side))


def _many(kind: str) -> str:
    return "weights" if kind == "weight" else "biases"


def _fold(side: _Side, k: int) -> tuple[int, ...]:
    return folded(side.readings[k].array.shape)


def _by_shape(one: _Side, other: _Side, found: list[Match]) -> None:
    """Offer pairs among the rest: one shape up to transposition, in the order of the files, labels that do not contradict."""
    everything, nothing = {"weight", "bias", ""}, {""}
    for kinds in (
        ({"weight"}, {"weight"}),
        ({"bias"}, {"bias"}),
        (nothing, nothing),
        (nothing, everything),
        (everything, nothing),
    ):
        for labels in ((True, True), (False, False), (True, False), (False, True)):
            rows: list[dict[tuple[int, ...], list[int]]] = [defaultdict(list), defaultdict(list)]
            for side, groups, kind, labelled in zip((one, other), rows, kinds, labels):
                for k in side.left:
                    if side.labels[k].kind in kind and bool(side.readings[k].label.strip()) == labelled:
                        groups[_fold(side, k)].append(k)
            for shape, firsts in rows[0].items():
                seconds = rows[1].get(shape, [])
                for first, second in zip(firsts, seconds, strict=False):
                    written = one.readings[first].array.shape
                    alone = len(firsts) == len(seconds) == 1
                    how = f"by shape, the only {written}" if alone else f"by shape {written}, in the order of the files"
                    _take(one, other, found, Match(first, second, how, False))

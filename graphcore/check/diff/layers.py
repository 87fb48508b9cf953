"""The layers of two files: which weight and bias belong together, in what order, and the rank-one law in each file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphcore.check.diff.law import law
from graphcore.check.diff.pairing import place
from graphcore.check.diff.printed import telling
from graphcore.check.diff.relations import function_of, relate
from graphcore.check.diff.result import Law, Layer, Pair, Relation
from graphcore.check.labels import Label, read_label

AGREEING = frozenset({"equal", "printed", "zero"})


class _Group(NamedTuple):
    key: tuple[Any, ...]
    label: Label
    weight: int | None
    bias: int | None
    written: str


def layers(pairs: Sequence[Pair], names: tuple[str, str], run: int = 0, start: int = 0) -> tuple[Layer, ...]:
    """The layers of one run, from the input to the output; ``pairs`` are those of all runs so far, this one's from ``start``."""
    groups = _ordered(_grouped(pairs, start), pairs)
    found = []
    for number, group in enumerate(groups, 1):
        own = [pairs[k] for k in (group.weight, group.bias) if k is not None]
        agrees = all(pair.state in AGREEING for pair in own)
        made = Layer(_title(group, number, len(groups)), number, group.weight, group.bias, agrees=agrees, run=run)
        found.append(_with_law(made, pairs, names))
    return tuple(found)


def _grouped(pairs: Sequence[Pair], start: int) -> list[_Group]:
    """Weights and biases that carry one label, up to the word for which of the two they are."""
    groups: dict[tuple[Any, ...], _Group] = {}
    unnamed = 0
    for index, pair in enumerate(pairs[start:], start):
        written = pair.label.strip() or pair.other.strip()
        label = read_label(written)
        kind = label.kind or ("weight" if max(map(_axes, pair.shapes)) == 2 else "bias")
        if not written and (not max(map(len, pair.shapes)) or (kind == "bias" and not unnamed)):
            continue
        unnamed += not written and kind == "weight"
        key = (tuple(word for word in label.words if word != label.kind), label.numbers) if written else ("unnamed", unnamed)
        group = groups.get(key, _Group(key, label, None, None, written))
        if kind == "weight" and group.weight is None:
            groups[key] = group._replace(weight=index, written=written)
        elif kind == "bias" and group.bias is None:
            groups[key] = group._replace(bias=index)
    return list(groups.values())


def _axes(shape: Sequence[int]) -> int:
    return sum(n != 1 for n in shape)


def _ordered(groups: list[_Group], pairs: Sequence[Pair]) -> list[_Group]:
    """From the input to the output: as the labels say, else in the order of the file or its reverse, whichever sizes allow."""
    by_label = sorted(groups, key=lambda group: place(group.label))
    candidates = [by_label, groups, groups[::-1]]
    if len({place(group.label) for group in groups}) < len(groups):
        candidates = [groups, groups[::-1]]
    return next((row for row in candidates if _chained(row, pairs)), candidates[0])


def _chained(groups: Sequence[_Group], pairs: Sequence[Pair]) -> bool:
    """Whether the fan-out of each layer can be the fan-in of the next."""
    rows = [_fans(group, pairs) for group in groups]
    return all(not a or not b or any(x[0] == y[1] for x in a for y in b) for a, b in itertools.pairwise(rows))


def _fans(group: _Group, pairs: Sequence[Pair]) -> set[tuple[int, int]]:
    """The possible (fan-out, fan-in) of a layer; empty where nothing is known."""
    if group.weight is None:
        return set()
    shape = tuple(n for n in pairs[group.weight].shapes[1] if n != 1)
    if len(shape) > 2:
        return set()
    m, n = (1,) * (2 - len(shape)) + shape
    both = {(m, n), (n, m)}
    if group.bias is None:
        return both
    size = int(np.prod(pairs[group.bias].shapes[1]))
    return {fan for fan in both if fan[0] == size} or both


def _title(group: _Group, number: int, count: int) -> str:
    numbers = group.label.numbers
    if not group.written or numbers == (number,) or (number == count and "output" in group.label.words and not numbers):
        return f"layer {number}"
    named = group.written.rstrip(": ")
    if "." in named:
        named = named.rpartition(".")[0]
        return f"layer {number} (`{named}`)"
    return f"layer {number}" if not numbers else f"layer {number} (the file's {'.'.join(map(str, numbers))})"


def _with_law(layer: Layer, pairs: Sequence[Pair], names: tuple[str, str]) -> Layer:
    if layer.weight is None or layer.bias is None:
        return layer
    weights, biases = pairs[layer.weight].sides, pairs[layer.bias].sides
    if weights is None or biases is None:
        return layer
    first, second = (law(w, b) for w, b in zip(weights, biases, strict=True))
    # where the numbers of one file do not show how dW lies, the other file's do
    if first.input is None and second.input is not None and second.layout:
        first = law(weights[0], biases[0], second.layout == "(in, out)")
    elif second.input is None and first.input is not None and first.layout:
        second = law(weights[1], biases[1], first.layout == "(in, out)")
    return layer._replace(laws=(first, second), inputs=_inputs(first, second, names))


def _inputs(first: Law, second: Law, names: tuple[str, str]) -> Relation | None:
    """What the activation recovered from one file has to do with the other's."""
    a, b = first.input, second.input
    if a is None or b is None or a.array.shape != b.array.shape or not np.any(telling(a) | telling(b)):
        return None
    found = relate(a, b, names, {float(a.array.size): "the number of inputs of the layer"})
    return (function_of(a, b) or found) if found.kind in ("none", "rows", "columns", "permutation") else found

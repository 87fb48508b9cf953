"""Mistakes of the forward pass that gradients alone betray: a bias counted once a column, a running sum that is not reset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graphcore.check.diff.printed import Printed
from graphcore.check.diff.result import Law, Layer, Note, Pair
from graphcore.compare.numbers import number

# an activation that has come this near to its end counts as saturated
NEAR = 0.01


class Counted(NamedTuple):
    """In one layer of one file (``side`` None: both) db is ``fan_in`` times what dW and the activation say."""

    layer: int
    side: int | None
    fan_in: int
    text: str


def fan_in(layer: Layer) -> int:
    """How many inputs a layer has, 0 where the files do not tell."""
    for found in layer.laws or ():
        if found.weight is not None and found.weight.array.ndim == 2:
            return int(found.weight.array.shape[1])
    return 0


def bias_counts(layers: Sequence[Layer], pairs: Sequence[Pair], names: tuple[str, str]) -> list[Counted]:
    """Where db is too large by the number of columns of dW."""
    found = []
    for layer in layers:
        columns = _column_bias(layer, pairs, names)
        evidence = columns or _by_bias(layer, pairs, names) or _by_input(layer, names)
        if evidence is not None:
            found.append(evidence)
    return found


def _column_bias(layer: Layer, pairs: Sequence[Pair], names: tuple[str, str]) -> Counted | None:
    sides = [k for k, found in enumerate(layer.laws or ()) if found.state == "column-bias"]
    if not sides or layer.laws is None or layer.bias is None:
        return None
    bias = layer.laws[sides[0]].bias
    assert bias is not None
    whose = "both files" if len(sides) == 2 else names[sides[0]]
    label = pairs[layer.bias].label or "db"
    text = (
        f"in {layer.name} `{label}` has {bias.array.size} equal entries ({number(bias.array.flat[0])}), one a column, in {whose}"
    )
    return Counted(layer.number, None if len(sides) == 2 else sides[0], bias.array.size, text)


def _by_bias(layer: Layer, pairs: Sequence[Pair], names: tuple[str, str]) -> Counted | None:
    """By db itself: fan-in times as large in one file, while dW is not."""
    n = fan_in(layer)
    if layer.bias is None or layer.weight is None or n < 2:
        return None
    relation, other = pairs[layer.bias].relation, pairs[layer.weight].relation
    if relation.factor is None or relation.kind not in ("factor", "cumulated") or relation.factor == other.factor:
        return None
    c = 1 / relation.factor if relation.swapped else relation.factor
    side = 0 if np.isclose(c, n, rtol=1e-9) else 1 if np.isclose(c * n, 1, rtol=1e-9) else None
    if side is None:
        return None
    label = (pairs[layer.bias].label, pairs[layer.bias].other)[side] or "db"
    return Counted(layer.number, side, n, f"in {layer.name} `{label}` of {names[side]} is {n} times the other's, its fan-in")


def _by_input(layer: Layer, names: tuple[str, str]) -> Counted | None:
    """By the activations that come out of dW and db: in one file the other's divided by the fan-in."""
    n, relation = fan_in(layer), layer.inputs
    if relation is None or relation.kind != "factor" or relation.factor is None or n < 2:
        return None
    side = 1 if np.isclose(relation.factor, n, rtol=1e-9) else 0 if np.isclose(relation.factor * n, 1, rtol=1e-9) else None
    if side is None:
        return None
    size = "half" if n == 2 else f"1/{n} of"
    return Counted(
        layer.number,
        side,
        n,
        f"in {layer.name} the input that dW and db of {names[side]} imply is {size} the other's, its fan-in being {n}",
    )


def bias_note(counts: Sequence[Counted], names: tuple[str, str], run: int) -> Note | None:
    """The finding bias-once-per-column, with its evidence layer by layer."""
    if not counts:
        return None
    sides = {found.side for found in counts if found.side is not None}
    certain = len({found.fan_in for found in counts}) > 1 or len(counts) > 2
    whose = f"that {names[sides.pop()]} belongs to" if len(sides) == 1 else "behind these files"
    start, verb = ("The", "adds") if certain else ("It looks as if the", "added")
    text = f"{start} forward pass {whose} {verb} the bias once per column, before the sum over the columns: "
    text += "; ".join(found.text for found in counts) + ". Added after the sum it counts once."
    side = counts[0].side if len({found.side for found in counts}) == 1 else None
    return Note("bias-once-per-column", text, counts[-1].layer, certain, side, run)


def climbing(found: Law, scale: float = 1.0) -> tuple[float, float] | None:
    """The first and the last of the recovered activations where they climb monotonically to 1 and stay there.

    ``scale`` is what they are multiplied by first. There must be six, half of them saturated, and three told apart by the
    printed digits: fewer climb by chance.
    """
    if found.input is None or found.input.array.size < 6 or not np.isfinite(found.input.array).all():
        return None
    x = found.input.times(scale)
    low, high = x.array - x.half, x.array + x.half
    falls = np.any(np.maximum.accumulate(low)[:-1] > high[1:])
    saturated = np.mean(np.abs(x.array - 1) < NEAR) >= 0.5
    if falls or not saturated or not (np.all(low > 0) and np.all(low <= 1 + 1e-6)):
        return None
    return (float(x.array[0]), float(x.array[-1])) if _levels(x) >= 3 else None


def _levels(x: Printed) -> int:
    """How many values an ascending array has that are certainly different."""
    count, top = 1, float(x.array[0] + x.half[0])
    for low, high in zip(x.array - x.half, x.array + x.half, strict=True):
        if low > top:
            count, top = count + 1, float(high)
    return count


def running_note(
    layers: Sequence[Layer], pairs: Sequence[Pair], counts: Sequence[Counted], names: tuple[str, str], run: int
) -> Note | None:
    """The finding running-sum-not-reset: a cumulated db, activations that climb to 1, or both."""
    sums = _cumulated(layers, pairs, names)
    climbs = _climbs(layers, counts, names)
    if not sums and not climbs:
        return None
    start = "A running sum is not reset" if sums else "This looks like a running sum that is not reset"
    text = "; ".join([*(said for _, _, said in sums), *(said for _, said in climbs)])
    sides = {side for _, side, _ in sums}
    where = max([*(layer for layer, _, _ in sums), *(layer for layer, _ in climbs)])
    side = sides.pop() if len(sides) == 1 else None
    return Note("running-sum-not-reset", f"{start} from neuron to neuron: {text}.", where, bool(sums), side, run)


def _cumulated(layers: Sequence[Layer], pairs: Sequence[Pair], names: tuple[str, str]) -> list[tuple[int, int, str]]:
    """The layers in which one file's db is summed up over all later neurons of the other's: layer, side, sentence."""
    found = []
    for layer in reversed(layers):
        pair = None if layer.bias is None else pairs[layer.bias]
        if pair is not None and pair.relation.kind == "cumulated" and "later" in pair.relation.text:
            side = int(pair.relation.swapped)
            label = (pair.label, pair.other)[side] or "db"
            found.append((layer.number, side, f"`{label}` of {names[side]} is {pair.relation.text}"))
    return found


def _climbs(layers: Sequence[Layer], counts: Sequence[Counted], names: tuple[str, str]) -> list[tuple[int, str]]:
    """The layers whose recovered activations climb to 1."""
    found = []
    for layer in reversed(layers):
        for side, law in enumerate(layer.laws or ()):
            times = [n.fan_in for n in counts if n.layer == layer.number and n.side == side and law.state != "column-bias"]
            ends = climbing(law, float(times[0]) if times else 1.0)
            if ends is not None:
                whose = f"the activations that come into {layer.name}, recovered from {names[side]}{_times(times)}"
                said = f"{whose}, climb monotonically from {number(ends[0])} to {_top(ends[1])}"
                found.append((max(layer.number - 1, 1), said))
    return found


def _times(times: Sequence[int]) -> str:
    return f" (times {times[0]})" if times else ""


def _top(end: float) -> str:
    return "1" if abs(end - 1) < 1e-3 else number(end)

"""Two hand-ins laid beside each other, run by run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphcore.check.diff.explain import findings
from graphcore.check.diff.layers import layers
from graphcore.check.diff.pairing import Pairing, pair
from graphcore.check.diff.pairs import Laid, Layout, compare, lay, layout
from graphcore.check.diff.result import Difference, Layer, Note, Pair, Verdict
from graphcore.check.diff.sentence import banner
from graphcore.check.hand_in import HandIn, Reading
from graphcore.check.labels import read_label
from graphcore.compare.numbers import listed, plural

# in a run with more differing arrays than this no relation is looked for in the rest
EXPLAINED = 500
NAMES = ("the first file", "the second file")

Sides = tuple[Sequence[Reading], Sequence[Reading]]


@np.errstate(all="ignore")
def difference(a: HandIn, b: HandIn, names: tuple[str, str] = NAMES) -> Difference:
    """Compare two hand-ins that hold gradients and nothing else; ``names`` is what the sentences call them.

    Files with equally many runs are compared run by run, others in their chosen runs. Nothing is refused: what cannot be
    compared is said.

    >>> from graphcore.check.hand_in import from_mapping
    >>> mine, other = from_mapping({"dw": [[1.0, 2.0]], "db": [3.0]}), from_mapping({"w.grad": [[2.0, 4.0]], "b.grad": [6.0]})
    >>> found = difference(mine, other)
    >>> found.verdict, found.findings[0].mistake
    ('different', 'missing-factor-two')
    """
    runs, notes = _runs(a, b)
    pairs: list[Pair] = []
    found: list[Layer] = []
    said: list[Note] = []
    manners: list[Layout] = []
    left: tuple[list[str], list[str]] = ([], [])
    missing = False
    for run, (first, second) in enumerate(runs):
        pairing = pair(first, second)
        laid = lay(first, second, pairing.matches)
        manner = layout(laid)
        manners.append(manner)
        start = len(pairs)
        pairs += _compared(laid, (first, second), manner, names, run)
        rows = layers(pairs, names, run, start)
        found += rows
        said += findings(rows, pairs, names, run, start)
        missing = _leave(pairing, (first, second), left) or missing
    notes += _layout_note(manners, names)
    notes += [f"{names[k]}: {note}" for k, side in enumerate((a, b)) for note in side.notes] + _said_pairs(pairs)
    verdict, unpaired = _verdict(pairs, missing), (tuple(left[0]), tuple(left[1]))
    made = banner(verdict, pairs, said, unpaired, names)
    return Difference(tuple(pairs), *unpaired, tuple(found), tuple(said), verdict, made, tuple(dict.fromkeys(notes)), names)


def _compared(laid: Sequence[Laid], sides: Sides, manner: Layout, names: tuple[str, str], run: int) -> list[Pair]:
    found: list[Pair] = []
    differing = 0
    for one in laid:
        made = compare(one, sides[0][one.match.first], sides[1][one.match.second], manner, names, run, differing < EXPLAINED)
        differing += made.state in ("different", "shapes")
        found.append(made)
    return found


def _runs(a: HandIn, b: HandIn) -> tuple[list[Sides], list[str]]:
    counts = len(a.runs), len(b.runs)
    if counts[0] == counts[1] > 1 and a.everything and b.everything:
        rows: list[Sides] = list(zip(_by_run(a), _by_run(b), strict=True))
        return rows, [f"Both files hold {counts[0]} runs; they were compared one by one, in order."]
    notes = []
    if max(counts) > 1:
        one, other = plural(counts[0], "run"), plural(counts[1], "run")
        notes.append(f"The files hold {one} and {other}; run {a.run + 1} was compared with run {b.run + 1}.")
    return [(a.readings, b.readings)], notes


def _by_run(side: HandIn) -> list[list[Reading]]:
    rows: list[list[Reading]] = [[] for _ in side.runs]
    for reading in side.everything:
        rows[reading.run].append(reading)
    return rows


def _layout_note(manners: Sequence[Layout], names: tuple[str, str]) -> list[str]:
    """One sentence on the matrices of all runs."""
    settled = [manner for manner in manners if manner.settled]
    if not settled:
        return []
    turned, straight = sum(manner.turned for manner in settled), sum(manner.straight for manner in settled)
    runs = f" in {len(settled)} runs" if len(settled) > 1 else ""
    also = f"; {straight} {'lies' if straight == 1 else 'lie'} the other way" if straight else ""
    return [
        f"{names[0]} and {names[1]} write their weights transposed to each other, (in, out) and (out, in): "
        f"{plural(turned, 'matrix', 'matrices')}{runs} transposed for the comparison{also}."
    ]


def _leave(pairing: Pairing, sides: Sides, left: tuple[list[str], list[str]]) -> bool:
    """Write down what has no counterpart; whether a weight or a bias is among it."""
    missing = False
    for rest, ignored, readings, written in zip(pairing.left, pairing.ignored, sides, left, strict=True):
        for k in rest:
            label = readings[k].label.strip().rstrip(":")
            written.append(label or f"an array {readings[k].array.shape} without a label")
            missing = missing or bool(read_label(label).kind)
        written += [f"{readings[k].label.strip().rstrip(':')} (no gradient)" for k in ignored]
    return missing


def _said_pairs(pairs: Sequence[Pair]) -> list[str]:
    """Pairs that no label stands for: offered, and said."""
    unsure = [f"`{p.label.strip() or 'unnamed'}` with `{p.other.strip() or 'unnamed'}` ({p.how})" for p in pairs if not p.sure]
    return [f"Paired without a label that says so: {listed(unsure)}."] if unsure else []


def _verdict(pairs: Sequence[Pair], missing: bool) -> Verdict:
    if any(pair.state in ("different", "shapes") for pair in pairs):
        return "different"
    if missing or all(pair.state == "zero" for pair in pairs):
        return "unproven"
    return "equal"

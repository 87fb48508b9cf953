"""What weakens a match at this point: warnings, each a sentence with its numbers.

What the comparison knows already (a wrong rule that would agree, kinks, gradients that are zero) is repeated in its
words; added is what shows in the numbers alone: mostly zeros, units that are flat, square shapes, printed zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.compare.edges import downstream, op_at
from graphcore.compare.kinks import find_kinks
from graphcore.compare.numbers import dimensions, listed, number, plural
from graphcore.compare.weak import Weakness, find_weakness
from graphcore.compare.words import Reason

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.check.align import Aligned, Alignment
    from graphcore.compare import Comparison
    from graphcore.ops.namespaces import Array

FLAT = 1e-3
# from this share on entries are "most"
MOST = 0.5
LIMIT = 8
MOSTLY, SATURATED, DEAD = "Mostly zero gradients", "Saturated units", "Units that are off"
# what leaves a part of a network untried, and lets no wrong rule agree as a whole
SOFT = frozenset({MOSTLY, SATURATED, DEAD})
# functions that level off; of the others a small derivative is a coincidence of the point
LEVELLING = frozenset(
    {"sigmoid", "tanh", "softmax", "erf", "hardtanh", "hardsigmoid", "relu6", "logsigmoid", "softsign", "atan", "_softmax"}
)
OFF = frozenset({"relu", "threshold", "hardshrink", "softshrink"})


def warnings(run: Trace, comparison: Comparison | None = None, alignment: Alignment | None = None) -> tuple[Reason, ...]:
    """The reasons for which a match at this point proves less than it seems; none where it proves what it says.

    ``comparison`` spares the search for wrong rules where it was made already; ``alignment`` tells how the handed-in numbers
    were printed.

    >>> from graphcore.backprop import trace
    >>> from graphcore.parse import parse
    >>> [reason.title for reason in warnings(trace(parse("x = [9, 8, 0.1]\\ny = sum(sigmoid(x))")))]
    ['Saturated units']
    """
    kinks = find_kinks(run) if comparison is None else comparison.kinks
    weakness = _weakness(run, comparison)
    return (
        *(Reason("0", "weak", "At a kink", sentence[0].upper() + sentence[1:]) for sentence in list(kinks.values())[:LIMIT]),
        *_zeros(run),
        *(Reason("0", "weak", "A wrong rule would agree too", finding.text) for finding in weakness.findings[:LIMIT]),
        *(Reason("0", "off", "Only one side was tried", text) for text in weakness.one_sided[:LIMIT]),
        *_flat(run),
        *_square(run, alignment),
        *_printed(run, alignment),
    )


def _weakness(run: Trace, comparison: Comparison | None) -> Weakness:
    if comparison is not None and comparison.verdict == "match":
        return comparison.weakness
    return find_weakness(run)


def _gradients(run: Trace) -> Iterator[tuple[int, Array]]:
    """The gradients that are compared: finite ones of single arrays, the starting gradient left out."""
    graph = run.graph
    used = {edge.source for edge in graph.backward_edges}
    for k in range(len(graph)):
        if k in graph.tuples or (k in run.seeds and k not in used):
            continue
        gradient = run.gradient(k)
        if gradient is not None and gradient.size and np.isfinite(gradient).all():
            yield k, gradient


def _zeros(run: Trace) -> list[Reason]:
    names = run.graph.names
    shares = [(k, gradient.size, gradient.size - int(np.count_nonzero(gradient))) for k, gradient in _gradients(run)]
    gone = [names[k] for k, size, zeros in shares if zeros == size]
    leaves = [(k, size, zeros) for k, size, zeros in shares if MOST * size <= zeros < size and run.graph.ops[k] is None]
    found = []
    if gone:
        be, prove = ("is", "proves") if len(gone) == 1 else ("are", "prove")
        text = f"The gradient of {listed(gone, LIMIT)} {be} zero: a wrong rule would give that too."
        found.append(Reason("0", "weak", f"{plural(len(gone), 'gradient')} {prove} nothing", text))
    if leaves:
        each = [f"{names[k]} {zeros:,} of {size:,}" for k, size, zeros in leaves]
        text = f"Entries that are exactly zero: {listed(each, LIMIT)}. Only the others tell a right rule from a wrong one."
        found.append(Reason("0", "weak", MOSTLY, text))
    return found


def _flat(run: Trace) -> list[Reason]:
    """Units whose derivative is next to nothing, so that what lies above them hardly shows."""
    graph = run.graph
    levelled: list[tuple[str, float]] = []
    off: list[tuple[str, float]] = []
    met = set()
    for edge in graph.backward_edges:
        op = op_at(graph, edge.target)
        if op.name not in LEVELLING | OFF or edge.target in met or graph.shapes[edge.source] != graph.shapes[edge.target]:
            continue
        met.add(edge.target)
        slopes = _slopes(run, edge)
        if not slopes.size or not np.isfinite(slopes).all():
            continue
        flat = int(np.count_nonzero(np.abs(slopes) < FLAT))
        if flat >= MOST * slopes.size and flat:
            shown = f"{graph.names[edge.target]} ({op.name}) {flat:,} of {slopes.size:,}"
            (off if op.name in OFF else levelled).append((shown, float(np.max(np.abs(slopes)))))
    found = []
    if levelled:
        most = max(size for _, size in levelled)
        text = (
            f"Derivatives below {FLAT:g}: {listed([shown for shown, _ in levelled], LIMIT)} (the largest is {number(most)}). "
            "Errors in what lies before them all but vanish there."
        )
        found.append(Reason("0", "weak", SATURATED, text))
    if off:
        text = f"Entries that hand nothing on: {listed([shown for shown, _ in off], LIMIT)}. What lies before them is not tried."
        found.append(Reason("0", "weak", DEAD, text))
    return found


def _slopes(run: Trace, edge: Any) -> Array:
    """The derivative of each entry by itself; of softmax that of each probability by its own exponent."""
    graph = run.graph
    value = np.asarray(run.argument(edge.target), dtype=np.float64)
    if "softmax" in op_at(graph, edge.target).name:
        return value * (1 - value)
    with np.errstate(all="ignore"):
        return np.asarray(downstream(graph, edge, np.ones(value.shape), run.argument), dtype=np.float64)


def _square(run: Trace, alignment: Alignment | None) -> list[Reason]:
    """Square gradients, whose shape lets a transpose pass; and those whose numbers let it pass too."""
    graph = run.graph
    blind, square = [], []
    handed = {} if alignment is None else alignment.gradients
    for k, gradient in _gradients(run):
        if graph.ops[k] is not None or gradient.ndim != 2 or gradient.shape[0] != gradient.shape[1] or gradient.shape[0] < 2:
            continue
        row = handed.get(k)
        half = float(np.max(row.half, initial=0.0)) if row is not None else 0.0
        apart = float(np.max(np.abs(gradient - gradient.T)))
        size = float(np.max(np.abs(gradient)))
        shown = f"{graph.names[k]} ({dimensions(gradient.shape)})"
        if size and apart <= max(2 * half, 1e-9 * size):
            blind.append(shown)
        elif size:
            square.append((shown, apart / size))
    found = []
    if blind:
        text = f"The gradient of {listed(blind, LIMIT)} equals its own transpose here, so a transposed one agrees."
        found.append(Reason("0", "weak", "A transpose would agree too", text))
    if square:
        least = min(share for _, share in square)
        text = (
            f"{listed([shown for shown, _ in square], LIMIT)}: a transpose has the same shape and raises no error. Only the "
            f"numbers tell: entries opposite each other differ by up to {least:.0%} of the largest one."
        )
        found.append(Reason("0", "off", "Square shapes let a transpose pass", text))
    return found


def _printed(run: Trace, alignment: Alignment | None) -> list[Reason]:
    """Handed-in gradients of which the printed digits say little."""
    rows = [] if alignment is None else [(k, row) for k, row in alignment.gradients.items() if row.half.size]
    graph = run.graph
    zeros, few = [], []
    for k, row in rows:
        right = run.gradient(k)
        if right is None or right.shape != row.array.shape:
            continue
        hidden = (np.abs(row.array) <= row.half) & (row.half > 0) & (right != 0)
        if hidden.any():
            zeros.append((f"{graph.names[k]} {int(hidden.sum()):,} of {right.size:,}", float(np.mean(hidden))))
        digits = _digits(row)
        if digits is not None and digits < 2:
            few.append(f"{graph.names[k]} {digits:.0f}")
    found = []
    if zeros:
        tone = "weak" if max(share for _, share in zeros) >= MOST else "off"
        each = listed([shown for shown, _ in zeros], LIMIT)
        text = f"Entries that print as 0 although they are not: {each}. They agree with anything as small."
        found.append(Reason("0", tone, "Values that print as zero", text))
    if few:
        text = f"Significant digits of the largest entry: {listed(few, LIMIT)}. An error below the last digit does not show."
        found.append(Reason("0", "weak", "Few digits were printed", text))
    return found


def _digits(row: Aligned) -> float | None:
    """How many significant digits the largest printed entry has; None where all digits stand or nothing is left."""
    size = np.abs(row.array)
    if not size.size or not np.isfinite(size).any() or row.half.shape != row.array.shape:
        return None
    largest = np.unravel_index(int(np.nanargmax(size)), size.shape)
    half = float(row.half[largest])
    return None if half <= 0 or size[largest] <= half else float(np.floor(np.log10(size[largest] / (2 * half))) + 1)

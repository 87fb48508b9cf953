"""Two paired arrays compared: how they lie, to which digit they agree, and what one has to do with the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from graphcore.check.diff.pairing import Match
from graphcore.check.diff.printed import Printed, apart, decimals, fits, printed
from graphcore.check.diff.relations import EQUAL, pattern, relate
from graphcore.check.diff.result import Pair, Relation, State
from graphcore.check.hand_in import Reading
from graphcore.compare.numbers import number, plural
from graphcore.compare.states import EPS

TRANSPOSED = Relation("transpose", "the other's transpose", "transposed-result")


class Laid(NamedTuple):
    """Two arrays without their axes of length one, and how the second can be laid on the first."""

    match: Match
    a: Printed
    b: Printed
    straight: bool
    turned: bool


class Layout(NamedTuple):
    """How many matrices of the two files lie alike and how many transposed; ``told`` where a shape says so."""

    straight: int
    turned: int
    told: bool

    @property
    def transposed(self) -> bool:
        """Whether one file writes (out, in) and the other (in, out)."""
        return self.turned > self.straight

    @property
    def settled(self) -> bool:
        """Whether that is the manner of the file and not one array the wrong way round."""
        return self.transposed and (self.turned > 1 or self.told)


def lay(a: Sequence[Reading], b: Sequence[Reading], matches: Iterable[Match]) -> list[Laid]:
    """The pairs as numbers, each with the ways in which it can lie."""
    found = []
    for match in matches:
        one, other = printed(a[match.first]), printed(b[match.second])
        shapes = one.array.shape, other.array.shape
        turned = len(shapes[0]) == 2 and shapes[0] == shapes[1][::-1]
        found.append(Laid(match, one, other, shapes[0] == shapes[1], turned))
    return found


def layout(pairs: Iterable[Laid]) -> Layout:
    """The layout that the matrices of two files speak for."""
    straight, turned, told = 0, 0, False
    for _, a, b, can_straight, can_turn in pairs:
        if not can_turn:
            straight += can_straight and a.array.ndim == 2
        elif not can_straight:
            turned, told = turned + 1, True
        else:
            as_is, other = fits(a, b), fits(a, b.moved(np.transpose))
            straight, turned = straight + (as_is and not other), turned + (other and not as_is)
    return Layout(straight, turned, told)


def compare(laid: Laid, a: Reading, b: Reading, manner: Layout, names: tuple[str, str], run: int, explained: bool = True) -> Pair:
    """One pair in words and numbers; ``manner`` is the layout of the whole file."""
    match, one, other = laid.match, laid.a, laid.b
    turn = laid.turned and (manner.transposed or not laid.straight)
    if turn and laid.straight and not manner.settled:
        turn = False
    other = other.moved(np.transpose) if turn else other
    shapes = a.array.shape, b.array.shape
    squeezed = shapes[0] != shapes[1] and (laid.straight or laid.turned) and not (turn and shapes[0] == shapes[1][::-1])
    change = " and ".join(word for word, done in (("squeezed", squeezed), ("transposed", turn)) if done)
    relation = _relation(one, other, names, explained)
    if relation is EQUAL and turn and not manner.transposed and min(one.array.shape) > 1:
        relation = TRANSPOSED
    base = Pair(
        a.label,
        b.label,
        (match.first, match.second),
        (a.array.shape, b.array.shape),
        match.how,
        match.sure,
        change,
        "shapes",
        "",
        relation,
    )
    if one.array.shape != other.array.shape:
        return base._replace(text=_other_shape(relation, base, names), run=run, zeros=(one.zeros, other.zeros))
    return _counted(base._replace(run=run, sides=(one, other)), one, other, names)


def _relation(one: Printed, other: Printed, names: tuple[str, str], explained: bool) -> Relation:
    if explained:
        return relate(one, other, names)
    same = one.array.shape == other.array.shape
    return EQUAL if fits(one, other) else Relation("none", pattern(one, other) if same else "other shapes")


def _other_shape(relation: Relation, pair: Pair, names: tuple[str, str]) -> str:
    shapes = f"{pair.shapes[0]} and {pair.shapes[1]}"
    return f"shapes differ, {shapes}: {said(relation, names)}" if relation.kind != "none" else f"shapes differ: {shapes}"


def _counted(pair: Pair, one: Printed, other: Printed, names: tuple[str, str]) -> Pair:
    known = ~(np.isnan(one.array) | np.isnan(other.array))
    compared, left_out = int(np.count_nonzero(known)), int(known.size - np.count_nonzero(known))
    zeros = one.zeros, other.zeros
    precision = decimals(one, other)
    state: State = "different"
    wrong = int(np.count_nonzero(apart(one, other)))
    if pair.relation.kind == "equal" and not wrong:
        empty = not np.any(one.array[known]) and not np.any(other.array[known])
        state = "zero" if empty else "equal" if precision == "rounding" else "printed"
    with np.errstate(invalid="ignore"):
        gaps = np.abs(one.array - other.array)[known]
    error = float(np.max(gaps[np.isfinite(gaps)], initial=0.0))
    pair = pair._replace(error=error, wrong=wrong, compared=compared, zeros=zeros, precision=precision, state=state)
    more = f"; {plural(left_out, 'entry', 'entries')} not in the file" if left_out else ""
    return pair._replace(text=_text(pair, known.size, EPS * (other.largest or 1.0), names) + more)


def _text(pair: Pair, size: int, scale: float, names: tuple[str, str]) -> str:
    if pair.state == "zero":
        return "every entry prints as 0 in both, which proves nothing" if size else "empty in both"
    if pair.state in ("equal", "printed"):
        both = min(pair.zeros)
        hidden = f"; {both:,} of {plural(size, 'entry', 'entries')} print as 0" if both else ""
        near = (
            f" (at most {number(pair.error / scale)} eps of the largest entry apart)"
            if pair.state == "equal" and pair.error
            else ""
        )
        return f"equal to {pair.precision}{near}{hidden}"
    largest = f" (largest difference {number(pair.error)}, {pair.wrong:,} of {plural(size, 'entry', 'entries')})"
    return said(pair.relation, names) + (
        largest if pair.relation.kind != "none" else f" (largest difference {number(pair.error)})"
    )


def said(relation: Relation, names: tuple[str, str]) -> str:
    """A relation as a sentence about the side that follows from the other."""
    if relation.kind in ("none", "equal"):
        return relation.text
    return f"{names[relation.swapped]} is {relation.text}"

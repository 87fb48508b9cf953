"""The verdict on two files as a banner."""

from __future__ import annotations

from collections.abc import Sequence

from graphcore.check.diff.result import Note, Pair, Verdict
from graphcore.compare.numbers import listed, plural
from graphcore.compare.words import Banner

SIGNS = {"equal": ("=", "right"), "different": ("≠", "wrong"), "unproven": ("0", "weak")}


def banner(
    verdict: Verdict,
    pairs: Sequence[Pair],
    notes: Sequence[Note],
    unpaired: tuple[Sequence[str], Sequence[str]],
    names: tuple[str, str],
) -> Banner:
    """The banner: equal to how many digits and how much of it is zero, or what differs and what explains it."""
    bold, small = _WORDS[verdict](pairs, notes, unpaired, names)
    sign, tone = SIGNS[verdict]
    return Banner(verdict, sign, tone, bold, small, None)


def _equal(
    pairs: Sequence[Pair], notes: Sequence[Note], unpaired: tuple[Sequence[str], Sequence[str]], names: tuple[str, str]
) -> tuple[str, str]:
    coarsest = [pair.precision for pair in pairs if pair.state == "printed"]
    proved = [pair for pair in pairs if pair.state != "zero"]
    bold = f"Equal to {_coarsest(coarsest)}." if coarsest else "Equal to rounding."
    zeros, entries = sum(min(pair.zeros) for pair in pairs), sum(pair.compared for pair in pairs)
    parts = [f"{plural(len(proved), 'array')} compared."]
    if zeros:
        parts.append(f"{zeros:,} of {entries:,} entries print as 0 and prove nothing.")
    if len(proved) < len(pairs):
        parts.append(f"{len(pairs) - len(proved)} more are zero throughout and prove nothing.")
    return bold, " ".join([*parts, *_left(unpaired, names)])


def _coarsest(precisions: Sequence[str]) -> str:
    numbered = [(int(word), said) for said in set(precisions) for word in said.split() if word.isdecimal()]
    decimals = [found for found in numbered if "decimal" in found[1]] or numbered
    return min(decimals)[1] if decimals else precisions[0]


def _different(
    pairs: Sequence[Pair], notes: Sequence[Note], unpaired: tuple[Sequence[str], Sequence[str]], names: tuple[str, str]
) -> tuple[str, str]:
    wrong = [pair for pair in pairs if pair.state in ("different", "shapes")]
    bold = f"{len(wrong)} of {plural(len(pairs), 'array')} {'differs' if len(wrong) == 1 else 'differ'}."
    named = [note.mistake for note in notes if note.mistake not in ("origin", "unknown", "inherited")]
    parts = [f"Found: {listed(list(dict.fromkeys(named)))}."] if named else []
    parts += [note.text for note in notes if note.mistake == "origin"][:1]
    if not parts:
        parts = [f"Most of all {max(wrong, key=lambda pair: pair.error).label.strip().rstrip(':')}."]
    return bold, " ".join(parts)


def _unproven(
    pairs: Sequence[Pair], notes: Sequence[Note], unpaired: tuple[Sequence[str], Sequence[str]], names: tuple[str, str]
) -> tuple[str, str]:
    if not pairs:
        return "Unproven.", " ".join(["Nothing in one file belongs to anything in the other.", *_left(unpaired, names)])
    if all(pair.state == "zero" for pair in pairs):
        return "Unproven.", f"All {plural(len(pairs), 'array')} print as zero in both files; wrong ones would too."
    return "Unproven.", " ".join(["What could be compared is equal.", *_left(unpaired, names)])


def _left(unpaired: tuple[Sequence[str], Sequence[str]], names: tuple[str, str]) -> list[str]:
    return [
        f"Only in {name}: {listed(list(dict.fromkeys(labels)))}." for name, labels in zip(names, unpaired, strict=True) if labels
    ]


_WORDS = {"equal": _equal, "different": _different, "unproven": _unproven}

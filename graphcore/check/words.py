"""The verdict on a hand-in in words: one banner, and the sentence of each finding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from graphcore.check.findings import Explanation, Finding
from graphcore.check.hand_in import NARROW
from graphcore.check.numbers import number as digits
from graphcore.compare.numbers import listed, number, plural
from graphcore.compare.words import Action, Banner, Reason
from graphcore.mistakes import ROUNDED, UNKNOWN

if TYPE_CHECKING:
    from graphcore.check.findings import Checkup

ASK = Action("What does this prove?", "reasons")
STRONGER = Action("Use a stronger point", "stronger")


def banner(checkup: Checkup, reasons: tuple[Reason, ...] = ()) -> Banner:
    """The banner of a checkup; ``reasons`` are what its evidence says, those that weaken a match among them."""
    every = (*_reasons(checkup), *reasons)
    if checkup.verdict == "wrong":
        first = checkup.origins[0] if checkup.origins else checkup.wrong()[0]
        action = Action(
            "Go to the first" if len(checkup.origins) > 1 else f"Go to {_name(checkup, first)}", "goto", (first.node,)
        )
        return Banner("wrong", "≠", "wrong", _wrong(checkup), _mistakes(checkup), action, every)
    if checkup.verdict == "unproven":
        return Banner("unproven", "0", "weak", "Unproven.", _unproven(checkup), ASK, every)
    blind = [reason for reason in reasons if reason.tone == "weak"]
    # a network's own numbers are not for anybody to choose
    if blind and checkup.run.graph.recorded is None:
        return Banner("weak", "0", "weak", "Right, but it proves little.", blind[0].text, STRONGER, every)
    return Banner("printed", "=", "right", _right(checkup), _left(checkup), ASK, every)


def sentence(checkup: Checkup, finding: Finding) -> str:
    """What is said of one node in one sentence."""
    name = _name(checkup, finding)
    what = "value" if finding.forward else "gradient"
    best = finding.explanations[0] if finding.explanations else None
    match finding.status:
        case "right" if best is not None:
            return best.text
        case "right":
            return f"{name}: {finding.why}" if finding.why else f"The {what} of {name} is right{_digits(finding)}."
        case "inherited":
            return f"The {what} of {name} follows from what was wrong before it; its own step is right."
        case "missing":
            return f"The {what} of {name} was not handed in."
        case "undecided":
            return f"{name}: {finding.why}"
    if best is None:
        return f"{name}: a mistake began here."
    return f"{best.text} {doubt(best)}".rstrip()


def doubt(explanation: Explanation) -> str:
    """Why an explanation is not certain; nothing where it is, and where there is none."""
    if explanation.certain or explanation.mistake == UNKNOWN:
        return ""
    held = NARROW.get(explanation.eps)
    if held is None:
        return "This looks like it; it does not give every printed digit."
    return f"This looks like it, to the rounding of what was handed in: {held}. What changes less cannot be seen in them."


def remains(checkup: Checkup, finding: Finding, explanation: Explanation) -> str:
    """What stays wrong where only this is mended; nothing of what is no origin or has no name."""
    if finding.status != "origin" or explanation.mistake == UNKNOWN:
        return ""
    others = len(checkup.origins) - 1
    if finding.forward and others:
        left = "the other mistake stays" if others == 1 else f"the other {others} mistakes stay"
        return f"Mending this mends what follows from this value as well, gradients too; {left}."
    wrong = sum(f.handed is not None for f in checkup.wrong())
    left_wrong = max(wrong - explanation.mended, 0)
    said = f"Mending only this makes {wrong - left_wrong} of {plural(wrong, 'wrong array')} right"
    return (
        f"{said}; {left_wrong} {'remains' if left_wrong == 1 else 'remain'} wrong."
        if left_wrong
        else f"{said}; nothing remains wrong."
    )


def entry(finding: Finding) -> tuple[tuple[int, ...], float, float] | None:
    """The entry that is furthest from right: its place, the handed-in number, the right one."""
    place = finding.worst
    if place is None or finding.handed is None or finding.right is None:
        return None
    return place, float(finding.handed[place]), float(finding.right[place])


def difference(finding: Finding) -> str:
    """The largest difference of a finding; where an entry is not finite, which and what it is.

    >>> import numpy as np
    >>> difference(Finding("origin", 0, np.array([1.0, np.nan]), np.array([1.0, 2.0]), error=float("nan")))
    'nan at [1]'
    """
    found = entry(finding)
    if finding.error is None or finding.status == "missing":
        return ""
    if found is None or math.isfinite(finding.error):
        return digits(finding.error)
    place, handed, right = found
    return f"{digits(right if math.isfinite(handed) else handed)}{f' at {list(place)}' if place else ''}"


def numbers(checkup: Checkup, finding: Finding) -> str:
    """``W2[0, 3]: 0.0421 handed in, 0.0842 is right.``"""
    found = entry(finding)
    if found is None:
        return ""
    place, handed, right = found
    a, b = number(handed), number(right)
    if a == b:
        a, b = repr(handed), repr(right)
    return f"{_name(checkup, finding)}{list(place) if place else ''}: {a} handed in, {b} is right."


def _name(checkup: Checkup, finding: Finding) -> str:
    return checkup.run.graph.names[finding.node]


def _wrong(checkup: Checkup) -> str:
    origins = checkup.origins
    wrong = [f for f in checkup.wrong() if f.handed is not None]
    named = [f for f in origins if f.explanations and f.explanations[0].mistake != UNKNOWN]
    if not origins:
        return f"{plural(len(wrong), 'gradient')} {'is' if len(wrong) == 1 else 'are'} wrong."
    explains = "explains" if len(origins) == 1 else "explain"
    if len(named) == len(origins):
        what = f"all {len(wrong)} wrong gradients" if len(wrong) > 1 else "the wrong gradient"
        if any(f.forward for f in wrong):
            what = f"all {len(wrong)} wrong numbers" if len(wrong) > 1 else "the wrong number"
        return f"{plural(len(origins), 'mistake')} {explains} {what}."
    unnamed = len(origins) - len(named)
    begins = "begins" if len(origins) == 1 else "begin"
    also = "; it has no name here" if len(origins) == unnamed == 1 else f"; {unnamed} of them without a name" if unnamed else ""
    return f"{plural(len(origins), 'mistake')} {begins} at {listed([_name(checkup, f) for f in origins], 3)}{also}."


def _mistakes(checkup: Checkup) -> str:
    shown = checkup.origins[:2]
    said = " ".join(sentence(checkup, f) for f in shown)
    more = len(checkup.origins) - len(shown)
    return f"{said} {more} more." if more > 0 else said


def _unproven(checkup: Checkup) -> str:
    findings = list(checkup.findings.values())
    handed = [f for f in findings if f.handed is not None]
    if not handed:
        return "No gradient was handed in that belongs to a node of this problem."
    if checkup.elsewhere and checkup.foreign and checkup.alignment is not None:
        rows = checkup.alignment.rows
        strange = sum(row.node is None for row in rows)
        return (
            f"{strange} of the {len(rows)} arrays handed in belong to no node of this problem, and what is left is not right: "
            "it may be the work on another network."
        )
    if checkup.elsewhere:
        return (
            f"None of the {len(handed)} gradients handed in is right at the problem's own numbers, and no mistake explains them. "
            "If they were computed at other weights, hand those in too: then the mistake can be found."
        )
    undecided = [f for f in handed if f.status == "undecided"]
    if undecided:
        return sentence(checkup, undecided[0])
    if all(f.right is not None and not f.right.any() for f in handed):
        return f"All {len(handed)} gradients handed in are zero, and so are the right ones; a wrong rule would agree too."
    if all(f.node in checkup.run.seeds for f in handed):
        return f"Only the starting gradient was handed in, that of {_name(checkup, handed[0])}; it is given and proves nothing."
    return "Every number handed in prints as zero, so a wrong rule would agree too."


def _right(checkup: Checkup) -> str:
    handed = [f for f in checkup.findings.values() if f.handed is not None]
    rounded = [f for f in handed if f.explanations and f.explanations[0].mistake == ROUNDED]
    if rounded:
        return "Right, but for rounding on the way."
    decimals = {_decimals(f) for f in handed}
    if decimals == {None}:
        return "Every gradient handed in is right."
    if len(decimals) == 1:
        return f"Equal to the {decimals.pop()} decimals printed."
    return "Equal to every digit printed."


def _left(checkup: Checkup) -> str:
    """What the match leaves open: entries that print as zero, what was not handed in."""
    findings = list(checkup.findings.values())
    handed = [f for f in findings if f.handed is not None]
    entries = sum(f.handed.size for f in handed if f.handed is not None)
    zeros = sum(int((f.handed == 0).sum()) for f in handed if f.handed is not None and f.allowed)
    rounded = [sentence(checkup, f) for f in handed if f.explanations]
    missing = [_name(checkup, f) for f in findings if f.status == "missing"]
    parts = rounded[:1]
    if zeros:
        parts.append(f"{zeros} of {entries:,} entries print as 0 and prove nothing.")
    elif not rounded:
        parts.append(f"{len(handed)} of {len(handed)} right.")
    if missing:
        parts.append(f"Not handed in: {listed(missing, 4)}.")
    return " ".join(parts)


def _reasons(checkup: Checkup) -> list[Reason]:
    findings = list(checkup.findings.values())
    right = [f for f in findings if f.status == "right" and not f.why]
    found = []
    if right:
        names = listed([_name(checkup, f) for f in right], 8)
        text = f"{names}: each number is the right one to the digits printed and to rounding."
        found.append(Reason("=", "right", f"{plural(len(right), 'gradient')} right", text))
    empty = [f for f in findings if f.status == "undecided" or (f.status == "right" and f.why)]
    found += [Reason("0", "weak", f"{_name(checkup, f)} proves nothing", sentence(checkup, f)) for f in empty]
    missing = [_name(checkup, f) for f in findings if f.status == "missing"]
    if missing:
        found.append(Reason("0", "off", f"{plural(len(missing), 'gradient')} not handed in", f"{listed(missing, 8)}."))
    return found


def _decimals(finding: Finding) -> int | None:
    """To how many decimals an array is printed, None where all digits stand."""
    return None if not finding.allowed else round(-math.log10(2 * finding.allowed))


def _digits(finding: Finding) -> str:
    decimals = _decimals(finding)
    return "" if decimals is None else f" to the {decimals} decimals printed" if decimals >= 0 else " to the digits printed"

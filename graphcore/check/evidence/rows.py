"""The evidence as plain data for a table with three columns, and as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from graphcore.check.evidence.samples import DIFFERENCES
from graphcore.compare.numbers import listed, number, plural

if TYPE_CHECKING:
    from graphcore.check.evidence.found import Evidence
    from graphcore.check.evidence.witness import Witness


def evidence_rows(witness: Witness, manual: str = "manual") -> list[dict[str, Any]]:
    """One row a node: ``name, manual, torch, numerical, error, state, method, sentence``; numbers are floats or None.

    The three numbers are derivatives along the direction where they are furthest apart; ``manual`` is what the first column is
    called in the sentences.
    """
    names = witness.run.graph.names
    return [
        {
            "name": names[e.node],
            "manual": e.manual,
            "torch": e.torch,
            "numerical": e.numerical,
            "error": e.error,
            "state": e.state,
            "method": method(e),
            "sentence": sentence(e, names[e.node], manual),
        }
        for e in witness.evidence
    ]


def method(evidence: Evidence) -> str:
    """How the number was found: ``complex step``, or ``differences, step error 3e-11``."""
    if evidence.method != DIFFERENCES or evidence.numerical is None:
        return evidence.method
    return f"{DIFFERENCES}, step error {_exponent(evidence.step_error)}"


def sentence(evidence: Evidence, name: str, manual: str = "manual") -> str:
    """What the third witness says of one node."""
    e = evidence
    if e.state == "cannot tell":
        sides = f" The slopes to its two sides are {number(e.sides[0])} and {number(e.sides[1])}." if e.sides else ""
        return f"{name}: cannot tell: {e.why}{sides}"
    if e.state == "zero":
        return f"{name}: {e.why}" if e.why else f"{name}: zero {_along(e)}, so a wrong rule would agree too."
    if e.numerical is None:
        return f"{name}: differs: {e.why}"
    if e.state == "agrees":
        close = f"to {_exponent(e.error)}" if e.error else "to the last digit"
        return f"{name}: agrees {close} {_along(e)} ({method(e)}; {_exponent(e.allowed or 0.0)} allowed)."
    columns = {"manual": (manual, e.manual), "torch": ("torch", e.torch)}
    wrong = [
        f"{title} {_digits(value, e.numerical)}"
        for key, (title, value) in columns.items()
        if key in e.against and value is not None
    ]
    right = [title for key, (title, value) in columns.items() if key not in e.against and value is not None]
    beside = f"; {right[0]} agrees" if right else ""
    return (
        f"{name}: differs {_where(e)}: {' and '.join(wrong)}, numerically {_digits(e.numerical, e.manual)} ({method(e)}; "
        f"{_exponent(e.allowed or 0.0)} allowed){beside}."
    )


def _digits(value: float, other: float | None) -> str:
    """A number as a sentence shows it, in full where that is what the other one looks like too."""
    short = number(value)
    return repr(value) if other is not None and value != other and short == number(other) else short


def _exponent(value: float) -> str:
    """``3e-11``, and 0 for none."""
    if not value:
        return "0"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _along(evidence: Evidence) -> str:
    if evidence.entries is not None:
        return "in every entry" if evidence.entries.size > 1 else "here"
    return f"along {plural(evidence.directions, 'random direction')}"


def _where(evidence: Evidence) -> str:
    if evidence.place is None:
        return "along a random direction"
    return f"at entry {list(evidence.place)}" if evidence.place else "here"


def evidence_text(witness: Witness) -> str:
    """The whole in a few sentences: how many agree, what differs, what could not be told and why."""
    graph = witness.run.graph
    states = Counter(e.state for e in witness.evidence)
    if not witness.evidence:
        return "No leaf wants a gradient, so there is nothing to look at."
    methods = Counter(e.method for e in witness.evidence if e.numerical is not None)
    how = " and ".join(methods) if methods else "nothing"
    lines = []
    if states["agrees"]:
        worst = max((e.step_error for e in witness.evidence if e.state == "agrees" and e.method == DIFFERENCES), default=0.0)
        stated = f", step error up to {_exponent(worst)}" if worst else ""
        agree = "agrees" if states["agrees"] == 1 else "agree"
        lines.append(
            f"{plural(states['agrees'], 'gradient')} {agree} with the forward pass alone "
            f"({how}{stated}; {plural(witness.passes, 'forward pass', 'forward passes')})."
        )
    zero = [graph.names[e.node] for e in witness.evidence if e.state == "zero"]
    if zero:
        be = "is" if len(zero) == 1 else "are"
        lines.append(f"{listed(zero, 8)} {be} zero by it too, which proves nothing.")
    lines += [sentence(e, graph.names[e.node]) for e in witness.evidence if e.state == "differs"][:8]
    unknown = Counter(e.why for e in witness.evidence if e.state == "cannot tell")
    for why, count in unknown.most_common(3):
        named = [graph.names[e.node] for e in witness.evidence if e.state == "cannot tell" and e.why == why]
        lines.append(f"{listed(named, 8)}: cannot tell{'' if count == 1 else ' of these'}: {why}")
    return " ".join(lines)

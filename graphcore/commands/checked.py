"""One checkup as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphcore.check.report_content import SIGNS, Content, Section, content
from graphcore.commands.output import aligned, dump, plain, printable

if TYPE_CHECKING:
    from graphcore.check.findings import Checkup, Finding
    from graphcore.check.hand_in import HandIn
    from graphcore.compare.words import Reason


def checkup_text(checkup: Checkup, hand_in: HandIn) -> str:
    """The verdict, a line for every node, and what is said of each finding."""
    said = content(checkup, weakened(checkup))
    lines = [f"{said.sign} {said.bold} {said.small}".rstrip()]
    if len(hand_in.runs) > 1:
        lines.append(f"The file holds {len(hand_in.runs)} runs; this is number {hand_in.run + 1}. --run N chooses another.")
    lines += ["", *_table(said)] if said.cells else []
    for section in said.sections:
        lines += ["", *_section(section)]
    lines += ["", *_doubts(said)] if said.evidence and checkup.verdict == "right" else []
    lines += ["", *said.notes] if said.notes else []
    return printable("\n".join(lines))


def weakened(checkup: Checkup) -> tuple[Reason, ...]:
    """Why a match proves less than it seems; nothing of what is no match."""
    from graphcore.check.evidence import warnings

    return warnings(checkup.run, alignment=checkup.alignment) if checkup.verdict == "right" else ()


def _doubts(said: Content) -> list[str]:
    return [f"{sign} {title}. {text}" for sign, title, text in said.evidence if sign != "="]


def _table(said: Content) -> list[str]:
    grid = [(c.formula, c.what, f"{SIGNS[c.status]} {c.status}", c.handed, c.right, c.error, c.read) for c in said.cells]
    return aligned([("node", "of its", "status", "handed in", "right", "largest difference", "read from"), *grid])


def _section(section: Section) -> list[str]:
    lines = [f"{section.title}: {section.status}. {section.why}".rstrip()]
    if section.handed:
        lines += [f"  handed in  {section.handed}", f"  right      {section.right}"]
    lines += [f"  {section.worst}"] if section.worst else []
    for k, guess in enumerate(section.guesses, 1):
        lines.append(f"  {k}. {guess.mistake}: {guess.text}")
        lines += [f"     wrong: {guess.wrong}"] if guess.wrong else []
        lines += [f"     right: {guess.right}"] if guess.right else []
        lines += [f"     with the numbers: {step}" for step in guess.steps]
        lines += [f"     {text}" for text in (guess.looks, guess.apart, guess.remains) if text]
    return lines


def checkup_json(checkup: Checkup) -> str:
    """Everything of a checkup with all digits."""
    said = content(checkup, weakened(checkup))
    return dump(
        {
            "verdict": checkup.verdict,
            "sentence": f"{said.bold} {said.small}".strip(),
            "origins": [checkup.run.graph.names[f.node] for f in checkup.origins],
            "values": {name: _finding(checkup, f) for name, f in checkup.values.items()},
            "findings": {name: _finding(checkup, f) for name, f in checkup.findings.items()},
            "evidence": [{"sign": sign, "title": title, "text": text} for sign, title, text in said.evidence],
            "notes": list(said.notes),
        }
    )


def _finding(checkup: Checkup, finding: Finding) -> dict[str, Any]:
    names = checkup.run.graph.names
    numbers = {name: plain(getattr(finding, name)) for name in ("handed", "right", "implied", "error", "allowed")}
    explanations = [
        {
            "mistake": e.mistake,
            "text": e.text,
            "node": names[e.node],
            "through": None if e.edge is None else names[e.edge.target],
            "certain": e.certain,
            "wrong": e.wrong,
            "right": e.right,
            "apart": e.apart,
            "mended": e.mended,
        }
        for e in finding.explanations
    ]
    about = {"status": finding.status, "label": finding.label, "line": finding.line, "why": finding.why}
    return {**about, **numbers, "explanations": explanations}

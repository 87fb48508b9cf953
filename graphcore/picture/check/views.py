"""The pieces of page Check's payload, as plain data: findings, table, alignment, hand-in, banner."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from graphcore import latex
from graphcore.check.findings import Checkup, Explanation, Finding
from graphcore.check.hand_in import HandIn
from graphcore.check.numbers import INLINE, pair, short
from graphcore.check.report_content import in_symbols, steps_of
from graphcore.check.words import difference, remains
from graphcore.check.words import entry as worst_entry
from graphcore.picture import encode
from graphcore.picture.check.judged import Judged
from graphcore.picture.check.work import CHANGES, ROLES, Asked

if TYPE_CHECKING:
    from graphcore.check.align import Aligned

Json = dict[str, Any]


def findings(judged: Judged) -> list[Json]:
    """The findings that have something to say, in the order in which they are stepped through."""
    return [_finding(judged, finding) for finding in judged.findings]


def _finding(judged: Judged, finding: Finding) -> Json:
    graph = judged.run.graph
    # where an explanation is about one use of the node, the sentence and the formulas are about that use
    return {
        "node": judged.problem.shown(finding.node),
        "name": graph.names[finding.node],
        "head": latex.head(graph, finding.node),
        "shape": list(graph.shapes[finding.node]),
        "what": "value" if finding.forward else "gradient",
        "status": finding.status,
        "why": finding.why,
        "line": judged.problem.line(finding.node),
        "label": finding.label,
        "handLine": finding.line,
        "entry": entry(finding),
        "felt": felt(judged, finding),
        "guesses": [_guess(judged, finding, guess) for guess in finding.explanations],
    }


def _guess(judged: Judged, finding: Finding, guess: Explanation) -> Json:
    wrong = sum(f.handed is not None for f in judged.checkup.wrong())
    return {
        "mistake": guess.mistake,
        "text": guess.text,
        "certain": guess.certain,
        "wrong": in_symbols(judged.run, guess.wrong),
        "right": in_symbols(judged.run, guess.right),
        "apart": guess.apart,
        "steps": [] if finding.forward else steps_of(judged.run, guess.node, guess.edge),
        "mended": min(guess.mended, wrong),
        "remains": remains(judged.checkup, finding, guess) if finding.forward and len(judged.checkup.origins) > 1 else "",
        "of": wrong,
    }


def entry(finding: Finding) -> Json | None:
    """The entry that differs most: its place, the handed-in number and the right one, in digits that tell them apart."""
    found = worst_entry(finding)
    if found is None or finding.handed is None:
        return None
    place, handed, right = found
    shown = pair(handed, right, INLINE)
    return {"index": [*place], "handed": shown[0], "right": shown[1], "differ": finding.differing, "of": finding.handed.size}


def felt(judged: Judged, finding: Finding) -> list[Json]:
    """Where the mistake at a node shows, of those that were handed in: the nearest two, each at its worst entry."""
    if finding.handed is not None:
        return []
    graph = judged.run.graph
    found = judged.checkup.values if finding.forward else judged.checkup.findings
    wrong = {f.node: f for f in found.values() if f.status in ("origin", "inherited") and f.handed is not None}
    reached = _behind(judged, finding.node, forward=finding.forward)
    shown = []
    for node in reached:
        at = entry(wrong[node]) if node in wrong else None
        if at is not None:
            where = f"[{', '.join(map(str, at['index']))}]" if at["index"] else ""
            shown.append({"name": f"{graph.names[node]}{where}", "node": judged.problem.shown(node), **at})
    return shown[:2]


def _behind(judged: Judged, node: int, *, forward: bool) -> list[int]:
    """The nodes that a node's gradient flows into (or, ``forward``, its value), the nearest first."""
    graph = judged.run.graph
    onward: dict[int, list[int]] = {}
    for edge in graph.backward_edges:
        first, second = (edge.source, edge.target) if forward else (edge.target, edge.source)
        onward.setdefault(first, []).append(second)
    found, seen = [], {node}
    front = [node]
    while front:
        front = [k for one in front for k in onward.get(one, []) if not (k in seen or seen.add(k))]  # type: ignore[func-returns-value]
        found += front
    return found


def rows(judged: Judged) -> list[Json]:
    """The table of findings: every node that was handed in or should have been."""
    checkup = judged.checkup
    order = sorted(checkup.values.values(), key=lambda f: f.node) + sorted(checkup.findings.values(), key=lambda f: -f.node)
    places = {id(finding): k for k, finding in enumerate(judged.findings)}
    return [{**_row(judged, finding), "finding": places.get(id(finding))} for finding in order]


def _row(judged: Judged, finding: Finding) -> Json:
    graph = judged.run.graph
    handed, right = pair(finding.handed, finding.right, INLINE)
    theirs = None if finding.forward else judged.comparison.torch_gradient(finding.node)
    mistake = finding.explanations[0].mistake if finding.explanations else ""
    return {
        "node": judged.problem.shown(finding.node),
        "name": graph.names[finding.node],
        "head": latex.head(graph, finding.node),
        "what": "value" if finding.forward else "gradient",
        "status": finding.status,
        "handed": handed,
        "right": right,
        "torch": "" if theirs is None else short(theirs),
        "error": None if finding.error is None or finding.status == "missing" else encode.number(finding.error),
        "odd": "" if finding.error is None or math.isfinite(finding.error) else difference(finding),
        "allowed": None if finding.allowed is None else encode.number(finding.allowed),
        "mistake": mistake,
        "why": finding.why,
        "line": finding.line,
    }


def alignment(judged: Judged) -> Json:
    """Which array was read as what, with everything else that it could be."""
    graph = judged.run.graph
    found = judged.checkup.alignment
    assert found is not None
    return {
        "rows": [_aligned(judged, row) for row in found.rows],
        "notes": [*found.notes, *judged.hand_in.notes],
        "nodes": [
            [k, graph.names[k], "×".join(map(str, graph.shapes[k]))]
            for k in range(len(graph))
            if k not in graph.tuples and (k in graph.leaf_values or len(graph) <= 400)
        ],
        "roles": list(ROLES),
        "changes": list(CHANGES),
        "missing": [graph.names[k] for k in found.missing],
        "sure": found.sure,
        "chosen": len(judged.choices),
    }


def _aligned(judged: Judged, row: Aligned) -> Json:
    reading = judged.hand_in.readings[row.reading]
    return {
        "reading": row.reading,
        "label": reading.label,
        "line": reading.line,
        "shape": "×".join(map(str, reading.array.shape)) or "number",
        "node": row.node,
        "shown": None if row.node is None else judged.problem.shown(row.node),
        "role": row.role,
        "change": row.change,
        "how": row.how,
        "sure": row.sure,
        "chosen": row.reading in judged.choices,
    }


def banner(judged: Judged) -> Json:
    """The verdict, with the nodes of the picture in place of the graph's."""
    from graphcore.check.words import banner as said

    weak = judged.warnings if judged.checkup.verdict == "right" else ()
    made: Json = said(judged.checkup, weak).payload()
    action = made["action"]
    if action and action.get("nodes"):
        shown = [judged.problem.shown(node) for node in action["nodes"]]
        action["nodes"] = list(dict.fromkeys(node for node in shown if node is not None))
    if action and action["kind"] == "goto":
        # the finding is gone to, not its node alone
        action["kind"] = "finding"
    return made


def plain(state: str, bold: str, small: str, action: Json | None = None, sign: str = "…", tone: str = "off") -> Json:
    """A banner that is no verdict."""
    return {"state": state, "sign": sign, "tone": tone, "bold": bold, "small": small, "action": action, "reasons": []}


def hand(asked: Asked, hand_in: HandIn | None, problem: Json | None, example: str | None) -> Json:
    """What was handed in: files or text, its runs, its two sides, and why it cannot be read if it cannot."""
    sources = asked.sources
    text = next((source.content for source in sources if not source.name), "")
    return {
        "text": text if isinstance(text, str) else "",
        "files": [{"name": source.shown, "size": source.size} for source in sources if source.name],
        "runs": list(hand_in.runs) if hand_in is not None and len(hand_in.runs) > 1 else [],
        "run": hand_in.run if hand_in is not None else 0,
        "sides": sides(hand_in, asked.swapped),
        "values": asked.values,
        "problem": problem,
        "example": example,
        "arrays": len(hand_in.readings) if hand_in is not None else 0,
    }


def sides(hand_in: HandIn | None, swapped: bool) -> Json | None:
    """The two sides of one paste: which arrays are taken as handed in, which stand beside them."""
    if hand_in is None or hand_in.second is None:
        return None

    def told(side: HandIn) -> str:
        labels = [reading.label or "unlabelled" for reading in side.readings]
        forms = {reading.form for reading in side.readings}
        lines = [reading.line for reading in side.readings if reading.line is not None]
        where = f", line {min(lines)} on" if lines else ""
        form = f", printed by {forms.pop()}" if forms <= {"torch", "numpy"} and len(forms) == 1 else ""
        return f"{len(labels)} {'array' if len(labels) == 1 else 'arrays'}{where}{form}"

    return {"handed": told(hand_in), "beside": told(hand_in.second), "swapped": swapped}


def missing(checkup: Checkup) -> list[str]:
    """The names of the leaves that have no gradient in the hand-in."""
    return [name for name, finding in checkup.findings.items() if finding.status == "missing"]

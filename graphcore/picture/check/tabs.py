"""What page Check shows beside the picture: the class, two files, the evidence, the report, and what can be saved."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from graphcore.picture import encode
from graphcore.picture.check.judged import Judged
from graphcore.picture.check.problem import Problem, stronger_text

if TYPE_CHECKING:
    from graphcore.compare.words import Reason
    from graphcore.picture.check.work import Crowd

Json = dict[str, Any]


def crowd_table(crowd: Crowd) -> Json:
    """The class so far."""
    from graphcore.check.many import mistake_counts

    rows = list(crowd.rows)
    return {
        "files": crowd.files,
        "rows": [
            {
                "file": row.file,
                "verdict": row.verdict,
                "origins": list(row.origins),
                "mistakes": list(row.mistakes),
                "mended": row.mended,
                "sentence": row.sentence,
                "error": row.error,
            }
            for row in rows
        ],
        "counts": [[count.mistake, count.times, count.files] for count in mistake_counts(rows)],
    }


def different(difference: Any) -> Json:
    """The difference of two files: its pairs, layers, findings."""
    return {
        "names": list(difference.names),
        "findings": [{"text": note.text, "mistake": note.mistake, "certain": note.certain} for note in difference.findings],
        "pairs": [
            {
                "label": pair.label,
                "other": pair.other,
                "shape": "×".join(map(str, pair.shapes[0])),
                "otherShape": "×".join(map(str, pair.shapes[1])),
                "how": pair.how,
                "sure": pair.sure,
                "change": pair.change,
                "state": pair.state,
                "text": pair.text,
                "relation": pair.relation.text,
                "zeros": list(pair.zeros),
                "compared": pair.compared,
            }
            for pair in difference.pairs
        ],
        "unpaired": [list(difference.unpaired_a), list(difference.unpaired_b)],
        "layers": [
            {"name": layer.name, "agrees": layer.agrees, "laws": [law.text for law in layer.laws] if layer.laws else []}
            for layer in difference.layers
        ],
        "notes": list(difference.notes),
    }


def made(tab: str, judged: Judged) -> Any:
    """What is made when its tab is looked at."""
    return evidence(judged) if tab == "evidence" else report(judged)


def _reasons(judged: Judged) -> list[Reason]:
    from graphcore.check.words import banner

    return list(banner(judged.checkup, judged.warnings).reasons)


def evidence(judged: Judged) -> Json:
    """The third witness beside the rules and torch, the warnings, and whether a stronger point can be put in."""
    from graphcore.check.evidence import evidence_rows, evidence_text, witness

    found = witness(judged.run, judged.comparison)
    rows = evidence_rows(found, "the rules")
    for row, one in zip(rows, found.evidence, strict=True):
        row["node"] = judged.problem.shown(one.node)
        for column in ("manual", "torch", "numerical", "error"):
            row[column] = None if row[column] is None else encode.number(float(row[column]))
    return {
        "rows": rows,
        "text": evidence_text(found),
        "warnings": [{"sign": w.sign, "tone": w.tone, "title": w.title, "text": w.text} for w in judged.warnings],
        "stronger": judged.problem.drawn is None,
    }


def report(judged: Judged) -> Json:
    """The report in both forms."""
    from graphcore.check.report import markdown

    return {"markdown": markdown(judged.checkup, _reasons(judged))}


def stronger(judged: Judged | None) -> str | None:
    """The program at a point where every mistake of the table would show."""
    if judged is None or judged.problem.drawn is not None:
        return None
    from graphcore.check.evidence import stronger as found

    point = found(judged.run.graph, judged.run)
    return stronger_text(judged.problem, point.values) if point.values else None


def snippets(problem: Problem | None) -> Json:
    """The lines to paste at the end of a notebook; with a problem in the names of its leaves."""
    from graphcore.check import snippet

    graph = None if problem is None else problem.graph
    return {"torch": snippet.torch_snippet(graph), "numpy": snippet.numpy_snippet(graph)}


def download(what: str, judged: Judged | None, crowd: Crowd | None, difference: Any) -> Json | None:
    """A file to save: its name, and its bytes in base64."""
    text = _file(what, judged, crowd, difference)
    if text is None:
        return None
    names = {"markdown": "chainrule-report.md", "html": "chainrule-report.html", "csv": "chainrule-class.csv"}
    if difference is not None:
        names |= {"markdown": "chainrule-difference.md", "json": "chainrule-difference.json"}
    return {"name": names[what], "data": base64.b64encode(text.encode()).decode()}


def _file(what: str, judged: Judged | None, crowd: Crowd | None, difference: Any) -> str | None:
    from graphcore.check import report as reports
    from graphcore.check.diff import difference_json, difference_markdown
    from graphcore.check.many import rows_csv

    if crowd is not None:
        return rows_csv(list(crowd.rows)) if what == "csv" else None
    if difference is not None and what == "markdown":
        return difference_markdown(difference)
    if difference is not None and what == "json":
        return json.dumps(difference_json(difference), ensure_ascii=False, allow_nan=False, indent=1)
    if judged is None or difference is not None:
        return None
    if what == "markdown":
        return reports.markdown(judged.checkup, _reasons(judged))
    return html(judged) if what == "html" else None


def html(judged: Judged) -> str:
    """The report as a page."""
    from graphcore.check import report as reports

    return reports.html(judged.checkup, _reasons(judged))

"""A difference in words: for a terminal, as JSON, as Markdown."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from graphcore.check.diff.result import Difference, Law, Pair

WIDTH = 110
LONGEST = 60
# rows of pairs that a table shows; equal ones are left out first
ROWS = 60
FINDINGS = 40
_SIGNS = {"equal": "=", "printed": "=", "zero": "0", "different": "≠", "shapes": "≠"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$])")


def difference_text(found: Difference) -> str:
    """The difference for a terminal: the verdict, a line a pair, the findings, the law, the notes."""
    lines = [f"{found.names[0]} beside {found.names[1]}", "", f"{found.banner.sign} {found.sentence}", ""]
    rows, more = _shown(found.pairs)
    many = len({pair.run for pair in found.pairs}) > 1
    labels = [_label(pair, many) for pair in rows]
    width = max(map(len, labels), default=0)
    for pair, label in zip(rows, labels, strict=True):
        wrapped = textwrap.wrap(_detail(pair), max(WIDTH - width - 4, 40)) or [""]
        lines.append(f"{_SIGNS[pair.state]} {label:<{width}}  {wrapped[0]}")
        lines += [" " * (width + 4) + rest for rest in wrapped[1:]]
    lines += [more] if more else []
    for title, texts in (("Findings", _findings(found)), ("Rank-one law", _laws(found)), ("Notes", found.notes)):
        if texts:
            lines += ["", title]
            for text in texts:
                lines += textwrap.wrap(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False)
    return _plain("\n".join(lines)) + "\n"


def _plain(text: str) -> str:
    """Without the characters that steer a terminal: labels are what somebody wrote."""
    return "".join(c if c == "\n" or c.isprintable() else "?" for c in text)


def _cut(label: str) -> str:
    label = " ".join(label.split()).rstrip(":").strip()
    return label if len(label) <= LONGEST else label[: LONGEST - 3] + "..."


def _label(pair: Pair, many: bool) -> str:
    first, second = _cut(pair.label), _cut(pair.other)
    both = first if first == second else f"{first or 'unnamed'} | {second or 'unnamed'}"
    return f"run {pair.run + 1}: {both or 'unnamed'}" if many else both or "unnamed"


def _detail(pair: Pair) -> str:
    change = f" [{pair.change}]" if pair.change else ""
    return f"{pair.text}{change}"


def _shown(pairs: Sequence[Pair]) -> tuple[list[Pair], str]:
    if len(pairs) <= ROWS:
        return list(pairs), ""
    wrong = [pair for pair in pairs if pair.state in ("different", "shapes")]
    shown = wrong[:ROWS] or list(pairs[: ROWS // 3])
    hidden, differing = len(pairs) - len(shown), max(len(wrong) - len(shown), 0)
    return shown, f"... and {hidden} more, {differing or 'none'} of them different."


def _findings(found: Difference) -> list[str]:
    many = len({pair.run for pair in found.pairs}) > 1
    rows = []
    for note in found.findings[:FINDINGS]:
        name = (
            ""
            if note.mistake in ("origin", "unknown", "inherited")
            else f"{note.mistake}{'' if note.certain else ' (looks like)'}: "
        )
        rows.append((f"Run {note.run + 1}. " if many else "") + name + note.text)
    left = len(found.findings) - FINDINGS
    return [*rows, f"{left:,} more findings are not shown."] if left > 0 else rows


def _laws(found: Difference) -> list[str]:
    """The law layer by layer, where something differs; a file that agrees needs none."""
    if found.verdict != "different":
        return []
    rows = []
    for layer in found.layers:
        if layer.laws is not None and not layer.agrees:
            said = "; ".join(f"{name}: {law.text}" for name, law in zip(found.names, layer.laws, strict=True))
            rows.append(f"{layer.name}: {said}.")
    left = len(rows) - FINDINGS
    return [*rows[:FINDINGS], f"{left:,} more layers are not shown."] if left > 0 else rows


def difference_json(found: Difference) -> dict[str, Any]:
    """The difference as plain data, without nan or infinity."""
    return {
        "verdict": found.verdict,
        "sentence": found.sentence,
        "names": list(found.names),
        "banner": found.banner.payload(),
        "pairs": [_pair_json(pair) for pair in found.pairs],
        "unpaired": [list(found.unpaired_a), list(found.unpaired_b)],
        "layers": [
            {
                "name": layer.name,
                "number": layer.number,
                "run": layer.run,
                "weight": layer.weight,
                "bias": layer.bias,
                "agrees": layer.agrees,
                "laws": None if layer.laws is None else [_law_json(law) for law in layer.laws],
                "inputs": None if layer.inputs is None else {"kind": layer.inputs.kind, "text": layer.inputs.text},
            }
            for layer in found.layers
        ],
        "findings": [
            {
                "mistake": note.mistake,
                "text": note.text,
                "layer": note.layer,
                "certain": note.certain,
                "side": note.side,
                "run": note.run,
            }
            for note in found.findings
        ],
        "notes": list(found.notes),
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _pair_json(pair: Pair) -> dict[str, Any]:
    relation = pair.relation
    return {
        "labels": [pair.label, pair.other],
        "shapes": [list(shape) for shape in pair.shapes],
        "how": pair.how,
        "sure": pair.sure,
        "change": pair.change,
        "state": pair.state,
        "text": pair.text,
        "relation": {
            "kind": relation.kind,
            "text": relation.text,
            "mistake": relation.mistake,
            "factor": _finite(relation.factor),
            "swapped": bool(relation.swapped),
        },
        "error": _finite(pair.error),
        "wrong": pair.wrong,
        "compared": pair.compared,
        "zeros": list(pair.zeros),
        "precision": pair.precision,
        "run": pair.run,
    }


def _law_json(law: Law) -> dict[str, Any]:
    recovered = None if law.input is None else [_finite(v) for v in law.input.array.ravel()[:1000]]
    return {"state": law.state, "text": law.text, "layout": law.layout, "rank": law.rank, "input": recovered}


def difference_markdown(found: Difference) -> str:
    """The difference as Markdown; labels and names are escaped."""
    rows, more = _shown(found.pairs)
    many = len({pair.run for pair in found.pairs}) > 1
    lines = [
        f"## {_escaped(found.names[0])} beside {_escaped(found.names[1])}",
        "",
        f"**{found.banner.sign} {_escaped(found.banner.bold)}** {_escaped(found.banner.small)}",
    ]
    if rows:
        lines += ["", "| | array | shapes | comparison |", "|---|---|---|---|"]
        for pair in rows:
            shapes = " and ".join(dict.fromkeys(map(str, pair.shapes)))
            lines.append(
                f"| {_SIGNS[pair.state]} | {_escaped(_label(pair, many))} | {_escaped(shapes)} | {_escaped(_detail(pair))} |"
            )
    lines += ["", _escaped(more)] if more else []
    for title, texts in (("Findings", _findings(found)), ("Rank-one law", _laws(found)), ("Notes", found.notes)):
        if texts:
            lines += ["", f"### {title}", "", *(f"- {_escaped(text)}" for text in texts)]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(_plain(text).split()))

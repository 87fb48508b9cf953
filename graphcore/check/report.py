"""The report a learner takes away: a checkup as Markdown, or as one HTML file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from graphcore.check.report_content import SIGNS, Content, Guess, Section, content
from graphcore.check.report_style import POLICY, STYLE

if TYPE_CHECKING:
    from graphcore.check.findings import Checkup
    from graphcore.compare.words import Reason

HEADINGS = ("node", "of its", "status", "handed in", "right", "largest difference", "read from")
_SPECIAL = frozenset("\\`*_{}[]()<>#|~!&$@:")


def markdown(checkup: Checkup, evidence: Sequence[Reason] = ()) -> str:
    """The report in Markdown; names, labels and programs are shown as they are and never become markup.

    ``evidence`` are rows on how much the verdict proves, added to those the verdict brings itself.
    """
    said = content(checkup, evidence)
    lines = [f"# {_inline(said.title)}", "", f"**{_inline(said.sign)} {_inline(said.bold)}** {_inline(said.small)}".rstrip(), ""]
    lines += ["## Problem", "", *_block(said.problem), ""]
    for section in said.sections:
        lines += [f"## {_inline(section.title)}", "", *_markdown_section(section)]
    lines += ["## Every node", "", *_markdown_table(said), ""]
    if said.evidence:
        lines += ["## How sure is it", ""]
        lines += [f"- {_inline(sign)} **{_inline(title)}** {_inline(text)}" for sign, title, text in said.evidence]
        lines.append("")
    if said.notes:
        lines += ["## How it was read", "", *(f"- {_inline(note)}" for note in said.notes), ""]
    return "\n".join(lines)


def _markdown_section(section: Section) -> list[str]:
    lines = [f"Status: {SIGNS[section.status]} {section.status}. {_inline(section.why)}".rstrip(), ""]
    lines += _block(f"handed in  {section.handed or 'nothing'}\nright      {section.right or 'nothing'}")
    lines += ["", _inline(section.worst)] if section.worst else []
    lines.append("")
    for k, guess in enumerate(section.guesses, 1):
        lines += [f"{k}. **{_inline(guess.mistake)}**: {_inline(guess.text)}"]
        lines += [f"   - {label}: {_code(text)}" for label, text in _formulas(guess)]
        lines += [f"   - {_inline(text)}" for text in (guess.looks, guess.apart, guess.remains) if text]
    return [*lines, ""] if section.guesses else lines


def _formulas(guess: Guess) -> list[tuple[str, str]]:
    """The formulas of an explanation with what each of them is."""
    pairs = [("wrong", guess.wrong), ("right", guess.right), *(("with the numbers", step) for step in guess.steps)]
    return [(label, text) for label, text in pairs if text]


def _markdown_table(said: Content) -> list[str]:
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    return lines + ["| " + " | ".join(_in_cell(cell) for cell in row) + " |" for row in _table(said)]


def _table(said: Content) -> list[tuple[str, ...]]:
    return [(c.formula, c.what, f"{SIGNS[c.status]} {c.status}", c.handed, c.right, c.error, c.read) for c in said.cells]


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    shown = "".join(f"\\{c}" if c in _SPECIAL else c for c in _printable(text))
    # some readers make a link of a bare address, and a list or a heading of a line's first sign
    shown = re.sub(r"(?i)\bwww\.", lambda found: found[0][:-1] + r"\.", shown)
    shown = re.sub(r"^(\d+)\.(?=\s|$)", r"\1\\.", shown)
    return f"\\{shown}" if shown[:1] in ("-", "+", "=") else shown


def _inline(text: str) -> str:
    """A sentence in Markdown: what stands between backticks is code, everything else is shown as it is."""
    return "".join(_code(part) if k % 2 else _escaped(part) for k, part in enumerate(_split(text)))


def _in_cell(text: str) -> str:
    """A sentence in a cell of a table, which ends at a bar even inside of code."""
    return "".join(_code(part).replace("|", "\\|") if k % 2 else _escaped(part) for k, part in enumerate(_split(text)))


def _code(text: str) -> str:
    shown = _printable(text)
    fence = "`" * (_longest_run(shown) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}" if shown.strip() else _escaped(shown)


def _block(text: str) -> list[str]:
    """Lines of code, in a fence longer than any run of backticks among them."""
    rows = [_printable(row) for row in text.expandtabs(4).splitlines()]
    fence = "`" * max(3, max((_longest_run(row) for row in rows), default=0) + 1)
    return [fence, *rows, fence]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _split(text: str) -> list[str]:
    """A sentence cut at its backticks, code at the odd places; a backtick without a partner stays text."""
    parts = text.split("`")
    return parts if len(parts) % 2 else [*parts[:-2], f"{parts[-2]}`{parts[-1]}"]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def html(checkup: Checkup, evidence: Sequence[Reason] = ()) -> str:
    """The report as one HTML file: no script, nothing from a network, light, dark and on paper.

    ``evidence`` as in :func:`markdown`.
    """
    said = content(checkup, evidence)
    body = [
        f"<h1>{_plain(said.title)}</h1>",
        _html_verdict(said),
        *(_html_section(section) for section in said.sections),
        f"<h2>Every node</h2>\n{_html_table(said)}",
        f"<h2>Problem</h2>\n<pre>{_lines(said.problem)}</pre>",
    ]
    if said.evidence:
        rows = (f"<b>{_plain(sign)} {_marked(title)}</b> {_marked(text)}" for sign, title, text in said.evidence)
        body.append(f"<h2>How sure is it</h2>\n{_list(rows)}")
    if said.notes:
        body.append(f"<h2>How it was read</h2>\n{_list(_marked(note) for note in said.notes)}")
    head = _HEAD.format(policy=escape(POLICY), title=_plain(said.title), style=STYLE)
    return "\n".join([head, "<body>\n<main>", *body, "</main>\n</body>\n</html>\n"])


_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>"""


def _html_verdict(said: Content) -> str:
    words = f"<b>{_plain(said.sign)}</b> <strong>{_marked(said.bold)}</strong> {_marked(said.small)}"
    return f'<p class="verdict {_tone(said.tone)}">{words}</p>'


def _html_section(section: Section) -> str:
    lines = [f'<section class="{section.status}">', f"<h2>{_plain(section.title)}</h2>"]
    lines.append(f'<p><span class="status">{SIGNS[section.status]} {section.status}</span> {_marked(section.why)}</p>')
    lines.append(f"<dl><dt>handed in</dt><dd>{_plain(section.handed or 'nothing')}</dd>")
    lines.append(f"<dt>right</dt><dd>{_plain(section.right or 'nothing')}</dd></dl>")
    lines += [f"<p>{_marked(section.worst)}</p>"] if section.worst else []
    if section.guesses:
        lines += ["<ol>", *(_html_guess(guess) for guess in section.guesses), "</ol>"]
    return "\n".join([*lines, "</section>"])


def _html_guess(guess: Guess) -> str:
    rows = "".join(f"<dt>{label}</dt><dd>{_plain(text)}</dd>" for label, text in _formulas(guess))
    after = "".join(f"<p>{_marked(text)}</p>" for text in (guess.looks, guess.apart, guess.remains) if text)
    return f"<li><p><b>{_plain(guess.mistake)}</b>: {_marked(guess.text)}</p>{f'<dl>{rows}</dl>' if rows else ''}{after}</li>"


def _html_table(said: Content) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADINGS)
    rows = [
        f'<tr class="{cell.status}">' + "".join(f"<td>{_marked(text)}</td>" for text in row) + "</tr>"
        for cell, row in zip(said.cells, _table(said), strict=True)
    ]
    body = "\n".join(rows)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"


def _tone(tone: str) -> str:
    return tone if tone in ("right", "wrong", "weak") else "off"


def _plain(text: str) -> str:
    return escape(_printable(text))


def _lines(text: str) -> str:
    return "\n".join(_plain(row) for row in text.expandtabs(4).splitlines())


def _marked(text: str) -> str:
    """A sentence in HTML: what stands between backticks is code."""
    return "".join(f"<code>{_plain(part)}</code>" if k % 2 else _plain(part) for k, part in enumerate(_split(text)))

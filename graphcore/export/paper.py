"""What a stand-alone page shows on paper, where nothing can be clicked: everything, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from graphcore import latex, tables
from graphcore.backprop import Trace
from graphcore.errors import ChainruleError
from graphcore.export.drawing import cut, drawn
from graphcore.export.drawing.shapes import COLOURS, printable
from graphcore.export.svg import element

if TYPE_CHECKING:
    from graphcore.compare import Comparison

DRAWN = 400  # nodes up to which the graphs are drawn
LINES = 200  # of the derivation
ROWS = 400
BESIDE = 640  # width up to which two graphs stand beside each other
HIGH = 1.38  # of its width: as high a piece of a graph fits a page
LONG = 400  # lines of the program

# what a formula is made of; anything else is only text
_INVISIBLE = frozenset("\u00a0\u2061\u2062\u2063\u2064")
_TIMES = "\u2062"
_BREAKS = frozenset("=×·⊙⊗+−")  # signs before which a line may go on below
_TAGS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "msup", "msub", "msubsup", "mfrac", "msqrt", "mtable", "mtr", "mtd"}
    | {"munder", "mover", "munderover", "mspace"}
)


def paper(run: Trace, comparison: Comparison | None, decimals: int = 4, source: str | None = None) -> str:
    """The section for paper as HTML: verdict, problem, both graphs, table, derivation; every text of a person escaped."""
    text = run.graph.source.text or source or ""
    parts = [
        f"<h1>Backpropagation of {_text(run.graph.outputs[0].name)}</h1>",
        *_verdict(comparison),
        *_titled("The problem", f"<pre>{_text(_shortened(text))}</pre>" if text else ""),
        *_titled("The graphs", _graphs(run, comparison, decimals)),
        *_titled("The gradients", _table(run, comparison, decimals)),
        *_titled("The derivation", _derivation(run, decimals)),
    ]
    return '<section class="cr-paper">\n' + "\n".join(parts) + "\n</section>"


def _text(text: str) -> str:
    return escape("\n".join(map(printable, text.splitlines())))


def _titled(title: str, body: str) -> list[str]:
    return [f"<h2>{title}</h2>", body] if body else []


def _shortened(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(lines[:LONG] + ([f"… {len(lines) - LONG:,} more lines"] if len(lines) > LONG else []))


def _verdict(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        yield "<p>The gradients were not compared with torch's.</p>"
        return
    banner = comparison.banner
    tone = banner.tone if banner.tone in COLOURS else "off"
    yield f'<p class="cr-said cr-tone-{tone}"><b>{_text(banner.sign)} {_text(banner.bold)}</b> {_text(banner.small)}</p>'
    yield from (f"<p><b>{_text(reason.sign)} {_text(reason.title)}</b> {_text(reason.text)}</p>" for reason in banner.reasons)


def _graphs(run: Trace, comparison: Comparison | None, decimals: int) -> str:
    if run.graph.recorded is None and len(run.graph) > DRAWN:
        return f"<p>With {len(run.graph):,} nodes the graph is too large for paper; the SVG holds it.</p>"
    names = {"manual": "our graph"} if comparison is None else {"manual": "our graph", "torch": "torch's graph"}
    try:
        panes = {title: drawn(run, comparison, side, decimals, banner=False) for side, title in names.items()}  # type: ignore[arg-type]
    except ChainruleError as refused:
        return f"<p>{_text(f'The graphs cannot be drawn: {refused}')}</p>"
    beside = max(pane.width for pane in panes.values()) <= BESIDE
    figures = []
    for title, pane in panes.items():
        # a narrow graph is not blown up to the width of the page
        room = pane.width if beside else max(pane.width, 700)
        pieces = [pane] if beside else cut(pane, HIGH * room)
        style = f' style="width:{100 * pane.width / room:.0f}%"'
        figures += [f"<figure{style}>{element(piece, title)}</figure>" for piece in pieces]
    return f'<div class="cr-figures{" cr-beside" if beside and len(panes) > 1 else ""}">{"".join(figures)}</div>'


def _table(run: Trace, comparison: Comparison | None, decimals: int) -> str:
    rows = tables.rows(run, comparison)
    kept = [k for k, name in enumerate(tables.HEADINGS) if name not in ("op", "error")]
    head = "".join(f"<th>{tables.HEADINGS[k]}</th>" for k in kept)
    body = []
    for row in rows[:ROWS]:
        texts = tables.cells(row, decimals)
        body.append("<tr>" + "".join(f"<td>{_text(texts[k])}</td>" for k in kept) + "</tr>")
    more = f"<p>{len(rows) - ROWS:,} more rows are left out.</p>" if len(rows) > ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{more}"


def _derivation(run: Trace, decimals: int) -> str:
    lines = latex.derivation(run, decimals, LINES)
    shown = (f"<li>{_row(line.symbols)}{_row(line.numbers)}</li>" for line in lines)
    return f"<ol>{''.join(shown)}</ol>"


def _row(tree: Any) -> str:
    """A line of mathematics in pieces, between which it may go on in the next line."""
    pieces: list[list[Any]] = [[]]
    for item in _flat(tree):
        if isinstance(item, list) and item[0] == "mo" and item[1] in _BREAKS:
            pieces.append([["mo", {"form": "infix"}, item[1]]])
        elif item == ["mo", _TIMES] and pieces[-1] and "'mtable'" in repr(pieces[-1][-1]):
            pieces.append([])  # between two matrices
        else:
            pieces[-1].append(item)
    made = [f'<math class="cr-math">{mathml(["mrow", *piece])}</math>' for piece in pieces if piece]
    return f'<div class="cr-mathline">{" ".join(made)}</div>' if made else ""


def _flat(tree: Any) -> list[Any]:
    """The parts of rows inside rows, side by side; what is fenced or has a look of its own stays one part."""
    plain = isinstance(tree, list) and tree[:1] == ["mrow"] and not any(isinstance(item, dict) for item in tree)
    if not plain or _is_fenced(tree[1:]):
        return [tree]
    return [part for item in tree[1:] for part in _flat(item)]


def _is_fenced(items: list[Any]) -> bool:
    return bool(items) and isinstance(items[0], list) and items[0][0] == "mo" and items[0][1] in ("(", "[", "{", "|", "‖")


def mathml(tree: Any) -> str:
    """A math tree as MathML; its strings are text.

    >>> mathml(["msub", ["mi", "<v>"], ["mn", "3"]])
    '<msub><mi>&lt;v&gt;</mi><mn>3</mn></msub>'
    """
    if isinstance(tree, str):
        return _letters(tree)
    tag, *rest = tree
    if tag not in _TAGS:
        return _letters("".join(item for item in rest if isinstance(item, str)))
    given = next((item for item in rest if isinstance(item, dict)), {})
    look = "".join(f' {key}="{"cr-m-" * (key == "class")}{escape(given[key])}"' for key in ("class", "form") if key in given)
    items = [item for item in rest if item is not None and not isinstance(item, dict)]
    words = "".join(item for item in items if isinstance(item, str))
    if tag in ("mi", "mo") and len(words) > 1 and words.isalpha():
        look = ' class="cr-m-upright"'
    if tag == "mrow" and any(isinstance(item, list) and item[0] == "mtable" for item in items):
        return f"<mrow{look}>{''.join(_fenced(items))}</mrow>"
    if tag == "mtext" and all(isinstance(item, str) for item in items):
        # plain spaces at the ends would be dropped
        inner = _letters(words)
        start, end = words[:1] == " ", words[-1:] == " "
        return f"<mtext{look}>{'&#160;' * start}{inner.strip()}{'&#160;' * end}</mtext>"
    return f"<{tag}{look}>{''.join(map(mathml, items))}</{tag}>"


def _letters(text: str) -> str:
    # the invisible operators are signs of mathematics, though they are not printed
    return escape("".join(c if c in _INVISIBLE else printable(c) for c in text))


def _fenced(items: list[Any]) -> Iterator[str]:
    """Brackets around rows are borders, a brace is a scaled sign: few faces can stretch one."""
    kind = {"[": "matrix", "{": "cases"}.get(items[0][1] if isinstance(items[0], list) else "", "")
    for item in items:
        fence = isinstance(item, list) and item[0] == "mo" and item[1] in ("[", "]", "{", "}")
        if fence and kind == "matrix":
            continue
        made = mathml(item)
        if fence:
            rows = next(len(other) - 1 for other in items if isinstance(other, list) and other[0] == "mtable")
            made = made.replace("<mo", f'<mo style="transform:scaleY({rows * 1.15:g})"', 1)
        elif kind and isinstance(item, list) and item[0] == "mtable":
            made = made.replace("<mtable", f'<mtable class="cr-m-{kind}"', 1)
        yield made

"""A report in LaTeX: the problem, both graphs, the table, the derivation, and what torch says; it needs common packages only."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from graphcore import latex, tables
from graphcore.backprop import Trace
from graphcore.errors import ChainruleError
from graphcore.export.texts import tex_listing, tex_text
from graphcore.export.tikz import tikz_pages
from graphcore.graph import Graph

if TYPE_CHECKING:
    from graphcore.compare import Comparison

DRAWN = 400  # nodes up to which the graphs are drawn
LINES = 150  # of the derivation
ROWS = 34  # of the table on one page
TABLE_ROWS = 340
LEAVES = 60
ROOM = 48  # characters of a row of the derivation
COLUMNS = ("node", "through", "value", "upstream", "local", "downstream", "gradient", "torch", "")
KEPT = ("node", "through", "value", "upstream", "local", "downstream", "gradient", "torch")

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage{tikz}
\setcounter{MaxMatrixCols}{20}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
% what is wider than the line is made as wide as the line
\newsavebox{\crbox}
\newcommand{\crfit}[2]{\savebox{\crbox}{#2}%
  \ifdim\wd\crbox>#1\resizebox{#1}{!}{\usebox{\crbox}}\else\usebox{\crbox}\fi}
\newcommand{\crleft}[1]{\crfit{0.17\linewidth}{$\displaystyle #1$}}
\newcommand{\crmath}[1]{\crfit{0.8\linewidth}{$\displaystyle #1$}}
"""


def to_tex(run: Trace, comparison: Comparison | None, decimals: int = 4, source: str | None = None) -> str:
    """The report as one LaTeX file for pdflatex; ``source`` is the text that the graph was made of, where it is no program.

    Whatever a person wrote stands in it as text, never as a command.
    """
    graph = run.graph
    title = f"Backpropagation of {graph.outputs[0].name}"
    parts = [
        PREAMBLE,
        rf"\title{{{tex_text(title)}}}" + "\n" + r"\author{}\date{}",
        r"\begin{document}",
        r"\maketitle",
        _section("The problem", _problem(graph, source)),
        _section("What torch says", _verdict(comparison)),
        _section("The graphs", _graphs(run, comparison, decimals)),
        _section("The gradients", _table(run, comparison, decimals)),
        _section("The derivation", _derivation(run, decimals)),
        rf"\vfill{{\footnotesize {tex_text(_versions(comparison))}}}",
        r"\end{document}",
        "",
    ]
    return "\n\n".join(parts)


def _section(title: str, body: str) -> str:
    return rf"\section*{{{title}}}" + "\n" + body


def _problem(graph: Graph, source: str | None) -> str:
    text = graph.source.text or source
    if text:
        return rf"{{\small\ttfamily\raggedright {tex_listing(text)}\par}}"
    listed = [
        rf"\texttt{{{tex_text(leaf.name)}}} & {tex_text('×'.join(map(str, leaf.shape)) or 'scalar')} \\"
        for leaf in graph.leaves[:LEAVES]
    ]
    more = len(graph.leaves) - LEAVES
    said = f"A torch module, recorded: {len(graph):,} nodes, {len(graph.leaves):,} leaves" + (
        f", of which the first {LEAVES} are listed." if more > 0 else "."
    )
    lines = [r"\begin{tabular}{ll}", r"\toprule", r"leaf & shape \\", r"\midrule", *listed, r"\bottomrule", r"\end{tabular}"]
    return tex_text(said) + "\n\n" + "\n".join(lines)


def _verdict(comparison: Comparison | None) -> str:
    if comparison is None:
        return "The gradients were not compared with torch's."
    banner = comparison.banner
    lines = [rf"\textbf{{{tex_text(f'{banner.sign} {banner.bold}')}}} {tex_text(banner.small)}"]
    if banner.reasons:
        items = [rf"\item[{{{tex_text(r.sign)}}}] \textbf{{{tex_text(r.title)}}} {tex_text(r.text)}" for r in banner.reasons]
        lines += [r"\begin{itemize}", *items, r"\end{itemize}"]
    return "\n".join(lines)


def _graphs(run: Trace, comparison: Comparison | None, decimals: int) -> str:
    from graphcore.export.drawing import drawn

    if run.graph.recorded is None and len(run.graph) > DRAWN:
        return f"With {len(run.graph):,} nodes the graph is too large for a page; the SVG holds it."
    sides = ("manual",) if comparison is None else ("manual", "torch")
    try:
        pictures = [tikz_pages(drawn(run, comparison, side, decimals, banner=False)) for side in sides]  # type: ignore[arg-type]
    except ChainruleError as refused:
        return tex_text(f"The graphs cannot be drawn: {refused}")
    return "\n\n".join(rf"\begin{{center}}{page}\end{{center}}" for pages in pictures for page in pages)


def _table(run: Trace, comparison: Comparison | None, decimals: int) -> str:
    rows = tables.rows(run, comparison)
    kept = [tables.HEADINGS.index(name) for name in KEPT]
    lines = []
    for row in rows[:TABLE_ROWS]:
        texts = tables.cells(row, decimals)
        sign = tables.SIGNS.get(row.state, "")
        lines.append(" & ".join([*(_cell(texts[k]) for k in kept), tex_text(sign)]) + r" \\")
    pages = [_tabular(lines[k : k + ROWS]) for k in range(0, len(lines), ROWS)]
    more = len(rows) - TABLE_ROWS
    return "\n\n".join([*pages, *([f"{more:,} more rows are left out."] if more > 0 else [])])


def _cell(text: str) -> str:
    return rf"\texttt{{{tex_text(text)}}}" if text else ""


def _tabular(lines: Sequence[str]) -> str:
    head = " & ".join(COLUMNS) + r" \\"
    body = "\n".join([r"\begin{tabular}{llrrrrrrc}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"])
    return rf"\crfit{{\linewidth}}{{\small {body}}}"


def _derivation(run: Trace, decimals: int) -> str:
    lines = latex.derivation(run, decimals, LINES)
    said = "The backward pass, step by step: first in symbols, then with the numbers."
    body = " \\\\[4pt]\n".join(row for line in lines for row in _aligned(line.latex))
    return rf"{said}{{\small" + "\n" + r"\begin{align*}" + "\n" + body + "\n" + r"\end{align*}}"


def _aligned(formula: str) -> Iterator[str]:
    """A chain of equations in rows, their first equal signs below each other; what is short stands in one row.

    >>> list(_aligned(r"a = \\frac{b = 1}{c} = 2"))
    ['\\\\crleft{a} &= \\\\crmath{\\\\frac{b = 1}{c} = 2}']
    """
    first, *rest = _sides(formula)
    if not rest:
        yield rf"&\crmath{{{first}}}"
    row: list[str] = []
    start = rf"\crleft{{{first}}}"
    for side in rest:
        if row and _width(" = ".join([*row, side])) > ROOM:
            yield rf"{start} &= \crmath{{{' = '.join(row)}}}"
            start, row = "", []
        row.append(side)
    if row:
        yield rf"{start} &= \crmath{{{' = '.join(row)}}}"


def _width(formula: str) -> int:
    """About how many characters wide a formula is: of a fraction the wider part, of a matrix its widest row.

    >>> _width(r"\\frac{dL}{dy} \\cdot 2s"), _width(r"\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}")
    (5, 3)
    """
    flat = _MATRIX.sub(lambda found: "m" * max(len(_visible(row)) + row.count("&") for row in found[1].split(r"\\")), formula)
    flat = _FRACTION.sub(lambda found: "f" * max(len(_visible(found[1])), len(_visible(found[2]))), flat)
    return len(_visible(flat))


_MATRIX = re.compile(r"\\begin\{\w+\}(.*?)\\end\{\w+\}", re.DOTALL)
_FRACTION = re.compile(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")


def _visible(formula: str) -> str:
    return re.sub(r"\\(?:partial|cdot|times|infty)|\\underbrace|_\{[^{}]*times[^{}]*\}|\\[a-zA-Z]+|[{}\s^_&]", _counted, formula)


def _counted(found: re.Match[str]) -> str:
    return "d" if found[0] in (r"\partial", r"\cdot", r"\times", r"\infty") else ""


def _sides(formula: str) -> list[str]:
    """What stands between the equal signs that no brace and no environment encloses."""
    sides, depth, start, k = [], 0, 0, 0
    while k < len(formula):
        if formula[k] == "\\":
            depth += formula.startswith((r"\begin", r"\left"), k) and not formula.startswith(r"\leftarrow", k)
            depth -= formula.startswith((r"\end", r"\right"), k) and not formula.startswith(r"\rightarrow", k)
            k += 2
            continue
        depth += formula[k] == "{"
        depth -= formula[k] == "}"
        if formula[k] == "=" and depth == 0:
            sides.append(formula[start:k].strip())
            start = k + 1
        k += 1
    return [*sides, formula[start:].strip()]


def _versions(comparison: Comparison | None) -> str:
    import sys

    torch = getattr(sys.modules.get("torch"), "__version__", None)
    beside = f", torch {torch}" if comparison is not None and torch else ""
    return f"Made by Chainrule with numpy {np.__version__}{beside}, Python {platform.python_version()}."

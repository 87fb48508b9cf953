"""What every command shares of its answer: exit codes, JSON, the numbers of the nodes, complaints."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.errors import GraphError

MATCH, MISMATCH, BAD_INPUT, UNPROVEN = range(4)
# sysexits.h calls it an internal software error
FAULT = 70
CODES: Mapping[str, int] = {
    "match": MATCH,
    "right": MATCH,
    "equal": MATCH,
    "mismatch": MISMATCH,
    "wrong": MISMATCH,
    "different": MISMATCH,
    "unproven": UNPROVEN,
}


def say(text: str) -> None:
    """The answer, or a part of it, on standard output."""
    print(text, flush=True)


def complain(text: str) -> None:
    """A sentence on standard error."""
    print(printable(text), file=sys.stderr)


def printable(text: str) -> str:
    """The text without control characters: those of a program or of a file must not reach the terminal.

    >>> printable("red \\x1b[31m")
    'red �[31m'
    """
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def aligned(grid: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table in columns two blanks apart; cells lose their control characters.

    >>> aligned([("node", "gradient"), ("sum", "1")])
    ['node  gradient', 'sum   1']
    """
    shown = [[printable(cell).replace("\n", " ") for cell in line] for line in grid]
    widths = [max(map(columns, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(line, widths)).rstrip() for line in shown]


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def with_carets(error: GraphError) -> str:
    """The error as a person reads it: the sentence, the line, carets under the place, the mend."""
    lines = [str(error)]
    if error.source is not None:
        lines.append(f"  {error.source}")
        if error.column is not None:
            first = error.column - 1
            lines.append("  " + " " * first + "^" * max(1, (error.end_column or 0) - error.column))
    if error.fix is not None and error.line is not None:
        mended = error.fix.text.splitlines()
        if error.line <= len(mended):
            lines.append(f"  {error.fix.label}: {mended[error.line - 1].strip()}")
    return "\n".join(lines)


def dump(data: Any) -> str:
    """One JSON object as text, to be read by people too; what is not printable is escaped.

    >>> dump("α \u202e")
    '"α \\\\u202e"'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
    return text if text.replace("\n", "").isprintable() else "".join(map(_escaped, text))


def _escaped(c: str) -> str:
    return c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1]


def plain(value: Any) -> Any:
    """Numbers and nested lists for JSON, which has no nan and no infinity.

    >>> plain(np.array([1.5, np.inf, np.nan]))
    [1.5, 'inf', 'nan']
    """
    if value is None:
        return None
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return float(value) if np.isfinite(value) else "nan" if value != value else "inf" if value > 0 else "-inf"


def nodes(run: Trace) -> dict[str, dict[str, Any]]:
    """Every node of a trace with its op, operands, shape and numbers."""
    return {
        node.name: {
            "op": node.op.name if node.op else None,
            "operands": [run.graph.names[k] for k in node.operands],
            "shape": list(node.shape),
            "value": plain(run.value(node.index)),
            "gradient": plain(run.gradient(node.index)),
        }
        for node in run.graph.nodes
    }

"""Errors that point into the program: at a syntax node or at columns, with the text as it was meant."""

from __future__ import annotations

import ast
import re

from graphcore.errors import Fix, GraphError
from graphcore.graph import Span
from graphcore.parse.reader import Line, Program

# quotations longer than this are cut in a sentence
_LONG = re.compile(r"`([^`]{61,})`")


def node_error(
    program: Program, line: Line, node: ast.AST, what: str, instead: str = "", mend: tuple[str, ast.AST, str] | None = None
) -> GraphError:
    """The error at a syntax node of a line."""
    fix = None
    if mend is not None:
        label, part, put = mend
        fix = Fix(button(label), replaced(program.rows, line.span(part), put))  # type: ignore[arg-type]
    return error_at(program, line.span(node), what, instead, fix)  # type: ignore[arg-type]


def replaced(rows: list[str], span: Span, text: str) -> str:
    """The program with the characters of ``span`` replaced."""
    first, start, last, end = span
    made = list(rows)
    made[first - 1 : last] = [rows[first - 1][:start] + text + rows[last - 1][end:]]
    return "\n".join(made)


def shortened(sentence: str) -> str:
    """A sentence with every long quotation cut."""
    return _LONG.sub(lambda found: f"`{found.group(1)[:57]}…`", sentence)


def button(piece: str) -> str:
    """What the button that mends says: the text it writes, where that is short."""
    return f"Write {piece}" if len(piece) <= 24 else "Write it so"


def error_at(program: Program, span: Span, what: str, instead: str = "", fix: Fix | None = None) -> GraphError:
    """The error at a span; where that goes on, the first line is marked to its end."""
    first, start, last, end = span
    row = program.rows[first - 1]
    return GraphError(
        shortened(what),
        instead=shortened(instead),
        line=first,
        column=start + 1,
        end_column=(end if last == first else max(len(row), start + 1)) + 1,
        source=row,
        fix=fix,
    )

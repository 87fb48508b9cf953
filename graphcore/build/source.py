"""The text of a network: its limits, its syntax tree, and errors that point into it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from graphcore.build.console import without_console
from graphcore.errors import GraphError
from graphcore.parse import characters
from graphcore.syntax import parsed

TEXT_LIMIT = 20_000
DEPTH_LIMIT = 60

_BACKQUOTED = re.compile(r"`([^`]{81,})`")


class Source:
    """A text of the user's: ``rows`` as typed, ``code`` with the same lines, cleaned and without its common indent."""

    def __init__(self, text: str) -> None:
        if len(text) > TEXT_LIMIT:
            raise GraphError(f"the text has {len(text):,} characters.", instead=f"At most {TEXT_LIMIT:,} are read.")
        self.rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rows = without_console(characters.clean(list(self.rows)))
        self.prompts = [len(before) - len(after) for before, after in zip(self.rows, rows, strict=True)]
        indents = [len(row) - len(row.lstrip()) for row in rows if row.strip() and not row.lstrip().startswith("#")]
        self.indent = min(indents, default=0)
        self.code = "\n".join(row[min(self.indent, len(row) - len(row.lstrip())) :] for row in rows)

    def column(self, line: int, column: int) -> int:
        """A column of ``code`` (from 0, in characters) as the user counts it, from 1."""
        return column + self.indent + self.prompts[line - 1] + 1

    def error_at(self, line: int, column: int, end: int | None, what: str, instead: str = "") -> GraphError:
        """The error at columns of a line of ``code``, both from 0."""
        line = min(max(line, 1), len(self.rows))
        start = self.column(line, column)
        return GraphError(
            _shortened(what),
            instead=_shortened(instead),
            line=line,
            column=start,
            end_column=max(start + 1, self.column(line, end) if end is not None else start + 1),
            source=self.rows[line - 1],
        )

    def error(self, node: ast.AST, what: str, instead: str = "") -> GraphError:
        """The error at a syntax node; where that goes on over lines, its first line is marked."""
        line = getattr(node, "lineno", 1)
        row = self.code.split("\n")[line - 1]
        start = _characters(row, getattr(node, "col_offset", 0))
        last = getattr(node, "end_lineno", line)
        end = _characters(row, getattr(node, "end_col_offset", 0)) if last == line else len(row)
        return self.error_at(line, start, end, what, instead)

    def segment(self, node: ast.AST) -> str:
        """The text of a syntax node on one line."""
        text = ast.get_source_segment(self.code, node) or ""
        return re.sub(r"\s+", " ", text)

    def tree(self) -> ast.Module:
        """The syntax tree; raises :class:`GraphError` for what is no Python or is nested too deep."""
        try:
            tree: ast.Module = parsed(self.code)
        except SyntaxError as error:
            raise self._syntax_error(error) from None
        except (RecursionError, MemoryError, ValueError):
            raise GraphError("the text is nested too deep to be read.", instead=_UNNEST) from None
        for node, depth in _depths(tree):
            if depth > DEPTH_LIMIT and hasattr(node, "lineno"):
                raise self.error(node, f"this is nested more than {DEPTH_LIMIT} deep.", _UNNEST)
        return tree

    def _syntax_error(self, error: SyntaxError) -> GraphError:
        if "nested" in str(error.msg) or "too many" in str(error.msg):
            return GraphError("the text is nested too deep to be read.", instead=_UNNEST)
        line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
        end = error.end_offset - 1 if error.end_offset and error.end_lineno == error.lineno else None
        what = str(error.msg).rstrip(".").replace("'", "`")
        what = what[:1].lower() + what[1:]
        return self.error_at(line, column, end, f"this is no Python: {what}.", "Check brackets, commas and indentation.")


_UNNEST = "Give inner parts names of their own."


def _characters(row: str, column: int) -> int:
    """A column in bytes, as syntax trees count, in characters."""
    return column if row.isascii() else len(row.encode()[:column].decode(errors="ignore"))


def _shortened(sentence: str) -> str:
    return _BACKQUOTED.sub(lambda found: f"`{found.group(1)[:77]}…`", sentence)


def _depths(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Every node with its depth, without recursion."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))

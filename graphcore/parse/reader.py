"""Text into logical lines: what is code, what is skipped and counted, and where each character stood.

Nothing is removed before it is parsed except whole lines: every character of the code keeps its line and column,
so that a span points into the text as the user typed it.
"""

from __future__ import annotations

import re
from collections import Counter

from graphcore.errors import Fix, GraphError
from graphcore.parse import characters
from graphcore.parse.lines import Line, Program, rows_of

__all__ = ["DEPTH_LIMIT", "LINE_LIMIT", "TEXT_LIMIT", "Line", "Program", "read", "rows_of"]

LINE_LIMIT = 2_000
TEXT_LIMIT = 200_000
DEPTH_LIMIT = 60

_CLOSES = {")": "(", "]": "[", "}": "{"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# what a scan of code has to stop at: comments, strings (whole, else their opening quotes), brackets
_TOKEN = re.compile(
    r"""#.*|(?:'''|\"\"\")|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|['"]|[()\[\]{}]""",
)
_BRACKET = re.compile(r"[()\[\]{}]")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
_NEEDS_SCAN = re.compile(r"""['"\\#]""")
MARK = re.compile(r"(?:>>>|\.\.\.(?=\s|$)|In\s*\[[\d\s*]*\]:|\.{3,}:)[ \t]?")
OUT = re.compile(r"Out\s*\[[\d\s]*\]:")
_LIST_START = re.compile(r"[A-Za-z_]\w*[ \t]*=[ \t]*\[", re.ASCII)
_NUMBERS = re.compile(r"[\[\]\d\s.,eE+\-]*", re.ASCII)
_FIRST_WORD = re.compile(r"import\b|from\s+[\w.]+\s+import\b|print\s*\(|assert\b")
_PLAIN_OUTPUT = re.compile(r"\s*[A-Za-z_\u0370-\u03ff]\w*\s*(?:[-+*/@]|\*\*)?=(?!=)")


def read(text: str) -> Program:
    """Split a program into logical lines of code.

    Raises :class:`GraphError` for a text or a line that is too long, for characters that no program has, and for
    brackets and quotes that are not closed.
    """
    if len(text) > TEXT_LIMIT:
        raise GraphError(f"the program has {len(text):,} characters.", instead=f"At most {TEXT_LIMIT:,} are read.")
    rows = rows_of(text)
    program = Program(text, rows, [], Counter())
    for number, row in enumerate(rows, 1):
        if len(row) > LINE_LIMIT:
            raise GraphError(
                f"this line has {len(row):,} characters.",
                instead=f"At most {LINE_LIMIT:,} are read; give parts of it names of their own.",
                line=number,
                source=row[:80] + " ...",
            )
    clean = list(rows) if text.isascii() and not _CONTROL.search(text) else characters.clean(rows)
    session = any(row.lstrip().startswith(">>>") for row in clean) if ">>>" in text else False
    _Reader(program, clean, session).run()
    return program


class _Reader:
    """One pass over the physical lines."""

    def __init__(self, program: Program, rows: list[str], session: bool) -> None:
        self.program = program
        self.rows = rows
        self.session = session
        self.at = 0

    def run(self) -> None:
        while self.at < len(self.rows):
            row = self.rows[self.at]
            code = row.strip()
            if code:
                self._line(row, code)
            else:
                self.at += 1

    def _line(self, row: str, code: str) -> None:
        skipped = self.program.skipped
        first = code[0]
        if first == "#":
            return self._skip("comment")
        if first in "%!":
            return self._skip("magic")
        if code.startswith(("```", "~~~")):
            return self._skip("code fence")
        if first in ">.IO":
            if OUT.match(code):
                return self._output()
            mark = MARK.match(code)
            if mark:
                rest = code[mark.end() :].strip()
                if not rest:
                    return self._skip("notebook mark")
                skipped["notebook mark"] += 1
                row = row.replace(mark.group(), " " * len(mark.group()), 1)
                self.rows[self.at] = row
                return self._line(row, rest)
        elif self.session and not _PLAIN_OUTPUT.match(code) and not MARK.match(code):
            return self._skip("output")
        offset = row.index(first)
        number = self.at + 1
        text = code
        if code[-1] in ",[" and _LIST_START.match(code):
            numbers = self._numbers(offset)
            if numbers is not None:
                self.program.lines.append(Line(number, offset, numbers))
                return None
        if _NEEDS_SCAN.search(code) or not _balanced(code):
            text = self._scan(offset)
        else:
            self.at += 1
        word = _FIRST_WORD.match(text) if first in "ifpa" else None
        # after a `;` may stand what counts: `import math; x = 2`
        if word and ";" not in text:
            skipped[{"f": "import", "i": "import", "p": "print", "a": "assert"}[word.group()[0]]] += 1
            return None
        self.program.lines.append(Line(number, offset, text))
        return None

    def _skip(self, kind: str) -> None:
        self.program.skipped[kind] += 1
        self.at += 1

    def _output(self) -> None:
        """``Out[5]:`` and what it shows: to the end of its brackets, or to the next blank line or mark."""
        self.program.skipped["output"] += 1
        depth = 0
        while self.at < len(self.rows):
            row = self.rows[self.at]
            shown = OUT.sub("", row)
            depth += sum(shown.count(c) for c in "([{") - sum(shown.count(c) for c in ")]}")
            self.at += 1
            if depth <= 0 and shown.strip():
                return
            if self.at < len(self.rows) and (not self.rows[self.at].strip() or MARK.match(self.rows[self.at].lstrip())):
                return

    def _numbers(self, offset: int) -> str | None:
        """A nested list of plain numbers over several lines, found without a look at every bracket; None for other text."""
        depth = 0
        for at in range(self.at, len(self.rows)):
            row = self.rows[at]
            part = row[offset:].partition("=")[2] if at == self.at else row
            depth += part.count("[") - part.count("]")
            if not _NUMBERS.fullmatch(part) or depth > 3:
                return None
            if depth <= 0:
                text = "\n".join([self.rows[self.at][offset:], *self.rows[self.at + 1 : at + 1]]).rstrip()
                if depth == 0:
                    self.at = at + 1
                    return text
                return None
        return None

    def _scan(self, offset: int) -> str:
        """The logical line from here on: until every bracket and every triple quote is closed."""
        open_brackets: list[tuple[str, int, int]] = []
        quotes: tuple[str, int, int] | None = None
        begin = self.at
        parts: list[str] = []
        while True:
            row = self.rows[self.at]
            if self.at > begin:
                mark = MARK.match(row.lstrip())
                if mark and quotes is None:
                    row = row.replace(mark.group(), " " * len(mark.group()), 1)
            position = offset if self.at == begin else 0
            comment = False
            # most rows hold numbers and brackets only, and need no look at quotes and comments
            token_of = _TOKEN.search if quotes is not None or _NEEDS_SCAN.search(row) else _BRACKET.search
            while True:
                if quotes is not None:
                    end = row.find(quotes[0], position)
                    if end < 0:
                        break
                    position, quotes = end + 3, None
                token = token_of(row, position)
                if token is None:
                    break
                found, position = token.group(), token.end()
                if found[0] == "#":
                    comment = True
                    break
                if found in ("'''", '"""'):
                    quotes = (found, self.at, token.start())
                elif found in "'\"":
                    self._refuse("this quote is not closed.", "Texts are not part of this language.", self.at, token.start())
                elif found in _CLOSING:
                    open_brackets.append((found, self.at, token.start()))
                    if len(open_brackets) > DEPTH_LIMIT:
                        self._refuse(
                            f"brackets are nested more than {DEPTH_LIMIT} deep here.",
                            "Give inner parts names of their own.",
                            self.at,
                            token.start(),
                        )
                elif found in _CLOSES:
                    if not open_brackets or open_brackets[-1][0] != _CLOSES[found]:
                        self._refuse_closing(found, open_brackets, token.start())
                    open_brackets.pop()
            parts.append(row[offset:] if self.at == begin else row)
            self.at += 1
            if quotes is None and not open_brackets and not (row.rstrip().endswith("\\") and not comment):
                return "\n".join(parts).rstrip()
            if self.at == len(self.rows):
                break
        self._refuse_open(open_brackets, quotes, begin)
        raise AssertionError("unreachable")

    def _refuse_open(self, brackets: list[tuple[str, int, int]], quotes: tuple[str, int, int] | None, begin: int) -> None:
        if quotes is not None:
            self._refuse("this text is never closed.", f"Close it with {quotes[0]}.", quotes[1], quotes[2])
        if not brackets:
            self._refuse("the line goes on after `\\`, but nothing follows.", "Remove the `\\`.", len(self.rows) - 1, 0)
        bracket, row, column = brackets[-1]
        mended = list(self.program.rows)
        closing = "".join(_CLOSING[b] for b, at, _ in reversed(brackets) if at == row)
        code = mended[row]
        comment = next((m.start() for m in _TOKEN.finditer(code) if m.group()[0] == "#"), len(code))
        mended[row] = code[:comment].rstrip() + closing + ("  " + code[comment:] if comment < len(code) else "")
        fix = Fix(f"Write {closing}", "\n".join(mended))
        self._refuse(f"the bracket `{bracket}` is never closed.", f"Add `{closing}`.", row, column, fix)

    def _refuse_closing(self, found: str, brackets: list[tuple[str, int, int]], column: int) -> None:
        if not brackets:
            row = self.program.rows[self.at]
            mended = list(self.program.rows)
            mended[self.at] = row[:column] + row[column + 1 :]
            fix = Fix(f"Remove {found}", "\n".join(mended))
            self._refuse(f"the bracket `{found}` was never opened.", "Remove it or open it before.", self.at, column, fix)
        opened = brackets[-1][0]
        self._refuse(f"`{opened}` is closed by `{found}`.", f"Write `{_CLOSING[opened]}`.", self.at, column)

    def _refuse(self, what: str, instead: str, row: int, column: int, fix: Fix | None = None) -> None:
        raise GraphError(
            what,
            instead=instead,
            line=row + 1,
            column=column + 1,
            end_column=column + 2,
            source=self.program.rows[row],
            fix=fix,
        )


def _balanced(code: str) -> bool:
    opened = code.count("(")
    if opened > DEPTH_LIMIT or opened != code.count(")"):
        return False
    if "[" in code or "]" in code or "{" in code or "}" in code:
        squares = code.count("[")
        return squares == code.count("]") and squares + opened <= DEPTH_LIMIT and code.count("{") == code.count("}") == 0
    return True

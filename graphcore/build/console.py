"""A text copied out of a console or a notebook: prompts, fences, and what was printed between the lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from graphcore.parse.reader import MARK, OUT

_FENCE = re.compile(r"\s*(?:```|~~~)\w*\s*")
_ECHO = re.compile(r"(?:print\()?[A-Za-z_][\w.]*\)?")
_HEAD = re.compile(r"\s*(?:\w+\s*=\s*)?[A-Za-z_]\w*\(\s*")
_CHILD = re.compile(r"\s*\([\w.\-]+\):")


def without_console(rows: Sequence[str]) -> list[str]:
    """The rows without prompts and fences; of code and the modules it printed the code, of an echo what it printed.

    What is left out becomes an empty row, so that lines keep their numbers.

    >>> without_console([">>> model", "Sequential(", "  (0): ReLU()", ")"])
    ['', 'Sequential(', '  (0): ReLU()', ')']
    >>> without_console(["In [1]: net = nn.Sequential(nn.ReLU())", "   ...: net", "Out[1]: ", "Sequential(", "  (0): ReLU())"])
    ['net = nn.Sequential(nn.ReLU())', 'net', '', '', '']
    """
    plain = ["" if _FENCE.fullmatch(row) else _without_prompt(row) for row in rows]
    printed = {k for block in _printed(plain) for k in block}
    rest = [k for k, row in enumerate(plain) if k not in printed and row.strip() and not row.lstrip().startswith("#")]
    if not printed or not rest:
        return plain
    left_out = rest if all(_ECHO.fullmatch(plain[k].strip()) for k in rest) else printed
    for k in left_out:
        plain[k] = ""
    return plain


def _without_prompt(row: str) -> str:
    code = row.lstrip()
    mark = MARK.match(code) or OUT.match(code)
    if mark is None:
        return row
    # a notebook's prompts stand right under each other, Python's where the text around them is indented
    before = "" if ":" in mark[0] else row[: len(row) - len(code)]
    return before + code[mark.end() :].removeprefix(" " if mark.re is OUT else "")


def _printed(rows: Sequence[str]) -> Iterator[range]:
    """The modules as ``print`` shows them, each from its name to its closing bracket."""
    start = 0
    while start + 1 < len(rows):
        end = start
        if _HEAD.fullmatch(rows[start]) and _CHILD.match(rows[start + 1]):
            depths = accumulate(row.count("(") - row.count(")") for row in rows[start:])
            end = next((start + k for k, depth in enumerate(depths) if depth <= 0), len(rows) - 1)
            yield range(start, end + 1)
        start = end + 1

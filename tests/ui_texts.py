"""Every text that the pages can show, read out of the sources: literals of JavaScript and Python, words of HTML."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# parts of graphcore whose sentences reach a page
SPEAKING = (
    "picture",
    "compare",
    "check",
    "parse",
    "build",
    "record",
    "mistakes",
    "latex",
    "jacobian",
    "scalars",
    "slopes",
    "words",
    "export",
    "ops",
)
SINGLE = ("problems.py", "networks.py", "layers.py", "tables.py", "descent.py", "errors.py")


class Text(NamedTuple):
    """A text and where it stands."""

    file: str
    line: int
    text: str


def texts(every: bool = False) -> list[Text]:
    """The texts of all pages; with ``every`` all literals, keys and classes among them."""
    found: list[Text] = []
    scripts = [*(ROOT / "graphcore/picture/assets/js").glob("*.js"), *(ROOT / "pages").rglob("*.js")]
    folders = [path for name in SPEAKING for path in (ROOT / "graphcore" / name).rglob("*.py")]
    programs = [*folders, *(ROOT / "graphcore" / name for name in SINGLE), *(ROOT / "pages").rglob("*.py")]
    papers = [*(ROOT / "graphcore/picture/assets").glob("*.html"), *(ROOT / "pages").rglob("*.html")]
    for files, read in ((scripts, javascript), (programs, python), (papers, html)):
        for path in sorted(files):
            name = str(path.relative_to(ROOT))
            found += [Text(name, line, text) for line, text in read(path.read_text("utf-8")) if every or shown(text)]
    return found


def shown(text: str) -> bool:
    """Whether a literal is meant for people: words, not a key, a class, a selector or a path of a drawing."""
    plain = text.strip()
    if not re.search(r"[A-Za-z]{2}", plain) or re.match(r"[.#\[:\\&<]|M[\d.{…-]|--|@", plain):
        return False
    words = plain.split()
    if len(words) == 1:
        return bool(re.fullmatch(r"[A-Z][a-z]{2,}[:.?]?", plain))
    return not all(re.fullmatch(r"cr-[\w…-]*|…", word) for word in words) and not re.search(r'="|:is\(|\w\s*\{', plain)


# ---- Python ------------------------------------------------------------------------------------------------------


def python(source: str) -> Iterator[tuple[int, str]]:
    """Strings that are neither docstrings nor annotations; an f-string in one piece, its expressions as ``…``."""
    tree = ast.parse(source)
    skip = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skip.add(id(node.value))
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            skip |= {id(inner) for inner in ast.walk(note)} if note is not None else set()
        if isinstance(node, ast.JoinedStr):
            skip |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in skip:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


# ---- JavaScript --------------------------------------------------------------------------------------------------

_SKIPPED = re.compile(r"//[^\n]*|/\*.*?\*/|\s+", re.S)
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_WORD = re.compile(r"[\w$]+")


def javascript(source: str) -> Iterator[tuple[int, str]]:
    """String literals, and templates in one piece with their expressions as ``…``."""
    at, last, braces = 0, "", []
    while at < len(source):
        if skipped := _SKIPPED.match(source, at):
            at = skipped.end()
            continue
        sign, line = source[at], source.count("\n", 0, at) + 1
        if quoted := _QUOTED.match(source, at):
            yield line, _unescaped(quoted[0][1:-1])
            at, last = quoted.end(), "x"
        elif sign == "/" and (last in "(,=:[!&|?{};+~>" or last == "return") and (regex := _REGEX.match(source, at)):
            at, last = regex.end(), "x"
        elif sign == "`" or (sign == "}" and braces and braces[-1] == 0):
            if sign == "}":
                braces.pop()
            text, at, more = _template(source, at + 1)
            if more:
                braces.append(0)
            yield line, text
            last = "(" if more else "x"
        else:
            word = _WORD.match(source, at)
            last = (word[0] if word[0] == "return" else "x") if word else sign
            at = word.end() if word else at + 1
            if braces and sign in "{}":
                braces[-1] += 1 if sign == "{" else -1


def _template(source: str, at: int) -> tuple[str, int, bool]:
    """The text of a template up to its end or its next expression, and whether there is one."""
    start = at
    while source[at] != "`" and source[at : at + 2] != "${":
        at += 2 if source[at] == "\\" else 1
    more = source[at] == "$"
    return _unescaped(source[start:at]) + ("…" if more else ""), at + (2 if more else 1), more


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text).replace("\\n", "\n").replace("\\", "")


# ---- HTML --------------------------------------------------------------------------------------------------------


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []

    def handle_data(self, data: str) -> None:
        self.found.append((self.getpos()[0], " ".join(data.split())))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            (self.getpos()[0], value) for name, value in attrs if value and name in ("aria-label", "title", "placeholder")
        ]


def html(source: str) -> Iterator[tuple[int, str]]:
    """Text and what is said of elements."""
    reader = _Words()
    reader.feed(source)
    yield from reader.found

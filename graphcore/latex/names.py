"""Names in mathematics: ``v3`` becomes a letter with an index, and no character of a name is ever taken for LaTeX."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

GREEK = {
    **dict(zip("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi".split(), "αβγδεζηθικλμνξ", strict=True)),
    **dict(zip("pi rho sigma tau upsilon phi chi psi omega".split(), "πρστυφχψω", strict=True)),
    **dict(zip("Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(), "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)),
}
_BY_LETTER = {letter: name for name, letter in GREEK.items()}
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "_": r"\_",
    "#": r"\#",
    "%": r"\%",
    "$": r"\$",
    "&": r"\&",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_SPLIT = re.compile(r"([^\W\d_]+)(?:_?(\d+)|_([^\W_]+))?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9.]+")


def split(name: str) -> tuple[str, str] | None:
    """A name as a word and its index, or None where it is no such thing.

    >>> split("v3"), split("h_prev"), split("loss"), split("0.weight")
    (('v', '3'), ('h', 'prev'), ('loss', ''), None)
    """
    found = _SPLIT.fullmatch(name)
    return (found[1], found[2] or found[3] or "") if found else None


def escape(text: str) -> str:
    r"""Any text as the inside of ``\text{...}``: nothing in it is a command, and nothing is lost.

    >>> print(escape("50%_{x}"))
    50\%\_\{x\}
    """
    return "".join(_ESCAPES.get(c, c if " " <= c <= "~" else f"U+{ord(c):04X}") for c in text)


def _letters(word: str) -> str:
    if word in GREEK:
        return "\\" + word
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


@lru_cache(maxsize=16384)
def latex_name(name: str) -> str:
    r"""A name in LaTeX.

    >>> print(*map(latex_name, ["s", "v3", "alpha", "W_out", "loss", "0.weight", "a_b_c"]))
    s v_{3} \alpha W_{\mathrm{out}} \mathrm{loss} \mathrm{0.weight} \text{a\_b\_c}
    """
    if name in _BY_LETTER:
        return "\\" + _BY_LETTER[name]
    parts = split(name)
    if parts:
        word, index = parts
        return _letters(word) + (f"_{{{_letters(index)}}}" if index else "")
    return rf"\mathrm{{{name}}}" if _PLAIN.fullmatch(name) else rf"\text{{{escape(name)}}}"


def math_name(name: str) -> list[Any]:
    """A name as a math tree.

    >>> math_name("v3")
    ['msub', ['mi', 'v'], ['mn', '3']]
    """
    parts = split(name)
    if not parts:
        return ["mi", name]
    word, index = parts
    base = ["mi", GREEK.get(word, word)]
    return ["msub", base, ["mn" if index.isdigit() else "mi", GREEK.get(index, index)]] if index else base

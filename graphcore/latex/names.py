"""Names in mathematics: ``v3`` becomes a letter with an index, and no character of a name is ever taken for LaTeX."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_SMALL = "α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi π pi"
_OTHERS = "ρ rho σ sigma τ tau υ upsilon φ phi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon"
_LAST = "Φ Phi Ψ Psi Ω Omega"
_WORDS = f"{_SMALL} {_OTHERS} {_LAST}".split()
GREEK = dict(zip(_WORDS[1::2], _WORDS[::2], strict=True))
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

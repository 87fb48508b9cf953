"""Any text inside a LaTeX document: nothing in it is a command, and what pdfTeX has no letter for is still told."""

from __future__ import annotations

import unicodedata

from graphcore.latex import escape
from graphcore.latex.names import GREEK

_LETTERS = {letter: name for name, letter in GREEK.items()}
_SIGNS = {
    "−": "-", "×": r"\times", "·": r"\cdot", "≠": r"\neq", "∞": r"\infty", "∂": r"\partial", "≤": r"\leq", "≥": r"\geq",
    "ᵀ": r"^{\top}", "⊤": r"\top", "√": r"\surd", "⊗": r"\otimes", "±": r"\pm", "→": r"\to", "≈": r"\approx", "∈": r"\in",
    "⋯": r"\cdots", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "∧": r"\wedge", "∨": r"\vee",
}  # fmt: skip
# in text mode some of these would join with their like, and others are read as quotation marks
_PLAIN = {"…": r"\dots{}", "–": "--", "—": "---", "‖": r"$\Vert$", "|": r"$\vert$", '"': r"\textquotedbl{}"}
_PLAIN |= {c: c + "{}" for c in "-,`'"} | {"‘": "`{}", "’": "'{}", "“": "``", "”": "''"}
WIDE = 92  # characters of a line of a listing
LONG = 300  # lines of a listing


def tex_text(text: str) -> str:
    r"""A text for LaTeX's text mode.

    >>> print(tex_text("v3 = s² − 50%_{x} ∂θ"))
    v3 = s$^{2}$ $-$ 50\%\_\{x\} $\partial$$\theta$
    """
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c in _PLAIN:
        return _PLAIN[c]
    if c in _SIGNS:
        return f"${_SIGNS[c]}$"
    if c in _LETTERS:
        return rf"$\{_LETTERS[c]}$"
    kind = unicodedata.decomposition(c)
    if kind.startswith(("<super>", "<sub>")):
        plain = unicodedata.normalize("NFKC", c).replace("−", "-")
        if plain.isascii() and plain.isprintable():
            return f"${'^' if kind.startswith('<super>') else '_'}{{{escape(plain)}}}$"
    return escape(c)


def tex_listing(text: str) -> str:
    r"""A text as the lines of a listing, each character itself; long lines go on below, very many are counted.

    >>> print(tex_listing("a = {1}\nb = 2"))
    a~=~\{1\}\\
    b~=~2
    """
    rows = [piece for row in (text.expandtabs(4).splitlines() or [""])[:LONG] for piece in _pieces(row)]
    more = len(text.splitlines()) - LONG
    if more > 0:
        rows.append(f"… {more:,} more lines")
    return "\\\\\n".join(tex_text(row).replace(" ", "~") or r"\mbox{}" for row in rows)


def _pieces(row: str) -> list[str]:
    """A line, or the pieces of a long one, cut where it has spaces.

    >>> [len(piece) for piece in _pieces("x = [" + "1.25, " * 20 + "]")]
    [88, 41]
    """
    found = []
    indent = len(row) - len(row.lstrip(" ")) + 4
    while len(row) > WIDE:
        at = row.rfind(" ", indent + 1, WIDE)
        at = WIDE if at < 0 else at
        found.append(row[:at])
        row = " " * min(indent, 40) + row[at:].lstrip(" ")
    return [*found, row]

"""Which characters a program may hold: plain ones, and Greek letters in names.

Python folds look-alike letters of other alphabets into one name, or keeps two names apart that look the same; both
are refused here, each with the text as it was meant.
"""

from __future__ import annotations

import re
import unicodedata

from graphcore.errors import Fix, GraphError

# spaces of every width count as a space, one for one, so that columns stay
_SPACES = {
    ord(c): " "
    for c in "\t\x0b\x0c\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
}
GREEK = frozenset("αβγδεζηθικλμνξπρστυφχψωςΓΔΘΛΞΠΣΦΨΩ")

# signs that have one meaning; the replacement is what Python calls it
SIGNS = {
    "·": "*", "⋅": "*", "∙": "*", "•": "*", "×": "*", "∗": "*", "✕": "*", "⊙": "*", "∘": "*", "⊗": "*",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "÷": "/", "∕": "/", "⁄": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "∞": "inf", "≔": "=", "←": "=", "∑": "sum", "∏": "prod",
    "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "′": "_prime", "ᵀ": ".T", "⊤": ".T",
    "½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)",
    "…": "...",
}  # fmt: skip
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_LOOKS_LIKE = dict(
    zip(
        "асеорхуіјѕԁһӏАВЕКМНОРСТХУІЅЈοΑΒΕΖΗΙΚΜΝΟΡΤΥΧıℓ",
        "aceopxyijsdhlABEKMHOPCTXYISJoABEZHIKMNOPTYXil",
        strict=True,
    )
)
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f")
_CODE_OR_QUIET = re.compile(r"""#.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_SUPERSCRIPT_RUN = re.compile("[" + "".join(SUPERSCRIPTS) + "]+")
_ROOT = re.compile(r"√\s*(\(|[\w.]+)")


def clean(rows: list[str]) -> list[str]:
    """The rows with every kind of space as a plain space; raises :class:`GraphError` at a character of no program."""
    cleaned = []
    quoted = False
    for number, row in enumerate(rows, 1):
        if number == 1 and row.startswith("\ufeff"):
            row = " " + row[1:]
        row = row.translate(_SPACES)
        if not (row.isascii() and row.isprintable()):
            # inside a docstring anything may stand
            if not quoted:
                _check(rows, number, row)
            elif "\0" in row:
                _refuse_control(rows, number, row.index("\0"))
        if '"""' in row or "'''" in row:
            quoted ^= (row.count('"""') + row.count("'''")) % 2 == 1
        cleaned.append(row)
    return cleaned


def _check(rows: list[str], number: int, row: str) -> None:
    quiet = [m.span() for m in _CODE_OR_QUIET.finditer(row)] if "#" in row or '"' in row or "'" in row else []
    for column, c in enumerate(row):
        if c < "\x20" or c == "\x7f" or "\ud800" <= c <= "\udfff":
            _refuse_control(rows, number, column)
        if c < "\x7f" or c in GREEK:
            continue
        if not any(start <= column < end for start, end in quiet):
            _refuse(rows, number, row, column)


def _refuse_control(rows: list[str], number: int, column: int) -> None:
    row = rows[number - 1]
    mended = [r.translate(_SPACES) for r in rows]
    mended = ["".join(c for c in r if c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff") for r in mended]
    raise GraphError(
        f"there is a character here that cannot be seen (U+{ord(row[column]):04X}).",
        instead="Remove it.",
        line=number,
        column=column + 1,
        end_column=column + 2,
        source="".join(c if c.isprintable() else "\ufffd" for c in row),
        fix=Fix("Remove it", "\n".join(mended)),
    )


def _refuse(rows: list[str], number: int, row: str, column: int) -> None:
    c = row[column]
    mended = mend_row(row)
    meant = _meaning(c)
    what, instead = _sentence(c, meant)
    fix = None
    if mended != row and not _odd(mended):
        label = f"Write {meant.strip()}" if meant and len(meant) > 0 else "Remove it"
        fix = Fix(label, "\n".join(r if r.isascii() else mend_row(r) for r in rows))
    raise GraphError(
        what, instead=instead, line=number, column=column + 1, end_column=column + 2, source=rows[number - 1], fix=fix
    )


def _odd(row: str) -> bool:
    code = _CODE_OR_QUIET.sub("", row)
    return any(c >= "\x7f" and c not in GREEK for c in code)


def _meaning(c: str) -> str | None:
    """What the character is in Python, "" for nothing at all, None where nobody can tell."""
    if c in _INVISIBLE:
        return ""
    if c in SUPERSCRIPTS:
        return f"**{SUPERSCRIPTS[c]}"
    if c == "√":
        return "sqrt"
    found = SIGNS.get(c) or SUBSCRIPTS.get(c) or _LOOKS_LIKE.get(c)
    if found:
        return found
    folded = unicodedata.normalize("NFKC", c)
    if folded != c and all(f in GREEK or "\x20" < f < "\x7f" for f in folded):
        return folded
    return None


def _sentence(c: str, meant: str | None) -> tuple[str, str]:
    name = unicodedata.name(c, "no name").lower()
    if meant is None:
        return f"`{c}` ({name}) is not a character of this language.", "Names are made of a to z, Greek letters, digits and _."
    if not meant:
        return f"there is a character here that cannot be seen ({name}).", "Remove it."
    if c in SIGNS or c in SUPERSCRIPTS or c == "√":
        return f"`{c}` is not a sign of Python.", f"Write `{meant}`."
    return f"`{c}` ({name}) looks like `{meant}` and is another character.", f"Write `{meant}`."


def mend_row(row: str) -> str:
    """The row as it was meant: signs, superscripts, roots and look-alike letters as Python writes them.

    >>> mend_row("f = 2·x² − √(y)")
    'f = 2*x**2 - sqrt(y)'
    """
    comment = next((m.start() for m in _CODE_OR_QUIET.finditer(row) if m.group()[0] == "#"), len(row))
    code, rest = row[:comment], row[comment:]
    code = _SUPERSCRIPT_RUN.sub(lambda m: "**" + _power(m.group()), code)
    code = _ROOT.sub(lambda m: "sqrt(" if m.group(1) == "(" else f"sqrt({m.group(1)})", code)
    return "".join(c if c < "\x7f" or c in GREEK else _replacement(c) for c in code) + rest


def _power(run: str) -> str:
    digits = "".join(SUPERSCRIPTS[c] for c in run)
    return f"({digits})" if digits.startswith("-") else digits


def _replacement(c: str) -> str:
    meant = _meaning(c)
    return c if meant is None else meant

"""How every construct of a formula looks in the three dialects: the table the printer reads.

A reader checks it by reading down a column. ``$0``, ``$1`` (0, 1 in the math trees) are the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from graphcore.latex.numbers import MINUS

Dialect = Literal["text", "latex", "math"]
DIALECTS: tuple[Dialect, ...] = ("text", "latex", "math")
TIMES_INVISIBLE = "\u2062"
OPEN, CONDITION, EITHER, BOTH, COMPARISON, SUM, RATIO, PRODUCT, POWER, ATOM, BRACKETED = range(11)


class Form(NamedTuple):
    """How one construct is written: how tightly the whole binds, how tightly each part must, and the three spellings."""

    level: int
    needs: tuple[int, ...]
    text: str
    latex: str
    math: Any
    latex_level: int | None = None
    latex_needs: tuple[int, ...] | None = None


def between(text: str, latex: str = "") -> tuple[str, str, Any]:
    """A sign between two parts, in the three spellings."""
    return f"$0 {text} $1", f"$0 {latex or text} $1", ("mrow", 0, ("mo", text), 1)


_NEXT_TO = ("mrow", 0, ("mo", TIMES_INVISIBLE), 1)
FORMS: Mapping[str, Form] = {
    "Add": Form(SUM, (SUM, RATIO), *between("+")),
    "Sub": Form(SUM, (SUM, RATIO), *between(MINUS, "-")),
    "Mult": Form(PRODUCT, (PRODUCT, POWER), *between("·", r"\cdot")),
    "entries": Form(PRODUCT, (PRODUCT, POWER), *between("⊙", r"\odot")),
    "beside": Form(PRODUCT, (PRODUCT, POWER), f"$0{TIMES_INVISIBLE}$1", f"$0{TIMES_INVISIBLE}$1", _NEXT_TO),
    "apart": Form(PRODUCT, (PRODUCT, POWER), "$0 $1", "$0 $1", _NEXT_TO),
    "MatMult": Form(PRODUCT, (PRODUCT, POWER), "$0 @ $1", r"$0 \, $1", _NEXT_TO),
    "Div": Form(RATIO, (PRODUCT, POWER), "$0 / $1", r"\frac{$0}{$1}", ("mfrac", 0, 1), POWER, (OPEN, OPEN)),
    "Pow": Form(POWER, (ATOM, POWER), "$0 ** $1", "$0^{$1}", ("msup", 0, 1), POWER, (ATOM, OPEN)),
    "index": Form(POWER, (ATOM,), "$0$1", "$0$1", ("msup", 0, 1)),
    "USub": Form(PRODUCT, (RATIO,), MINUS + "$0", "-$0", ("mrow", ("mo", MINUS), 0)),
    "Not": Form(BOTH, (COMPARISON,), "not $0", r"\lnot $0", ("mrow", ("mo", "¬"), 0)),
    "And": Form(BOTH, (BOTH, COMPARISON), *between("and", r"\land")),
    "Or": Form(EITHER, (EITHER, BOTH), *between("or", r"\lor")),
    "Eq": Form(COMPARISON, (SUM, SUM), "$0 == $1", "$0 = $1", ("mrow", 0, ("mo", "="), 1)),
    "NotEq": Form(COMPARISON, (SUM, SUM), *between("≠", r"\neq")),
    "Lt": Form(COMPARISON, (SUM, SUM), *between("<")),
    "LtE": Form(COMPARISON, (SUM, SUM), *between("≤", r"\leq")),
    "Gt": Form(COMPARISON, (SUM, SUM), *between(">")),
    "GtE": Form(COMPARISON, (SUM, SUM), *between("≥", r"\geq")),
    "Is": Form(COMPARISON, (SUM, SUM), "$0 is $1", "$0 = $1", ("mrow", 0, ("mo", "="), 1)),
    "IsNot": Form(COMPARISON, (SUM, SUM), *between("is not", r"\neq")),
    "BitAnd": Form(BOTH, (BOTH, COMPARISON), *between("and", r"\land")),
    "BitOr": Form(EITHER, (EITHER, BOTH), *between("or", r"\lor")),
    "Invert": Form(BOTH, (COMPARISON,), "not $0", r"\lnot $0", ("mrow", ("mo", "¬"), 0)),
    "Mod": Form(PRODUCT, (PRODUCT, POWER), *between("%", r"\bmod")),
    "FloorDiv": Form(
        RATIO,
        (PRODUCT, POWER),
        "$0 // $1",
        r"\left\lfloor \frac{$0}{$1} \right\rfloor",
        ("mrow", ("mo", "⌊"), ("mfrac", 0, 1), ("mo", "⌋")),
        ATOM,
        (OPEN, OPEN),
    ),
    "transpose": Form(POWER, (ATOM,), "$0ᵀ", r"$0^{\top}", ("msup", 0, ("mo", "⊤"))),
    "where": Form(CONDITION, (EITHER, EITHER, CONDITION), "$1 if $0 else $2", "", None),
    "group": Form(ATOM, (OPEN,), "($0)", "($0)", ("mrow", ("mo", "("), 0, ("mo", ")"))),
    "list": Form(ATOM, (OPEN,), "[$0]", "[$0]", ("mrow", ("mo", "["), 0, ("mo", "]"))),
    "entry": Form(ATOM, (ATOM, OPEN), "$0[$1]", "$0[$1]", ("mrow", 0, ("mo", "["), 1, ("mo", "]"))),
}

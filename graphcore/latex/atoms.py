"""What a printed formula is put together from: forms with their brackets, names, numbers, words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphcore.latex.forms import ATOM, FORMS, OPEN, POWER, PRODUCT, SUM, Dialect, Form
from graphcore.latex.names import escape
from graphcore.latex.numbers import MINUS
from graphcore.latex.pieces import COLUMN, Printed, Ref, fill, fill_math, word_math
from graphcore.latex.trees import number, value_of
from graphcore.ops.namespaces import Shape

_CONSTANTS: dict[str, tuple[str, str, Any]] = {
    "pi": ("π", r"\pi", ("mi", "π")),
    "e": ("e", "e", ("mi", "e")),
    "inf": ("∞", r"\infty", ("mi", "∞")),
    "nan": ("nan", r"\mathrm{nan}", ("mi", {"class": "upright"}, "nan")),
}
_LONGEST = 9
_TALL = re.compile(r"\\(frac|begin|sum|underbrace)\b")


class Atoms:
    """The pieces of one dialect; :class:`graphcore.latex.printer.Printer` puts trees together from them."""

    def __init__(self, dialect: Dialect, shapes: Mapping[str, Shape], compact: bool = False) -> None:
        self.dialect = dialect
        self.column = COLUMN[dialect]
        self.shapes = shapes
        self.compact = compact

    def print(self, tree: ast.expr) -> Printed:
        """One piece, unbracketed."""
        method: Callable[[Any], Printed] = getattr(self, f"_{type(tree).__name__}", self._other)
        return method(tree)

    def _form(self, form: Form, pieces: Sequence[Printed]) -> Printed:
        plain = self.dialect == "text"
        level = form.level if plain or form.latex_level is None else form.latex_level
        needs = form.needs if plain or form.latex_needs is None else form.latex_needs
        template = form[2 + self.column]
        starts_open = form.text.startswith("$0") if plain or form.latex_needs is None else form.latex.startswith("$0")
        contents = []
        minus = not starts_open and form.text.startswith(MINUS)
        for k, piece in enumerate(pieces):
            need = needs[min(k, len(needs) - 1)]
            leads = k == 0 and starts_open
            # a minus may lead a sum or a product, and stand freely where no sign of arithmetic is before it
            free = need == OPEN or level < SUM or (leads and need < POWER)
            if piece.level < need or (piece.minus and not free):
                piece = self.group(piece)
            minus = minus or (leads and piece.minus)
            contents.append(piece.content)
        return Printed(level, minus, fill(template, contents, self.dialect))

    def group(self, piece: Printed) -> Printed:
        """A piece in brackets, as tall as it needs in LaTeX."""
        printed = Printed(ATOM, False, fill(FORMS["group"][2 + self.column], [piece.content], self.dialect))
        if self.dialect == "latex" and any(isinstance(part, str) and _TALL.search(part) for part in piece.content):
            return printed._replace(content=(r"\left(", *piece.content, r"\right)"))
        return printed

    def word(self, text: str, level: int = ATOM) -> Printed:
        """Plain text that is not an operand's name."""
        if self.dialect == "math":
            return Printed(level, False, word_math(text))
        if self.dialect == "text":
            return Printed(level, False, (text,))
        return Printed(level, False, (self.dots() if text == "…" else rf"\text{{{escape(text)}}}",))

    def _Name(self, tree: ast.Name) -> Printed:
        if tree.id in _CONSTANTS:
            written = _CONSTANTS[tree.id][self.column]
            return Printed(ATOM, False, fill_math(written, ()) if self.dialect == "math" else (written,))
        return self._ref(Ref(tree.id, False, self.shapes.get(tree.id)))

    def _ref(self, ref: Ref) -> Printed:
        return Printed(ATOM, False, ref if self.dialect == "math" else (ref,))

    def _Constant(self, tree: ast.Constant) -> Printed:
        value = value_of(tree)
        if value is None:
            return self.word("…" if tree.value is Ellipsis else str(tree.value))
        if isinstance(value, float) and len(repr(value)) > _LONGEST and "e" not in repr(value):
            return self._cut(value)
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            piece = self._Name(ast.Name("inf"))
            return piece if value > 0 else self._form(FORMS["USub"], [piece])
        digits, _, power = repr(abs(_plain_number(value))).partition("e")
        power = power.lstrip("+").replace("-0", "-")
        if value < 0:
            return self._form(FORMS["USub"], [self._Constant(ast.Constant(-value))])._replace(level=ATOM)
        if self.dialect == "math":
            return Printed(ATOM, False, ["mn", digits + (f"e{power}" if power else "").replace("-", MINUS)])
        if self.dialect == "latex":
            return Printed(PRODUCT if power else ATOM, False, (digits + (rf" \times 10^{{{power}}}" if power else ""),))
        return Printed(ATOM, False, (digits + (f"e{power}" if power else "").replace("-", MINUS),))

    def _cut(self, value: float) -> Printed:
        """A number too long to be read in a formula, with dots where digits are left out."""
        digits = f"{abs(value):.{max(7 - len(str(int(abs(value)))), 1)}f}"[:-1]
        piece = Printed(ATOM, False, ["mn", digits + "…"] if self.dialect == "math" else (digits + self.dots(),))
        return self._form(FORMS["USub"], [piece])._replace(level=ATOM) if value < 0 else piece

    def dots(self) -> str:
        """Dots for something left out."""
        return r"{\ldots}" if self.dialect == "latex" else "…"

    def _other(self, tree: ast.expr) -> Printed:
        return self.word(ast.unparse(tree), OPEN)


def _plain_number(value: float) -> float:
    return value_of(number(value)) or 0

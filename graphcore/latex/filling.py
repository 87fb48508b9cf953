"""Names into the holes of printed formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphcore.graph import Graph, Literal
from graphcore.latex.forms import DIALECTS, TIMES_INVISIBLE, Dialect
from graphcore.latex.names import latex_name, math_name
from graphcore.latex.numbers import MINUS, number_math
from graphcore.latex.pieces import Content, Ref
from graphcore.latex.printer import print_tree
from graphcore.latex.trees import number

FIXED: Mapping[str, tuple[str, str, Any]] = {
    "@ones": ("1", r"\mathbf{1}", ["mn", "1"]),
    "@identity": ("I", "I", ["mi", "I"]),
}
"""What stands for no operand: an array of ones, the identity matrix."""
_SHOWN_ENTRIES = 4
_PI = re.compile(r"(?:\w+\.)?pi")


def literal_text(literal: Literal, dialect: Dialect) -> str:
    """A literal inside a formula: numbers plainly, arrays cut after a few entries."""
    value = literal.value
    if isinstance(value, float):
        if _PI.fullmatch(literal.text):
            return r"\pi" if dialect == "latex" else "π"
        shown = print_tree(number(value), dialect)
        return "".join(shown) if dialect != "math" else str(shown[1])
    flat = [f"{entry:.4g}" for entry in value.ravel()[:_SHOWN_ENTRIES]]
    if value.ndim != 1 or value.size > _SHOWN_ENTRIES:
        flat = [*flat[:2], "…" if dialect != "latex" else r"\ldots"]
    text = f"[{', '.join(flat)}]"
    return text if dialect == "latex" else text.replace("-", MINUS)


def fill_text(graph: Graph, index: int, parts: Content, dialect: Dialect) -> str:
    """Printed parts with the names of a node's operands, as one string."""
    out: list[str] = []
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            continue
        name = ref_text(graph, index, part, dialect)
        if out and out[-1].endswith(TIMES_INVISIBLE):
            plain = name[:1] in ("\\", "(") or name[:1].isalpha()
            sign = "" if plain and not name.startswith((r"\mathrm{", r"\text{")) else _TIMES[dialect]
            out[-1] = out[-1][:-1] + (" " if not sign and dialect == "latex" and name[:1] == "\\" else sign)
        out.append(name)
    return "".join(out).replace(TIMES_INVISIBLE, "")


_TIMES = {"text": " · ", "latex": r" \cdot ", "math": "·"}


def ref_text(graph: Graph, index: int, ref: Ref, dialect: Dialect) -> str:
    """The name that goes into a hole, with a transposition mark where one belongs to it."""
    key = ref.key
    if key in FIXED:
        return str(FIXED[key][DIALECTS.index(dialect)])
    if key == "@y":
        name = graph.names[index]
    elif key[1:].isdigit() and key[0] == "@":
        argument = graph.arguments[index][int(key[1:])]
        if argument < 0:
            return literal_text(graph.literals[-1 - argument], dialect) + _mark(ref, dialect)
        name = graph.names[argument]
    else:
        name = "g" if key == "@g" else key
    return (latex_name(name) if dialect == "latex" else name) + _mark(ref, dialect)


def _mark(ref: Ref, dialect: Dialect) -> str:
    return "" if not ref.transposed else r"^{\top}" if dialect == "latex" else "ᵀ"


def fill_math(graph: Graph, index: int, content: Content) -> Any:
    """A printed math tree with the names of a node's operands."""
    if isinstance(content, Ref):
        key = content.key
        if key in FIXED:
            return FIXED[key][2]
        if key[0] == "@" and key[1:].isdigit():
            argument = graph.arguments[index][int(key[1:])]
            if argument < 0:
                literal = graph.literals[-1 - argument]
                value = literal.value
                return number_math(value) if isinstance(value, float) else ["mtext", literal_text(literal, "math")]
            return math_name(graph.names[argument])
        return math_name(graph.names[index] if key == "@y" else key.lstrip("@"))
    if isinstance(content, list | tuple):
        return [fill_math(graph, index, item) for item in content]
    return content


def fill(graph: Graph, index: int, content: Content, dialect: Dialect) -> Any:
    """Printed content with names, a string or a math tree."""
    return fill_math(graph, index, content) if dialect == "math" else fill_text(graph, index, content, dialect)

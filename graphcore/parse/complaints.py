"""What is wrong with an expression: the sentences, and the texts as they were meant."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from graphcore.errors import Fix, GraphError, nearest
from graphcore.parse import refusals
from graphcore.parse.spelling import PREFIXES, is_op

if TYPE_CHECKING:
    from graphcore.parse.expressions import Translator

_SIGNS = {ast.BitXor: "^", ast.BitOr: "|", ast.BitAnd: "&", ast.LShift: "<<", ast.RShift: ">>"}


def name_error(tr: Translator, node: ast.Name) -> GraphError:
    """The name means nothing here."""
    name = node.id
    line = tr.assigned.get(name)
    if line is not None and line >= tr.line.number:
        where = f"in line {line}" if line > tr.line.number else "in this very line"
        return tr.error(node, f"`{name}` is used before it is assigned {where}.", "Move the assignment up.")
    if name == "π":
        return tr.error(node, "`π` is called `pi` here.", "Write `pi`.", ("pi", node, "pi"))
    if name in PREFIXES:
        what = f"`{name}` is a module; it can only stand before an op or a constant."
        return tr.error(node, what, f"Write as in `{name}.exp(x)`.")
    if is_op(name):
        return tr.error(node, f"`{name}` is an op and wants its operands.", f"Write as in `{name}(x)`.")
    guess = _run_together(tr, name) or nearest(name, tr.names)
    if guess is None or guess == name:
        instead = f"Assign it first, as in `{name} = 2`." if tr.names else f"Assign it first: `{name} = 2`."
        return tr.error(node, f"`{name}` is not defined.", instead)
    return tr.error(node, f"`{name}` is not defined.", f"Did you mean `{guess}`?", (guess, node, guess))


def _run_together(tr: Translator, name: str) -> str | None:
    """``sinx`` as ``sin(x)``, ``xw`` as ``x * w``, where the parts are known."""
    for k in range(len(name) - 1, 0, -1):
        head, tail = name[:k], name[k:]
        if tail in tr.names and is_op(head):
            return f"{head}({tail})"
        if tail in tr.names and head in tr.names:
            return f"{head} * {tail}"
    return None


def literal_error(tr: Translator, node: ast.Constant) -> GraphError:
    """A constant of Python that is no number."""
    value = node.value
    if isinstance(value, complex):
        return tr.error(node, "complex numbers are not part of this language.", "Write real numbers.")
    if isinstance(value, bool):
        number = str(int(value))
        return tr.error(node, f"`{value}` is not a number here.", f"Write {number}.", (number, node, number))
    if isinstance(value, str | bytes):
        what = "a text (string) is not part of this language."
        return tr.error(node, what, "Only numbers and names stand in an expression.")
    return tr.error(node, f"`{tr.line.segment(node)}` is not a number.", "Write a number or a name.")


def tuple_error(tr: Translator, node: ast.Tuple) -> GraphError:
    """``x = 0,5``: a decimal comma, or a list without its brackets."""
    text = tr.line.segment(node)
    parts = [tr.line.segment(element) for element in node.elts]
    if len(parts) == 2 and all(part.isdigit() for part in (parts[0].lstrip("-"), parts[1])):
        mended = ".".join(parts)
        what = "a comma makes a list of two numbers of this."
        return tr.error(node, what, f"Write `{mended}` or `[{text}]`.", (mended, node, mended))
    return tr.error(node, "these are several values.", f"Write a list: `[{text}]`.", (f"[{text}]", node, f"[{text}]"))


def dotted_error(tr: Translator, node: ast.Attribute) -> GraphError:
    """``np.something`` that is no constant."""
    if node.attr == "newaxis":
        return tr.error(node, "`newaxis` stands in a subscript only.", "Write as in `x[:, None]`.")
    if is_op(node.attr):
        return tr.error(node, f"`{node.attr}` is an op and wants its operands.", f"Write as in `{node.attr}(x)`.")
    text = tr.line.segment(node)
    return tr.error(node, f"`{text}` is not part of this language.", "Constants are pi, e, inf and nan.")


def attribute_error(tr: Translator, node: ast.Attribute) -> GraphError:
    """``x.something`` that is no op without arguments."""
    name = node.attr
    refused = refusals.ATTRIBUTES.get(name)
    if refused:
        return tr.error(node, f"{refused[0]}.", refused[1])
    if name.startswith("__"):
        return tr.error(node, "names with two underscores are not part of this language.")
    if is_op(name):
        put = tr.line.segment(node) + "()"
        return tr.error(node, f"`.{name}` is an op and wants brackets.", f"Write `.{name}()`.", (f".{name}()", node, put))
    return tr.error(node, f"nothing is called `.{name}` here.", "`.T` and ops such as `.sum()` are.")


def operator_error(tr: Translator, node: ast.BinOp) -> GraphError:
    """A sign that is no op here."""
    operator = type(node.op)
    if operator is ast.BitXor:
        return _power_error(tr, node)
    sign = _SIGNS.get(operator, "this sign")
    what = f"`{sign}` is not part of this language."
    if operator in (ast.BitAnd, ast.BitOr):
        text = _either(tr, [node.left, node.right], operator is ast.BitAnd)
        return tr.error(node, what, f"Write `{text}`.", ("where(...)", node, text))
    return tr.error(node, what, "The signs are + - * / ** and @.")


def _either(tr: Translator, parts: list[ast.expr], both: bool) -> str:
    """``a and b`` or ``a or b`` of any number of parts, by ``where``."""
    text = tr.line.segment(parts[-1])
    for part in reversed(parts[:-1]):
        condition = tr.line.segment(part)
        text = f"where({condition}, {text}, 0)" if both else f"where({condition}, 1, {text})"
    return text


def _power_error(tr: Translator, node: ast.BinOp) -> GraphError:
    """``^``, marked where it stands; the mend writes every one of them as it was meant."""
    rows = tr.program.rows
    _, _, row, column = tr.line.span(node.left)
    last, end = tr.line.span(node.right)[:2]
    while row < last and "^" not in rows[row - 1][column:]:
        row, column = row + 1, 0
    at = rows[row - 1].find("^", column, end if row == last else None)
    return GraphError(
        "^ is not a power in Python.",
        line=row,
        column=at + 1,
        end_column=at + 2,
        source=rows[row - 1],
        fix=Fix("Write **", "\n".join(_powers(line) for line in rows)),
    )


def _powers(row: str) -> str:
    """Every ``^`` before a comment as ``**``."""
    code, sign, comment = row.partition("#")
    return code.replace("^", "**") + sign + comment


def not_error(tr: Translator, node: ast.UnaryOp) -> GraphError:
    """``not`` and ``~``."""
    text = f"where({tr.line.segment(node.operand)}, 0, 1)"
    word = "not" if type(node.op) is ast.Not else "~"
    return tr.error(node, f"`{word}` is not part of this language.", f"Write `{text}`.", ("where(...)", node, text))


def syntax_error(tr: Translator, node: ast.expr) -> GraphError:
    """Python that is not part of this language."""
    if type(node) is ast.IfExp:
        parts = [tr.line.segment(part) for part in (node.test, node.body, node.orelse)]
        text = f"where({', '.join(parts)})"
        return tr.error(node, "`if` is not part of this language.", f"Write `{text}`.", ("where(...)", node, text))
    if type(node) is ast.BoolOp:
        both = type(node.op) is ast.And
        text = _either(tr, node.values, both)
        what = f"`{'and' if both else 'or'}` is not part of this language."
        return tr.error(node, what, f"Write `{text}`.", ("where(...)", node, text))
    if type(node) is ast.Slice:
        return tr.error(node, "a slice stands in a subscript only.", "Write as in `x[0:2]`.")
    told = refusals.sentence(node)
    if told is None:
        told = (f"`{tr.line.segment(node)}` is not part of this language.", "Write an expression of named ops.")
    return tr.error(node, *told)

"""Heads, expressions and local derivatives: the short formulas of the picture."""

from __future__ import annotations

import ast
import copy
from typing import Any

from graphcore.graph import Edge, Graph
from graphcore.latex.filling import FIXED, fill, literal_text
from graphcore.latex.forms import DIALECTS, TIMES_INVISIBLE, Dialect
from graphcore.latex.names import escape, latex_name, math_name
from graphcore.latex.pieces import Ref
from graphcore.latex.printer import print_tree
from graphcore.latex.shown import shown
from graphcore.latex.simplify import simplify
from graphcore.latex.terms import constant_tree, expression_parts, is_elementwise, local_parts, op_at
from graphcore.latex.trees import substitute
from graphcore.ops import REQUIRED, Op
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import Formula


def expression(graph: Graph, index: int, dialect: Dialect = "text") -> Any:
    """A node's op on the names of its operands; a leaf is its name.

    A string in ``text`` and ``latex``, a nested list in ``math``.

    >>> from graphcore.graph import Builder
    >>> b = Builder(); x = b.leaf("x", 3.0); y = b.apply("div", 1, x, name="y")
    >>> expression(b.graph(), 1, "text"), expression(b.graph(), 1, "latex")
    ('1 / x', '\\\\frac{1}{x}')
    """
    if graph.ops[index] is None:
        name = graph.names[index]
        return name if dialect == "text" else latex_name(name) if dialect == "latex" else math_name(name)
    return fill(graph, index, expression_parts(graph, index, dialect), dialect)


def expression_tokens(graph: Graph, index: int) -> list[str | int]:
    """The text form of :func:`expression` with the index of each operand in the place of its name."""
    if graph.ops[index] is None:
        return [graph.names[index]]
    tokens: list[str | int] = []
    for part in expression_parts(graph, index, "text"):
        if isinstance(part, str):
            _append(tokens, part)
            continue
        if not part.key[1:].isdigit():
            _append(tokens, part.key)  # a constant such as nan
            continue
        argument = graph.arguments[index][int(part.key[1:])]
        if argument >= 0:
            tokens.append(argument)
        else:
            _append(tokens, literal_text(graph.literals[-1 - argument], "text"))
        if part.transposed:
            _append(tokens, "ᵀ")
    return tokens


def _append(tokens: list[str | int], text: str) -> None:
    if tokens and isinstance(tokens[-1], str):
        tokens[-1] += text
    else:
        tokens.append(text)


def head(graph: Graph, index: int) -> str:
    """What stands on top of a node: ``s = sin(v1)``, or the name of a leaf."""
    name = graph.names[index]
    return name if graph.ops[index] is None else f"{name} = {expression(graph, index, 'text')}"


def local_symbol(graph: Graph, edge: Edge, dialect: Dialect = "text") -> Any:
    """The local derivative of an elementwise edge in the user's names, simplified: ``2s``, ``−1 / v5²``, ``cos(v1)``.

    Nothing (``""``, in ``math`` an empty list) where it is 1; None where only the array rule says it.

    >>> from graphcore.graph import Builder
    >>> b = Builder(); s = b.leaf("s", 3.0); y = b.apply("pow", s, 2)
    >>> local_symbol(b.graph(), b.graph().edges[0])
    '2s'
    """
    parts = local_parts(graph, edge, dialect)
    return None if parts is None else fill(graph, edge.target, parts, dialect)


def local_says(graph: Graph, edge: Edge) -> str | None:
    """The caption under a local factor, None where its symbol is the caption."""
    op = op_at(graph, edge.target)
    symbol = local_symbol(graph, edge, "text")
    said = op.says.get(op.operands[min(edge.slot, len(op.operands) - 1)].lstrip("*"))
    summed = None
    if is_elementwise(op) and graph.shapes[edge.source] != graph.shapes[edge.target]:
        summed = summed_over(graph.shapes[edge.source], graph.shapes[edge.target])
    if summed:
        return f"{symbol}, {summed}" if symbol else summed
    if said:
        return said
    if symbol == "":
        article = "an" if op.spoken[:1] in "aeiou" else "a"
        return f"{article} {op.spoken} passes it on"
    return None


def summed_over(source: Shape, target: Shape) -> str | None:
    """What undoing a broadcast adds up, in words; None where every entry was used once.

    >>> summed_over((3,), (2, 3)), summed_over((2, 1), (2, 3)), summed_over((), (2, 3))
    ('summed over 2 rows', 'summed over 3 columns', 'summed over all 6 entries')
    """
    axes = summed_axes(source, target)
    sizes = [target[k] for k in axes]
    if not axes:
        return None
    if len(axes) == len(target):
        count = 1
        for n in target:
            count *= n
        return f"summed over {'all ' if count > 1 else ''}{count} {'entries' if count != 1 else 'entry'}"
    if len(target) == 2 or axes in ((len(target) - 1,), (len(target) - 2,)):
        kind = "column" if axes[0] == len(target) - 1 else "row"
        return f"summed over {sizes[0]} {kind}{'s' if sizes[0] != 1 else ''}"
    return f"summed over axes {', '.join(map(str, axes))}" if len(axes) > 1 else f"summed over axis {axes[0]}"


def summed_axes(source: Shape, target: Shape) -> tuple[int, ...]:
    """The axes of ``target`` along which an operand of shape ``source`` was repeated."""
    extra = len(target) - len(source)
    return tuple(k for k, n in enumerate(target) if k < extra or (source[k - extra] == 1 and n != 1))


def _operand_name(ref: Ref, dialect: Dialect) -> Any:
    if ref.key in FIXED:
        return FIXED[ref.key][DIALECTS.index(dialect)]
    if dialect == "math":
        return math_name(ref.key)
    mark = "" if not ref.transposed else r"^{\top}" if dialect == "latex" else "ᵀ"
    return (latex_name(ref.key) if dialect == "latex" else ref.key) + mark


def _plain(content: Any, dialect: Dialect) -> Any:
    if dialect == "math":
        if isinstance(content, Ref):
            return _operand_name(content, dialect)
        return [_plain(item, dialect) for item in content] if isinstance(content, list | tuple) else content
    joined = "".join(part if isinstance(part, str) else _operand_name(part, dialect) for part in content)
    return joined.replace(TIMES_INVISIBLE, " " if dialect == "latex" else "")


def _assumed(op: Op) -> dict[str, Shape]:
    """Shapes that make products of an array op's formula print as products of arrays."""
    if is_elementwise(op):
        return {}
    assumed: Shape = (2, 2)
    return {name.lstrip("*"): assumed for name in op.operands} | {"y": assumed, "g": assumed}


def _usual(op: Op, formula: Formula) -> ast.expr:
    """A formula with its choices between static arguments made for the usual ones, where there are usual ones."""
    try:
        tree = formula.given(op.statics).tree
    except TypeError:  # a test of an argument that has no usual value
        tree = formula.tree
    # the usual settings as numbers; a bound or a shape that must be given keeps its name
    plain = {
        name: constant_tree(value)
        for name, value in op.statics.items()
        if isinstance(value, bool | int | float) or (value is None and name in _LEFT_OUT)
    }
    return simplify(shown(substitute(_Positional(op).visit(copy.deepcopy(tree)), plain), {}))


class _Positional(ast.NodeTransformer):
    """``axis=axis`` says a setting's name twice: where it must be given, once is enough."""

    def __init__(self, op: Op) -> None:
        self.required = {name for name, value in op.statics.items() if value is REQUIRED}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        said = [k for k in node.keywords if isinstance(k.value, ast.Name) and k.value.id == k.arg and k.arg in self.required]
        node.args += [k.value for k in said]
        node.keywords = [k for k in node.keywords if k not in said]
        return node


_LEFT_OUT = frozenset({"axis", "axes", "keepdims", "ord"})


def op_forward(op: Op, dialect: Dialect = "text") -> Any:
    """What an op computes, in its own operand names."""
    return _plain(print_tree(_usual(op, op.forward), dialect, _assumed(op)), dialect)


def op_rule(op: Op, operand: str, dialect: Dialect = "text") -> Any:
    """What an op hands to one operand, with ``g`` for the upstream gradient and ``y`` for the output; None without a rule."""
    rule = op.rules.get(operand.lstrip("*"))
    if rule is None:
        return None
    words = op.reads.get(operand.lstrip("*"))
    if words:
        return words if dialect == "text" else rf"\text{{{escape(words)}}}" if dialect == "latex" else ["mtext", words]
    return _plain(print_tree(_usual(op, rule), dialect, _assumed(op), compact=is_elementwise(op)), dialect)

"""Formulas of the registry with a node's operands in the place of their variables.

A formula is printed once per op, static arguments and kind of operands; what comes out has holes for the names, so
that a graph of thousands of nodes costs a lookup and a join a node.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphcore.graph import Edge, Graph, Literal
from graphcore.latex.forms import DIALECTS, TIMES_INVISIBLE, Dialect
from graphcore.latex.names import latex_name, math_name
from graphcore.latex.numbers import MINUS, number_math
from graphcore.latex.printer import Content, Ref, print_tree
from graphcore.latex.simplify import number, simplify, substitute, value_of
from graphcore.ops import Op, Statics
from graphcore.ops import shapes as shape_rules
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import Formula

FIXED: Mapping[str, tuple[str, str, Any]] = {
    "@ones": ("1", r"\mathbf{1}", ["mn", "1"]),
    "@identity": ("I", "I", ["mi", "I"]),
}
"""What stands for no operand: an array of ones, the identity matrix."""
Pattern = tuple[Any, ...]
"""Per argument its shape, or for a literal a pair: ``("=", value)`` where the value matters, ``("#", shape)`` where not."""

_ARITHMETIC = frozenset({"add", "sub", "mul", "div"})
_CACHE: dict[Any, Any] = {}
_CACHE_LIMIT = 20_000
_SHOWN_ENTRIES = 4
_SHOWN_OPERANDS = 6


def cached(key: Any, make: Callable[[], Any]) -> Any:
    """What ``make`` returned the first time for this key."""
    try:
        return _CACHE[key]
    except KeyError:
        if len(_CACHE) > _CACHE_LIMIT:
            _CACHE.clear()
        made = _CACHE[key] = make()
        return made


def pattern(graph: Graph, index: int) -> Pattern:
    """What the printed form of a node depends on, besides names."""
    shapes = graph.shapes
    return tuple([shapes[k] if k >= 0 else _literal_kind(graph, index, k) for k in graph.arguments[index]])


def _literal_kind(graph: Graph, index: int, argument: int) -> tuple[str, Any]:
    value = graph.literals[-1 - argument].value
    if not isinstance(value, float):
        return "#", np.shape(value)
    op = graph.ops[index]
    # an arbitrary number among + - * / prints like a name; only the special ones change the formula
    plain = op is not None and op.name in _ARITHMETIC and value > 0 and not (value.is_integer() and value <= 2)
    return ("#", ()) if plain else ("=", value if value == value else "nan")


def constant_tree(value: object) -> ast.expr:
    """A static argument as a formula."""
    if isinstance(value, bool) or value is None or value is Ellipsis or isinstance(value, str):
        return ast.Constant(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return number(value if isinstance(value, int | float) else value.item())
    if isinstance(value, slice):
        ends = [constant_tree(end) if end is not None else None for end in (value.start, value.stop, value.step)]
        return ast.Slice(*ends)
    if isinstance(value, tuple | list):
        return ast.Tuple([constant_tree(item) for item in value])
    return ast.Constant(str(value))


def bound(op: Op, formula: Formula, statics: Mapping[str, Any], kinds: Pattern, slot: int = 0) -> ast.expr:
    """A formula of an op's row on numbered operands ``@0, @1``; the output is ``@y``, the upstream gradient ``@g``."""
    trees: dict[str, ast.expr] = {name: constant_tree(value) for name, value in statics.items()}
    trees |= {"y": ast.Name("@y"), "g": ast.Name("@g"), "slot": ast.Constant(slot)}
    for k, name in enumerate(op.operands):
        if not name.startswith("*"):
            trees[name] = _operand(k, kinds)
            continue
        places = range(k, len(kinds))
        shown = list(places) if len(places) <= _SHOWN_OPERANDS else [*places[:3], None, places[-1]]
        listed = [ast.Constant(Ellipsis) if place is None else _operand(place, kinds) for place in shown]
        trees[name[1:]] = ast.List(listed)
    return substitute(formula.given(statics).tree, trees)


def _operand(k: int, kinds: Pattern) -> ast.expr:
    kind = kinds[k] if k < len(kinds) else ()
    if kind and kind[0] == "=":
        return number(kind[1]) if kind[1] != "nan" else ast.Name("nan")
    return ast.Name(f"@{k}")


def name_shapes(kinds: Pattern, shape: Shape) -> dict[str, Shape]:
    """The shapes of the numbered names."""
    found: dict[str, Shape] = {"@y": shape, "@g": shape}
    for k, kind in enumerate(kinds):
        found[f"@{k}"] = kind if not kind or kind[0] not in ("=", "#") else () if kind[0] == "=" else kind[1]
    return found


class _DropDefaults(ast.NodeTransformer):
    """Keyword arguments that say what is said anyway are left out."""

    def __init__(self, op: Op, statics: Mapping[str, Any]) -> None:
        self.usual = {name for name, value in statics.items() if same(value, op.statics.get(name))}

    def visit_Call(self, node: ast.Call) -> ast.expr:
        kept = [k for k in node.keywords if not (isinstance(k.value, ast.Name) and k.value.id in self.usual)]
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], kept)


def same(a: object, b: object) -> bool:
    """Equality of static arguments, of whatever types."""
    return type(a) is type(b) and repr(a) == repr(b)


def written_tree(op: Op, formula: Formula, statics: Mapping[str, Any], operands: Mapping[str, ast.expr]) -> ast.expr:
    """How an op is written on these operands, static arguments only where they are not the usual ones."""
    tree: ast.expr = _DropDefaults(op, statics).visit(ast.parse(formula.text, mode="eval").body)
    mentioned = {n.id for n in ast.walk(ast.parse(formula.text, mode="eval")) if isinstance(n, ast.Name)}
    if isinstance(tree, ast.Call):
        tree.keywords += [
            ast.keyword(name, constant_tree(value))
            for name, value in statics.items()
            if name not in mentioned and not same(value, op.statics.get(name))
        ]
    return substitute(tree, {**{name: constant_tree(value) for name, value in statics.items()}, **operands})


def _expression(op: Op, statics: Mapping[str, Any], kinds: Pattern, shape: Shape, dialect: Dialect) -> Content:
    operands: dict[str, ast.expr] = {}
    for k, name in enumerate(op.operands):
        if name.startswith("*"):
            tree = bound(op, Formula(name[1:]), statics, kinds)
            operands[name[1:]] = tree
        else:
            operands[name] = _operand(k, kinds)
    return print_tree(written_tree(op, op.written, statics, operands), dialect, name_shapes(kinds, shape))


def expression_parts(graph: Graph, index: int, dialect: Dialect) -> Content:
    """The node's op on numbered holes, from the cache where the same kind of node was printed before."""
    op = graph.ops[index]
    assert op is not None
    statics = graph.statics[index]
    kinds = pattern(graph, index)
    key = ("expression", dialect, op, repr(statics) if statics else "", kinds)
    return cached(key, lambda: _expression(op, dict(statics), kinds, graph.shapes[index], dialect))


def is_elementwise(op: Op) -> bool:
    """Whether an op works on every entry alone, so that its local derivative is a formula of numbers."""
    return op.shape is shape_rules.elementwise


def local_tree(op: Op, slot: int, statics: Mapping[str, Any], kinds: Pattern) -> ast.expr | None:
    """The local derivative of an elementwise edge as a formula, simplified."""
    rule = op.rule(slot)
    name = op.operands[min(slot, len(op.operands) - 1)].lstrip("*")
    formula = op.local.get(name) or (rule if is_elementwise(op) else None)
    if rule is None or formula is None:
        return None
    return simplify(substitute(bound(op, formula, statics, kinds, slot), {"@g": ast.Constant(1)}))


def local_parts(graph: Graph, edge: Edge, dialect: Dialect) -> Content | None:
    """The local derivative with holes; None where only the array rule says it, nothing (empty) where it is 1."""
    op = graph.ops[edge.target]
    assert op is not None
    statics = graph.statics[edge.target]
    kinds = pattern(graph, edge.target)
    key = ("local", dialect, op, edge.slot, repr(statics) if statics else "", kinds)

    def make() -> Content | None:
        tree = local_tree(op, edge.slot, dict(statics), kinds)
        if tree is None:
            return None
        one = value_of(tree) == 1
        return ([] if dialect == "math" else ()) if one else print_tree(tree, dialect, compact=True)

    return cached(key, make)


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
                return number_math(literal.value) if isinstance(literal.value, float) else ["mtext", literal_text(literal, "math")]
            return math_name(graph.names[argument])
        return math_name(graph.names[index] if key == "@y" else key.lstrip("@"))
    if isinstance(content, list | tuple):
        return [fill_math(graph, index, item) for item in content]
    return content


def fill(graph: Graph, index: int, content: Content, dialect: Dialect) -> Any:
    """Printed content with names, a string or a math tree."""
    return fill_math(graph, index, content) if dialect == "math" else fill_text(graph, index, content, dialect)



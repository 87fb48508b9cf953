"""Formulas of the registry with a node's operands in the place of their variables.

A formula is printed once per op, static arguments and kind of operands; what comes out has holes for the names, so
that a graph of thousands of nodes costs a lookup and a join a node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphcore.backprop import Trace, kernels
from graphcore.errors import GraphError
from graphcore.graph import Edge, Graph
from graphcore.latex.forms import Dialect
from graphcore.latex.names import escape
from graphcore.latex.pieces import Content
from graphcore.latex.printer import print_tree
from graphcore.latex.simplify import simplify
from graphcore.latex.trees import number, substitute, value_of
from graphcore.ops import REQUIRED, Op
from graphcore.ops.namespaces import Array, Shape
from graphcore.ops.row import Formula
from graphcore.syntax import expression, parsed

Pattern = tuple[Any, ...]
"""Per argument its shape, or for a literal a pair: ``("=", value)`` where the value matters, ``("#", shape)`` where not."""

_ARITHMETIC = frozenset({"add", "sub", "mul", "div"})
_CACHE: dict[Any, Any] = {}
_CACHE_LIMIT = 20_000
_SHOWN_OPERANDS = 6
# of torch's own ops, where the signature does not say it
_QUIET: Mapping[str, Any] = {"dilation": 1, "output_padding": 0, "groups": 1, "transposed": False, "ceil_mode": False}


def cached(key: Any, make: Callable[[], Any]) -> Any:
    """What ``make`` returned the first time for this key."""
    try:
        return _CACHE[key]
    except KeyError:
        if len(_CACHE) > _CACHE_LIMIT:
            _CACHE.clear()
        made = _CACHE[key] = make()
        return made


def op_at(graph: Graph, index: int) -> Op:
    """The op of a node that is no leaf; GraphError for a leaf."""
    op = graph.ops[index]
    if op is None:
        raise GraphError(f"`{graph.names[index]}` is a leaf: no op made it.")
    return op


def rule_of(op: Op, slot: int) -> Formula:
    """The rule for an operand that has one; GraphError for one that carries no gradient."""
    rule = op.rule(slot)
    if rule is None:
        raise GraphError(f"`{op.name}` hands no gradient to its operand number {slot + 1}.")
    return rule


def first_part(value: Any) -> Any:
    """A tensor, or of the value or gradient of an op with several results the first that is there."""
    if isinstance(value, dict):
        value = tuple(value[part] for part in sorted(value))
    if not isinstance(value, tuple):
        return value
    return next((np.asarray(part) for part in value if part is not None), None)


def handed_on(run: Trace, position: int) -> Array | None:
    """What an edge hands on; to an op with several results, the part that is shown."""
    handed = run._downstream[position]
    found: Array | None = first_part(handed) if isinstance(handed, dict) else run.downstream(position)
    return found


def words(text: str, dialect: Dialect) -> Content:
    """Words in the place of a formula."""
    return ["mtext", text] if dialect == "math" else (rf"\text{{{escape(text)}}}",) if dialect == "latex" else (text,)


def apply_rule(run: Trace, edge: Edge, gradient: Any) -> Any:
    """What an op's rule answers to an upstream gradient, before broadcasting is undone."""
    op = op_at(run.graph, edge.target)
    _, rules = kernels(op, run.graph.statics[edge.target], False)
    rule = rules[min(edge.slot, len(rules) - 1)]
    if rule is None:
        rule_of(op, edge.slot)
        return None
    more = {"slot": edge.slot} if op.variadic and edge.slot >= len(rules) - 1 else {}
    given = [run.argument(k) for k in run.graph.arguments[edge.target]]
    operands = [value if isinstance(value, tuple) else np.asarray(value) for value in given]
    with np.errstate(all="ignore"):
        return rule(gradient, run.value(edge.target), *operands, **more)


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


def prose(formula: Formula) -> bool:
    """Whether what is stated beside a function is words, no formula."""
    if formula.function is None:
        return False
    try:
        formula.tree  # noqa: B018  # parsed once
    except SyntaxError:
        return True
    return False


def bound(op: Op, formula: Formula, statics: Mapping[str, Any], kinds: Pattern, slot: int = 0) -> ast.expr:
    """A formula of an op's row on numbered operands ``@0, @1``; the output is ``@y``, the upstream gradient ``@g``."""
    # beside a function a setting that is not given has no place in the formula: there it keeps its name
    said = {name: value for name, value in statics.items() if value is not None or formula.function is None}
    trees: dict[str, ast.expr] = {name: constant_tree(value) for name, value in said.items()}
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
        usual = usual_settings(op)
        self.usual = {name for name, value in statics.items() if is_usual(value, usual.get(name))}

    def visit_Call(self, node: ast.Call) -> ast.expr:
        kept = [k for k in node.keywords if not (isinstance(k.value, ast.Name) and k.value.id in self.usual)]
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], kept)


def same(a: object, b: object) -> bool:
    """Equality of static arguments, of whatever types."""
    return type(a) is type(b) and repr(a) == repr(b)


def is_usual(value: object, usual: object) -> bool:
    """Whether a static argument goes without saying: ``(1, 1)`` too where 1 does."""
    return same(value, usual) or (isinstance(value, tuple) and bool(value) and all(same(one, usual) for one in value))


def usual_settings(op: Op) -> Mapping[str, Any]:
    """The static arguments that go without saying; of torch's own ops those of its signature."""
    if op.group != "recorded":
        return op.statics
    from graphcore.ops.aten import ROWS, Row

    return {**_QUIET, **next((row.defaults for row in ROWS.get(op.name, ()) if isinstance(row, Row)), {})}


def written_tree(op: Op, formula: Formula, statics: Mapping[str, Any], operands: Mapping[str, ast.expr]) -> ast.expr:
    """How an op is written on these operands, static arguments only where they are not the usual ones."""
    tree: ast.expr = _DropDefaults(op, statics).visit(expression(formula.text))
    mentioned = {n.id for n in ast.walk(parsed(formula.text, "eval")) if isinstance(n, ast.Name)}
    if isinstance(tree, ast.Call):
        usual = usual_settings(op)
        said = [
            (name, value) for name, value in statics.items() if name not in mentioned and not is_usual(value, usual.get(name))
        ]
        for name, value in said:
            if op.statics.get(name) is REQUIRED and not tree.keywords and name not in ("axis", "dim"):
                tree.args.append(constant_tree(value))
            else:
                tree.keywords.append(ast.keyword(name, constant_tree(value)))
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
    op = op_at(graph, index)
    statics = graph.statics[index]
    kinds = pattern(graph, index)
    key = ("expression", dialect, op, repr(statics) if statics else "", kinds)
    return cached(key, lambda: _expression(op, dict(statics), kinds, graph.shapes[index], dialect))


def is_elementwise(op: Op) -> bool:
    """Whether an op works on every entry alone, so that its local derivative is a formula of numbers."""
    return op.entrywise


def local_tree(op: Op, slot: int, statics: Mapping[str, Any], kinds: Pattern) -> ast.expr | None:
    """The local derivative of an elementwise edge as a formula, simplified."""
    rule = op.rule(slot)
    name = op.operands[min(slot, len(op.operands) - 1)].lstrip("*")
    formula = op.local.get(name) or (rule if is_elementwise(op) else None)
    if rule is None or formula is None or prose(formula):
        return None
    return simplify(substitute(bound(op, formula, statics, kinds, slot), {"@g": ast.Constant(1)}))


def local_parts(graph: Graph, edge: Edge, dialect: Dialect) -> Content | None:
    """The local derivative with holes; None where only the array rule says it, nothing (empty) where it is 1."""
    op = op_at(graph, edge.target)
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

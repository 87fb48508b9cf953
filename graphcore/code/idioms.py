"""The registry's formulas as a NumPy user writes them, and which helpers have no shorter form."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.backprop import Trace, kernels
from graphcore.code.source import call, source
from graphcore.graph import Edge
from graphcore.latex.shapes import as_shape, constant, shape_of
from graphcore.latex.terms import constant_tree, op_at, rule_of
from graphcore.latex.trees import call_name
from graphcore.latex.views import summed_axes
from graphcore.ops.namespaces import ARRAYS, Shape
from graphcore.syntax import expression as parsed

HELPERS: Mapping[str, Callable[..., Any]] = {
    name: value
    for name, value in ARRAYS.items()
    if inspect.isfunction(value) and value.__module__.startswith("graphcore.") and value.__name__ != "<lambda>"
}
_NUMPY = {name: f"np.{name}" for name in ("sum", "mean", "where", "sign", "outer")} | {
    "total": "np.sum",
    "det": "np.linalg.det",
    "inv": "np.linalg.inv",
    "asin": "np.arcsin",
    "acos": "np.arccos",
    "atan": "np.arctan",
}


def idiomatic(tree: ast.expr, shapes: Mapping[str, Shape]) -> ast.expr:
    """A rule in NumPy's words, where its names have these shapes."""
    result: ast.expr = _Idioms(shapes).visit(tree)
    return result


def rule_shape(run: Trace, edge: Edge, gradient: Any) -> Shape:
    """The shape a rule answers with before broadcasting is undone, found by running it in NumPy's own words."""
    op, statics = op_at(run.graph, edge.target), run.graph.statics[edge.target]
    formula = rule_of(op, edge.slot)
    _, rules = kernels(op, statics, False)
    rule: Any = rules[min(edge.slot, len(rules) - 1)]
    if formula.function is None and "where" in formula.names:
        # ours takes a side whole where NumPy spreads it
        rule = formula.compile(("g", "y", *op.operands), {**ARRAYS, "where": np.where}, dict(statics))
    more = {"slot": edge.slot} if op.variadic and edge.slot >= len(rules) - 1 else {}
    values = [run.argument(k) for k in (edge.target, *run.graph.arguments[edge.target])]
    with np.errstate(all="ignore"):
        return np.shape(rule(gradient, *[value if isinstance(value, tuple) else np.asarray(value) for value in values], **more))


def placing(tree: ast.expr, name: str, axes: int) -> str | None:
    """The line that puts a gradient back where a subscript took it from; None where the rule is something else."""
    called = call_name(tree)
    if not axes or not isinstance(tree, ast.Call) or called not in ("scatter", "gather_add", "scatter_classes"):
        return None
    gradient, _, index = tree.args
    if called == "scatter":
        return f"{source(ast.Subscript(ast.Name(name), index))} += {source(gradient)}"
    if called == "gather_add":
        return f"np.add.at({name}, {source(index)}.astype(int), {source(gradient)})"
    rows = f"np.arange(len({name})), {source(index)}.astype(int)" if axes > 1 else f"int({source(index)})"
    return f"{name}[{rows}] += {source(gradient)}"


def helpers_called(tree: ast.expr) -> tuple[str, ...]:
    """The registry's helpers that an expression calls."""
    names = {call_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return tuple(sorted(names & HELPERS.keys()))


def unbroadcast(tree: ast.expr, operand: ast.expr, wanted: Shape, shape: Shape) -> ast.expr:
    """An expression of ``shape`` summed over the axes along which its operand was repeated."""
    if shape == wanted:
        return tree
    axes = summed_axes(wanted, shape) if len(wanted) <= len(shape) else ()
    left = tuple(1 if k in axes else n for k, n in enumerate(shape))[len(shape) - len(wanted) :]
    if left != wanted:
        return call("np.broadcast_to", tree, ast.Attribute(operand, "shape"))
    keywords: dict[str, ast.expr] = {}
    if wanted:
        keywords["axis"] = constant_tree(axes[0] if len(axes) == 1 else axes)
    if len(shape) == len(wanted):
        keywords["keepdims"] = ast.Constant(True)
    summed: ast.expr = ast.Call(ast.Attribute(tree, "sum"), [], [ast.keyword(k, v) for k, v in keywords.items()])
    if len(wanted) < len(shape) and len(axes) > len(shape) - len(wanted):
        summed = ast.Call(ast.Attribute(summed, "reshape"), [constant_tree(wanted)], []) if wanted else summed
    return summed


class _Idioms(ast.NodeTransformer):
    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = shapes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("np." + node.id) if node.id in ("pi", "e", "inf", "nan") else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Mult):
            # the factor beside it has the shape already
            left, right = self._spread(left), self._spread(right)
        return ast.BinOp(self.visit(left), node.op, self.visit(right))

    def _spread(self, tree: ast.expr) -> ast.expr:
        if call_name(tree) != "restore" or not isinstance(tree, ast.Call):
            return tree
        axis = tree.args[2] if len(tree.args) > 2 else ast.Constant(None)
        kept = bool(constant(tree.args[3])) if len(tree.args) > 3 else False
        return tree.args[0] if kept or constant(axis) is None else call("np.expand_dims", tree.args[0], axis)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = call_name(node)
        idiom = getattr(self, f"write_{name}", None) if name else None
        written = idiom(node) if idiom else None
        if written is not None:
            return written  # type: ignore[no-any-return]
        arguments = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if name in _NUMPY:
            return ast.Call(parsed(_NUMPY[name]), arguments, keywords)
        if name in HELPERS:
            return ast.Call(node.func, _shortened(HELPERS[name], arguments), keywords)
        return ast.Call(parsed(f"np.{name}") if name in ARRAYS else self.visit(node.func), arguments, keywords)

    def write_len(self, node: ast.Call) -> ast.expr:
        return ast.Call(ast.Name("len"), [self.visit(node.args[0])], [])

    def write_shape(self, node: ast.Call) -> ast.expr:
        return ast.Attribute(self.visit(node.args[0]), "shape")

    def write_sum(self, node: ast.Call) -> ast.expr:
        settings = dict(zip(("axis", "keepdims"), node.args[1:], strict=False)) | {k.arg or "": k.value for k in node.keywords}
        kept = {
            k: self.visit(v)
            for k, v in settings.items()
            if not (isinstance(v, ast.Constant) and (v.value is None or v.value is False))
        }
        return call("np.sum", self.visit(node.args[0]), **kept)

    def write_keep(self, node: ast.Call) -> ast.expr | None:
        given = [*node.args, ast.Constant(None), ast.Constant(False)]
        if constant(given[1]) is None or (len(node.args) > 2 and constant(given[2])):
            return self.visit(given[0])  # type: ignore[no-any-return]
        return call("np.expand_dims", self.visit(given[0]), given[1])

    def write_T(self, node: ast.Call) -> ast.expr:
        return ast.Attribute(self.visit(node.args[0]), "T")

    def write_count(self, node: ast.Call) -> ast.expr | None:
        shape = as_shape(node.args[0], self.shapes)
        if shape is None:
            return None
        axis: Any = constant(node.args[1]) if len(node.args) > 1 else None
        return ast.Constant(HELPERS["count"](shape, axis))

    def write_reshape(self, node: ast.Call) -> ast.expr:
        return ast.Call(ast.Attribute(self.visit(node.args[0]), "reshape"), [self.visit(k) for k in node.args[1:]], [])

    def write_restore(self, node: ast.Call) -> ast.expr | None:
        shape = node.args[1]
        if call_name(shape) != "shape" or not isinstance(shape, ast.Call):
            return None
        ones = call("np.ones_like", self.visit(shape.args[0]))
        return ast.BinOp(self.visit(self._spread(node)), ast.Mult(), ones)

    def write_piece(self, node: ast.Call) -> ast.expr | None:
        gradient, parts, slot, axis = node.args
        elements = parts.elts if isinstance(parts, ast.Tuple) else [parts]
        shapes = [shape for k in elements if (shape := shape_of(k, self.shapes)) is not None]
        if len(shapes) < len(elements):
            return None
        which, along = _whole(slot), _whole(axis) % len(shapes[0])
        start = sum(shape[along] for shape in shapes[:which])
        return _subscript(self.visit(gradient), [*[slice(None)] * along, slice(start, start + shapes[which][along])])

    def write_layer(self, node: ast.Call) -> ast.expr | None:
        gradient, slot, axis = node.args
        shape = shape_of(gradient, self.shapes)
        if shape is None:
            return None
        return _subscript(self.visit(gradient), [*[slice(None)] * (_whole(axis) % len(shape)), _whole(slot)])


def _whole(tree: ast.expr) -> int:
    found: Any = constant(tree)
    return int(found)


def _shortened(function: Callable[..., Any], arguments: list[ast.expr]) -> list[ast.expr]:
    """Arguments without the last ones that say what the function takes anyway."""
    parameters = list(inspect.signature(function).parameters.values())
    while arguments and len(arguments) <= len(parameters):
        last, usual = arguments[-1], parameters[len(arguments) - 1].default
        if not isinstance(last, ast.Constant) or last.value is not usual:
            break
        arguments = arguments[:-1]
    return arguments


def _subscript(tree: ast.expr, place: Sequence[Any]) -> ast.expr:
    trees = [constant_tree(k) for k in place]
    return ast.Subscript(tree, trees[0] if len(trees) == 1 else ast.Tuple(trees))

"""The registry's formulas as a NumPy user writes them, and the helpers that have no shorter form."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphcore.code.source import call, source
from graphcore.latex.shapes import as_shape, constant, shape_of
from graphcore.latex.terms import constant_tree
from graphcore.latex.trees import call_name
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


def definitions(used: set[str]) -> list[str]:
    """The source of helpers and of the helpers they call, without annotations."""
    found: dict[str, str] = {}
    waiting = [HELPERS[name] for name in sorted(used)]
    names = {HELPERS[name]: name for name in used}
    while waiting:
        function = waiting.pop()
        name = names.setdefault(function, function.__name__)
        if name in found:
            continue
        tree = _Plain(name).visit(ast.parse(textwrap.dedent(inspect.getsource(function))).body[0])
        found[name] = ast.unparse(ast.fix_missing_locations(tree))
        called = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        known = [inspect.unwrap(function).__globals__.get(n) for n in sorted(called)]
        waiting += [value for value in known if inspect.isfunction(value) and _ours(value)]
    return [found[name] for name in sorted(found)]


def _ours(value: object) -> bool:
    return str(getattr(value, "__module__", "")).startswith("graphcore.")


class _Plain(ast.NodeTransformer):
    """A helper's source as a person would paste it: no annotations, NumPy in the place of module constants."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns, node.name, node.decorator_list = None, self.name, []
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == "TraceError":
            return ast.Name("ValueError")
        return parsed("np.vectorize(math.erf)") if node.id == "_ERF" else node


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
        kept = {k: self.visit(v) for k, v in settings.items() if not (isinstance(v, ast.Constant) and v.value in (None, False))}
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

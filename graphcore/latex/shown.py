"""The helpers of the registry's formulas, as a reader would write them.

A rule says ``restore(g, shape(a), axis, keepdims)`` where a textbook says "times ones"; this pass turns the first into
the second on the tree, so that the printers see only mathematics.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from graphcore.latex.shapes import as_shape, constant, reduced, shape_of
from graphcore.latex.trees import call_name, number
from graphcore.ops.namespaces import ARRAYS, Shape
from graphcore.syntax import expression

Shapes = Mapping[str, Shape]
_REDUCING = frozenset({"sum", "mean", "prod", "max", "min", "norm", "cumsum"})


def shown(tree: ast.expr, shapes: Shapes) -> ast.expr:
    """The formula as it is shown, where its names have these shapes (unknown ones may be left out)."""
    result: ast.expr = _Shown(shapes).visit(tree)
    return result


def _usual(tree: ast.expr | None) -> bool:
    return tree is None or (isinstance(tree, ast.Constant) and (tree.value is None or tree.value is False))


def _call(name: str, *arguments: ast.expr, **settings: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name), list(arguments), [ast.keyword(k, v) for k, v in settings.items() if not _usual(v)])


class _Shown(ast.NodeTransformer):
    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Mult):
            # ones times an array of the same shape is that array
            left, right = self._bare(left), self._bare(right)
        return ast.BinOp(self.visit(left), node.op, self.visit(right))

    def _bare(self, tree: ast.expr) -> ast.expr:
        if call_name(tree) == "restore" and isinstance(tree, ast.Call) and _plain_restore(tree):
            return tree.args[0]
        return tree

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = call_name(node)
        rewrite = _REWRITES.get(name)
        if rewrite is not None:
            written = rewrite(node.args, self.shapes)
            if written is not None:
                return self._parts(written) if name in _SHAPED else self.visit(written)
        return self._parts(node)

    def _parts(self, node: ast.expr) -> ast.expr:
        if not isinstance(node, ast.Call):
            return node
        arguments = [self.visit(argument) for argument in node.args]
        settings = {k.arg or "": self.visit(k.value) for k in node.keywords}
        name = call_name(node)
        if name in _REDUCING:
            settings |= dict(zip(("axis", "keepdims"), arguments[1:], strict=False))
            arguments = arguments[:1]
        else:
            while len(arguments) > 1 and _usual(arguments[-1]):
                arguments.pop()
        kept = [ast.keyword(k, v) for k, v in settings.items() if not _usual(v)]
        return ast.Call(node.func, arguments, kept)


def _plain_restore(tree: ast.Call) -> bool:
    axis = tree.args[2] if len(tree.args) > 2 else None
    kept = tree.args[3] if len(tree.args) > 3 else None
    return _usual(axis) or (isinstance(kept, ast.Constant) and kept.value is True)


Arguments = Sequence[ast.expr]


def _restore(given: Arguments, shapes: Shapes) -> ast.expr | None:
    """The transpose of a sum: the same number for every entry."""
    if len(given) < 3 or _usual(given[2]):
        return ast.BinOp(given[0], ast.Mult(), ast.Name("@ones"))
    return _call("spread", given[0], axis=given[2])


def _count(given: Arguments, shapes: Shapes) -> ast.expr:
    try:
        shape = as_shape(given[0], shapes)
        axis = constant(given[1]) if len(given) > 1 else None
    except ValueError:
        shape = None
    if shape is None:
        return ast.Name("n")
    left = reduced(shape, axis, False) or ()
    whole = _product(shape)
    return number(whole // _product(left) if whole else 0)


def _product(shape: Shape) -> int:
    found = 1
    for n in shape:
        found *= n
    return found


def _freedom(given: Arguments, shapes: Shapes) -> ast.expr | None:
    entries = _count(given[:2], shapes)
    return ast.BinOp(entries, ast.Sub(), given[2]) if len(given) > 2 else entries


def _piece(given: Arguments, shapes: Shapes) -> ast.expr | None:
    gradient, operands, slot, axis = given
    if not isinstance(operands, ast.List | ast.Tuple) or not isinstance(slot, ast.Constant):
        return None
    known = [shape_of(k, shapes) for k in operands.elts]
    found = [shape for shape in known if shape is not None]
    if len(found) < len(known) or not found or slot.value >= len(found):  # type: ignore[operator]
        return _call("piece", gradient)
    along = int(constant(axis)) % len(found[0])  # type: ignore[call-overload]
    which = int(slot.value)  # type: ignore[arg-type]
    start = sum(shape[along] for shape in found[:which])
    return _part(gradient, along, ast.Slice(number(start), number(start + found[which][along])))


def _layer(given: Arguments, shapes: Shapes) -> ast.expr | None:
    gradient, slot, axis = given
    shape = shape_of(gradient, shapes)
    if shape is None or not isinstance(slot, ast.Constant):
        return None
    return _part(gradient, int(constant(axis)) % len(shape), slot)  # type: ignore[call-overload]


def _part(tree: ast.expr, along: int, place: ast.expr) -> ast.expr:
    places: list[ast.expr] = [*[ast.Slice()] * along, place]
    return ast.Subscript(tree, places[0] if len(places) == 1 else ast.Tuple(places))


def _where(given: Arguments, shapes: Shapes) -> ast.expr | None:
    """Kept on the diagonal: times the identity."""
    test, kept, _ = given
    if isinstance(test, ast.Compare) and call_name(test.left) == "eye":
        return ast.BinOp(kept, ast.Mult(), ast.Name("@identity"))
    return None


def _shared(given: Arguments) -> ast.expr:
    """An equal part for each entry that is the extreme one."""
    part = ast.BinOp(number(1), ast.Div(), ast.Name("ties"))
    return _call("where", ast.Compare(given[0], [ast.Eq()], [given[1]]), part, number(0))


def _flat(given: Arguments, shapes: Shapes) -> ast.expr | None:
    shape = shape_of(given[0], shapes)
    return given[0] if shape is None or len(shape) == 2 else None


def _sized(given: Arguments, shapes: Shapes) -> ast.expr | None:
    shape = shape_of(given[0], shapes)
    return None if shape is None else ast.Tuple([number(n) for n in shape])


def _without_shape(name: str) -> Callable[[Arguments, Shapes], ast.expr | None]:
    return lambda given, shapes: _call(name, given[0], *[ast.List(k.elts) if isinstance(k, ast.Tuple) else k for k in given[2:]])


def as_known(tree: ast.expr, shapes: Shapes) -> ast.expr:
    """A shape as a literal tuple where it is known."""
    shape = as_shape(tree, shapes)
    return tree if shape is None else ast.Tuple([number(n) for n in shape])


def _computed(name: str, given: Arguments) -> ast.expr | None:
    """A helper of static arguments alone, worked out; None where some are not known."""
    try:
        found = ARRAYS[name](*[constant(tree) for tree in given])
    except ValueError:
        return None
    return expression(repr(found))


_SHAPED = {"scatter": "scatter", "gather_add": "scatter_add", "scatter_classes": "scatter", "runs": "runs", "tiles": "tiles"}
_REWRITES: Mapping[str, Callable[[Arguments, Shapes], ast.expr | None]] = {
    "restore": _restore,
    "keep": lambda given, shapes: given[0],
    "top": lambda given, shapes: _call("max", given[0], axis=given[1]),
    "normalized": lambda given, shapes: ast.BinOp(given[0], ast.Div(), _call("sum", given[0], axis=given[1])),
    "log_of_sum": lambda given, shapes: _call("log", _call("sum", _call("exp", given[0]), axis=given[1])),
    "count": _count,
    "freedom": _freedom,
    "share": lambda given, shapes: _shared(given),
    "even": lambda given, shapes: _shared(given),
    "extreme": lambda given, shapes: ast.Compare(given[0], [ast.Eq()], [given[1]]),
    "ties": lambda given, shapes: ast.Name("ties"),
    "where": _where,
    "chosen": lambda given, shapes: ast.Compare(given[0], [ast.Eq()], [given[1]]),
    "piece": _piece,
    "layer": _layer,
    "flat": _flat,
    "shape": _sized,
    "eye": lambda given, shapes: ast.Name("@identity"),
    "everyone": lambda given, shapes: ast.Name("k"),
    "transpose": lambda given, shapes: ast.Attribute(given[0], "T") if len(given) < 2 or _usual(given[1]) else None,
    "inverse": lambda given, shapes: _computed("inverse", given),
    "opposite": lambda given, shapes: _computed("opposite", given),
    "evens": lambda given, shapes: _computed("evens", [as_known(given[0], shapes), *given[1:]]),
    "tri": lambda given, shapes: _call("triangle", given[1]),
    **{name: _without_shape(short) for name, short in _SHAPED.items()},
}

"""The shape of a formula's parts, read off the shapes of its names, without computing anything."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import numpy as np

from graphcore.latex.trees import call_name
from graphcore.ops.namespaces import Shape

_REDUCTIONS = frozenset({"sum", "mean", "prod", "max", "min", "norm", "logsumexp", "any", "all", "var", "std"})
_SHAPE_FIRST = frozenset({"zeros", "ones"})
_OF_FIRST = frozenset({"softmax", "log_softmax", "cumsum", "zeros_like", "ones_like", "flip"})
_ENTRYWISE = {
    "abs",
    "sign",
    "where",
    "maximum",
    "minimum",
    "clip",
    "pow",
    "isnan",
    "erf",
    "square",
    "reciprocal",
    "radians",
    "degrees",
}
_ENTRYWISE |= {
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "sqrt",
    "floor",
    "trunc",
}
_ENTRYWISE |= {
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "relu",
    "sigmoid",
    "softplus",
    "logical_and",
    "logical_or",
}


def shape_of(tree: ast.expr, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape a formula has where its names have these shapes, or None where that cannot be read off.

    >>> shape_of(ast.parse("g @ h.T", mode="eval").body, {"g": (2,), "h": (3, 2)})
    (3,)
    """
    try:
        return _shape(tree, shapes)
    except (ValueError, TypeError, IndexError):
        return None


def is_array(tree: ast.expr, shapes: Mapping[str, Shape]) -> bool:
    """Whether a formula's value has more than one number; where unknown, whether any of its names has."""
    shape = shape_of(tree, shapes)
    if shape is not None:
        return shape != ()
    return any(bool(shapes.get(n.id)) for n in ast.walk(tree) if isinstance(n, ast.Name))


def constant(tree: ast.expr) -> object:
    """The value of a literal tuple or number in a formula; ValueError for anything else."""
    return ast.literal_eval(ast.fix_missing_locations(ast.Expression(tree)))


def _shape(tree: ast.expr, shapes: Mapping[str, Shape]) -> Shape | None:
    if isinstance(tree, ast.Name):
        return shapes.get(tree.id, () if tree.id in ("pi", "e", "inf", "nan") else None)
    if isinstance(tree, ast.Constant):
        return ()
    if isinstance(tree, ast.UnaryOp):
        return _shape(tree.operand, shapes)
    if isinstance(tree, ast.BinOp):
        left, right = _shape(tree.left, shapes), _shape(tree.right, shapes)
        if left is None or right is None:
            return None
        return matmul(left, right) if isinstance(tree.op, ast.MatMult) else np.broadcast_shapes(left, right)
    if isinstance(tree, ast.Compare):
        return _broadcast([tree.left, *tree.comparators], shapes)
    if isinstance(tree, ast.Attribute) and tree.attr == "mT":
        shape = _shape(tree.value, shapes)
        return (*shape[:-2], shape[-1], shape[-2]) if shape is not None else None
    if isinstance(tree, ast.Attribute) and tree.attr == "T":
        shape = _shape(tree.value, shapes)
        return shape[::-1] if shape is not None else None
    return _call(tree, shapes) if isinstance(tree, ast.Call) else None


def _broadcast(trees: list[ast.expr], shapes: Mapping[str, Shape]) -> Shape | None:
    found = [_shape(tree, shapes) for tree in trees]
    known = [shape for shape in found if shape is not None]
    return np.broadcast_shapes(*known) if len(known) == len(found) else None


def matmul(left: Shape, right: Shape) -> Shape:
    """The shape of a matrix product."""
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    return (*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ()))


def _call(tree: ast.Call, shapes: Mapping[str, Shape]) -> Shape | None:
    name = call_name(tree)
    settings = {k.arg: k.value for k in tree.keywords}
    if name in _ENTRYWISE:
        return _broadcast(tree.args, shapes)
    if name in _OF_FIRST:
        return _shape(tree.args[0], shapes)
    if name == "T":
        shape = _shape(tree.args[0], shapes)
        return None if shape is None else shape if len(shape) < 2 else (*shape[:-2], shape[-1], shape[-2])
    if name in _REDUCTIONS:
        axis = settings.get("axis", tree.args[1] if len(tree.args) > 1 else ast.Constant(None))
        keep = settings.get("keepdims", tree.args[2] if len(tree.args) > 2 else ast.Constant(False))
        return reduced(_shape(tree.args[0], shapes), constant(axis), bool(constant(keep)))
    if name in ("restore", "reshape", "broadcast_to"):
        return as_shape(tree.args[1], shapes)
    if name == "outer":
        left, right = _shape(tree.args[0], shapes), _shape(tree.args[1], shapes)
        return None if left is None or right is None else (*left, *right)
    return () if name in ("dot", "size", "len") else None


def as_shape(tree: ast.expr, shapes: Mapping[str, Shape]) -> Shape | None:
    """What ``shape(a)`` or a literal shape in a formula stands for."""
    if call_name(tree) == "shape" and isinstance(tree, ast.Call):
        return _shape(tree.args[0], shapes)
    try:
        found = constant(tree)
    except ValueError:
        return None
    return tuple(int(n) for n in found) if isinstance(found, tuple) and min(found, default=0) >= 0 else None


def reduced(shape: Shape | None, axis: object, keepdims: bool) -> Shape | None:
    """The shape a reduction over ``axis`` leaves."""
    if shape is None:
        return None
    if axis is None:
        axes = set(range(len(shape)))
    else:
        listed = axis if isinstance(axis, tuple) else (axis,)
        axes = {int(k) % len(shape) for k in listed}
    if keepdims:
        return tuple(1 if k in axes else n for k, n in enumerate(shape))
    return tuple(n for k, n in enumerate(shape) if k not in axes)


def shape_known(tree: ast.expr, shapes: Mapping[str, Shape]) -> bool:
    """Whether every name in the tree has a shape."""
    return all(n.id in shapes for n in ast.walk(tree) if isinstance(n, ast.Name))

"""Python source: numbers and arrays with every digit, and lines printed once and filled with names."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.graph import Value
from graphcore.latex.terms import Pattern, constant_tree
from graphcore.latex.trees import number, substitute
from graphcore.ops import Op
from graphcore.syntax import expression as parsed

WIDTH = 100
_HOLE = re.compile(r"__(\d+|[dgy])__")
Parts = tuple[str, ...]
"""Source with holes: text and, at odd places, what goes between: an operand's number, ``y``, ``g`` or ``d``."""


def hole(key: str | int) -> ast.Name:
    """A place for a variable: operand number ``key``, the output ``y``, its gradient ``g``, the gradient made ``d``."""
    return ast.Name(f"__{key}__")


def call(function: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """A call of a dotted name."""
    return ast.Call(parsed(function), list(arguments), [ast.keyword(k, v) for k, v in keywords.items()])


def source(tree: ast.expr) -> str:
    """A tree as text; slices outside a subscript are written as calls."""
    return ast.unparse(ast.fix_missing_locations(_Slices().visit(tree)))


def split(text: str) -> Parts:
    """Source with holes as parts."""
    return tuple(_HOLE.split(text))


def filled(parts: Parts, names: Mapping[str, str]) -> str:
    """Parts with the variables in the holes."""
    return "".join([names[part] if k % 2 else part for k, part in enumerate(parts)])


class _Slices(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        place = node.slice
        if isinstance(place, ast.Tuple) and len(place.elts) == 1 and not isinstance(place.elts[0], ast.Starred):
            place = place.elts[0]
        return ast.Subscript(self.visit(node.value), place)

    def visit_Slice(self, node: ast.Slice) -> ast.expr:
        return ast.Call(ast.Name("slice"), [end or ast.Constant(None) for end in (node.lower, node.upper, node.step)], [])


def operands(op: Op, kinds: Pattern, module: str) -> dict[str, ast.expr]:
    """The operand names of a row as holes; literals whose value matters as themselves."""
    trees = [_operand(k, kind, op, module) for k, kind in enumerate(kinds)]
    found: dict[str, ast.expr] = {}
    for k, name in enumerate(op.operands):
        if name.startswith("*"):
            found[name[1:]] = ast.Tuple(trees[k:])
        elif k < len(trees):
            found[name] = trees[k]
    return found


def _operand(k: int, kind: Any, op: Op, module: str) -> ast.expr:
    if not kind or kind[0] != "=" or (module == "torch" and not op.takes_numbers):
        return hole(k)
    value = math.nan if kind[1] == "nan" else kind[1]
    return number(value) if math.isfinite(value) else parsed(number_source(value, module))


def statics_trees(statics: Mapping[str, Any]) -> dict[str, ast.expr]:
    """Static arguments as source."""
    return {name: constant_tree(value) for name, value in statics.items()}


def written(tree: ast.expr, trees: Mapping[str, ast.expr]) -> ast.expr:
    """A row's text with its names replaced."""
    return substitute(tree, trees)


def number_source(value: float, module: str = "np") -> str:
    """A number as source, whole numbers without a point.

    >>> number_source(2.0), number_source(0.1), number_source(float("-inf"))
    ('2', '0.1', '-np.inf')
    """
    if math.isfinite(value):
        whole = value.is_integer() and abs(value) < 1e15 and (value != 0 or math.copysign(1, value) > 0)
        return str(int(value)) if whole else repr(float(value))
    return f"{module}.nan" if math.isnan(value) else f"{'-' if value < 0 else ''}{module}.inf"


def is_counted(value: object) -> bool:
    """Whether a value is an array of whole numbers or truth values."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "bi"


def array_source(value: Value, module: str = "np", more: str = "") -> str:
    """A value as ``np.array(...)`` or ``torch.tensor(...)``, every digit kept, wrapped row by row where it is long.

    Arrays of whole numbers and of truth values stay such.

    >>> array_source(np.array([1.0, 0.1])), array_source(np.array([3, 7]))
    ('np.array([1.0, 0.1])', 'np.array([3, 7])')
    """
    counted = is_counted(value)
    array = np.asarray(value) if counted else np.asarray(value, dtype=np.float64)
    make = "array" if module == "np" else "tensor"
    if not array.size:
        kind = f", dtype={'bool' if array.dtype.kind == 'b' else 'int' if module == 'np' else 'torch.int64'}" if counted else ""
        return f"{module}.zeros({array.shape}{kind}{more})"
    listed = array.tolist()
    if array.size <= WIDTH:
        flat = f"{module}.{make}({_nested(listed, module)}{more})"
        if len(flat) <= WIDTH:
            return flat
    rows = listed if array.ndim > 1 else [listed]
    lines: list[str] = []
    for row in rows:
        text = _nested(row, module)
        lines += _wrapped(text + "," if array.ndim > 1 else text[1:-1] + ",")
    return f"{module}.{make}([\n" + "".join(f"    {line}\n" for line in lines) + f"]{more})"


def _nested(value: Any, module: str) -> str:
    if isinstance(value, list):
        return f"[{', '.join([_nested(item, module) for item in value])}]"
    return repr(value) if math.isfinite(value) else number_source(value, module)


def _wrapped(text: str) -> Sequence[str]:
    """Text broken at its spaces; textwrap takes seconds for a large array."""
    if len(text) <= WIDTH - 4:
        return [text]
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        if current and len(current) + len(word) >= WIDTH - 4:
            lines.append(current)
            current = " " + word if lines[0].startswith("[") else word
        else:
            current = f"{current} {word}" if current else word
    return [*lines, current]

"""Composites as ordinary nodes, and ops on constants as constants."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore import ops
from graphcore.errors import GraphError
from graphcore.graph import Span
from graphcore.ops.namespaces import ARRAYS
from graphcore.parse.constants import Constant, as_value
from graphcore.syntax import expression

if TYPE_CHECKING:
    from graphcore.parse.expressions import Operand, Translator
    from graphcore.parse.making import Maker


# what shape rules raise for settings of another kind than theirs
BAD_SETTINGS = (TypeError, ValueError, IndexError, ArithmeticError)


class Template(NamedTuple):
    """A composite being expanded: what its operands are, where its call stands, how its parts are shown."""

    operands: Mapping[str, Operand]
    texts: Mapping[str, str]
    span: Span

    def label(self, node: ast.expr) -> str:
        """A part of the body with the operands' own texts in it."""
        return ast.unparse(_Texts(self.texts).visit(expression(ast.unparse(node))))


class _Texts(ast.NodeTransformer):
    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def visit_Name(self, node: ast.Name) -> ast.AST:
        text = self.texts.get(node.id)
        if text is None:
            return node
        return ast.Name(text if text.isidentifier() or text.replace(".", "").isdigit() else f"({text})", ast.Load())


def settings_error(tr: Maker, name: str, node: ast.expr, settings: Mapping[str, Any]) -> GraphError:
    """A static argument that its op cannot be given."""
    listed = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    if len(listed) > 80:
        listed = listed[:79] + "…"
    return tr.error(node, f"`{name}` cannot be given {listed or 'these operands'}.", "Axes and shapes are whole numbers.")


@lru_cache(maxsize=512)
def _body(text: str) -> ast.expr:
    return expression(text)


def expand(tr: Translator, composite: Any, operands: Sequence[Operand], node: ast.Call, given: Mapping[str, Any]) -> Operand:
    """A composite as ordinary nodes."""
    statics = {**composite.statics, **given}
    shapes = [tr.shape(operand) for operand in operands]
    values = [operand.value if isinstance(operand, Constant) else _known(tr, operand) for operand in operands]
    try:
        body = _body(composite.body(shapes, values, statics))
    except ops.ShapeError as problem:
        why = str(problem).format(*[_text(tr, operand) for operand in operands])
        raise tr.error(node, f"{tr.source_of(node)} does not fit. {why}") from None
    except BAD_SETTINGS:
        raise settings_error(tr, composite.name, node, given) from None
    names = [name.lstrip("*") for name in composite.operands]
    texts = dict(zip(names, [_text(tr, operand) for operand in operands], strict=False))
    outer, top = tr.template, tr.top
    span = tr.line.span(node) if outer is None else outer.span
    tr.template = Template(dict(zip(names, operands, strict=False)), texts, span)
    if node is top:
        tr.top = body
    try:
        made = tr.visit(body)
    finally:
        tr.template, tr.top = outer, top
    if isinstance(made, Constant):
        made.node, made.entries = node, None
    elif node is not top:
        tr.builder.labels[made] = tr.line.segment(node) if outer is None else outer.label(node)
    return made


def _text(tr: Translator, operand: Operand) -> str:
    return tr.text(operand) if isinstance(operand, Constant) else tr.builder.label(operand)


def _known(tr: Translator, operand: Any) -> Any:
    leaf = tr.leaves.get(operand)
    return None if leaf is None or leaf.random else leaf.value


def fold(tr: Maker, name: str, operands: Sequence[Constant], node: ast.expr, statics: Mapping[str, Any]) -> Constant:
    """An op on constants, computed at once."""
    shapes = [operand.shape for operand in operands]
    row = ops.resolve(name, shapes)
    texts = [tr.text(operand) for operand in operands]
    for key in statics:
        if key not in row.statics:
            raise tr.error(node, f"`{row.name}` has no argument `{key}`.")
    merged = {**row.statics, **statics}
    for key, setting in merged.items():
        if setting is ops.REQUIRED:
            raise tr.error(node, f"`{row.name}` needs its argument `{key}`.")
    try:
        shape = row.shape(*shapes, **merged)
    except ops.ShapeError as problem:
        raise tr.error(node, f"{tr.source_of(node)} does not fit. {str(problem).format(*texts)}") from None
    except BAD_SETTINGS:
        raise settings_error(tr, row.name, node, merged) from None
    tr.count(node, shape)
    try:
        with np.errstate(all="ignore"):
            kernel = row.forward.compile(row.operands, ARRAYS, merged)
            value = as_value(kernel(*[np.asarray(operand.value) for operand in operands]))
    except BAD_SETTINGS:
        raise tr.error(node, f"`{tr.line.segment(node)}` cannot be computed.") from None
    same = operands[0].entries if row.plumbing and row.name == "reshape" else None
    said = {operand.wants for operand in operands}
    wants = False if False in said or not row.rules else (True if True in said else None)
    return Constant(value, node, same, wants, any(operand.random for operand in operands))

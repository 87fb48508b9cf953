"""The Ops page: every row of the registry, printed by the same printers as the picture."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore import latex, ops
from graphcore.ops import Op
from graphcore.picture import part, vocabulary
from pages.ui.link import pack

_FOLDER = Path(__file__).parent / "ops"
_PARTS = ("js/20-dom.js", "js/21-words.js", "js/77-theme.js")
_table = st.components.v2.component(
    "chainrule_ops",
    html=(_FOLDER / "ops.html").read_text("utf-8"),
    css=part("css/00-roles.css") + part("css/46-words.css") + (_FOLDER / "ops.css").read_text("utf-8"),
    js=vocabulary() + "".join(map(part, _PARTS)) + (_FOLDER / "ops.js").read_text("utf-8"),
    isolate_styles=False,
)


def reference() -> None:
    """Show the reference; searching and filtering happen in the browser."""
    _table(key="ops", data={"ops": rows(), "composites": composites()})


@cache
def rows() -> list[dict[str, Any]]:
    """One entry per op of the registry."""
    return [_row(op) for op in ops.REGISTRY.values()]


def _row(op: Op) -> dict[str, Any]:
    names = [name.lstrip("*") for name in op.operands]
    aliases = sorted(alias for alias, name in ops.ALIASES.items() if name == op.name and alias != op.name)
    return {
        "name": op.name,
        "spoken": op.spoken,
        "group": op.group,
        "written": op.written.text,
        "aliases": aliases,
        "forward": latex.op_forward(op, "math"),
        "rules": [{"operand": name, "rule": latex.op_rule(op, name, "math")} for name in names if name in op.rules],
        "latex": {name: latex.op_rule(op, name, "latex") for name in names if name in op.rules},
        "kink": _kink(op),
        "torch": branches(op.torch.text)[:2],
        "example": op.example,
        "link": f"./?p={pack(op.example)}" if op.example else None,
    }


def _kink(op: Op) -> str | None:
    if op.kink is None:
        return None
    where = branches(op.kink.text)[0]
    # a helper's name says nothing to a reader
    return f"{'entries tie' if where.startswith('tied(') else f'`{where}`'}: {op.kink_says}"


class _Shorter(ast.NodeTransformer):
    """A conditional inside a call becomes its last branch, the one for a given argument."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:  # the name ast wants
        return self.visit(node.orelse)


def branches(text: str) -> list[str]:
    """What a row's expression comes down to, case by case, as a reference shows it.

    >>> branches("torch.sum(a) if axis is None else torch.sum(a, dim=0 if axis is None else axis)")
    ['torch.sum(a)', 'torch.sum(a, dim=axis)']
    """
    open_ends, found = [ast.parse(text.strip(), mode="eval").body], []
    while open_ends:
        node = open_ends.pop()
        if isinstance(node, ast.IfExp):
            open_ends += [node.orelse, node.body]
        else:
            shown = text.strip() if not found and not open_ends and "if" not in text else ast.unparse(_Shorter().visit(node))
            found.append(shown)
    return list(dict.fromkeys(found))


@cache
def composites() -> list[dict[str, Any]]:
    """The composites: names for a few ops together, opened into them when a program is read."""
    return [{"name": row.name, "sentence": row.sentence} for row in ops.COMPOSITES.values()]

"""The Ops page: every row of the registry, printed by the same printers as the picture."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from graphcore import latex, ops
from graphcore.ops import Op
from graphcore.picture import part
from pages.ui.link import pack

_FOLDER = Path(__file__).parent / "ops"
_table = st.components.v2.component(
    "chainrule_ops",
    html=(_FOLDER / "ops.html").read_text("utf-8"),
    css=part("css/00-roles.css") + (_FOLDER / "ops.css").read_text("utf-8"),
    js=part("js/20-dom.js") + part("js/77-theme.js") + (_FOLDER / "ops.js").read_text("utf-8"),
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
        "kink": f"{op.kink.text}: {op.kink_says}" if op.kink else None,
        "torch": op.torch.text,
        "example": op.example,
        "link": f"./?p={pack(op.example)}" if op.example else None,
    }


@cache
def composites() -> list[dict[str, Any]]:
    """The composites: names for a few ops together, opened into them when a program is read."""
    return [{"name": row.name, "sentence": row.sentence} for row in ops.COMPOSITES.values()]

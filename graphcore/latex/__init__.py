"""The graph and its derivatives as formulas: plain text for the picture, LaTeX for paper, math trees for the browser.

Everything printed comes from the rows of the registry, so that what is shown is what was computed.
"""

from __future__ import annotations

from graphcore.latex.derivation import derivation
from graphcore.latex.forms import DIALECTS, Dialect
from graphcore.latex.lines import Line
from graphcore.latex.names import escape, latex_name, math_name
from graphcore.latex.numbers import number_latex, number_math, number_text
from graphcore.latex.rules import rule_tokens
from graphcore.latex.views import expression, expression_tokens, head, local_says, local_symbol, op_forward, op_rule

__all__ = [
    "DIALECTS",
    "Dialect",
    "Line",
    "derivation",
    "escape",
    "expression",
    "expression_tokens",
    "head",
    "latex_name",
    "local_says",
    "local_symbol",
    "math_name",
    "number_latex",
    "number_math",
    "number_text",
    "op_forward",
    "op_rule",
    "rule_tokens",
]

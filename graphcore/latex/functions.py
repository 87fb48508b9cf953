"""How named functions look where that is not ``name(arguments)``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphcore.latex.forms import ATOM, BRACKETED, OPEN, POWER, PRODUCT, Dialect, Form
from graphcore.latex.pieces import word_math
from graphcore.latex.trees import call_name
from graphcore.ops.namespaces import Shape
from graphcore.syntax import expression

Written = Form | tuple[Form, list[ast.expr]] | ast.expr | None
Shapes = Mapping[str, Shape]


@dataclass(frozen=True)
class Function:
    """One function: a form for LaTeX and MathML, or a formula it stands for; plain text keeps the name unless told."""

    latex: str = ""
    math: Any = None
    level: int = ATOM
    needs: tuple[int, ...] = (OPEN,)
    instead: Callable[[ast.Call, Dialect, Shapes], Written] | None = None

    def write(self, tree: ast.Call, dialect: Dialect, shapes: Shapes) -> Written:
        """How this call is written in a dialect; None for ``name(arguments)``."""
        if self.instead is not None:
            return self.instead(tree, dialect, shapes)
        if dialect == "text" or tree.keywords or len(tree.args) != 1:
            return None
        return Form(self.level, self.needs, "", self.latex, self.math, self.level, self.needs)


def _named(latex: str, plain: str) -> Function:
    return Function(f"{latex}$0", ("mrow", word_math(plain), 0), needs=(BRACKETED,))


def _formula(text: str) -> Callable[[ast.Call, Dialect, Shapes], Written]:
    """A formula of ``a`` to be shown in the place of the call, in LaTeX and MathML."""
    from graphcore.latex.trees import substitute

    tree = expression(text)

    def instead(call: ast.Call, dialect: Dialect, shapes: Shapes) -> Written:
        return None if dialect == "text" or len(call.args) != 1 else substitute(tree, {"a": call.args[0]})

    return instead


def _exp(call: ast.Call, dialect: Dialect, shapes: Shapes) -> Written:
    tall = any(isinstance(n, ast.Div) or (isinstance(n, ast.Call) and call_name(n) == "where") for n in ast.walk(call.args[0]))
    return None if dialect == "text" or tall else _E_TO_THE


_OUTER = Form(PRODUCT, (PRODUCT, POWER), "$0", r"$0 \otimes $1", ("mrow", 0, ("mo", "⊗"), 1), PRODUCT, (PRODUCT, POWER))
_E_TO_THE = Form(POWER, (OPEN,), "", "e^{$0}", ("msup", ("mi", "e"), 0), POWER, (OPEN,))


def _reduction(latex: str, plain: str) -> Callable[[ast.Call, Dialect, Shapes], Written]:
    """A reduction: its sign, the axis under it, and what is reduced."""
    big = latex in (r"\sum", r"\prod")
    need, level = (POWER, PRODUCT) if big else (BRACKETED, ATOM)

    def instead(call: ast.Call, dialect: Dialect, shapes: Shapes) -> Written:
        settings = {k.arg: k.value for k in call.keywords}
        settings.pop("keepdims", None)
        axis = settings.pop("axis", None)
        if dialect == "text" or settings or len(call.args) != 1:
            return None
        below = "" if axis is None else r"_{\text{axis } $1}"
        under: Any = word_math(plain)
        if axis is not None:
            under = ("msub", under, ("mrow", ("mtext", "axis\u00a0"), 1))
        body = " $0" if big else "$0"
        form = Form(level, (need, OPEN), "", f"{latex}{below}{body}", ("mrow", under, 0), level, (need, OPEN))
        return form, [call.args[0], *([axis] if axis is not None else [])]

    return instead


NAMED_POWER = frozenset({"sin", "cos", "tan", "sinh", "cosh", "tanh"})
FUNCTIONS: Mapping[str, Function] = {
    "sqrt": Function(r"\sqrt{$0}", ("msqrt", 0)),
    "abs": Function(r"\lvert $0 \rvert", ("mrow", ("mo", "|"), 0, ("mo", "|"))),
    "norm": Function(r"\lVert $0 \rVert", ("mrow", ("mo", "‖"), 0, ("mo", "‖"))),
    "square": Function("$0^{2}", ("msup", 0, ("mn", "2")), POWER, (ATOM,)),
    "reciprocal": Function(r"\frac{1}{$0}", ("mfrac", ("mn", "1"), 0), POWER),
    "exp": Function(instead=_exp),
    "log": _named(r"\ln", "ln"),
    "log2": _named(r"\log_{2}", "log₂"),
    "log10": _named(r"\log_{10}", "log₁₀"),
    "asin": _named(r"\arcsin", "arcsin"),
    "acos": _named(r"\arccos", "arccos"),
    "atan": _named(r"\arctan", "arctan"),
    "sigmoid": _named(r"\sigma", "σ"),
    "relu": _named(r"\operatorname{ReLU}", "ReLU"),
    "sign": _named(r"\operatorname{sign}", "sign"),
    "asinh": _named(r"\operatorname{arsinh}", "arsinh"),
    "acosh": _named(r"\operatorname{arcosh}", "arcosh"),
    "atanh": _named(r"\operatorname{artanh}", "artanh"),
    "floor": Function(r"\lfloor $0 \rfloor", ("mrow", ("mo", "⌊"), 0, ("mo", "⌋"))),
    "ceil": Function(r"\lceil $0 \rceil", ("mrow", ("mo", "⌈"), 0, ("mo", "⌉"))),
    "exp2": Function("2^{$0}", ("msup", ("mn", "2"), 0), POWER),
    "inv": Function("$0^{-1}", ("msup", 0, ("mn", "−1")), POWER, (ATOM,)),
    "Φ": _named(r"\Phi", "Φ"),
    "φ": _named(r"\varphi", "φ"),
    "log1p": Function(instead=_formula("log(1 + a)")),
    "expm1": Function(instead=_formula("exp(a) - 1")),
    "sum": Function(instead=_reduction(r"\sum", "∑")),
    "prod": Function(instead=_reduction(r"\prod", "∏")),
    "mean": Function(instead=_reduction(r"\operatorname{mean}", "mean")),
    "max": Function(instead=_reduction(r"\max", "max")),
    "min": Function(instead=_reduction(r"\min", "min")),
    "outer": Function(instead=lambda call, dialect, shapes: None if dialect == "text" or len(call.args) != 2 else _OUTER),
    "maximum": Function(instead=lambda call, dialect, shapes: None if dialect == "text" else _renamed(call, "max")),
    "minimum": Function(instead=lambda call, dialect, shapes: None if dialect == "text" else _renamed(call, "min")),
}


def _renamed(call: ast.Call, name: str) -> Written:
    return ast.Call(ast.Name(name), call.args, call.keywords) if len(call.args) > 1 else None

"""What the names inside a formula mean: one namespace for Python floats, one for NumPy arrays.

A formula is our own source text, so it is compiled; which numbers it runs on is decided by the namespace it is
compiled against. ``FLOATS`` holds what a scalar graph needs at the price of one Python call; where a float
operation raises although IEEE arithmetic has an answer (1/0, log 0, exp 1000), the engine repeats that one node
with ``ARRAYS``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.ops.backward import Array, Axis, Shape, restore, unbroadcast
from graphcore.ops.functions import FUNCTIONS

__all__ = ["ARRAYS", "FLOATS", "Array", "Axis", "Kernel", "Namespace", "Shape", "Shapes", "restore", "unbroadcast"]


def _float_where(condition: bool, a: float, b: float) -> float:
    return a if condition else b


def _float_maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _float_minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _float_sign(a: float) -> float:
    return float(a > 0) - float(a < 0)  # operands may be np.float64, whose truth values do not subtract


def _float_sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def _float_clip(a: float, low: float | None, high: float | None) -> float:
    if low is not None:
        a = _float_maximum(a, low)
    return a if high is None else _float_minimum(a, high)


def _float_exp2(a: float) -> float:
    return math.pow(2.0, a)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """``math.floor`` and its like as float functions; they raise for nan and inf, which NumPy then answers."""
    return lambda a: math.copysign(function(a), a)


def _from(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


FLOATS: Mapping[str, Any] = {
    **_from(math, "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp log log1p expm1 log2 log10"),
    **_from(math, "sqrt hypot erf erfc cbrt pow fmod radians degrees pi e inf nan"),
    "abs": abs,
    "where": _float_where,
    "maximum": _float_maximum,
    "minimum": _float_minimum,
    "sign": _float_sign,
    "sigmoid": _float_sigmoid,
    "clip": _float_clip,
    "exp2": _float_exp2,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "round": _whole(round),
    "trunc": _whole(math.trunc),
}

ARRAYS: Mapping[str, Any] = {
    **_from(np, "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp log log1p expm1 log2 log10 exp2"),
    **_from(np, "sqrt cbrt hypot abs maximum minimum fmod radians degrees floor ceil round trunc isnan logical_and logical_or"),
    **_from(np, "max min prod cumsum cumprod reshape transpose swapaxes squeeze expand_dims broadcast_to concatenate stack"),
    **_from(np, "flip roll tile repeat tril triu trace diagonal diag kron eye zeros_like ones_like pi e inf nan"),
    "pow": lambda a, b: np.asarray(a) ** b,
    "shape": np.shape,
    **FUNCTIONS,
}

Namespace = Mapping[str, Any]
Kernel = Callable[..., Any]
Shapes = Sequence[Shape]

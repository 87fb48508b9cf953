"""Forward formulas over complex numbers, for the complex step.

``f(x + i h v)`` has the derivative of ``f`` along ``v`` in its imaginary part: with a step as small as :data:`STEP` nothing
is subtracted and nothing cut off, so the derivative is as exact as the forward pass itself. For that a formula has to mean the
analytic function: ``abs`` is a side of the corner and no modulus. NumPy orders complex numbers by their real parts first
and their imaginary parts next, so a number that sits exactly at a corner goes to the side that the step points to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from graphcore.ops.namespaces import ARRAYS

# the square of it is lost beside every number that gradients are made of, and it times a vanishing gradient is not
STEP = 1e-100


def _abs(a: Any) -> Any:
    return np.where(a < 0, -a, a)


def _level(function: Any) -> Any:
    """A step function: flat, so that nothing of the imaginary part is left."""
    return lambda a: function(np.real(a)) + 0j


def _cbrt(a: Any) -> Any:
    side = np.where(np.real(a) < 0, -1.0, 1.0)
    return side * np.exp(np.log(a * side) / 3)


def _angle(a: Any, b: Any) -> Any:
    """``atan2(a, b)`` by the arc tangent of the quotient that is no larger than 1."""
    up = np.where(np.real(a) < 0, -1.0, 1.0)
    flat = np.abs(np.real(b)) > np.abs(np.real(a))
    turned = np.where(np.real(b) < 0, up * np.pi, 0.0)
    return np.where(flat, np.arctan(a / np.where(flat, b, 1.0)) + turned, up * np.pi / 2 - np.arctan(b / np.where(flat, 1.0, a)))


def _power(a: Any, b: Any) -> Any:
    """``a ** b``; NumPy goes over the logarithm from the 100th power on, which has no place for negative numbers."""
    found = np.asarray(a) ** b
    base, exponent = np.real(a), np.real(b)
    far = (base < 0) & (np.abs(exponent) >= 100) & (exponent == np.round(exponent))
    if not np.any(far):
        return found
    return np.where(far, np.where(exponent % 2 == 0, 1.0, -1.0) * np.exp(b * np.log(-np.asarray(a))), found)


def _log1p(a: Any) -> Any:
    """NumPy's own takes 1 + a first, which leaves nothing of a small real part."""
    real, imaginary = np.real(a), np.imag(a)
    return np.log1p(real) + 1j * np.arctan2(imaginary, 1 + real)


def _tanh(a: Any) -> Any:
    """NumPy's own is slow by a factor of a hundred; the angle is so small that the real part is that of the real number."""
    real, imaginary = np.real(a), np.imag(a)
    return np.tanh(real) + 1j * (np.sin(2 * imaginary) / (np.cosh(2 * real) + np.cos(2 * imaginary)))


def _tail(x: Any) -> Any:
    """erfc far out, from 2.5 on, by its continued fraction."""
    found = x
    for k in range(60, 0, -1):
        found = x + k / 2 / found
    return np.exp(-x * x) / (math.sqrt(math.pi) * found)


def _erf(a: Any) -> Any:
    """The error function, by its series of positive terms near 0."""
    side = np.where(np.real(a) < 0, -1.0, 1.0)
    size = a * side
    near = np.real(size) < _NEAR
    x = np.where(near, size, 0.0)
    term = 2 / math.sqrt(math.pi) * x * np.exp(-x * x)
    series, twice = term, 2 * x * x
    for k in range(1, 40):
        term = term * twice / (2 * k + 1)
        series = series + term
    return side * np.where(near, series, 1 - _tail(np.where(near, _NEAR, size)))


def _erfc(a: Any) -> Any:
    far = np.real(a) >= _NEAR
    return np.where(far, _tail(np.where(far, a, _NEAR)), 1 - _erf(a))


_NEAR = 2.5


def _clip(a: Any, low: Any, high: Any) -> Any:
    if low is not None:
        a = np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


_AS_THEY_ARE = (
    "sin cos tan asin acos atan sinh cosh asinh acosh atanh exp log expm1 log2 log10 exp2 sqrt maximum minimum max min "
    "prod cumsum cumprod reshape transpose swapaxes squeeze expand_dims broadcast_to concatenate stack flip roll tile repeat "
    "tril triu trace diagonal diag kron zeros_like ones_like pi e inf nan shape sum where isnan logical_and logical_or mean "
    "count top normalized log_of_sum freedom keep outer pick take gather det inv solve median"
)
COMPLEX: Mapping[str, Any] = MappingProxyType(
    {
        **{name: ARRAYS[name] for name in _AS_THEY_ARE.split()},
        "abs": _abs,
        "sign": _level(np.sign),
        "floor": _level(np.floor),
        "ceil": _level(np.ceil),
        "trunc": _level(np.trunc),
        "round": _level(np.round),
        "hypot": lambda a, b: np.sqrt(a * a + b * b),
        "radians": lambda a: a * (math.pi / 180),
        "degrees": lambda a: a * (180 / math.pi),
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "cbrt": _cbrt,
        "atan2": _angle,
        "log1p": _log1p,
        "tanh": _tanh,
        "power": _power,
        "clip": _clip,
        "erf": _erf,
        "erfc": _erfc,
    }
)

"""Special functions that NumPy lacks: the error function's kin, the gamma function's, and the Bessel functions I."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import float_self
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.row import Formula

_ROOT_PI = math.sqrt(math.pi)
_NORMAL = NormalDist()


def each(function: Callable[..., float]) -> Callable[..., Any]:
    """A function of floats, applied to every entry."""

    def run(*values: Any) -> Any:
        arrays = np.broadcast_arrays(*[np.asarray(value, dtype=np.float64) for value in values])
        found = [function(*numbers) for numbers in zip(*[array.ravel().tolist() for array in arrays], strict=True)]
        return np.array(found, dtype=np.float64).reshape(arrays[0].shape)

    return run


def _erfinv(x: float) -> float:
    if not -1 < x < 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    size = abs(x)
    y = _NORMAL.inv_cdf((size + 1) / 2) / math.sqrt(2) if size < 1 - 1e-16 else 5.9
    for _ in range(2):
        # far out the distance to 1 is the exact number
        off = math.erf(y) - size if size < 0.5 else (1 - size) - math.erfc(y)
        y -= off / (2 / _ROOT_PI * math.exp(-y * y))
    return math.copysign(y, x)


def _ndtri(p: float) -> float:
    if not 0 < p < 1:
        return {0.0: -math.inf, 1.0: math.inf}.get(p, math.nan)
    return _NORMAL.inv_cdf(p)


def _erfcx(x: float) -> float:
    if x < 4:
        return math.exp(x * x) * math.erfc(x) if x > -26.7 else math.nan if x != x else math.inf
    rest = x
    for k in range(120, 0, -1):
        rest = x + k / 2 / rest
    return 1 / (_ROOT_PI * rest)


def _log_ndtr(x: float) -> float:
    t = x / math.sqrt(2)
    return math.log(_erfcx(-t) / 2) - t * t if x < -1 else math.log1p(-math.erfc(t) / 2)


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except ValueError:
        return math.inf


# B_2k / 2k
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def _digamma(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, -x)
    if x < 0:
        if x == math.floor(x):
            return math.nan
        return _digamma(1 - x) - math.pi / math.tan(math.pi * (x - math.trunc(x)))
    if not x < math.inf:
        return x
    found = 0.0
    while x < 10:
        found -= 1 / x
        x += 1
    square = 1 / (x * x)
    tail = 0.0
    for factor in reversed(_DIGAMMA):
        tail = square * (factor + tail)
    return found + math.log(x) - 0.5 / x - tail


# (2k)! / B_2k
_ZETA = (
    12.0,
    -720.0,
    30240.0,
    -1209600.0,
    47900160.0,
    -1.8924375803183791606e9,
    7.47242496e10,
    -2.950130727918164224e12,
    1.1646782814350067249e14,
    -4.5979787224074726105e15,
)


def _zeta(s: int, q: float) -> float:
    """Hurwitz's zeta function for s > 1; negative q too, for there s is whole."""
    if q <= 0 and q == math.floor(q):
        return math.inf
    if not q < math.inf:
        return 0.0 if q == math.inf else q
    total, a = 0.0, q
    while a <= 12:
        total += a**-s
        a += 1
    total += a ** (1 - s) / (s - 1) + 0.5 * a**-s
    factor, power = float(s), a ** (-s - 1)
    for k, divisor in enumerate(_ZETA):
        total += factor * power / divisor
        factor *= (s + 2 * k + 1) * (s + 2 * k + 2)
        power /= a * a
    return total


def polygamma(n: int, x: Any) -> Any:
    """Derivative number ``n`` of the digamma function."""
    if n == 0:
        return each(_digamma)(x)
    factor = (-1.0) ** (n + 1) * math.factorial(n)
    return factor * each(lambda q: _zeta(n + 1, q))(x)


def bessel(order: int, x: Any) -> Any:
    """The modified Bessel function I of order 0 or 1, times exp(-abs(x))."""
    size = np.abs(np.asarray(x, dtype=np.float64))
    near, far = np.minimum(size, 30.0), np.maximum(size, 30.0)
    term = np.ones_like(near) if order == 0 else near / 2
    series = term
    for k in range(1, 90):
        term = term * (near / 2) ** 2 / (k * (k + order))
        series = series + term
    term = np.ones_like(far)
    tail = term
    for k in range(1, 25):
        term = term * -(4 * order - (2 * k - 1) ** 2) / (k * 8 * far)
        tail = tail + term
    found = np.where(size <= 30, series * np.exp(-near), tail / np.sqrt(2 * np.pi * far))
    found = np.where(np.isnan(size), np.nan, found)
    return found if order == 0 else np.copysign(found, x)


def _i0(self: Any) -> Any:
    return bessel(0, self) * np.exp(np.abs(self))


def _i1(self: Any) -> Any:
    return bessel(1, self) * np.exp(np.abs(self))


def _i1_rule(g: Any, y: Any, self: Any) -> Any:
    return g * np.where(np.abs(self) <= np.finfo(float).eps, 0.5, _i0(self) - y / self)


def _i1e_rule(g: Any, y: Any, self: Any) -> Any:
    slope = bessel(0, self) - y * (np.sign(self) + 1 / np.asarray(self))
    return g * np.where(np.abs(self) <= np.finfo(float).eps, 0.5, slope)


def _many_lgamma(self: Any, p: int) -> Any:
    halves = [each(_lgamma)(self - k / 2) for k in range(p)]
    return np.sum(halves, axis=0) + p * (p - 1) / 4 * math.log(math.pi)


def _many_lgamma_rule(g: Any, y: Any, self: Any, p: int) -> Any:
    return g * np.sum([each(_digamma)(self - k / 2) for k in range(p)], axis=0)


def special(signature: str, function: Any, spoken: str, shown: str, rule: Any = None) -> Row:
    """A row of one tensor; ``rule`` is a text, or a function with ``shown`` as its text."""
    formula = rule if isinstance(rule, str) else Formula(shown, rule)
    return aten(signature, Formula(signature.replace("=0", ""), function), spoken=spoken, self=formula, when=float_self)


def _with(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """A rule that is g times a function of the operand."""

    def rule(g: Any, y: Any, self: Any, **_: Any) -> Any:
        return g * function(self)

    return rule


ROWS: list[Row | Same] = [
    special("erfinv(self)", lambda self: each(_erfinv)(self), "inverse error function", "", "g * sqrt(pi) / 2 * exp(y ** 2)"),
    special("special_ndtri(self)", lambda self: each(_ndtri)(self), "normal quantile", "", "g * sqrt(2 * pi) * exp(y ** 2 / 2)"),
    special(
        "special_erfcx(self)",
        lambda self: each(_erfcx)(self),
        "scaled error function",
        "",
        "g * (2 * self * y - 2 / sqrt(pi))",
    ),
    special(
        "special_log_ndtr(self)",
        lambda self: each(_log_ndtr)(self),
        "log of the normal distribution",
        "g * sqrt(2 / pi) / erfcx(-self / sqrt(2))",
        _with(lambda x: math.sqrt(2 / math.pi) / each(_erfcx)(-x / math.sqrt(2))),
    ),
    special(
        "lgamma(self)",
        lambda self: each(_lgamma)(self),
        "log of the gamma function",
        "g * digamma(self)",
        _with(lambda x: each(_digamma)(x)),
    ),
    special(
        "digamma(self)",
        lambda self: each(_digamma)(self),
        "digamma function",
        "g * polygamma(1, self)",
        _with(lambda x: polygamma(1, x)),
    ),
    special(
        "polygamma(n, self)",
        lambda n, self: polygamma(n, self),
        "polygamma function",
        "g * polygamma(n + 1, self)",
        lambda g, y, self, n: g * polygamma(n + 1, self),
    ),
    special("mvlgamma(self, p)", _many_lgamma, "log of the gamma function", "g * sum(digamma(self - k / 2))", _many_lgamma_rule),
    special("i0(self)", _i0, "Bessel function of order 0", "g * i1(self)", _with(_i1)),
    special("special_i1(self)", _i1, "Bessel function of order 1", "g * (i0(self) - y / self)", _i1_rule),
    special(
        "special_i0e(self)",
        lambda self: bessel(0, self),
        "scaled Bessel function of order 0",
        "g * (i1e(self) - sign(self) * y)",
        lambda g, y, self: g * (bessel(1, self) - np.sign(self) * y),
    ),
    special(
        "special_i1e(self)",
        lambda self: bessel(1, self),
        "scaled Bessel function of order 1",
        "g * (i0e(self) - y * (sign(self) + 1 / self))",
        _i1e_rule,
    ),
]

"""Ops on numbers at the same place: arithmetic, choices between two, comparisons."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import Arguments, float_self, floating, kind, same, whole
from graphcore.ops.aten.row import Row, Same, Slot, aten
from graphcore.ops.row import Formula

_PAIR = ("self", "other")
_ONE = {"alpha": 1}


def _rounded_quotient(self: Any, other: Any, rounding_mode: str | None) -> Any:
    if rounding_mode == "floor":
        return np.floor_divide(self, other)
    found = np.trunc(np.true_divide(self, other))
    return found.astype(np.result_type(self, other)) if np.issubdtype(np.result_type(self, other), np.integer) else found


def _finite(self: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Any:
    return np.nan_to_num(self, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def _whole_once(arguments: Arguments) -> bool:
    return whole(arguments) and arguments.get("alpha", 1) == 1


def _whole_power(arguments: Arguments) -> bool:
    """A whole power of whole numbers; NumPy has none with a negative number as exponent, and torch's is 0."""
    exponent = arguments.get("exponent")
    return whole(arguments) and isinstance(exponent, int) and exponent >= 0


def _given_bounds(arguments: Arguments) -> dict[str, float | None]:
    return {key: None if arguments.get(key) is None else float(arguments[key]) for key in ("min", "max")}


def _numbers_for_bounds(arguments: Arguments) -> bool:
    bounds = [arguments.get("min"), arguments.get("max")]
    return float_self(arguments) and not any(isinstance(bound, Slot) for bound in bounds)


def _clamp(self: Any, min: Any = None, max: Any = None) -> Any:
    if min is not None:
        self = np.maximum(self, min)
    return self if max is None else np.minimum(self, max)


def _inside(g: Any, y: Any, self: Any, min: Any = None, max: Any = None) -> Any:
    mask = np.ones(np.shape(y), dtype=bool)
    if min is not None:
        mask &= self >= min
    if max is not None:
        mask &= self <= max
    return np.where(mask, g, 0.0)


def _to_lower(g: Any, y: Any, self: Any, min: Any, max: Any = None) -> Any:
    return np.where(self < min if max is None else (self < min) & (min < max), g, 0.0)


def _to_upper(g: Any, y: Any, self: Any, max: Any, min: Any = None) -> Any:
    return np.where(self > max if min is None else (self > max) | (max < min), g, 0.0)


def comparison(name: str, sign: str, spoken: str) -> Row:
    """A row whose truth values carry no gradient."""
    return aten(f"{name}(self, other)", f"self {sign} other", spoken=spoken, entrywise=True)


def truth(name: str, function: Any, spoken: str, *operands: str) -> Row:
    """A row without gradient that NumPy has too."""
    names = operands or _PAIR

    def run(**values: Any) -> Any:
        return function(*[values[name] for name in names])

    return aten(f"{name}({', '.join(names)})", Formula(f"{name}({', '.join(names)})", run), spoken=spoken)


def numbers(name: str, forward: str, spoken: str, **rules: Any) -> Row:
    """A row of two operands for what the language's own row does not cover: whole numbers, factors."""
    return aten(f"{name}(self, other)", forward, spoken=spoken, entrywise=True, **rules)


_CONVEX = "where(abs(weight) < 0.5, self + weight * (end - self), end - (end - self) * (1 - weight))"
_LN2 = "0.6931471805599453"

ROWS: list[Row | Same] = [
    same("add", "add", *_PAIR, rest=_ONE),
    aten(
        "add(self, other, alpha=1)",
        "self + alpha * other",
        spoken="sum",
        entrywise=True,
        when=floating,
        self="g",
        other="alpha * g",
    ),
    aten("add(self, other, alpha=1)", "self + other", spoken="sum", when=_whole_once),
    aten("add(self, other, alpha=1)", "self + alpha * other", spoken="sum", when=whole),
    same("sub", "sub", *_PAIR, rest=_ONE),
    aten("sub(self, other, alpha=1)", "self - alpha * other", spoken="difference", entrywise=True, self="g", other="-alpha * g"),
    same("rsub", "sub", "other", "self", rest=_ONE),
    aten("rsub(self, other, alpha=1)", "other - alpha * self", spoken="difference", entrywise=True, self="-alpha * g", other="g"),
    same("mul", "mul", *_PAIR),
    numbers("mul", "self * other", "product", when=whole),
    same("div", "div", *_PAIR, rest={"rounding_mode": None}),
    aten(
        "div(self, other, rounding_mode)",
        Formula("round(self / other)", _rounded_quotient),
        spoken="rounded quotient",
        self="0.0",
        other="0.0",
        says="flat: 0",
        when=lambda given: given.get("rounding_mode") is not None and (floating(given) or whole(given)),
    ),
    # torch has no derivative of floor_divide, nor of the remainder of a number by a tensor
    aten("floor_divide(self, other)", "self // other", spoken="whole quotient", when=whole),
    same("pow", "pow", "self", "exponent"),
    aten("pow(self, exponent)", "self ** exponent", spoken="power", when=_whole_power),
    same("fmod", "fmod", *_PAIR),
    numbers("fmod", "fmod(self, other)", "remainder with the sign of self", when=whole),
    same("remainder", "remainder", *_PAIR, when=lambda given: floating(given) and isinstance(given["self"], Slot)),
    aten("remainder(self, other)", "self % other", spoken="remainder", when=whole),
    same("atan2", "atan2", *_PAIR),
    same("hypot", "hypot", *_PAIR),
    same("maximum", "maximum", *_PAIR),
    numbers("maximum", "maximum(self, other)", "larger of two"),
    same("minimum", "minimum", *_PAIR),
    numbers("minimum", "minimum(self, other)", "smaller of two"),
    numbers(
        "fmax",
        "where((self >= other) | isnan(other), self, other)",
        "larger of two, nan last",
        self="where((self >= other) | isnan(other), g, 0)",
        other="where((self >= other) | isnan(other), 0, g)",
        kink="self == other",
        kink_says="a tie; torch gives all to self",
    ),
    numbers(
        "fmin",
        "where((self <= other) | isnan(other), self, other)",
        "smaller of two, nan last",
        self="where((self <= other) | isnan(other), g, 0)",
        other="where((self <= other) | isnan(other), 0, g)",
        kink="self == other",
        kink_says="a tie; torch gives all to self",
    ),
    same("xlogy", "xlogy", *_PAIR),
    numbers(
        "special_xlog1py",
        "where((self == 0) & (other == other), 0 * self, self * log1p(other))",
        "self times the logarithm of 1 + other",
        when=floating,
        self="where((self == 0) & (other <= -1), 0, g * log1p(other))",
        other="g * self / (other + 1)",
    ),
    same("logaddexp", "logaddexp", *_PAIR),
    aten(
        "logaddexp2(self, other)",
        Formula("log2(exp2(self) + exp2(other))", lambda self, other: np.logaddexp2(self, other)),
        spoken="log of the sum of powers of 2",
        self="g / (1 + exp2(other - self))",
        other="g / (1 + exp2(self - other))",
    ),
    aten(
        "copysign(self, other)",
        Formula("copysign(self, other)", lambda self, other: np.copysign(self, other)),
        spoken="with the sign of other",
        self="where(self == 0, 0, g * y / self)",
        other="0.0",
    ),
    aten(
        "nextafter(self, other)",
        Formula("nextafter(self, other)", lambda self, other: np.nextafter(self, other)),
        spoken="next number",
        self="where(self == other, 0, g)",
        other="0.0",
    ),
    numbers(
        "ldexp", "self * 2.0 ** other", "times a power of 2", when=floating, self="g * 2.0 ** other", other=f"g * y * {_LN2}"
    ),
    aten(
        "lerp(self, end, weight)",
        _CONVEX,
        spoken="between two",
        entrywise=True,
        self="g * (1 - weight)",
        end="g * weight",
        weight="g * (end - self)",
    ),
    aten(
        "addcmul(self, tensor1, tensor2, value=1)",
        "self + value * tensor1 * tensor2",
        spoken="sum with a product",
        entrywise=True,
        self="g",
        tensor1="g * value * tensor2",
        tensor2="g * value * tensor1",
    ),
    aten(
        "addcdiv(self, tensor1, tensor2, value=1)",
        "self + value * tensor1 / tensor2",
        spoken="sum with a quotient",
        entrywise=True,
        self="g",
        tensor1="g * value / tensor2",
        tensor2="-g * value * tensor1 / tensor2 ** 2",
    ),
    same("where", "where", "condition", *_PAIR),
    aten("where(condition, self, other)", "where(condition, self, other)", spoken="choice", when=whole),
    aten(
        "masked_fill(self, mask, value)",
        "where(mask, value, self)",
        spoken="filled where the mask is",
        entrywise=True,
        self="where(mask, 0, g)",
        value="where(mask, g, 0)",
        when=lambda given: float_self(given) or kind(given.get("value")) == kind(given.get("self")),
    ),
    aten(
        "nan_to_num(self, nan=None, posinf=None, neginf=None)",
        Formula("nan_to_num(self)", _finite),
        spoken="made finite",
        self="where(abs(self) < inf, g, 0)",
        when=float_self,
    ),
    same("clamp", "clip", statics=_given_bounds, when=_numbers_for_bounds),
    same("clamp_min", "clip", statics=_given_bounds, when=_numbers_for_bounds),
    same("clamp_max", "clip", statics=_given_bounds, when=_numbers_for_bounds),
    *[
        aten(
            signature,
            Formula("minimum(maximum(self, min), max)", _clamp),
            spoken="kept between bounds",
            when=lambda given: floating(given) or whole(given),
            says="passed between the bounds, else to the bound",
            self=Formula("where((self >= min) & (self <= max), g, 0)", _inside),
            min=Formula("where((self < min) & (min < max), g, 0)", _to_lower),
            max=Formula("where((self > max) | (max < min), g, 0)", _to_upper),
        )
        for signature in ("clamp(self, min=None, max=None)", "clamp_min(self, min)", "clamp_max(self, max)")
    ],
    comparison("gt", ">", "greater"),
    comparison("ge", ">=", "greater or equal"),
    comparison("lt", "<", "less"),
    comparison("le", "<=", "less or equal"),
    comparison("eq", "==", "equal"),
    comparison("ne", "!=", "not equal"),
    truth("logical_and", np.logical_and, "both"),
    truth("logical_or", np.logical_or, "one or both"),
    truth("logical_xor", np.logical_xor, "one of two"),
    truth("logical_not", np.logical_not, "not", "self"),
    truth("bitwise_and", np.bitwise_and, "bits of both"),
    truth("bitwise_or", np.bitwise_or, "bits of one or both"),
    truth("bitwise_xor", np.bitwise_xor, "bits of one of two"),
    truth("bitwise_not", np.invert, "bits turned", "self"),
    truth("bitwise_left_shift", np.left_shift, "bits moved up"),
    truth("bitwise_right_shift", np.right_shift, "bits moved down"),
    truth("__lshift__", np.left_shift, "bits moved up"),
    truth("__rshift__", np.right_shift, "bits moved down"),
    truth("isnan", np.isnan, "not a number", "self"),
    truth("isinf", np.isinf, "infinite", "self"),
    truth("isposinf", np.isposinf, "infinite", "self"),
    truth("isneginf", np.isneginf, "minus infinite", "self"),
    truth("signbit", np.signbit, "negative", "self"),
    truth("gcd", np.gcd, "greatest common divisor"),
    truth("lcm", np.lcm, "least common multiple"),
]

"""Ops on one number at a time: functions of mathematics, activations, copies and casts."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.activations import _ALPHA, _SCALE
from graphcore.ops.aten.kinds import Arguments, cast, float_self, kind, same, stays_float
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.row import Formula

_SMOOTH = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal erf "
    "erfc sinc neg sigmoid silu mish hardswish hardsigmoid relu abs sign floor ceil trunc frac"
)


def _settings(**defaults: float) -> Any:
    """torch's settings as floats under the language's names, which are the same."""

    def given(arguments: Arguments) -> dict[str, float]:
        return {key: float(arguments.get(key, default)) for key, default in defaults.items()}

    return given


def _elu_of(alpha: float, scale: float) -> Any:
    def test(arguments: Arguments) -> bool:
        found = tuple(arguments.get(key, 1) for key in ("alpha", "scale", "input_scale"))
        return float_self(arguments) and found[1:] == (scale, 1) and alpha in (0, found[0])

    return test


def _between(low: float, high: float) -> Any:
    return lambda given: float_self(given) and (given.get("min_val", -1), given.get("max_val", 1)) == (low, high)


def _halves(self: Any, dim: int) -> Any:
    return np.split(np.asarray(self), 2, axis=dim)


def _glu(self: Any, dim: int = -1) -> Any:
    value, gate = _halves(self, dim)
    return value / (1 + np.exp(-gate))


def _glu_rule(g: Any, y: Any, self: Any, dim: int = -1) -> Any:
    value, gate = _halves(self, dim)
    open_ = 1 / (1 + np.exp(-gate))
    return np.concatenate((g * open_, g * value * open_ * (1 - open_)), axis=dim)


def _log_sigmoid(self: Any) -> Any:
    small = np.exp(-np.abs(self))
    return np.minimum(self, 0) - np.log1p(small), small


def _log_sigmoid_rule(g: Any, y: Any, self: Any) -> Any:
    return g[0] / (1 + np.exp(self)) if 0 in g else np.zeros_like(self)


def _logit(self: Any, eps: float) -> Any:
    kept = np.minimum(np.maximum(self, eps), 1 - eps)
    return np.log(kept / (1 - kept))


def _logit_rule(g: Any, y: Any, self: Any, eps: float) -> Any:
    return np.where((self < eps) | (self > 1 - eps), 0.0, g / (self * (1 - self)))


def _rounded(self: Any, decimals: int) -> Any:
    ten = 10.0 ** abs(decimals)
    return np.rint(self / ten) * ten if decimals < 0 else np.rint(self * ten) / ten


def _copied(self: Any, src: Any, non_blocking: bool = False) -> Any:
    return np.broadcast_to(np.asarray(src).astype(np.asarray(self).dtype), np.shape(self))


def _filled(self: Any, value: Any) -> Any:
    return np.full(np.shape(self), value, dtype=np.asarray(self).dtype)


def _mantissa(self: Any) -> Any:
    mantissa, exponent = np.frexp(self)
    return mantissa, np.asarray(exponent, dtype=np.int64)


def _mantissa_rule(g: Any, y: Any, self: Any) -> Any:
    return g[0] / np.exp2(y[1]) if 0 in g else np.zeros_like(self)


def _cast(self: Any, dtype: str | None = None, non_blocking: bool = False) -> Any:
    return cast(self, dtype)


_ELU = "where(self > 0, self * scale, expm1(self * input_scale) * alpha * scale)"
_RRELU = "(lower + upper) / 2"

ROWS: list[Row | Same] = [
    *[same(name) for name in _SMOOTH.split()],
    same("sgn", "sign"),
    same("deg2rad", "radians"),
    same("rad2deg", "degrees"),
    same("round", rest={"decimals": 0}),
    aten(
        "round(self, decimals)",
        Formula("round(self * 10 ** decimals) / 10 ** decimals", _rounded),
        spoken="rounded",
        self="0.0",
        says="flat: 0",
        when=lambda given: float_self(given) and "decimals" in given,
    ),
    # whole numbers stay whole
    aten("neg(self)", "-self", spoken="minus"),
    aten("abs(self)", "abs(self)", spoken="absolute value"),
    aten(
        "sign(self)",
        Formula("sign(self)", lambda self: np.sign(self)),
        spoken="sign",
        when=lambda given: kind(given["self"]) == "int",
    ),
    aten("relu(self)", Formula("maximum(self, 0)", lambda self: np.maximum(self, 0)), spoken="rectified linear unit"),
    same("logit", when=lambda given: float_self(given) and given.get("eps") is None),
    aten(
        "logit(self, eps=None)",
        Formula("log(self / (1 - self))", _logit),
        spoken="log of the odds",
        self=Formula("where((self < eps) | (self > 1 - eps), 0, g / (self * (1 - self)))", _logit_rule),
        when=lambda given: float_self(given) and given.get("eps") is not None,
    ),
    same("gelu", statics=lambda given: {"approximate": given.get("approximate", "none")}),
    same("leaky_relu", statics=_settings(negative_slope=0.01)),
    same("elu", "selu", when=_elu_of(_ALPHA, _SCALE)),
    same("elu", when=_elu_of(0, 1), statics=_settings(alpha=1)),
    aten(
        "elu(self, alpha=1, scale=1, input_scale=1)",
        _ELU,
        spoken="exponential linear unit",
        entrywise=True,
        self="where(self <= 0, g * input_scale * alpha * scale * exp(self * input_scale), g * scale)",
        kink="(self == 0) & (input_scale * alpha != 1)",
        kink_says="a corner; torch uses the slope on the left",
        when=float_self,
    ),
    same("celu", statics=_settings(alpha=1)),
    same("softplus", statics=_settings(beta=1, threshold=20)),
    same("hardtanh", "relu6", when=_between(0, 6)),
    same("hardtanh", statics=_settings(min_val=-1, max_val=1)),
    same("threshold", statics=_settings(threshold=0, value=0)),
    same("hardshrink", statics=_settings(lambd=0.5)),
    same("softshrink", statics=_settings(lambd=0.5)),
    same("_prelu_kernel", "prelu", "self", "weight"),
    aten(
        "rrelu_with_noise(self, noise, lower=0.125, upper=0.3333333333333333, training=False)",
        f"where(self > 0, self, self * ({_RRELU}))",
        spoken="leaky rectified linear unit",
        self=f"where(self > 0, g, g * ({_RRELU}))",
        kink="self == 0",
        kink_says="a corner; torch uses the slope on the left",
        when=lambda given: float_self(given) and not given.get("training", False),
    ),
    aten(
        "log_sigmoid_forward(self)",
        Formula("log(sigmoid(self))", _log_sigmoid),
        spoken="log of sigmoid",
        self=Formula("g * sigmoid(-self)", _log_sigmoid_rule),
        when=float_self,
    ),
    aten(
        "glu(self, dim=-1)",
        Formula("first_half(self) * sigmoid(second_half(self))", _glu),
        spoken="gated linear unit",
        self=Formula("concatenate([g * s, g * first_half(self) * s * (1 - s)])", _glu_rule),
        when=float_self,
    ),
    aten(
        "special_entr(self)",
        "where(self == 0, 0 * self, where(self < 0, -inf, -self * log(self)))",
        spoken="entropy",
        self="g * (-1 - log(self))",
        when=float_self,
    ),
    *[
        aten(f"{name}(self)", "self", spoken=spoken, self="g", says="passed on", plumbing=True)
        for name, spoken in {"clone": "copy", "alias": "view", "lift_fresh": "copy", "lift": "copy", "alias_copy": "copy"}.items()
    ],
    same("detach"),
    aten(
        "_to_copy(self, dtype=None, non_blocking=False)",
        "self",
        spoken="copy",
        self="g",
        says="passed on",
        plumbing=True,
        when=lambda given: float_self(given) and stays_float(given),
    ),
    aten("_to_copy(self, dtype=None, non_blocking=False)", Formula("self", _cast), spoken="copy of another kind", plumbing=True),
    aten(
        "copy(self, src, non_blocking=False)",
        Formula("src", _copied),
        spoken="copy",
        plumbing=True,
        self="0.0",
        src="g",
        says="the copied numbers take all",
    ),
    aten(
        "fill(self, value)",
        Formula("value", _filled),
        spoken="filled",
        self="0.0",
        value="g",
        says="summed over the copies",
    ),
    aten("angle(self)", "where(self < 0, pi, 0 * self)", spoken="angle", self="0.0", says="flat: 0", when=float_self),
    aten(
        "frexp(self)",
        Formula("self / 2 ** exponent", _mantissa),
        spoken="mantissa and exponent",
        self=Formula("g / 2 ** exponent", _mantissa_rule),
        when=float_self,
    ),
    aten("zero(self)", Formula("0", lambda self: _filled(self, 0)), spoken="zeros", self="0.0"),
]

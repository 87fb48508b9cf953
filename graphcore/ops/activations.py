"""Activation functions of networks."""

from __future__ import annotations

from typing import Any

from graphcore.ops import shapes
from graphcore.ops.make import elementwise
from graphcore.ops.row import Op

_ON = "on: 1 / off: 0"
_CORNER = "a corner; torch uses {}"


def activation(name: str, forward: str, rule: str, *, spoken: str = "", at: str = "0.5", numpy: str = "", **row: Any) -> Op:
    """A row of one operand, from ``torch.nn.functional`` unless ``torch`` says otherwise."""
    statics = "".join(f", {key}={key}" for key in row.get("statics", {}))
    return elementwise(
        name,
        forward,
        group="activation",
        spoken=spoken or name,
        written=f"{name}(a)",
        numpy=numpy or _as_numpy(forward),
        torch=row.pop("torch", f"F.{name}(a{statics})"),
        a=rule,
        example=f"x = {at}\ny = {name}(x)",
        **row,
    )


def _as_numpy(forward: str) -> str:
    for function in ("where", "maximum", "minimum", "exp", "expm1", "log1p", "tanh", "sqrt", "abs", "clip"):
        forward = forward.replace(f"{function}(", f"np.{function}(")
    return forward.replace("log1np.", "log1").replace("erf(", "np.vectorize(math.erf, otypes=[float])(").replace("pi", "np.pi")


_CURVE = "a * (1 + 0.044715 * a ** 2) * sqrt(2 / pi)"
_GELU_TANH = f"(1 + tanh({_CURVE})) / 2 + a / 2 * (1 - tanh({_CURVE}) ** 2) * (1 + 0.134145 * a ** 2) * sqrt(2 / pi)"
_LOGISTIC = "1 / (1 + exp(-a))"
_SCALE, _ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

ROWS = [
    activation(
        "relu",
        "maximum(a, 0.0)",
        "where(y <= 0, 0.0, g)",
        spoken="rectified linear unit",
        torch="torch.relu(a)",
        says=_ON,
        local={"a": "where(a > 0, 1, 0)"},
        kink="a == 0",
        kink_says="torch uses 0",
    ),
    activation("sigmoid", _LOGISTIC, "g * y * (1 - y)", torch="torch.sigmoid(a)"),
    activation(
        "leaky_relu",
        "where(a > 0, a, negative_slope * a)",
        "where(a > 0, g, g * negative_slope)",
        spoken="leaky rectified linear unit",
        at="-2",
        statics={"negative_slope": 0.01},
        says="on: 1 / off: the slope",
        kink="(a == 0) & (negative_slope != 1)",
        kink_says="a corner; torch uses the slope on the left",
    ),
    activation(
        "elu",
        "where(a > 0, a, alpha * expm1(a))",
        "where(a <= 0, g * alpha * exp(a), g)",
        spoken="exponential linear unit",
        at="-2",
        statics={"alpha": 1.0},
        local={"a": "where(a > 0, 1, y + alpha)"},
        kink="(a == 0) & (alpha != 1)",
        kink_says="a corner; torch uses alpha",
    ),
    activation(
        "selu",
        f"{_SCALE!r} * where(a > 0, a, {_ALPHA!r} * expm1(a))",
        f"where(a <= 0, g * {_SCALE * _ALPHA!r} * exp(a), g * {_SCALE!r})",
        spoken="scaled exponential linear unit",
        at="-2",
        kink="a == 0",
        kink_says="a corner; torch uses the slope on the left",
    ),
    activation(
        "celu",
        "where(a > 0, a, alpha * expm1(a / alpha))",
        "where(a <= 0, g * exp(a / alpha), g)",
        spoken="continuous exponential linear unit",
        at="-2",
        statics={"alpha": 1.0},
    ),
    activation(
        "softplus",
        "where(beta * a > threshold, a, log1p(exp(beta * a)) / beta)",
        "where(beta * a > threshold, g, g * sigmoid(beta * a))",
        statics={"beta": 1.0, "threshold": 20.0},
        local={"a": "sigmoid(beta * a)"},
    ),
    activation(
        "logsigmoid",
        "minimum(a, 0) - log1p(exp(-abs(a)))",
        "g * sigmoid(-a)",
        spoken="log of sigmoid",
    ),
    activation(
        "silu",
        "a / (1 + exp(-a))",
        "g * sigmoid(a) * (1 + a * (1 - sigmoid(a)))",
        spoken="a times sigmoid(a)",
        local={"a": "y + sigmoid(a) * (1 - y)"},
    ),
    activation(
        "gelu",
        f"a / 2 * (1 + erf(a / sqrt(2))) if approximate == 'none' else a / 2 * (1 + tanh({_CURVE}))",
        # y / a is the distribution at a, and cheaper than asking for it again
        "g * (where(a == 0, 1 / 2, y / a) + a * exp(-a ** 2 / 2) / sqrt(2 * pi)) if approximate == 'none' else "
        f"g * ({_GELU_TANH})",
        spoken="Gaussian error linear unit",
        statics={"approximate": "none"},
        # Φ and φ are the normal distribution and its density
        local={"a": f"Φ(a) + a * φ(a) if approximate == 'none' else {_GELU_TANH}"},
    ),
    activation(
        "mish",
        "a * tanh(where(a > 20, a, log1p(exp(a))))",
        "g * (tanh(softplus(a)) + a * sigmoid(a) * (1 - tanh(softplus(a)) ** 2))",
        spoken="a times tanh of softplus(a)",
    ),
    activation(
        "hardtanh",
        "clip(a, min_val, max_val)",
        "where((a <= min_val) | (a >= max_val), 0, g)",
        spoken="kept between bounds",
        statics={"min_val": -1.0, "max_val": 1.0},
        says=_ON,
        kink="(a == min_val) | (a == max_val)",
        kink_says=_CORNER.format("0 at both bounds"),
    ),
    activation(
        "relu6",
        "clip(a, 0, 6)",
        "where((a <= 0) | (a >= 6), 0, g)",
        spoken="relu that ends at 6",
        says=_ON,
        kink="(a == 0) | (a == 6)",
        kink_says=_CORNER.format("0 at both"),
    ),
    activation(
        "hardsigmoid",
        "clip(a + 3, 0, 6) / 6",
        "where((a > -3) & (a < 3), g / 6, 0)",
        spoken="straight sigmoid",
        kink="(a == -3) | (a == 3)",
        kink_says=_CORNER.format("0 at both"),
    ),
    activation(
        "hardswish",
        "a * clip(a + 3, 0, 6) / 6",
        "where(a <= -3, 0, where(a < 3, g * (a / 3 + 0.5), g))",
        spoken="a times hardsigmoid(a)",
        kink="(a == -3) | (a == 3)",
        kink_says=_CORNER.format("0 and 1"),
    ),
    activation(
        "hardshrink",
        "where((a >= -lambd) & (a <= lambd), 0.0, a)",
        "where((a >= -lambd) & (a <= lambd), 0, g)",
        spoken="0 near 0",
        at="0.7",
        statics={"lambd": 0.5},
        says=_ON,
        kink="(a == -lambd) | (a == lambd)",
        kink_says="it jumps there; torch uses 0",
    ),
    activation(
        "softshrink",
        "where(a > lambd, a - lambd, where(a < -lambd, a + lambd, 0 * a))",
        "where((a >= -lambd) & (a <= lambd), 0, g)",
        spoken="pulled towards 0",
        at="0.7",
        statics={"lambd": 0.5},
        says=_ON,
        kink="(a == -lambd) | (a == lambd)",
        kink_says=_CORNER.format("0"),
    ),
    activation(
        "threshold",
        "where(a <= threshold, value, a)",
        "where(a <= threshold, 0, g)",
        spoken="value below a threshold",
        statics={"threshold": 0.0, "value": 0.0},
        says=_ON,
        kink="a == threshold",
        kink_says=_CORNER.format("0"),
    ),
    elementwise(
        "prelu",
        "maximum(a, 0) + b * minimum(a, 0)",
        group="activation",
        shape=shapes.prelu,
        spoken="leaky relu with a learned slope",
        written="prelu(a, b)",
        numpy="np.where(a > 0, a, b * a)",
        torch="F.prelu(a, b)",
        says={"a": "on: 1 / off: the slope", "b": "on: 0 / off: the operand"},
        a="where(a > 0, g, g * b)",
        b="where(a > 0, 0, g * a)",
        kink="a == 0",
        kink_says="a corner; torch uses the slope on the left",
        example="x = [-2, 3]\nw = [0.25]\ny = sum(prelu(x, w))",
    ),
]

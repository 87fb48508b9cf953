"""Functions of mathematics, applied to every entry."""

from __future__ import annotations

from graphcore.ops import shapes
from graphcore.ops.make import elementwise
from graphcore.ops.row import Op


def smooth(name: str, spoken: str, rule: str, at: str = "0.5", forward: str = "", **row: str) -> Op:
    """A row of one operand that has a derivative wherever it is defined."""
    return elementwise(name, forward, spoken=spoken, a=rule, example=f"x = {at}\ny = {name}(x)", **row)


def step(name: str, spoken: str, kink: str) -> Op:
    """A row that is flat between its jumps."""
    return elementwise(
        name,
        spoken=spoken,
        a="0.0",
        says="flat: 0",
        kink=kink,
        kink_says="it jumps there; torch uses 0",
        example=f"x = 2.3\ny = {name}(x) * x",
    )


def extremum(name: str, spoken: str, loses: str) -> Op:
    """A row that passes the larger or the smaller of two; where they tie each has half."""
    beats = {"<": ">", ">": "<"}[loses]
    return elementwise(
        name,
        spoken=spoken,
        takes_numbers=False,
        a=f"where(a {loses} b, 0, where(a == b, g / 2, g))",
        b=f"where(a {beats} b, 0, where(a == b, g / 2, g))",
        says=f"passed to the {spoken.split()[0]} one",
        kink="a == b",
        kink_says="a tie; torch gives each half",
        example=f"x = 2\ny = 3\nz = {name}(x ** 2, y)",
    )


# 1 over the squared distance, cut at the origin as torch does: tiny operands overflow before they reach it
_PER_SQUARE = "where(a ** 2 + b ** 2 == 0, 0.0, 1 / (a ** 2 + b ** 2))"
# which bounds of clip are given
_LOW, _HIGH = "max is None and min is not None", "min is None and max is not None"

ROWS = [
    smooth("sin", "sine", "g * cos(a)"),
    smooth("cos", "cosine", "-g * sin(a)"),
    smooth("tan", "tangent", "g * (1 + y ** 2)"),
    smooth("asin", "arc sine", "g / sqrt(1 - a ** 2)", numpy="np.arcsin(a)"),
    smooth("acos", "arc cosine", "-g / sqrt(1 - a ** 2)", numpy="np.arccos(a)"),
    smooth("atan", "arc tangent", "g / (1 + a ** 2)", numpy="np.arctan(a)"),
    smooth("sinh", "hyperbolic sine", "g * cosh(a)"),
    smooth("cosh", "hyperbolic cosine", "g * sinh(a)"),
    smooth("tanh", "hyperbolic tangent", "g * (1 - y ** 2)"),
    smooth("asinh", "inverse hyperbolic sine", "g / sqrt(a ** 2 + 1)", numpy="np.arcsinh(a)"),
    smooth("acosh", "inverse hyperbolic cosine", "g / sqrt(a ** 2 - 1)", at="1.5", numpy="np.arccosh(a)"),
    smooth("atanh", "inverse hyperbolic tangent", "g / (1 - a ** 2)", numpy="np.arctanh(a)"),
    elementwise(
        "atan2",
        spoken="angle",
        numpy="np.arctan2(a, b)",
        takes_numbers=False,
        a=f"g * b * {_PER_SQUARE}",
        b=f"g * -a * {_PER_SQUARE}",
        local={"a": "b / (a ** 2 + b ** 2)", "b": "-a / (a ** 2 + b ** 2)"},
        kink="a ** 2 + b ** 2 == 0",
        kink_says="no angle; torch uses 0",
        example="y = 1\nx = 2\nt = atan2(y, x)",
    ),
    elementwise(
        "hypot",
        spoken="hypotenuse",
        takes_numbers=False,
        a="g * a / y",
        b="g * b / y",
        kink="y == 0",
        kink_says="a corner; torch has nan",
        example="x = 3\ny = 4\nr = hypot(x, y)",
    ),
    smooth("exp", "exponential", "g * y"),
    smooth("exp2", "power of 2", "g * y * log(2)"),
    smooth("expm1", "exponential minus 1", "g * (y + 1)"),
    smooth("log", "natural logarithm", "g / a"),
    smooth("log2", "logarithm to base 2", "g / (a * log(2))"),
    smooth("log10", "logarithm to base 10", "g / (a * log(10))"),
    smooth("log1p", "logarithm of 1 + a", "g / (1 + a)"),
    smooth(
        "logit",
        "log of the odds",
        "where((a < 0) | (a > 1), nan * g, g / (a * (1 - a)))",
        forward="log(a / (1 - a))",
        at="0.3",
        numpy="np.log(a / (1 - a))",
    ),
    elementwise(
        "xlogy",
        "where((a == 0) & (b == b), 0 * a, a * log(b))",
        spoken="a times the logarithm of b",
        numpy="np.where(a == 0, 0, a * np.log(b))",
        a="where((a == 0) & (b <= 0), 0, g * log(b))",
        b="g * a / b",
        local={"a": "log(b)"},
        example="p = 0.3\nq = 0.6\ny = xlogy(p, q)",
    ),
    smooth("sqrt", "square root", "g / (2 * y)"),
    smooth("rsqrt", "1 over the square root", "-g * y ** 3 / 2", forward="1 / sqrt(a)", numpy="1 / np.sqrt(a)"),
    elementwise(
        "cbrt",
        spoken="cube root",
        torch="torch.where(a < 0, -1.0, 1.0) * torch.where(a < 0, -a, a) ** (1 / 3)",
        a="g / (3 * y ** 2)",
        kink="a == 0",
        kink_says="the tangent is upright; torch's power has inf",
        example="x = 8\ny = cbrt(x)",
    ),
    smooth("square", "square", "2 * g * a", forward="a * a"),
    smooth("reciprocal", "reciprocal", "-g * y ** 2", forward="1 / a", numpy="1 / a", torch="torch.reciprocal(a)"),
    smooth("erf", "error function", "g * 2 / sqrt(pi) * exp(-a ** 2)", numpy="np.vectorize(math.erf, otypes=[float])(a)"),
    smooth(
        "erfc",
        "1 - error function",
        "-g * 2 / sqrt(pi) * exp(-a ** 2)",
        numpy="np.vectorize(math.erfc, otypes=[float])(a)",
    ),
    smooth(
        "sinc",
        "sin(pi a) over pi a",
        "g * where(a * a == 0, 0, (pi * a * cos(pi * a) - sin(pi * a)) / (a * a * pi))",
        forward="where(a == 0, 1.0, sin(pi * a) / (pi * a))",
    ),
    elementwise(
        "logaddexp",
        "where(a == b, a + log(2), maximum(a, b) + log1p(exp(-abs(a - b))))",
        spoken="log of a sum of exponentials",
        takes_numbers=False,
        a="g / (1 + exp(b - a))",
        b="g / (1 + exp(a - b))",
        local={"a": "exp(a - y)", "b": "exp(b - y)"},
        says="its share of the sum",
        example="x = 1\nw = 2\ny = logaddexp(x, w)",
    ),
    smooth("radians", "degrees to radians", "g * (pi / 180)", at="30", torch="torch.deg2rad(a)"),
    smooth("degrees", "radians to degrees", "g * (180 / pi)", torch="torch.rad2deg(a)"),
    elementwise(
        "abs",
        spoken="absolute value",
        a="g * sign(a)",
        kink="a == 0",
        kink_says="a corner; torch uses 0",
        example="x = -3\ny = abs(x)",
    ),
    step("sign", "sign", "a == 0"),
    step("floor", "rounded down", "a == floor(a)"),
    step("ceil", "rounded up", "a == floor(a)"),
    step("trunc", "rounded to 0", "(a == floor(a)) & (a != 0)"),
    step("round", "rounded", "a - floor(a) == 0.5"),
    elementwise(
        "frac",
        "a - trunc(a)",
        spoken="fraction",
        numpy="a - np.trunc(a)",
        a="g",
        says="passed on",
        kink="(a == floor(a)) & (a != 0)",
        kink_says="it jumps there; torch uses 1",
        example="x = 2.3\ny = frac(x)",
    ),
    extremum("maximum", "larger of two", "<"),
    extremum("minimum", "smaller of two", ">"),
    elementwise(
        "clip",
        "clip(a, min, max)",
        spoken="kept between bounds",
        shape=shapes.clip,
        written="clip(a, min=min, max=max)",
        statics={"min": None, "max": None},
        numpy="np.clip(a, min, max)",
        torch=f"torch.clamp(a, min=min) if {_LOW} else torch.clamp(a, max=max) if {_HIGH} else torch.clamp(a, min, max)",
        a=f"where(a >= min, g, 0) if {_LOW} else where(a <= max, g, 0) if {_HIGH} else where((a >= min) & (a <= max), g, 0)",
        says="passed between the bounds, else 0",
        kink=f"a == min if {_LOW} else a == max if {_HIGH} else (a == min) | (a == max)",
        kink_says="a corner; torch uses 1 at both bounds",
        example="x = 0.7\ny = clip(x, min=-1, max=1)",
    ),
]

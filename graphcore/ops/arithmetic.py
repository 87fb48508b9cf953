"""Arithmetic: the ops written with signs, and comparisons, which carry no gradient."""

from __future__ import annotations

from functools import partial

from graphcore.ops.make import elementwise
from graphcore.ops.row import Op

arithmetic = partial(elementwise, group="arithmetic")


def comparison(name: str, sign: str, spoken: str) -> Op:
    """A row that gives 1 where the comparison holds, else 0; it is flat wherever it is not a jump."""
    text = f"a {sign} b"
    return elementwise(
        name,
        f"1.0 * ({text})",
        group="comparison",
        spoken=spoken,
        operands=("a", "b"),
        written=text,
        numpy=f"({text}) * 1.0",
        torch=f"({text}).double()",
        example=f"x = [1, 2, 3]\nmask = x {sign} 2\ny = sum(where(mask, x ** 2, x))",
    )


ROWS = [
    arithmetic("add", "a + b", spoken="sum", a="g", b="g", says="a sum passes it on", example="x = 2\ny = 3\nz = x + y"),
    arithmetic(
        "sub",
        "a - b",
        spoken="difference",
        a="g",
        b="-g",
        says={"a": "a difference passes it on", "b": "a difference turns its sign"},
        example="x = 2\ny = 3\nz = x - y",
    ),
    arithmetic("mul", "a * b", spoken="product", a="g * b", b="g * a", example="x = 2\ny = 3\nz = x * y"),
    arithmetic(
        "div",
        "a / b",
        spoken="quotient",
        a="g / b",
        b="-g * y / b",
        local={"b": "-a / b ** 2"},
        example="x = 2\ny = 3\nz = x / y",
    ),
    arithmetic("neg", "-a", spoken="minus", a="-g", says="the sign turns", example="x = 2\ny = -x"),
    arithmetic(
        "pow",
        "a ** b",
        spoken="power",
        a="where(b == 0, 0, g * b * a ** (b - 1))",
        b="where((a == 0) & (b >= 0), 0, g * y * log(a))",
        local={"a": "b * a ** (b - 1)", "b": "a ** b * log(a)"},
        example="x = 2\nn = 3\ny = x ** n",
    ),
    arithmetic(
        "remainder",
        "a % b",
        spoken="remainder",
        torch="torch.remainder(a, b)",
        a="g",
        b="-g * floor(a / b)",
        kink="a % b == 0",
        kink_says="it jumps there; torch uses the slope on one side",
        example="x = 7.5\ny = x % 2",
    ),
    arithmetic(
        "floor_divide",
        "a // b",
        spoken="whole quotient",
        torch="torch.div(a, b, rounding_mode='floor')",
        a="0.0",
        b="0.0",
        says="flat: 0",
        example="x = 7.5\ny = x // 2 + x",
    ),
    arithmetic(
        "fmod",
        spoken="remainder with the sign of a",
        a="g",
        b="-g * trunc(a / b)",
        kink="fmod(a, b) == 0",
        kink_says="it jumps there; torch uses the slope on one side",
        example="x = -7.5\ny = fmod(x, 2)",
    ),
    comparison("greater", ">", "greater"),
    comparison("greater_equal", ">=", "greater or equal"),
    comparison("less", "<", "less"),
    comparison("less_equal", "<=", "less or equal"),
    comparison("equal", "==", "equal"),
    comparison("not_equal", "!=", "not equal"),
    elementwise(
        "where",
        "where(c, a, b)",
        group="comparison",
        spoken="choice",
        operands=("c", "a", "b"),
        torch="torch.where(c != 0, a, b)",
        a="where(c != 0, g, 0)",
        b="where(c != 0, 0, g)",
        says={"a": "passed where c holds, else 0", "b": "passed where c fails, else 0"},
        example="x = [-1, 2]\ny = sum(where(x > 0, x, 0.1 * x))",
    ),
]

"""Graphs that the comparison is tested on, built without the parser."""

from __future__ import annotations

import dataclasses

import numpy as np

from graphcore import Builder, Graph, ops, trace
from graphcore.compare import Comparison, compare
from graphcore.ops import Formula


def problem_a(**rows: ops.Op) -> Graph:
    b = Builder()
    x1, w1, x2, w2 = (b.leaf(name, value) for name, value in (("x1", -1), ("w1", 3), ("x2", -2), ("w2", 3)))
    v1 = b.apply("mul", x1, w1, name="v1")
    s = b.apply(rows.get("sin", "sin"), v1, name="s")
    v2 = b.apply("mul", x2, w2, name="v2")
    c = b.apply(rows.get("cos", "cos"), v2, name="c")
    v3 = b.apply(rows.get("pow", "pow"), s, 2, name="v3")
    v5 = b.apply("add", b.apply("add", 2, v3, name="v4"), c, name="v5")
    b.apply(rows.get("div", "div"), 1, v5, name="f")
    return b.graph()


def problem_b() -> Graph:
    b = Builder()
    w = b.leaf("W", [[0.4, 0.1, -0.5], [0.2, -0.32, 0.8], [0.7, 0.4, -0.6]])
    x = b.leaf("x", [[-0.2], [0.6], [-0.4]])
    h = b.apply("sigmoid", b.apply("matmul", w, x, name="z"), name="h")
    b.apply("sum", b.apply("pow", h, 2), name="f")
    return b.graph()


def problem_c(activation: str = "relu", x1: object = (0, 1, 2)) -> Graph:
    b = Builder()
    names = ("x1", "W1", "b1", "W2", "b2")
    values = (x1, [[3, -1, 1], [-5, 2, -1]], [1, 2], [[1, -2], [-3, 1]], [1, 1])
    leaf = {name: b.leaf(name, value) for name, value in zip(names, values, strict=True)}
    t = b.leaf("t", [1, 2], wants_gradient=False)
    z = b.apply("add", b.apply("matmul", leaf["W1"], leaf["x1"]), leaf["b1"], name="z")
    x2 = b.apply(activation, z, name="x2")
    x3 = b.apply("add", b.apply("matmul", leaf["W2"], x2), leaf["b2"], name="x3")
    b.apply("mul", 0.5, b.apply("sum", b.apply("pow", b.apply("sub", t, x3), 2)), name="L")
    return b.graph()


def of(op: str, *more: str, **leaves: object) -> Comparison:
    """Compare a chain of ops on leaves."""
    b = Builder()
    node = b.apply(op, *[b.leaf(name, value) for name, value in leaves.items()], name="y")
    for name in more:
        node = b.apply(name, node)
    return compare(trace(b.graph()))


def wrong_row(name: str, **rules: str) -> ops.Op:
    row = ops.get(name)
    return dataclasses.replace(row, rules={**row.rules, **{key: Formula(text) for key, text in rules.items()}})


def centred() -> Graph:
    """A bias before its mean is taken away: its gradient is a true zero that floats do not hit."""
    b = Builder()
    generator = np.random.default_rng(3)
    x, bias = b.leaf("x", generator.normal(size=(7, 3))), b.leaf("bias", generator.normal(size=3))
    z = b.apply("add", x, bias, name="z")
    c = b.apply("sub", z, b.apply("mean", z, axis=0, keepdims=True), name="c")
    w = b.leaf("w", generator.normal(size=(7, 3)), wants_gradient=False)
    b.apply("sum", b.apply("mul", b.apply("tanh", c), w), name="L")
    return b.graph()

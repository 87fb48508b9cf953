"""Ops that a program may use as one word and that the graph shows as their parts.

A composite's body is a text in the language over its operands' names; the parser puts the operands in and builds
ordinary nodes. Which text may depend on the operands' shapes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from graphcore.ops import einsum, losses, rearranged
from graphcore.ops.composite import Body, Composite, Values
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import ShapeError

__all__ = ["COMPOSITES", "Body", "Composite", "Values"]


def _normalize(shapes: Sequence[Shape], _: Values, statics: Mapping[str, Any]) -> str:
    axis = statics["axis"] if len(shapes[0]) > 1 else -1
    order = "" if statics["ord"] in (None, 2) else f", ord={statics['ord']!r}"
    return f"a / clip(norm(a{order}, axis={axis}, keepdims=True), min={statics['eps']!r})"


def _cosine(_: Sequence[Shape], __: Values, statics: Mapping[str, Any]) -> str:
    at, eps = f"axis={statics['axis']}", statics["eps"]
    return f"sum(a * b, {at}) / (clip(norm(a, {at}), min={eps!r}) * clip(norm(b, {at}), min={eps!r}))"


def _standardized(axis: int) -> Body:
    """Mean 0 and variance 1 along an axis, then scale b and shift c where they are given."""

    def body(shapes: Sequence[Shape], _: Values, statics: Mapping[str, Any]) -> str:
        text = f"(a - mean(a, axis={axis}, keepdims=True)) / sqrt(var(a, axis={axis}, keepdims=True) + {statics['eps']!r})"
        return text + (" * b" if len(shapes) > 1 else "") + (" + c" if len(shapes) > 2 else "")

    return body


def _attention(shapes: Sequence[Shape], _: Values, __: Mapping[str, Any]) -> str:
    if min(map(len, shapes)) < 2:
        raise ShapeError("attention needs queries, keys and values of shape (positions, features).")
    return f"softmax(a @ swapaxes(b, -1, -2) / {math.sqrt(shapes[0][-1])!r}, axis=-1) @ c"


_ROWS = [
    Composite(
        "normalize",
        ("a",),
        _normalize,
        "divided by its length",
        "x = [[3, 4], [5, 12]]\ny = sum(normalize(x) * [1, 2])",
        "F.normalize(a, p=ord, dim=axis, eps=eps)",
        {"ord": 2, "axis": 1, "eps": 1e-12},
    ),
    Composite(
        "cosine_similarity",
        ("a", "b"),
        _cosine,
        "the cosine of the angle between two vectors",
        "u = [1, 2, 2]\nv = [2, 0, 1]\ny = cosine_similarity(u, v)",
        "F.cosine_similarity(a, b, dim=axis, eps=eps)",
        {"axis": -1, "eps": 1e-8},
    ),
    Composite(
        "layer_norm",
        ("a", "b", "c"),
        _standardized(-1),
        "each row to mean 0 and variance 1, then scaled by b and shifted by c",
        "x = [[1, 2, 4], [3, 5, 1]]\ny = sum(layer_norm(x) * [1, 2, 3])",
        "F.layer_norm(a, a.shape[-1:], b, c, eps)",
        {"eps": 1e-5},
        optional=2,
    ),
    Composite(
        "batch_norm",
        ("a", "b", "c"),
        _standardized(0),
        "each column to mean 0 and variance 1, then scaled by b and shifted by c",
        "x = [[1, 2], [3, 5], [2, 0]]\ny = sum(batch_norm(x) * x)",
        "F.batch_norm(a, None, None, b, c, training=True, eps=eps)",
        {"eps": 1e-5},
        optional=2,
    ),
    Composite(
        "scaled_dot_product_attention",
        ("a", "b", "c"),
        _attention,
        "softmax of queries against keys, times the values",
        "Q = randn(2, 4)\nK = randn(3, 4)\nV = randn(3, 5)\ny = sum(scaled_dot_product_attention(Q, K, V) ** 2)",
        "F.scaled_dot_product_attention(a, b, c)",
    ),
    Composite(
        "softmin",
        ("a",),
        lambda _, __, statics: f"softmax(-a, axis={statics['axis']!r})",
        "softmax of the opposite numbers",
        "z = [1, 2, 3]\ny = softmin(z)[0]",
        "F.softmin(a, dim=axis)",
        {"axis": -1},
    ),
    Composite(
        "softsign", ("a",), lambda *_: "a / (1 + abs(a))", "a sigmoid with slow ends", "x = 0.5\ny = softsign(x)", "F.softsign(a)"
    ),
    Composite(
        "tanhshrink", ("a",), lambda *_: "a - tanh(a)", "what tanh takes away", "x = 0.5\ny = tanhshrink(x)", "F.tanhshrink(a)"
    ),
    Composite(
        "embedding",
        ("a", "b"),
        lambda *_: "take(b, a)",
        "the rows of a table b with the numbers a",
        "k = const([0, 2, 0])\nE = randn(3, 2)\ny = sum(embedding(k, E) ** 2)",
        "F.embedding(a.long(), b)",
    ),
    Composite(
        "squared_norm",
        ("a",),
        lambda *_: "sum(a ** 2)",
        "the sum of the squares",
        "x = [3, 4]\ny = squared_norm(x)",
        "torch.sum(a ** 2)",
    ),
]

COMPOSITES: Mapping[str, Composite] = {row.name: row for row in [*losses.ROWS, *_ROWS, *rearranged.ROWS, *einsum.ROWS]}

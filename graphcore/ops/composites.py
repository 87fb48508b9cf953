"""Ops that a program may use as one word and that the graph shows as their parts.

A composite's body is a text in the language over its operands' names; the parser puts the operands in and builds
ordinary nodes. Which text may depend on the operands' shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphcore.ops.namespaces import Shape
from graphcore.ops.row import ShapeError

Values = Sequence[Any]
Body = Callable[[Sequence[Shape], Values, Mapping[str, Any]], str]


@dataclass(frozen=True, eq=False)
class Composite:
    """A word of the language that stands for an expression.

    ``operands`` name what ``body`` speaks about, the last ``optional`` of them may be left out; ``body`` gets the
    shapes of the operands given, their values where they are constants (else None) and the static arguments, and
    returns the expression's text; it raises :class:`ShapeError` where they do not fit.

    >>> COMPOSITES["mse"].body([(3,), (3,)], [None, None], {"reduction": "mean"})
    'mean((a - b) ** 2)'
    """

    name: str
    operands: tuple[str, ...]
    body: Body
    sentence: str
    example: str
    torch: str
    statics: Mapping[str, Any] = field(default_factory=dict)
    optional: int = 0


def _reduced(each: str, statics: Mapping[str, Any]) -> str:
    """The mean, the sum or each of the losses."""
    how = statics.get("reduction", "mean")
    if how not in ("mean", "sum", "none"):
        raise ShapeError(f"reduction is 'mean', 'sum' or 'none', not {how!r}.")
    return each if how == "none" else f"{how}({each})"


def _alike(shapes: Sequence[Shape]) -> None:
    if shapes[0] != shapes[1]:
        raise ShapeError(f"{{0}} is {shapes[0]}, {{1}} is {shapes[1]}: prediction and target must have one shape.")


def _loss(name: str, each: str, sentence: str, *, example: str, torch: str, alike: bool = True, **statics: Any) -> Composite:
    """A loss of a prediction a and a target b; ``each`` may mention the statics in braces."""

    def body(shapes: Sequence[Shape], _: Values, given: Mapping[str, Any]) -> str:
        if alike:
            _alike(shapes)
        return _reduced(each.format(**{k: repr(v) for k, v in given.items()}), given)

    return Composite(name, ("a", "b"), body, sentence, example, torch, {**statics, "reduction": "mean"})


def _cross_entropy(shapes: Sequence[Shape], values: Values, statics: Mapping[str, Any]) -> str:
    scores, target = shapes
    if len(scores) not in (1, 2):
        raise ShapeError(f"{{0}} is {scores}: scores are one row of classes, or one row per example.")
    if target == scores:
        return _reduced("-sum(b * log_softmax(a, axis=-1), axis=-1)", statics)
    return _nll("log_softmax(a, axis=-1)", scores, target, values[1], statics)


def _nll_loss(shapes: Sequence[Shape], values: Values, statics: Mapping[str, Any]) -> str:
    return _nll("a", shapes[0], shapes[1], values[1], statics)


def _nll(logs: str, scores: Shape, target: Shape, numbers: Any, statics: Mapping[str, Any]) -> str:
    if target != scores[:-1]:
        raise ShapeError(
            f"{{0}} is {scores}, {{1}} is {target}: "
            f"the target is class numbers of shape {scores[:-1]} or probabilities of shape {scores}."
        )
    if numbers is not None:
        _check_classes(np.asarray(numbers), scores[-1])
        if not target:
            return f"-{logs}[{int(numbers)}]"
    return _reduced(f"-pick({logs}, b)", statics)


def _check_classes(numbers: Any, classes: int) -> None:
    broken = numbers[numbers != np.trunc(numbers)]
    if broken.size:
        raise ShapeError(f"{{1}} has the entry {broken.flat[0]:g}: a class number is a whole number.")
    beyond = numbers[(numbers < 0) | (numbers >= classes)]
    if beyond.size:
        raise ShapeError(f"{{1}} has the class {beyond.flat[0]:g}: there are {classes}, numbered 0 to {classes - 1}.")


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


_PAIR = "p = [0.5, 2]\nt = const([1, 0])\n"
_SCORES = "z = [[1, 2, 3], [1, 0, -1]]\nt = const([2, 0])\n"

_ROWS = [
    _loss("mse", "(a - b) ** 2", "mean squared error", alike=False, example=_PAIR + "L = mse(p, t)", torch="F.mse_loss(a, b)"),
    _loss("l1_loss", "abs(a - b)", "mean absolute error", example=_PAIR + "L = l1_loss(p, t)", torch="F.l1_loss(a, b)"),
    _loss(
        "huber_loss",
        "where(abs(a - b) <= {delta}, (a - b) ** 2 / 2, {delta} * (abs(a - b) - {delta} / 2))",
        "a parabola near 0, straight lines beyond delta",
        example=_PAIR + "L = huber_loss(p, t)",
        torch="F.huber_loss(a, b)",
        delta=1.0,
    ),
    _loss(
        "smooth_l1_loss",
        "where(abs(a - b) < {beta}, (a - b) ** 2 / (2 * {beta}), abs(a - b) - {beta} / 2)",
        "a parabola near 0, slope 1 beyond beta",
        example=_PAIR + "L = smooth_l1_loss(p, t)",
        torch="F.smooth_l1_loss(a, b)",
        beta=1.0,
    ),
    _loss(
        "binary_cross_entropy",
        "binary_cross_entropy_each(a, b)",
        "minus the log of the probability given to what happened",
        example="p = [0.2, 0.9]\nt = const([0, 1])\nL = binary_cross_entropy(p, t)",
        torch="F.binary_cross_entropy(a, b)",
    ),
    _loss(
        "binary_cross_entropy_with_logits",
        "(1 - b) * a - logsigmoid(a)",
        "binary cross entropy of sigmoid(a), without overflow",
        example=_PAIR + "L = binary_cross_entropy_with_logits(p, t)",
        torch="F.binary_cross_entropy_with_logits(a, b)",
    ),
    _loss(
        "hinge_loss",
        "relu(1 - a * b)",
        "0 once a * b is beyond the margin 1; targets are -1 and 1",
        example="p = [0.5, 2]\nt = const([1, -1])\nL = hinge_loss(p, t)",
        torch="torch.mean(torch.relu(1 - a * b))",
    ),
    _loss(
        "kl_div",
        "xlogy(b, b) - b * a",
        "Kullback-Leibler divergence; a is a log probability, b a probability",
        example="z = [1, 2, 3]\nt = const([0.2, 0.3, 0.5])\nL = kl_div(log_softmax(z), t, reduction='sum')",
        torch="F.kl_div(a, b)",
    ),
    Composite(
        "cross_entropy",
        ("a", "b"),
        _cross_entropy,
        "minus the log of softmax at the right class; b is class numbers or probabilities, told apart by their shape",
        _SCORES + "L = cross_entropy(z, t)",
        "F.cross_entropy(a, b)",
        {"reduction": "mean"},
    ),
    Composite(
        "nll_loss",
        ("a", "b"),
        _nll_loss,
        "minus the log probability of the right class",
        _SCORES + "L = nll_loss(log_softmax(z), t)",
        "F.nll_loss(a, b)",
        {"reduction": "mean"},
    ),
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

COMPOSITES: Mapping[str, Composite] = {row.name: row for row in _ROWS}

"""Losses, shown as their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.ops.composite import Composite, Values
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import ShapeError, said


def _reduced(each: str, statics: Mapping[str, Any]) -> str:
    """The mean, the sum or each of the losses."""
    how = statics.get("reduction", "mean")
    if how not in ("mean", "sum", "none"):
        raise ShapeError(f"reduction is 'mean', 'sum' or 'none', not {said(how)}.")
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


def _checked(shapes: Sequence[Shape], given: Mapping[str, Any]) -> None:
    """Scores of one example or of several, one weight a class, a share of smoothing, a way to reduce."""
    scores = shapes[0]
    _reduced("", given)
    if len(scores) not in (1, 2):
        raise ShapeError(f"{{0}} is {scores}: scores are one row of classes, or one row per example.")
    if len(shapes) > 2 and shapes[2] != scores[-1:]:
        raise ShapeError(f"{{0}} is {scores}, {{2}} is {shapes[2]}: one weight for each class is wanted, shape {scores[-1:]}.")
    if not 0 <= given.get("label_smoothing", 0) <= 1:
        raise ShapeError(f"label_smoothing is a share from 0 to 1, not {given['label_smoothing']!r}.")


def _cross_entropy(shapes: Sequence[Shape], values: Values, statics: Mapping[str, Any]) -> str:
    _checked(shapes, statics)
    scores, target, *weight = shapes
    smoothing = statics["label_smoothing"]
    if target != scores:
        return _by_class("log_softmax(a, axis=-1)", shapes, values[1], statics)
    if statics["ignore_index"] is not None:
        raise ShapeError("ignore_index is for class numbers; these are probabilities.")
    wanted = f"(b * {1 - smoothing!r} + {smoothing / max(scores[-1], 1)!r})" if smoothing else "b"
    return _reduced(f"-sum({wanted} * log_softmax(a, axis=-1){' * weight' if weight else ''}, axis=-1)", statics)


def _nll_loss(shapes: Sequence[Shape], values: Values, statics: Mapping[str, Any]) -> str:
    _checked(shapes, statics)
    return _by_class("a", shapes, values[1], statics)


def _by_class(logs: str, shapes: Sequence[Shape], numbers: Any, statics: Mapping[str, Any]) -> str:
    """Minus the log probability of the class with a number, weighted, smoothed, and without the classes to be ignored."""
    scores, target, *weight = shapes
    if target != scores[:-1]:
        raise ShapeError(
            f"{{0}} is {scores}, {{1}} is {target}: "
            f"the target is class numbers of shape {scores[:-1]} or probabilities of shape {scores}."
        )
    ignored = _ignored(numbers, statics)
    smoothing = statics.get("label_smoothing", 0)
    if numbers is not None:
        known = np.asarray(numbers)
        _check_classes(known[known != ignored], scores[-1])
        if not target and not weight and not smoothing and ignored is None:
            return f"-{logs}[{int(numbers)}]"
    number = "b" if ignored is None else f"where(b == {ignored}, 0, b)"
    if smoothing:
        share = f"((expand_dims({number}, -1) == arange({scores[-1]})) * {1 - smoothing!r} + {smoothing / scores[-1]!r})"
        each = f"-sum({logs} * {share}{' * weight' if weight else ''}, axis=-1)"
    else:
        each = f"-(take(weight, {number}) * pick({logs}, {number}))" if weight else f"-pick({logs}, {number})"
    each = each if ignored is None else f"where(b == {ignored}, 0, {each})"
    parts = f"take(weight, {number})" if weight else "1"
    if statics["reduction"] != "mean" or (not weight and ignored is None):
        return _reduced(each, statics)
    counted = parts if ignored is None else f"where(b == {ignored}, 0, {parts})" if weight else f"b != {ignored}"
    return f"sum({each}) / sum({counted})"


# the class number that torch ignores where nothing is said
_USUALLY_IGNORED = -100


def _ignored(numbers: Any, statics: Mapping[str, Any]) -> int | None:
    number = statics["ignore_index"]
    if number is None:
        return _USUALLY_IGNORED if numbers is not None and np.any(np.asarray(numbers) == _USUALLY_IGNORED) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise ShapeError(f"ignore_index is a class number, not {said(number)}.")
    return number


def _check_classes(numbers: Any, classes: int) -> None:
    broken = numbers[numbers != np.trunc(numbers)]
    if broken.size:
        raise ShapeError(f"{{1}} has the entry {broken.flat[0]:g}: a class number is a whole number.")
    beyond = numbers[(numbers < 0) | (numbers >= classes)]
    if beyond.size:
        raise ShapeError(f"{{1}} has the class {beyond.flat[0]:g}: there are {classes}, numbered 0 to {classes - 1}.")


_PAIR = "p = [0.5, 2]\nt = const([1, 0])\n"
_SCORES = "z = [[1, 2, 3], [1, 0, -1]]\nt = const([2, 0])\n"

ROWS = [
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
        ("a", "b", "weight"),
        _cross_entropy,
        "minus the log of softmax at the right class; b is class numbers or probabilities, told apart by their shape",
        _SCORES + "L = cross_entropy(z, t)",
        "F.cross_entropy(a, b)",
        {"ignore_index": None, "reduction": "mean", "label_smoothing": 0.0},
        optional=1,
    ),
    Composite(
        "nll_loss",
        ("a", "b", "weight"),
        _nll_loss,
        "minus the log probability of the right class",
        _SCORES + "L = nll_loss(log_softmax(z), t)",
        "F.nll_loss(a, b)",
        {"ignore_index": None, "reduction": "mean"},
        optional=1,
    ),
]

"""Losses: how far the entries are from their targets, summed up or not (``reduction`` 0 none, 1 mean, 2 sum)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula

_MEAN, _SUM = 1, 2


def reduce(each: Any, reduction: int) -> Any:
    """The losses of all entries as one number, or as they are."""
    if reduction == _MEAN:
        return np.mean(each) if each.size else np.float64(np.nan)
    return np.add.reduce(each, None) if reduction == _SUM else each


def spread(g: Any, count: int, reduction: int) -> Any:
    """What reaches each of ``count`` entries."""
    return g / count if reduction == _MEAN else g


def _sizes(self: Any, target: Any) -> int:
    return np.broadcast(self, target).size


def _pointwise(
    name: str, arguments: str, each: str, value: Callable[..., Any], slope: Callable[..., Any], text: str, **more: Any
) -> Row:
    """A loss of the differences: ``value(d)`` and its derivative ``slope(d)``, symmetric in both operands."""

    def forward(self: Any, target: Any, reduction: int, **rest: Any) -> Any:
        return reduce(value(self - target, **rest), reduction)

    def back(sign: int) -> Any:
        def run(g: Any, y: Any, self: Any, target: Any, reduction: int, **rest: Any) -> Any:
            return spread(g, _sizes(self, target), reduction) * (sign * slope(self - target, **rest))

        return run

    return aten(
        f"{name}(self, target, reduction=1{arguments})",
        Formula(f"reduced({each})", forward),
        self=Formula(f"spread(g) * {text}", back(1)),
        target=Formula(f"-spread(g) * {text}", back(-1)),
        **more,
    )


def _smooth(d: Any, beta: float) -> Any:
    size = np.abs(d)
    return np.where(size < beta, 0.5 * size * size / (beta or 1), size - 0.5 * beta)


def _smooth_slope(d: Any, beta: float) -> Any:
    return np.where(d <= -beta, -1.0, np.where(d >= beta, 1.0, d / (beta or 1)))


def _huber(d: Any, delta: float) -> Any:
    size = np.abs(d)
    return np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def _huber_slope(d: Any, delta: float) -> Any:
    return np.where(d <= -delta, -delta, np.where(d >= delta, delta, d))


def _bce(self: Any, target: Any, weight: Any, reduction: int) -> Any:
    each = (target - 1) * np.maximum(np.log1p(-self), -100) - target * np.maximum(np.log(self), -100)
    return reduce(each if weight is None else each * weight, reduction)


def _bce_self(g: Any, y: Any, self: Any, target: Any, weight: Any, reduction: int) -> Any:
    # torch's 1e-12 is a float32
    found = spread(g, self.size, reduction) * (self - target) / np.maximum((1 - self) * self, 9.999999960041972e-13)
    return found if weight is None else found * weight


def _bce_target(g: Any, y: Any, self: Any, target: Any, weight: Any, reduction: int) -> Any:
    found = spread(g, self.size, reduction) * (np.log1p(-self) - np.log(self))
    return found if weight is None else found * weight


def _softplus(a: Any) -> Any:
    """log(1 + exp(-a)) without overflow."""
    return np.log1p(np.exp(-np.abs(a))) + np.maximum(-a, 0)


def _logits(self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    if pos_weight is None:
        each = (1 - target) * self + _softplus(self)
    else:
        each = (1 - target) * self + ((pos_weight - 1) * target + 1) * _softplus(self)
    return reduce(each if weight is None else each * weight, reduction)


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def _logits_self(g: Any, y: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    if pos_weight is None:
        slope = _sigmoid(self) - target
    else:
        t = pos_weight * target
        slope = (t + 1 - target) * _sigmoid(self) - t
    found = spread(g, self.size, reduction) * slope
    return found if weight is None else found * weight


def _logits_target(g: Any, y: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    slope = -self if pos_weight is None else pos_weight * _softplus(self) - _softplus(-self)
    found = spread(g, self.size, reduction) * slope
    return found if weight is None else found * weight


def _soft_margin(self: Any, target: Any, reduction: int) -> Any:
    return reduce(np.log1p(np.exp(-target * self)), reduction)


def _soft_margin_self(g: Any, y: Any, self: Any, target: Any, reduction: int) -> Any:
    z = np.exp(-target * self)
    return spread(g, self.size, reduction) * (-target * z / (1 + z))


def _by_class(self: Array) -> Array:
    """With the classes last: (samples, positions..., classes)."""
    return np.moveaxis(self, 1, -1) if self.ndim > 2 else self


def _at(classes: Any) -> tuple[Any, ...]:
    """The subscript of the class of every sample in an array by class."""
    if classes.ndim == 1:
        return np.arange(len(classes)), classes
    return (*np.indices(classes.shape, sparse=True), classes)


def _class_weights(self: Array, target: Any, weight: Any, ignore_index: int) -> tuple[Any, Any]:
    """The class of every sample (0 where it is ignored) and its weight (0 there)."""
    used = target != ignore_index
    classes = np.where(used, target, 0)
    return classes, np.where(used, 1.0 if weight is None else weight[classes], 0.0)


def _nll(self: Array, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    classes, w = _class_weights(self, target, weight, ignore_index)
    picked = _by_class(self)[_at(classes)]
    each = np.where(w == 0, 0.0, -w * picked)
    if reduction == 0:
        return each, np.asarray(w if self.ndim == 1 else 0.0)
    total, sum = np.asarray(np.add.reduce(w, None)), np.asarray(np.add.reduce(each, None))
    return (sum / total if reduction == _MEAN else sum), total


def _nll_self(g: Any, y: Any, self: Array, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    classes, w = _class_weights(self, target, weight, ignore_index)
    share = np.where(w == 0, 0.0, -w * (g[0] / y[1] if reduction == _MEAN else g[0]))
    found = np.zeros(self.shape)
    _by_class(found)[_at(classes)] = share
    return found


def _margins(self: Array, target: Any, margin: float) -> tuple[Array, Any, Array]:
    """Rows of scores, their classes, and by how much each other class comes too close."""
    rows, classes = np.atleast_2d(self), np.reshape(target, (-1, 1))
    z = margin - np.take_along_axis(rows, classes, 1) + rows
    np.put_along_axis(z, classes, 0.0, 1)
    return rows, classes, np.maximum(z, 0.0)


def _multi_margin(self: Array, target: Any, p: int, margin: float, weight: Any, reduction: int) -> Any:
    rows, classes, z = _margins(self, target, margin)
    each = np.add.reduce(z**p if weight is None else z**p * weight[classes], 1) / rows.shape[1]
    return reduce(each.reshape(np.shape(target)), reduction)


def _multi_margin_self(g: Any, y: Any, self: Array, target: Any, p: int, margin: float, weight: Any, reduction: int) -> Any:
    rows, classes, z = _margins(self, target, margin)
    slope = (z > 0) * 1.0 if p == 1 else 2 * z
    slope = slope if weight is None else slope * weight[classes]
    np.put_along_axis(slope, classes, -np.add.reduce(slope, 1, keepdims=True), 1)
    return (slope / rows.shape[1] * np.reshape(spread(g, len(rows), reduction), (-1, 1))).reshape(self.shape)


def _label_pairs(self: Array, target: Any) -> tuple[Array, Any, Any, Array]:
    """Rows, their target classes, which of these count (those before the first -1), who is a target, and all margins."""
    rows, classes = np.atleast_2d(self), np.atleast_2d(target)
    counted = np.logical_and.accumulate(classes >= 0, 1)
    named = np.where(counted, classes, 0)
    is_target = np.zeros(rows.shape)
    line, place = np.nonzero(counted)
    is_target[line, classes[line, place]] = 1.0
    z = 1 - np.take_along_axis(rows, named, 1)[:, :, None] + rows[:, None, :]
    z = np.where(counted[:, :, None] & (is_target == 0)[:, None, :], np.maximum(z, 0.0), 0.0)
    return rows, named, is_target, z


def _multilabel(self: Array, target: Any, reduction: int) -> Any:
    rows, _, is_target, z = _label_pairs(self, target)
    each = np.add.reduce(z, (1, 2)) / rows.shape[1]
    return reduce(each.reshape(np.shape(self)[:-1]), reduction), is_target.reshape(self.shape)


def _multilabel_self(g: Any, y: Any, self: Array, target: Any, reduction: int) -> Any:
    rows, named, _, z = _label_pairs(self, target)
    close = (z > 0) / rows.shape[1]
    found = np.add.reduce(close, 1)
    line = np.broadcast_to(np.arange(len(rows))[:, None], named.shape)
    np.subtract.at(found, (line, named), np.add.reduce(close, 2))
    return (found * np.reshape(spread(g[0], len(rows), reduction), (-1, 1))).reshape(self.shape)


def _counts_classes(arguments: Any) -> bool:
    return bool(arguments["target"].kind == "int")


def _picked(name: str) -> Row:
    return aten(
        f"{name}(self, target, weight=None, reduction=1, ignore_index=-100)",
        Formula("reduced(-weight * pick(self, target))", _nll),
        spoken="negative log likelihood",
        says="only the entry of the right class is felt",
        when=_counts_classes,
        self=Formula("scatter_classes(-weight * spread(g), target)", _nll_self),
    )


ROWS: list[Row | Same] = [
    _pointwise(
        "mse_loss", "", "(self - target)**2", lambda d: d * d, lambda d: 2 * d, "2 * (self - target)", spoken="squared error"
    ),
    _pointwise(
        "smooth_l1_loss",
        ", beta=1.0",
        "where(abs(d) < beta, d**2 / (2 * beta), abs(d) - beta / 2)",
        _smooth,
        _smooth_slope,
        "clip(d / beta, -1, 1)",
        spoken="smooth L1 loss",
    ),
    _pointwise(
        "huber_loss",
        ", delta=1.0",
        "where(abs(d) <= delta, d**2 / 2, delta * (abs(d) - delta / 2))",
        _huber,
        _huber_slope,
        "clip(d, -delta, delta)",
        spoken="Huber loss",
    ),
    aten(
        "binary_cross_entropy(self, target, weight=None, reduction=1)",
        Formula("reduced(-weight * (target * log(self) + (1 - target) * log(1 - self)))", _bce),
        self=Formula("spread(g) * weight * (self - target) / (self * (1 - self))", _bce_self),
        target=Formula("spread(g) * weight * (log(1 - self) - log(self))", _bce_target),
    ),
    aten(
        "binary_cross_entropy_with_logits(self, target, weight=None, pos_weight=None, reduction=1)",
        Formula("reduced(weight * ((1 - target) * self + log(1 + exp(-self))))", _logits),
        spoken="binary cross entropy of logits",
        self=Formula("spread(g) * weight * (sigmoid(self) - target)", _logits_self),
        target=Formula("-spread(g) * weight * self", _logits_target),
    ),
    aten(
        "soft_margin_loss(self, target, reduction=1)",
        Formula("reduced(log(1 + exp(-target * self)))", _soft_margin),
        self=Formula("spread(g) * -target * sigmoid(-target * self)", _soft_margin_self),
    ),
    _picked("nll_loss_forward"),
    _picked("nll_loss2d_forward"),
    aten(
        "multi_margin_loss(self, target, p=1, margin=1, weight=None, reduction=1)",
        Formula("reduced(mean(maximum(margin - pick(self, target) + self, 0)**p))", _multi_margin),
        self=Formula("spread(g) * slopes(self)", _multi_margin_self),
    ),
    aten(
        "multilabel_margin_loss_forward(self, target, reduction=1)",
        Formula("reduced(mean(maximum(1 - take(self, target) + self, 0)))", _multilabel),
        spoken="multilabel margin loss",
        self=Formula("spread(g) * slopes(self)", _multilabel_self),
    ),
]

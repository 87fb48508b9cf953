"""Normalization: entries less their mean over their spread, and softmax with its kin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array, Shape
from graphcore.ops.row import Formula


def total(a: Any, axes: tuple[int, ...]) -> Any:
    """The sum over ``axes``, kept as axes of length 1: the last ones first, which lie in a row."""
    for axis in sorted(axes, reverse=True):
        a = np.add.reduce(a, axis, keepdims=True)
    return a


def products(a: Any, b: Any, axes: tuple[int, ...]) -> Any:
    """The sum of a * b over ``axes``, likewise; BLAS takes it along the last one without an array of products."""
    if axes == (a.ndim - 1,) and not np.iscomplexobj(a):  # of complex numbers vecdot takes the conjugate
        return np.vecdot(a, b)[..., None]
    return total(a * b, axes)


def normalized_back(g: Any, centered: Any, rstd: Any, axes: tuple[int, ...], weight: Any = 1.0) -> Any:
    """The gradient through (a - mean) * rstd * weight, where both numbers are taken over ``axes`` of a itself.

    The products are taken in torch's order, which tells where two entries all but cancel. ``centered`` is overwritten.
    """
    count = math.prod(centered.shape[k] for k in axes)
    along = products(g, centered, axes) * rstd * rstd / count
    centered *= along
    found = g - total(g, axes) / count
    found -= centered
    found *= rstd * weight
    return found


def _moments(a: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """The entries less their mean, the mean, and 1 / sqrt(variance + eps), both kept as axes of length 1."""
    count = math.prod(a.shape[k] for k in axes)
    mean = total(a, axes) / count
    centered = a - mean
    return centered, mean, 1 / np.sqrt(products(centered, centered, axes) / count + eps)


def _scaled(centered: Array, rstd: Array, weight: Any, bias: Any) -> Array:
    """centered * rstd * weight + bias, in place."""
    centered *= rstd
    if weight is not None:
        centered *= weight
    if bias is not None:
        centered += bias
    return centered


def _moments_back(parts: Any, first: int, centered: Any, rstd: Any, shape: Shape, axes: tuple[int, ...]) -> Any:
    """What the outputs mean and 1 / spread hand on, where they are used themselves; None where neither is."""
    if first not in parts and first + 1 not in parts:
        return None
    count = math.prod(centered.shape[k] for k in axes)
    found: Any = 0.0
    if first in parts:
        found = np.reshape(parts[first], shape) / count
    if first + 1 in parts:
        found = found - np.reshape(parts[first + 1], shape) * rstd**3 * centered / count
    return found


def _channels(a: Any, rank: int) -> Any:
    """A number per channel, along axis 1."""
    return np.reshape(a, (-1, *(1,) * (rank - 2)))


def _over(a: Array) -> tuple[int, ...]:
    return (0, *range(2, a.ndim))


def _batch_norm(input: Array, weight: Any, bias: Any, **rest: Any) -> Any:
    if rest.get("training", True):
        centered, mean, rstd = _moments(input, _over(input), rest["eps"])
        kept = (mean.reshape(-1), rstd.reshape(-1))
    else:
        mean, rstd = _running(input, rest)
        centered, kept = input - mean, (np.zeros(0), np.zeros(0))
    weight, bias = (None if k is None else _channels(k, input.ndim) for k in (weight, bias))
    return _scaled(centered, rstd, weight, bias), *kept


def _running(input: Array, rest: dict[str, Any]) -> tuple[Array, Array]:
    mean, var = rest["running_mean"], rest["running_var"]
    return _channels(mean, input.ndim), _channels(1 / np.sqrt(var + rest["eps"]), input.ndim)


def _batch_numbers(input: Array, y: Any, rest: dict[str, Any]) -> tuple[Array, Array]:
    """Mean and 1 / spread that the entries were normalized with."""
    if not rest.get("training", True):
        return _running(input, rest)
    return _channels(y[1], input.ndim), _channels(y[2], input.ndim)


def _batch_input(g: Any, y: Any, input: Array, weight: Any, **rest: Any) -> Any:
    mean, rstd = _batch_numbers(input, y, rest)
    factor = 1.0 if weight is None else _channels(weight, input.ndim)
    if not rest.get("training", True):
        return g[0] * (rstd * factor)
    return normalized_back(g[0], input - mean, rstd, _over(input), factor)


def _batch_weight(g: Any, y: Any, input: Array, weight: Any, **rest: Any) -> Any:
    mean, rstd = _batch_numbers(input, y, rest)
    product = input - mean
    product *= g[0]
    return (total(product, _over(input)) * rstd).reshape(-1)


def _batch_bias(g: Any, y: Any, input: Array, **_: Any) -> Any:
    return total(g[0], _over(input)).reshape(-1)


def _updated(input: Array, weight: Any, bias: Any, **rest: Any) -> Any:
    """Batch normalization with an empty reserve behind, as torch's newer op has it."""
    return (*_batch_norm(input, weight, bias, **rest), np.zeros(0, np.int64))


def _batch(signature: str, forward: Any = _batch_norm) -> Row:
    return aten(
        signature,
        Formula("(input - mean) * rstd * weight + bias", forward),
        spoken="batch normalization",
        says="mean and variance hang on every entry of the channel too",
        input=Formula("weight * rstd * (g - mean(g) - hat * mean(g * hat))", _batch_input),
        weight=Formula("sum(g * hat)", _batch_weight),
        bias=Formula("sum(g)", _batch_bias),
    )


def _layer_axes(input: Array, normalized_shape: Any) -> tuple[int, ...]:
    return tuple(range(input.ndim - len(normalized_shape), input.ndim))


def _layer_norm(input: Array, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    centered, mean, rstd = _moments(input, _layer_axes(input, normalized_shape), eps)
    return _scaled(centered, rstd, weight, bias), mean, rstd


def _layer_input(g: Any, y: Any, input: Array, normalized_shape: Any, weight: Any, **_: Any) -> Any:
    axes, centered = _layer_axes(input, normalized_shape), input - y[1]
    found = _moments_back(g, 1, centered, y[2], y[1].shape, axes)
    if 0 in g:
        through = normalized_back(g[0] if weight is None else g[0] * weight, centered, y[2], axes)
        return through if found is None else found + through
    return np.zeros(input.shape) if found is None else np.broadcast_to(found, input.shape)


def _layer_weight(g: Any, y: Any, input: Array, normalized_shape: Any, **_: Any) -> Any:
    if 0 not in g:
        return np.zeros(normalized_shape)
    found = input - y[1]
    found *= g[0]
    rows = y[2].reshape(-1)
    return (rows @ found.reshape(rows.size, math.prod(normalized_shape))).reshape(normalized_shape)


def _layer_bias(g: Any, y: Any, input: Array, normalized_shape: Any, **_: Any) -> Any:
    if 0 not in g:
        return np.zeros(normalized_shape)
    return np.add.reduce(g[0], tuple(range(input.ndim - len(normalized_shape))))


def _grouped(a: Any, rest: dict[str, Any]) -> Any:
    """As (sample, group, channel of the group, position)."""
    return np.reshape(a, (rest["N"], rest["group"], rest["C"] // rest["group"], rest["HxW"]))


def _per_channel(weight: Any, rest: dict[str, Any]) -> Any:
    return np.reshape(weight, (1, rest["group"], rest["C"] // rest["group"], 1))


def _group_norm(input: Array, weight: Any, bias: Any, eps: float, **rest: Any) -> Any:
    centered, mean, rstd = _moments(_grouped(input, rest), (2, 3), eps)
    weight, bias = (None if k is None else _per_channel(k, rest) for k in (weight, bias))
    y = _scaled(centered, rstd, weight, bias)
    groups = (rest["N"], rest["group"])
    return y.reshape(input.shape), mean.reshape(groups), rstd.reshape(groups)


def _group_input(g: Any, y: Any, input: Array, weight: Any, **rest: Any) -> Any:
    kept = (rest["N"], rest["group"], 1, 1)
    centered, rstd = _grouped(input, rest) - y[1].reshape(kept), y[2].reshape(kept)
    if 0 not in g:
        return np.zeros(input.shape)  # torch then takes mean and spread for numbers, unlike in layer normalization
    upstream = _grouped(g[0], rest)
    upstream = upstream if weight is None else upstream * _per_channel(weight, rest)
    used = _moments_back(g, 1, centered, rstd, kept, (2, 3))
    found = normalized_back(upstream, centered, rstd, (2, 3))
    return (found if used is None else found + used).reshape(input.shape)


def _group_weight(g: Any, y: Any, input: Array, **rest: Any) -> Any:
    if 0 not in g:
        return np.zeros(rest["C"])
    kept = (rest["N"], rest["group"], 1, 1)
    hat = (_grouped(input, rest) - y[1].reshape(kept)) * y[2].reshape(kept)
    return np.add.reduce(_grouped(g[0], rest) * hat, (0, 3)).reshape(-1)


def _group_bias(g: Any, y: Any, input: Array, **rest: Any) -> Any:
    return np.add.reduce(_grouped(g[0], rest), (0, 3)).reshape(-1) if 0 in g else np.zeros(rest["C"])


def _rms_norm(input: Array, normalized_shape: Any, weight: Any, eps: float | None) -> Any:
    axes = _layer_axes(input, normalized_shape)
    eps = float(np.finfo(np.float64).eps) if eps is None else eps
    rstd = 1 / np.sqrt(np.mean(input * input, axes, keepdims=True) + eps)
    y = input * rstd
    return (y if weight is None else y * weight), rstd


def _rms_input(g: Any, y: Any, input: Array, normalized_shape: Any, weight: Any, **_: Any) -> Any:
    axes, hat = _layer_axes(input, normalized_shape), input * y[1]
    found: Any = 0.0
    if 0 in g:
        upstream = g[0] if weight is None else g[0] * weight
        found = y[1] * (upstream - hat * np.mean(upstream * hat, axes, keepdims=True))
    return found - g[1] * y[1] ** 2 * hat / math.prod(normalized_shape) if 1 in g else found


def _rms_weight(g: Any, y: Any, input: Array, normalized_shape: Any, **_: Any) -> Any:
    if 0 not in g:
        return np.zeros(normalized_shape)
    return np.add.reduce(g[0] * (input * y[1]), tuple(range(input.ndim - len(normalized_shape))))


_LAYER_SAYS = "mean and variance hang on every entry too"
_STATS = "running_mean=None, running_var=None, "
_REST = "momentum=0.1, eps=1e-05"

ROWS: list[Row | Same] = [
    _batch(f"native_batch_norm(input, weight=None, bias=None, {_STATS}training=True, {_REST})"),
    _batch(f"_native_batch_norm_legit(input, weight=None, bias=None, {_STATS}training=True, {_REST})"),
    _batch(f"_batch_norm_with_update(input, weight=None, bias=None, {_STATS}{_REST})", _updated),
    aten(
        "native_layer_norm(input, normalized_shape=(), weight=None, bias=None, eps=1e-05)",
        Formula("(input - mean) * rstd * weight + bias", _layer_norm),
        spoken="layer normalization",
        says=_LAYER_SAYS,
        input=Formula("rstd * (weight * g - mean(weight * g) - hat * mean(weight * g * hat))", _layer_input),
        weight=Formula("sum(g * hat)", _layer_weight),
        bias=Formula("sum(g)", _layer_bias),
    ),
    aten(
        "native_group_norm(input, weight=None, bias=None, N=1, C=1, HxW=1, group=1, eps=1e-05)",
        Formula("(input - mean) * rstd * weight + bias", _group_norm),
        spoken="group normalization",
        says=_LAYER_SAYS,
        input=Formula("rstd * (weight * g - mean(weight * g) - hat * mean(weight * g * hat))", _group_input),
        weight=Formula("sum(g * hat)", _group_weight),
        bias=Formula("sum(g)", _group_bias),
    ),
    aten(
        "_fused_rms_norm(input, normalized_shape=(), weight=None, eps=None)",
        Formula("input * rstd * weight", _rms_norm),
        spoken="root mean square normalization",
        input=Formula("rstd * (weight * g - hat * mean(weight * g * hat))", _rms_input),
        weight=Formula("sum(g * hat)", _rms_weight),
    ),
]

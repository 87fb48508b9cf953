"""The large ops in short plain NumPy, to be read: their source is pasted into the programs of recorded networks.

The registry's own functions of the same ops are made for speed; a test holds the two to the same numbers. Windows are given by
``size`` (how many there are along each axis), ``stride``, ``padding`` and ``dilation``: one number for all axes, or one an axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Array = Any
Setting = int | Sequence[int]


def erf(x: Any) -> Any:
    """The error function, which NumPy does not have."""
    return np.vectorize(math.erf, otypes=[float])(x)


def below(x: Any) -> Any:
    """How much of the normal distribution lies below x."""
    return (1 + erf(x / np.sqrt(2))) / 2


def density(x: Any) -> Any:
    """The density of the normal distribution at x."""
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def places(kernel: Sequence[int], size: Sequence[int], stride: Setting = 1, dilation: Setting = 1) -> Iterator[Any]:
    """For each place in a window a subscript: what all windows see there."""
    for place in np.ndindex(*kernel):
        first = np.array(place) * dilation
        last = first + (np.array(size) - 1) * stride
        yield place, (..., *map(slice, first, last + 1, np.broadcast_to(stride, len(size))))


def bordered(
    x: Array,
    kernel: Sequence[int],
    size: Sequence[int],
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    value: float = 0.0,
) -> Array:
    """x in a border that every window fits into."""
    rank = len(size)
    reach = (np.array(size) - 1) * stride + (np.array(kernel) - 1) * dilation + 1
    before = np.broadcast_to(padding, rank)
    after = np.maximum(reach - before - x.shape[-rank:], 0)
    return np.pad(x, [(0, 0)] * (x.ndim - rank) + list(zip(before, after)), constant_values=value)


def inside(full: Array, size: Sequence[int], padding: Setting = 0) -> Any:
    """What the border was put around."""
    first = np.broadcast_to(padding, len(size))
    middle = (..., *map(slice, first, first + size))
    return full[middle]


def columns(x: Array, groups: int) -> Array:
    """The entries as columns of matrices: (sample, group, channel, position)."""
    return x.reshape(len(x), groups, x.shape[1] // groups, -1)


def at(weight: Array, place: tuple[Any, ...], groups: int) -> Array:
    """The weights at one place of the window as matrices: (group, channel of y, channel of x)."""
    place = (..., *place)
    return weight[place].reshape(groups, -1, weight.shape[1])


def convolve(
    x: Array,
    weight: Array,
    bias: Any,
    size: Sequence[int],
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Array:
    """Every window of x times the weights: y = W x over the channels, added up over the places in the window."""
    x = bordered(x, weight.shape[2:], size, stride, padding, dilation)
    y: Any = 0.0 if bias is None else bias.reshape(groups, -1, 1)
    for place, seen in places(weight.shape[2:], size, stride, dilation):
        y = y + at(weight, place, groups) @ columns(x[seen], groups)
    return y.reshape(len(x), len(weight), *size)


def convolution_input(
    g: Array,
    weight: Array,
    shape: Sequence[int],
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Any:
    """The gradient of a convolution's input: Wᵀ g, added where the window lies."""
    kernel = weight.shape[2:]
    full = bordered(np.zeros(shape), kernel, g.shape[2:], stride, padding, dilation)
    for place, seen in places(kernel, g.shape[2:], stride, dilation):
        product = at(weight, place, groups).mT @ columns(g, groups)
        full[seen] += product.reshape(full[seen].shape)
    return inside(full, shape[2:], padding)


def convolution_weight(
    g: Array,
    x: Array,
    shape: Sequence[int],
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Array:
    """The gradient of a convolution's weights: g xᵀ over all windows and samples."""
    x = bordered(x, shape[2:], g.shape[2:], stride, padding, dilation)
    found = np.zeros(shape)
    for place, seen in places(shape[2:], g.shape[2:], stride, dilation):
        product = columns(g, groups) @ columns(x[seen], groups).mT
        place = (..., *place)
        found[place] = product.sum(axis=0).reshape(shape[:2])
    return found


def max_pool(
    x: Array, kernel: Sequence[int], size: Sequence[int], stride: Setting = 1, padding: Setting = 0, dilation: Setting = 1
) -> Any:
    """The largest entry of every window."""
    x = bordered(x, kernel, size, stride, padding, dilation, -np.inf)
    return np.max([x[seen] for _, seen in places(kernel, size, stride, dilation)], axis=0)


def max_pool_input(
    g: Array, x: Array, kernel: Sequence[int], stride: Setting = 1, padding: Setting = 0, dilation: Setting = 1
) -> Any:
    """g goes to the largest entry of its window, of equal ones to the first."""
    size = g.shape[-len(kernel) :]
    full = bordered(x, kernel, size, stride, padding, dilation, -np.inf)
    windows = [seen for _, seen in places(kernel, size, stride, dilation)]
    largest = np.argmax([full[seen] for seen in windows], axis=0)
    found = np.zeros_like(full)
    for number, seen in enumerate(windows):
        found[seen] += np.where(largest == number, g, 0.0)
    return inside(found, x.shape[-len(kernel) :], padding)


def window_sum(x: Array, kernel: Sequence[int], size: Sequence[int], stride: Setting = 1, padding: Setting = 0) -> Any:
    """The sum of every window."""
    x = bordered(x, kernel, size, stride, padding)
    return np.sum([x[seen] for _, seen in places(kernel, size, stride)], axis=0)


def window_sum_input(g: Array, shape: Sequence[int], kernel: Sequence[int], stride: Setting = 1, padding: Setting = 0) -> Any:
    """g goes to every entry of its window."""
    size = g.shape[-len(kernel) :]
    full = bordered(np.zeros(shape), kernel, size, stride, padding)
    for _, seen in places(kernel, size, stride):
        full[seen] += g
    return inside(full, shape[-len(kernel) :], padding)


def softmax_of(x: Array, axis: int) -> Any:
    """Shares that are positive and add up to 1."""
    shares = np.exp(x - x.max(axis, keepdims=True))
    return shares / shares.sum(axis, keepdims=True)


def log_softmax_of(x: Array, axis: int) -> Any:
    """The logarithm of softmax."""
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def put(x: Array, place: Any, part: Any) -> Any:
    """x with a part written over."""
    y = x.copy()
    y[place] = part
    return y


def normalized(x: Array, axes: Any, eps: float) -> Any:
    """x less its mean, over its standard deviation."""
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def normalized_input(g: Array, x: Array, axes: Any, eps: float) -> Any:
    """The gradient through ``normalized``: mean and deviation hang on every entry too."""
    y = normalized(x, axes, eps)
    rest = g - g.mean(axes, keepdims=True) - y * (g * y).mean(axes, keepdims=True)
    return rest / np.sqrt(x.var(axes, keepdims=True) + eps)

"""Convolution: windows laid out as the columns of a matrix, then one matrix product per group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.aten.windows import Windows, each, windows
from graphcore.ops.backward import Array, Shape
from graphcore.ops.row import Formula

_LARGEST = 4_000_000  # entries of the matrix of windows that are in memory at once; more samples take turns
_MANY = 200  # windows of a sample from which on it is a matrix product by itself
_WORTH = 20  # products that an addition out of line costs


class _Plan(NamedTuple):
    """A convolution of the ``wide`` side (its input, or the output of a transposed one) with ``groups`` groups.

    Samples with many windows are a matrix product each; those with few share one, for BLAS wants its matrices large.
    With ``loose`` the gaps between rows of windows are kept: some products with zeros, but long rows to copy and add.
    """

    windows: Windows
    groups: int
    loose: bool

    @property
    def shared(self) -> bool:
        """Whether all samples are one matrix product."""
        return math.prod(self.windows.counts) < _MANY

    def turns(self, samples: int, channels: int) -> Iterator[slice]:
        """Slices of the batch, each small enough for its matrix of windows."""
        one = channels * math.prod(self.windows.kernel) * math.prod(self.windows.counts)
        count = max(1, _LARGEST // max(1, one))
        return (slice(k, k + count) for k in range(0, samples, count))

    def columns(self, wide: Array) -> Array:
        """The windows as columns: (sample, group, channel and place in the window, window)."""
        w = self.windows
        samples, channels, rank = *wide.shape[:2], len(w.size)
        rows = channels // self.groups * math.prod(w.kernel)
        if w.counts == w.padded == w.size and rows == channels // self.groups and not self.shared:
            return wide.reshape(samples, self.groups, rows, -1)
        view = w.loose_view(w.pad(wide)) if self.loose else w.view(w.pad(wide))
        places, outs = range(view.ndim - rank, view.ndim), range(2, view.ndim - rank)
        ends = math.prod(view.shape[2:-rank])
        if self.shared:
            return view.transpose(1, *places, 0, *outs).reshape(1, self.groups, rows, samples * ends)
        return view.transpose(0, 1, *places, *outs).reshape(samples, self.groups, rows, ends)

    def lines(self, narrow: Array, whole: bool = False) -> Array:
        """The other side likewise: (sample, group, channel, window)."""
        w = self.windows
        flat = w.loosened(narrow, whole) if self.loose else narrow.reshape(*narrow.shape[:2], math.prod(narrow.shape[2:]))
        samples, channels, ends = flat.shape
        if self.shared:
            return np.swapaxes(flat, 0, 1).reshape(1, self.groups, channels // self.groups, samples * ends)
        return flat.reshape(samples, self.groups, channels // self.groups, ends)

    def matrix(self, weight: Array) -> Array:
        """The weights as (group, channel of the narrow side, channel and place of the wide side)."""
        return weight.reshape(self.groups, weight.shape[0] // self.groups, math.prod(weight.shape[1:]))

    def by_sample(self, product: Array, rows: tuple[int, ...], samples: int) -> Array:
        """A matrix product as (sample, rows..., windows)."""
        if not self.shared:
            return product.reshape(samples, *rows, product.shape[-1])
        return np.moveaxis(product.reshape(*rows, samples, product.shape[-1] // max(1, samples)), -2, 0)

    def narrow(self, wide: Array, weight: Array) -> Array:
        """Every window times the weights: the forward of a convolution."""
        w = self.windows
        y = np.empty((wide.shape[0], weight.shape[0], *w.counts))
        for part in self.turns(*wide.shape[:2]):
            mine, matrix, columns = y[part], self.matrix(weight), self.columns(wide[part])
            if not self.loose and not self.shared:
                np.matmul(matrix, columns, out=mine.reshape(len(mine), *matrix.shape[:2], columns.shape[-1]))
                continue
            found = self.by_sample(matrix @ columns, weight.shape[:1], len(mine))
            mine[:] = w.tightened(found) if self.loose else found.reshape(mine.shape)
        return y

    def wide(self, narrow: Array, weight: Array) -> Array:
        """The transpose: every entry times the weights, added up where its window lies."""
        w = self.windows
        channels = weight.shape[1] * self.groups
        full = np.empty((narrow.shape[0], channels, *w.size))
        for part in self.turns(narrow.shape[0], channels):
            mine = full[part]
            product = self.matrix(weight).swapaxes(1, 2) @ self.lines(narrow[part], whole=True)
            parts: Any = self.by_sample(product, (channels, *w.kernel), len(mine))
            if self.loose:
                mine[:] = w.loose_add(parts)
                continue
            parts = parts.reshape(*parts.shape[:-1], *w.counts)
            mine[:] = w.overlap_add(lambda at, parts=parts: parts[(slice(None), slice(None), *at)], (len(mine), channels))
        return full

    def weights(self, narrow: Array, wide: Array, shape: tuple[int, ...]) -> Array:
        """Every window times the entry that it makes, summed: the gradient of the weights."""
        total: Any = None
        for part in self.turns(*wide.shape[:2]):
            for line, column in zip(self.lines(narrow[part]), self.columns(wide[part])):
                product = line @ column.swapaxes(1, 2)
                total = product if total is None else np.add(total, product, out=total)
        return np.zeros(shape) if total is None else np.asarray(total.reshape(shape))


class _Depthwise(NamedTuple):
    """A convolution where every channel is a group by itself: too thin for matrix products."""

    windows: Windows

    def narrow(self, wide: Array, weight: Array) -> Array:
        padded: Any = self.windows.pad(wide)
        y = np.zeros((*wide.shape[:2], *self.windows.counts))
        for place in self.windows.places():
            y += padded[(..., *self.windows.slices(place))] * self._factor(weight, place)
        return y

    def wide(self, narrow: Array, weight: Array) -> Array:
        return self.windows.overlap_add(lambda place: narrow * self._factor(weight, place), narrow.shape[:2])

    def weights(self, narrow: Array, wide: Array, shape: tuple[int, ...]) -> Array:
        padded: Any = self.windows.pad(wide)
        total: Any = np.empty(shape)
        for place in self.windows.places():
            product = narrow * padded[(..., *self.windows.slices(place))]
            each = product.reshape(*product.shape[:2], math.prod(product.shape[2:]))
            total[(slice(None), 0, *place)] = np.add.reduce(np.add.reduce(each, 2), 0)
        return np.asarray(total)

    def _factor(self, weight: Any, place: tuple[int, ...]) -> Any:
        return weight[(slice(None), 0, *place)].reshape(-1, *(1,) * len(place))


def _plan(input: Array, weight: Array, rest: dict[str, Any]) -> _Plan | _Depthwise:
    more = rest["output_padding"] if rest["transposed"] else None
    return _made_plan(input.shape[2:], weight.shape, rest["stride"], rest["padding"], rest["dilation"], rest["groups"], more)


@lru_cache(maxsize=1024)
def _made_plan(
    counts: Shape, shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int, more: Shape | None
) -> _Plan | _Depthwise:
    """The plan for an input of this extent and weights of this shape; ``more`` at the end of a transposed convolution."""
    rank, kernel = len(shape) - 2, shape[2:]
    stride, padding, dilation = (each(setting, rank) for setting in (stride, padding, dilation))
    if more is not None:
        ends = zip(counts, stride, padding, dilation, kernel, each(more, rank))
        size = tuple((n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, s, p, d, k, o in ends)
        found = Windows(size, kernel, stride, padding, dilation, counts)
    else:
        found = windows(counts, kernel, stride, padding, dilation)
    if shape[:2] == (groups, 1):
        return _Depthwise(found)
    gaps = math.prod(found.padded[1:]) / max(1, math.prod(found.counts[1:])) - 1
    loose = set(found.stride) == {1} and gaps * shape[0] < _WORTH * groups and math.prod(kernel) > 1
    return _Plan(found, groups, loose)


def _strict(plan: _Plan | _Depthwise, factors: Array) -> _Plan | _Depthwise:
    """The plan without gaps where a factor of their zeros is inf or nan, which would make nan of them."""
    if isinstance(plan, _Plan) and plan.loose and not np.isfinite(np.add.reduce(factors, None)):
        return plan._replace(loose=False)
    return plan


def _convolution(input: Array, weight: Array, bias: Array | None, **rest: Any) -> Array:
    plan = _plan(input, weight, rest)
    y = _strict(plan, weight).wide(input, weight) if rest["transposed"] else plan.narrow(input, weight)
    if bias is not None:
        y += bias.reshape(-1, *(1,) * (weight.ndim - 2))
    return y


def _input(g: Array, y: Array, input: Array, weight: Array, **rest: Any) -> Array:
    plan = _plan(input, weight, rest)
    return plan.narrow(g, weight) if rest["transposed"] else _strict(plan, weight).wide(g, weight)


def _weight(g: Array, y: Array, input: Array, weight: Array, **rest: Any) -> Array:
    plan = _plan(input, weight, rest)
    narrow, wide = (input, g) if rest["transposed"] else (g, input)
    return _strict(plan, wide).weights(narrow, wide, weight.shape)


def _bias(g: Array, y: Array, **rest: Any) -> Any:
    return np.add.reduce(g, (0, *range(2, g.ndim)))


def _row(name: str, more: str) -> Row:
    return aten(
        f"{name}(input, weight, bias=None, stride=(1,), padding=(0,), dilation=(1,), transposed=False, "
        f"output_padding=(0,), groups=1{more})",
        Formula("convolve(input, weight) + bias", _convolution),
        spoken="convolution",
        says="every window meets the same weights, so what they hand on adds up",
        input=Formula("convolve_transposed(g, weight)", _input),
        weight=Formula("convolve(input, g)", _weight),
        bias=Formula("sum(g, (0, 2, 3))", _bias),
    )


ROWS: list[Row | Same] = [
    _row("convolution", ""),
    _row("_convolution", ", benchmark=False, deterministic=False, cudnn_enabled=True, allow_tf32=True"),
]

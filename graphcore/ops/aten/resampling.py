"""Ops that take every output entry from a few input entries of the same row: upsampling, and padding with copies.

Along each axis such an op is a list of *taps*: for every output position an input position and a weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula

Positions = npt.NDArray[np.int64]


class Tap(NamedTuple):
    """The input position of every output position along an axis, and its weight (None: 1)."""

    positions: Positions
    weights: Array | None


Taps = tuple[Tap, ...]


def add_at(g: Any, positions: Positions, size: int, axis: int) -> Array:
    """Zeros with ``size`` entries along ``axis`` to which entry k of ``g`` is added at ``positions[k]``."""
    shape = list(np.shape(g))
    shape[axis] = size
    full = np.zeros(shape)
    if not len(positions) or not full.size:
        return full
    order = np.argsort(positions, kind="stable")
    there = positions[order]
    starts = np.flatnonzero(np.concatenate(([True], there[1:] != there[:-1])))
    at: tuple[Any, ...] = (slice(None),) * (axis % full.ndim)
    sorted_g = g if (order[1:] > order[:-1]).all() else np.take(g, order, axis)
    full[(*at, there[starts])] = np.add.reduceat(sorted_g, starts, axis)
    return full


def _weighted(a: Array, weights: Array | None, axis: int) -> Array:
    return a if weights is None else a * weights.reshape(-1, *(1,) * (-axis - 1))


def resample(self: Array, taps: tuple[Taps, ...]) -> Array:
    """The last axes one after the other, each through its taps."""
    y = self
    for axis, some in zip(range(-len(taps), 0), taps):
        y = sum((_weighted(np.take(y, tap.positions, axis), tap.weights, axis) for tap in some[1:]), _first(y, some[0], axis))
    return y


def _first(a: Array, tap: Tap, axis: int) -> Array:
    return _weighted(np.take(a, tap.positions, axis), tap.weights, axis)


def resample_back(g: Array, self: Array, taps: tuple[Taps, ...]) -> Array:
    """The transpose: what every input entry was taken for, added up."""
    for axis, some in zip(range(-len(taps), 0), taps):
        size = self.shape[axis]
        total = add_at(_weighted(g, some[0].weights, axis), some[0].positions, size, axis)
        for tap in some[1:]:
            total += add_at(_weighted(g, tap.weights, axis), tap.positions, size, axis)
        g = total
    return g


def _source(size: int, count: int, align: bool, scale: float | None) -> Array:
    """Where the output positions lie on the input, as torch computes it."""
    k = np.arange(count, dtype=np.float64)
    if align:
        return k * ((size - 1) / (count - 1) if count > 1 else 0.0)
    return (k + 0.5) * (1 / scale if scale else size / count) - 0.5


@lru_cache(maxsize=256)
def _nearest(size: int, count: int, align: bool, scale: float | None) -> Taps:
    ratio = np.float32(1 / scale if scale else size / count)
    positions = np.floor(np.arange(count, dtype=np.float32) * ratio).astype(np.int64)
    return (Tap(np.minimum(positions, size - 1), None),)


@lru_cache(maxsize=256)
def _nearest_exact(size: int, count: int, align: bool, scale: float | None) -> Taps:
    ratio = np.float32(1 / scale if scale else size / count)
    positions = np.floor((np.arange(count, dtype=np.float32) + np.float32(0.5)) * ratio).astype(np.int64)
    return (Tap(np.minimum(positions, size - 1), None),)


@lru_cache(maxsize=256)
def _linear(size: int, count: int, align: bool, scale: float | None) -> Taps:
    if size == count:
        return (Tap(np.arange(size), None),)
    source = np.maximum(_source(size, count, align, scale), 0.0)
    low = np.minimum(source.astype(np.int64), size - 1)
    right = np.clip(source - low, 0.0, 1.0)
    return Tap(low, 1 - right), Tap(np.minimum(low + 1, size - 1), right)


@lru_cache(maxsize=256)
def _cubic(size: int, count: int, align: bool, scale: float | None) -> Taps:
    source = _source(size, count, align, scale)
    low = np.floor(source)
    t = source - low
    a = -0.75
    near = [((a + 2) * x - (a + 3)) * x * x + 1 for x in (t, 1 - t)]
    far = [((a * x - 5 * a) * x + 8 * a) * x - 4 * a for x in (t + 1, 2 - t)]
    weights = (far[0], near[0], near[1], far[1])
    return tuple(Tap(np.clip(low.astype(np.int64) + k - 1, 0, size - 1), w) for k, w in enumerate(weights))


def _tent(x: Any) -> Any:
    return np.maximum(1 - np.abs(x), 0.0)


def _spline(x: Any) -> Any:
    a, x = -0.5, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x < 1, near, np.where(x < 2, (((x - 5) * x + 8) * x - 4) * a, 0.0))


def _smoothed(filter: Callable[[Any], Any], reach: float) -> Callable[..., Taps]:
    """Taps as wide as an output entry where the output is the smaller side (antialiasing)."""

    @lru_cache(maxsize=256)
    def taps(size: int, count: int, align: bool, scale: float | None) -> Taps:
        ratio = ((size - 1) / (count - 1) if count > 1 else 0.0) if align else (1 / scale if scale else size / count)
        support = reach * max(ratio, 1.0)
        squeeze = 1 / max(ratio, 1.0)
        center = ratio * (np.arange(count) + 0.5)
        start = np.maximum((center - support + 0.5).astype(np.int64), 0)
        length = np.minimum((center + support + 0.5).astype(np.int64), size) - start
        k = np.arange(length.max())[:, None]
        weights = np.where(k < length, filter((k + start - center + 0.5) * squeeze), 0.0)
        weights /= weights.sum(0)
        return tuple(Tap(np.minimum(start + j, size - 1), w) for j, w in enumerate(weights))

    return taps


def _scales(rest: Mapping[str, Any], rank: int) -> list[float | None]:
    names = ("scales",) if rank == 1 else ("scales_d", "scales_h", "scales_w")[-rank:]
    return [rest.get(name) for name in names]


def _upsample(name: str, rank: int, taps: Callable[..., Taps], spoken: str, align: bool = False) -> Row:
    def settings(self: Array, rest: Mapping[str, Any]) -> tuple[Taps, ...]:
        sizes = zip(self.shape[-rank:], rest["output_size"], _scales(rest, rank))
        return tuple(taps(n, m, rest.get("align_corners", False), scale) for n, m, scale in sizes)

    def forward(self: Array, **rest: Any) -> Array:
        return resample(self, settings(self, rest))

    def back(g: Array, y: Array, self: Array, **rest: Any) -> Array:
        return resample_back(g, self, settings(self, rest))

    scales = {1: "scales=None", 2: "scales_h=None, scales_w=None", 3: "scales_d=None, scales_h=None, scales_w=None"}[rank]
    return aten(
        f"{name}(self, output_size=(), {'align_corners=False, ' if align else ''}{scales})",
        Formula("resample(self)", forward),
        spoken=spoken,
        says="every entry gets g back with the weights it was used with",
        when=lambda arguments: "self" in arguments,
        self=Formula("resample_transposed(g)", back),
    )


@lru_cache(maxsize=256)
def _mirrored(size: int, before: int, after: int) -> Taps:
    k = np.abs(np.arange(-before, size + after))
    return (Tap(np.where(k < size, k, 2 * (size - 1) - k), None),)


@lru_cache(maxsize=256)
def _repeated(size: int, before: int, after: int) -> Taps:
    return (Tap(np.clip(np.arange(-before, size + after), 0, size - 1), None),)


def _padding(name: str, rank: int, taps: Callable[..., Taps]) -> Row:
    def settings(self: Array, padding: Any) -> tuple[Taps, ...]:
        pairs = [tuple(padding[2 * k : 2 * k + 2]) for k in range(rank)][::-1]
        return tuple(taps(n, before, after) for n, (before, after) in zip(self.shape[-rank:], pairs))

    return aten(
        f"{name}_pad{rank}d(self, padding=(0, 0))",
        Formula("pad(self)", lambda self, padding: resample(self, settings(self, padding))),
        spoken=f"{name} padding",
        says="every entry gets g back from all its copies",
        self=Formula("pad_transposed(g)", lambda g, y, self, padding: resample_back(g, self, settings(self, padding))),
    )


def _grid_of(theta: Array, size: Any, align: bool) -> Array:
    """The coordinates of every output pixel, with a last 1, as (all pixels, coordinates)."""
    axes = [np.linspace(-1, 1, n) * (1.0 if align else (n - 1) / n) if n > 1 else np.zeros(1) for n in size[2:]]
    grids = np.meshgrid(*axes, indexing="ij")[::-1]
    return np.stack([*(k.ravel() for k in grids), np.ones(math.prod(size[2:]))], -1)


def _affine(theta: Array, size: Any, align_corners: bool) -> Array:
    y = _grid_of(theta, size, align_corners) @ theta.swapaxes(1, 2)
    return y.reshape(size[0], *size[2:], len(size) - 2)


def _affine_back(g: Array, y: Array, theta: Array, size: Any, align_corners: bool) -> Array:
    return g.reshape(size[0], -1, len(size) - 2).swapaxes(1, 2) @ _grid_of(theta, size, align_corners)


ROWS: list[Row | Same] = [
    *(_upsample(f"upsample_nearest{n}d", n, _nearest, "nearest upsampling") for n in (1, 2, 3)),
    *(_upsample(f"_upsample_nearest_exact{n}d", n, _nearest_exact, "nearest upsampling") for n in (1, 2, 3)),
    _upsample("upsample_linear1d", 1, _linear, "linear upsampling", True),
    _upsample("upsample_bilinear2d", 2, _linear, "bilinear upsampling", True),
    _upsample("upsample_trilinear3d", 3, _linear, "trilinear upsampling", True),
    _upsample("upsample_bicubic2d", 2, _cubic, "bicubic upsampling", True),
    _upsample("_upsample_bilinear2d_aa", 2, _smoothed(_tent, 1.0), "antialiased bilinear upsampling", True),
    _upsample("_upsample_bicubic2d_aa", 2, _smoothed(_spline, 2.0), "antialiased bicubic upsampling", True),
    *(_padding("reflection", n, _mirrored) for n in (1, 2, 3)),
    *(_padding("replication", n, _repeated) for n in (1, 2, 3)),
    aten(
        "affine_grid_generator(theta, size=(), align_corners=False)",
        Formula("grid @ theta.T", _affine),
        spoken="affine grid",
        theta=Formula("g.T @ grid", _affine_back),
    ),
]

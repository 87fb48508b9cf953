"""Grid sampling: every output pixel is taken from where a grid of coordinates between -1 and 1 says."""

from __future__ import annotations

import math
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from graphcore.ops.aten.indexing import returned
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula

_LINEAR, _NEAREST = 0, 1
_ZEROS, _BORDER = 0, 1


class _Tap(NamedTuple):
    """Along one axis: input positions, which of them exist, their weights, and the weights' slopes by the coordinate."""

    position: Any
    exists: Any
    weight: Any
    slope: Any


def _folded(x: Any, size: int, padding: int, align: bool) -> tuple[Any, Any]:
    """Coordinates brought inside as the padding mode has it, and their slope."""
    if padding == _ZEROS:
        return x, 1.0
    slope: Any = 1.0
    if padding != _BORDER:
        low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
        if span == 0:
            return np.zeros_like(x), 0.0
        from_low = x - low
        sign = np.where(from_low < 0, -1.0, 1.0)
        from_low = np.abs(from_low)
        extra, even = np.fmod(from_low, span), np.floor(from_low / span) % 2 == 0
        x, slope = np.where(even, extra, span - extra) + low, np.where(even, sign, -sign)
    return np.clip(x, 0, size - 1), np.where((x <= 0) | (x >= size - 1), 0.0, slope)


def _tap(position: Any, size: int, weight: Any, slope: Any) -> _Tap:
    exists = (position >= 0) & (position < size)
    return _Tap(np.where(exists, position, 0).astype(np.int64), exists, weight, slope)


def _cubic(t: Any) -> list[tuple[Any, Any]]:
    """The four weights of a cubic spline, and their slopes."""
    a = -0.75
    near = [(((a + 2) * x - (a + 3)) * x * x + 1, (3 * (a + 2) * x - 2 * (a + 3)) * x) for x in (t, 1 - t)]
    far = [(((a * x - 5 * a) * x + 8 * a) * x - 4 * a, (3 * a * x - 10 * a) * x + 8 * a) for x in (t + 1, 2 - t)]
    return [far[0], near[0], (near[1][0], -near[1][1]), (far[1][0], -far[1][1])]


def _taps(coordinate: Any, size: int, mode: int, padding: int, align: bool) -> list[_Tap]:
    """What an axis of ``size`` entries hands to a coordinate between -1 and 1."""
    scale = (size - 1) / 2 if align else size / 2
    x = (coordinate + 1) * scale - (0.0 if align else 0.5)
    if mode not in (_LINEAR, _NEAREST):
        low = np.floor(x)
        spots = [_folded(low + k - 1, size, padding, align)[0] for k in range(4)]
        return [_tap(spot, size, w, d * scale) for spot, (w, d) in zip(spots, _cubic(x - low))]
    x, slope = _folded(x, size, padding, align)
    if mode == _NEAREST:
        return [_tap(np.rint(x), size, 1.0, None)]
    low = np.floor(x)
    slope = slope * scale
    return [_tap(low, size, low + 1 - x, -slope), _tap(low + 1, size, x - low, slope)]


class _Corner(NamedTuple):
    flat: Any
    exists: Any
    taps: tuple[_Tap, ...]

    def weight(self, but: int | None = None) -> Any:
        """The product of the weights; of axis ``but`` the slope instead."""
        found: Any = 1.0
        for axis, tap in enumerate(self.taps):
            found = found * (tap.slope if axis == but else tap.weight)
        return np.where(self.exists, found, 0.0)


def _corners(input: Array, grid: Array, mode: int, padding: int, align: bool) -> list[_Corner]:
    size = input.shape[2:]
    points = grid.reshape(len(grid), math.prod(grid.shape[1:-1]), grid.shape[-1])[..., ::-1]
    axes = [_taps(points[..., k], n, mode, padding, align) for k, n in enumerate(size)]
    found = []
    for taps in product(*axes):
        flat: Any = 0
        exists: Any = True
        for n, tap in zip(size, taps):
            flat, exists = flat * n + tap.position, exists & tap.exists
        found.append(_Corner(flat, exists, taps))
    return found


def _values(input: Array, corner: _Corner) -> Array:
    """The entries at a corner as (sample, channel, point), 0 where there are none."""
    planes = input.reshape(*input.shape[:2], math.prod(input.shape[2:]))
    return np.where(corner.exists[:, None], np.take_along_axis(planes, corner.flat[:, None], 2), 0.0)


def _sample(input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Array:
    total = np.zeros((*input.shape[:2], math.prod(grid.shape[1:-1])))
    for corner in _corners(input, grid, interpolation_mode, padding_mode, align_corners):
        total += corner.weight()[:, None] * _values(input, corner)
    return total.reshape(*input.shape[:2], *grid.shape[1:-1])


def _input(g: Any, y: Any, input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    planes, area = input.shape[0] * input.shape[1], math.prod(input.shape[2:])
    upstream = g.reshape(*input.shape[:2], math.prod(g.shape[2:]))
    starts = np.arange(planes).reshape(*input.shape[:2], 1) * area
    found = np.zeros(input.shape)
    for corner in _corners(input, grid, interpolation_mode, padding_mode, align_corners):
        found += returned(upstream * corner.weight()[:, None], starts + corner.flat[:, None], input.shape)
    return found


def _grid(g: Any, y: Any, input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    upstream = g.reshape(*input.shape[:2], math.prod(g.shape[2:]))
    rank = grid.shape[-1]
    found = np.zeros((len(grid), math.prod(grid.shape[1:-1]), rank))
    if interpolation_mode == _NEAREST:
        return found.reshape(grid.shape)
    for corner in _corners(input, grid, interpolation_mode, padding_mode, align_corners):
        felt = np.add.reduce(upstream * _values(input, corner), 1)
        for axis in range(rank):
            found[..., rank - 1 - axis] += felt * corner.weight(axis)
    return found.reshape(grid.shape)


ROWS: list[Row | Same] = [
    aten(
        f"grid_sampler_{n}d(input, grid, interpolation_mode=0, padding_mode=0, align_corners=False)",
        Formula("weights(grid) @ input", _sample),
        spoken="grid sampling",
        says="every entry gets g back with the weights it was used with",
        input=Formula("weights(grid).T @ g", _input),
        grid=Formula("slopes(grid) @ input * g", _grid),
    )
    for n in (2, 3)
]

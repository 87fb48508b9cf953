"""Unpooling, pooling over random windows, and folding: entries moved to and from windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.ops.aten.pooling import largest
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.aten.windows import Windows, windows
from graphcore.ops.backward import Array, Shape
from graphcore.ops.row import Formula


def _unpool(self: Array, indices: Any, output_size: Any, **_: Any) -> Array:
    rank = len(output_size)
    leading = self.shape[:-rank]
    full = np.zeros((*leading, *output_size))
    planes = full.reshape(math.prod(leading), math.prod(output_size))
    many = math.prod(self.shape[-rank:])
    np.put_along_axis(planes, indices.reshape(len(planes), many), self.reshape(len(planes), many), 1)
    return full


def _unpool_back(g: Array, y: Array, self: Array, indices: Any, output_size: Any, **_: Any) -> Array:
    planes, many = math.prod(self.shape[: -len(output_size)]), math.prod(self.shape[-len(output_size) :])
    wide = g.reshape(planes, math.prod(output_size))
    return np.take_along_axis(wide, indices.reshape(planes, many), 1).reshape(self.shape)


def _starts(sample: Any, length: int, count: int, kernel: int) -> Any:
    """Where the fractional windows of an axis begin, for one random number each."""
    if count == 1:
        return np.full((*sample.shape, 1), length - kernel)
    alpha = (length - kernel) / (count - 1)
    steps = np.arange(count)
    found = ((steps + sample[..., None]) * alpha).astype(np.int64) - (sample[..., None] * alpha).astype(np.int64)
    found[..., -1] = length - kernel
    return found


def _fractional(self: Array, kernel_size: Any, output_size: Any, random_samples: Array) -> Any:
    rank = len(output_size)
    single = self.ndim == rank + 1
    a = self[None] if single else self
    best = np.full((*a.shape[:2], *output_size), -np.inf)
    # torch's samples go from the last axis to the first; three axes have them as time, height, width
    order = range(rank) if rank == 3 else range(rank - 1, -1, -1)
    starts = [
        _starts(random_samples[..., order[axis]], a.shape[2 + axis], output_size[axis], kernel_size[axis]) for axis in range(rank)
    ]
    planes = a.reshape(*a.shape[:2], math.prod(a.shape[2:]))
    places = np.zeros(best.shape, np.int64)
    for place in np.ndindex(*kernel_size):
        flat: Any = 0
        for axis, k in enumerate(place):
            shape = (*a.shape[:2], *(output_size[axis] if axis == other else 1 for other in range(rank)))
            flat = flat * a.shape[2 + axis] + (starts[axis] + k).reshape(shape)
        entry = np.take_along_axis(planes, flat.reshape(*a.shape[:2], math.prod(output_size)), -1).reshape(best.shape)
        better = (entry > best) | np.isnan(entry)
        np.copyto(best, entry, where=better)
        np.copyto(places, flat, where=better)
    return (best[0], places[0]) if single else (best, places)


def _unfold(self: Array, **rest: Any) -> Array:
    w = _blocks(self.shape[-2:], rest)
    view = w.view(w.pad(self))
    turned = np.moveaxis(view, (-2, -1), (-4, -3))
    channels = self.shape[-3] * math.prod(w.kernel)
    return turned.reshape(*self.shape[:-3], channels, math.prod(w.counts))


def _fold(self: Array, size: Any, rest: dict[str, Any]) -> Array:
    w = _blocks(tuple(size), rest)
    parts = self.reshape(*self.shape[:-2], self.shape[-2] // math.prod(w.kernel), *w.kernel, *w.counts)
    return w.overlap_add(lambda place: parts[(..., *place, slice(None), slice(None))], parts.shape[:-4])


def _blocks(size: Shape, rest: dict[str, Any]) -> Windows:
    return windows(size, rest["kernel_size"], rest["stride"], rest["padding"], rest["dilation"])


_BLOCKS = "kernel_size=2, dilation=(1,), padding=(0,), stride=(1,)"

ROWS: list[Row | Same] = [
    *(
        largest(f"fractional_max_pool{n}d", "kernel_size=(), output_size=(), random_samples=None", _fractional, n, "max pooling")
        for n in (2, 3)
    ),
    *(
        aten(
            f"max_unpool{n}d(self, indices, output_size=(), stride=(), padding=())",
            Formula("scatter(self, indices)", _unpool),
            spoken="max unpooling",
            self=Formula("gather(g, indices)", _unpool_back),
        )
        for n in (2, 3)
    ),
    aten(
        f"im2col(self, {_BLOCKS})",
        Formula("windows(self)", _unfold),
        spoken="unfold",
        self=Formula("overlap_add(g)", lambda g, y, self, **rest: _fold(g, self.shape[-2:], rest)),
    ),
    aten(
        f"col2im(self, output_size=(), {_BLOCKS})",
        Formula("overlap_add(self)", lambda self, output_size, **rest: _fold(self, output_size, rest)),
        spoken="fold",
        self=Formula("windows(g)", lambda g, y, self, output_size, **rest: _unfold(g, **rest)),
    ),
]

"""Windows that slide over the last axes of an array: what convolution, pooling and unfolding share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from graphcore.ops.backward import Array, Shape


def each(setting: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """A setting per axis; a single one is for all axes.

    >>> each((2,), 3)
    (2, 2, 2)
    """
    values = (setting,) if isinstance(setting, int) else tuple(setting)
    return values * rank if len(values) == 1 else values


@dataclass(frozen=True)
class Windows:
    """Windows over axes of lengths ``size``: ``counts`` of them an axis, the first one ``padding`` before the start."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    counts: tuple[int, ...]

    @cached_property
    def padded(self) -> tuple[int, ...]:
        """The length of each axis once everything that a window touches is there."""
        reach = ((n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(self.counts, self.stride, self.kernel, self.dilation))
        return tuple(max(a + p, r) for a, p, r in zip(self.size, self.padding, reach))

    def slices(self, place: Sequence[int]) -> tuple[Any, ...]:
        """Of the padded axes, the entry at ``place`` of every window."""
        return tuple(
            slice(k * d, k * d + (n - 1) * s + 1, s) for k, d, n, s in zip(place, self.dilation, self.counts, self.stride)
        )

    def places(self) -> Iterator[tuple[int, ...]]:
        """Every place inside a window, in the order of memory."""
        return product(*map(range, self.kernel))

    def inside(self) -> tuple[Any, ...]:
        """Of the padded axes, the part that is the array's own."""
        return tuple(slice(p, p + n) for p, n in zip(self.padding, self.size))

    def pad(self, a: Array, value: float = 0.0) -> Array:
        """The array with ``value`` around it; the array itself where nothing is needed."""
        if not any(self.padding) and self.padded == self.size:
            return a
        full: Any = np.full((*a.shape[: -len(self.size)], *self.padded), value)
        full[(..., *self.inside())] = a
        return np.asarray(full)

    def view(self, padded: Array) -> Array:
        """Axes (leading ..., windows ..., places in a window ...) over a padded array, without a copy."""
        rank = len(self.size)
        steps = padded.strides[-rank:]
        strides = (*(b * s for b, s in zip(steps, self.stride)), *(b * d for b, d in zip(steps, self.dilation)))
        shape = (*padded.shape[:-rank], *self.counts, *self.kernel)
        return as_strided(padded, shape, (*padded.strides[:-rank], *strides), writeable=False)

    def overlap_add(self, parts: Any, leading: Shape) -> Array:
        """The transpose of cutting windows: ``parts[place]`` is added where that place of every window lies."""
        full: Any = np.zeros((*leading, *self.padded))
        for place in self.places():
            full[(..., *self.slices(place))] += parts(place)
        found: Array = full[(..., *self.inside())]
        return found

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """How far neighbours along each padded axis are apart in memory."""
        return tuple(math.prod(self.padded[k + 1 :]) for k in range(len(self.size)))

    @cached_property
    def length(self) -> int:
        """How many entries there are from the first window to the last, with the gaps between the rows."""
        return 1 + sum((n - 1) * step for n, step in zip(self.counts, self.steps))

    def loosened(self, narrow: Array, whole: bool = False) -> Array:
        """What windows of stride 1 hold, with zeros in the gaps, as one long axis: neighbours stay neighbours in memory.

        It ends with the last window, or with the padded axes themselves where ``whole``.
        """
        full: Any = np.zeros((*narrow.shape[: -len(self.counts)], *self.padded))
        full[(..., *map(slice, self.counts))] = narrow
        found: Array = full.reshape(*full.shape[: -len(self.counts)], -1)
        return found if whole else found[..., : self.length]

    def tightened(self, loose: Array) -> Array:
        """The transpose: the gaps left out."""
        steps = (loose.strides[-1] * step for step in self.steps)
        return as_strided(loose, (*loose.shape[:-1], *self.counts), (*loose.strides[:-1], *steps), writeable=False)

    def loose_view(self, padded: Array) -> Array:
        """:meth:`view` with the windows as one long axis, gaps included."""
        padded = np.ascontiguousarray(padded)
        size = padded.itemsize
        strides = (*padded.strides[: -len(self.size)], size, *(size * d * step for d, step in zip(self.dilation, self.steps)))
        return as_strided(padded, (*padded.shape[: -len(self.size)], self.length, *self.kernel), strides, writeable=False)

    def loose_add(self, parts: Array) -> Array:
        """:meth:`overlap_add` of whole loosened windows, (leading ..., places in a window ..., windows).

        Every place is one shift of all windows: in a view that is slanted by it the places lie below each other and are
        summed at once. What a shift brings in from the left is the end of the place before, where there are zeros.
        """
        rank, size = len(self.size), parts.itemsize
        slanted = (far - size * d * step for far, d, step in zip(parts.strides[-rank - 1 : -1], self.dilation, self.steps))
        strides = (*parts.strides[: -rank - 1], *slanted, size)
        below = as_strided(parts, strides=strides, writeable=False)
        full: Any = np.add.reduce(below, tuple(range(parts.ndim - rank - 1, parts.ndim - 1)))
        found: Array = full.reshape(*full.shape[:-1], *self.padded)[(..., *self.inside())]
        return found


@lru_cache(maxsize=1024)
def windows(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any = 1, ceil: bool = False
) -> Windows:
    """The windows that torch slides over axes of these lengths; with ``ceil`` a last one may hang over the end."""
    rank = len(size)
    kernel = each(kernel, rank)
    stride = each(stride, rank) if isinstance(stride, int) or len(stride) else kernel
    padding, dilation = each(padding, rank), each(dilation, rank)
    counts = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation):
        room = n + 2 * p - d * (k - 1) - 1
        count = -(-room // s) + 1 if ceil else room // s + 1
        if ceil and (count - 1) * s >= n + p:
            count -= 1
        counts.append(count)
    return Windows(size, kernel, stride, padding, dilation, tuple(counts))

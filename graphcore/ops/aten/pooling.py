"""Pooling: the largest entry or the mean of every window."""

from __future__ import annotations

import math
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from graphcore.ops.aten.indexing import returned
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.aten.windows import Windows, windows
from graphcore.ops.backward import Array, Shape
from graphcore.ops.row import Formula


def return_to(g: Any, places: Any, shape: Shape, rank: int) -> Array:
    """Zeros of ``shape`` to which each entry of ``g`` is added at its place, counted within the last ``rank`` axes."""
    planes, area = math.prod(shape[:-rank]), math.prod(shape[-rank:])
    flat = places.reshape(planes, math.prod(np.shape(places)[-rank:])) + np.arange(planes)[:, None] * area
    return returned(g, flat, shape)


def _along(rank: int, axis: int, values: Any) -> Any:
    """A vector that lies along one of ``rank`` axes."""
    return np.asarray(values).reshape([-1 if k == axis else 1 for k in range(rank)])


def _first_inside(w: Windows) -> Any:
    """For every window the flat position of its first entry that is not padding."""
    found: Any = 0
    for axis, (n, count, s, p, d) in enumerate(zip(w.size, w.counts, w.stride, w.padding, w.dilation)):
        start = np.arange(count) * s - p
        start += np.where(start < 0, -(start // d) * d, 0)
        found = found * n + _along(len(w.size), axis, start)
    return found


@lru_cache(maxsize=256)
def _corners(w: Windows) -> Any:
    """For every window the flat position of its first place, in the padding or not."""
    found: Any = 0
    for axis, n in enumerate(w.size):
        found = found * n + _along(len(w.size), axis, np.arange(w.counts[axis]) * w.stride[axis] - w.padding[axis])
    return found


def _steps(size: Shape) -> list[int]:
    """How far neighbours along each axis are apart in memory."""
    return [math.prod(size[k + 1 :]) for k in range(len(size))]


def _records(padded: Any, w: Windows) -> Any:
    """The largest entry of each window and how far it is from the window's first place, one axis after the other.

    Which entry it is is counted in bytes, which NumPy works through many times faster than through entries.
    """
    best = padded
    found: list[Any] = []
    for axis in range(len(w.size) - 1, -1, -1):
        parts = [_along_axis(w, axis, k) for k in range(w.kernel[axis])]
        entries = [best[part] for part in parts]
        best = reduce(np.maximum, entries)
        # of equal entries the first: as many come before it as are passed over from the start
        passed = np.ones(best.shape, bool)
        number = np.zeros(best.shape, np.min_scalar_type(len(parts)))
        for entry in entries[:-1]:
            passed &= entry != best
            number += passed
        found = [_picked([each[part] for part in parts], number) for each in found] + [number]
    shift = 0
    for number, dilation, step in zip(reversed(found), w.dilation, _steps(w.size)):
        shift = shift + np.multiply(number, dilation * step, dtype=np.int64)
    return best, shift


def _along_axis(w: Windows, axis: int, k: int) -> tuple[Any, ...]:
    """Entry ``k`` of every window along one of the last axes."""
    start = k * w.dilation[axis]
    part: list[Any] = [slice(None)] * len(w.size)
    part[axis] = slice(start, start + (w.counts[axis] - 1) * w.stride[axis] + 1, w.stride[axis])
    return (..., *part)


def _picked(choices: list[Any], number: Any) -> Any:
    """Of several arrays of small numbers the one that ``number`` says, entry by entry."""
    found = choices[0] * (number == 0)
    for k, choice in enumerate(choices[1:], 1):
        found += choice * (number == k)
    return found


def _odd_records(padded: Any, w: Windows) -> Any:
    """The same where nan or -inf may win: of several nan the last, and where all is -inf the first place inside."""
    best: Any = np.full((*padded.shape[: -len(w.size)], *w.counts), -np.inf)
    places = np.empty(best.shape, np.int64)
    places[...] = _first_inside(w)
    for place in w.places():
        entry = padded[(..., *w.slices(place))]
        better = (entry > best) | np.isnan(entry)
        np.copyto(best, entry, where=better)
        shift = sum(k * d * step for k, d, step in zip(place, w.dilation, _steps(w.size)))
        np.copyto(places, _corners(w) + shift, where=better)
    return best, places


def _max_pool(rank: int) -> Any:
    def run(self: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
        w = windows(self.shape[-rank:], kernel_size, stride, padding, dilation, ceil_mode)
        padded = w.pad(self, -np.inf)
        best, shift = _records(padded, w)
        if not np.isfinite(np.add.reduce(best, None)):
            return _odd_records(padded, w)
        return np.array(best), _corners(w) + shift

    return run


def _max_pool_back(rank: int) -> Any:
    def run(g: Any, y: Any, self: Array, **_: Any) -> Array:
        return return_to(g[0], y[1], self.shape, rank)

    return run


def _divisors(w: Windows, include: bool, override: int | None) -> Any:
    """By how much the sum of each window is divided."""
    if override is not None:
        return float(override)
    found: Any = 1.0
    for axis, (n, count, k, s, p) in enumerate(zip(w.size, w.counts, w.kernel, w.stride, w.padding)):
        start = np.arange(count) * s - p
        end = np.minimum(start + k, n + p)
        length = end - start if include else np.minimum(end, n) - np.maximum(start, 0)
        found = found * _along(len(w.size), axis, length)
    return found


def _avg_windows(self: Array, rank: int, rest: dict[str, Any]) -> tuple[Windows, Any]:
    w = windows(self.shape[-rank:], rest["kernel_size"], rest["stride"], rest["padding"], 1, rest["ceil_mode"])
    return w, _divisors(w, rest["count_include_pad"], rest["divisor_override"])


def _avg_pool(rank: int) -> Any:
    def run(self: Array, **rest: Any) -> Array:
        w, divisor = _avg_windows(self, rank, rest)
        padded: Any = w.pad(self)
        total = np.zeros((*self.shape[:-rank], *w.counts))
        for place in w.places():
            total += padded[(..., *w.slices(place))]
        total /= divisor
        return total

    return run


def _avg_pool_back(rank: int) -> Any:
    def run(g: Array, y: Array, self: Array, **rest: Any) -> Array:
        w, divisor = _avg_windows(self, rank, rest)
        share = g / divisor
        return w.overlap_add(lambda place: share, self.shape[:-rank])

    return run


def _spans(length: int, count: int) -> list[slice]:
    """The ``count`` adaptive windows over an axis."""
    return [slice(k * length // count, -(-(k + 1) * length // count)) for k in range(count)]


def _adaptive_avg(self: Array, output_size: Any) -> Array:
    y = self
    for axis, count in zip(range(-len(output_size), 0), output_size):
        size = y.shape[axis]
        if count and size % count == 0:
            at = y.ndim + axis
            y = np.add.reduce(y.reshape(*y.shape[:at], count, size // count, *y.shape[at + 1 :]), at + 1) / (size // count)
            continue
        rows = np.moveaxis(y, axis, -1)
        parts = [np.add.reduce(rows[..., span], -1) / (span.stop - span.start) for span in _spans(rows.shape[-1], count)]
        y = np.stack(parts, axis)
    return y


def _adaptive_avg_back(g: Array, y: Array, self: Array, output_size: Any) -> Array:
    for axis, count in zip(range(-len(output_size), 0), output_size):
        if count and self.shape[axis] % count == 0:
            g = np.repeat(g / (self.shape[axis] // count), self.shape[axis] // count, axis)
            continue
        rows = np.moveaxis(g, axis, -1)
        full = np.zeros((*rows.shape[:-1], self.shape[axis]))
        for k, span in enumerate(_spans(self.shape[axis], count)):
            full[..., span] += rows[..., k : k + 1] / (span.stop - span.start)
        g = np.moveaxis(full, -1, axis)
    return g


def _adaptive_max(self: Array, output_size: Any) -> Any:
    rank = len(output_size)
    size, leading = self.shape[-rank:], self.shape[:-rank]
    y, places = np.empty((*leading, *output_size)), np.empty((*leading, *output_size), np.int64)
    numbers = np.arange(math.prod(size)).reshape(size)
    spans = [_spans(n, count) for n, count in zip(size, output_size)]
    for place in np.ndindex(*output_size):
        part = tuple(spans[axis][k] for axis, k in enumerate(place))
        entries = self[(..., *part)].reshape(*leading, -1)
        # of equal entries the first, of several nan the last
        best = np.argmax(entries, -1)
        bad = np.isnan(entries)
        if bad.any():
            last = entries.shape[-1] - 1 - np.argmax(bad[..., ::-1], -1)
            best = np.where(bad.any(-1), last, best)
        y[(..., *place)] = np.take_along_axis(entries, best[..., None], -1)[..., 0]
        places[(..., *place)] = numbers[part].ravel()[best]
    return y, places


_MAX = "kernel_size=2, stride=(), padding=(0,), dilation=(1,), ceil_mode=False"
_AVG = "kernel_size=2, stride=(), padding=(0,), ceil_mode=False, count_include_pad=True, divisor_override=None"
_LARGEST_SAYS = "g goes to the largest entry of its window"
_MEAN_SAYS = "every entry of a window gets the same share of g"


def largest(name: str, arguments: str, forward: Any, rank: int, spoken: str, **more: Any) -> Row:
    """A row of values and their places, for windows over the last ``rank`` axes."""
    return aten(
        f"{name}(self, {arguments})",
        Formula("largest(self)", forward),
        spoken=spoken,
        says=_LARGEST_SAYS,
        self=Formula("scatter(g, place(y))", _max_pool_back(rank)),
        **more,
    )


def _mean(rank: int) -> Row:
    return aten(
        f"avg_pool{rank}d(self, {_AVG})",
        Formula("mean_of_windows(self)", _avg_pool(rank)),
        spoken="average pooling",
        says=_MEAN_SAYS,
        self=Formula("overlap_add(g / size_of_window)", _avg_pool_back(rank)),
    )


ROWS: list[Row | Same] = [
    *(largest(f"max_pool{n}d_with_indices", _MAX, _max_pool(n), n, "max pooling") for n in (2, 3)),
    *(largest(f"adaptive_max_pool{n}d", "output_size=(1,)", _adaptive_max, n, "adaptive max pooling") for n in (2, 3)),
    *(_mean(n) for n in (1, 2, 3)),
    *(
        aten(
            f"_adaptive_avg_pool{n}d(self, output_size=(1,))",
            Formula("mean_of_windows(self)", _adaptive_avg),
            spoken="adaptive average pooling",
            says=_MEAN_SAYS,
            self=Formula("overlap_add(g / size_of_window)", _adaptive_avg_back),
        )
        for n in (2, 3)
    ),
]

"""Moves that torch alone has: pieces of several, windows, strides, writing into a part, padding."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import Arguments
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.aten.views import cut
from graphcore.ops.namespaces import Shape
from graphcore.ops.row import Formula

Move = Callable[..., Any]


def gathered(signature: str, move: Move, spoken: str, *, when: Any = None) -> Row:
    """A row whose entries are entries of ``self``: the move, done to the places' numbers, says where each gradient goes."""

    def rule(g: Any, y: Any, self: Any, **settings: Any) -> Any:
        shape = np.shape(self)
        places = move(np.arange(math.prod(shape)).reshape(shape), **settings)
        return np.bincount(np.ravel(places), np.ravel(g), math.prod(shape)).astype(np.float64).reshape(shape)

    name = signature.split("(")[0]
    return aten(
        signature,
        Formula(f"{name}(self)", move),
        spoken=spoken,
        self=Formula("scatter(g, shape(self))", rule),
        says="goes back to its place",
        plumbing=True,
        when=when,
    )


def _unfold(self: Any, dimension: int, size: int, step: int) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(self, size, axis=dimension)
    index = (*(slice(None),) * (dimension % np.ndim(self)), slice(None, None, step))
    return windows[index]


def _strided(self: Any, size: Shape, stride: Shape, storage_offset: int | None = None) -> Any:
    return np.ravel(self)[strided_places(size, stride, storage_offset)]


def strided_places(size: Shape, stride: Shape, storage_offset: int | None) -> Any:
    """The numbers of the entries that a strided view of contiguous memory shows."""
    places = np.full(size, storage_offset or 0)
    for axis, (n, jump) in enumerate(zip(size, stride, strict=True)):
        places += np.arange(n).reshape([-1 if k == axis else 1 for k in range(len(size))]) * jump
    return places


def _within(arguments: Arguments) -> bool:
    """Whether a strided view stays within ``self``: of a view of something larger torch shows the rest as well."""
    size, stride = arguments["size"], arguments["stride"]
    last = (arguments.get("storage_offset") or 0) + sum((n - 1) * jump for n, jump in zip(size, stride, strict=True))
    return 0 in size or last < math.prod(arguments["self"].shape)


def _apart(arguments: Arguments) -> bool:
    """Whether a strided view stays within ``self`` and shows no entry twice."""
    places = strided_places(arguments["size"], arguments["stride"], arguments.get("storage_offset"))
    return _within(arguments) and len(np.unique(places)) == places.size


def _diagonal(self: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return np.diagonal(self, offset, dim1, dim2)


def _shuffled(self: Any, upscale_factor: int) -> Any:
    r = upscale_factor
    *lead, c, h, w = np.shape(self)
    wide = np.reshape(self, (*lead, c // r**2, r, r, h, w))
    k = len(lead)
    return np.transpose(wide, (*range(k), k, k + 3, k + 1, k + 4, k + 2)).reshape((*lead, c // r**2, h * r, w * r))


def _unshuffled(self: Any, downscale_factor: int) -> Any:
    r = downscale_factor
    *lead, c, h, w = np.shape(self)
    wide = np.reshape(self, (*lead, c, h // r, r, w // r, r))
    k = len(lead)
    return np.transpose(wide, (*range(k), k, k + 2, k + 4, k + 1, k + 3)).reshape((*lead, c * r**2, h // r, w // r))


def _channels(self: Any, groups: int) -> Any:
    shape = np.shape(self)
    wide = np.reshape(self, (shape[0], groups, shape[1] // groups, *shape[2:]))
    return np.swapaxes(wide, 1, 2).reshape(shape)


def _rotated(self: Any, k: int = 1, dims: tuple[int, int] = (0, 1)) -> Any:
    return np.rot90(self, k, dims)


# pieces of several: every move gives the subscripts of its pieces


def pieces(signature: str, places: Callable[..., list[Any]], spoken: str) -> Row:
    """A row that returns several parts of ``self``."""

    def forward(self: Any, **settings: Any) -> Any:
        return tuple(self[index] for index in places(np.shape(self), **settings))

    def rule(g: Any, y: Any, self: Any, **settings: Any) -> Any:
        indices = places(np.shape(self), **settings)
        found = (np.empty if len(g) == len(indices) else np.zeros)(np.shape(self))
        for part, index in enumerate(indices):
            if part in g:
                found[index] = g[part]
        return found

    name = signature.split("(")[0]
    return aten(
        signature,
        Formula(f"{name}(self)", forward),
        spoken=spoken,
        self=Formula("concatenate(g)", rule),
        says="each part goes back to its place",
        plumbing=True,
    )


def _by_sizes(shape: Shape, split_sizes: Shape, dim: int = 0) -> list[Any]:
    ends = accumulate(split_sizes, initial=0)
    return [(*(slice(None),) * (dim % len(shape)), slice(low, high)) for low, high in pairwise(ends)]


def _by_size(shape: Shape, split_size: int, dim: int = 0) -> list[Any]:
    length = shape[dim]
    starts = range(0, length, split_size) if length else (0,)
    return _by_sizes(shape, tuple(min(split_size, length - start) for start in starts), dim)


def _one_by_one(shape: Shape, dim: int = 0) -> list[Any]:
    return [(*(slice(None),) * (dim % len(shape)), k) for k in range(shape[dim])]


# writing into a part: every move gives the subscript of the part


def written(signature: str, place: Callable[..., Any], spoken: str, when: Any = None) -> Row:
    """A row that is ``self`` with ``src`` written over a part of it."""

    def forward(self: Any, src: Any, **settings: Any) -> Any:
        found = np.array(self)
        found[place(found.shape, **settings)] = src
        return found

    def rest(g: Any, y: Any, self: Any, src: Any, **settings: Any) -> Any:
        found = np.array(g)
        found[place(found.shape, **settings)] = 0.0
        return found

    def part(g: Any, y: Any, self: Any, src: Any, **settings: Any) -> Any:
        return g[place(np.shape(g), **settings)]

    name = signature.split("(")[0]
    shown = Formula("where(written, 0, g)", rest), Formula("g[written]", part)
    return aten(signature, Formula(f"{name}(self, src)", forward), spoken=spoken, self=shown[0], src=shown[1], when=when)


def _selected(shape: Shape, dim: int, index: int) -> Any:
    return (*(slice(None),) * (dim % len(shape)), index)


def _cut(shape: Shape, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    return cut(shape, dim, start, end, step)


def _on_diagonal(shape: Shape, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return _unraveled(shape, lambda numbers: np.diagonal(numbers, offset, dim1, dim2))


def _at_strides(shape: Shape, size: Shape, stride: Shape, storage_offset: int | None = None) -> Any:
    return np.unravel_index(strided_places(size, stride, storage_offset), shape)


def _unraveled(shape: Shape, move: Callable[[Any], Any]) -> Any:
    return np.unravel_index(move(np.arange(math.prod(shape)).reshape(shape)), shape)


def spread(signature: str, place: Callable[..., Any], spoken: str) -> Row:
    """A row that puts its operand into zeros: the way back of a view, as torch records it."""

    def forward(grad_output: Any, input_sizes: Shape, **settings: Any) -> Any:
        found = np.zeros(input_sizes)
        found[place(tuple(input_sizes), **settings)] = grad_output
        return found

    def rule(g: Any, y: Any, grad_output: Any, input_sizes: Shape, **settings: Any) -> Any:
        return g[place(tuple(input_sizes), **settings)]

    name = signature.split("(")[0]
    return aten(
        signature,
        Formula(f"{name}(grad_output)", forward),
        spoken=spoken,
        grad_output=Formula("g[place]", rule),
        plumbing=True,
    )


def _padding(shape: Shape, pad: Shape) -> list[tuple[int, int]]:
    pairs = [(pad[k], pad[k + 1]) for k in range(0, len(pad), 2)]
    return [(0, 0)] * (len(shape) - len(pairs)) + pairs[::-1]


def _padded(self: Any, pad: Shape, value: float = 0) -> Any:
    sides = _padding(np.shape(self), pad)
    cropped = self[tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(sides, np.shape(self), strict=True))]
    return np.pad(cropped, [(max(a, 0), max(b, 0)) for a, b in sides], constant_values=value)


def _unpadded(g: Any, y: Any, self: Any, pad: Shape, value: float = 0) -> Any:
    return _padded(g, tuple(-n for n in pad))


def _embedded(self: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    size = np.shape(self)[-1] + abs(offset)
    rank = np.ndim(self) + 1
    found = np.zeros((*np.shape(self)[:-1], size, size), dtype=np.asarray(self).dtype)
    k = np.arange(np.shape(self)[-1])
    found[..., k + max(-offset, 0), k + max(offset, 0)] = self
    return np.moveaxis(found, (-2, -1), (dim1 % rank, dim2 % rank))


def _embedded_rule(g: Any, y: Any, self: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    return np.diagonal(g, offset, dim1, dim2)


_CUT = "dim=0, start=None, end=None, step=1"
_OFF = "offset=0, dim1=0, dim2=1"

ROWS: list[Row | Same] = [
    gathered("unfold(self, dimension, size, step)", _unfold, "windows", when=lambda given: bool(given["self"].shape)),
    gathered("unfold_copy(self, dimension, size, step)", _unfold, "windows", when=lambda given: bool(given["self"].shape)),
    gathered(f"diagonal(self, {_OFF})", _diagonal, "diagonal"),
    gathered(f"diagonal_copy(self, {_OFF})", _diagonal, "diagonal"),
    gathered("as_strided(self, size, stride, storage_offset=None)", _strided, "strided view", when=_within),
    gathered("as_strided_copy(self, size, stride, storage_offset=None)", _strided, "strided view", when=_within),
    gathered("rot90(self, k=1, dims=(0, 1))", _rotated, "turned"),
    gathered("pixel_shuffle(self, upscale_factor)", _shuffled, "channels to pixels"),
    gathered("pixel_unshuffle(self, downscale_factor)", _unshuffled, "pixels to channels"),
    gathered("channel_shuffle(self, groups)", _channels, "channels mixed"),
    *[pieces(f"{name}(self, split_size, dim=0)", _by_size, "split") for name in ("split", "unsafe_split", "split_copy")],
    *[
        pieces(f"{name}(self, split_sizes, dim=0)", _by_sizes, "split")
        for name in ("split_with_sizes", "unsafe_split_with_sizes", "split_with_sizes_copy")
    ],
    *[pieces(f"{name}(self, dim=0)", _one_by_one, "taken apart") for name in ("unbind", "unbind_copy")],
    written("select_scatter(self, src, dim, index)", _selected, "with a part written"),
    written(f"slice_scatter(self, src, {_CUT})", _cut, "with a part written"),
    written(f"diagonal_scatter(self, src, {_OFF})", _on_diagonal, "with its diagonal written"),
    written("as_strided_scatter(self, src, size, stride, storage_offset=None)", _at_strides, "with a part written", _apart),
    spread("select_backward(grad_output, input_sizes, dim, index)", _selected, "put into zeros"),
    spread("slice_backward(grad_output, input_sizes, dim, start, end, step)", _cut, "put into zeros"),
    spread("diagonal_backward(grad_output, input_sizes, offset, dim1, dim2)", _on_diagonal, "put into zeros"),
    aten(
        "diag_embed(self, offset=0, dim1=-2, dim2=-1)",
        Formula("diag(self)", _embedded),
        spoken="diagonal matrix",
        self=Formula("diagonal(g)", _embedded_rule),
        says="the diagonal comes back",
        plumbing=True,
    ),
    aten(
        "constant_pad_nd(self, pad, value=0)",
        Formula("pad(self, pad)", _padded),
        spoken="padded",
        self=Formula("unpad(g, pad)", _unpadded),
        says="the padding's share is dropped",
        plumbing=True,
    ),
]

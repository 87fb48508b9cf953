"""How writing into a part of a tensor is written in plain NumPy: with a subscript, where the part has one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphcore.code import plain
from graphcore.code.plain_node import Asked, Lines, Place, Row, Shape
from graphcore.ops.aten.writes import covered, places

_LARGEST = 1_000_000  # entries of a whole up to which a subscript is tried out


def subscript(shape: Shape, base: Shape, size: Shape, stride: Shape, offset: int) -> str | None:
    """The subscript that takes the part of ``size``, ``stride`` and ``offset`` from a whole, or None where there is none.

    >>> subscript((4, 3), (3, 1), (4,), (3,), 1), subscript((4, 3), (3, 1), (2, 3), (6, 1), 0)
    (':, 1', '::2')
    """
    if math.prod(shape) > _LARGEST or not covered(shape, base, size, stride, offset):
        return None
    taken = tuple(_guessed(shape, base, size, stride, offset))
    found = np.arange(math.prod(shape)).reshape(shape)[taken]
    if not np.array_equal(found, places(shape, base, size, stride, offset)[0]):
        return None
    while taken and taken[-1] == slice(None):
        taken = taken[:-1]
    return ", ".join(map(_text, taken)) or "..."


def _guessed(shape: Shape, base: Shape, size: Shape, stride: Shape, offset: int) -> Sequence[int | slice]:
    """Per axis of the whole a number or a slice: an axis of the part belongs to the next whose stride divides its own."""
    found: list[int | slice] = []
    axis = 0
    for k, (length, step) in enumerate(zip(shape, base, strict=True)):
        start, offset = divmod(offset, step) if step else (0, offset)
        left = len(shape) - k - 1
        by = stride[axis] // step if axis < len(size) and step else 0
        fits = by > 0 and by * step == stride[axis] and start + (size[axis] - 1) * by < length
        if axis < len(size) and (fits or left < len(size) - axis):
            end = start + (size[axis] - 1) * max(by, 1) + 1
            whole = start == 0 and by <= 1 and end == length
            found.append(
                slice(None) if whole else slice(start or None, None if end + by > length else end, by if by > 1 else None)
            )
            axis += 1
        else:
            found.append(start)
    return found


def _text(taken: int | slice) -> str:
    if isinstance(taken, int):
        return str(taken)
    start, stop, step = ("" if k is None else str(k) for k in (taken.start, taken.stop, taken.step))
    return f"{start}:{stop}{f':{step}' if step else ''}"


def _part(a: Asked, name: str) -> str | None:
    settings: dict[str, Any] = {key: a.statics[key] for key in ("base", "size", "stride", "offset")}
    return subscript(a.shape(name), **settings)


def _write(a: Asked) -> Lines | None:
    part, put = _part(a, "self"), a.helper(plain.put)
    if part is None or a.shape("src") != tuple(a.statics["size"]):
        return None
    rules = {"self": f"{put}({a.g}, np.s_[{part}], 0.0)", "src": f"{a.g}[{part}]"}
    return Lines(f"{put}({a['self']}, np.s_[{part}], {a['src']})", rules)


def _take(a: Asked) -> Lines | None:
    part = _part(a, "self")
    return None if part is None else Lines(f"{a['self']}[{part}]", {"self": Place(f"{{d}}[{part}] += {a.g}")})


def _copy(a: Asked) -> Lines | None:
    same = a.shape("src") == tuple(a.statics["size"]) and np.asarray(a.arrays["src"]).dtype == np.asarray(a.outputs[0]).dtype
    return Lines(a["src"], {"src": a.g}) if same else None


WRITES: Mapping[str, Row] = {
    "write": _write,
    "take_again": _take,
    "copy": _copy,
    "straight": lambda a: Lines(a["value"], {"self": a.g}),
    "same": lambda a: Lines(a["self"], {"self": a.g}),
}

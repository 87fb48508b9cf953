"""Writing into a part of a tensor, taking that part again, and what else an in-place call needs.

Where a part lies is said in torch's own words: ``size``, ``stride`` and ``offset`` of the part and the stride ``base`` of the
whole, all counted in entries of the memory that both share.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from graphcore.ops.aten.row import aten
from graphcore.ops.row import Formula

Index = npt.NDArray[np.int64]


@lru_cache(maxsize=256)
def places(
    shape: tuple[int, ...], base: tuple[int, ...], size: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> tuple[Index, bool]:
    """For each entry of a part its place among the entries of the whole, and whether no place occurs twice."""
    memory = np.asarray(_memory(size, stride) + offset)
    whole = _memory(shape, base)
    if np.array_equal(whole.reshape(-1), np.arange(whole.size)):
        found = memory
    else:
        order = np.full(int(whole.max(initial=-1)) + 1, -1, dtype=np.int64)
        order[whole.reshape(-1)] = np.arange(whole.size)
        found = np.asarray(order[memory])
    once = found.size < 2 or bool(np.unique(found).size == found.size)
    found.flags.writeable = False
    return found, once


def covered(shape: tuple[int, ...], base: tuple[int, ...], size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> bool:
    """Whether every entry of the part is an entry of the whole."""
    memory = _memory(size, stride) + offset
    return bool(np.isin(memory, _memory(shape, base)).all())


def _memory(size: tuple[int, ...], stride: tuple[int, ...]) -> Index:
    found: Index = np.zeros(size, dtype=np.int64)
    for axis, (count, step) in enumerate(zip(size, stride, strict=True)):
        found = found + (np.arange(count) * step).reshape((-1,) + (1,) * (len(size) - axis - 1))
    return np.array(found)


def _where(self: Any, base: Any, size: Any, stride: Any, offset: int) -> tuple[Index, bool]:
    return places(np.shape(self), base, size, stride, offset)


def _write(self: Any, src: Any, base: Any, size: Any, stride: Any, offset: int) -> Any:
    index, _ = _where(self, base, size, stride, offset)
    out = np.array(self, order="C")
    out.reshape(-1)[index] = src
    return out


def _write_self(g: Any, y: Any, self: Any, src: Any, base: Any, size: Any, stride: Any, offset: int) -> Any:
    return _write(g, 0.0, base, size, stride, offset)


def _write_src(g: Any, y: Any, self: Any, src: Any, base: Any, size: Any, stride: Any, offset: int) -> Any:
    index, once = _where(self, base, size, stride, offset)
    found = np.reshape(g, -1)[index]
    if once:
        return found
    # where two entries were written to one place, the last one stayed
    last = np.zeros(np.size(self), dtype=np.int64)
    last[index.reshape(-1)] = np.arange(index.size)
    return found * (last[index] == np.arange(index.size).reshape(index.shape))


def _take(self: Any, base: Any, size: Any, stride: Any, offset: int) -> Any:
    index, _ = _where(self, base, size, stride, offset)
    return np.reshape(self, -1)[index]


def _take_self(g: Any, y: Any, self: Any, base: Any, size: Any, stride: Any, offset: int) -> Any:
    index, once = _where(self, base, size, stride, offset)
    out = np.zeros(np.size(self))
    if once:
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out.reshape(np.shape(self))


def _copy(src: Any, size: Any, kind: str) -> Any:
    return np.broadcast_to(src, size).astype({"float": np.float64, "int": np.int64, "bool": np.bool_}[kind])


def _copy_src(g: Any, y: Any, src: Any, size: Any, kind: str) -> Any:
    return g


WRITE = aten(
    "write(self, src)",
    Formula("self with src written into its part", _write),
    self=Formula("g with 0 in the part", _write_self),
    src=Formula("the part of g", _write_src),
    spoken="write into a part",
    plumbing=True,
    says="What was overwritten has no part in the result: its gradient is 0 there, and the gradient goes to what was written.",
)
TAKE = aten(
    "take_again(self)",
    Formula("the part of self", _take),
    self=Formula("g put back into its part", _take_self),
    spoken="take the view again",
    plumbing=True,
)
COPY = aten("copy(src)", Formula("src in the target's shape", _copy), src=Formula("g", _copy_src), spoken="copy")
STRAIGHT = aten(
    "straight(self, value)",
    Formula("value", lambda self, value: value),
    self=Formula("g", lambda g, y, self, value: g),
    spoken="new numbers, old gradient",
    says="The numbers were replaced where autograd does not look, so the gradient passes as if they had not been.",
)
SAME = aten(
    "same(self)", Formula("self", lambda self: self), self=Formula("g", lambda g, y, self: g), spoken="the same", plumbing=True
)

"""A sum of products in index notation: the normal form of every structured local Jacobian.

What a derivative rule hands on is linear in the upstream gradient ``g``. Its entries are written as a person would,
with an index per axis::

    g @ b.T      downstream[m, k] = sum over n of  g[m, n] * b[k, n]

A :class:`Term` is the right side: indices and factors. An index runs along an axis of the result, along an axis of
``g``, along both (a Kronecker delta in the Jacobian) or, summed over factors alone, along neither. Terms are built
with whole-number arithmetic on strides; the arrays are referred to, never copied or multiplied out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphcore.ops.namespaces import Array, Shape

SUMMED = -1
Combine = Callable[[Any, Any], Any]


class NotLinearError(TypeError):
    """The rule did something to ``g`` that this notation cannot say."""


class Index(NamedTuple):
    """An index of a term.

    One step of it is ``step`` positions along axis ``axis`` of the result (SUMMED: none), ``moves[0]`` positions in the
    flattened ``g`` and ``moves[1 + n]`` positions in the memory of factor n (0: it does not depend on this index).
    """

    size: int
    axis: int
    step: int
    moves: tuple[int, ...]


class Factor(NamedTuple):
    """``combine(coefficient, entry of memory)``."""

    combine: Combine
    memory: Array


@dataclass(frozen=True, eq=False)
class Term:
    """``result[offsets + steps] = sum of g * factors``; ``starts`` are where the indices begin in g and each factor.

    An axis of size 1 needs no index. Entries that no index reaches are zero.
    """

    indices: tuple[Index, ...]
    offsets: tuple[int, ...]
    starts: tuple[int, ...] = (0,)
    factors: tuple[Factor, ...] = ()

    @classmethod
    def upstream(cls, shape: Shape) -> Term:
        """g itself."""
        strides = flat_strides(shape)
        indices = [Index(n, axis, 1, (strides[axis],)) for axis, n in enumerate(shape) if n != 1]
        return cls(tuple(indices), (0,) * len(shape))

    def scaled(self, combine: Combine, values: Array) -> Term:
        """One more factor: an array that broadcasts against the result's shape."""
        memory, start, strides = _memory(values)
        missing = len(self.offsets) - values.ndim
        pace = [0] * missing + [stride if n != 1 else 0 for n, stride in zip(values.shape, strides)]
        indices = [ix._replace(moves=(*ix.moves, pace[ix.axis] * ix.step if ix.axis >= 0 else 0)) for ix in self.indices]
        start += sum(offset * stride for offset, stride in zip(self.offsets, pace))
        return Term(tuple(indices), self.offsets, (*self.starts, start), (*self.factors, Factor(combine, memory)))

    def on_axes(self, places: Sequence[int], shape: Shape, repeated: Sequence[int] = ()) -> Term:
        """The same entries on other axes: axis k becomes ``places[k]``; along ``repeated`` axes they are repeated."""
        offsets = [0] * len(shape)
        for offset, place in zip(self.offsets, places):
            if place >= 0:
                offsets[place] = offset
        still = (0,) * len(self.starts)
        moved = [ix if ix.axis < 0 else ix._replace(axis=places[ix.axis]) for ix in self.indices]
        spread = [Index(shape[axis], axis, 1, still) for axis in repeated]
        # a summed index that nothing depends on is a number: how often the same is added
        idle = [ix.size for ix in moved if ix.axis < 0 and ix.moves == still]
        kept = [ix for ix in (*moved, *spread) if ix.axis >= 0 or ix.moves != still]
        term = Term(tuple(kept), tuple(offsets), self.starts, self.factors)
        # the number is given one entry per axis, so that it fits a result of any shape
        return term.scaled(np.multiply, np.full((1,) * len(shape), float(prod(idle)))) if idle else term

    def narrowed(self, axis: int, size: int, picked: range) -> Term:
        """The entries ``picked`` along an axis, numbered from 0."""
        if picked == range(size):
            return self
        here = [ix for ix in self.indices if ix.axis == axis]
        if len(here) != (size != 1) or self.offsets[axis] or prod(ix.size for ix in here) != size:
            raise NotLinearError("an axis in parts cannot be sliced")
        starts = self.starts
        indices = list(self.indices)
        for ix in here:
            starts = tuple(start + picked.start * move for start, move in zip(starts, ix.moves))
            fewer = ix._replace(size=len(picked), moves=tuple(move * picked.step for move in ix.moves))
            indices[indices.index(ix)] = fewer
        kept = [ix for ix in indices if ix.axis != axis or ix.size != 1]
        return replace(self, indices=tuple(kept), starts=starts)

    def placed(self, axis: int, begin: int, step: int) -> Term:
        """The axis spread over ``begin, begin + step, ...`` of a longer one, zeros between."""
        at = begin + step * self.offsets[axis]
        starts, indices = self.starts, []
        for ix in self.indices:
            if ix.axis == axis:
                if step < 0:  # count from the other end, so that steps along the result stay positive
                    at += step * ix.step * (ix.size - 1)
                    starts = tuple(start + move * (ix.size - 1) for start, move in zip(starts, ix.moves))
                    ix = ix._replace(moves=tuple(-move for move in ix.moves))
                ix = ix._replace(step=ix.step * abs(step))
            indices.append(ix)
        return replace(self, indices=tuple(indices), offsets=(*self.offsets[:axis], at, *self.offsets[axis + 1 :]), starts=starts)

    def reshaped(self, old: Shape, new: Shape) -> Term:
        """The same entries in row-major order under another shape, by joining and splitting indices."""
        if not prod(old):
            return Term.upstream(new)  # nothing is nothing, however it is laid out
        strides = flat_strides(old)
        shown = sorted((ix for ix in self.indices if ix.axis >= 0), key=lambda ix: -ix.step * strides[ix.axis])
        if any(self.offsets) or prod(ix.size for ix in shown) != prod(old):
            raise NotLinearError("entries with gaps cannot be reshaped")
        joined: list[Index] = []
        for ix in shown:
            if joined and joined[-1].moves == tuple(move * ix.size for move in ix.moves):
                ix = ix._replace(size=joined.pop().size * ix.size)
            joined.append(ix)
        split: list[Index] = []
        for axis in range(len(new) - 1, -1, -1):
            step = 1
            while step != new[axis]:
                ix = joined.pop()
                part = min(ix.size, new[axis] // step)
                if ix.size % part or new[axis] % (step * part):
                    raise NotLinearError("these axes do not divide")
                split.append(Index(part, axis, step, ix.moves))
                if ix.size > part:
                    joined.append(ix._replace(size=ix.size // part, moves=tuple(move * part for move in ix.moves)))
                step *= part
        summed = [ix for ix in self.indices if ix.axis < 0]
        return replace(self, indices=(*reversed(split), *summed), offsets=(0,) * len(new))


def flat_strides(shape: Shape) -> Shape:
    """How many positions one step along each axis is in the flattened array."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * max(size, 1))
    return tuple(reversed(strides)) if shape else ()


def _memory(values: Array) -> tuple[Array, int, Shape]:
    """An array as the flat memory it lies in, where it starts there, and its strides, all counted in entries."""
    if values.flags.c_contiguous:
        return values.reshape(-1), 0, flat_strides(values.shape)
    owner: Any = values
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if owner.dtype != values.dtype or not owner.flags.forc or not values.size:
        return values.reshape(-1), 0, flat_strides(values.shape)  # a copy: memory that is not ours to walk in
    start = values.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    strides = [stride // values.itemsize for stride in values.strides]
    return owner.ravel(order="K"), start // values.itemsize, tuple(strides)

"""Reading entries, rows, columns and blocks of a Jacobian from a term, by solving for its indices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from graphcore.jacobian.terms import Term, flat_strides
from graphcore.ops.namespaces import Array, Shape

Whole = npt.NDArray[np.intp]


class Radix:
    """Positions ``start + sum of index * step`` taken apart into indices: a number system of mixed radix.

    ``steps`` of 0 belong to indices that do not matter here. Within the steps of one array each step is larger
    than everything the smaller ones reach together, so there is at most one solution.
    """

    def __init__(self, start: int, sizes: Sequence[int], steps: Sequence[int], whole: int | None = None) -> None:
        self.order = sorted((k for k, step in enumerate(steps) if step), key=lambda k: -abs(steps[k]))
        self.sizes, self.steps = sizes, steps
        # indices that run backwards are counted from their other end
        self.least = start + sum(steps[k] * (sizes[k] - 1) for k in self.order if steps[k] < 0)
        self.last = abs(steps[self.order[-1]]) if self.order else 0
        # positions below ``whole`` need no check if every one of them is reached
        self.full = self.least == 0 and self.last <= 1 and prod(sizes[k] for k in self.order) == whole

    def split(self, positions: Any) -> tuple[dict[int, Any], Any]:
        """The indices, and where there is a solution."""
        left = positions - self.least if self.least else positions
        valid: Any = True if self.full else left >= 0
        found = {}
        reach = None
        for k in self.order:
            step, size = abs(self.steps[k]), self.sizes[k]
            index, left = divmod(left, step) if step != 1 else (left, 0)
            if not self.full and (reach is None or reach > size * step):
                valid = valid & (index < size)
            found[k] = index if self.steps[k] > 0 else size - 1 - index
            reach = step
        return found, valid if self.full or self.last == 1 else valid & (left == 0)


class Entries:
    """A term ready to be read: coefficient ``[i, j]`` of g.flat[i] in result.flat[j]."""

    def __init__(self, term: Term, shape: Shape) -> None:
        self.term = term
        strides = flat_strides(shape)
        self.sizes = [ix.size for ix in term.indices]
        self.steps = [ix.step * strides[ix.axis] if ix.axis >= 0 else 0 for ix in term.indices]
        self.strides = [ix.moves[0] for ix in term.indices]
        self.first = sum(offset * stride for offset, stride in zip(term.offsets, strides))
        self.start = term.starts[0]
        self.columns = Radix(self.first, self.sizes, self.steps, prod(shape))
        self.rows = Radix(self.start, self.sizes, self.strides)
        self.shared = [k for k in self.columns.order if self.strides[k]]
        self.inner = Radix(self.start, self.sizes, [0 if step else stride for step, stride in zip(self.steps, self.strides)])
        # per factor: how it is applied, its memory, where the indices begin in it, and the indices it depends on
        self.factors: list[tuple[Any, Array, Any, list[tuple[int, int]]]] = [
            (*factor, term.starts[n], [(k, ix.moves[n]) for k, ix in enumerate(term.indices) if ix.moves[n]])
            for n, factor in enumerate(term.factors, 1)
        ]
        self.needed = {k for k, ix in enumerate(term.indices) if any(ix.moves[1:])}
        self.hidden = [k for k in range(len(self.sizes)) if not self.steps[k] and not self.strides[k]]

    def block(self, rows: Whole, columns: Whole) -> tuple[Whole, Any]:
        """The entries that may differ from zero: their flat positions in the block, and their values (or their one value)."""
        outside, valid = self.columns.split(columns)
        base = columns * 0
        for k in self.shared:
            base += outside[k] * self.strides[k]
        inside, fits = self.inner.split(rows[:, None] - base)
        flat = (fits if valid is True else fits & valid).reshape(-1).nonzero()[0]
        if not self.needed:
            return flat, self._coefficients({}, flat.shape)
        column = flat % max(len(columns), 1)
        at = {k: v.take(flat) if k in inside else v.take(column) for k, v in (outside | inside).items() if k in self.needed}
        return flat, self._coefficients(at, flat.shape)

    def line(self, position: int, along_g: bool) -> tuple[Whole, Array]:
        """A row (``position`` in g) or a column (in the result): the partners of that position, and the values."""
        known, other, begin = (self.rows, self.steps, self.first) if along_g else (self.columns, self.strides, self.start)
        at: dict[int, Any]
        at, valid = known.split(position)
        if not valid:
            return np.zeros(0, np.intp), np.zeros(0)
        partners = np.array(begin + sum(index * other[k] for k, index in at.items()))
        free = [k for k in range(len(self.sizes)) if k not in at and k not in self.hidden]
        for n, k in enumerate(free):
            at[k] = np.arange(self.sizes[k]).reshape([-1 if m == n else 1 for m in range(len(free))])
            partners = partners + at[k] * other[k]
        values = np.empty(partners.shape)
        values[...] = self._coefficients(at, partners.shape)
        return partners.reshape(-1), values.reshape(-1)

    def _coefficients(self, at: dict[int, Any], shape: Shape) -> Any:
        """The product of the factors at these indices, an array that broadcasts to ``shape`` (or one number).

        Indices that are in neither g nor the result are summed over.
        """
        extra = len(self.hidden)
        if extra:
            at = {k: np.reshape(v, (*np.shape(v), *[1] * extra)) for k, v in at.items()}
            for n, k in enumerate(self.hidden):
                at[k] = np.arange(self.sizes[k]).reshape([-1 if m == n else 1 for m in range(extra)])
        coefficient: Any = 1.0
        for combine, memory, place, moves in self.factors:
            for k, move in moves:
                place = place + (at[k] if move == 1 else at[k] * move)
            coefficient = combine(coefficient, memory[place])
        if extra:
            full = np.broadcast_to(coefficient, (*shape, *[self.sizes[k] for k in self.hidden]))
            coefficient = full.sum(axis=tuple(range(len(shape), len(shape) + extra)))
        return coefficient

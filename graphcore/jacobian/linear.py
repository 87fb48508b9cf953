"""The upstream gradient as a linear map: what a derivative rule is run on to learn its local Jacobian.

A :class:`Linear` answers to what rules do to ``g`` (``* / + - @ .T sum broadcast reshape index where``), as a method or
through NumPy (``np.where(mask, 0, g)``, ``a.T @ g``). Every answer is again a sum of terms in index notation, so the
rule's own text yields the structure of its Jacobian, and no op has Jacobian code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from graphcore.jacobian.terms import SUMMED, Combine, NotLinearError, Term
from graphcore.ops.namespaces import Array, Shape


def keep(coefficient: Any, mask: Any) -> Any:
    """A factor that is a mask: zero where it is not true, whatever stands there."""
    return np.where(mask, coefficient, 0.0)


def pick(coefficient: Any, mask: Any) -> Any:
    """A mask that is true once in a row: an entry chosen by its number."""
    return np.where(mask, coefficient, 0.0)


# what NumPy's functions do here, by name; graphcore.jacobian.rules fills them in
UFUNCS: dict[str, Callable[..., Any]] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}


class Linear:
    """An array whose entries are linear forms in g: a sum of terms."""

    __slots__ = ("shape", "terms")
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Shape, terms: Sequence[Term]) -> None:
        self.shape = shape
        self.terms = tuple(terms)

    @classmethod
    def upstream(cls, shape: Shape) -> Linear:
        """g itself."""
        return cls(shape, [Term.upstream(shape)])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    @property
    def T(self) -> Linear:
        """The axes reversed."""
        return self.transpose()

    @property
    def mT(self) -> Linear:
        """The last two axes exchanged."""
        return self.swapaxes(-1, -2)

    # arithmetic

    def _scaled(self, combine: Combine, values: Any) -> Linear:
        if isinstance(values, Linear):
            raise NotLinearError("a product of two gradients is not linear")
        values = np.asarray(values)
        shape = _common(self.shape, values.shape)
        return Linear(shape, [term.scaled(combine, values) for term in self.broadcast_to(shape).terms])

    def __mul__(self, other: Any) -> Linear:
        return self._scaled(np.multiply, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Linear:
        return self._scaled(np.divide, other)

    def __neg__(self) -> Linear:
        return self._scaled(np.multiply, -1.0)

    def __add__(self, other: Any) -> Linear:
        other = as_linear(other)
        shape = _common(self.shape, other.shape)
        return Linear(shape, self.broadcast_to(shape).terms + other.broadcast_to(shape).terms)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Linear:
        return self.__add__(-as_linear(other))

    def __rsub__(self, other: Any) -> Linear:
        return (-self).__add__(other)

    def __matmul__(self, other: Any) -> Linear:
        other = np.asarray(other)
        if other.ndim == 1:
            return self._scaled(np.multiply, other).sum(-1)
        right = other[..., None, :, :] if self.ndim > 1 else other
        return self.expand_dims(-1)._scaled(np.multiply, right).sum(-2)

    def __rmatmul__(self, other: Any) -> Linear:
        other = np.asarray(other)
        if self.ndim == 1:
            return self._scaled(np.multiply, other).sum(-1)
        if other.ndim == 1:
            return self._scaled(np.multiply, other[:, None]).sum(-2)
        return self.expand_dims(-3)._scaled(np.multiply, other[..., None]).sum(-2)

    def __bool__(self) -> bool:
        raise NotLinearError("a rule may not branch on the gradient")

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise NotLinearError("a linear map is no array")

    # axes

    def broadcast_to(self, shape: Shape) -> Linear:
        """Repeated along new and size-1 axes."""
        shape = tuple(shape)
        if shape == self.shape:
            return self
        extra = len(shape) - self.ndim
        old = (1,) * extra + self.shape
        repeated = [axis for axis, n in enumerate(shape) if n != 1 and old[axis] == 1]
        places = range(extra, len(shape))
        return Linear(shape, [term.on_axes(places, shape, repeated) for term in self.terms])

    def sum(self, axis: Any = None, keepdims: bool = False) -> Linear:
        """Summed over axes."""
        if axis == ():
            return self
        gone = normalize_axis_tuple(range(self.ndim) if axis is None else axis, self.ndim)
        rest = [k for k in range(self.ndim) if k not in gone]
        places = [rest.index(k) if k in rest else SUMMED for k in range(self.ndim)]
        shape = tuple(self.shape[k] for k in rest)
        summed = Linear(shape, [term.on_axes(places, shape) for term in self.terms])
        return summed.expand_dims(gone) if keepdims else summed

    def kept(self, mask: Any) -> Linear:
        """Zero where ``mask`` is not true (whatever stands there, inf and nan too)."""
        return self._scaled(keep, mask)

    def picked(self, mask: Any) -> Linear:
        """The entries chosen by number: the mask is true once in a row."""
        return self._scaled(pick, mask)

    def transpose(self, *axes: Any) -> Linear:
        """The axes in another order, reversed by default."""
        if len(axes) == 1 and not isinstance(axes[0], int):
            axes = axes[0] or ()
        order = normalize_axis_tuple(axes, self.ndim) if axes else tuple(range(self.ndim))[::-1]
        places = [order.index(k) for k in range(self.ndim)]
        shape = tuple(self.shape[k] for k in order)
        return Linear(shape, [term.on_axes(places, shape) for term in self.terms])

    def swapaxes(self, a: int, b: int) -> Linear:
        """Two axes exchanged."""
        order = list(range(self.ndim))
        order[a], order[b] = order[b], order[a]
        return self.transpose(order)

    def expand_dims(self, axis: Any) -> Linear:
        """New axes of size 1."""
        axis = axis if isinstance(axis, tuple) else (axis,)
        ndim = self.ndim + len(axis)
        new = normalize_axis_tuple(axis, ndim)
        places = [k for k in range(ndim) if k not in new]
        shape = [1] * ndim
        for k, place in enumerate(places):
            shape[place] = self.shape[k]
        return Linear(tuple(shape), [term.on_axes(places, tuple(shape)) for term in self.terms])

    def squeeze(self, axis: Any = None) -> Linear:
        """Without axes of size 1."""
        return self.sum(tuple(k for k, n in enumerate(self.shape) if n == 1) if axis is None else axis)

    def reshape(self, *shape: Any, order: str = "C") -> Linear:
        """The same entries in row-major order under another shape."""
        new = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        if order != "C":
            raise NotLinearError("row-major order only")
        known = prod(n for n in new if n != -1)
        new = tuple(self.size // max(known, 1) if n == -1 else int(n) for n in new)
        if new == self.shape:
            return self
        return Linear(new, [term.reshaped(self.shape, new) for term in self.terms])

    def __getitem__(self, index: Any) -> Linear:
        shape = list(self.shape)
        terms = list(self.terms)
        if isinstance(index, tuple) and index and all(isinstance(item, np.ndarray) for item in index):
            return self._gathered(index)
        items = _spread(index, self.ndim)
        axis = 0
        drop, added, place = [], [], 0
        for item in items:
            if item is None:
                added.append(place)
                place += 1
                continue
            picked = range(self.shape[axis])[item]
            if isinstance(picked, int):
                picked = range(picked, picked + 1)
                drop.append(axis)
            else:
                place += 1
            terms = [term.narrowed(axis, self.shape[axis], picked) for term in terms] if len(picked) else []
            shape[axis] = len(picked)
            axis += 1
        result = Linear(tuple(shape), terms).sum(tuple(drop))
        return result.expand_dims(tuple(added)) if added else result

    def _gathered(self, numbers: tuple[Any, ...]) -> Linear:
        """One entry per tuple of index numbers: ``g[rows, columns]``."""
        if len(numbers) != self.ndim or any(k.ndim != 1 or k.dtype.kind not in "iu" for k in numbers):
            raise NotLinearError("a list of numbers for every axis, or none")
        me = self.expand_dims(0)
        for axis, (k, n) in enumerate(zip(numbers, self.shape), 1):
            hit = k[:, None] % max(n, 1) == np.arange(n)
            me = me.picked(np.expand_dims(hit, [m for m in range(1, self.ndim + 1) if m != axis]))
        return me.sum(tuple(range(1, self.ndim + 1)))

    def scatter(self, shape: Shape, index: Any) -> Linear:
        """``zeros(shape)`` with these entries at ``index``: the transpose of a subscript."""
        items = _spread(index, len(shape))
        places = [range(n)[item] for n, item in zip(shape, [item for item in items if item is not None])]
        # bring g to one axis per axis of the whole: a new axis of the subscript goes, a fixed one comes back
        me = self.squeeze(tuple(k for k, item in enumerate(i for i in items if not isinstance(i, int)) if item is None))
        fixed = tuple(k for k, place in enumerate(places) if isinstance(place, int))
        me = me.expand_dims(fixed) if fixed else me
        terms = list(me.terms)
        for axis, place in enumerate(places):
            begin, step = (place, 1) if isinstance(place, int) else (place.start, place.step)
            terms = [term.placed(axis, begin, step) for term in terms]
        return Linear(tuple(shape), terms)

    def summed_to(self, shape: Shape) -> Linear:
        """Summed over the axes along which an operand of ``shape`` was repeated (the engine's ``unbroadcast``)."""
        if shape == self.shape:
            return self
        me = self.sum(tuple(range(max(self.ndim - len(shape), 0))))
        repeated = tuple(k for k, n in enumerate(shape) if n == 1 and k < me.ndim == len(shape) and me.shape[k] != 1)
        return me.sum(repeated, keepdims=True).broadcast_to(shape)

    # NumPy

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Linear:
        does = UFUNCS.get(ufunc.__name__)
        if method == "reduce" and ufunc is np.add:
            return self.sum(settings.get("axis", 0), keepdims=settings.get("keepdims", False))
        if does is None or method != "__call__" or settings:
            raise NotLinearError(f"{ufunc.__name__} of a gradient is not linear")
        return does(*inputs)  # type: ignore[no-any-return]

    def __array_function__(self, function: Any, types: Any, inputs: Any, settings: Any) -> Any:
        does = FUNCTIONS.get(function.__name__)
        if does is None:
            raise NotLinearError(f"{function.__name__} of a gradient is not known to be linear")
        return does(*inputs, **settings)


def _common(a: Shape, b: Shape) -> Shape:
    """The shape both broadcast to."""
    return a if a == b or not b else np.broadcast_shapes(a, b)


def as_linear(value: Any) -> Linear:
    """Zeros count as the linear map that is zero."""
    if isinstance(value, Linear):
        return value
    value = np.asarray(value)
    if np.any(value):
        raise NotLinearError("a gradient plus a number is not linear")
    return Linear(value.shape, ())


def _spread(index: Any, ndim: int) -> list[Any]:
    """A subscript as one int or slice per axis, and None for new ones."""
    items = list(index) if isinstance(index, tuple) else [index]
    if not all(item is None or item is Ellipsis or isinstance(item, (int, np.integer, slice)) for item in items):
        raise NotLinearError("whole numbers and slices only")
    items = [int(item) if isinstance(item, np.integer) else item for item in items]
    used = sum(item is not None and item is not Ellipsis for item in items)
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    return items[:at] + [slice(None)] * (ndim - used) + items[at + 1 :]

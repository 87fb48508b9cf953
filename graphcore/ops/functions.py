"""What forward formulas call besides NumPy's own functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphcore.ops import backward, positions, special
from graphcore.ops.backward import Array, Axis, Shape
from graphcore.ops.backward import keep as keep
from graphcore.ops.backward import whole as whole

_TRUTHS = (bool, np.bool)
_ERFC = np.frompyfunc(math.erfc, 1, 1)


def total(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """``sum`` at the price of the bare reduction."""
    return np.add.reduce(a, axis, None, None, keepdims)  # type: ignore[call-overload]  # by position: keywords cost a third more


def where(condition: Any, a: Any, b: Any) -> Any:
    """``np.where`` that takes one side whole where the condition is a plain truth value.

    >>> where(np.array([True, False]), np.array([2.0, np.inf]), 0).tolist()
    [2.0, 0.0]
    """
    if type(condition) is np.ndarray:
        if condition.size >= _LARGE and condition.dtype == bool:
            if _fits(b, condition) and not condition.any():
                return b
            if _is_zero(b) and _fits(a, condition):
                return _masked(a, condition)
            if _is_zero(a) and _fits(b, condition):
                return _masked(b, ~condition)
        return np.where(condition, a, b)
    return (a if condition else b) if type(condition) in _TRUTHS else np.where(condition, a, b)


def across(a: Any, b: Any) -> Any:
    """``a.T @ b`` of matrices, by the way on which BLAS writes fewer and longer rows.

    >>> across(np.array([[1.0, 2.0]]), np.array([[3.0]])).tolist()
    [[3.0], [6.0]]
    """
    return (b.T @ a).T if a.ndim == b.ndim == 2 and a.shape[1] > b.shape[1] else a.T @ b


def add_to_product(product: Any, other: Any) -> Any:
    """``other + product`` for a new matrix product, in its own memory where the sum has the same shape.

    >>> add_to_product(np.ones((2, 2)) @ np.ones((2, 2)), np.array([0.5, -0.5])).tolist()
    [[2.5, 1.5], [2.5, 1.5]]
    """
    fits = isinstance(product, np.ndarray) and isinstance(other, np.ndarray) and product.dtype == other.dtype
    if fits and product.ndim and other.shape == product.shape[product.ndim - other.ndim :]:
        return np.add(other, product, out=product)
    return other + product


# from here on a mask of bits beats np.where, which stops at every change of side
_LARGE = 4096


def _is_zero(value: Any) -> bool:
    return np.ndim(value) == 0 and type(value) is not bool and value == 0 and math.copysign(1.0, value) > 0


def _fits(value: Any, condition: Any) -> bool:
    return type(value) is np.ndarray and value.dtype == np.float64 and value.shape == condition.shape


def _masked(value: Array, mask: Any) -> Any:
    """The value where the mask holds, else 0, whatever stood there: bit by bit, so that inf and nan are dropped too."""
    bits = mask.astype(np.int64)
    np.negative(bits, out=bits)
    np.bitwise_and(bits, value.view(np.int64), out=bits)
    return bits.view(np.float64)


def sign(a: Any) -> Any:
    """-1, 0 or 1, and 0 for nan as torch has it."""
    return np.subtract(a > 0, a < 0, dtype=np.float64)


def erf(a: Any) -> Any:
    """The error function, entry by entry."""
    return np.float64(math.erf(a)) if np.ndim(a) == 0 else special.erf(a)


def erfc(a: Any) -> Any:
    """1 - erf(a), exact far out too."""
    return np.float64(math.erfc(a)) if np.ndim(a) == 0 else _ERFC(a).astype(np.float64)


def sigmoid(a: Any) -> Any:
    """1 / (1 + exp(-a)); 0 and 1 far out."""
    return 1 / (1 + np.exp(-a))


def clip(a: Any, low: Any, high: Any) -> Any:
    """The nearest number between the bounds; None is no bound, and the upper bound wins as in NumPy and torch."""
    if low is not None:
        a = np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def count(shape: Shape, axis: Axis = None) -> Any:
    """How many entries a reduction over ``axis`` takes together; none at all is a zero that divides as in IEEE."""
    if axis is None:
        return math.prod(shape) or np.float64(0)
    axes = axis if isinstance(axis, tuple) else (axis,)
    return math.prod([shape[k] for k in axes]) or np.float64(0)


def top(a: Any, axis: int) -> Any:
    """The largest entry along an axis, kept as an axis of length 1."""
    return np.maximum.reduce(a, axis, keepdims=True) if np.shape(a)[axis] else 0.0


def normalized(a: Any, axis: int) -> Any:
    """Divided by its sum."""
    return a / total(a, axis, True)


def log_of_sum(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(a))) with the largest exponent taken out, unless that is infinite."""
    largest = np.maximum.reduce(a, axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    found = np.log(total(np.exp(a - shift), axis, True)) + shift
    return found if keepdims else found.reshape(()) if axis is None else np.squeeze(found, axis)


def mean(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over the count; nan for nothing, without a warning."""
    return total(a, axis, keepdims) / count(np.shape(a), axis)


def freedom(shape: Shape, axis: Axis, ddof: int) -> Any:
    """The divisor of a variance, never below 0."""
    return np.float64(max(count(shape, axis) - ddof, 0))


def tied(a: Any, y: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The entries that share the extreme value with another one."""
    ties = a == keep(y, axis, keepdims)
    return ties & (total(ties * 1.0, axis, keepdims=True) > 1)


def share(a: Any, y: Any, axis: Axis = None, keepdims: bool = False, nan: bool = True) -> Any:
    """Each entry's share of the extreme value ``y``: ties share equally, the others have 0.

    nan ties with nan; or it does not, then there is no share to give and all is nan (torch knows both kinds).
    """
    extreme = keep(y, axis, keepdims)
    ties = a == extreme
    if nan:
        ties = ties | (np.isnan(a) & np.isnan(extreme))
    return ties / total(ties * 1.0, axis, keepdims=axis is not None)


def extreme(a: Any, y: Any) -> Any:
    """A mask of the entries that are the extreme value ``y`` of the whole array; nan ties with nan."""
    return np.isnan(a) if np.isnan(y) else a == y


def ties(a: Any, y: Any) -> Any:
    """How many entries are the extreme value."""
    return np.count_nonzero(extreme(a, y))


def chosen(a: Array, y: Any, axis: int, keepdims: bool) -> Any:
    """A mask of the first entry along ``axis`` that is the extreme value ``y`` (or the first nan)."""
    extreme = keep(y, axis, keepdims)
    first = np.argmax((a == extreme) | np.isnan(a), axis=axis, keepdims=True)
    places = np.arange(a.shape[axis]).reshape([-1 if k == axis % a.ndim else 1 for k in range(a.ndim)])
    return places == first


def others(a: Any, axis: Axis = None) -> Any:
    """For each entry the product of all the others along ``axis``: y / a without a division by zero."""
    a = np.asarray(a)
    if axis is None:
        return _others(a.reshape(-1)).reshape(a.shape)
    return np.moveaxis(_others(np.moveaxis(a, axis, 0)), 0, axis)


def _others(a: Any) -> Any:
    before, after = np.ones_like(a), np.ones_like(a)
    np.multiply.accumulate(a[:-1], axis=0, out=before[1:])
    np.multiply.accumulate(a[:0:-1], axis=0, out=after[-2::-1])
    return before * after


def normal_below(a: Any) -> Any:
    """Φ: how much of the normal distribution lies below ``a``."""
    return (1 + erf(a / math.sqrt(2))) / 2


def normal_density(a: Any) -> Any:
    """φ: the density of the normal distribution."""
    return np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi)


def softplus(a: Any) -> Any:
    """log(1 + exp(a)), and a itself beyond 20, where that is the same number."""
    return np.where(a > 20, a, np.log1p(np.exp(a)))


def take(a: Array, rows: Any) -> Any:
    """The rows with these numbers."""
    return a[whole(rows, len(a))]


def pick(a: Array, classes: Any) -> Any:
    """Entry ``classes[k]`` of row k."""
    numbers = whole(classes, a.shape[-1])
    return a[np.arange(len(a)), numbers] if a.ndim > 1 else a[numbers]


def outer(a: Any, b: Any) -> Any:
    """All products of an entry of ``a`` with an entry of ``b``."""
    return a[:, None] * b


def cofactors(a: Array) -> Any:
    """The derivative of a determinant, also where the matrix is singular."""
    if not np.isfinite(a).all():
        return np.full_like(a, np.nan)
    u, s, vh = np.linalg.svd(a)
    return np.linalg.det(u) * np.linalg.det(vh) * (u * _others(s)) @ vh


def det(a: Array) -> Any:
    """The determinant; nan where an entry is."""
    return np.float64(np.nan) if np.isnan(a).any() else np.linalg.det(a)


def inv(a: Array) -> Any:
    """The inverse; nan where an entry is. A singular matrix raises NumPy's error, which the engine puts in words."""
    if np.isnan(a).any():
        return np.full_like(a, np.nan)
    return np.linalg.inv(a)


def solve(a: Array, b: Array) -> Any:
    """x of a @ x = b; nan where an entry is, NumPy's error where the matrix is singular."""
    if np.isnan(a).any() or np.isnan(b).any():
        return np.full_like(b, np.nan)
    return np.linalg.solve(a, b)


def tri(shape: Shape, k: int) -> Any:
    """A mask of the entries on and below diagonal number ``k``."""
    return np.tri(shape[-2], shape[-1], k, dtype=bool)


FUNCTIONS = {
    name: value
    for module in (globals(), vars(backward), vars(positions))
    for name, value in module.items()
    if callable(value) and getattr(value, "__module__", "").startswith("graphcore.ops") and not name.startswith("_")
} | {"sum": total, "Φ": normal_below, "φ": normal_density}

"""Entries picked along an axis by a number for each place, and put, added or multiplied back."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcore.ops.aten.indexing import returned
from graphcore.ops.aten.resampling import add_at
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array, Shape
from graphcore.ops.row import Formula


def places(shape: Shape, dim: int, index: Any) -> Any:
    """The flat positions in an array of ``shape`` of what ``index`` names along ``dim``."""
    if not shape:
        return np.zeros(index.shape, np.int64)
    flat: Any = 0
    for axis, n in enumerate(shape):
        if axis == dim % len(shape):
            own: Any = index
        else:
            own = np.arange(index.shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(shape))])
        flat = flat * n + own
    return flat


def _lined(index: Any, source: Any, dim: int) -> Any:
    """Numbers of whole slices as a number for each entry of ``source``."""
    if not source.ndim:
        return index.reshape(())
    line = index.reshape([-1 if k == dim % source.ndim else 1 for k in range(source.ndim)])
    return np.broadcast_to(line, source.shape)


def _part(source: Any, index: Any) -> Any:
    """The entries of a source that may be larger than its index."""
    return source[tuple(map(slice, index.shape))] if source.ndim == index.ndim else source.reshape(index.shape)


def _whole(found: Any, source: Any) -> Any:
    """The transpose: zeros for what was not used."""
    if found.shape == source.shape or found.ndim != source.ndim:
        return found.reshape(source.shape)
    full = np.zeros(source.shape)
    full[tuple(map(slice, found.shape))] = found
    return full


def _picked(a: Any, dim: int, index: Any) -> Any:
    return a.ravel()[places(a.shape, dim, index)]


def _stored(a: Any, dim: int, index: Any, values: Any) -> Any:
    y = a.flatten()
    y[places(a.shape, dim, index)] = values
    return y.reshape(a.shape)


def _added(a: Any, dim: int, index: Any, values: Any) -> Any:
    flat = places(a.shape, dim, index)
    if a.dtype == np.float64:
        return a + returned(np.broadcast_to(values, flat.shape), flat, a.shape)
    y = a.flatten()
    np.add.at(y, flat, values)
    return y.reshape(a.shape)


def _gather_back(g: Any, y: Any, self: Any, dim: int, index: Any, sparse_grad: bool) -> Any:
    return returned(g, places(self.shape, dim, index), self.shape)


def _scatter(self: Any, dim: int, index: Any, src: Any = None, value: Any = None, reduce: Any = None) -> Any:
    values = value if src is None else _part(src, index)
    return _stored(self, dim, index, values) if reduce is None else _added(self, dim, index, values)


def _scatter_self(g: Any, y: Any, self: Any, dim: int, index: Any, reduce: Any = None, **_: Any) -> Any:
    return _stored(g, dim, index, 0.0) if reduce is None else g


def _scatter_src(g: Any, y: Any, self: Any, dim: int, index: Any, src: Any, **_: Any) -> Any:
    return _whole(_picked(g, dim, index), src)


_AT = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}
_START = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": -np.inf, "amin": np.inf}


def _counts(self: Any, dim: int, index: Any, include_self: bool) -> Array:
    """How many entries each place of the result is made of."""
    found = returned(np.ones(index.shape), places(self.shape, dim, index), self.shape)
    return np.maximum(found + include_self, 1.0)


def _reduced(self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    start = self if include_self else _stored(self, dim, index, _START[reduce])
    src = _part(src, index)
    if reduce in ("sum", "mean"):
        y = _added(start, dim, index, src)
        return y if reduce == "sum" else y / _counts(self, dim, index, include_self)
    y = start.flatten()
    _AT[reduce].at(y, places(self.shape, dim, index), src)
    return y.reshape(self.shape)


def _without_self(found: Any, dim: int, index: Any, include_self: bool) -> Any:
    return found if include_self else _stored(found, dim, index, 0.0)


def _reduced_self(g: Any, y: Any, self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    if reduce == "mean":
        g = g / _counts(self, dim, index, include_self)
    elif reduce == "prod":
        # the product of the others alone, which a division by an entry that is 0 would not give
        g = g * _reduced(np.ones(self.shape), dim, index, src, reduce, True)
    elif reduce != "sum":
        g = np.where(self == y, g / _tied(y, self, dim, index, src), 0.0)
    return _without_self(g, dim, index, include_self)


def _reduced_src(g: Any, y: Any, self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    entries = _part(src, index)
    if reduce == "mean":
        g = g / _counts(self, dim, index, include_self)
    elif reduce == "prod":
        return _whole(_picked(g, dim, index) * _other_factors(y, self, dim, index, entries, include_self), src)
    elif reduce != "sum":
        g = g / _tied(y, self, dim, index, src)
        return _whole(np.where(entries == _picked(y, dim, index), _picked(g, dim, index), 0.0), src)
    return _whole(_picked(g, dim, index), src)


def _tied(y: Any, self: Any, dim: int, index: Any, src: Any) -> Any:
    """How many entries share each extreme value."""
    mine = (_part(src, index) == _picked(y, dim, index)) * 1.0
    return (self == y) + returned(mine, places(self.shape, dim, index), self.shape)


def _other_factors(y: Any, self: Any, dim: int, index: Any, src: Any, include_self: bool) -> Any:
    """For each entry of ``src`` the product of everything else at its place."""
    zero = src == 0
    zeros = _picked(returned(zero * 1.0, places(self.shape, dim, index), self.shape), dim, index)
    filled = np.where(zero, 1.0, src)
    rest = _picked(_reduced(self, dim, index, filled, "prod", include_self), dim, index) / filled
    # two zeros leave nothing, a single one is felt by itself alone
    return np.where(zeros - zero > 0, 0.0, rest)


def _select(self: Any, dim: int, index: Any) -> Any:
    return np.take(self, np.atleast_1d(index), dim) if self.ndim else self.copy()


def _select_back(g: Any, y: Any, self: Any, dim: int, index: Any) -> Any:
    if not self.ndim:
        return g
    return add_at(g, np.atleast_1d(index), self.shape[dim], dim % self.ndim)


def _lines(function: Any) -> Any:
    """A function of a number per entry as one of numbers of slices along ``dim``."""

    def run(*first: Any, dim: int, index: Any, source: Any, **rest: Any) -> Any:
        return function(*first, dim=dim, index=_lined(index, source, dim), src=source, **rest)

    return run


def _index_add(self: Any, dim: int, index: Any, source: Any, alpha: float) -> Any:
    return _added(self, dim, _lined(index, source, dim), alpha * source)


def _index_add_source(g: Any, y: Any, self: Any, dim: int, index: Any, source: Any, alpha: float) -> Any:
    return alpha * _picked(g, dim, _lined(index, source, dim))


def _slices(a: Any, dim: int, index: Any) -> Any:
    """The subscript of whole slices along ``dim``."""
    return (slice(None),) * (dim % a.ndim) + (np.atleast_1d(index),) if a.ndim else ()


def _index_copy(self: Any, dim: int, index: Any, source: Any) -> Any:
    y = self.copy()
    y[_slices(self, dim, index)] = source if self.ndim else source.reshape(())
    return y


def _cleared(g: Any, dim: int, index: Any) -> Any:
    found = g.copy()
    found[_slices(g, dim, index)] = 0.0
    return found


def _index_copy_source(g: Any, y: Any, self: Any, dim: int, index: Any, source: Any) -> Any:
    return g[_slices(g, dim, index)].reshape(source.shape)


def _index_fill(self: Any, dim: int, index: Any, value: Any) -> Any:
    y = self.copy()
    y[_slices(self, dim, index)] = value
    return y


def _index_fill_value(g: Any, y: Any, self: Any, dim: int, index: Any, value: Any) -> Any:
    felt = np.zeros(g.shape)
    # a slice named twice is filled once
    felt[_slices(g, dim, index)] = g[_slices(g, dim, index)]
    return np.add.reduce(felt, None)


def _rules(wrap: Any, name: str, **more: Any) -> dict[str, Any]:
    return {
        "spoken": "entries brought together",
        "self": Formula("part_of(self, y) * g", wrap(_reduced_self)),
        name: Formula(f"part_of({name}, y) * g[index]", wrap(_reduced_src)),
    }


ROWS: list[Row | Same] = [
    aten(
        "gather(self, dim=0, index=None, sparse_grad=False)",
        Formula("take_along(self, index, dim)", lambda self, dim, index, sparse_grad: _picked(self, dim, index)),
        says="g goes back to the entries picked; 0 elsewhere",
        self=Formula("scatter_add(g, index, dim)", _gather_back),
    ),
    aten(
        "scatter(self, dim=0, index=None, src=None, value=None, reduce=None)",
        Formula("put_along(self, index, src, dim)", _scatter),
        when=lambda arguments: arguments.get("reduce") in (None, "add"),
        self=Formula("put_along(g, index, 0, dim)", _scatter_self),
        src=Formula("take_along(g, index, dim)", _scatter_src),
    ),
    aten(
        "scatter_add(self, dim=0, index=None, src=None)",
        Formula("scatter_add(self, index, src, dim)", lambda self, dim, index, src: _added(self, dim, index, _part(src, index))),
        self="g",
        src=Formula("take_along(g, index, dim)", _scatter_src),
    ),
    aten(
        "scatter_reduce(self, dim=0, index=None, src=None, reduce='sum', include_self=True)",
        Formula("reduced(self, index, src)", _reduced),
        **_rules(lambda function: function, "src"),
    ),
    aten(
        "index_reduce(self, dim=0, index=None, source=None, reduce='mean', include_self=True)",
        Formula("reduced(self, index, source)", _lines(_reduced)),
        **_rules(_lines, "source"),
    ),
    aten(
        "index_select(self, dim=0, index=None)",
        Formula("take(self, index, dim)", _select),
        says="g goes back to the slices picked; 0 elsewhere",
        self=Formula("gather_add(g, index, dim)", _select_back),
    ),
    aten(
        "index_add(self, dim=0, index=None, source=None, alpha=1)",
        Formula("self + alpha * gather_add(source, index, dim)", _index_add),
        self="g",
        source=Formula("alpha * take(g, index, dim)", _index_add_source),
    ),
    aten(
        "index_copy(self, dim=0, index=None, source=None)",
        Formula("put(self, index, source, dim)", _index_copy),
        self=Formula("put(g, index, 0, dim)", lambda g, y, self, dim, index, source: _cleared(g, dim, index)),
        source=Formula("take(g, index, dim)", _index_copy_source),
    ),
    aten(
        "index_fill(self, dim=0, index=None, value=0)",
        Formula("put(self, index, value, dim)", _index_fill),
        self=Formula("put(g, index, 0, dim)", lambda g, y, self, dim, index, value: _cleared(g, dim, index)),
        value=Formula("sum(take(g, index, dim))", _index_fill_value),
    ),
]

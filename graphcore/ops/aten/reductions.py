"""Sums and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphcore.ops.aten.kinds import Arguments, cast, float_self, floating, kind, same, stays_float
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.functions import count, mean
from graphcore.ops.namespaces import Axis, restore
from graphcore.ops.row import Formula

Settings = Callable[[Arguments], dict[str, Any]]


def axes(dim: Any, rank: int) -> Axis:
    """torch's ``dim`` as NumPy's axis: none named means all, a single number has none to name."""
    if dim is None or rank == 0 or (isinstance(dim, (tuple, list)) and not dim):
        return None
    if isinstance(dim, int):
        return dim
    return tuple(dim) if len(dim) > 1 else int(dim[0])


def along(arguments: Arguments) -> dict[str, Any]:
    """The axis and whether it is kept, as the language's reductions have them."""
    axis = axes(arguments.get("dim"), len(arguments["self"].shape))
    return {"axis": axis, "keepdims": bool(arguments.get("keepdim", False))}


def _length(arguments: Arguments) -> dict[str, Any]:
    order = next((arguments[key] for key in ("p", "ord") if arguments.get(key) is not None), 2)
    return {"ord": None if order == 2 else float(order), **along(arguments)}


def _spread(arguments: Arguments) -> dict[str, Any]:
    correction = arguments.get("correction")
    return {"ddof": 1 if correction is None else correction, **along(arguments)}


def _stays(arguments: Arguments) -> bool:
    return float_self(arguments) and stays_float(arguments)


def _of_some(arguments: Arguments) -> bool:
    return float_self(arguments) and 0 not in arguments["self"].shape


def _counting(arguments: Arguments) -> bool:
    return 0 in (arguments.get("p", 2), arguments.get("ord", 2))


def _measured(arguments: Arguments) -> bool:
    return _stays(arguments) and not _counting(arguments) and (0 not in arguments["self"].shape or _ordinary_length(arguments))


def _ordinary_length(arguments: Arguments) -> bool:
    return bool(0 < (_length(arguments)["ord"] or 2) < np.inf)


def folded(function: Any) -> Any:
    """NumPy's reduction under torch's argument names."""

    def run(self: Any, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Any:
        return function(cast(self, dtype), axis=axes(dim, np.ndim(self)), keepdims=keepdim)

    return run


def _nonzero(self: Any, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    return np.sum(np.asarray(self) != 0, axis=axes(dim, np.ndim(self)), keepdims=keepdim, dtype=np.int64)


def _nonzero_norm(**arguments: Any) -> Any:
    return np.asarray(_nonzero(**arguments), dtype=np.float64)


def _place(function: Any) -> Any:
    def run(self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        if not np.ndim(self):
            return np.int64(0)
        return function(self, axis=dim, keepdims=keepdim)

    return run


def _mean_and(function: Callable[[Any], Any]) -> Any:
    def run(self: Any, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Any:
        axis = axes(dim, np.ndim(self))
        middle = mean(self, axis, True)
        free = np.float64(max(count(np.shape(self), axis) - (1 if correction is None else correction), 0))
        spread = function(np.sum((self - middle) ** 2, axis=axis, keepdims=True) / free)
        if keepdim:
            return spread, middle
        return np.squeeze(spread, axis), np.squeeze(middle, axis)

    return run


def _mean_and_rule(is_root: bool) -> Any:
    def rule(g: Any, y: Any, self: Any, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Any:
        shape, axis = np.shape(self), axes(dim, np.ndim(self))
        found = np.zeros(shape)
        if 1 in g:
            found = found + restore(g[1] / count(shape, axis), shape, axis, keepdim)
        if 0 in g:
            free = np.float64(max(count(shape, axis) - (1 if correction is None else correction), 0))
            each = np.where(y[0] == 0, 0.0, g[0] / (y[0] * free)) if is_root else 2 * g[0] / free
            found = found + restore(each, shape, axis, keepdim) * (self - mean(self, axis, True))
        return found

    return rule


def _not_nan(self: Any, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Any:
    return np.sum(np.where(np.isnan(self), 0.0, self), axis=axes(dim, np.ndim(self)), keepdims=keepdim)


def _not_nan_rule(g: Any, y: Any, self: Any, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Any:
    return np.where(np.isnan(self), 0.0, restore(g, np.shape(self), axes(dim, np.ndim(self)), keepdim))


def _both_ends(self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    axis = axes(dim, np.ndim(self))
    return np.min(self, axis=axis, keepdims=keepdim), np.max(self, axis=axis, keepdims=keepdim)


def _both_ends_rule(g: Any, y: Any, self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    axis = axes(dim, np.ndim(self))
    found = np.zeros(np.shape(self))
    for part, gradient in g.items():
        ties = self == restore(y[part], np.shape(self), axis, keepdim)
        found = found + ties * restore(gradient / np.sum(ties, axis=axis, keepdims=keepdim), np.shape(self), axis, keepdim)
    return found


def _whole_numbers(arguments: Arguments) -> bool:
    return not floating(arguments) or kind(arguments.get("dtype")) in ("int", "bool")


def flat(signature: str, function: Any, spoken: str, when: Any = None) -> Row:
    """A row without gradient: counts, places, truth values and sums of whole numbers."""
    name = signature.split("(")[0]
    return aten(signature, Formula(f"{name}(self)", function), spoken=spoken, when=when)


_DIMS = "dim=None, keepdim=False"
_NORMS = {"norm": "self, p=2, " + _DIMS + ", dtype=None", "linalg_vector_norm": "self, ord=2, " + _DIMS + ", dtype=None"}

ROWS: list[Row | Same] = [
    same("sum", when=_stays, statics=along),
    same("mean", when=_stays, statics=along),
    same("prod", when=_stays, statics=along),
    *[
        flat(f"{name}(self, {_DIMS}, dtype=None)", folded(function), spoken, _whole_numbers)
        for name, function, spoken in (("sum", np.sum, "sum"), ("prod", np.prod, "product"))
    ],
    same("amax", statics=along),
    same("amin", statics=along),
    *[
        flat(f"{name}(self, {_DIMS})", folded(function), spoken, lambda given: not floating(given))
        for name, function, spoken in (("amax", np.max, "largest entry"), ("amin", np.min, "smallest entry"))
    ],
    same("max", when=lambda given: float_self(given) and "dim" not in given, statics=along),
    same("min", when=lambda given: float_self(given) and "dim" not in given, statics=along),
    *[
        flat(f"{name}(self)", function, spoken, lambda given: not floating(given) and "dim" not in given)
        for name, function, spoken in (
            ("max", lambda self: np.max(self), "largest entry"),
            ("min", lambda self: np.min(self), "smallest entry"),
        )
    ],
    same("var", statics=_spread),
    same("std", statics=_spread),
    *[
        aten(
            f"{name}(self, dim=None, correction=None, keepdim=False)",
            Formula(f"{name}(self)", _mean_and(function)),
            spoken=spoken,
            self=Formula(f"g1 / n + {shown} * (self - mean)", _mean_and_rule(is_root)),
            when=lambda given: float_self(given) and "unbiased" not in given,
        )
        for name, function, spoken, shown, is_root in (
            ("var_mean", lambda square: square, "variance and mean", "2 * g0 / (n - 1)", False),
            ("std_mean", np.sqrt, "standard deviation and mean", "g0 / (y * (n - 1))", True),
        )
    ],
    same("logsumexp", when=_of_some, statics=along),
    aten(
        f"nansum(self, {_DIMS}, dtype=None)",
        Formula("sum(where(isnan(self), 0, self))", _not_nan),
        spoken="sum of what is a number",
        self=Formula("where(isnan(self), 0, g)", _not_nan_rule),
        when=_stays,
    ),
    *[same(name, "norm", when=_measured, statics=_length) for name in _NORMS],
    *[
        aten(
            f"{name}({signature})",
            Formula("count_nonzero(self)", _nonzero_norm),
            spoken="number of entries not 0",
            when=_counting,
        )
        for name, signature in _NORMS.items()
    ],
    aten(
        "aminmax(self, dim=None, keepdim=False)",
        Formula("(min(self), max(self))", _both_ends),
        spoken="smallest and largest entry",
        self=Formula("where(self == y, g / ties, 0)", _both_ends_rule),
    ),
    flat(f"all(self, {_DIMS})", folded(np.all), "all"),
    flat(f"any(self, {_DIMS})", folded(np.any), "any"),
    flat("argmax(self, dim=None, keepdim=False)", _place(np.argmax), "place of the largest"),
    flat("argmin(self, dim=None, keepdim=False)", _place(np.argmin), "place of the smallest"),
    flat("count_nonzero(self, dim=None)", _nonzero, "number of entries not 0"),
]

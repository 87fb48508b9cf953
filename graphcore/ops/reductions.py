"""Sums and their kin: many numbers to few."""

from __future__ import annotations

import math
from typing import Any

from graphcore.ops import shapes
from graphcore.ops.backward import Axis, cumprod_rule
from graphcore.ops.functions import count
from graphcore.ops.make import op
from graphcore.ops.row import Formula, Op

_X = "x = [[1, 2, 3], [4, 6, 5]]\n"
_SPREAD = "restore({}, shape(a), axis, keepdims)"


def _call(function: str, axis: str, keepdims: str, more: str = "") -> str:
    """A call as a person writes it: arguments at their defaults are left out."""
    plain, along = f"{function}(a{more})", f"{function}(a, {axis}=axis{more})"
    full = f"{function}(a, {axis}=axis, {keepdims}=keepdims{more})"
    return f"{plain} if axis is None and (not keepdims) else {along} if not keepdims else {full}"


def reduction(name: str, forward: str, *, more: str = "", torch: str | Formula = "", numpy: str = "", **row: Any) -> Op:
    """A row with ``axis`` and ``keepdims``; ``more`` are further arguments of the calls, as text."""
    return op(
        name,
        forward,
        group="reductions",
        statics={**row.pop("statics", {}), "axis": None, "keepdims": False},
        shape=row.pop("shape", shapes.reduction),
        numpy=numpy or _call(f"np.{name}", "axis", "keepdims", more.replace("correction", "ddof")),
        torch=torch or _call(f"torch.{name}", "dim", "keepdim", more),
        **row,
    )


def spread(name: str) -> Formula:
    """torch's call of a variance; for one entry alone, where torch warns of its nan, a nan with torch's own gradient."""

    def call(a: Any, axis: Axis, keepdims: bool, ddof: float) -> Any:
        if count(tuple(a.shape), axis) > ddof:
            return getattr(a, name)(dim=axis, correction=ddof, keepdim=keepdims)
        return a.mean(dim=axis, keepdim=keepdims) * math.nan

    return Formula(_call(f"torch.{name}", "dim", "keepdim", ", correction=ddof"), call)


def extreme(name: str, spoken: str, torch: str, rule: str) -> Op:
    """A row that picks the largest or smallest entry."""
    kind = name.removeprefix("a")
    return reduction(
        name,
        f"{kind}(a, axis=axis, keepdims=keepdims)",
        spoken=spoken,
        shape=shapes.extreme,
        numpy=_call(f"np.{kind}", "axis", "keepdims"),
        torch=torch,
        a=rule,
        says=f"goes to the {spoken.split()[0]} entry",
        kink="tied(a, y, axis, keepdims)",
        kink_says="a tie; torch shares equally among all of the array, and gives all to the first along one axis",
        example=_X + f"y = {name}(x)",
    )


def _all_or_first(kind: str) -> tuple[str, str]:
    """torch's call and the rule: along one axis the first of equals has all, over the whole array they share."""
    one = "isinstance(axis, int)"
    torch = (
        f"torch.{kind}(a) if axis is None and (not keepdims) else torch.{kind}(a, dim=axis, keepdim=keepdims).values if {one} "
        f"else torch.a{kind}(a, dim=() if axis is None else axis, keepdim=keepdims)"
    )
    first = f"where(chosen(a, y, axis, keepdims), {_SPREAD.format('g')}, 0)"
    return torch, f"{first} if {one} else {_ALL} if axis is None and (not keepdims) else {_SHARED}"


_ALL = f"where(extreme(a, y), {_SPREAD.format('g / ties(a, y)')}, 0)"
_SHARED = _SPREAD.format("g") + " * share(a, y, axis, keepdims, False)"
_AMONG = "torch.a{0}(a) if axis is None and (not keepdims) else torch.a{0}(a, dim=() if axis is None else axis, keepdim=keepdims)"
_CENTRED = "(a - mean(a, axis, keepdims=True))"
_LEFT = "freedom(shape(a), axis, ddof)"
_SPREAD_SQUARES = f"sum({_CENTRED} ** 2, axis, keepdims) / {_LEFT}"
_ROOT_TWO = "ord is None or ord == 2 or ord == 'fro'"
_ENDLESS = "ord == float('inf')"
_ENDLESS_MIN = "ord == -float('inf')"

ROWS = [
    reduction(
        "sum", "sum(a, axis, keepdims)", spoken="sum", a=_SPREAD.format("g"), says="a sum passes it on", example=_X + "y = sum(x)"
    ),
    reduction(
        "mean",
        "sum(a, axis, keepdims) / count(shape(a), axis)",
        spoken="mean",
        a=_SPREAD.format("g / count(shape(a), axis)"),
        says="each entry has an equal share",
        example=_X + "y = mean(x ** 2)",
    ),
    reduction(
        "prod",
        "prod(a, axis=axis, keepdims=keepdims)",
        spoken="product",
        shape=shapes.one_axis_or_all,
        torch="torch.prod(a, dim=axis, keepdim=keepdims) if axis is not None else "
        "torch.prod(a).reshape([1] * a.ndim) if keepdims else torch.prod(a)",
        a=_SPREAD.format("g") + " * others(a, axis)",
        local={"a": "y / a"},
        says="the product of all the others",
        reads="g times the product of all the other entries",
        example="x = [2, 3, 4]\ny = prod(x)",
    ),
    extreme("max", "largest entry", *_all_or_first("max")),
    extreme("min", "smallest entry", *_all_or_first("min")),
    extreme("amax", "largest entry, ties share", _AMONG.format("max"), _SHARED),
    extreme("amin", "smallest entry, ties share", _AMONG.format("min"), _SHARED),
    reduction(
        "median",
        "median(a, axis, keepdims)",
        spoken="entry in the middle, the lower of two",
        shape=shapes.median,
        numpy="np.sort(a, axis=None)[(a.size - 1) // 2] if axis is None and (not keepdims) else "
        "np.sort(a, axis=None)[(a.size - 1) // 2].reshape((1,) * a.ndim) if axis is None else "
        "np.take(np.sort(a, axis=axis), [(a.shape[axis] - 1) // 2], axis=axis) if keepdims else "
        "np.take(np.sort(a, axis=axis), (a.shape[axis] - 1) // 2, axis=axis)",
        torch="torch.median(a) if axis is None and (not keepdims) else torch.median(a).reshape((1,) * a.ndim) if axis is None "
        "else torch.median(a, dim=axis, keepdim=keepdims).values",
        a=f"{_ALL} if axis is None else where(in_the_middle(a, axis), {_SPREAD.format('g')}, 0)",
        says="goes to the entry in the middle",
        kink="tied(a, y, axis, keepdims)",
        kink_says="a tie; torch shares equally among all of the array, and gives all to one along an axis",
        example="x = [3, 1, 2]\ny = median(x)",
    ),
    reduction(
        "var",
        _SPREAD_SQUARES,
        spoken="variance",
        torch=spread("var"),
        shape=shapes.spread,
        statics={"ddof": 0},
        more=", correction=ddof",
        a=_SPREAD.format(f"2 * g / {_LEFT}") + f" * {_CENTRED}",
        says="twice the distance from the mean, shared by n",
        example=_X + "y = var(x)",
    ),
    reduction(
        "std",
        f"sqrt({_SPREAD_SQUARES})",
        spoken="standard deviation",
        torch=spread("std"),
        shape=shapes.spread,
        statics={"ddof": 0},
        more=", correction=ddof",
        a=_SPREAD.format(f"where(y == 0, 0, g / (y * {_LEFT}))") + f" * {_CENTRED}",
        says="the distance from the mean over n times the deviation",
        kink="y == 0",
        kink_says="all entries are equal; torch uses 0",
        example=_X + "y = std(x)",
    ),
    reduction(
        "norm",
        f"sqrt(sum(a ** 2, axis, keepdims)) if {_ROOT_TWO} else sum(abs(a), axis, keepdims) if ord == 1 else "
        f"max(abs(a), axis=axis, keepdims=keepdims) if {_ENDLESS} else "
        f"min(abs(a), axis=axis, keepdims=keepdims) if {_ENDLESS_MIN} else "
        "sum(abs(a) ** ord, axis, keepdims) ** (1 / ord)",
        spoken="length (norm)",
        statics={"ord": None},
        shape=shapes.norm,
        numpy="np.linalg.norm(a) if ord is None and axis is None and (not keepdims) else "
        "np.linalg.norm(a, ord=ord, axis=axis, keepdims=keepdims)",
        torch="torch.linalg.norm(a) if ord is None and axis is None and (not keepdims) else "
        f"torch.linalg.vector_norm(a, dim=axis, keepdim=keepdims) if {_ROOT_TWO} else "
        "torch.linalg.vector_norm(a, ord=ord, dim=axis, keepdim=keepdims)",
        a=f"{_SPREAD.format('where(y == 0, 0, g / y)')} * a if {_ROOT_TWO} else {_SPREAD.format('g')} * sign(a) if ord == 1 else "
        f"{_SPREAD.format('g')} * sign(a) * share(abs(a), y, axis, keepdims) if {_ENDLESS} or {_ENDLESS_MIN} else "
        f"{_SPREAD.format('where(y == 0, 0, g / y ** (ord - 1))')} * where(a == 0, 0, sign(a) * abs(a) ** (ord - 1))",
        local={"a": "a / y"},
        kink=f"y == 0 if {_ROOT_TWO} else a == 0 if ord < 2 else y == 0",
        kink_says="a corner; torch uses 0",
        example="x = [3, 4]\ny = norm(x)",
    ),
    op(
        "cumsum",
        "cumsum(a, axis=axis)",
        group="reductions",
        spoken="running sum",
        statics={"axis": None},
        shape=shapes.running,
        torch="torch.cumsum(a, dim=0 if axis is None else axis)",
        a="flip(cumsum(flip(g, axis), axis), axis)",
        says="each entry goes into every later sum",
        example="x = [1, 2, 3]\ny = sum(cumsum(x) ** 2)",
    ),
    op(
        "cumprod",
        "cumprod(a, axis=axis)",
        group="reductions",
        spoken="running product",
        statics={"axis": None},
        shape=shapes.running,
        torch="torch.cumprod(a, dim=0 if axis is None else axis)",
        a=Formula("flip(cumsum(flip(g * y, axis), axis), axis) / a", cumprod_rule),
        example="x = [1, 2, 3]\ny = sum(cumprod(x))",
    ),
]

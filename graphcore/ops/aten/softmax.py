"""Softmax and its kin along an axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphcore.ops import network
from graphcore.ops.aten.norms import products
from graphcore.ops.aten.row import Row, Same, aten
from graphcore.ops.backward import Array
from graphcore.ops.row import Formula

_LANGUAGE = {row.name: row for row in network.ROWS}


def _along(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"axis": arguments["dim"]}


def _has_axis(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments["self"].shape and arguments["self"].kind == "float")


def _lone(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments["self"].shape == () and arguments["self"].kind == "float")


def _safe(self: Array, dim: int, dtype: Any) -> Any:
    if not self.ndim:
        return np.ones(())
    top = np.maximum.reduce(self, dim, keepdims=True, initial=-np.inf)
    shares = self - np.where(top == -np.inf, 0.0, top)
    np.exp(shares, out=shares)
    total = np.add.reduce(shares, dim, keepdims=True)
    shares /= np.where(total == 0, 1.0, total)
    return shares


def _safe_back(g: Any, y: Any, self: Array, dim: int, dtype: Any) -> Any:
    if not y.ndim:
        return np.zeros(())
    found = g - products(g, y, (dim % y.ndim,))
    found *= y
    return found


ROWS: list[Row | Same] = [
    Same("_softmax", _LANGUAGE["softmax"], ("self",), statics=_along, when=_has_axis),
    Same("_log_softmax", _LANGUAGE["log_softmax"], ("self",), statics=_along, when=_has_axis),
    aten("_softmax(self, dim=0, half_to_float=False)", "self * 0 + 1", spoken="softmax", when=_lone, self="g * 0"),
    aten("_log_softmax(self, dim=0, half_to_float=False)", "self * 0", spoken="log of softmax", when=_lone, self="g * 0"),
    aten(
        "_safe_softmax(self, dim=0, dtype=None)",
        Formula("where(self == -inf, 0, softmax(self))", _safe),
        spoken="softmax",
        says="its share of g less the weighted mean of g",
        when=lambda arguments: arguments["self"].kind == "float",
        self=Formula("y * (g - sum(g * y, dim, True))", _safe_back),
    ),
]

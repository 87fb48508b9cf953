"""The rows of torch's own ops (ATen), by name; NumPy does the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcore.ops.aten import (
    convolution,
    curves,
    factors,
    indexing,
    joins,
    lengths,
    linear,
    losses,
    norms,
    picks,
    places,
    pointwise,
    pooling,
    reductions,
    reflections,
    resampling,
    sampling,
    scans,
    scattering,
    sequences,
    softmax,
    special,
    systems,
    unfolding,
    views,
)
from graphcore.ops.aten.row import Call, Row, Same, Slot
from graphcore.ops.aten.tuples import OUTPUT

__all__ = ["OUTPUT", "ROWS", "Call", "Row", "Same", "Slot", "resolve"]

_TABLES = (
    pointwise,
    curves,
    special,
    linear,
    systems,
    factors,
    reflections,
    reductions,
    picks,
    views,
    places,
    joins,
    convolution,
    pooling,
    resampling,
    norms,
    losses,
    indexing,
    scans,
    scattering,
    sampling,
    sequences,
    softmax,
    unfolding,
    lengths,
)
ROWS: dict[str, tuple[Row | Same, ...]] = {}
for _table in _TABLES:
    for _row in _table.ROWS:
        ROWS[_row.name] = (*ROWS.get(_row.name, ()), _row)


def resolve(name: str, overload: str, arguments: Mapping[str, Any]) -> Call | None:
    """The recorded call in our terms, or None where no row covers it.

    ``arguments`` go by torch's argument names; tensors are :class:`Slot`, dtypes are names such as "float64". A row called
    ``name.overload`` goes before one called ``name``; the first that covers the call is taken.
    """
    for row in (*ROWS.get(f"{name}.{overload}", ()), *ROWS.get(name, ())):
        call = row.call(arguments)
        if call is not None:
            return call
    return None

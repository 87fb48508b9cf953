"""Numbers inside sentences: four significant digits, the true minus sign left to the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from graphcore.ops.namespaces import Shape


def number(value: Any) -> str:
    """A number as a sentence shows it.

    >>> number(2.0), number(-0.112596), number(1.5e-9), number(float("nan")), number(12345.0)
    ('2', '-0.1126', '1.50e-9', 'nan', '12345')
    """
    value = float(value)
    if not math.isfinite(value):
        return "nan" if value != value else ("inf" if value > 0 else "-inf")
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    size = abs(value)
    if size < 1e-3 or size >= 1e4:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.4f}".rstrip("0") if size < 1 else f"{value:.4g}"


def entries(value: Any) -> str:
    """A small tensor inline, a larger one by its shape.

    >>> entries([2.0, 2.0]), entries([[2.0], [2.0]]), entries(3.0), entries([[1.0, 0.0], [0.0, 1.0]])
    ('(2, 2)', '(2, 2)', '3', '[[1, 0], [0, 1]]')
    """
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return number(array)
    if array.size > 6 or array.ndim > 2:
        return f"{dimensions(array.shape)} numbers"
    if array.ndim == 1 or 1 in array.shape:
        # a column is shown lying down, as in a sentence
        return f"({', '.join(number(v) for v in array.flat)})"
    return "[" + ", ".join(f"[{', '.join(number(v) for v in row)}]" for row in array) + "]"


def finite(value: Any) -> bool:
    """Whether every entry is finite, of every part of a tuple."""
    return all(map(finite, value)) if isinstance(value, tuple) else bool(np.isfinite(value).all())


def has_nan(value: Any) -> bool:
    """Whether an entry is not a number, in any part of a tuple."""
    return any(map(has_nan, value)) if isinstance(value, tuple) else bool(np.isnan(value).any())


def dimensions(shape: Shape) -> str:
    """A shape in words: ``3 × 2``."""
    return " × ".join(str(n) for n in shape)


def plural(count: int, noun: str, plural_form: str | None = None) -> str:
    """A count with its noun: ``1 node``, ``1,200 nodes``."""
    return f"{count:,} {noun if count == 1 else plural_form or noun + 's'}"


def listed(names: list[str], limit: int = 4) -> str:
    """Names in a row, the rest counted."""
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown

"""Handed-in numbers beside right ones, in as many digits as it takes to see the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.latex.numbers import MINUS

if TYPE_CHECKING:
    from graphcore.check.hand_in import Array

INLINE = 4  # entries that a line holds


def short(value: Any) -> str:
    """A number, a few entries, or the shape and norm of a larger array; of a tuple each part."""
    if isinstance(value, tuple):
        return f"({', '.join(short(part) for part in value)})"
    return "none" if value is None else array_text(np.asarray(value, dtype=np.float64), INLINE, 6)


def pair(handed: Any, right: Any, limit: int) -> tuple[str, str]:
    """Two arrays in as many digits as it takes to see that they differ.

    >>> pair(np.array(0.5), np.array(0.25), 4), pair(np.array(1.0), np.array(1.0 + 1e-9), 4)
    (('0.5', '0.25'), ('1', '1.000000001'))
    """
    if handed is None or right is None:
        return tuple("" if value is None else array_text(np.asarray(value), limit, 6) for value in (handed, right))  # type: ignore[return-value]
    first, second = np.asarray(handed), np.asarray(right)
    texts = ("", "")
    for digits in (6, 10, 13, 17):
        texts = array_text(first, limit, digits), array_text(second, limit, digits)
        if texts[0] != texts[1] or np.array_equal(first, second, equal_nan=True):
            break
    return texts


def number(value: Any, digits: int = 6) -> str:
    """A number with this many significant digits and the true minus sign.

    >>> number(-0.25), number(1e-7), number(float("inf"))
    ('−0.25', '1e−07', '∞')
    """
    return f"{float(value) + 0.0:.{digits}g}".replace("-", MINUS).replace("inf", "∞")


def array_text(array: Array, limit: int, digits: int) -> str:
    """An array written out up to ``limit`` entries, else its shape and norm."""
    if array.ndim == 0:
        return number(array, digits)
    if array.size > limit or array.ndim > 2:
        with np.errstate(all="ignore"):
            length = number(np.sqrt(np.sum(array * array)), digits)
        return f"{'×'.join(map(str, array.shape))}, norm {length}"
    if array.ndim == 1:
        return f"[{', '.join(number(entry, digits) for entry in array)}]"
    rows = [f"[{', '.join(number(entry, digits) for entry in row)}]" for row in array]
    return f"[{', '.join(rows)}]"

"""The gradient of an op that returns several tensors."""

from __future__ import annotations

from typing import Any


class Parts(dict[int, Any]):
    """The gradient of a tuple: what arrived for each of its parts, by number; a part that nothing reached is absent.

    >>> (Parts({0: 1.0}) + Parts({0: 2.0, 1: 5.0}))
    {0: 3.0, 1: 5.0}
    """

    __slots__ = ()

    def __add__(self, other: Parts) -> Parts:
        merged = Parts(self)
        for part, gradient in other.items():
            merged[part] = merged[part] + gradient if part in merged else gradient
        return merged

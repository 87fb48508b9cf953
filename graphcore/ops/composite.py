"""A word of the language that stands for an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphcore.ops.namespaces import Shape

Values = Sequence[Any]
Body = Callable[[Sequence[Shape], Values, Mapping[str, Any]], str]


@dataclass(frozen=True, eq=False)
class Composite:
    """A word of the language that stands for an expression.

    ``operands`` name what ``body`` speaks about, the last ``optional`` of them may be left out; ``body`` gets the
    shapes of the operands given, their values where they are constants (else None) and the static arguments, and
    returns the expression's text; it raises :class:`ShapeError` where they do not fit.

    >>> from graphcore.ops.composites import COMPOSITES
    >>> COMPOSITES["mse"].body([(3,), (3,)], [None, None], {"reduction": "mean"})
    'mean((a - b) ** 2)'
    """

    name: str
    operands: tuple[str, ...]
    body: Body
    sentence: str
    example: str
    torch: str
    statics: Mapping[str, Any] = field(default_factory=dict)
    optional: int = 0

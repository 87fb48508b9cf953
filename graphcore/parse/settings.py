"""What the static arguments of a call may be: told where they stand, before any op is asked."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

from graphcore import ops
from graphcore.parse.constants import number, whole

if TYPE_CHECKING:
    from graphcore.parse.expressions import Translator

_NUMBERS = frozenset("negative_slope alpha beta threshold min_val max_val lambd value eps delta ddof margin".split())  # noqa: SIM905
_BOUNDS = frozenset({"min", "max", "ord"})
_COUNTS = frozenset({"k", "shift", "reps"})
_JOINED = frozenset({"concatenate", "stack"})


def settled(tr: Translator, name: str, node: ast.expr, given: dict[str, Any]) -> dict[str, Any]:
    """The static arguments as the op wants them; raises GraphError for one of another kind."""
    return {key: _one(tr, name, node, key, value) for key, value in given.items()}


def _one(tr: Translator, name: str, node: ast.expr, key: str, value: Any) -> Any:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if key == "keepdims":
        if value in (True, False) and not isinstance(value, str | tuple | list):
            return bool(value)
        raise tr.error(node, f"`{key}` is True or False, not {value!r}.")
    if key in _NUMBERS or (key in _BOUNDS and value is not None):
        if plain and not (key == "ddof" and not math.isfinite(value)):
            return value if abs(value) < 2**53 else number(value)
        if isinstance(value, bool) and key == "ddof":
            return int(value)
        raise tr.error(node, f"`{key}` is one number, not {value!r}.", "Write as in `0.5`.")
    if key in _COUNTS:
        listed = value if isinstance(value, tuple) and value and key != "k" else (value,)
        counts = [whole(n) if isinstance(n, int | float) and not isinstance(n, bool) else None for n in listed]
        # of how often something is repeated, the limit on elements tells more
        if any(n is None or (abs(n) > 2**31 and key != "reps") for n in counts):
            raise tr.error(node, f"`{key}` is a whole number, not {value!r}.", "Write as in `1`.")
        return tuple(counts) if isinstance(value, tuple) else counts[0]
    if key in ("axis", "axis1", "axis2"):
        text = isinstance(value, str) and name in ops.COMPOSITES
        if value == () or text or isinstance(value, bool) or (value is None and name in _JOINED):
            raise tr.error(node, f"an axis is a whole number, not {value!r}.", "Leave it out, or write as in `axis=0`.")
    elif key == "approximate" and value not in ("none", "tanh"):
        raise tr.error(node, f"`approximate` is 'none' or 'tanh', not {value!r}.")
    return value

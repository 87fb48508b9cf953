"""What static arguments may be, whoever gives them: asked before shapes are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import wraps
from typing import Any

from graphcore.ops.namespaces import Shape
from graphcore.ops.row import REQUIRED, ShapeError, ShapeRule

_NUMBERS = frozenset(
    "negative_slope alpha beta threshold min_val max_val lambd value eps delta ddof margin label_smoothing".split()  # noqa: SIM905
)
_BOUNDS = frozenset({"min", "max", "ord"})
_COUNTS = frozenset({"k", "shift", "reps", "n"})
_OPTIONAL = frozenset({"ignore_index", "num_classes"})
_LISTS = frozenset({"shift", "reps"})
_JOINED = frozenset({"concatenate", "stack"})


class SettingError(ShapeError):
    """A static argument of another kind than its op's; ``instead`` is what to write."""

    def __init__(self, what: str, instead: str = "") -> None:
        self.instead = instead
        super().__init__(what.replace("{", "{{").replace("}", "}}"))
        self.what = what


def settled(name: str, key: str, value: Any) -> Any:
    """The static argument as the row called ``name`` wants it; SettingError where it is of another kind."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if key == "keepdims":
        if isinstance(value, bool | int | float) and value in (True, False):
            return bool(value)
        raise SettingError(f"`{key}` is True or False, not {value!r}.")
    if key == "ord" and value == "fro":
        return value
    if key == "ord" and isinstance(value, str):
        raise SettingError(f"`ord` is a number or 'fro', not {value!r}.", "Other norms of matrices need singular values.")
    if key in _NUMBERS or (key in _BOUNDS and value is not None):
        if plain and not (key == "ddof" and not math.isfinite(value)):
            return value if abs(value) < 2**53 else _float(value)
        if isinstance(value, bool) and key == "ddof":
            return int(value)
        raise SettingError(f"`{key}` is one number, not {value!r}.", "Write as in `0.5`.")
    if key in _COUNTS or (key in _OPTIONAL and value is not None):
        return _counted(key, value)
    if key in ("axis", "axis1", "axis2"):
        known = isinstance(value, int | float | tuple | list | None) and not isinstance(value, bool)
        if not known or value == () or (value is None and name in _JOINED):
            raise SettingError(f"an axis is a whole number, not {value!r}.", "Leave it out, or write as in `axis=0`.")
    elif key == "approximate" and value not in ("none", "tanh"):
        raise SettingError(f"`approximate` is 'none' or 'tanh', not {value!r}.")
    return value


def _counted(key: str, value: Any) -> Any:
    listed = value if isinstance(value, tuple) and value and key in _LISTS else (value,)
    counts = [_whole(n) for n in listed]
    # of how often something is repeated, the limit on elements tells more
    if any(n is None or (abs(n) > 2**31 and key != "reps") for n in counts):
        raise SettingError(f"`{key}` is a whole number, not {value!r}.", "Write as in `1`.")
    return tuple(counts) if isinstance(value, tuple) else counts[0]


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not value.is_integer()):
        return None
    return int(value)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def asked_first(name: str, statics: Mapping[str, Any], rule: ShapeRule) -> ShapeRule:
    """The shape rule of a row with static arguments, after a look at what each of them is."""
    if not statics:
        return rule

    @wraps(rule)
    def shape(*shapes: Shape, **given: Any) -> Shape:
        for key, value in given.items():
            if value is not REQUIRED and value is not statics.get(key):
                settled(name, key, value)
        try:
            return rule(*shapes, **given)
        except (TypeError, ValueError, IndexError, ArithmeticError):
            listed = ", ".join(f"{key}={value!r}" for key, value in given.items())
            raise SettingError(f"it cannot be given {listed[:80]}: axes and shapes are whole numbers.") from None

    return shape

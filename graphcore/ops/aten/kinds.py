"""What tables of rows ask about arguments: which tensors are floating, what a dtype name means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphcore.ops import REGISTRY
from graphcore.ops.aten.row import Same, Slot

Arguments = Mapping[str, Any]
Test = Callable[[Arguments], bool]

_WHOLE = {"uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"}


def floating(arguments: Arguments) -> bool:
    """Whether the result is floating because an operand is."""
    return any(isinstance(value, Slot) and value.kind == "float" for value in arguments.values())


def whole(arguments: Arguments) -> bool:
    """Whether tensors and numbers are all whole or truth values: of others torch rounds the result to its default dtype."""
    return not any(kind(value) == "float" for value in arguments.values() if not isinstance(value, str))


def float_self(arguments: Arguments) -> bool:
    """Whether ``self`` is floating."""
    return kind(arguments.get("self")) == "float"


def kind(value: Any) -> str:
    """ "float", "int" or "bool": of a tensor, a number or a dtype's name; "" for anything else."""
    if isinstance(value, Slot):
        return value.kind
    if isinstance(value, str):
        return "bool" if value == "bool" else "int" if value in _WHOLE else "float" if "float" in value else ""
    return "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float" if isinstance(value, float) else ""


def stays_float(arguments: Arguments) -> bool:
    """Whether the ``dtype`` that is asked for leaves floating numbers floating."""
    return arguments.get("dtype") is None or kind(arguments["dtype"]) == "float"


def cast(value: Any, dtype: str | None) -> Any:
    """The numbers as torch keeps them for this dtype, in the widest of its kind."""
    if dtype is None:
        return value
    if kind(dtype) == "int":
        with np.errstate(invalid="ignore"):
            return np.asarray(value).astype(dtype).astype(np.int64)
    return np.asarray(value).astype(np.bool_ if dtype == "bool" else np.float64)


def same(name: str, row: str = "", *arguments: str, when: Test = floating, **more: Any) -> Same:
    """The language's row of that name, for floating operands."""
    return Same(name, REGISTRY[row or name], arguments or ("self",), when=when, **more)

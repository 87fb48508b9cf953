"""An op that was only recorded: its forward gives back the recorded value, and it has no rule."""

from __future__ import annotations

from typing import Any

from graphcore.ops import Op
from graphcore.ops.aten.row import recorded_shape
from graphcore.ops.row import Formula


def recorded_only(name: str, value: Any, count: int) -> Op:
    """The op of a node without a row; ``value`` is what was recorded, ``count`` the number of its operands."""
    operands = tuple(f"operand{k}" for k in range(count))

    def forward(*_: Any, **__: Any) -> Any:
        return value

    text = f"{name}({', '.join(operands)})"
    return Op(
        name=name,
        operands=operands,
        forward=Formula(text, forward),
        rules={},
        shape=recorded_shape,
        written=Formula(text),
        numpy=Formula(text),
        torch=Formula(f"torch.ops.aten.{text}"),
        group="recorded",
        spoken=f"{name}, which has no rule",
    )

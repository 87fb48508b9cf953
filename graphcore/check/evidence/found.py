"""What the third witness finds about one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from graphcore.ops.namespaces import Array

State = Literal["agrees", "differs", "zero", "cannot tell"]


class Evidence(NamedTuple):
    """What the forward pass says of one node's gradient.

    ``manual``, ``torch`` and ``numerical`` are the derivatives along the direction where they are furthest apart (the gradient
    itself for a single number; None where there is none), ``error`` how far apart, ``allowed`` how much of that is
    explained, ``step_error`` the part of it that the method states for itself. ``against`` names the columns that differ.
    """

    node: int
    state: State
    method: str = ""
    manual: float | None = None
    torch: float | None = None
    numerical: float | None = None
    error: float | None = None
    allowed: float | None = None
    step_error: float = 0.0
    directions: int = 0
    entries: Array | None = None
    against: tuple[str, ...] = ()
    place: tuple[int, ...] | None = None
    sides: tuple[float, float] | None = None
    why: str = ""

"""The gradients of a run's leaves as files: ``.dat`` text and ``.npz`` arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from graphcore.backprop import Trace
from graphcore.errors import TraceError
from graphcore.export.gradients import gradients_dat, npz

if TYPE_CHECKING:
    from graphcore.compare import Comparison

Side = Literal["manual", "torch"]
SIDES: tuple[Side, ...] = ("manual", "torch")


def to_dat(run: Trace, comparison: Comparison | None = None, style: str = "full", side: Side = "manual") -> str:
    """The gradients of the leaves as text, in one of the ``STYLES``; ``side`` says whose: ours or torch's.

    >>> from graphcore import parse, trace
    >>> print(to_dat(trace(parse("x = 3\\ny = x * x")), style="numpy"), end="")
    dLd(x)
    6.
    """
    return gradients_dat(*_gradients(run, comparison, side), style)


def to_npz(run: Trace, comparison: Comparison | None = None, side: Side = "manual") -> bytes:
    """The gradients of the leaves as an ``.npz`` file, an array a leaf under its name."""
    return npz(dict(zip(*_gradients(run, comparison, side), strict=True)))


def _gradients(run: Trace, comparison: Comparison | None, side: Side) -> tuple[list[str], list[Any]]:
    if side not in SIDES:
        raise ValueError(f"no side is called `{side}`; there are {', '.join(SIDES)}.")
    if side == "torch" and comparison is None:
        raise TraceError("torch's gradients are asked for, and nothing was compared with torch.")
    found = {}
    for leaf in run.graph.leaves:
        theirs = side == "torch" and comparison is not None
        gradient = comparison.torch_gradient(leaf.index) if theirs and comparison else run.gradient(leaf.index)
        if gradient is not None:
            found[leaf.name] = gradient
    if not found:
        raise TraceError("no gradient reaches a leaf, so there is none to write into a file.")
    return list(found), list(found.values())

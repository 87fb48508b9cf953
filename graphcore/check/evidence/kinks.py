"""Which kinks a direction leaves: at one that stays where it is, the derivative exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.evidence.analytic import STEP
from graphcore.compare.edges import op_at, operands
from graphcore.ops.namespaces import ARRAYS

if TYPE_CHECKING:
    from graphcore.check.evidence.along import Path, Row


def moved_kink(path: Path, direction: Any, kinks: Mapping[int, str]) -> int | None:
    """The first node at its kink that a step along the direction takes off it, to one side or the other."""
    rows = [row for row in path.rows if row.target in kinks]
    if not rows:
        return None
    store = path.forward(path.start + 1j * (STEP * direction))
    return next((row.target for row in rows if _moved(path, row, store)), None)


def _moved(path: Path, row: Row, store: Mapping[int, Any]) -> bool:
    run = path.run
    op = op_at(run.graph, row.target)
    assert op.kink is not None
    test = op.kink.compile((*op.operands, "y"), ARRAYS, dict(run.graph.statics[row.target]))
    with np.errstate(all="ignore"):
        at = np.asarray(test(*operands(run, row.target), np.asarray(run.argument(row.target))))
    for k, moves in zip(row.arguments, row.moved, strict=True):
        steps = np.imag(store[k]) != 0 if moves else np.zeros((), dtype=bool)
        try:
            if np.any(steps & at):
                return True
        except (TypeError, ValueError):
            # the kink is asked of something else than the operand's entries
            return bool(np.any(steps))
    return False

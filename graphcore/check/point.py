"""At which numbers a hand-in was judged, and when they may not be those it was computed at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphcore.check.numbers import short

if TYPE_CHECKING:
    from graphcore.check.findings import Checkup


def at_which_point(checkup: Checkup) -> list[str]:
    """Where the leaves stand, if not at the numbers that the problem writes;
    a doubt where nothing agrees and no mistake explains it."""
    run = checkup.run
    moved = {
        run.graph.names[k]: run.value(k)
        for k, written in run.graph.leaf_values.items()
        if not np.array_equal(run.value(k), written, equal_nan=True)
    }
    if moved:
        shown = ", ".join(f"`{name}` = {short(value)}" for name, value in moved.items())
        return [f"Judged at {shown}, not at the problem's own numbers."]
    if not checkup.elsewhere:
        return []
    doubt = "The hand-in holds no parameters and no input, so it was judged at the problem's own numbers, and nothing agrees. "
    return [doubt + "If it was computed at others, nothing follows from this: hand those in too, or compare two files."]

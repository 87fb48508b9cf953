"""A recorded network as two programs that reproduce it with these very numbers, node for node.

They are written from the recorded graph itself, whatever made it: the NumPy program from the rows of its ops, the torch program
from torch's calls of the recorded run. Few numbers are written out, many are loaded from a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.code.pasted import NoSource
from graphcore.code.programs import Saved
from graphcore.code.recorded_numpy import RecordedNumpy
from graphcore.code.recorded_torch import RecordedTorch
from graphcore.code.source import is_counted

WRITTEN = 400  # numbers of all leaves up to which they are written out
SHORT = 8  # whole numbers of a leaf that are written out all the same
LINES = 4_000  # of a program; more would only stop the browser
CHARACTERS = 400_000


class Programs(NamedTuple):
    """The two programs; one that cannot be written is None, with what is in the way in ``missing`` or ``reason``.

    ``loads`` says whether they load arrays from a file, ``missing`` are the ops that cannot be written.
    """

    numpy: str | None
    torch: str | None
    loads: bool = False
    missing: tuple[str, ...] = ()
    reason: str = ""


def loaded_leaves(run: Trace) -> dict[str, Any]:
    """The arrays that the programs load, by their keys in the file: none where there are few numbers in all."""
    return {key: np.asarray(run.argument(k)) for k, key in _keys(run).items()}


def _keys(run: Trace) -> dict[int, str]:
    """Per leaf that is loaded its key: its name, where a file can have that."""
    graph = run.graph
    values = {k: run.argument(k) for k in graph.leaf_values}
    if sum(map(np.size, values.values())) <= WRITTEN:
        return {}
    large = [k for k, value in values.items() if np.size(value) > (SHORT if is_counted(value) else 1)]
    return {k: graph.names[k] if graph.names[k].isprintable() else f"leaf {k}" for k in large}


def recorded_programs(run: Trace, file: str) -> Programs:
    """Both programs of a trace of a recorded graph; ``file`` is what the arrays of :func:`loaded_leaves` are saved as.

    An op that has no source makes a program None, for a wrong one helps nobody; its name is in ``missing``.
    """
    graph = run.graph
    assert graph.recorded is not None
    if len(graph) > LINES:
        return Programs(None, None, reason=_too_long(f"{len(graph):,} nodes"))
    keys = {graph.names[k]: f"saved[{key!r}]" for k, key in _keys(run).items()}
    saved = Saved(f'saved = np.load("{file}")', keys) if keys else None
    missing: list[str] = []
    numpy = _written(RecordedNumpy(run, saved).program, missing)
    torch = _written(RecordedTorch(run, saved).program, missing)
    longest = max(numpy or "", torch or "", key=len)
    if len(longest) > CHARACTERS or longest.count("\n") > LINES:
        return Programs(None, None, reason=_too_long(f"{longest.count(chr(10)):,} lines"))
    return Programs(numpy, torch, bool(keys), tuple(dict.fromkeys(missing)))


def _written(make: Callable[[], str], missing: list[str]) -> str | None:
    try:
        return make()
    except NoSource as op:
        missing.append(str(op))
        return None


def _too_long(size: str) -> str:
    return f"The programs of this network would be too long to read here ({size})."

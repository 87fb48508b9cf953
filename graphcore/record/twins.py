"""The autograd nodes that one call made, read from the ``grad_fn`` of its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


def grad_fn_of(tensor: torch.Tensor) -> Any:
    """A tensor's autograd node; None for a view that torch itself no longer tells it of."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def unwatched(name: str) -> str:
    """What is said of a Function whose result did not come about by torch calls."""
    return (
        f"`{name}` computes its result where torch cannot be watched (in NumPy, for example), "
        "so there is nothing to follow. Compute it with torch calls."
    )


class Twins:
    """Knows the autograd nodes of the calls before; torch numbers them in the order of their making."""

    def __init__(self) -> None:
        self._first = -1
        # kept alive, so that an id stays one node's
        self._known: dict[int, Any] = {}

    def start(self) -> None:
        """What was made before does not count."""
        with torch.enable_grad():
            marker: Any = torch.zeros((), requires_grad=True).clone().grad_fn
        self._first = int(marker._sequence_nr())

    def is_new(self, fn: Any) -> bool:
        """Whether an autograd node was made since the recording began."""
        return not hasattr(fn, "variable") and bool(fn._sequence_nr() > self._first)

    def names(self, results: Sequence[torch.Tensor]) -> tuple[str, ...]:
        """The names of the autograd nodes made since the call before, in the order of their making, those of the results last."""
        known = self._known
        made: dict[int, Any] = {}
        waiting: list[Any] = [grad_fn_of(result) for result in results]
        last = {id(fn) for fn in waiting}
        while waiting:
            fn = waiting.pop()
            if fn is not None and id(fn) not in known and self.is_new(fn):
                made[id(fn)] = known[id(fn)] = fn
                waiting.extend([below for below, _ in fn.next_functions])
        found = sorted(made.values(), key=lambda fn: (id(fn) in last, int(fn._sequence_nr())))
        return tuple([type(fn).__name__ for fn in found])

    def release(self) -> None:
        """Let the autograd nodes go, the newest first."""
        while self._known:
            self._known.popitem()

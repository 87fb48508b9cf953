"""Who is told, during a recording, how many calls have been recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Hears = Callable[[int], None]
_HEARS: ContextVar[Hears | None] = ContextVar("hears", default=None)


@contextmanager
def heard_by(hears: Hears) -> Iterator[None]:
    """``hears`` is called with the number of calls so far while this thread records inside; what it raises ends the recording.

    What is to end a recording must not be an ``Exception``: one raised inside of a module is the module's.
    """
    token = _HEARS.set(hears)
    try:
        yield
    finally:
        _HEARS.reset(token)


def listener() -> Hears | None:
    """Who listens to the recordings of this thread."""
    return _HEARS.get()

"""Who is told how far a recording, a trace or a comparison is, and may end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

Row = TypeVar("Row")


class Hears(Protocol):
    """Called with how much has been done so far, and of how much where that is known."""

    def __call__(self, done: int, total: int | None = None) -> None: ...


_HEARS: ContextVar[Hears | None] = ContextVar("hears", default=None)


@contextmanager
def heard_by(hears: Hears) -> Iterator[None]:
    """``hears`` is called while this thread records, traces or compares inside; what it raises ends that.

    What is to end a recording must not be an ``Exception``: one raised inside of a module is the module's.
    """
    token = _HEARS.set(hears)
    try:
        yield
    finally:
        _HEARS.reset(token)


def listener() -> Hears | None:
    """Who listens in this thread."""
    return _HEARS.get()


def heard(rows: Sequence[Row], before: int = 0, after: int = 0) -> Iterator[Row]:
    """The rows one by one, each told to whoever listens; ``before`` and ``after`` rows are worked through elsewhere.

    >>> with heard_by(lambda done, total=None: print(done, "of", total)):
    ...     found = list(heard("ab", before=3, after=1))
    4 of 6
    5 of 6
    """
    hears = _HEARS.get()
    return iter(rows) if hears is None else _told(rows, hears, before, before + len(rows) + after)


def _told(rows: Sequence[Row], hears: Callable[[int, int], None], before: int, total: int) -> Iterator[Row]:
    for done, row in enumerate(rows, before + 1):
        hears(done, total)
        yield row

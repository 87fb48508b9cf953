"""What the sessions share whose answers take long: one piece of work at a time beside the page, and a wait that is short."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphcore.errors import ChainruleError
from graphcore.picture.answers import Answers, Json, fault_of
from graphcore.picture.work import Tell, Work

SOON = 0.4  # seconds an answer waits for work, so that quick work needs no second one
MODULES = 10_000  # open modules that one message may name


class Waiting(Answers):
    """A conversation whose answers are worked out in a thread; ``_arrived`` takes in what the work has made."""

    def __init__(self, step: int | None = None, decimals: int | None = None, problem: str | None = None) -> None:
        super().__init__(step, decimals, problem)
        self._work: Work | None = None
        self._stopped = False

    def payload(self) -> Json:
        """What the browser needs; work that has ended since is in it."""
        self._collect()
        return super().payload()

    def wait(self, seconds: float) -> bool:
        """Whether all work is done, after waiting for it at most so long."""
        if self._work is not None:
            self._work.wait(seconds)
        self._collect()
        return self._work is None

    def _arrived(self, result: Any) -> None:
        """Take in what the work has made."""
        raise NotImplementedError

    def _begin(self, make: Callable[[Tell], Any]) -> None:
        self._stop()
        self._work = Work(make)
        self._poll()

    def _poll(self) -> None:
        self.wait(SOON)

    def _stop(self) -> None:
        self._stopped = False
        if self._work is not None:
            self._work.stop()
            self._work = None

    def _interrupt(self) -> None:
        """Stop the work because the person said so, which the page then says."""
        self._stop()
        self._stopped = True

    def _collect(self) -> None:
        work = self._work
        if work is None or not work.wait(0):
            return
        self._work = None
        if work.fault is not None:
            self._error = work.fault if isinstance(work.fault, ChainruleError) else fault_of(work.fault)
        elif work.result is not None:
            self._arrived(work.result)


def opened_modules(action: Mapping[str, Any]) -> frozenset[str] | None:
    """The modules that a message wants open; None where it names none or too many."""
    given = action.get("open")
    if not isinstance(given, list) or len(given) > MODULES:
        return None
    return frozenset(path for path in given if isinstance(path, str))

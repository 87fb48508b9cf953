"""Long work beside the page: a thread that says where it is, and that can be told to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

_log = logging.getLogger(__name__)

STAGES = ("building", "recording", "tracing", "comparing", "laying out")


class Stopped(BaseException):
    """The work was told to stop: no error of a network that is being run, which would be caught as its own."""


class Tell(Protocol):
    """What the work calls to say where it is; it raises :class:`Stopped` where nobody waits for the result any more."""

    def __call__(self, stage: str, done: int | None = None, total: int | None = None) -> None: ...


class Work:
    """``make`` runs in a thread of its own; :attr:`result` or :attr:`fault` is there once :meth:`wait` says so.

    A stop is taken at the next word the work says; until then the thread goes on, and what it makes is dropped.
    """

    stages = STAGES

    def __init__(self, make: Callable[[Tell], Any]) -> None:
        self.stage = STAGES[0]
        self.counted: tuple[int, int | None] | None = None
        self.begun = time.monotonic()
        self.result: Any = None
        self.fault: Exception | None = None
        self._make = make
        self._stopped = threading.Event()
        self._done = threading.Event()
        threading.Thread(target=self._run, name="chainrule-network", daemon=True).start()

    def tell(self, stage: str, done: int | None = None, total: int | None = None) -> None:
        """Note a stage, with how many of how many where that is known."""
        if self._stopped.is_set():
            raise Stopped
        self.stage = stage
        self.counted = None if done is None else (done, total)

    def stop(self) -> None:
        """Nobody waits for the result any more."""
        self._stopped.set()

    def wait(self, seconds: float) -> bool:
        """Whether the work is done, after waiting for it a little."""
        return self._done.wait(seconds)

    @property
    def seconds(self) -> float:
        """How long the work has taken so far."""
        return time.monotonic() - self.begun

    def payload(self) -> dict[str, Any]:
        """Where the work is, for the page."""
        return {"stage": self.stage, "stages": list(self.stages)}

    def _run(self) -> None:
        try:
            self.result = self._make(self.tell)
        except Stopped:
            pass
        except Exception as fault:  # handed to whoever waits
            self.fault = fault
        finally:
            self._done.set()

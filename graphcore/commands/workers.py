"""Processes that judge hand-ins beside each other, and end with the command: at its end, or where somebody stops it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def workers(jobs: int, count: int) -> Iterator[Executor | None]:
    """An executor of at most ``jobs`` processes (0: one for each CPU) for ``count`` hand-ins; None where one would do.

    Ctrl-C reaches every process of a terminal: here it stops this one, which then ends the others.
    """
    most = min(jobs or os.cpu_count() or 1, count)
    if most <= 1:
        yield None
        return
    before = {child.pid for child in active_children()}
    # a forked process would inherit the locks of numpy's and torch's threads
    executor = _Workers(most, mp_context=get_context("spawn"), initializer=_deaf)
    try:
        yield executor
        executor.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        # what a worker is at may take minutes, and nobody wants it any more
        started = [child for child in active_children() if child.pid not in before]
        for child in started:
            child.terminate()
        executor.shutdown(wait=True)
        for child in started:
            child.join()
        raise
    except BaseException:
        executor.shutdown(wait=True, cancel_futures=True)
        raise


class _Workers(ProcessPoolExecutor):
    """Starts its processes with interrupts held back: they stay so in them, from before their first line of Python.

    What it hands out may be cancelled while the processes are ended; a pool's own futures may not, it would fail on them.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        handed = Future[T]()
        with _held_back():
            begun = super().submit(fn, *args, **kwargs)
        begun.add_done_callback(lambda done: _hand_on(done, handed))
        return handed


def _hand_on(done: Future[T], to: Future[T]) -> None:
    if done.cancelled():
        to.cancel()
    elif to.set_running_or_notify_cancel():
        error = done.exception()
        if error is None:
            to.set_result(done.result())
        else:
            to.set_exception(error)


@contextmanager
def _held_back() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _deaf() -> None:
    """Where signals cannot be held back, a worker turns a deaf ear once it runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

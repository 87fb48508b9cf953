"""How the process keeps its memory between two runs."""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

# mallopt's names for these settings, from malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
KEPT = 256 * 2**20


@lru_cache(maxsize=1)
def keep_memory() -> bool:
    """Let the C library keep what a run has freed for the next one; whether it could be told so.

    A trace keeps every number of a network, so a new one takes as much memory as the last one gave back. By default glibc
    hands large blocks back to the kernel, which clears them page by page when they are asked for again: for a network that costs
    as much as a third of the arithmetic. torch's own advice for speed on the CPU is to do likewise.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        tell = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # a C library without it
        return False
    return bool(tell(_TRIM_THRESHOLD, KEPT) and tell(_MMAP_THRESHOLD, 32 * 2**20))

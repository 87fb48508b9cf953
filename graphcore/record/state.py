"""The state of the process during a recording: one at a time, and everything put back."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

_LOCK = threading.RLock()


@contextmanager
def steady() -> Iterator[None]:
    """Plain kernels for attention and recurrent layers inside; they and the random generators are put back after."""
    with _LOCK:
        drawn = torch.get_rng_state(), random.getstate(), np.random.get_state()
        fast = torch.backends.mha.get_fastpath_enabled()
        # torch.backends.mkldnn.flags would set a flag of Intel's GPUs too, which warns
        mkldnn = torch._C._get_mkldnn_enabled()  # type: ignore[no-untyped-call, unused-ignore]
        try:
            torch.backends.mha.set_fastpath_enabled(False)
            torch._C._set_mkldnn_enabled(False)
            with (
                sdpa_kernel(SDPBackend.MATH),
                torch.inference_mode(False),
                torch.enable_grad(),
            ):
                yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            torch._C._set_mkldnn_enabled(mkldnn)
            torch.set_rng_state(drawn[0])
            random.setstate(drawn[1])
            np.random.set_state(drawn[2])

"""A recording tells how far it is, and can be ended from outside."""

from __future__ import annotations

import pytest
import torch

import graphcore as gc
from graphcore.picture.work import Stopped
from graphcore.record.heard import heard_by


def chain(x: torch.Tensor) -> torch.Tensor:
    for _ in range(50):
        x = torch.sin(x)
    return x.sum()


def test_the_calls_are_counted() -> None:
    heard: list[int] = []
    with heard_by(heard.append):
        graph = gc.record(chain, torch.rand(3))
    assert heard == sorted(heard)
    assert len(heard) >= 51
    gc.record(chain, torch.rand(3))
    assert len(heard) < 2 * len(graph)


def test_a_recording_is_ended_in_its_middle() -> None:
    reached = []

    def stop(calls: int) -> None:
        reached.append(calls)
        if calls == 10:
            raise Stopped

    state = torch.get_rng_state()
    with pytest.raises(Stopped), heard_by(stop):
        gc.record(chain, torch.rand(3))
    assert reached[-1] == 10
    assert torch.backends.mkldnn.enabled
    assert gc.compare(gc.record(chain, torch.rand(3))).verdict == "match"
    assert state.shape == torch.get_rng_state().shape

"""A recording, a trace and a comparison tell how far they are, and can be ended from outside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import graphcore as gc
from graphcore.heard import heard_by
from graphcore.picture.work import Stopped


def chain(x: torch.Tensor) -> torch.Tensor:
    for _ in range(50):
        x = torch.sin(x)
    return x.sum()


def test_the_calls_are_counted() -> None:
    heard: list[int] = []
    with heard_by(lambda done, total=None: heard.append(done)):
        graph = gc.record(chain, torch.rand(3))
    assert heard == sorted(heard)
    assert len(heard) >= 51
    gc.record(chain, torch.rand(3))
    assert len(heard) < 2 * len(graph)


def test_a_recording_is_ended_in_its_middle() -> None:
    reached = []

    def stop(done: int, total: int | None = None) -> None:
        reached.append(done)
        if done == 10:
            raise Stopped

    state = torch.get_rng_state()
    with pytest.raises(Stopped), heard_by(stop):
        gc.record(chain, torch.rand(3))
    assert reached[-1] == 10
    assert torch.backends.mkldnn.enabled
    assert gc.compare(gc.record(chain, torch.rand(3))).verdict == "match"
    assert state.shape == torch.get_rng_state().shape


def test_a_trace_counts_both_passes() -> None:
    graph = gc.record(chain, torch.rand(3, requires_grad=True))
    told: list[tuple[int, int | None]] = []
    with heard_by(lambda done, total=None: told.append((done, total))):
        run = gc.trace(graph)
    steps = len(graph.plan.forward) + len(graph.plan.backward)
    assert told == [(done, steps) for done in range(1, steps + 1)]
    np.testing.assert_array_equal(run.gradient("x"), gc.trace(graph).gradient("x"))
    assert len(told) == steps, "nobody listens any more"


@pytest.mark.parametrize(("work", "at"), [(gc.trace, 3), (gc.trace, 80), (gc.compare, 3), (gc.compare, 80), (gc.compare, 130)])
def test_a_trace_and_a_comparison_are_ended_in_their_middle(work: Callable[[gc.Graph], object], at: int) -> None:
    graph = gc.record(chain, torch.rand(3, requires_grad=True))
    calls = 0

    def stop(done: int, total: int | None = None) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Stopped

    with pytest.raises(Stopped), heard_by(stop):
        work(graph)
    assert gc.compare(graph).verdict == "match"

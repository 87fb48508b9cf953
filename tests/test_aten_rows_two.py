"""Rows of windows, norms, lengths, losses, subscripts and scans beside torch's own numbers."""

from typing import Any

import pytest
from aten_cases_two import ALL, a, conv, still, w
from aten_harness import USED, Bound, check, found, overload, refused

from graphcore.ops.aten import (
    convolution,
    indexing,
    lengths,
    losses,
    norms,
    pooling,
    resampling,
    sampling,
    scans,
    scattering,
    sequences,
    softmax,
    unfolding,
)

TABLES = (
    convolution,
    pooling,
    resampling,
    norms,
    lengths,
    losses,
    indexing,
    scans,
    scattering,
    sampling,
    sequences,
    softmax,
    unfolding,
)
# torch's own kernels take these for rows without gaps, which its public functions see to
_ROWS_ONLY = {
    "_ctc_loss",
    "_ctc_loss.Tensor",
    "_embedding_bag",
    "_weight_norm_interface",
    "max_unpool2d",
    "native_group_norm",
    "nll_loss2d_forward",
}


@pytest.mark.parametrize("case", ALL, ids=lambda case: case[0])
def test_as_torch(case: tuple[Any, ...]) -> None:
    check(*case, strided=case[0] not in _ROWS_ONLY)


def test_no_row_is_untested() -> None:
    for name, args, *rest in ALL:
        found(name, Bound(overload(name), args, rest[0] if rest else {}, True).arguments)
    unmet = {row.name for table in TABLES for row in table.ROWS if id(row) not in USED}
    assert unmet == set()


def test_refused() -> None:
    assert refused("renorm", (a(4, 3), float("inf"), 0, 1.0))
    assert refused("_embedding_bag", (a(6, 3), w(1, 2, 2), w(0, 2), True))
    assert refused("scatter.reduce", (still(a(4)), 0, w(1, 2), still(a(2))), {"reduce": "multiply"})
    assert refused("upsample_nearest2d.vec", (a(1, 1, 2, 2), [4, 4], None))


def test_a_batch_too_large_for_memory_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "_LARGEST", 500)
    check("convolution", conv(a(5, 3, 8, 7), a(4, 3, 3, 2), True))
    check("convolution", conv(a(5, 4, 5, 4), a(4, 3, 3, 3), False, 3, 1, 2, True, 2, 2))

"""torch's own op database: how many of its entries come out right, and that none comes out wrong."""

from __future__ import annotations

import pytest

pytest.importorskip("expecttest")

from tests.scoreboard import IN_TESTS, run_all, scoreboard

FULL = 475  # entries that pass in every sample taken; see ``python -m tests.scoreboard`` for the rest


@pytest.mark.alone
@pytest.mark.filterwarnings("ignore")
def test_the_scoreboard_keeps_its_floor(capsys: pytest.CaptureFixture[str]) -> None:
    found = [entry for entry, _ in run_all(count=IN_TESTS)]
    with capsys.disabled():
        print(f"\n{scoreboard(found)}")
    wrong = {entry.name: entry.says.most_common(2) for entry in found if entry.wrong}
    assert not wrong
    faults = {entry.name: text for entry in found for text in entry.says if text.startswith("FAULT")}
    assert not faults
    assert len(found) >= 500
    assert sum(entry.state == "full" for entry in found) >= FULL

"""A hand-in judged: the checkup, with torch beside it at the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphcore.backprop import Trace
from graphcore.check.align import Choice
from graphcore.check.findings import Checkup, Finding
from graphcore.check.hand_in import HandIn
from graphcore.check.judge import check
from graphcore.compare import Comparison, compare
from graphcore.compare.words import Reason
from graphcore.picture import encode
from graphcore.picture.check.problem import Problem

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Judged:
    """What was found about one run of a hand-in."""

    problem: Problem
    hand_in: HandIn
    checkup: Checkup
    comparison: Comparison
    choices: Mapping[int, Choice | None] = field(default_factory=dict)

    @property
    def run(self) -> Trace:
        """The run at the numbers the hand-in was judged at."""
        return self.checkup.run

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings to step through: where mistakes began, then what could not be decided."""
        checkup = self.checkup
        everything = (*checkup.values.values(), *checkup.findings.values())
        undecided = [f for f in everything if f.status == "undecided"]
        rounded = [f for f in everything if f.status == "right" and f.explanations]
        return (*checkup.origins, *undecided, *rounded)

    @cached_property
    def warnings(self) -> tuple[Reason, ...]:
        """Why the numbers at this point prove less than it seems."""
        from graphcore.check.evidence import warnings

        return warnings(self.run, self.comparison, self.checkup.alignment)

    def numbers(self) -> Json:
        """The numbers of the picture, with the handed-in ones and what is thought of them."""
        made = self.problem.numbers(self.run, self.comparison)
        count = len(made["values"])
        judged: dict[str, list[Any]] = {name: [None] * count for name in ("given", "status", "givenValue", "valueStatus")}
        for names, found in ((("given", "status"), self.checkup.findings), (("givenValue", "valueStatus"), self.checkup.values)):
            for finding in found.values():
                self._mark(judged[names[0]], judged[names[1]], finding)
        return {**made, "judged": judged}

    def _mark(self, given: list[Any], status: list[Any], finding: Finding) -> None:
        place = self.problem.shown(finding.node)
        if place is None:
            return
        whole = self._is_whole(place, finding.node)
        if whole and finding.handed is not None and finding.handed.shape == self.run.graph.shapes[finding.node]:
            given[place] = encode.tensor(finding.handed)
        status[place] = worse(status[place], finding.status)

    def _is_whole(self, place: int, node: int) -> bool:
        """Whether a node of the picture is this node, not a module that it is folded into."""
        drawn = self.problem.drawn
        if drawn is None:
            return True
        return not self.problem.structure["nodes"][place].get("module") and drawn.folded.shown[place].main == node


_ORDER = ("origin", "inherited", "undecided", "missing", "right")


def worse(one: str | None, other: str) -> str:
    """The status that a folded module shows of two nodes in it.

    >>> worse("right", "origin"), worse(None, "missing")
    ('origin', 'missing')
    """
    return other if one is None else min(one, other, key=_ORDER.index)


def judge(problem: Problem, hand_in: HandIn, choices: Mapping[int, Choice | None]) -> Judged:
    """Check a hand-in against a problem, at the numbers that the hand-in brings or else the problem's own."""
    checkup = check(problem.run, hand_in, choices=choices)
    same = checkup.run is problem.run
    comparison = problem.comparison if same else compare(checkup.run)
    return Judged(problem, hand_in, checkup, comparison, dict(choices))


def side_by_side(sources: Sequence[HandIn]) -> tuple[HandIn, HandIn] | None:
    """Two hand-ins to lay beside each other: two files, or the two sides of one paste."""
    if len(sources) == 2:
        return sources[0], sources[1]
    if len(sources) == 1 and sources[0].second is not None:
        return sources[0], sources[0].second
    return None

"""Page Check as a whole: what is shown now, and each part of the payload made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphcore.errors import ChainruleError
from graphcore.picture import payload as shared
from graphcore.picture.check import examples, tabs, views
from graphcore.picture.check.judged import Judged
from graphcore.picture.check.problem import Problem
from graphcore.picture.check.work import Asked, Crowd

if TYPE_CHECKING:
    from graphcore.check.hand_in import HandIn
    from graphcore.picture.work import Work

Json = dict[str, Any]

LEFT = {
    "file": "It was a file, which a link does not carry: drop it here again.",
    "text": "It was too long for a link: paste it here again.",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page shows: the problem, the hand-in, and what was found; each the last good one.

    ``hand_problem`` says why the newest hand-in could not be read, ``example`` is the key of the one that is open,
    ``class_of`` the hand-ins that the one shown was picked from, ``left`` what the page's link could not carry ("file", "text").
    """

    asked: Asked
    problem: Problem | None = None
    judged: Judged | None = None
    hand_in: HandIn | None = None
    hand_problem: Json | None = None
    difference: Any = None
    crowd: Crowd | None = None
    example: str | None = None
    class_of: Crowd | None = None
    left: str | None = None

    @property
    def mode(self) -> str:
        """Which face the page has: crowd, difference, judged or waiting."""
        if self.crowd is not None:
            return "crowd"
        if self.difference is not None:
            return "difference"
        return "judged" if self.judged is not None else "waiting"


def checked(shown: Shown) -> Json:
    """What was found: findings and their table, or the class, or the difference of two files."""
    judged = shown.judged if shown.mode == "judged" else None
    return {
        "mode": shown.mode,
        "findings": views.findings(judged) if judged else [],
        "rows": views.rows(judged) if judged else [],
        "crowd": tabs.crowd_table(shown.crowd) if shown.crowd else None,
        "difference": tabs.different(shown.difference) if shown.mode == "difference" else None,
        "picked": shown.class_of is not None,
    }


PARTS: Mapping[str, Callable[[Shown], Any]] = {
    "examples": lambda shown: examples.listed(),
    "starts": lambda shown: [],
    "leaves": lambda shown: [],
    "hand": lambda shown: {
        **views.hand(shown.asked, shown.hand_in, shown.hand_problem, shown.example),
        "left": shown.left,
    },
    "snippets": lambda shown: tabs.snippets(shown.problem),
    "check": checked,
    "structure": lambda shown: shown.problem.structure if shown.problem else None,
    "numbers": lambda shown: numbers(shown),
    "alignment": lambda shown: views.alignment(shown.judged) if shown.judged else None,
}


def numbers(shown: Shown) -> Json | None:
    """The numbers of the picture."""
    if shown.judged is not None:
        return shown.judged.numbers()
    problem = shown.problem
    return problem.numbers(problem.run, problem.comparison) if problem else None


def program(shown: Shown, text: str, error: ChainruleError | None) -> Json:
    """The text in the editor, and the one that the picture shows."""
    problem = shown.problem
    return {
        "text": text,
        "ran": problem.text if problem else "",
        "error": shared.error(error, text) if error else None,
        "skipped": shared.skipped(problem.graph) if problem and problem.drawn is None else None,
        "notes": list(problem.notes) if problem else [],
        "example": shown.example,
    }


def opened(shown: Shown, node: int) -> Json | None:
    """The arrays of a node in full."""
    problem, judged = shown.problem, shown.judged
    if problem is None or not 0 <= node < len(problem.structure["nodes"]):
        return None
    run = judged.run if judged else problem.run
    comparison = judged.comparison if judged else problem.comparison
    if problem.drawn is None:
        return shared.opened(run, comparison, node)
    return {**shared.opened(run, comparison, problem.drawn.folded.shown[node].main), "node": node}


def settings(shown: Shown) -> Json:
    """The fields of a network, as on page Networks; nothing for a program."""
    from graphcore.picture.network import views as network_view

    result = shown.problem.result if shown.problem else None
    request = shown.asked.request
    if result is None:
        return {"values": request.settings.plain(), "used": {}, "losses": []}
    return network_view.settings(request, result)


def verdict(shown: Shown, error: ChainruleError | None, work: Work | None, *, stopped: bool) -> Json:
    """The banner, whatever the page shows."""
    judged, problem = shown.judged, shown.problem
    if work is not None:
        return _running(work)
    if error is not None:
        return shared.verdict(problem.comparison if problem else None, error)
    if shown.hand_problem is not None:
        rest = "The picture shows your last one." if judged else "The message beside it says why."
        return views.plain("stale", "Not read.", f"The hand-in cannot be read. {rest}")
    if shown.crowd is not None and not shown.asked.request.text.strip():
        question = "What problem are these the gradients of?"
        return views.plain(
            "waiting", question, f"Choose it on the left, or write it there: then all {shown.crowd.files} are judged."
        )
    if shown.crowd is not None:
        return _class(shown.crowd)
    if stopped:
        return views.plain("stale", "Stopped.", "Run starts again.")
    if shown.difference is not None:
        made: Json = shown.difference.banner.payload()
        return made
    if judged is not None:
        return views.banner(judged)
    if shown.left is not None:
        return views.plain("waiting", "The hand-in stayed behind.", LEFT[shown.left])
    if problem is not None:
        return views.plain("waiting", "Nothing handed in yet.", "Drop or paste your gradients on the left.")
    return views.plain("empty", "", "")


def _class(crowd: Crowd) -> Json:
    rows = crowd.rows
    count = {verdict: sum(row.verdict == verdict for row in rows) for verdict in ("right", "wrong", "unproven", "unread")}
    whole = len(rows) == crowd.files
    bold = f"{count['right']} of {len(rows)} right." if whole else f"Stopped after {len(rows)} of {crowd.files}."
    words = {"wrong": "wrong", "unproven": "unproven", "unread": "cannot be read"}
    parts = [f"{count[key]} {said}" for key, said in words.items() if count[key]]
    good = whole and count["right"] == len(rows)
    small = f"{', '.join(parts)}." if parts else ""
    return views.plain("crowd", bold, small, sign="=" if good else "…", tone="right" if good else "off")


def _running(work: Work) -> Json:
    stage = "Running the problem" if work.stage == "building" else work.stage[:1].upper() + work.stage[1:]
    bold = f"{stage} …" if work.counted is None else f"{stage}, {_counted(*work.counted)} …"
    return views.plain("running", bold, f"{work.seconds:.0f} s.", {"label": "Stop", "kind": "stop"})


def _counted(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"

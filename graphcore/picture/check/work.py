"""From what is asked to what is found: read, run the problem, judge; the crowd and the difference of two files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.check.align import Choice
from graphcore.check.hand_in import HandIn
from graphcore.errors import ChainruleError
from graphcore.picture.check.judged import Judged, judge, side_by_side
from graphcore.picture.check.problem import Problem, is_network, solve_network, solve_program
from graphcore.picture.check.sources import LONGEST, Source
from graphcore.picture.network.settings import Request, Settings

if TYPE_CHECKING:
    from graphcore.check.rows import Row
    from graphcore.picture.work import Tell


ROLES = ("gradient", "value", "parameter", "input", "target")
CHANGES = ("", "transposed", "squeezed", "reshaped")


class Asked(NamedTuple):
    """All that an answer depends on; ``known`` is the problem of the same text where it has been run before.

    ``fold`` are the modules of a network to open first, and whether bookkeeping nodes are shown.
    """

    request: Request
    sources: tuple[Source, ...] = ()
    run: int = 0
    swapped: bool = False
    choices: Mapping[int, Choice | None] = {}
    known: Problem | None = None
    compare: bool = False
    values: str = ""
    fold: tuple[frozenset[str], bool] | None = None

    @property
    def opened(self) -> Asked:
        """The same with nothing to open any more."""
        return self._replace(fold=None)


@dataclass
class Crowd:
    """Many hand-ins of one problem: the rows so far."""

    sources: tuple[Source, ...]
    rows: list[Row] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many there are."""
        return len(self.sources)


def request_of(action: Mapping[str, Any], asked: Asked) -> Request:
    """The problem as it stands in the browser."""
    text = action.get("text")
    if not isinstance(text, str):
        return asked.request
    given = action.get("settings")
    return Request(text, Settings.read(given) if given is not None else asked.request.settings)


def values_of(action: Mapping[str, Any]) -> str:
    """The forward values that came with a hand-in."""
    return str(action.get("values") or "")[:LONGEST]


def choices_of(action: Mapping[str, Any], asked: Asked) -> dict[int, Choice | None]:
    """The corrections of the alignment with one more, or one taken back."""
    reading, node = action["reading"], action.get("node")
    choices = {key: choice for key, choice in asked.choices.items() if key != reading}
    if action.get("reset"):
        return choices
    if not isinstance(node, int):
        return {**choices, reading: None}
    role, change = action.get("role"), action.get("change")
    return {**choices, reading: Choice(node, role if role in ROLES else "", change if change in CHANGES else None)}


class Found(NamedTuple):
    """What came of it. Each of the two errors leaves the other half as it is."""

    problem: Problem | None = None
    error: ChainruleError | None = None
    hand_in: HandIn | None = None
    hand_error: tuple[Source, ChainruleError] | None = None
    judged: Judged | None = None
    difference: Any = None


def find(asked: Asked, tell: Tell) -> Found:
    """Answer what is asked."""
    found = _problem(asked, tell)
    read: list[HandIn] = []
    for source in asked.sources[:2]:
        tell("reading")
        try:
            read.append(_chosen(source.read(), asked))
        except ChainruleError as error:
            return found._replace(hand_error=(source, error))
    if not read:
        return found
    sides = side_by_side(read)
    if (found.problem is None or asked.compare) and sides is not None and found.error is None:
        tell("comparing")
        return found._replace(hand_in=read[0], difference=_difference(asked.sources, *sides))
    found = found._replace(hand_in=read[0])
    if found.problem is None or found.error is not None:
        return found
    tell("checking")
    try:
        return found._replace(judged=judge(found.problem, _with_values(read[0], asked.values), asked.choices))
    except ChainruleError as error:
        return found._replace(hand_error=(asked.sources[0], error))


def _problem(asked: Asked, tell: Tell) -> Found:
    text = asked.request.text
    if not text.strip():
        return Found()
    if asked.known is not None:
        return Found(asked.known)
    tell("running the problem")
    try:
        problem = solve_network(asked.request, tell) if is_network(text) else solve_program(text)
        if asked.fold is not None and problem.drawn is not None:
            problem = problem.folded(asked.fold[0], plumbing=asked.fold[1])
        return Found(problem)
    except ChainruleError as error:
        return Found(error=error)


def _with_values(hand_in: HandIn, values: str) -> HandIn:
    """The gradients with the forward values that were handed in beside them."""
    return hand_in.beside(Source("", values).read()) if values.strip() else hand_in


def _chosen(hand_in: HandIn, asked: Asked) -> HandIn:
    if asked.swapped:
        hand_in = hand_in.swapped()
    return hand_in.select(asked.run) if 0 < asked.run < len(hand_in.runs) else hand_in


def _difference(sources: Sequence[Source], first: HandIn, second: HandIn) -> Any:
    from graphcore.check.diff import difference

    if len(sources) == 2:
        return difference(first, second, names=(sources[0].shown, sources[1].shown))
    return difference(first, second)


def check_crowd(asked: Asked, crowd: Crowd, tell: Tell) -> Found:
    """A row for every file, into ``crowd`` as they come."""
    from graphcore.check.many import check_many

    found = _problem(asked, tell)
    if found.problem is None:
        return found
    tell("checking", 0, crowd.files)
    given = [source for source in crowd.sources if isinstance(source.content, bytes)]
    rows = check_many(found.problem.graph, ((source.name, source.content) for source in given))  # type: ignore[misc]  # no texts
    for source, row in zip(given, rows, strict=True):
        # told first: a class that was stopped grows no more
        tell("checking", len(crowd.rows) + 1, crowd.files)
        crowd.rows.append(row._replace(file=source.shown))
    return found

"""The walk of a gradient descent on page Explore: where it began, where it stands, and the way back.

A step writes the values it leads to into the program, as a dragged value does. Where a leaf has too many numbers to be
written there the program stays as it is, and the values are the session's own until the program runs again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from graphcore.backprop import Trace
from graphcore.descent import descend
from graphcore.errors import ChainruleError, UnknownNameError
from graphcore.graph import Graph
from graphcore.parse import parse, rewrite
from graphcore.picture import encode
from graphcore.slopes import seeded_sum

WRITTEN = 60  # numbers of a leaf that are still written into the text; more are no longer read there
LOSSES = 400  # losses drawn: those of the last steps
MOST = 100  # steps at once
MARKS = 300

Json = dict[str, Any]


class Moved(NamedTuple):
    """Where a step leads: another program, or (with ``values``) other values for the same one."""

    text: str
    values: Mapping[str, Any] | None


class Mark(NamedTuple):
    """A place that undo leads back to: a click's end."""

    moved: Moved
    losses: int


@dataclass(frozen=True)
class Walk:
    """Losses from the start, the marks on the way, and the mark it stands at (None: the values are others)."""

    losses: tuple[float, ...] = ()
    marks: tuple[Mark, ...] = ()
    at: int | None = None
    says: str = ""
    note: str = ""

    def asked(self, text: str, run: Trace, action: Mapping[str, Any]) -> tuple[Walk, Moved | None]:
        """The walk after an action of the browser, and where it leads (None: it stays where it is)."""
        if action.get("to") in ("undo", "start"):
            if self.at is None or self.at == 0:
                return self, None
            at = 0 if action["to"] == "start" else self.at - 1
            return replace(self, at=at, says=""), self.marks[at].moved
        rate, steps, leaves = action.get("rate"), action.get("steps"), action.get("leaves")
        known = isinstance(leaves, list) and all(isinstance(name, str) for name in leaves)
        if not isinstance(rate, (int, float)) or not isinstance(steps, int):
            return self, None
        try:
            return self._forward(text, run, float(rate), min(steps, MOST), leaves if known else None)
        except UnknownNameError as error:
            return replace(self, says=error.args[0]), None
        except ChainruleError as error:
            says = str(error)
            return replace(self, says=says[:1].upper() + says[1:]), None

    def ran(self, text: str) -> Walk:
        """The walk after the program has run from its own text, of which the values are then those written there."""
        places = [k for k, mark in enumerate(self.marks) if mark.moved.text == text]
        if not places:
            return replace(self, at=None, says="")
        return replace(self, at=places[0] if self.note else places[-1], says="")

    def view(self) -> Json | None:
        """What the browser shows; None where there is nothing to show."""
        if self.at is None:
            return {"losses": [], "first": 0, "at": None, "says": self.says, "note": ""} if self.says else None
        first = max(0, len(self.losses) - LOSSES)
        return {
            "losses": [encode.number(loss) for loss in self.losses[first:]],
            "first": first,
            "at": self.marks[self.at].losses,
            "says": self.says,
            "note": self.note if self.at else "",
        }

    def _forward(self, text: str, run: Trace, rate: float, steps: int, leaves: list[str] | None) -> tuple[Walk, Moved | None]:
        way = descend(run, rate, steps, leaves)
        apart = self.at is not None and self.marks[self.at].moved.values is not None and self.at > 0
        note = self.note if apart else _too_large(run.graph, way.leaves)
        before = self
        if self.at is None or bool(self.note) != bool(note):
            own = {name: run.value(name) for name in _names(run.graph)} if note else None
            before = Walk((seeded_sum(run),), (Mark(Moved(text, own), 0),), 0)
        assert before.at is not None
        if len(way.losses) == 1:
            return replace(before, says=way.stopped, note=note), None
        kept = before.marks[before.at].losses
        losses = (*before.losses[: kept + 1], *way.losses[1:])
        if note:
            moved = Moved(text, {**{name: way.run.value(name) for name in _names(run.graph)}})
        else:
            moved = Moved(rewrite(text, run.graph, way.values[-1]), None)
            parse(moved.text)
        marks = (*before.marks[: before.at + 1], Mark(moved, len(losses) - 1))
        if len(marks) > MARKS:  # the start stays; the oldest places in between are let go
            marks = (marks[0], *marks[-MARKS + 1 :])
        return Walk(losses, marks, len(marks) - 1, way.stopped, note), moved


def _names(graph: Graph) -> list[str]:
    return [graph.names[k] for k in graph.leaf_values]


def _too_large(graph: Graph, leaves: tuple[str, ...]) -> str:
    """Why the values are not written into the program; empty where they are."""
    sizes = {node.name: node.shape for node in graph.leaves if node.name in leaves}
    for name, shape in sizes.items():
        count = 1
        for length in shape:
            count *= length
        if count > WRITTEN:
            return (
                f"`{name}` has {count:,} numbers, too many to write into the program. The program keeps the values of the "
                "start; running it, or changing a value by hand, goes back to them."
            )
    return ""

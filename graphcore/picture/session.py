"""One person's Explore page: a program, its last good run, and the answers to what the browser sends.

The program text is the whole state. An action carries all it needs, so a lost or repeated one does no harm; an error
leaves the last good picture where it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphcore.backprop import Trace, trace
from graphcore.compare import Comparison, compare, stronger_point
from graphcore.errors import ChainruleError, UnknownNameError
from graphcore.parse import parse, rewrite
from graphcore.picture import payload as view
from graphcore.problems import GALLERY, STARTS

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """A good run and the views of it that depend on its topology alone."""

    text: str
    run: Trace
    comparison: Comparison
    topology: str
    structure: Mapping[str, Any]


class Session:
    """The state behind one open Explore page.

    ``text`` is the program to start with (problem A where there is none), ``step`` and ``decimals`` what a link asks
    for, ``problem`` a sentence about a link that could not be read.
    """

    def __init__(
        self, text: str | None = None, step: int | None = None, decimals: int | None = None, problem: str | None = None
    ) -> None:
        self._start = {"step": step, "decimals": decimals}
        self._revision = 0
        self._answers = 0
        self._shown: Shown | None = None
        self._error: ChainruleError | None = None
        self._notice = problem
        self._opened: int | None = None
        self._tab = "table"
        self._text = ""
        # while a value is dragged only the picture follows; the views that are read, not watched, wait for its end
        self._dragging = False
        self._code: Any = None
        self._run(GALLERY[0].text if text is None else text)

    def act(self, action: Mapping[str, Any]) -> None:
        """Take in one message of the browser; an unknown or malformed one changes nothing."""
        number = action.get("id")
        if not isinstance(number, int) or number == self._answers:
            return
        self._answers = number
        self._notice = None
        try:
            self._take_in(action)
        except Exception as fault:  # the person's text and picture outlive a fault of ours
            _log.exception("an action failed")
            self._text = action["text"] if isinstance(action.get("text"), str) else self._text
            self._error = ChainruleError(
                f"Chainrule itself failed here ({type(fault).__name__}: {str(fault)[:200]}). "
                "Your text is kept; this is a fault in Chainrule, please report it."
            )

    def _take_in(self, action: Mapping[str, Any]) -> None:
        text = action.get("text")
        match action.get("kind"):
            case "run" if isinstance(text, str):
                self._run(text)
            case "nudge" if isinstance(text, str) and isinstance(action.get("values"), Mapping):
                self._nudge(text, action["values"])
            case "stronger":
                self._stronger()
            case "open" if isinstance(action.get("node"), int):
                self._opened = action["node"]
            case "tab" if isinstance(action.get("tab"), str):
                self._tab = action["tab"]

    def _run(self, text: str) -> None:
        self._text = text
        self._dragging = False
        self._code = None
        self._opened = None
        if not text.strip():
            self._shown, self._error = None, None
            return
        try:
            self._show(text, trace(parse(text)))
        except ChainruleError as error:
            self._error = error

    def _show(self, text: str, run: Trace, *, reasons: bool = True) -> None:
        comparison = compare(run, reasons=reasons)
        topology = view.topology(run.graph)
        if self._shown is not None and self._shown.topology == topology:
            structure = self._shown.structure
        else:
            structure = view.structure(run.graph, comparison.torch)
        self._shown = Shown(text, run, comparison, topology, structure)
        self._error = None

    def _nudge(self, text: str, values: Mapping[str, Any]) -> None:
        # other numbers through the same graph: nothing is parsed or laid out while a value is dragged
        if self._shown is None or self._error is not None:
            self._run(text)
            return
        run = self._shown.run
        merged = {leaf.name: run.value(leaf.name) for leaf in run.graph.leaves}
        try:
            moved = trace(run.graph, {**merged, **values})
        except (ChainruleError, UnknownNameError):
            self._run(text)
            return
        self._text = text
        self._dragging = True
        self._show(text, moved, reasons=False)

    def _stronger(self) -> None:
        if self._shown is None:
            return
        graph = self._shown.run.graph
        point = stronger_point(graph, self._shown.run)
        if not point:
            self._notice = "No stronger point was found: every value tried proves as little."
            return
        self._run(rewrite(self._shown.text, graph, point))

    def payload(self) -> dict[str, Any]:
        """Everything the browser needs, as JSON-serialisable data."""
        self._revision += 1
        shown = self._shown
        data: dict[str, Any] = {
            "page": "explore",
            "revision": self._revision,
            "answers": self._answers,
            "notice": self._notice,
            "topology": shown.topology if shown else "",
            "structure": shown.structure if shown else None,
            "numbers": view.numbers(shown.run, shown.comparison, written=not self._dragging) if shown else None,
            "verdict": view.verdict(shown.comparison if shown else None, self._error),
            "program": self._program(),
            "examples": view.examples(),
            "starts": list(STARTS),
            "leaves": view.leaves(shown.run) if shown else [],
            "derivation": None,
            "code": None,
            "opened": None,
            "start": self._start,
        }
        if shown:
            if self._code is None:
                self._code = self._view(lambda: view.code(shown.run))
            data["code"] = self._code
            if self._tab == "derivation":
                data["derivation"] = self._view(lambda: view.derivation(shown.run, shown.structure))
            if self._opened is not None and 0 <= self._opened < len(shown.run.graph):
                data["opened"] = view.opened(shown.run, shown.comparison, self._opened)
        return data

    def _view(self, make: Callable[[], Any]) -> Any:
        # a view that fails is left out, the picture stays
        try:
            return make()
        except Exception:
            _log.exception("a view failed")
            return None

    def _program(self) -> dict[str, Any]:
        shown = self._shown
        return {
            "text": self._text,
            "ran": shown.text if shown else "",
            "error": view.error(self._error, self._text) if self._error else None,
            "skipped": view.skipped(shown.run.graph) if shown else None,
            "example": next((example.key for example in GALLERY if example.text == self._text), None),
        }

"""One person's Explore page: a program, its last good run, and the answers to what the browser sends.

The program text is the whole state; an error leaves the last good picture where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphcore.backprop import Trace, trace
from graphcore.compare import Comparison, compare, stronger_point
from graphcore.errors import ChainruleError, UnknownNameError
from graphcore.export import Workspace, of_program
from graphcore.parse import parse, rewrite
from graphcore.picture import payload as view
from graphcore.picture import scalars, takehome
from graphcore.picture.answers import Answers
from graphcore.picture.geometry import LATER, Which
from graphcore.picture.slopes import Slopes
from graphcore.picture.written import Written
from graphcore.problems import GALLERY, STARTS

# the parts of a payload that a browser need not be sent again while they stay as they are
PARTS = ("structure", "layouts", "numbers", "examples", "starts", "leaves", "code", "curve")
AT_ONCE = 60  # nodes up to which the code is made before its tab is opened, and the derivation follows a drag


@dataclass(frozen=True)
class Shown:
    """A good run and the views of it that depend on its topology alone."""

    text: str
    run: Trace
    comparison: Comparison
    topology: str
    structure: Mapping[str, Any]


class Session(Answers):
    """The state behind one open Explore page.

    ``text`` is the program to start with (problem A where there is none), ``step`` and ``decimals`` what a link asks
    for, ``problem`` a sentence about a link that could not be read.
    """

    page = "explore"
    parts = PARTS

    def __init__(
        self, text: str | None = None, step: int | None = None, decimals: int | None = None, problem: str | None = None
    ) -> None:
        super().__init__(step, decimals, problem)
        self._shown: Shown | None = None
        self._opened: int | None = None
        self._scalar: scalars.Asked | None = None
        # while a value is dragged only the picture follows; the views that are read, not watched, wait for its end
        self._dragging = False
        self._code: Any = None
        self._layouts: dict[Which, Any] = {}
        self._slopes = Slopes()
        self._written = Written()
        self._run(GALLERY[0].text if text is None else text)

    def _tab_shown(self) -> None:
        if self._code is None:
            self._touch("code")

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
            case "layout" if action.get("which") in LATER:
                self._lay_out(action["which"])
            case "scalar" if self._shown is not None:
                self._scalar = scalars.asked(action, self._shown.run) or self._scalar
            case "jacobian" | "derive":
                self._written.take(action)
            case "descend" if isinstance(text, str):
                self._descend(text, action)
        if "slope" in action:
            self._slopes.watch(action["slope"])
        if self._view(lambda: self._slopes.follow(self._shown.run if self._shown else None)):
            self._touch("curve")

    def taken(self) -> takehome.Taken:
        """The last good run."""
        shown = self._shown
        if shown is None:
            raise takehome.nothing()
        name = next((known.key for known in GALLERY if known.text.strip() == shown.text.strip()), "program")
        return takehome.Taken(shown.run, shown.comparison, name, shown.text, lambda: of_program(shown.run.graph))

    def saved(self, action: Mapping[str, Any]) -> Workspace:
        """The program with the way it is looked at."""
        return Workspace("explore", takehome.text_of(action, self._text), view=takehome.view_of(action, None))

    def _run(self, text: str) -> None:
        self._text = text
        if self._dragging:
            self._touch("numbers")  # entries written out were left out of them
        self._dragging = False
        self._opened = None
        if not text.strip():
            self._shown, self._error = None, None
            self._touch("structure", "layouts", "numbers", "leaves", "code")
            return
        try:
            self._show(text, trace(parse(text)))
        except ChainruleError as error:
            self._error = error
            return
        self._code = None
        self._slopes.ran(text)
        self._touch("leaves", "code")

    def _show(self, text: str, run: Trace, *, reasons: bool = True) -> None:
        comparison = compare(run, reasons=reasons)
        topology = view.topology(run.graph)
        if self._shown is not None and self._shown.topology == topology:
            structure = self._shown.structure
        else:
            structure = view.structure(run.graph, comparison.torch, everything=False)
            self._layouts, self._scalar = {}, None
            self._touch("structure", "layouts")
        self._shown = Shown(text, run, comparison, topology, structure)
        self._touch("numbers")
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

    def _lay_out(self, which: Which) -> None:
        shown = self._shown
        if shown is None or which not in shown.structure["later"]:
            return
        made = self._view(lambda: view.later(shown.run.graph, shown.comparison.torch, which))
        self._layouts = {**self._layouts, which: made}
        self._touch("layouts")
        self._shown = replace(shown, structure=view.completed(shown.structure, self._layouts))

    def _stronger(self) -> None:
        if self._shown is None:
            return
        graph = self._shown.run.graph
        point = stronger_point(graph, self._shown.run)
        if not point:
            self._notice = "No stronger point was found: every value tried proves as little."
            return
        self._run(rewrite(self._shown.text, graph, point))

    def _descend(self, text: str, action: Mapping[str, Any]) -> None:
        if text != self._text or self._dragging:
            self._run(text)
        shown = self._shown
        moved = self._slopes.step(text, shown.run, action) if shown and self._error is None else None
        if shown is None or moved is None:
            return
        if moved.values is None:
            self._run(moved.text)
            return
        self._show(text, trace(shown.run.graph, moved.values))
        self._code, self._opened = None, None
        self._touch("leaves", "code")

    def _settle(self, kept: list[str]) -> None:
        if self._dragging and "leaves" not in kept:
            # nobody who keeps the literals' places in the dragged text is listening: find them anew
            self._run(self._text)
        shown = self._shown
        if self._dragging and self._tab == "derivation" and shown and len(shown.run.graph) > AT_ONCE:
            kept.append("derivation")

    def _always(self, kept: list[str]) -> dict[str, Any]:
        shown = self._shown
        data: dict[str, Any] = {
            "topology": shown.topology if shown else "",
            "verdict": view.verdict(shown.comparison if shown else None, self._error),
            "program": self._program(),
            "opened": None,
            "derivation": None,
            "scalar": self._view(lambda: scalars.payload(shown.run, self._scalar)) if shown and self._tab == "scalars" else None,
            "slope": self._view(lambda: self._slopes.point(shown.run, shown.comparison)) if shown else None,
            "descent": self._slopes.descent(self._dragging),
        }
        if shown and "derivation" not in kept:
            data |= self._view(lambda: self._written.payload(shown.run, self._tab, shown.structure)) or {}
        if shown and self._opened is not None and 0 <= self._opened < len(shown.run.graph):
            data["opened"] = view.opened(shown.run, shown.comparison, self._opened)
        return data

    def _part(self, part: str) -> Any:
        shown = self._shown
        match part:
            case "structure":
                return shown.structure if shown else None
            case "layouts":
                return self._layouts
            case "numbers":
                return view.numbers(shown.run, shown.comparison, written=not self._dragging) if shown else None
            case "examples":
                return view.examples()
            case "starts":
                return list(STARTS)
            case "leaves":
                return view.leaves(shown.run) if shown else []
            case "curve":
                return self._slopes.curve()
        if shown and self._code is None and (self._tab == "code" or len(shown.run.graph) <= AT_ONCE):
            self._code = self._view(lambda: view.code(shown.run))
        return self._code if shown else None

    def _program(self) -> dict[str, Any]:
        shown = self._shown
        problem = view.error(self._error, self._text) if self._error else None
        return view.program(self._text, shown.text if shown else "", problem, shown.run.graph if shown else None)

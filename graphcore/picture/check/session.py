"""One person's page Check: what is asked, what is shown, and the work that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphcore.errors import ChainruleError
from graphcore.export import Workspace
from graphcore.picture import payload as shared
from graphcore.picture import takehome
from graphcore.picture.check import examples, home, tabs
from graphcore.picture.check import page as pieces
from graphcore.picture.check.page import Shown
from graphcore.picture.check.problem import Problem
from graphcore.picture.check.sources import received, refusal, typed
from graphcore.picture.check.work import Asked, Crowd, Found, check_crowd, choices_of, find, request_of, values_of
from graphcore.picture.geometry import LATER, Which
from graphcore.picture.network.settings import Request, Settings
from graphcore.picture.waiting import Waiting, opened_modules

MADE = ("evidence", "report")  # what is made when its tab is looked at

Json = dict[str, Any]


class CheckSession(Waiting):
    """The state behind one open Check page.

    ``text`` and ``settings`` are the problem of a link, ``hand`` and ``values`` its hand-in, ``example`` the key of one that
    is one click away; ``step`` and ``decimals`` as on the other pages, ``problem`` a sentence about a link that could not be
    read, ``left`` what that could not carry of a hand-in ("file" or "text"); ``asked`` is all of it at once, of a workspace.
    """

    page = "check"
    # the parts of a payload that a browser need not be sent again while they stay as they are
    parts = (*pieces.PARTS, "layouts", "made")

    def __init__(
        self,
        text: str | None = None,
        settings: Mapping[str, Any] | None = None,
        hand: str | None = None,
        values: str | None = None,
        example: str | None = None,
        step: int | None = None,
        decimals: int | None = None,
        problem: str | None = None,
        left: str | None = None,
        asked: tuple[Asked, str | None] | None = None,
    ) -> None:
        super().__init__(step, decimals, problem)
        self._tab = "findings"
        self._shown = Shown(Asked(Request("")), left=left)
        self._opened: int | None = None
        self._layouts: dict[Which, Any] = {}
        self._made: Json = {}
        self._download: Json | None = None
        if asked is not None:
            self._ask(*asked)
        elif example is not None:
            self._open(example)
        elif text or hand:
            self._ask(Asked(Request(text or "", Settings.read(settings)), (typed(hand),) if hand else (), values=values or ""))

    # ---- messages ----------------------------------------------------------------------------------------------

    def _take_in(self, action: Mapping[str, Any]) -> None:
        asked = self._shown.asked
        match action.get("kind"):
            case "run" if isinstance(action.get("text"), str):
                self._ask(asked._replace(request=request_of(action, asked), choices={}))
            case "hand" | "files":
                self._hand(action)
            case "values":
                self._ask(asked._replace(values=values_of(action), choices={}))
            case "example" if isinstance(action.get("key"), str):
                self._open(action["key"])
            case "run of" if isinstance(action.get("run"), int):
                self._ask(asked._replace(run=action["run"], choices={}))
            case "swap":
                self._ask(asked._replace(swapped=not asked.swapped, run=0, choices={}))
            case "compare":
                self._ask(asked._replace(compare=bool(action.get("on"))))
            case "choose" if isinstance(action.get("reading"), int):
                self._ask(asked._replace(choices=choices_of(action, asked)))
            case "stronger":
                self._stronger()
            case "one" if self._shown.crowd is not None:
                self._one(action.get("file"))
            case "class" if self._shown.class_of is not None:
                self._back()
            case _:
                self._look(action)

    def _look(self, action: Mapping[str, Any]) -> None:
        """The messages that ask for nothing new."""
        match action.get("kind"):
            case "poll":
                self._poll()
            case "stop" if self._work is not None:
                self._interrupt()
                self._touch("check")
            case "save" if isinstance(action.get("what"), str):
                shown = self._shown
                self._download = self._view(lambda: tabs.download(action["what"], shown.judged, shown.crowd, shown.difference))
            case "open" if isinstance(action.get("node"), int):
                self._opened = action["node"]
            case "layout" if action.get("which") in LATER:
                self._lay_out(action["which"])
            case "fold" if self._shown.problem is not None and self._shown.problem.drawn is not None:
                self._fold(action)

    def taken(self) -> takehome.Taken:
        """The right numbers of the problem."""
        return home.taken(self._shown)

    def saved(self, action: Mapping[str, Any]) -> Workspace:
        """The problem, what was handed in, and the way it is looked at."""
        return home.saved(action, self._shown)

    def _tab_shown(self) -> None:
        if self._tab in MADE and self._tab not in self._made:
            self._touch("made")

    def _open(self, key: str) -> None:
        found = examples.example(key)
        if found is None:
            self._notice = f"The link asks for an example called `{key[:40]}`, which there is not."
            return
        self._ask(examples.asked(found), key)

    def _hand(self, action: Mapping[str, Any]) -> None:
        asked = self._shown.asked
        try:
            sources = tuple(received(action.get("files"))) if action.get("kind") == "files" else (typed(action.get("hand")),)
        except ChainruleError as error:
            self._shown = replace(self._shown, hand_problem={"what": str(error), "lines": None})
            self._touch("hand")
            return
        sources = tuple(source for source in sources if source.name or str(source.content).strip())
        self._ask(Asked(request_of(action, asked), sources, values=values_of(action)))

    def _stronger(self) -> None:
        judged = self._shown.judged
        text = self._view(lambda: tabs.stronger(judged))
        if not text:
            self._notice = "No stronger point was found: every value tried proves as little."
            return
        self._ask(Asked(Request(text)))
        self._notice = "Other numbers stand in the program now. Compute your gradients at them and hand those in."

    def _one(self, file: object) -> None:
        """One hand-in of the class by itself."""
        crowd, asked = self._shown.crowd, self._shown.asked
        if crowd is not None and isinstance(file, int) and 0 <= file < len(asked.sources):
            self._ask(asked._replace(sources=(asked.sources[file],)))
            self._shown = replace(self._shown, class_of=crowd)

    def _back(self) -> None:
        """The class again, as far as it was judged."""
        crowd = self._shown.class_of
        assert crowd is not None
        self._stop()
        asked = self._shown.asked._replace(sources=crowd.sources, choices={})
        self._shown = replace(self._shown, asked=asked, crowd=crowd, class_of=None, judged=None, hand_in=None, hand_problem=None)
        self._touch("hand", "check", "numbers", "alignment")

    # ---- work --------------------------------------------------------------------------------------------------

    def _ask(self, asked: Asked, example: str | None = None) -> None:
        self._stop()
        shown = self._shown
        same = shown.problem is not None and asked.request == shown.asked.request and self._error is None
        asked = asked._replace(known=shown.problem if same else None)
        if example is None and asked.sources == shown.asked.sources and asked.request == shown.asked.request:
            example = shown.example
        many = len(asked.sources) > 2 or (len(asked.sources) == 2 and bool(asked.request.text.strip()) and not asked.compare)
        crowd = Crowd(asked.sources) if many else None
        keeps = shown.class_of if asked.sources == shown.asked.sources else None
        left = None if asked.sources else shown.left
        self._shown = replace(
            shown, asked=asked.opened, example=example, crowd=crowd, hand_problem=None, class_of=keeps, left=left
        )
        self._text, self._opened = asked.request.text, None
        self._touch("hand", "check")
        self._begin(lambda tell: find(asked, tell) if crowd is None else check_crowd(asked, crowd, tell))

    def _collect(self) -> None:
        if self._work is not None and self._shown.crowd is not None:
            self._touch("check")
        super()._collect()

    def _arrived(self, found: Found) -> None:
        self._touch("hand", "check", "alignment", "numbers", "made", "snippets")
        self._made = {}
        self._error = found.error
        if found.error is not None:
            self._shown = replace(self._shown, crowd=None)
            return
        shown = replace(self._shown, difference=found.difference)
        if found.hand_error is not None:
            # a bad hand-in leaves the last picture and its verdict where they are
            shown = replace(shown, hand_problem=refusal(*found.hand_error))
            if found.problem is not shown.problem:
                shown = replace(shown, judged=None, hand_in=None)
        else:
            shown = replace(shown, judged=found.judged, hand_in=found.hand_in)
        self._shown = shown
        self._place(found.problem)

    def _place(self, problem: Problem | None) -> None:
        before = self._shown.problem
        if before is None or problem is None or before.topology != problem.topology:
            self._layouts = {}
            self._touch("structure", "layouts")
        elif before is not problem:
            problem = replace(problem, structure=before.structure)
        judged = self._shown.judged
        if judged is not None and problem is not None and judged.problem is not problem:
            judged = replace(judged, problem=problem)
        self._shown = replace(self._shown, problem=problem, judged=judged)

    # ---- the picture -------------------------------------------------------------------------------------------

    def _fold(self, action: Mapping[str, Any]) -> None:
        opened, problem = opened_modules(action), self._shown.problem
        if problem is None or opened is None:
            return
        self._opened = None
        self._place(problem.folded(opened, plumbing=bool(action.get("plumbing"))))
        self._touch("numbers", "check", "alignment")

    def _lay_out(self, which: Which) -> None:
        problem = self._shown.problem
        if problem is None or which not in problem.structure["later"]:
            return
        made = self._view(lambda: problem.later(which))
        self._layouts = {**self._layouts, which: made}
        self._touch("layouts")
        self._place(replace(problem, structure=shared.completed(problem.structure, self._layouts)))

    # ---- the payload -------------------------------------------------------------------------------------------

    def _always(self, kept: list[str]) -> Json:
        shown = self._shown
        node = self._opened
        download, self._download = self._download, None
        return {
            "topology": shown.problem.topology if shown.problem else "",
            "verdict": pieces.verdict(shown, self._error, self._work, stopped=self._stopped),
            "program": pieces.program(shown, self._text, self._error),
            "settings": pieces.settings(shown),
            "weights": {"file": None, "problem": None},
            "work": self._work.payload() if self._work else None,
            "download": download,
            "derivation": None,
            "code": None,
            "opened": None if node is None else self._view(lambda: pieces.opened(shown, node)),
        }

    def _part(self, part: str) -> Any:
        shown = self._shown
        if part == "layouts":
            return self._layouts
        if part != "made":
            return self._view(lambda: pieces.PARTS[part](shown))
        judged = shown.judged
        if judged is not None and self._tab in MADE and self._tab not in self._made:
            self._made = {**self._made, self._tab: self._view(lambda: tabs.made(self._tab, judged))}
        return self._made

"""One person's Networks page: text, fields and weights, the last good result, and the work that is under way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from graphcore.errors import ChainruleError
from graphcore.export import Workspace
from graphcore.picture import scalars, takehome
from graphcore.picture.geometry import LATER, Which
from graphcore.picture.network import home, tabs, views
from graphcore.picture.network.pipeline import Drawn, Result, draw, run_request
from graphcore.picture.network.settings import Request, Settings, Weights, refuse
from graphcore.picture.waiting import Waiting, opened_modules
from graphcore.picture.work import Tell
from graphcore.picture.written import Written

# the parts of a payload that a browser need not be sent again while they stay as they are
PARTS = ("structure", "layouts", "numbers", "examples", "starts", "leaves", "layers", "explained", "files", "code")
MADE = ("explained", "files", "code")  # those that are made when their tab is looked at
TABS = {"torch": "explained", "files": "files", "code": "code"}
KEPT = 6  # results that are remembered
ENTRIES = 2 * 10**7  # numbers that remembered results hold, all together

Json = dict[str, Any]


class NetworkSession(Waiting):
    """The state behind one open Networks page.

    ``text`` and ``settings`` are what to start with (the gallery's first where there is none), ``step`` and ``decimals``
    what a link asks for, ``problem`` a sentence about a link that could not be read. ``weights`` are those of a workspace,
    ``fold`` the modules that were open in it, and whether bookkeeping nodes were shown.
    """

    page = "networks"
    parts = PARTS

    def __init__(
        self,
        text: str | None = None,
        settings: Mapping[str, Any] | None = None,
        step: int | None = None,
        decimals: int | None = None,
        problem: str | None = None,
        *,
        weights: Weights | None = None,
        fold: tuple[Collection[str], bool] | None = None,
    ) -> None:
        super().__init__(step, decimals, problem)
        self._tab = "layers"
        self._request = Request("")
        self._weights_problem: Json | None = None
        self._result: Result | None = None
        self._drawn: Drawn | None = None
        self._cache: OrderedDict[str, tuple[Result, Drawn]] = OrderedDict()
        self._opened: int | None = None
        self._scalar: scalars.Asked | None = None
        self._layouts: Json = {}
        self._written = Written()
        self._made: Json = {}
        self._style = "full"
        self._download: Json | None = None
        if text is None:
            first = views.gallery()[0]
            text, settings = first.text, views.settings_of(first)
        self._request = Request("" if weights is None else text, weights=weights)
        self._run(text, Settings.read(settings), fold)

    def _take_in(self, action: Mapping[str, Any]) -> None:
        text = action.get("text")
        match action.get("kind"):
            case "run" if isinstance(text, str):
                self._run(text, Settings.read(action.get("settings")))
            case "weights":
                self._weigh(action)
            case "poll":
                self._poll()
            case "stop" if self._work is not None:
                self._interrupt()
            case "fold" if self._result is not None:
                self._fold(action)
            case "open" if isinstance(action.get("node"), int):
                self._opened = action["node"]
            case "style" if action.get("style") in tabs.styles():
                self._style = action["style"]
                self._made.pop("files", None)
                self._touch("files")
            case "file" if action.get("side") in (*tabs.SIDES, tabs.PARAMETERS):
                self._download = self._saved(action["side"])
            case "layout" if action.get("which") in LATER:
                self._lay_out(action["which"])
            case "jacobian" | "derive":
                self._written.take(action)
            case "scalar" if self._result is not None and self._drawn is not None:
                self._scalar = scalars.asked(action, self._result.run, self._drawn.folded) or self._scalar

    def taken(self) -> takehome.Taken:
        """The last good run."""
        return home.taken(self._result)

    def saved(self, action: Mapping[str, Any]) -> Workspace:
        """The network with its fields, its weights, and the way it is looked at."""
        return home.saved(action, self._request, self._drawn)

    def _tab_shown(self) -> None:
        part = TABS.get(self._tab)
        if part is not None and part not in self._made:
            self._touch(part)

    # ---- running -----------------------------------------------------------------------------------------------

    def _run(self, text: str, settings: Settings, fold: tuple[Collection[str], bool] | None = None) -> None:
        self._stop()
        self._text = text
        self._opened = None
        # another network of the gallery comes without the file that was meant for the one before
        weights = None if text != self._request.text and views.is_gallery(text) else self._request.weights
        self._request = replace(self._request, text=text, settings=settings, weights=weights)
        request = self._request
        if not text.strip():
            self._error, self._result, self._drawn = None, None, None
            self._touch(*PARTS)
            return
        known = self._cache.get(request.key)
        if known is not None:
            self._cache.move_to_end(request.key)
            self._show(*known)
            return
        self._begin(lambda tell: run_request(request, tell, *(fold or ())))

    def _arrived(self, result: tuple[Result, Drawn]) -> None:
        self._show(*result)
        self._remember(*result)

    def _show(self, result: Result, drawn: Drawn) -> None:
        other = self._result is not result
        self._result, self._error = result, None
        if other:
            self._made = {}
            self._scalar = None
            self._touch("numbers", "layers", *MADE)
        if self._drawn is None or self._drawn.topology != drawn.topology:
            self._layouts = {}
            self._touch("structure", "layouts")
        elif self._drawn.structure is not drawn.structure:
            drawn = replace(drawn, structure=self._drawn.structure)
        self._drawn = drawn
        self._touch("numbers")

    def _remember(self, result: Result, drawn: Drawn) -> None:
        key = result.request.key
        self._cache[key] = (result, drawn)
        self._cache.move_to_end(key)
        while len(self._cache) > 1 and (len(self._cache) > KEPT or self._held_entries() > ENTRIES):
            self._cache.popitem(last=False)

    def _held_entries(self) -> int:
        return sum(views.entries(result.graph) for result, _ in self._cache.values())

    def _weigh(self, action: Mapping[str, Any]) -> None:
        # a file that is refused changes nothing: the network keeps the weights it has
        self._weights_problem = None
        if action.get("name") is None:
            self._request = replace(self._request, weights=None)
        else:
            name = str(action["name"])[-120:]
            try:
                refuse(name)
            except ChainruleError as refusal:
                self._weights_problem = {"name": name, "what": str(refusal), "lines": views.converting(name)}
                return
            try:
                self._request = replace(self._request, weights=Weights.read(name, action.get("data")))
            except ChainruleError as refusal:
                self._weights_problem = {"name": name, "what": str(refusal), "lines": None}
                return
        text = action.get("text")
        text = text if isinstance(text, str) else self._text
        given = action.get("settings")
        self._run(text, self._request.settings if given is None else Settings.read(given))

    # ---- the picture -------------------------------------------------------------------------------------------

    def _fold(self, action: Mapping[str, Any]) -> None:
        result = self._result
        opened = opened_modules(action)
        if result is None or opened is None:
            return
        plumbing = bool(action.get("plumbing"))
        self._opened = None

        def make(tell: Tell) -> tuple[Result, Drawn]:
            tell("laying out")
            return result, draw(result, opened, plumbing=plumbing)

        self._begin(make)

    def _lay_out(self, which: Which) -> None:
        drawn, result = self._drawn, self._result
        if drawn is None or result is None or which not in drawn.structure["later"]:
            return
        made = self._view(lambda: views.later(result, drawn, which))
        self._layouts = {**self._layouts, which: made}
        self._touch("layouts")
        self._drawn = replace(drawn, structure=views.completed(drawn.structure, self._layouts))

    # ---- the payload -------------------------------------------------------------------------------------------

    def _always(self, kept: list[str]) -> Json:
        result, drawn = self._result, self._drawn
        data: Json = {
            "topology": drawn.topology if drawn else "",
            "verdict": self._verdict(),
            "program": views.program(self._request, result, self._error),
            "settings": views.settings(self._request, result),
            "weights": {"file": self._request.weights_payload(), "problem": self._weights_problem},
            "work": self._work.payload() if self._work else None,
            "download": self._download,
            "opened": None,
            "derivation": None,
            "scalar": None,
        }
        if result and drawn and self._tab == "scalars":
            data["scalar"] = self._view(lambda: scalars.payload(result.run, self._scalar, drawn.folded))
        if result and drawn and not result.unsupported:
            data |= self._view(lambda: self._written.payload(result.run, self._tab, drawn.structure, drawn.folded)) or {}
        self._download = None
        if result and drawn and self._opened is not None and 0 <= self._opened < len(drawn.folded.shown):
            node = self._opened
            data["opened"] = self._view(lambda: views.opened(result, drawn, node))
        return data

    def _saved(self, side: str) -> Json | None:
        result = self._result
        if result is None or (result.comparison is None and side != tabs.PARAMETERS):
            return None
        made: Json | None = self._view(lambda: tabs.download(result, side))
        return made

    def _verdict(self) -> Json:
        if self._work is not None:
            return views.running(self._work)
        if self._stopped:
            return views.stopped(self._result)
        return views.verdict(self._result, self._drawn, self._error)

    def _part(self, part: str) -> Any:
        result, drawn = self._result, self._drawn
        match part:
            case "examples":
                return views.examples()
            case "starts":
                return views.starts()
            case "leaves":
                return []
            case "layouts":
                return self._layouts
        if result is None or drawn is None:
            return None
        match part:
            case "structure":
                return drawn.structure
            case "numbers":
                return drawn.numbers
            case "layers":
                return self._view(lambda: tabs.layers(result))
        if part not in self._made and TABS.get(self._tab) == part:
            style = self._style
            make = {"explained": tabs.explained, "files": lambda shown: tabs.files(shown, style), "code": tabs.code}[part]
            self._made[part] = self._view(lambda: make(result))
        return self._made.get(part)

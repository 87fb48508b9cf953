"""What is taken home from a page: its run as a file, and the page itself as a workspace that every page opens."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from graphcore.errors import ChainruleError, WorkspaceError

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.compare import Comparison
    from graphcore.export import Format, Source, View, Workspace
    from graphcore.picture.answers import Answers

LARGEST = 30 * 2**20  # bytes of a file: it comes through the page's own channel
WRITTEN = 2_000_000  # numbers of a run that a text is made of while the page waits
WHICH = ("both", "manual", "torch")
SIDES = ("manual", "torch")
VIEW = ("step", "tab", "decimals", "direction", "torch_view", "node", "finding")

Json = dict[str, Any]


class Taken(NamedTuple):
    """What a page shows, ready to be written into files.

    ``name`` stands in the files' names, ``text`` is what the graph was made of; ``source`` makes the lines of Python that
    make it again, ``paper`` another page to print than that of the run.
    """

    run: Trace
    comparison: Comparison | None
    name: str
    text: str
    source: Callable[[], Source]
    paper: Callable[[], str] | None = None


class Page(Protocol):
    """What a page's session gives; both raise a ChainruleError where there is nothing to give."""

    def taken(self) -> Taken:
        """The run that is shown."""

    def saved(self, action: Mapping[str, Any]) -> Workspace:
        """The page as it stands, with what the browser says about it."""


# ---- files -------------------------------------------------------------------------------------------------


def exported(page: Page, action: Mapping[str, Any]) -> Json:
    """The file that an action asks for: its name, its MIME type, and its bytes in base64.

    ``action`` says ``to`` which format ("print" for the page to print), and may say ``decimals``, ``which`` graph and ``side``
    (whose gradients). Raises a ChainruleError where the file cannot be made or is too large for the page.
    """
    from graphcore.export import format_of, to_workspace

    to = str(action.get("to"))[:40]
    kind = format_of("html" if to == "print" else to)
    if kind.name == "json":
        state = page.saved(action)
        data, name = to_workspace(state), f"chainrule-{state.page}-workspace{kind.suffix}"
    else:
        data, name = _written(page.taken(), kind, action)
    if len(data) > LARGEST:
        raise ChainruleError(
            f"`{name}` has {len(data) / 2**20:.0f} MB; this page hands out up to {LARGEST // 2**20}. "
            f"`python -m graphcore export FILE --to {kind.name} -o {name}` writes files of any size, FILE being the workspace "
            "that this page saves."
        )
    return {"name": name, "mime": kind.mime, "data": base64.b64encode(data).decode()}


def _written(taken: Taken, kind: Format, action: Mapping[str, Any]) -> tuple[bytes, str]:
    from graphcore.export import Source, export

    if taken.paper is not None and action.get("to") == "print":
        return taken.paper().encode("utf-8", "replace"), f"chainrule-{taken.name}{kind.suffix}"
    which = action["which"] if action.get("which") in WHICH else WHICH[0]
    side = action["side"] if action.get("side") in SIDES else SIDES[0]
    given = action.get("decimals")
    decimals = given if isinstance(given, int) and 0 <= given <= 12 else 4
    count = sum(taken.run.value(node.index).size for node in taken.run.graph.leaves)
    if kind.name == "dat" and count > WRITTEN:
        raise ChainruleError(f"{count:,} numbers are more than this page writes out as text. Take them as .npz.")
    source = taken.source() if kind.name == "ipynb" else Source(taken.text, "")
    if kind.compares and taken.comparison is None:
        return _forward(taken, kind), _name(taken, kind, which, side)
    data = export(taken.run, kind.name, taken.comparison, which=which, side=side, decimals=decimals, source=source)
    return data, _name(taken, kind, which, side)


def _forward(taken: Taken, kind: Format) -> bytes:
    """Without gradients to compare there is the page with its forward values."""
    from graphcore.picture.page import page

    if kind.name != "html":
        raise ChainruleError("There are no gradients on both sides here, so this file cannot be made. The page can.")
    return page(taken.run).encode("utf-8", "replace")


def _name(taken: Taken, kind: Format, which: str, side: str) -> str:
    more = ""
    if kind.name in ("svg", "png") and which != WHICH[0]:
        more = f"-{which}"
    if kind.name in ("dat", "npz"):
        more = "-gradients" if side == SIDES[0] else "-torch-gradients"
    return f"chainrule-{taken.name}{more}{kind.suffix}"


def nothing() -> ChainruleError:
    """What is said where a page shows nothing yet."""
    return ChainruleError("There is no picture yet, so there is nothing to take home.")


# ---- workspaces --------------------------------------------------------------------------------------------


def text_of(action: Mapping[str, Any], otherwise: str) -> str:
    """The text in the browser's editor, run or not."""
    text = action.get("text")
    return text if isinstance(text, str) else otherwise


def view_of(action: Mapping[str, Any], structure: Mapping[str, Any] | None) -> View:
    """How the page is looked at: what the browser says, and which modules of a picture are open."""
    from graphcore.export import View

    given = action.get("view")
    told = {name: given.get(name) for name in VIEW} if isinstance(given, Mapping) else {}
    fold = (structure or {}).get("fold")
    if fold is None:
        return View(**told)
    return View(**told, open=tuple(fold["open"]), plumbing=bool(fold["plumbing"]))


def opened(action: Mapping[str, Any]) -> Workspace:
    """The workspace that an action brings; raises a ChainruleError with what is wrong with it."""
    from graphcore.export import read_workspace

    text = action.get("file")
    if not isinstance(text, str):
        raise WorkspaceError("the file did not arrive whole. Choose it again.")
    return read_workspace(text)


def session_of(workspace: Workspace, before: Answers | None = None) -> Answers | None:
    """A page's session as a workspace left it, in the place of ``before``; None for a page that keeps nothing."""
    make = _MAKE.get(workspace.page)
    if make is None:
        return None
    made = make(workspace)
    made.follow(before, {name: value for name, value in asdict(workspace.view).items() if name in VIEW})
    return made


def _explore(workspace: Workspace) -> Answers:
    from graphcore.picture.session import Session

    return Session(workspace.text, workspace.view.step, workspace.view.decimals)


def _networks(workspace: Workspace) -> Answers:
    from graphcore.picture.network import NetworkSession
    from graphcore.picture.network.settings import Weights

    saved, view = workspace.weights, workspace.view
    weights = None if saved is None else Weights.of(*saved)
    fold = None if view.open is None else (view.open, bool(view.plumbing))
    return NetworkSession(workspace.text, workspace.settings, view.step, view.decimals, weights=weights, fold=fold)


def _check(workspace: Workspace) -> Answers:
    from graphcore.picture.check import CheckSession
    from graphcore.picture.check.home import asked_of

    return CheckSession(step=workspace.view.step, decimals=workspace.view.decimals, asked=asked_of(workspace))


_MAKE: Mapping[str, Callable[[Workspace], Answers]] = {"explore": _explore, "networks": _networks, "check": _check}

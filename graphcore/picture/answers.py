"""What the sessions of all pages share: messages taken in once, payloads that leave out what the browser has.

An action carries all it needs, so a lost or repeated one does no harm. It also says which payload the browser holds:
what has not changed since then is not sent again.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from graphcore.errors import ChainruleError
from graphcore.picture import takehome

if TYPE_CHECKING:
    from graphcore.export import Workspace

_log = logging.getLogger(__name__)

Json = dict[str, Any]


class Answers:
    """One page's conversation with the browser; what is said is up to the page.

    ``page`` names it, ``parts`` are the parts of a payload that need not be sent again while they stay as they are.
    """

    page: ClassVar[str]
    parts: ClassVar[tuple[str, ...]]

    def __init__(self, step: int | None = None, decimals: int | None = None, problem: str | None = None) -> None:
        self._start = {"step": step, "decimals": decimals}
        self._revision = 0
        self._answers = 0
        # the revision that the browser holds, where the next payload answers an action of its; None: send everything
        self._held: int | None = None
        self._token = secrets.token_hex(4)
        self._changed = dict.fromkeys(self.parts, 0)
        self._error: ChainruleError | None = None
        self._notice = problem
        self._tab = "table"
        self._text = ""
        self._home: Json | None = None
        self._restored: Json | None = None
        # what the newest action wants opened: another session of this page or of another
        self.workspace: Workspace | None = None

    def act(self, action: Mapping[str, Any]) -> None:
        """Take in one message of the browser; an unknown or malformed one changes nothing."""
        number = action.get("id")
        if not isinstance(number, int) or number == self._answers:
            return
        self._answers = number
        self._notice, self._home, self.workspace = None, None, None
        self._held = self._revision_of(action.get("have"))
        if isinstance(action.get("tab"), str) and action["tab"] != self._tab:
            self._tab = action["tab"]
            self._tab_shown()
        try:
            if action.get("kind") in ("export", "workspace"):
                self._take_home(action)
            else:
                self._take_in(action)
        except Exception as fault:  # the person's text and picture outlive a fault of ours
            _log.exception("an action failed")
            self._text = action["text"] if isinstance(action.get("text"), str) else self._text
            self._error = fault_of(fault)

    def payload(self) -> Json:
        """What the browser needs, as JSON-serialisable data; ``kept`` names what it has already."""
        self._revision += 1
        held, self._held = self._held, None
        home, self._home = self._home, None
        kept = [part for part in self.parts if held is not None and self._changed[part] <= held]
        self._settle(kept)
        return {
            "page": self.page,
            "revision": self._revision,
            "stamp": f"{self._token}.{self._revision}",
            "kept": kept,
            "answers": self._answers,
            "notice": self._notice,
            "start": self._start,
            "home": home,
            "restored": self._restored,
            **self._always(kept),
            **{part: None if part in kept else self._part(part) for part in self.parts},
        }

    def follow(self, before: Answers | None, view: Mapping[str, Any]) -> None:
        """Take the place of another session: its messages are taken in, and the browser is to look as ``view`` says."""
        self._answers = 0 if before is None else before._answers
        self._tab = view.get("tab") or self._tab
        self._restored = {"id": self._token, **view}

    def taken(self) -> takehome.Taken:
        """The run that is shown, to be written into files."""
        raise NotImplementedError

    def saved(self, action: Mapping[str, Any]) -> Workspace:
        """The page as it stands; ``action`` has what the browser knows of it."""
        raise NotImplementedError

    def _take_home(self, action: Mapping[str, Any]) -> None:
        # what cannot be made or opened is said, and changes nothing
        try:
            if action["kind"] == "export":
                self._home = {"id": self._answers, "file": takehome.exported(self, action)}
            else:
                self.workspace = takehome.opened(action)
        except ChainruleError as refusal:
            self.refuse(str(refusal))
        except Exception as fault:
            _log.exception("an export failed")
            self.refuse(str(fault_of(fault)))

    def refuse(self, said: str) -> None:
        """Say why the newest action came to nothing; the page stays as it is."""
        self._notice = said[:1].upper() + said[1:]
        self._home = {"id": self._answers, "file": None}

    def _take_in(self, action: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def _always(self, kept: list[str]) -> Json:
        """What every payload brings."""
        raise NotImplementedError

    def _part(self, part: str) -> Any:
        """One of the parts, where the browser has not got it."""
        raise NotImplementedError

    def _tab_shown(self) -> None:
        """Another tab is looked at."""

    def _settle(self, kept: list[str]) -> None:
        """The last word before a payload is made; what is added to ``kept`` is not sent."""

    def _revision_of(self, stamp: object) -> int | None:
        # a stamp of another session, say of before the server was started anew, says nothing here
        token, _, revision = stamp.partition(".") if isinstance(stamp, str) else ("", "", "")
        known = token == self._token and revision.isascii() and revision.isdecimal() and len(revision) < 16
        return int(revision) if known else None

    def _touch(self, *parts: str) -> None:
        """The next payload brings these parts anew."""
        self._changed.update(dict.fromkeys(parts, self._revision + 1))

    def _view(self, make: Callable[[], Any]) -> Any:
        # a view that fails is left out, the picture stays
        try:
            return make()
        except Exception:
            _log.exception("a view failed")
            return None


def fault_of(fault: Exception) -> ChainruleError:
    """A fault of ours as the sentence that people see."""
    return ChainruleError(
        f"Chainrule itself failed here ({type(fault).__name__}: {str(fault)[:200]}). "
        "Your text is kept; this is a fault in Chainrule, please report it."
    )

"""Opening a workspace: its page's session is made anew, and where that is another page, the browser goes there."""

from __future__ import annotations

import logging
from typing import Any, Protocol

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.export import Workspace
from graphcore.picture.answers import fault_of
from graphcore.picture.takehome import session_of

_log = logging.getLogger(__name__)

# where each page keeps its session, and its script
PLACES = {
    "explore": ("session", "pages/explore.py"),
    "networks": ("network", "pages/networks.py"),
    "check": ("check", "pages/check.py"),
    "ops": (None, "pages/ops.py"),
    "words": (None, "pages/words.py"),
}


class Opens(Protocol):
    """A session that may have been told to open a workspace."""

    page: str
    workspace: Workspace | None

    def refuse(self, said: str) -> None:
        """Say why nothing was opened."""


def now(session: Opens) -> Any:
    """The page's session as it is now: the one that a part of the page was begun with may have been replaced since."""
    slot, _ = PLACES[session.page]
    return session if slot is None else st.session_state.get(slot, session)


def opened(session: Opens) -> Any:
    """The session to go on with: this one, or where it was told to open a workspace, the one made of that.

    A workspace of another page is shown there, at once.
    """
    workspace = session.workspace
    if workspace is None:
        return session
    session.workspace = None
    slot, script = PLACES[workspace.page]
    try:
        made = session_of(workspace, None if slot is None else st.session_state.get(slot))
    except Exception as fault:  # what is on the page outlives a fault of ours
        _log.exception("a workspace was not opened")
        session.refuse(str(fault_of(fault)))
        return session
    if slot is not None:
        st.session_state[slot] = made
    if workspace.page != session.page:
        st.switch_page(script)
    return made

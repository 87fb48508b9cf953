"""The picture as a Streamlit component, and the loop of a page that shows it: a message in, a payload out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.export import Workspace
from graphcore.picture import assets
from graphcore.picture.waiting import Waiting
from pages.ui.opening import now, opened

PATIENCE = 1.0  # seconds that the first picture may keep the page waiting; what takes longer is shown on its way

_files = assets()
_picture = st.components.v2.component("chainrule_picture", html=_files.html, css=_files.css, js=_files.js, isolate_styles=False)


class Session(Protocol):
    """What a page's session does with the browser's messages."""

    page: str
    workspace: Workspace | None

    def refuse(self, said: str) -> None:
        """Say why the newest message came to nothing."""

    def act(self, action: Mapping[str, Any]) -> None:
        """Take in one message."""

    def payload(self) -> dict[str, Any]:
        """What the browser needs now."""


@st.fragment
def live(session: Session, key: str) -> None:
    """Show the picture of a session; ``key`` tells the pages apart."""
    session = now(session)
    # the browser's newest message is taken in before the picture is drawn with its answer
    message: Mapping[str, Any] | None = (st.session_state.get(key) or {}).get("action")
    if message:
        session.act(message)
        session = opened(session)
    _picture(key=key, data=session.payload(), on_action_change=lambda: None)


def waited(key: str, said: str, make: Callable[[], Waiting]) -> None:
    """Show the picture of a session kept under ``key`` whose answers take long; ``said`` stands there while it is made."""
    if key not in st.session_state:
        with st.spinner(said):
            st.session_state[key] = make()
            if st.session_state[key].wait(PATIENCE):
                freeze()
    live(st.session_state[key], f"{key}_picture")


@lru_cache(maxsize=1)
def freeze() -> None:
    """Spare the garbage collector what is loaded by now."""
    # Streamlit collects all garbage after every run, before its answer is sent: 0.2 s with torch's objects among them.
    # What is loaded by now stays for good and need not be looked at again.
    gc.collect()
    gc.freeze()

"""The Explore page's loop: what the browser sends, answered by the session, shown by the picture."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture import assets
from graphcore.picture.session import Session
from pages.ui.link import read_link

_files = assets()
_picture = st.components.v2.component("chainrule_picture", html=_files.html, css=_files.css, js=_files.js, isolate_styles=False)


def explore() -> None:
    """Show the picture of this session's program."""
    if "session" not in st.session_state:
        with st.spinner("Running the program …"):
            st.session_state.session = Session(*read_link(st.query_params))
        _freeze()
    _live(st.session_state.session)


@lru_cache(maxsize=1)
def _freeze() -> None:
    # Streamlit collects all garbage after every run, before its answer is sent: 0.2 s with torch's objects among them.
    # What is loaded by now stays for good and need not be looked at again.
    gc.collect()
    gc.freeze()


@st.fragment
def _live(session: Session) -> None:
    # the browser's newest message is taken in before the picture is drawn with its answer
    message: Mapping[str, Any] | None = (st.session_state.get("picture") or {}).get("action")
    if message:
        session.act(message)
    _picture(key="picture", data=session.payload(), on_action_change=lambda: None)

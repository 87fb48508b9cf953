"""The Explore page: this session's program in the picture."""

from __future__ import annotations

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture.session import Session
from pages.ui.link import read_link
from pages.ui.picture import freeze, live


def explore() -> None:
    """Show the picture of this session's program."""
    if "session" not in st.session_state:
        with st.spinner("Running the program …"):
            st.session_state.session = Session(*read_link(st.query_params))
        freeze()
    live(st.session_state.session, "picture")

"""The Check page: this session's problem and hand-in in the picture."""

from __future__ import annotations

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture.check import CheckSession
from pages.ui.link import read_check_link
from pages.ui.picture import freeze, live

PATIENCE = 1.0  # seconds that the first picture may keep the page waiting; what takes longer is shown on its way


def check() -> None:
    """Show the picture of this session's hand-in."""
    if "check" not in st.session_state:
        with st.spinner("Checking …"):
            st.session_state.check = CheckSession(*read_check_link(st.query_params))
            if st.session_state.check.wait(PATIENCE):
                freeze()
    live(st.session_state.check, "check_picture")

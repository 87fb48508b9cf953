"""The Check page: this session's problem and hand-in in the picture."""

from __future__ import annotations

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture.check import CheckSession
from pages.ui.link import read_check_link
from pages.ui.picture import waited


def check() -> None:
    """Show the picture of this session's hand-in."""
    waited("check", "Checking …", lambda: CheckSession(*read_check_link(st.query_params)))

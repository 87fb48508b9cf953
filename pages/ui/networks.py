"""The Networks page: this session's network in the picture."""

from __future__ import annotations

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture.network import NetworkSession
from pages.ui.link import read_network_link
from pages.ui.picture import waited


def networks() -> None:
    """Show the picture of this session's network."""
    waited("network", "Running the network …", lambda: NetworkSession(*read_network_link(st.query_params)))

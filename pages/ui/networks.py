"""The Networks page: this session's network in the picture."""

from __future__ import annotations

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture.network import NetworkSession
from pages.ui.link import read_network_link
from pages.ui.picture import freeze, live

PATIENCE = 1.0  # seconds that the first picture may keep the page waiting; what takes longer is shown on its way


def networks() -> None:
    """Show the picture of this session's network."""
    if "network" not in st.session_state:
        with st.spinner("Running the network …"):
            st.session_state.network = NetworkSession(*read_network_link(st.query_params))
            if st.session_state.network.wait(PATIENCE):
                freeze()
    live(st.session_state.network, "network_picture")

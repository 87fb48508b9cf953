"""Chainrule: start with ``streamlit run app.py``."""

import streamlit as st

from pages.ui.frame import PAGES, configure

configure("Chainrule")
st.navigation([st.Page(path, title=title, url_path=url, default=not url) for path, title, url in PAGES], position="top").run()

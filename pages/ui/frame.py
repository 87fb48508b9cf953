"""The frame around every page: its title, the pages there are, and Streamlit's header cut down to 46 px."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

# script, title in the navigation, URL ("" is the landing page)
PAGES = (
    ("pages/explore.py", "Explore", ""),
    ("pages/ops.py", "Ops", "ops"),
)
STYLE = (Path(__file__).parent / "frame.css").read_text(encoding="utf-8")


def configure(title: str) -> None:
    """Set up the page; called by every page itself, since a deep link runs a page without app.py."""
    st.set_page_config(page_title=title, layout="wide", initial_sidebar_state="collapsed")
    st.html(f"<style>{STYLE}</style>")

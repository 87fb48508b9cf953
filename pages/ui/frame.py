"""The frame around every page: its title, the navigation, and Streamlit's header cut down to 46 px."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.ui.memory import keep_memory

# script, title in the navigation, URL ("" is the landing page)
PAGES = (
    ("pages/explore.py", "Explore", ""),
    ("pages/networks.py", "Networks", "networks"),
    ("pages/check.py", "Check my gradients", "check"),
    ("pages/ops.py", "Ops", "ops"),
    ("pages/words.py", "Words", "words"),
)
ROOT = Path(__file__).resolve().parents[2]
STYLE = (Path(__file__).parent / "frame.css").read_text(encoding="utf-8")
_framed = ContextVar("framed", default=False)


def run_app() -> None:
    """What app.py does: show the navigation and run the page that is asked for."""
    _set_up("Chainrule")
    page = _navigation()
    token = _framed.set(True)
    try:
        page.run()
    finally:
        _framed.reset(token)


def configure(title: str) -> None:
    """Set up a page by itself; the first visit to a deep link runs a page without app.py, so it brings the navigation."""
    _set_up(title)
    if not _framed.get():
        _navigation()


def _set_up(title: str) -> None:
    keep_memory()
    st.set_page_config(page_title=title, layout="wide", initial_sidebar_state="collapsed")
    st.html(f"<style>{STYLE}</style>")


def _navigation() -> StreamlitPage:
    pages = [st.Page(ROOT / path, title=title, url_path=url or None, default=not url) for path, title, url in PAGES]
    return st.navigation(pages, position="top")

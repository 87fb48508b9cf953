"""Chainrule: start with ``streamlit run app.py``."""

from pages.ui.frame import run_app

run_app()

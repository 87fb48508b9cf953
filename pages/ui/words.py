"""The Words page: the table of words, each with a live example drawn by the picture's own parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

import graphcore  # noqa: F401  # the whole package before a part of it: first visits come in threads
from graphcore.picture import assets, wordlist
from pages.ui.link import pack

_FOLDER = Path(__file__).parent / "words"
_files = assets()
_list = st.components.v2.component(
    "chainrule_words",
    html=(_FOLDER / "words.html").read_text("utf-8"),
    css=_files.css + (_FOLDER / "words.css").read_text("utf-8"),
    # what Streamlit calls of a component is the one export of its script: here the page's own
    js=_files.js.replace("export default function (component)", "function chainrulePicture(component)")
    + (_FOLDER / "words.js").read_text("utf-8"),
    isolate_styles=False,
)


def words() -> None:
    """Show the words; searching and stepping happen in the browser."""
    _list(key="words", data=_data())


def _data() -> dict[str, Any]:
    data = wordlist.payload()
    groups = [{**group, "words": [{**word, **_link(word)} for word in group["words"]]} for group in data["groups"]]
    return {**data, "groups": groups}


def _link(word: dict[str, Any]) -> dict[str, str]:
    """Where the example opens in full."""
    text = pack(word["program"])
    if word["network"]:
        return {"link": f"./networks?p={text}", "opens": "Networks"}
    if word["hand"]:
        return {"link": f"./check?p={text}&h={pack(word['hand'])}", "opens": "Check my gradients"}
    return {"link": f"./?p={text}&step={word['step']}", "opens": "Explore"}

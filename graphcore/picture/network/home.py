"""What is taken home from page Networks: its last good run, and the page as a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcore.export import SavedFile, Workspace, of_network
from graphcore.picture import takehome
from graphcore.picture.network import views
from graphcore.picture.network.pipeline import Drawn, Result
from graphcore.picture.network.settings import Request, Settings


def taken(result: Result | None) -> takehome.Taken:
    """A result, to be written into files."""
    if result is None:
        raise takehome.nothing()
    asked = result.request
    name = views.program(asked, result, None)["example"] or "network"
    return takehome.Taken(result.run, result.comparison, name, asked.text, lambda: of_network(asked))


def saved(action: Mapping[str, Any], request: Request, drawn: Drawn | None) -> Workspace:
    """The network with its fields, its weights, and the way it is looked at."""
    weights, given = request.weights, action.get("settings")
    settings = request.settings if given is None else Settings.read(given)
    return Workspace(
        "networks",
        takehome.text_of(action, request.text),
        "network",
        settings.plain(),
        None if weights is None else SavedFile(weights.name, weights.data),
        view=takehome.view_of(action, drawn.structure if drawn else None),
    )

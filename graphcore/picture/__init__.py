"""The picture: what Python sends to the browser, and the files that draw it there."""

from __future__ import annotations

from graphcore.picture.numbers import numbers
from graphcore.picture.page import Assets, assets, frame, page, part, show, vocabulary
from graphcore.picture.structure import structure, topology

__all__ = ["Assets", "assets", "frame", "numbers", "page", "part", "show", "structure", "topology", "vocabulary"]

"""Both graphs of a run as drawings for paper: the boxes of the picture, at the places where the picture has them."""

from __future__ import annotations

from graphcore.export.drawing.pages import cut
from graphcore.export.drawing.panes import SIDES, Which, drawn
from graphcore.export.drawing.shapes import Curve, Drawing, Part, Rect, Text

__all__ = ["SIDES", "Curve", "Drawing", "Part", "Rect", "Text", "Which", "cut", "drawn"]

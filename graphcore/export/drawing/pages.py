"""A drawing that is too high for a page, in pieces."""

from __future__ import annotations

from graphcore.export.drawing.shapes import Curve, Drawing, Part, Rect, Text, moved

AIR = 8  # around a box, where no cut goes through


def cut(drawing: Drawing, height: float) -> list[Drawing]:
    """A drawing cut between its boxes into pieces of at most this height."""
    sheet, *parts = drawing.parts
    boxes = [(part.y - AIR, part.y + part.height + AIR) for part in parts if isinstance(part, Rect) and part.line is not None]
    pieces, start = [], 0.0
    while start < drawing.height:
        end = min(start + height, drawing.height)
        if end < drawing.height:
            tops = sorted((top for top, _ in boxes if start + height / 2 < top <= end), reverse=True)
            end = next((y for y in tops if not any(top < y < bottom for top, bottom in boxes)), end)
        inside = [moved(part, 0, -start) for part in parts if _touches(part, start, end)]
        pieces.append(Drawing(drawing.width, end - start, (sheet, *inside)))
        start = end
    return pieces


def _touches(part: Part, top: float, bottom: float) -> bool:
    if isinstance(part, Curve):
        return min(part.points[1::2]) < bottom and max(part.points[1::2]) > top
    if isinstance(part, Text):
        return part.y - part.size < bottom and part.y + part.size > top
    return part.y < bottom and part.y + part.height > top

"""Both graphs as SVG: shapes and texts alone, nothing that runs or is fetched."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from graphcore.backprop import Trace
from graphcore.export.drawing import Curve, Drawing, Part, Rect, Text, Which, drawn
from graphcore.export.drawing.shapes import MONO, printable

if TYPE_CHECKING:
    from graphcore.compare import Comparison


def to_svg(run: Trace, comparison: Comparison | None, which: Which = "both", decimals: int = 4) -> str:
    """A run's graph beside torch's with every value and gradient, as an SVG file; ``which`` is manual, torch or both."""
    return written(drawn(run, comparison, which, decimals), f"Backpropagation: {run.graph.outputs[0].name}")


def written(drawing: Drawing, title: str) -> str:
    """A drawing as an SVG file."""
    size = f' width="{drawing.width:.0f}" height="{drawing.height:.0f}"'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + element(drawing, title, size) + "\n"


def element(drawing: Drawing, title: str, more: str = "") -> str:
    """A drawing as an ``svg`` element, for a file or inside a page."""
    box = f"0 0 {drawing.width:.0f} {drawing.height:.0f}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"{more} role="img" font-family="{escape(MONO)}">'
    return "\n".join([head, f"<title>{escape(printable(title))}</title>", *map(_written, drawing.parts), "</svg>"])


def _written(part: Part) -> str:
    if isinstance(part, Text):
        weight = ' font-weight="700"' if part.bold else ""
        anchor = "" if part.anchor == "start" else f' text-anchor="{part.anchor}"'
        place = f'x="{part.x:.1f}" y="{part.y:.1f}" font-size="{part.size:g}" fill="{part.colour}"'
        return f'<text {place}{anchor}{weight} xml:space="preserve">' + f"{escape(printable(part.text))}</text>"
    if isinstance(part, Rect):
        return f'<path d="{_outline(part)}" fill="{part.fill or "none"}"{_stroke(part)}/>'
    return _curve(part)


def _stroke(rect: Rect) -> str:
    if rect.line is None:
        return ""
    return f' stroke="{rect.line}" stroke-width="{rect.thickness:g}"' + (' stroke-dasharray="5 4"' if rect.dashed else "")


def _outline(rect: Rect) -> str:
    x, y, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    a, b, c, d = rect.radii

    def corner(radius: float, dx: float, dy: float) -> str:
        return f"a{radius:g} {radius:g} 0 0 1 {dx:g} {dy:g}" if radius else ""

    return (
        f"M{x + a:.1f} {y:.1f}H{right - b:.1f}{corner(b, b, b)}V{bottom - c:.1f}{corner(c, -c, c)}"
        f"H{x + d:.1f}{corner(d, -d, -d)}V{y + a:.1f}{corner(a, a, -a)}z"
    )


def _curve(curve: Curve) -> str:
    p = curve.points
    path = f"M{p[0]:.1f} {p[1]:.1f}"
    if len(p) == 4:
        path += f"L{p[2]:.1f} {p[3]:.1f}"
    for k in range(2, len(p) - 5, 6):
        path += "C" + " ".join(f"{number:.1f}" for number in p[k : k + 6])
    line = f'<path d="{path}" fill="none" stroke="{curve.colour}" stroke-width="{curve.thickness:g}"/>'
    return line + (f'<path d="{_head(p)}" fill="{curve.colour}"/>' if curve.head else "")


def _head(points: tuple[float, ...]) -> str:
    """A small arrow head at the end of a curve."""
    x, y = points[-2:]
    dx, dy = next(
        ((x - a, y - b) for a, b in zip(points[-4::-2], points[-3::-2]) if abs(x - a) + abs(y - b) > 0.5),
        (0.0, 1.0),
    )
    length = (dx * dx + dy * dy) ** 0.5
    dx, dy = dx / length * 6, dy / length * 6
    return f"M{x:.1f} {y:.1f}L{x - dx - dy / 2:.1f} {y - dy + dx / 2:.1f}L{x - dx + dy / 2:.1f} {y - dy - dx / 2:.1f}z"

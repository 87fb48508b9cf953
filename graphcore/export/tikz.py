"""Drawings as TikZ: plain coordinates, so that nothing but tikz itself is needed."""

from __future__ import annotations

from graphcore.export.drawing import Curve, Drawing, Part, Rect, Text, cut
from graphcore.export.texts import tex_text

SIZES = (5, 6, 7, 8, 9, 10, 10.95, 12, 14.4)  # those that every TeX has the faces for
WIDTH, HEIGHT = 483.0, 640.0  # of the page's text, in points
LEGIBLE = 0.55  # of the drawing's size; a higher graph goes on on the next page


def tikz_pages(drawing: Drawing) -> list[str]:
    """A drawing as one ``tikzpicture``, or as several, below each other, where it is too high to be read on one page."""
    scale = min(1.0, WIDTH / drawing.width)
    if scale * drawing.height > HEIGHT and HEIGHT / drawing.height < LEGIBLE:
        return [_picture(piece, min(scale, LEGIBLE)) for piece in cut(drawing, HEIGHT / min(scale, LEGIBLE))]
    return [_picture(drawing, min(scale, HEIGHT / drawing.height))]


def _picture(drawing: Drawing, scale: float) -> str:
    names = _names(drawing)
    lines = [rf"\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}" for colour, name in names.items()]
    lines += [rf"\scalebox{{{scale:.4f}}}{{%", r"\begin{tikzpicture}[x=1pt,y=-1pt,inner sep=0pt,outer sep=0pt]"]
    lines.append(rf"\clip (0,0) rectangle ({drawing.width:.1f},{drawing.height:.1f});")
    # the first part is the sheet itself
    lines += [_written(part, names) for part in drawing.parts[1:]]
    return "\n".join([*lines, r"\end{tikzpicture}}"])


def _names(drawing: Drawing) -> dict[str, str]:
    colours: dict[str, str] = {}
    for part in drawing.parts:
        for colour in (part.fill, part.line) if isinstance(part, Rect) else (part.colour,):
            if colour is not None:
                colours.setdefault(colour, f"cr{len(colours)}")
    return colours


def _written(part: Part, names: dict[str, str]) -> str:
    if isinstance(part, Text):
        size = max((size for size in SIZES if size <= part.size), default=SIZES[0])
        anchor = {"start": "base west", "middle": "base", "end": "base east"}[part.anchor]
        font = rf"\fontsize{{{size:g}}}{{{size:g}}}\selectfont\ttfamily" + (r"\bfseries" if part.bold else "")
        place = f"({part.x:.1f},{part.y:.1f})"
        return rf"\node[anchor={anchor},text={names[part.colour]},font={{{font}}}] at {place} {{{tex_text(part.text)}}};"
    if isinstance(part, Rect):
        return rf"\path[{_look(part, names)}] {_outline(part)};"
    return _curve(part, names)


def _look(rect: Rect, names: dict[str, str]) -> str:
    look = [] if rect.fill is None else [f"fill={names[rect.fill]}"]
    if rect.line is not None:
        look += [f"draw={names[rect.line]}", f"line width={rect.thickness:g}pt"]
    return ",".join([*look, *(["dash pattern=on 5pt off 4pt"] if rect.dashed else [])])


def _outline(rect: Rect) -> str:
    x, y, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    if not any(rect.radii):
        return f"({x:.1f},{y:.1f}) rectangle ({right:.1f},{bottom:.1f})"
    # each corner is as round as what was said before the line that leads to it
    corners = zip(rect.radii, ((x, y), (right, y), (right, bottom), (x, bottom)), strict=True)
    ways = [f"[{_rounding(radius)}] -- ({a:.1f},{b:.1f})" for radius, (a, b) in corners]
    return f"({(x + right) / 2:.1f},{y:.1f}) {' '.join(ways[1:])} {ways[0]} [sharp corners] -- cycle"


def _rounding(radius: float) -> str:
    return f"rounded corners={radius:g}pt" if radius else "sharp corners"


def _curve(curve: Curve, names: dict[str, str]) -> str:
    points = [f"({x:.1f},{y:.1f})" for x, y in zip(curve.points[::2], curve.points[1::2], strict=True)]
    path = points[0]
    if len(points) == 2:
        path += f" -- {points[1]}"
    for k in range(1, len(points) - 2, 3):
        path += f" .. controls {points[k]} and {points[k + 1]} .. {points[k + 2]}"
    arrow = ",-latex" if curve.head else ""
    return rf"\draw[draw={names[curve.colour]},line width={curve.thickness:g}pt{arrow}] {path};"

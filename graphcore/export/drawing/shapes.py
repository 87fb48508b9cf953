"""What a drawing is made of: rectangles, texts and curves, in pixels with y downward, in the colours of the light theme."""

from __future__ import annotations

from typing import NamedTuple

MONO = '"Source Code Pro", ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Courier, monospace'
ADVANCE = 0.6  # of a character of a monospaced face, in its size

# the roles of the picture's style sheet, light: paper is white
COLOURS = {
    "page": "#ffffff",
    "node": "#ffffff",
    "pane": "#f7f8fa",
    "ink": "#171a1f",
    "ink2": "#525a66",
    "off": "#5c6674",
    "line": "#d5dae1",
    "edge": "#7d8794",
    "value": "#0b5cad",
    "gradient": "#b54a00",
    "right": "#00594a",
    "wrong": "#d1126b",
    "weak": "#6a5a00",
    "value-tint": "#eaf2fb",
    "gradient-tint": "#fdf0e6",
}

Radii = tuple[float, float, float, float]  # top left, top right, bottom right, bottom left
SHARP: Radii = (0, 0, 0, 0)


class Rect(NamedTuple):
    """A rectangle by its top left corner; ``line`` None draws no border."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None
    line: str | None = None
    thickness: float = 1.2
    dashed: bool = False
    radii: Radii = SHARP


class Text(NamedTuple):
    """One line of text; ``x`` is its start, middle or end, ``y`` its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: str = "middle"
    bold: bool = False

    @property
    def width(self) -> float:
        """How wide it is in a monospaced face."""
        return len(self.text) * self.size * ADVANCE

    @property
    def centre(self) -> float:
        """The x of its middle."""
        return self.x + self.width * {"start": 0.5, "middle": 0.0, "end": -0.5}[self.anchor]


class Curve(NamedTuple):
    """Bezier pieces, points flat as ``x0, y0, x1, y1, ...`` (two points: a straight line); ``head`` an arrow head at the end."""

    points: tuple[float, ...]
    colour: str
    thickness: float
    head: bool = False


Part = Rect | Text | Curve


class Drawing(NamedTuple):
    """A drawing: its size, and its parts from the lowest to the topmost."""

    width: float
    height: float
    parts: tuple[Part, ...]


def moved(part: Part, dx: float, dy: float) -> Part:
    """A part somewhere else.

    >>> moved(Text(1, 2, "x", 13, "#000000"), 10, 20)[:3]
    (11, 22, 'x')
    """
    if isinstance(part, Curve):
        shift = (dx, dy) * (len(part.points) // 2)
        return part._replace(points=tuple(round(a + b, 2) for a, b in zip(part.points, shift, strict=True)))
    return part._replace(x=part.x + dx, y=part.y + dy)


def beside(left: Drawing, right: Drawing, gap: float) -> Drawing:
    """Two drawings side by side, tops aligned."""
    shifted = tuple(moved(part, left.width + gap, 0) for part in right.parts)
    return Drawing(left.width + gap + right.width, max(left.height, right.height), (*left.parts, *shifted))


def printable(text: str) -> str:
    """A text without characters that no file of a picture may hold.

    >>> printable("a\\x00b\\nc")
    'a\ufffdb\ufffdc'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)

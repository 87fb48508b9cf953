"""Both graphs as PNG: the same drawing, painted by the Graphviz program, which is there for the layout anyway.

Each shape goes to it as a node or an edge with its place already fixed (``neato -n2``), so that nothing is laid out again.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from graphcore import layout
from graphcore.backprop import Trace
from graphcore.errors import LayoutError
from graphcore.export.drawing import Curve, Drawing, Part, Rect, Text, Which, drawn
from graphcore.export.drawing.shapes import printable

if TYPE_CHECKING:
    from graphcore.compare import Comparison

TIMEOUT = 60.0
SCALE = 2.0  # pixels of the file for one of the drawing
LARGEST = 60_000_000  # pixels of a file, beyond which it is drawn smaller
HEAD = 5.0  # length of an arrow head
# faces with the signs of mathematics first: where one sign is missing the whole text is set in another face
FACES = "DejaVu Sans Mono,Liberation Mono,Courier"


def to_png(run: Trace, comparison: Comparison | None, which: Which = "both", decimals: int = 4) -> bytes:
    """A run's graph beside torch's with every value and gradient, as a PNG file at twice the picture's size.

    Raises :class:`~graphcore.errors.LayoutError` where Graphviz is missing or refuses.
    """
    return painted(drawn(run, comparison, which, decimals))


def painted(drawing: Drawing) -> bytes:
    """A drawing as the bytes of a PNG file."""
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, no shell, the text on its standard input
            [layout.command(), "-Kneato", "-n2", "-Tpng"],
            input=as_dot(drawing).encode(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except OSError as error:
        raise LayoutError(f"Graphviz could not be started: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise LayoutError(f"Graphviz took longer than {TIMEOUT:.0f} seconds to paint this graph.") from None
    if done.returncode != 0 or not done.stdout.startswith(b"\x89PNG"):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise LayoutError(f"Graphviz painted nothing: {said[-1][:200] if said else 'no reason given'}. Take the SVG instead.")
    return done.stdout


def as_dot(drawing: Drawing) -> str:
    """A drawing as DOT text with every place fixed; y runs upward there."""
    scale = min(SCALE, (LARGEST / max(1.0, drawing.width * drawing.height)) ** 0.5)
    lines = [
        "digraph {",
        f"graph [dpi={72 * scale:.1f} pad=0 margin=0 outputorder=edgesfirst splines=true bgcolor=white];",
        f'node [shape=box fixedsize=true label="" margin=0 fontname="{FACES}" penwidth=0]; edge [arrowsize=0.5];',
        # two points that hold the sheet open, and that every curve is an edge between
        'o [shape=none width=0 height=0 pos="0,0"];',
        f'e [shape=none width=0 height=0 pos="{drawing.width:.1f},{drawing.height:.1f}"];',
        *(_dot(part, k, drawing.height) for k, part in enumerate(drawing.parts) if k),
    ]
    return "\n".join([*lines, "}", ""])


def _dot(part: Part, k: int, height: float) -> str:
    if isinstance(part, Text):
        # Graphviz centres a line on its middle, a third of its size above the base line
        place = f'pos="{part.centre:.2f},{height - part.y + part.size * 0.32:.2f}"'
        label = f'label="{_quoted(part.text)}" fontsize={part.size:g} fontcolor="{part.colour}"'
        return f"p{k} [shape=none width=0 height=0 {place} {label}];"
    if isinstance(part, Rect):
        middle = f"{part.x + part.width / 2:.2f},{height - part.y - part.height / 2:.2f}"
        styles = [style for style, wanted in (("filled", part.fill), ("dashed", part.dashed)) if wanted]
        look = f'style="{",".join(styles) or "solid"}" fillcolor="{part.fill or "white"}"'
        line = f' color="{part.line}" penwidth={part.thickness:g}' if part.line else f' color="{part.fill}"'
        return f'p{k} [pos="{middle}" width={part.width / 72:.4f} height={part.height / 72:.4f} {look}{line}];'
    return _edge(part, height)


def _edge(curve: Curve, height: float) -> str:
    points = [(x, height - y) for x, y in zip(curve.points[::2], curve.points[1::2], strict=True)]
    if len(points) == 2:
        points = [points[0], points[0], points[1], points[1]]
    head = ""
    if curve.head:
        # the line ends where its arrow head begins
        (x, y), (px, py) = points[-1], next((p for p in points[-2::-1] if p != points[-1]), points[-1])
        length = ((x - px) ** 2 + (y - py) ** 2) ** 0.5 or 1.0
        points[-1] = (x - (x - px) / length * HEAD, y - (y - py) / length * HEAD)
        head = f"e,{x:.2f},{y:.2f} "
    spline = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    arrow = "normal" if curve.head else "none"
    return f'o -> e [pos="{head}{spline}" color="{curve.colour}" penwidth={curve.thickness:g} arrowhead={arrow}];'


def _quoted(text: str) -> str:
    """A text that Graphviz takes as it stands: no escape, no entity, no end of the string."""
    return printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")

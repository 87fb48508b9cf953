"""What a drawing is: boxes and splines in pixels, y downward, origin top left."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]
Points = tuple[float, ...]


@dataclass(frozen=True)
class PlacedNode:
    """A node of the drawing: ``box`` is (centre x, centre y, width, height), ``lines`` its label."""

    name: str
    box: Box
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacedEdge:
    """An edge as indices into ``Geometry.nodes``; ``points`` is x, y of the start, then cubic Béziers to the end."""

    source: int
    target: int
    points: Points


@dataclass(frozen=True)
class Geometry:
    """A drawing's size, its nodes and its edges."""

    width: float
    height: float
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]

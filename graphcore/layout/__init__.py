"""Where things stand: DOT text to boxes and splines in pixels, by Graphviz.

One pixel is one point of Graphviz's; the origin is the top left corner and y runs downward. The answer depends on
the DOT text alone, so it is kept under that text.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphcore.errors import LayoutError
from graphcore.layout.balance import balance
from graphcore.layout.boxes import Box, Geometry, PlacedEdge, PlacedNode
from graphcore.layout.layered import depths, layered

__all__ = ["Geometry", "PlacedEdge", "PlacedNode", "balance", "command", "depths", "geometry", "layered"]

TIMEOUT = 60.0  # seconds; 10,000 nodes take up to 14


@lru_cache(maxsize=1)
def command() -> str:
    """The Graphviz program: ``graphviz-pure`` of this interpreter, else one on PATH, else ``dot``.

    Raises :class:`LayoutError` where there is none.
    """
    suffix = ".exe" if os.name == "nt" else ""
    folders = [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    for folder in folders:
        candidate = folder / f"graphviz-pure{suffix}"
        if candidate.is_file():
            return str(candidate)
    found = shutil.which("graphviz-pure") or shutil.which("dot")
    if found is None:
        raise LayoutError("Graphviz is not installed, so nothing can be drawn. Run `pip install graphviz-pure`.")
    return found


def geometry(dot: str, patience: float | None = None) -> Geometry:
    """The drawing of a DOT text, top left origin; the same text always gives the same numbers.

    Raises :class:`LayoutError` where Graphviz is missing, refuses the text or takes longer than ``patience`` seconds
    (a minute where none is given).

    >>> drawing = geometry('digraph { a [shape=box fixedsize=true width=1 height=0.5 label=""]; b; a -> b }')
    >>> [node.name for node in drawing.nodes], drawing.nodes[0].box[2:], len(drawing.edges)
    (['a', 'b'], (72.0, 36.0), 1)
    """
    return _geometry(dot, TIMEOUT if patience is None else patience)


@lru_cache(maxsize=64)
def _geometry(dot: str, patience: float) -> Geometry:
    return _place(json.loads(_run(dot, patience)))


def _run(dot: str, patience: float) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, no shell, the text on its standard input
            [command(), "-Tjson"], input=dot.encode(), capture_output=True, timeout=patience, check=False
        )
    except OSError as error:
        raise LayoutError(f"Graphviz could not be started: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise LayoutError(f"Graphviz took longer than {patience:.0f} seconds for this graph.") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise LayoutError(f"Graphviz refused the drawing: {said[0][:200] if said else 'no reason given'}.")
    return done.stdout


def _place(answer: dict[str, Any]) -> Geometry:
    # `pos` has five digits, which is pixels off in a tall drawing; the drawing operations have three decimals
    objects = [item for item in answer.get("objects", ()) if "nodes" not in item and "subgraphs" not in item]
    boxes = [_box(item) for item in objects]
    splines = [_spline(item) for item in answer.get("edges", ())]
    lines = [_lines(item) for item in objects]
    xs = [x + s * w / 2 for x, _, w, _ in boxes for s in (-1, 1)] + [x for points in splines for x, _ in points]
    ys = [y + s * h / 2 for _, y, _, h in boxes for s in (-1, 1)] + [y for points in splines for _, y in points]
    if not boxes:
        return Geometry(0.0, 0.0, (), ())
    left, top = min(xs), max(ys)
    at = {item["_gvid"]: k for k, item in enumerate(objects)}
    nodes = tuple(
        PlacedNode(item["name"], (_round(x - left), _round(top - y), _round(w), _round(h)), text)
        for item, (x, y, w, h), text in zip(objects, boxes, lines, strict=True)
    )
    edges = tuple(
        PlacedEdge(at[item["tail"]], at[item["head"]], tuple(_flat(points, left, top)))
        for item, points in zip(answer.get("edges", ()), splines, strict=True)
    )
    return Geometry(_round(max(xs) - left), _round(top - min(ys)), nodes, edges)


def _round(number: float) -> float:
    return round(number, 1)


def _flat(points: Iterable[tuple[float, float]], left: float, top: float) -> Iterator[float]:
    for x, y in points:
        yield _round(x - left)
        yield _round(top - y)


def _operations(item: dict[str, Any], key: str, kinds: str) -> Iterator[dict[str, Any]]:
    return (operation for operation in item.get(key, ()) if operation["op"] in kinds)


def _box(item: dict[str, Any]) -> Box:
    for operation in _operations(item, "_draw_", "pPeE"):
        if operation["op"] in "eE":
            x, y, w, h = operation["rect"]
            return x, y, 2 * w, 2 * h
        xs, ys = zip(*operation["points"], strict=True)
        return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(xs) - min(xs), max(ys) - min(ys)
    x, y = map(float, item["pos"].split(","))
    return x, y, 72 * float(item["width"]), 72 * float(item["height"])


def _lines(item: dict[str, Any]) -> tuple[str, ...]:
    return tuple(operation["text"] for operation in _operations(item, "_ldraw_", "T"))


def _spline(item: dict[str, Any]) -> list[tuple[float, float]]:
    points = [tuple(point) for operation in _operations(item, "_draw_", "bB") for point in operation["points"]]
    return [(x, y) for x, y in points]

"""A layout of our own for graphs that Graphviz would take too long over: fast, plain and always the same.

Rows are given. The order in a row and the places along it come from the mean place of what a node is joined to, taken
down and up the drawing a few times; an edge is one curve from box to box, whatever stands between.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from graphcore.layout.boxes import Box, Geometry, PlacedEdge, PlacedNode, Points
from graphcore.layout.routes import spread

SWEEPS = 6  # times down and up
GAPS = {False: (10.0, 23.0), True: (16.0, 34.0)}  # between boxes of a row and between rows, by `across`
BOW = 12.0  # how far a curve past other boxes keeps from its own column

Neighbours = list[list[int]]


def layered(
    sizes: Sequence[tuple[float, float]], rows: Sequence[int], edges: Sequence[tuple[int, int]], *, across: bool = False
) -> Geometry:
    """Boxes of these sizes in these rows, joined by these edges; nodes are called ``n0``, ``n1`` and so on.

    >>> drawing = layered([(100, 40), (100, 40), (100, 40)], [0, 0, 1], [(0, 2), (1, 2)])
    >>> [node.box[:2] for node in drawing.nodes]
    [(50.0, 20.0), (160.0, 20.0), (105.0, 83.0)]
    """
    gap, between = GAPS[across]
    flat = [(high, wide) for wide, high in sizes] if across else list(sizes)
    by_row = _rows(rows)
    ys = _heights(flat, by_row, between)
    xs = _places([wide for wide, _ in flat], by_row, rows, edges, gap)
    boxes = [(xs[k], ys[rows[k]], *flat[k]) for k in range(len(flat))]
    curves = _curves(boxes, rows, edges)
    low, high = _extent(boxes, curves)
    width = high - low
    height = max((y + h / 2 for _, y, _, h in boxes), default=0.0)
    boxes = [(round(x - low, 1), round(y, 1), w, h) for x, y, w, h in boxes]
    curves = [tuple(round(p - low if k % 2 == 0 else p, 1) for k, p in enumerate(points)) for points in curves]
    if across:
        boxes = [(y, x, h, w) for x, y, w, h in boxes]
        curves = [tuple(points[k ^ 1] for k in range(len(points))) for points in curves]
        width, height = height, width
    nodes = tuple(PlacedNode(f"n{k}", (x, y, float(w), float(h))) for k, (x, y, w, h) in enumerate(boxes))
    placed = tuple(PlacedEdge(source, target, points) for (source, target), points in zip(edges, curves, strict=True))
    return Geometry(round(width, 1), round(height, 1), nodes, placed)


def depths(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The row of every node where only the edges are known: the longest way to it from a node that nothing feeds.

    >>> depths(3, [(0, 1), (1, 2), (0, 2)])
    [0, 1, 2]
    """
    below: Neighbours = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        below[source].append(target)
        waiting[target] += 1
    depth = [0] * count
    ready = [k for k in range(count) if waiting[k] == 0]
    for k in ready:
        for target in below[k]:
            depth[target] = max(depth[target], depth[k] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return depth


def _rows(rows: Sequence[int]) -> list[list[int]]:
    by_row: list[list[int]] = [[] for _ in range(max(rows, default=-1) + 1)]
    for k, row in enumerate(rows):
        by_row[row].append(k)
    return by_row


def _heights(flat: Sequence[tuple[float, float]], by_row: Sequence[Sequence[int]], between: float) -> list[float]:
    """The middle of every row."""
    middles = []
    top = 0.0
    for row in by_row:
        tallest = max((flat[k][1] for k in row), default=0.0)
        middles.append(top + tallest / 2)
        top += tallest + between
    return middles


def _places(
    widths: Sequence[float], by_row: list[list[int]], rows: Sequence[int], edges: Sequence[tuple[int, int]], gap: float
) -> list[float]:
    above: Neighbours = [[] for _ in widths]
    below: Neighbours = [[] for _ in widths]
    for source, target in edges:
        if rows[source] < rows[target]:
            above[target].append(source)
            below[source].append(target)
    xs = [0.0] * len(widths)
    for row in by_row:
        _set(row, [0.0] * len(row), widths, gap, xs)
    for sweep in range(SWEEPS):
        order = by_row if sweep % 2 == 0 else by_row[::-1]
        _sweep(order, above if sweep % 2 == 0 else below, widths, gap, xs, sort=True)
    # the order stands; now what feeds a box and what it feeds pull alike
    both = [[*a, *b] for a, b in zip(above, below, strict=True)]
    for order in (by_row, by_row[::-1], by_row):
        _sweep(order, both, widths, gap, xs, sort=False)
    return xs


def _sweep(
    order: Sequence[list[int]], pulls: Neighbours, widths: Sequence[float], gap: float, xs: list[float], *, sort: bool
) -> None:
    for row in order:
        wishes = {k: sum(xs[o] for o in pulls[k]) / len(pulls[k]) if pulls[k] else xs[k] for k in row}
        if sort:
            row.sort(key=lambda k: (wishes[k], xs[k], k))
        _set(row, [wishes[k] for k in row], widths, gap, xs)


def _set(row: Sequence[int], wishes: Sequence[float], widths: Sequence[float], gap: float, xs: list[float]) -> None:
    """The places nearest to the wishes (least squares) that keep the order and the distances."""
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (widths[a] + widths[b]) / 2 + gap)
    groups: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=False):
        total, count = wish - offset, 1
        while groups and groups[-1][0] / groups[-1][1] >= total / count:
            total, count = total + groups[-1][0], count + groups[-1][1]
            groups.pop()
        groups.append((total, count))
    places = [total / count for total, count in groups for _ in range(count)]
    for k, place, offset in zip(row, places, offsets, strict=False):
        xs[k] = place + offset


def _curves(boxes: Sequence[Box], rows: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[Points]:
    leaving, arriving = _ports(boxes, edges, 0), _ports(boxes, edges, 1)
    curves: list[Points] = []
    for k, (source, target) in enumerate(edges):
        (sx, sy, sw, sh), (tx, ty, tw, th) = boxes[source], boxes[target]
        ax, ay, bx, by = sx + leaving[k], sy + sh / 2, tx + arriving[k], ty - th / 2
        lead = (by - ay) * 0.5
        # an upright edge past other rows would run behind the boxes of its own column: it bows aside
        wide = max(sw, tw) / 2 + BOW
        bow = wide / 0.75 if rows[target] - rows[source] > 1 and abs(ax - bx) < wide else 0.0
        side = bow if ax >= sx else -bow
        curves.append((ax, ay, ax + side, ay + lead, bx + side, by - lead, bx, by))
    return curves


def _ports(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], end: int) -> list[float]:
    """How far from the middle of its box each edge leaves (end 0) or arrives (end 1): towards its other end."""
    groups: dict[int, list[tuple[float, int]]] = {}
    for k, edge in enumerate(edges):
        groups.setdefault(edge[end], []).append(((boxes[edge[1 - end]][0] - boxes[edge[end]][0]) / 2, k))
    shifts = [0.0] * len(edges)
    for node, group in groups.items():
        if len(group) > 1:
            group.sort()
            for (_, k), shift in zip(group, spread([wish for wish, _ in group], boxes[node][2]), strict=True):
                shifts[k] = shift
    return shifts


def _extent(boxes: Sequence[Box], curves: Sequence[Points]) -> tuple[float, float]:
    xs = [x + s * w / 2 for x, _, w, _ in boxes for s in (-1, 1)]
    # a cubic stays well inside its control points: three quarters of the way out
    xs += [points[0] + (points[2] - points[0]) * 0.75 for points in curves]
    return min(xs, default=0.0), max(xs, default=0.0)

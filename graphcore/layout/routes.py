"""Edges as curves: upright at both ends, between the rows and never through a box."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from graphcore.layout.boxes import Box, Points

REACH = 54.0  # how far from the middle of a box an edge wishes to leave or arrive
APART = 24.0  # between two edges on the same side of a box
CORNER = 14.0  # kept free at both ends of a side
CLEAR = 6.0  # kept between a curve and a box it passes


def at_height(points: Points, y: float) -> float:
    """The x of a spline where it crosses the height ``y`` (its ends where it never does)."""
    xs, ys = points[0::2], points[1::2]
    for k in range(0, len(xs) - 3, 3):
        if min(ys[k], ys[k + 3]) <= y <= max(ys[k], ys[k + 3]):
            low, high = 0.0, 1.0
            for _ in range(12):
                middle = (low + high) / 2
                if (_bezier(ys[k : k + 4], middle) < y) == (ys[k] < ys[k + 3]):
                    low = middle
                else:
                    high = middle
            return _bezier(xs[k : k + 4], low)
    return xs[0] if abs(ys[0] - y) < abs(ys[-1] - y) else xs[-1]


def _bezier(p: Sequence[float], t: float) -> float:
    s = 1 - t
    return s * s * s * p[0] + 3 * s * s * t * p[1] + 3 * s * t * t * p[2] + t * t * t * p[3]


def draw_edges(
    boxes: Sequence[Box], rows: Sequence[int], ends: Sequence[tuple[int, int]], passes: Sequence[Sequence[float]]
) -> list[Points]:
    """A curve for every edge; ``passes`` holds its x in each row from its source to its target."""
    bands: dict[int, tuple[float, float]] = {}
    by_row: dict[int, list[Box]] = {}
    for (x, y, w, h), row in zip(boxes, rows, strict=True):
        top, bottom = bands.get(row, (y - h / 2, y + h / 2))
        bands[row] = min(top, y - h / 2), max(bottom, y + h / 2)
        by_row.setdefault(row, []).append((x, y, w, h))
    shifts = _ports(boxes, ends, passes)
    routed = []
    for (source, target), path, (leave, arrive) in zip(ends, passes, shifts, strict=True):
        first, last = rows[source], rows[target]
        sx, sy, _, sh = boxes[source]
        tx, ty, _, th = boxes[target]
        start, end = (sx + leave, sy + sh / 2), (tx + arrive, ty - th / 2)
        direct = _curve(start, end)
        if last - first > 1 and not _hits(start, direct, [box for row in range(first + 1, last) for box in by_row[row]]):
            routed.append((*start, *direct))
            continue
        stops = [start, (start[0], bands[first][1])]
        for row, x in zip(range(first + 1, last), path[1:-1], strict=True):
            stops += [(x, bands[row][0]), (x, bands[row][1])]
        stops += [(end[0], bands[last][0]), end]
        routed.append(_through(stops))
    return routed


def _ports(boxes: Sequence[Box], ends: Sequence[tuple[int, int]], passes: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """How far from the middle each edge leaves and arrives: towards its other end, so that heads do not meet."""
    leaving: dict[int, list[tuple[float, int]]] = {}
    arriving: dict[int, list[tuple[float, int]]] = {}
    for k, (source, target) in enumerate(ends):
        leaving.setdefault(source, []).append(((passes[k][1] - boxes[source][0]) / 2, k))
        arriving.setdefault(target, []).append(((passes[k][-2] - boxes[target][0]) / 2, k))
    left, right = [0.0] * len(ends), [0.0] * len(ends)
    for groups, shifts in ((leaving, left), (arriving, right)):
        for node, group in groups.items():
            if len(group) > 1:
                group.sort()
                for (_, k), shift in zip(group, spread([wish for wish, _ in group], boxes[node][2]), strict=True):
                    shifts[k] = shift
    return list(zip(left, right, strict=True))


def spread(wishes: Sequence[float], width: float) -> list[float]:
    """Places along a side of a box, in the order of the wishes, near them and apart from each other.

    >>> spread([0.0, 0.0], 152), spread([-90.0, 3.0], 152)
    ([-12.0, 12.0], [-38.0, 3.0])
    """
    reach = min(REACH, width / 4)
    limit = width / 2 - CORNER
    gap = min(APART, 2 * limit / (len(wishes) - 1))
    # least squares under "at least a gap apart": neighbours that meet share their mean
    groups: list[tuple[float, int]] = []
    for k, wish in enumerate(wishes):
        total, count = max(-reach, min(reach, wish)) - k * gap, 1
        while groups and groups[-1][0] / groups[-1][1] >= total / count:
            total, count = total + groups[-1][0], count + groups[-1][1]
            groups.pop()
        groups.append((total, count))
    places = [total / count for total, count in groups for _ in range(count)]
    first, last = places[0], places[-1] + (len(wishes) - 1) * gap
    shift = max(0.0, -limit - first) if first < -limit else min(0.0, limit - last)
    return [place + k * gap + shift for k, place in enumerate(places)]


def _curve(start: tuple[float, float], end: tuple[float, float]) -> Points:
    """One cubic, upright at both ends."""
    lead = (end[1] - start[1]) * (0.42 if end[1] - start[1] < 60 else 0.55)
    return start[0], start[1] + lead, end[0], end[1] - lead, *end


def _through(stops: Sequence[tuple[float, float]]) -> Points:
    # runs straight down are one piece; a piece of no length is left out
    kept = [stops[0]]
    for k in range(1, len(stops)):
        if k < len(stops) - 1 and stops[k][0] == kept[-1][0] == stops[k + 1][0]:
            continue
        if stops[k] != kept[-1]:
            kept.append(stops[k])
    points: list[float] = [*kept[0]]
    for a, b in pairwise(kept):
        points += _curve(a, b)
    return tuple(points)


def _hits(start: tuple[float, float], curve: Points, boxes: Sequence[Box]) -> bool:
    xs, ys = (start[0], *curve[0::2]), (start[1], *curve[1::2])
    for k in range(1, 24):
        x, y = _bezier(xs, k / 24), _bezier(ys, k / 24)
        if any(abs(x - cx) < w / 2 + CLEAR and abs(y - cy) < h / 2 + CLEAR for cx, cy, w, h in boxes):
            return True
    return False

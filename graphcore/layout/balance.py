"""A second pass over Graphviz's drawing: chains hang straight, joins stand midway, edges leave and arrive upright.

Graphviz decides the rows, the order in them and which way long edges go; here only the places along the rows move.
It minimises the sum of squared offsets of all edges, with chains and long edges held rigid, by moving one rigid block
or one cluster of touching blocks at a time. Everything is said for a drawing that runs downward; one that runs across
is transposed before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from graphcore.layout.boxes import Box, Geometry, PlacedEdge, PlacedNode, Points
from graphcore.layout.routes import at_height, draw_edges

GAP, GAP_ACROSS = 10.0, 16.0  # between boxes of a row; the marks above a box need more
WIRE = 12.0  # what an edge takes of a row it passes through
LIMIT = 400  # boxes and passages; a larger drawing stays as Graphviz made it
SWEEPS = 24
MIDDLE = 20.0  # how much stronger leaves pull than all that follows


@dataclass
class Item:
    """A box, or the passage of a long edge through a row: its row, its place along it, its width."""

    row: int
    x: float
    width: float
    block: int = -1


@dataclass
class Block:
    """Items held upright above each other, moved as one."""

    x: float
    pulls: list[tuple[int, float]] = field(default_factory=list)  # other blocks, and how strongly
    left: list[tuple[int, float]] = field(default_factory=list)  # neighbours and the distance to keep
    right: list[tuple[int, float]] = field(default_factory=list)


def balance(drawing: Geometry, chained: Iterable[int], *, across: bool = False) -> Geometry:
    """The drawing with its boxes moved along their rows and its edges drawn anew; ``chained`` edges are held upright.

    A drawing of more than 400 boxes and passages, or with an edge inside one row, is returned as it is.
    """
    flat = _transposed(drawing) if across else drawing
    heights = sorted({node.box[1] for node in flat.nodes})
    row_of = {y: k for k, y in enumerate(heights)}
    rows = [row_of[node.box[1]] for node in flat.nodes]
    spans = [(rows[edge.source], rows[edge.target]) for edge in flat.edges]
    passages = sum(b - a - 1 for a, b in spans)
    if len(flat.nodes) + passages > LIMIT or any(a >= b for a, b in spans):
        return drawing
    items = [Item(row, node.box[0], node.box[2]) for node, row in zip(flat.nodes, rows, strict=True)]
    paths = [_path(edge, span, items, heights) for edge, span in zip(flat.edges, spans, strict=True)]
    blocks = _blocks(items, paths, set(chained), flat.edges)
    _keep_apart(blocks, items, GAP_ACROSS if across else GAP)
    _settle(blocks)
    for item in items:
        item.x = blocks[item.block].x
    left = min(item.x - item.width / 2 for item in items)
    for item in items:
        item.x = round(item.x - left, 1)
    boxes: list[Box] = [(item.x, *node.box[1:]) for item, node in zip(items, flat.nodes, strict=False)]
    routed = draw_edges(
        boxes, rows, [(edge.source, edge.target) for edge in flat.edges], [[items[k].x for k in path] for path in paths]
    )
    done = _assembled(flat, boxes, routed)
    return _transposed(done) if across else done


def _assembled(flat: Geometry, boxes: Sequence[Box], routed: Sequence[Points]) -> Geometry:
    # an edge on the rim may bend outside the boxes
    xs = [x for points in routed for x in points[::2]] + [x + s * w / 2 for x, _, w, _ in boxes for s in (-1, 1)]
    left = min(0.0, *xs) if xs else 0.0
    nodes = tuple(
        PlacedNode(node.name, (round(x - left, 1), y, w, h), node.lines)
        for node, (x, y, w, h) in zip(flat.nodes, boxes, strict=True)
    )
    edges = tuple(
        PlacedEdge(edge.source, edge.target, tuple(round(p - left if k % 2 == 0 else p, 1) for k, p in enumerate(points)))
        for edge, points in zip(flat.edges, routed, strict=True)
    )
    return Geometry(round(max(xs) - left, 1), flat.height, nodes, edges)


def _transposed(drawing: Geometry) -> Geometry:
    nodes = tuple(PlacedNode(n.name, (n.box[1], n.box[0], n.box[3], n.box[2]), n.lines) for n in drawing.nodes)
    edges = tuple(PlacedEdge(e.source, e.target, tuple(e.points[k ^ 1] for k in range(len(e.points)))) for e in drawing.edges)
    return Geometry(drawing.height, drawing.width, nodes, edges)


def _path(edge: PlacedEdge, span: tuple[int, int], items: list[Item], heights: Sequence[float]) -> list[int]:
    """The items an edge runs through, from its source to its target; passages are added to ``items``."""
    path = [edge.source]
    for row in range(span[0] + 1, span[1]):
        path.append(len(items))
        items.append(Item(row, at_height(edge.points, heights[row]), WIRE))
    return [*path, edge.target]


def _blocks(items: list[Item], paths: Sequence[Sequence[int]], chained: set[int], edges: Sequence[PlacedEdge]) -> list[Block]:
    """Rigid blocks with what pulls at them and what they must keep clear of."""
    place = [0] * len(items)
    for row in _rows(items).values():
        for position, k in enumerate(row):
            place[k] = position
    used = [0] * len(items)
    for edge in edges:
        used[edge.source] += 1
    root = list(range(len(items)))
    taken: dict[int, list[tuple[int, int]]] = {}
    loose = []
    for number, path in enumerate(paths):
        for step, (a, b) in enumerate(pairwise(path)):
            inner = 0 < step < len(path) - 2
            hangs = step == 0 and len(path) > 2 and used[a] == 1
            if (inner or hangs or number in chained) and _uncrossed(taken.setdefault(items[a].row, []), place[a], place[b]):
                taken[items[a].row].append((place[a], place[b]))
                root[b] = root[a]
            else:
                loose.append((a, b))
    pieces = [piece for path in paths for piece in pairwise(path)]
    return _linked(items, root, loose, pieces)


def _uncrossed(taken: Sequence[tuple[int, int]], above: int, below: int) -> bool:
    """Whether a rigid piece between two rows crosses or touches none of those there already."""
    return all((above - a) * (below - b) > 0 for a, b in taken)


def _linked(
    items: list[Item], root: list[int], loose: Sequence[tuple[int, int]], pieces: Sequence[tuple[int, int]]
) -> list[Block]:
    for k in sorted(range(len(items)), key=lambda k: items[k].row):
        root[k] = root[root[k]]
    number = {r: k for k, r in enumerate(dict.fromkeys(root))}
    members: list[list[Item]] = [[] for _ in number]
    for k, item in enumerate(items):
        item.block = number[root[k]]
        members[item.block].append(item)
    blocks = [Block(sum(item.x for item in group) / len(group)) for group in members]
    fed = {b for _, b in pieces}
    within = {b for a, b in pieces if a in fed}
    for a, b in loose:
        first, second = items[a].block, items[b].block
        if first != second:
            # a box fed by first boxes alone stands in their middle, whatever pulls at it from below
            strength = 1.0 if a in fed or b in within else MIDDLE
            blocks[first].pulls.append((second, strength))
            blocks[second].pulls.append((first, strength))
    return blocks


def _keep_apart(blocks: list[Block], items: list[Item], gap: float) -> None:
    for row in _rows(items).values():
        for a, b in pairwise(row):
            keep = (items[a].width + items[b].width) / 2 + gap
            blocks[items[a].block].right.append((items[b].block, keep))
            blocks[items[b].block].left.append((items[a].block, keep))


def _rows(items: list[Item]) -> dict[int, list[int]]:
    """The items of every row, from left to right."""
    order: dict[int, list[int]] = {}
    for k in sorted(range(len(items)), key=lambda k: (items[k].x, k)):
        order.setdefault(items[k].row, []).append(k)
    return order


def _settle(blocks: list[Block]) -> None:
    """Move the blocks to where their edges pull them, never closer to a neighbour than allowed."""
    _make_room(blocks)
    for sweep in range(SWEEPS):
        moved = 0.0
        numbers = range(len(blocks)) if sweep % 2 else range(len(blocks) - 1, -1, -1)
        for k in numbers:
            moved = max(moved, _move(blocks, [k]))
        for cluster in _clusters(blocks):
            if len(cluster) > 1:
                moved = max(moved, _move(blocks, cluster))
        if moved < 0.05:
            return


def _make_room(blocks: list[Block]) -> None:
    """Push blocks to the right until all distances are kept: each once, its left neighbours first."""
    waiting = [len(block.left) for block in blocks]
    ready = [k for k, count in enumerate(waiting) if count == 0]
    while ready:
        k = ready.pop()
        block = blocks[k]
        for other, keep in block.left:
            block.x = max(block.x, blocks[other].x + keep)
        for other, _ in block.right:
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)


def _move(blocks: list[Block], cluster: Sequence[int]) -> float:
    """Shift a cluster to the mean of what pulls at it, as far as there is room; returns the distance."""
    inside = set(cluster)
    pulls = [(blocks[o].x - blocks[k].x, strength) for k in cluster for o, strength in blocks[k].pulls if o not in inside]
    if not pulls:
        return 0.0
    wish = sum(distance * strength for distance, strength in pulls) / sum(strength for _, strength in pulls)
    if wish < 0:
        room = max(
            (blocks[o].x + keep - blocks[k].x for k in cluster for o, keep in blocks[k].left if o not in inside), default=wish
        )
        shift = min(0.0, max(wish, room))
    else:
        room = min(
            (blocks[o].x - keep - blocks[k].x for k in cluster for o, keep in blocks[k].right if o not in inside), default=wish
        )
        shift = max(0.0, min(wish, room))
    for k in cluster:
        blocks[k].x += shift
    return abs(shift)


def _clusters(blocks: list[Block]) -> list[list[int]]:
    """Blocks that touch, together."""
    seen = [False] * len(blocks)
    found = []
    for start in range(len(blocks)):
        if seen[start]:
            continue
        seen[start] = True
        cluster = [start]
        for k in cluster:
            for other, keep in blocks[k].right + blocks[k].left:
                if not seen[other] and abs(blocks[other].x - blocks[k].x) <= keep + 0.01:
                    seen[other] = True
                    cluster.append(other)
        found.append(cluster)
    return found

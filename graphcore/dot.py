"""The manual graph as DOT text: boxes of fixed size, so that the layout never depends on a number."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal

from graphcore.graph import Edge, Graph
from graphcore.ops.namespaces import Shape

Direction = Literal["down", "across"]
Size = tuple[int, int]

CHARACTER = 8.1  # advance of the 13.5 px monospaced face
HEAD_LIMIT = 34  # characters of a node's first line
ENTRIES = 12  # an array of up to this many entries shows its numbers
COLUMNS = 6  # and an array of up to this many in a row, else its box would be a ribbon
NODE, LEAF, FAN_OUT, HEIGHT = 152, 112, 216, 43
MODULE: Size = (224, 60)  # the box of a module: its path, what it holds, two norms
PICTURE: Size = (292, 116)
STRIP = 78  # the height of a picture of one row
PATIENCE = 2
LARGE = 500  # nodes beyond which Graphviz may stop looking for the last pixel: it takes half the time


def cut(head: str, limit: int = HEAD_LIMIT) -> str:
    """A node's first line, at most ``limit`` characters long.

    >>> cut("v1 = concatenate(a, b, c, d, e, f, g)", 20)
    'v1 = concatenate(a,…'
    """
    return head if len(head) <= limit else head[: limit - 1].rstrip() + "…"


def numbered(shape: Shape) -> bool:
    """Whether a node's box shows the numbers themselves: few of them, and no row too long for a box.

    >>> numbered((3, 3)), numbered((12,)), numbered((1, 10)), numbered((5, 5))
    (True, True, False, False)
    """
    return prod(shape) <= ENTRIES and (len(shape) < 2 or shape[-1] <= COLUMNS or not prod(shape))


def size(head: str, shape: Shape, *, leaf: bool, active: bool, uses: int) -> Size:
    """Width and height in px of a node's box: from the length of its first line and its shape, never from numbers.

    >>> size("s = sin(v1)", (), leaf=False, active=True, uses=1), size("W 3×3", (3, 3), leaf=True, active=True, uses=1)
    ((152, 43), (324, 85))
    """
    text = len(cut(head)) * CHARACTER + 16
    count = prod(shape)
    if not numbered(shape):
        return max(PICTURE[0], round(text)), PICTURE[1] if count > shape[-1] or len(shape) == 1 else STRIP
    if count == 0 or not shape:
        least = FAN_OUT if uses > 1 and active and not shape else LEAF if leaf else NODE
        return max(least, round(text)), HEIGHT
    # a vector stands, which keeps rows narrow; more than four entries stand closer
    rows, columns = (count, 1) if len(shape) == 1 else (count // shape[-1], shape[-1])
    pitch = 50 if columns <= 4 else 42 if columns <= 6 else 34
    wide = columns * pitch * (2 if active else 1) + 24
    high = HEIGHT if rows == 1 else 28 + rows * (19 if rows <= 4 else 17)
    return max(LEAF if leaf and not active else NODE, wide, round(text)), high


def carrying(graph: Graph) -> list[Edge]:
    """The backward edges that lie on a way from an output, in the order of the backward pass."""
    reached = set(graph.output_indices)
    edges = []
    for edge in graph.backward_edges:
        if edge.target in reached:
            reached.add(edge.source)
            edges.append(edge)
    return edges


def uses(graph: Graph) -> list[int]:
    """Per node, how many edges bring it gradient: its fan-out."""
    counts = [0] * len(graph)
    for edge in carrying(graph):
        counts[edge.source] += 1
    return counts


def sizes(graph: Graph, heads: Sequence[str]) -> list[Size]:
    """The box of every node, given its first line."""
    rows = zip(heads, graph.shapes, graph.ops, graph.active, uses(graph), strict=True)
    return [
        module_size(head)
        if op is not None and op.group == "module"
        else size(head, shape, leaf=op is None, active=active, uses=count)
        for head, shape, op, active, count in rows
    ]


def module_size(head: str) -> Size:
    """The box of a folded module: as wide as its first line and the button that opens it."""
    return max(MODULE[0], round(len(cut(head)) * CHARACTER + 56)), MODULE[1]


def ranks(graph: Graph) -> list[int]:
    """The row of every node: an op stands as high as its operands allow, a leaf just above its first user.

    An op that would then wait more than ``PATIENCE`` rows for its users stands above them instead, so that a late
    side branch does not trail a long edge.
    """
    count = len(graph)
    earliest = [0] * count
    first_use = [count] * count
    for target, arguments in enumerate(graph.arguments):
        if graph.ops[target] is not None:
            earliest[target] = 1 + max((earliest[k] for k in arguments if k >= 0), default=0)
    rank = list(earliest)
    for index in range(count - 1, -1, -1):
        latest = first_use[index] - 1
        if first_use[index] < count and (graph.ops[index] is None or latest - earliest[index] > PATIENCE):
            rank[index] = latest
        for k in graph.arguments[index]:
            if k >= 0:
                first_use[k] = min(first_use[k], rank[index])
    return rank


def manual(graph: Graph, boxes: Sequence[Size], direction: Direction = "down") -> str:
    """The graph as DOT: node ``n3`` is node 3, edges in the order of ``graph.edges``."""
    down = direction == "down"
    rank = ranks(graph)
    lines = [
        "digraph {",
        "nslimit=0.2;" if len(graph) > LARGE else "",
        f"rankdir={'TB' if down else 'LR'}; ranksep={_inches(23 if down else 34)}; nodesep={_inches(10 if down else 16)};",
        'node [shape=box fixedsize=true label=""]; edge [arrowhead=none];',
    ]
    # Graphviz starts from the order in which it reads the nodes: the first operand's side first
    lines += [f"n{k} [width={_inches(boxes[k][0])} height={_inches(boxes[k][1])}];" for k in reading_order(graph)]
    # with these minimal lengths our rows are the only best ranking, so Graphviz keeps them
    straight = chained(graph)
    for edge in graph.edges:
        length, weight = rank[edge.target] - rank[edge.source], 10 if edge in straight else 1
        lines.append(f"n{edge.source} -> n{edge.target} [minlen={length} weight={weight}];")
    return "\n".join([*lines, "}", ""])


def reading_order(graph: Graph) -> list[int]:
    """The nodes from the outputs' first operands on, operands before the node that uses them."""
    seen = [False] * len(graph)
    order: list[int] = []
    for start in (*graph.output_indices, *range(len(graph))):
        waiting = [] if seen[start] else [(start, False)]
        while waiting:
            index, done = waiting.pop()
            if done:
                order.append(index)
            elif not seen[index]:
                seen[index] = True
                waiting.append((index, True))
                waiting += [(k, False) for k in reversed(graph.arguments[index]) if k >= 0 and not seen[k]]
    return order


def chained(graph: Graph) -> set[Edge]:
    """The edges from an op used once to an op that uses no other: a chain should hang straight."""
    used = [0] * len(graph)
    inner = [0] * len(graph)
    for edge in graph.edges:
        used[edge.source] += 1
        inner[edge.target] += graph.ops[edge.source] is not None
    return {
        edge for edge in graph.edges if graph.ops[edge.source] is not None and used[edge.source] == 1 and inner[edge.target] == 1
    }


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.4f}"

"""torchviz's graph with our names: what ``make_dot(output, params=leaves)`` draws, its ids replaced by ours.

``make_dot`` recurses and dies at about 1,000 chained operations, so the graph is also walked here, in its order and
by its conventions: the walk gives the boxes their names and nodes, and stands in for it where it cannot go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore.compare.run import autograd_on, calls, leaves, refuse_large, release

if TYPE_CHECKING:
    from graphcore.graph import Graph

# make_dot needs about one interpreter frame per chained operation, of 1,000
RECURSION = 800


class DrawnNode(NamedTuple):
    """A box: its lines of text, the index of our node it belongs to, and ``function``, ``leaf``, ``output`` or ``saved``."""

    id: str
    lines: tuple[str, ...]
    node: int | None
    kind: str


class DrawnEdge(NamedTuple):
    """An arrow between two boxes, by their places; dotted from a base tensor to its view."""

    source: int
    target: int
    dotted: bool = False


class Drawn(NamedTuple):
    """The boxes and arrows of torchviz's drawing, in its order."""

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]

    def dot(self) -> str:
        """The drawing as DOT text with torchviz's attributes; ids are n0, n1 ..."""
        colours = {"leaf": "lightblue", "output": "darkolivegreen1", "saved": "orange"}
        lines = [
            "digraph {",
            '\tgraph [size="12,12"]',
            "\tnode [align=left fontname=Courier fontsize=10 height=0.2 shape=box style=filled]",
        ]
        for node in self.nodes:
            label = "\\n".join(_escaped(line) for line in node.lines)
            fill = f" fillcolor={colours[node.kind]}" if node.kind in colours else ""
            lines.append(f'\t{node.id} [label="{label}"{fill}]')
        lines += [f"\tn{edge.source} -> n{edge.target}{' [style=dotted]' if edge.dotted else ''}" for edge in self.edges]
        return "\n".join([*lines, "}", ""])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


class _Walked(NamedTuple):
    boxes: dict[int, tuple[tuple[str, ...], int | None, str]]
    arrows: list[tuple[int, int, bool]]
    alive: list[Any]


def draw(graph: Graph) -> Drawn:
    """torchviz's drawing of the autograd graph of a graph, at the leaf values written in it."""
    refuse_large(graph)
    with autograd_on():
        made = leaves(graph, graph.leaf_values)
        tensors = made.tensors
        owner = {id(tensors[index]): index for index in graph.leaf_values}
        alive = []
        newest = -1
        ranges: list[tuple[int, int]] = []
        for node, out in calls(graph, made):
            if out.grad_fn is not None:
                alive.append(out.grad_fn)
                newest = max(newest, out.grad_fn._sequence_nr())
                ranges.append((newest, node))
        outputs = [tensors[k] for k in graph.output_indices]
        owner.update((id(tensors[k]), k) for k in graph.output_indices)
        walked = _walk(graph, outputs, owner, ranges)
        arrows = walked.arrows
        order = list(walked.boxes)
        if len(graph) <= RECURSION:
            order, arrows = _make_dot(graph, tensors, walked) or (order, arrows)
        places = {key: k for k, key in enumerate(order)}
        nodes = tuple(DrawnNode(f"n{k}", *walked.boxes[key]) for k, key in enumerate(order))
        edges = tuple(DrawnEdge(places[a], places[b], dotted) for a, b, dotted in arrows)
        # from the output on, as in release: freeing the other end first would free the rest in one deep go
        outputs.clear()
        release(made)
        walked.alive.reverse()
        for kept in (alive, walked.alive):
            while kept:
                kept.pop()
    return Drawn(nodes, edges)


def _lines(graph: Graph, tensor: Any, node: int | None) -> tuple[str, str]:
    size = f"({', '.join(str(n) for n in tensor.size())})"
    return (graph.names[node] if node is not None else "base", size)


def _walk(graph: Graph, outputs: list[Any], owner: dict[int, int], ranges: list[tuple[int, int]]) -> _Walked:
    """Every box and arrow that make_dot would draw, in its order, without its recursion."""
    walked = _Walked({}, [], [])
    boxes, arrows, alive = walked
    firsts = _owners(ranges)

    def tasks(fn: Any) -> Iterator[Any]:
        """The part of make_dot's add_nodes for one function, pausing where that calls itself."""
        alive.append(fn)
        node = None
        if hasattr(fn, "variable"):
            variable = fn.variable
            alive.append(variable)
            node = owner.get(id(variable))
            boxes.setdefault(id(variable), (_lines(graph, variable, node), node, "leaf"))
            arrows.append((id(variable), id(fn), False))
        else:
            node = firsts(fn._sequence_nr())
        boxes[id(fn)] = ((type(fn).__name__,), node, "function")
        for below, _ in fn.next_functions:
            if below is not None:
                arrows.append((id(below), id(fn), False))
                yield below

    def functions(start: Any) -> None:
        seen = {key for key, box in boxes.items() if box[2] == "function"}
        if id(start) in seen:
            return
        stack = [tasks(start)]
        seen.add(id(start))
        while stack:
            below = next(stack[-1], None)
            if below is None:
                stack.pop()
            elif id(below) not in seen:
                seen.add(id(below))
                stack.append(tasks(below))

    def tensors(tensor: Any) -> None:
        """The part of make_dot for an output and the base that it is a view of (a base has none itself)."""
        if id(tensor) in boxes:
            return
        alive.append(tensor)
        node = owner.get(id(tensor))
        boxes[id(tensor)] = (_lines(graph, tensor, node), node, "output")
        if tensor.grad_fn is not None:
            functions(tensor.grad_fn)
            arrows.append((id(tensor.grad_fn), id(tensor), False))
        if tensor._is_view():
            tensors(tensor._base)
            arrows.append((id(tensor._base), id(tensor), True))

    for output in outputs:
        tensors(output)
    return walked


def _owners(ranges: list[tuple[int, int]]) -> Any:
    """From an autograd node's number to the node of ours during whose call it was made."""
    from bisect import bisect_left

    ends = [end for end, _ in ranges]
    return lambda number: ranges[bisect_left(ends, number)][1] if number <= (ends[-1] if ends else -1) else None


_LABEL = re.compile(r'label="([^"]*)"')
_STATEMENT = re.compile(r"^\t(\d+)(?: -> (\d+))?(.*)", re.DOTALL)


def _make_dot(graph: Graph, tensors: list[Any], walked: _Walked) -> tuple[list[int], list[tuple[int, int, bool]]] | None:
    """The boxes and arrows of torchviz.make_dot itself, by id; None where torchviz cannot be loaded."""
    try:
        from torchviz import make_dot
    except ImportError:  # torchviz needs distutils, which Python 3.12 has only through setuptools
        return None
    params = {graph.names[k]: tensors[k] for k in (*graph.leaf_values, *graph.output_indices)}
    try:
        dot = make_dot(tuple(tensors[k] for k in graph.output_indices), params=params)
    except Warning:  # torchviz reads torch's version with distutils, which warns; under `python -W error` that is raised
        return None
    order: dict[int, None] = {}
    arrows: list[tuple[int, int, bool]] = []
    for line in dot.body:
        found = _STATEMENT.match(line)
        if found is None:
            continue
        if found[2] is None:
            order[int(found[1])] = None
            # only a hand-written Function has boxes for what it saved
            label = _LABEL.search(found[3])
            lines = tuple(part.strip() for part in (label[1] if label else "").split("\\n"))
            walked.boxes.setdefault(int(found[1]), (lines, None, "saved"))
        else:
            arrows.append((int(found[1]), int(found[2]), "dotted" in found[3]))
    return list(order), arrows

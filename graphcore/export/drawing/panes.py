"""The panes: our graph with values and gradients, torch's with its gradients and the signs of the match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from graphcore.backprop import Trace
from graphcore.export.drawing import boxes
from graphcore.export.drawing.shapes import COLOURS, Curve, Drawing, Part, Rect, Text, beside, moved

if TYPE_CHECKING:
    from graphcore.compare import Comparison

Which = Literal["manual", "torch", "both"]
SIDES: tuple[Which, ...] = ("manual", "torch", "both")
MARGIN, TITLE, GAP = 14, 36, 18
BANNER = 30

Json = dict[str, Any]


def drawn(run: Trace, comparison: Comparison | None, which: Which = "both", decimals: int = 4, *, banner: bool = True) -> Drawing:
    """A run's graph, torch's, or both side by side, every number known; without a comparison our own alone.

    Raises ValueError for another ``which`` and :class:`~graphcore.errors.LayoutError` where nothing can be laid out.
    """
    if which not in SIDES:
        raise ValueError(f"no graph is called `{which}`; there are {', '.join(SIDES)}.")
    structure, numbers = _pictured(run, comparison)
    names = ("manual",) if comparison is None else ("manual", "torch") if which == "both" else (which,)
    panes = [_pane(name, structure, numbers, decimals) for name in names]
    whole = panes[0] if len(panes) == 1 else beside(panes[0], panes[1], GAP)
    if banner and comparison is not None:
        whole = _under_banner(whole, comparison)
    return whole._replace(parts=(Rect(0, 0, whole.width, whole.height, COLOURS["page"]), *whole.parts))


def _pictured(run: Trace, comparison: Comparison | None) -> tuple[Json, Json]:
    """What the picture draws of a run: its structure with the geometry, and its numbers."""
    from graphcore.picture.numbers import numbers
    from graphcore.picture.structure import structure

    torch_graph = None if comparison is None else comparison.torch
    return structure(run.graph, torch_graph, everything=False), numbers(run, comparison, written=False)


def _pane(name: str, structure: Json, numbers: Json, decimals: int) -> Drawing:
    torch = name == "torch"
    geometry = structure["geometry"]["down"]
    twins = structure["torch"]["twins"]
    here = [not torch or twins[k] is not None for k in range(len(structure["nodes"]))]
    parts = list(_edges(structure, geometry, here))
    if torch:
        for x, y, fn in _beads(structure, geometry):
            parts += boxes.bead(x, y, fn)
    for k, node in enumerate(structure["nodes"]):
        wrong = _wrong(k, structure, numbers)
        if torch and here[k]:
            parts += boxes.twin(node, geometry["nodes"][k], twins[k], numbers["torch"][k], numbers["states"][k], wrong, decimals)
        elif not torch:
            parts += boxes.manual(node, geometry["nodes"][k], numbers["values"][k], numbers["gradients"][k], wrong, decimals)
    title = list(_title(torch))
    width = max(geometry["width"], title[-1].centre + title[-1].width / 2)
    inner = [moved(part, MARGIN, TITLE + MARGIN) for part in parts]
    outer = [moved(part, MARGIN, 0) for part in title]
    return Drawing(width + 2 * MARGIN, geometry["height"] + TITLE + 2 * MARGIN, (*outer, *inner))


def _title(torch: bool) -> Iterator[Text]:
    name = "torch autograd" if torch else "Manual"
    yield Text(0, 24, name, 14, COLOURS["ink"], "start", True)
    x = len(name) * 8.4 + 16
    legend = (
        [("gradient", "gradient"), ("= equal to rounding", "right")] if torch else [("value", "value"), ("gradient", "gradient")]
    )
    for words, role in legend:
        yield Text(x, 24, words, 12.5, COLOURS[role], "start")
        x += len(words) * 7.5 + 14


def _edges(structure: Json, geometry: Json, here: Sequence[bool]) -> Iterator[Part]:
    for edge, points in zip(structure["edges"], geometry["edges"], strict=True):
        if here[edge["source"]] and here[edge["target"]]:
            carried = edge["active"]
            yield Curve(tuple(points), COLOURS["gradient" if carried else "edge"], 1.7 if carried else 1.4, not carried)


def _beads(structure: Json, geometry: Json) -> Iterator[tuple[float, float, str]]:
    """Helpers of torch's that we have no node for; several at one place share a bead."""
    shared: dict[tuple[str, int], list[str]] = {}
    for made in structure["torch"]["beads"]:
        key = ("node", made["node"]) if made["edge"] is None else ("edge", made["edge"])
        shared.setdefault(key, []).append(made["fn"])
    for (kind, number), names in shared.items():
        if kind == "node":
            cx, cy, _, height = geometry["nodes"][number]
            yield cx, cy + height / 2 + 11, " · ".join(names)
        else:
            yield *_halfway(geometry["edges"][number]), " · ".join(names)


def _halfway(points: Sequence[float]) -> tuple[float, float]:
    """The middle of a curve, counted in its pieces.

    >>> _halfway([0, 0, 10, 20])
    (5.0, 10.0)
    """
    pieces = (len(points) - 2) // 6
    if pieces < 1:
        return (points[0] + points[-2]) / 2, (points[1] + points[-1]) / 2
    at, rest = divmod(pieces, 2)
    if not rest:
        return points[6 * at], points[6 * at + 1]
    piece = points[6 * at : 6 * at + 8]
    weights = (0.125, 0.375, 0.375, 0.125)
    return sum(w * p for w, p in zip(weights, piece[::2])), sum(w * p for w, p in zip(weights, piece[1::2]))


def _wrong(k: int, structure: Json, numbers: Json) -> str:
    """A mismatch is the origin if no node that it got its gradient from is wrong already."""
    states = numbers["states"]
    if states[k] != "mismatch":
        return "inherited" if states[k] == "inherited" else ""
    after = (edge["target"] for edge in structure["edges"] if edge["source"] == k)
    return "inherited" if any(states[target] == "mismatch" for target in after) else "origin"


def _under_banner(drawing: Drawing, comparison: Comparison) -> Drawing:
    banner = comparison.banner
    colour = COLOURS[banner.tone if banner.tone in COLOURS else "off"]
    line = Text(MARGIN, 24, f"{banner.sign} {banner.bold}", 15, colour, "start", True)
    parts = (line, *(moved(part, 0, BANNER) for part in drawing.parts))
    return Drawing(max(drawing.width, line.width + 2 * MARGIN), drawing.height + BANNER, parts)

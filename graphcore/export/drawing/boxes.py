"""A node as it is drawn: its equation, its value and its gradient; in torch's pane its twin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphcore.export.drawing.cells import CHARACTER, SIZE, cell
from graphcore.export.drawing.shapes import ADVANCE, COLOURS, SHARP, Part, Rect, Text

HEAD = 21  # height of the line with the equation
RADIUS = 7.0
WIDE = 170  # a fan-out node wider than this has a narrow half for its value

SIGNS = {
    "match": ("=", "right"),
    "mismatch": ("≠", "wrong"),
    "inherited": ("≠", "wrong"),
    "zero": ("0", "weak"),
    "non-finite": ("∞", "off"),
    "none": ("–", "off"),
}

Json = dict[str, Any]


def manual(node: Json, at: list[float], value: Any, gradient: Any, wrong: str, decimals: int) -> Iterator[Part]:
    """A node of our graph; ``wrong`` is origin, inherited or empty."""
    cx, cy, width, height = at
    left, top = cx - width / 2, cy - height / 2
    head = _head_height(node)
    yield _back(left, top, width, height)
    y, high = top + head, height - head
    narrow = node["uses"] > 1 and not node["shape"] and width > WIDE
    half = width if not node["active"] else 73 if narrow else round(width * 0.48)
    yield _tint("value", left, y, half, high, first=True, last=not node["active"])
    if node["active"]:
        yield _tint("gradient", left + half, y, width - half, high, first=False, last=True)
    yield from cell("value", _told(node, value), (left, y, half, high), decimals)
    if node["active"]:
        yield from cell("gradient", _told(node, gradient), (left + half, y, width - half, high), decimals)
    yield from _titles(node, _head(node, width), (node.get("module") or {}).get("words", ""), left, top, width)
    yield from _frame(left, top, width, height, wrong)
    if node["uses"] > 1:
        yield from _bars(node["uses"], left, top, width)


def twin(node: Json, at: list[float], made: Json, gradient: Any, state: str, wrong: str, decimals: int) -> Iterator[Part]:
    """torch's node of a node: its class, our name, torch's gradient and the sign of the match."""
    cx, cy, width, height = at
    left, top = cx - width / 2, cy - height / 2
    head = _head_height(node)
    y, high = top + head, height - head
    name = "" if node.get("module") else _short(node, width)
    start = 0.0 if node.get("module") else max(26 if node["leaf"] else 34, len(name) * CHARACTER + 10)
    yield _back(left, top, width, height)
    yield _tint("gradient", left + start, y, width - start, high, first=not start, last=True)
    yield from cell("gradient", _told(node, gradient), (left + start, y, width - start, high), decimals, 26)
    sign, tone = SIGNS.get(state, ("", "off"))
    if sign:
        yield Text(left + width - 13, y + high / 2 + 5.2, sign, 15, COLOURS[tone], bold=True)
    if name:
        yield Text(left + (6 if node["leaf"] else 8), y + high / 2 + 4.6, name, SIZE, COLOURS["ink"], "start")
    yield from _titles(node, made["fn"], node["name"], left, top, width, COLOURS["ink2"] if node["leaf"] else COLOURS["ink"])
    yield from _frame(left, top, width, height, wrong)


def bead(x: float, y: float, fn: str) -> Iterator[Part]:
    """An autograd node without a node of ours."""
    width = len(fn) * 7.2 + 12
    yield Rect(x - width / 2, y - 8, width, 16, COLOURS["pane"], COLOURS["edge"], 1, True, (8, 8, 8, 8))
    yield Text(x, y + 4.2, fn, 12, COLOURS["ink2"])


def _head_height(node: Json) -> int:
    return HEAD + 17 if node.get("module") else HEAD


def _told(node: Json, tensor: Any) -> Any:
    """What a module's box says of an array is its norm."""
    if not node.get("module") or not isinstance(tensor, dict):
        return tensor
    if "norm" in tensor:
        return tensor["norm"]
    from graphcore.export.drawing.cells import plain

    return float(sum(plain(number) ** 2 for number in tensor["entries"]) ** 0.5)


def _back(left: float, top: float, width: float, height: float) -> Part:
    return Rect(left, top, width, height, COLOURS["node"], None, 0, False, (RADIUS,) * 4)


def _frame(left: float, top: float, width: float, height: float, wrong: str) -> Iterator[Part]:
    colour = COLOURS["wrong" if wrong else "edge"]
    thick = 2.0 if wrong == "origin" else 1.6 if wrong else 1.2
    yield Rect(left, top, width, height, None, colour, thick, wrong == "inherited", (RADIUS,) * 4)
    if wrong == "origin":
        yield Rect(left - 4, top - 4, width + 8, height + 8, None, colour, 2.0, False, (RADIUS + 3,) * 4)


def _tint(kind: str, left: float, y: float, width: float, height: float, *, first: bool, last: bool) -> Part:
    inset = 1.0
    x = left + (inset if first else 0)
    wide = width - inset * (first + last)
    radii = (0.0, 0.0, RADIUS - 1 if last else 0.0, RADIUS - 1 if first else 0.0)
    return Rect(x, y, wide, height - inset, COLOURS[f"{kind}-tint"], None, 0, False, radii)


def _bars(uses: int, left: float, top: float, width: float) -> Iterator[Part]:
    """One bar for each edge that brought gradient."""
    count = min(uses, 24)
    pitch = (width - 12) / count
    for k in range(count):
        yield Rect(left + 8 + k * pitch, top - 7, pitch - 4, 4, COLOURS["gradient"], None, 0, False, SHARP)


def _head(node: Json, width: float) -> str:
    shape = " " + "×".join(map(str, node["shape"])) if node["shape"] and node["leaf"] else ""
    used = f" · used {node['uses']} times" if node["leaf"] and node["uses"] > 1 else ""
    whole = str(node["head"]) + shape + used
    return whole if len(whole) * CHARACTER <= width - 10 else str(node["head"]) + shape


def _titles(node: Json, head: str, under: str, left: float, top: float, width: float, colour: str = "") -> Iterator[Part]:
    yield _fitting(head, left + width / 2, top + 15.5, width - 8, colour or COLOURS["ink"])
    if node.get("module"):
        yield _fitting(under, left + width / 2, top + 32, width - 8, COLOURS["ink2"])
        yield Rect(left + 3, top + 1, 1.2, width and _head_height(node) - 1, COLOURS["edge"])


def _fitting(text: str, x: float, y: float, room: float, colour: str) -> Text:
    """A title shrinks a little before it is cut."""
    size = max(11.0, min(SIZE, room / (max(len(text), 1) * ADVANCE)))
    most = int(room / (size * ADVANCE) + 0.01)
    return Text(x, y, text if len(text) <= most else text[: max(1, most - 1)] + "…", round(size, 2), colour)


def _short(node: Json, width: float) -> str:
    room = max(2, int((width * 0.42 - 10) / CHARACTER))
    short = node.get("short")
    name = short if short and len(short) <= room else (short or node["name"]).rpartition(".")[2] if short else node["name"]
    return str(name) if len(name) <= room else f"{name[: max(1, room - 1)]}…"

"""The pieces of the Networks page's payload, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphcore.errors import ChainruleError
from graphcore.graph import Graph
from graphcore.picture import encode
from graphcore.picture import payload as shared
from graphcore.picture.geometry import Which
from graphcore.picture.network.pipeline import Drawn, Result
from graphcore.picture.network.settings import Request
from graphcore.picture.work import Work

if TYPE_CHECKING:
    from graphcore.networks import Network

Json = dict[str, Any]

STARTS = 3
LAST = "The picture shows your last working network"


def gallery() -> Sequence[Network]:
    """The gallery's networks."""
    from graphcore.networks import GALLERY

    return GALLERY


def is_gallery(text: str) -> bool:
    """Whether a text is one of the gallery's."""
    return any(known.text == text for known in gallery())


def settings_of(network: Network) -> dict[str, str]:
    """The fields that a network of the gallery comes with."""
    given = {"loss": network.loss, "input": network.input, "target": network.target}
    given["gradient"] = "input" if network.input_gradient else ""
    return {name: value for name, value in given.items() if value}


def examples() -> list[Json]:
    """The gallery, as the chooser wants it."""
    return [
        {
            "key": known.key,
            "title": known.title,
            "sentence": known.sentence,
            "text": known.text,
            "group": known.group,
            "settings": settings_of(known),
        }
        for known in gallery()
    ]


def starts() -> list[str]:
    """The networks that an empty page offers."""
    return [known.key for known in gallery()[:STARTS]]


def program(request: Request, result: Result | None, error: ChainruleError | None) -> Json:
    """The text in the editor, and the one that the picture shows."""
    plain = request.settings.plain()
    known = (k.key for k in gallery() if k.text == request.text and settings_of(k) == plain)
    return {
        "text": request.text,
        "ran": "" if result is None else result.request.text,
        "error": None if error is None else shared.error(error, request.text),
        "skipped": None,
        "notes": [] if result is None else notes(result),
        "example": next(known, None),
    }


def notes(result: Result) -> list[str]:
    """What was made of the text and of the input, in sentences."""
    recorded = result.graph.recorded
    return [*result.prepared.notes, *(recorded.notes if recorded else ())]


def settings(request: Request, result: Result | None) -> Json:
    """The fields as asked for, what stands behind the empty ones, and what there is to choose from."""
    from graphcore.build.losses import LOSSES

    used = {} if result is None else result.prepared.used
    return {
        "values": request.settings.plain(),
        "used": used,
        "losses": [[key, title] for key, (title, _) in LOSSES.items()],
    }


def verdict(result: Result | None, drawn: Drawn | None, error: ChainruleError | None) -> Json:
    """The banner: what is wrong with the text, what cannot be compared, else torch's verdict."""
    if error is not None:
        line = getattr(error, "line", None)
        rest = f"{LAST}." if result else "Mend it to see the picture."
        action = {"label": f"Go to line {line}", "kind": "line", "line": line} if line else None
        where = f"Line {line} has an error." if line else "The message beside it says why."
        return _banner("stale", "Not run yet.", f"{where} {rest}", action)
    if result is None or drawn is None:
        return _banner("running", "", "", None)
    if result.unsupported:
        return _unsupported(result, drawn)
    if result.comparison is None:
        return _banner("stale", "Not compared.", result.refused, None)
    return _placed(result.comparison.banner.payload(), drawn)


def running(work: Work) -> Json:
    """The banner while work is under way: ``Tracing, 214 of 1,653 steps …``."""
    stage = work.stage[:1].upper() + work.stage[1:]
    bold = f"{stage} …" if work.counted is None else f"{stage}, {_counted(*work.counted)} …"
    place = f"Stage {work.stages.index(work.stage) + 1} of {len(work.stages)}, {work.seconds:.0f} s."
    return _banner("running", bold, place, {"label": "Stop", "kind": "stop"})


def _counted(done: int, total: int | None) -> str:
    return f"{done:,} calls" if total is None else f"{done:,} of {total:,} steps"


def stopped(result: Result | None) -> Json:
    """The banner after a stop."""
    return _banner("stale", "Stopped.", f"{LAST}; Run starts again." if result else "Run starts again.", None)


def _banner(state: str, bold: str, small: str, action: Json | None) -> Json:
    return {"state": state, "sign": "…", "tone": "off", "bold": bold, "small": small, "action": action, "reasons": []}


def _unsupported(result: Result, drawn: Drawn) -> Json:
    counts = result.unsupported
    ops = "1 op has" if len(counts) == 1 else f"{len(counts)} ops have"
    listed = ", ".join(f"{name}{f' ({count} times)' if count > 1 else ''}" for name, count in counts.items())
    small = f"{listed}. Here are the forward values and torch's graph; there are no gradients to compare."
    recorded = result.graph.recorded
    found = sorted(node for nodes in (recorded.unsupported if recorded else {}).values() for node in nodes)
    places = _shown_at(drawn, found)
    action = {"label": "Show them" if len(places) > 1 else "Show it", "kind": "show", "nodes": places} if places else None
    return _banner("unsupported", f"{ops} no rule yet.", small, action)


def _placed(banner: Json, drawn: Drawn) -> Json:
    action = banner["action"]
    if action and action.get("nodes"):
        action["nodes"] = _shown_at(drawn, action["nodes"])
    return banner


def _shown_at(drawn: Drawn, nodes: Sequence[int]) -> list[int]:
    at = drawn.folded.at
    return list(dict.fromkeys(at[node] for node in nodes if at[node] >= 0))


def later(result: Result, drawn: Drawn, which: Which) -> Json | None:
    """A layout that was left for later."""
    from graphcore.compare.twins import torch_graph
    from graphcore.picture import fold_payload

    return fold_payload.later(drawn.folded, torch_graph(result.graph), which)


def completed(structure: Json, layouts: Mapping[Any, Any]) -> Json:
    """A structure with the layouts that were asked for since."""
    return shared.completed(structure, layouts)


def opened(result: Result, drawn: Drawn, node: int) -> Json:
    """The arrays of a node of the picture in full; of a tuple the part that is shown."""
    shown = drawn.folded.shown[node]

    def part(array: Any) -> Any:
        return encode.opened(array[shown.part] if shown.part is not None and array is not None else array)

    theirs = None if result.comparison is None else result.comparison.torch_gradient(shown.main)
    return {
        "node": node,
        "value": part(result.run.value(shown.main)),
        "gradient": part(result.run.gradient(shown.main)),
        "torch": part(theirs),
    }


def converting(name: str) -> str:
    """The two lines that make a ``.safetensors`` file of another one."""
    from graphcore.build.weights import converting as lines

    return lines(name)


def entries(graph: Graph) -> int:
    """How many numbers a run of a graph holds, about."""
    return 2 * sum(math.prod(shape) for shape in graph.shapes)

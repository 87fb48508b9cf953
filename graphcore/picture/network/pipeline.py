"""From a request to everything the page shows of it: build, record, trace, compare, lay out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, cast

from graphcore.backprop import Trace, trace
from graphcore.compare import Comparison, compare
from graphcore.errors import CompareError
from graphcore.graph import Graph
from graphcore.heard import heard_by
from graphcore.layers import Layer, layers
from graphcore.picture.fold import Folded, fold
from graphcore.picture.network.prepare import Prepared, prepare
from graphcore.picture.network.settings import Request
from graphcore.picture.work import Tell

Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Result:
    """A network that has been run: its recording, both backward passes, and what of it cannot be computed.

    ``unsupported`` counts the ops without a rule by name; then ``run`` has forward values alone and ``comparison`` is
    None, as it is where torch refuses, with the reason in ``refused``.
    """

    request: Request
    prepared: Prepared
    run: Trace
    comparison: Comparison | None
    unsupported: Mapping[str, int] = field(default_factory=dict)
    refused: str = ""

    @property
    def graph(self) -> Graph:
        """The recorded graph."""
        return self.run.graph

    @cached_property
    def layers(self) -> list[Layer]:
        """The layers, with their gradients and factors."""
        return layers(self.run, self.comparison)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A result in one state of folding, laid out."""

    folded: Folded
    topology: str
    structure: Json
    numbers: Json


def run_request(
    request: Request, tell: Tell, opened: Collection[str] | None = None, plumbing: bool = False
) -> tuple[Result, Drawn]:
    """Everything of a request, drawn with these modules open; ChainruleError where text, field or weights will not do."""
    from graphcore.record import record

    tell("building")
    made = prepare(request)
    tell("recording")
    with heard_by(partial(tell, "recording")):
        graph = record(made.module, *made.tensors)
    result = _run(request, made, graph, tell)
    tell("laying out")
    return result, draw(result, opened, plumbing=plumbing)


def _run(request: Request, made: Prepared, graph: Graph, tell: Tell) -> Result:
    from graphcore.errors import UnsupportedError

    tell("tracing")
    try:
        with heard_by(partial(tell, "tracing")):
            run = trace(graph)
    except UnsupportedError as missing:
        counts = {} if graph.recorded is None else graph.recorded.unsupported
        return Result(request, made, cast(Trace, missing.forward), None, {name: len(nodes) for name, nodes in counts.items()})
    tell("comparing")
    try:
        with heard_by(partial(tell, "comparing")):
            result = Result(request, made, run, compare(run))
        _ = result.layers, result.comparison and result.comparison.banner
    except CompareError as refusal:
        return Result(request, made, run, None, refused=str(refusal))
    return result


def draw(result: Result, opened: Collection[str] | None, *, plumbing: bool) -> Drawn:
    """A result with these modules opened; None opens what the folding thinks best."""
    from graphcore.compare.twins import torch_graph
    from graphcore.picture import fold_payload as view

    folded = fold(result.graph, opened, plumbing)
    structure = view.structure(folded, torch_graph(result.graph))
    for node in structure["nodes"]:
        node["line"] = _spoken(node["said"]) or _line(result.prepared.lines, node["scope"])
    return Drawn(folded, view.topology(folded), structure, view.numbers(folded, result.run, result.comparison))


def _spoken(said: str | None) -> int | None:
    """The line that a recording says made a node: ``line 12: z = self.fc(x)``."""
    found = re.match(r"line (\d+)\b", said or "")
    return int(found[1]) if found else None


def _line(lines: Mapping[str, int], scope: str) -> int | None:
    """The line of the text that wrote a module, or the nearest one around it."""
    while scope and scope not in lines:
        scope = scope.rpartition(".")[0]
    return lines.get(scope) if scope else None

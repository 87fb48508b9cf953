"""The problem a hand-in is judged by: a program or a network, run once at its own numbers and laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graphcore.backprop import Trace, trace
from graphcore.compare import Comparison, compare
from graphcore.errors import ChainruleError
from graphcore.parse import parse
from graphcore.picture import payload as program_view
from graphcore.picture.geometry import Which
from graphcore.picture.network import views as network_view
from graphcore.picture.network.settings import Request, Settings
from graphcore.problems import GALLERY

if TYPE_CHECKING:
    from graphcore.graph import Graph
    from graphcore.picture.network.pipeline import Drawn, Result
    from graphcore.picture.work import Tell

Json = dict[str, Any]

# a line of a network begins with a layer's name, or the text speaks of torch; a line of a program assigns
_LAYERS = re.compile(r"^\s*(?:\(\w+\):\s*)?(?:torch\.)?(?:nn\.)?[A-Z]\w*\(|\bnn\.[A-Z]|^\s*class\s+\w+\s*\(", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Problem:
    """A problem that runs, at its own numbers.

    ``structure`` is what the picture needs of it once, ``at`` the node of the picture for every node of the graph (-1 where
    it shows none). ``result`` and ``drawn`` are those of a network, None of a program.
    """

    text: str
    settings: Settings
    run: Trace
    comparison: Comparison
    topology: str
    structure: Mapping[str, Any]
    at: Sequence[int]
    result: Result | None = None
    drawn: Drawn | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def graph(self) -> Graph:
        """The graph of the problem."""
        return self.run.graph

    def numbers(self, run: Trace, comparison: Comparison | None) -> Json:
        """What the picture shows of a run of this problem."""
        if self.drawn is None:
            return program_view.numbers(run, comparison)
        from graphcore.picture import fold_payload

        return fold_payload.numbers(self.drawn.folded, run, comparison)

    def shown(self, node: int) -> int | None:
        """The node of the picture that stands for a node of the graph."""
        return None if self.at[node] < 0 else self.at[node]

    def folded(self, opened: frozenset[str], *, plumbing: bool) -> Problem:
        """A network with these modules opened."""
        from graphcore.picture.network.pipeline import draw

        assert self.result is not None
        drawn = draw(self.result, opened, plumbing=plumbing)
        return replace(self, drawn=drawn, topology=drawn.topology, structure=drawn.structure, at=drawn.folded.at)

    def later(self, which: Which) -> Json | None:
        """A layout that was left for later."""
        if self.result is None or self.drawn is None:
            return program_view.later(self.graph, self.comparison.torch, which)
        return network_view.later(self.result, self.drawn, which)

    def line(self, node: int) -> int | None:
        """The line of the text that a node of the graph comes from."""
        place = self.shown(node)
        return None if place is None else self.structure["nodes"][place]["line"]


def is_network(text: str) -> bool:
    """Whether a text describes layers rather than assigning names.

    >>> is_network("Linear(2, 1)"), is_network("W = rand(2, 2)\\nL = sum(W)")
    (True, False)
    """
    if any(known.text == text for known in GALLERY):
        return False
    return network_view.is_gallery(text) or bool(_LAYERS.search(text))


def solve_program(text: str) -> Problem:
    """A program as a problem; ChainruleError where it does not run."""
    run = trace(parse(text))
    comparison = compare(run)
    graph = run.graph
    structure = program_view.structure(graph, comparison.torch, everything=False)
    return Problem(text, Settings(), run, comparison, program_view.topology(graph), structure, range(len(graph)))


def solve_network(request: Request, tell: Tell) -> Problem:
    """A network as a problem; ChainruleError where it does not run or an op of it has no rule."""
    from graphcore.picture.network.pipeline import run_request

    result, drawn = run_request(request, tell)
    if result.unsupported:
        ops = ", ".join(f"`{name}`" for name in result.unsupported)
        raise ChainruleError(f"{ops} of this network has no rule yet, so its gradients cannot be judged.")
    if result.comparison is None:
        raise ChainruleError(result.refused)
    made = result.comparison
    places = drawn.folded.at
    notes = tuple(network_view.notes(result))
    return Problem(
        request.text, request.settings, result.run, made, drawn.topology, drawn.structure, places, result, drawn, notes
    )


def stronger_text(problem: Problem, point: Mapping[str, Any]) -> str:
    """A program with the numbers of another point."""
    from graphcore.parse import rewrite

    return rewrite(problem.text, problem.graph, point)

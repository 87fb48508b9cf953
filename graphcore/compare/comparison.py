"""The result of a comparison: states by name, the verdict, and what is made of them when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphcore.backprop import read_only, trace
from graphcore.compare.functions import FunctionMatch, judge_functions
from graphcore.compare.kinks import find_kinks
from graphcore.compare.run import repeat
from graphcore.compare.states import COUNTED, Judged, Match, judge
from graphcore.compare.weak import Weakness, find_weakness
from graphcore.compare.words import Banner, banner
from graphcore.graph import Graph

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.compare.twins import TorchGraph
    from graphcore.ops.namespaces import Array

Verdict = Literal["match", "mismatch", "unproven"]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Every gradient of a run beside torch's; columns by node index, :attr:`matches` by name.

    ``functions`` are the hand-written backward passes of a recorded run, input by input.
    """

    run: Trace
    states: list[str]
    errors: list[float | None]
    verdict: Verdict
    torch_outputs: Mapping[int, Any]
    moved: Mapping[int, float]
    functions: tuple[FunctionMatch, ...]
    _theirs: list[Any]
    _tries: bool

    def __repr__(self) -> str:
        return f"<Comparison {self.verdict}: {self.states.count('match')} of {self.counted} equal>"

    @property
    def counted(self) -> int:
        """How many gradients were compared; the starting gradient is none of them."""
        return sum(state in COUNTED for state in self.states)

    @cached_property
    def matches(self) -> Mapping[str, Match]:
        """The verdict on each node, by name."""
        names = self.run.graph.names
        return MappingProxyType({name: self.match(index) for index, name in enumerate(names)})

    def match(self, index: int) -> Match:
        """The verdict on the node with this index."""
        return Match(self.states[index], self.run.gradient(index), self.torch_gradient(index), self.errors[index])

    def torch_gradient(self, index: int) -> Array | None:
        """torch's gradient of a node, None where none flows."""
        theirs = self._theirs[index]
        return None if theirs is None else read_only(theirs)

    @cached_property
    def kinks(self) -> Mapping[int, str]:
        """A sentence for each node that is evaluated where it is not differentiable."""
        return find_kinks(self.run)

    @cached_property
    def weakness(self) -> Weakness:
        """The wrong rules that would give the same gradients at this point."""
        return find_weakness(self.run) if self._tries and self.verdict == "match" else Weakness()

    @cached_property
    def banner(self) -> Banner:
        """The verdict in words, with its one action and the reasons behind it."""
        return banner(self)

    @property
    def torch(self) -> TorchGraph:
        """The autograd graph: each node's twin, what torch has besides, and torchviz's drawing of it."""
        from graphcore.compare.twins import torch_graph

        return torch_graph(self.run.graph)


def compare(run: Trace | Graph, *, reasons: bool = True) -> Comparison:
    """The gradient of every node of ``run`` beside torch autograd's, on the same graph, numbers and seeds.

    A graph is traced first, at the values it was written or recorded with. Two gradients match if
    ``max|a - b| <= 256 eps max|b|`` over the tensor. ``reasons=False`` leaves out the search for wrong rules that would
    agree too. Raises :class:`~graphcore.errors.CompareError` above 30,000 nodes and where torch refuses an op.

    >>> from graphcore import Builder, trace
    >>> b = Builder(); x = b.leaf("x", 0.5); y = b.apply("sin", x, name="y")
    >>> result = compare(trace(b.graph()))
    >>> result.verdict, result.matches["x"].state, result.matches["y"].state
    ('match', 'match', 'seed')
    """
    run = trace(run) if isinstance(run, Graph) else run
    repeated = repeat(run)
    theirs = repeated.gradients
    judged = judge(run, theirs)
    functions = judge_functions(run, theirs, repeated.returned, judged.states, judged.errors)
    verdict = conclude(run, judged)
    return Comparison(run, judged.states, judged.errors, verdict, repeated.outputs, judged.moved, functions, theirs, reasons)


def conclude(run: Trace, judged: Judged) -> Verdict:
    """Any mismatch decides; a match takes a leaf that matches and nothing that is not finite."""
    states = judged.states
    if "mismatch" in states:
        return "mismatch"
    if any(states[k] == "match" for k in run.graph.leaf_values) and "non-finite" not in states and finite_output(run):
        return "match"
    return "unproven"


def finite_output(run: Trace) -> bool:
    """Whether the outputs are finite: behind one that is not, even finite gradients prove nothing."""
    return all(bool(np.isfinite(run.argument(k)).all()) for k in run.seeds)

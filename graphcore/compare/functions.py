"""Hand-written backward passes: what each Function returned, beside the gradient of its recorded forward.

Where a Function's backward is wrong, every gradient that follows from it differs too. So the graph's own backward pass
is run once more with what the Function returned in place of its own rules: what agrees then is merely inherited, and
only the Function itself is a mismatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.compare.edges import backward
from graphcore.compare.states import Match, compare_tensors

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Edge, Group

INHERITED = "inherited"
Returned = Mapping[tuple[int, int], Any]


class FunctionMatch(NamedTuple):
    """A ``torch.autograd.Function``: its name, the node that stands for it, and per input what each side hands on."""

    name: str
    node: int
    inputs: Mapping[str, Match]

    @property
    def right(self) -> bool:
        """Whether every input got what the recorded forward implies."""
        return all(match.state != "mismatch" for match in self.inputs.values())


def judge_functions(
    run: Trace, theirs: list[Any], returned: Returned, states: list[str], errors: list[float | None]
) -> tuple[FunctionMatch, ...]:
    """Compare every Function of a recorded run; changes the states of those that are wrong and of what inherits it."""
    graph = run.graph
    recorded = graph.recorded
    functions = {} if recorded is None else {k: g for k, g in enumerate(recorded.groups) if g.kind == "function" and g.outputs}
    if not functions:
        return ()
    as_returned, own = _backward(run, functions, returned)
    found = []
    for k, group in functions.items():
        inputs = {}
        for source in group.inputs:
            if not graph.active[source]:
                continue
            ours, other = own.get((k, source)), returned.get((k, source))
            state, error = compare_tensors(ours, other)
            inputs[graph.names[source]] = Match(state, ours, other, error)
        found.append(FunctionMatch(group.name, group.outputs[-1], inputs))
    if all(match.right for match in found):
        return tuple(found)
    for node, state in enumerate(states):
        if state == "mismatch" and compare_tensors(as_returned[node], theirs[node])[0] != "mismatch":
            states[node] = INHERITED
    for match in found:
        if not match.right:
            states[match.node] = "mismatch"
            errors[match.node] = max(m.error or 0.0 for m in match.inputs.values() if m.state == "mismatch")
    return tuple(found)


def _backward(run: Trace, functions: Mapping[int, Group], returned: Returned) -> tuple[list[Any], dict[tuple[int, int], Any]]:
    """The backward pass with each Function's own answer in place of its rules, and what the rules would have handed on."""
    inside = {node: k for k, group in functions.items() for node in group.nodes}
    own: dict[tuple[int, int], Any] = {}

    def answer(edge: Edge, handed: Any) -> Any:
        k = inside.get(edge.target)
        if k is None or inside.get(edge.source) == k:
            return handed
        key = (k, edge.source)
        again = key in own
        own[key] = own[key] + handed if again else handed
        # the Function answers once for an input, however many rules of its forward lead there
        return None if again else returned.get(key)

    with np.errstate(all="ignore"):
        return backward(run, lambda _: run.argument, answer=answer), own

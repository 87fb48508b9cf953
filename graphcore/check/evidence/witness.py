"""The third witness: what the forward pass alone says of every gradient, beside the rules' and torch's.

It knows no derivative rule. Each leaf is moved along a few random directions, small ones along each of their entries
too, and the slope of the seeded outputs is compared with what the gradients say of that direction. A difference is allowed the
rounding of the inner product, the noise of this tensor (measured where it is needed) and the stated error of the step,
and nothing that comes from another tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.evidence.along import Path, following
from graphcore.check.evidence.found import Evidence, State
from graphcore.check.evidence.judge import Noise, judge
from graphcore.check.evidence.samples import look
from graphcore.compare.kinks import find_kinks
from graphcore.compare.numbers import finite

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.compare import Comparison

SEED = 20260521
UNUSED = "the outputs do not depend on it through any rule."


@dataclass(frozen=True, eq=False, repr=False)
class Witness:
    """The third witness of a run: one :class:`Evidence` a node, by name in :attr:`by_name`, after ``passes`` forward passes."""

    run: Trace
    evidence: tuple[Evidence, ...]
    passes: int

    def __repr__(self) -> str:
        return f"<Witness {self.state}: {', '.join(f'{e.state} {self.run.graph.names[e.node]}' for e in self.evidence)}>"

    @property
    def by_name(self) -> Mapping[str, Evidence]:
        """The evidence by node name."""
        return {self.run.graph.names[e.node]: e for e in self.evidence}

    @property
    def state(self) -> State:
        """The worst that was found; "agrees" if at least one gradient that is not zero agrees and none differs."""
        states = {e.state for e in self.evidence}
        if "differs" in states:
            return "differs"
        if "agrees" in states:
            return "agrees"
        return "cannot tell" if "cannot tell" in states or not states else "zero"


def witness(
    run: Trace,
    comparison: Comparison | None = None,
    *,
    inside: bool = False,
    gradients: Mapping[str, Any] | None = None,
    seed: int = SEED,
) -> Witness:
    """Derivatives of the forward pass alone, beside the gradients of a run and torch's.

    Every leaf that wants a gradient is looked at, with ``inside`` every active node. ``comparison`` gives torch's column,
    ``gradients`` replaces the manual one by name (a person's own numbers; an array of another shape differs). Raises
    KeyError for a name that no node has.

    >>> from graphcore.backprop import trace
    >>> from graphcore.parse import parse
    >>> run = trace(parse("x = 3\\ny = x ** 2"))
    >>> witness(run).state, witness(run, gradients={"x": 6.1}).state
    ('agrees', 'differs')
    """
    graph = run.graph
    handed = {graph.index(name): np.asarray(array, dtype=np.float64) for name, array in (gradients or {}).items()}
    generator = np.random.default_rng(seed)
    kinks = find_kinks(run)
    uses = following(run)
    settled: dict[int, Evidence] = {}
    paths = []
    for node in _wanted(run, inside):
        path = Path(run, node, uses)
        why = _why_not(run, path)
        if why:
            settled[node] = Evidence(node, "zero" if why == UNUSED else "cannot tell", why=why)
        else:
            paths.append(path)
    noise = Noise(run)
    for looked in look(paths, kinks, generator):
        node = looked.path.source
        columns = {"manual": handed.get(node, run.gradient(node))}
        if comparison is not None:
            columns["torch"] = comparison.torch_gradient(node)
        settled[node] = judge(looked, columns, noise, kinks, generator)
    return Witness(run, tuple(settled[k] for k in sorted(settled)), sum(path.passes for path in paths))


def _wanted(run: Trace, inside: bool) -> list[int]:
    """The leaves that want a gradient, or every active node whose value is one array."""
    graph = run.graph
    used = {edge.source for edge in graph.backward_edges}
    active = (k for k in range(len(graph)) if graph.active[k] and k not in graph.tuples)
    return [k for k in active if graph.ops[k] is None or (inside and k in used)]


def _why_not(run: Trace, path: Path) -> str:
    """Why nothing can be said of a node: a sentence without its name, or nothing."""
    graph = run.graph
    if not path.outputs:
        return UNUSED
    if not path.rows:
        return "it is the output: its gradient is the one that was put in."
    if not path.start.size:
        return "it has no entries."
    bad = next((k for k in path.outputs if not finite(run.argument(k))), None)
    if bad is not None:
        return f"{graph.names[bad]} is not finite here, so there is nothing to differentiate."
    for row in path.rows:
        settings = dict(graph.statics[row.target])
        if settings.get("scale_grad_by_freq") or (settings.get("padding_idx") or -1) >= 0:
            return f"{graph.names[row.target]} changes the gradient of some rows by definition, so no derivative has to agree."
    return ""

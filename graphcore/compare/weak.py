"""Would a wrong rule have agreed too? Likely mistakes are tried at each edge of this very point.

A mistake that changes no number here, but does at a point close by, is a weakness of the point: the match cannot tell
the right rule from the wrong one. What agrees close by as well (a product with the literal 1, a relu that stays on)
is no fault of the point and is not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.backprop import trace
from graphcore.compare.edges import downstream, op_at
from graphcore.compare.numbers import entries
from graphcore.compare.states import raw
from graphcore.errors import ChainruleError
from graphcore.mistakes import Change, Places, argument_name, clause, edge_changes, other_operand, wrong_downstream
from graphcore.ops import Formula

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.graph import Edge, Graph

# a wrong gradient this close to the right one would be taken for it
SAME = 1e-9
LARGEST = 10_000
# edges are tried until this much work is done, a thousand entries counting as one call's overhead: some 50 ms
WORK = 1_000_000


# ops whose rule mixes the other operand's entries, so that a permutation of them is a likely mistake
MIXING = frozenset({"matmul", "matvec", "vecmat", "outer", "linear", "matmul_batched", "matvec_batched", "vecmat_batched"})


class Finding(NamedTuple):
    """A wrong rule that would agree: the sentence, and the nodes it speaks of."""

    text: str
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class Weakness:
    """The wrong rules that would agree, how many were tried and would not, and which ops showed one side only."""

    findings: tuple[Finding, ...] = ()
    told_apart: int = 0
    one_sided: tuple[str, ...] = ()


def find_weakness(run: Trace) -> Weakness:
    """Try likely mistakes at every edge, one at a time, leaf edges first, as far as :data:`WORK` goes."""
    graph = run.graph
    # a recorded network is tried only where another run of it costs little
    near = nearby(run) if graph.recorded is None or sum(map(math.prod, graph.shapes)) <= WORK else None
    if near is None:
        return Weakness()
    work = 0
    mixed: list[Finding] = []
    found: list[Finding] = []
    sided: dict[str, None] = {}
    told_apart = 0
    places, close = Places(run), Places(near)
    by_leaves = sorted(range(len(places.rows)), key=lambda k: graph.ops[places.rows[k][1]] is not None)
    with np.errstate(all="ignore"):
        for position in by_leaves:
            edge = graph.backward_edges[position]
            right = _right(run, edge)
            if right is None:
                continue
            mixed += _mixed_up(run, near, edge)
            same_here = []
            for change in edge_changes(places, position):
                work += 1000 + right.size
                if not _same(places, change, right):
                    told_apart += 1
                elif not _same(close, change, _right(near, edge)):
                    same_here.append(_finding(places, change))
                elif _kinked(graph, edge) and change.wrong.formula == "g":
                    sided[_one_sided(graph, edge)] = None
            # the plainest mistake first
            found += sorted(same_here, key=lambda finding: len(finding.text))
            if work > WORK:
                break
    unique = {finding.text: finding for finding in (*mixed, *found)}
    return Weakness(tuple(unique.values()), told_apart, tuple(sided))


def nearby(run: Trace) -> Trace | None:
    """The same graph a few percent away, where no coincidence of the point survives; None where it cannot run."""
    graph = run.graph
    generator = np.random.default_rng(20260502)
    fixed = index_leaves(graph)
    values: dict[str, Any] = {}
    for k in graph.leaf_values:
        if k not in fixed and np.asarray(run.argument(k)).dtype.kind == "f":
            value = np.asarray(run.argument(k), dtype=np.float64)
            step = generator.uniform(0.01, 0.03, value.shape) * generator.choice([-1.0, 1.0], value.shape)
            with np.errstate(all="ignore"):
                values[graph.names[k]] = value + step * np.maximum(np.abs(value), 0.1)
    try:
        return trace(graph, values, upstream={graph.names[k]: seed for k, seed in run.seeds.items()})
    except (ChainruleError, ArithmeticError, ValueError):
        return None


def index_leaves(graph: Graph) -> frozenset[int]:
    """The leaves that are read as positions or class numbers: whole numbers in a slot that carries no gradient."""
    found = set()
    for target, arguments in enumerate(graph.arguments):
        op = graph.ops[target]
        if op is None or op.group == "comparison":
            continue
        for slot, k in enumerate(arguments):
            if k in graph.leaf_values and op.rule(slot) is None:
                value = np.asarray(graph.leaf_values[k])
                if np.array_equal(value, np.round(value)):
                    found.add(k)
    return frozenset(found)


def _right(run: Trace, edge: Edge) -> Any:
    """What the edge hands on by the right rule, None where that is nothing, zero, not finite or too large to try."""
    graph = run.graph
    upstream = raw(run, edge.target)
    met = (edge.target, *graph.arguments[edge.target])
    if upstream is None or not graph.tuples.isdisjoint(met) or max(np.size(run.argument(k)) for k in met) > LARGEST:
        return None
    right = np.asarray(downstream(graph, edge, np.asarray(upstream, dtype=np.float64), run.argument))
    return right if right.size and np.isfinite(right).all() and right.any() else None


def _same(places: Places, change: Change, right: Any) -> bool:
    """Whether the wrong rule hands on the same numbers; one whose shapes do not fit gives itself away."""
    if right is None or change.position is None:
        return False
    wrong = wrong_downstream(places, change, places.run._gradients[places.rows[change.position][0]])
    return wrong is not None and bool(np.max(np.abs(np.asarray(wrong) - right)) <= SAME * np.max(np.abs(right)))


def _mixed_up(run: Trace, near: Trace, edge: Edge) -> list[Finding]:
    """An operand whose entries are all alike, so that a rule that mixes them up cannot be told from the right one."""
    graph = run.graph
    op = op_at(graph, edge.target)
    if op.name not in MIXING:
        return []
    found = []
    for slot, k in enumerate(graph.arguments[edge.target]):
        if k < 0 or slot == edge.slot or op.rule(slot) is None or slot > 1:
            continue
        value = np.asarray(run.argument(k))
        if value.size > 1 and _all_alike(value) and not _all_alike(np.asarray(near.argument(k))):
            gradient = _derivative(run, edge.source)
            if value.size <= 6:
                text = f"{graph.names[k]} = {entries(value)}: any mix-up of its entries gives the same {gradient}."
            else:
                text = f"All {value.size} entries of {graph.names[k]} are alike: any mix-up of them gives the same {gradient}."
            found.append(Finding(text, (k, edge.source)))
    return found


def _all_alike(value: Any) -> bool:
    first = value.flat[0]
    return bool(np.max(np.abs(value - first)) <= SAME * abs(first))


def _derivative(run: Trace, index: int) -> str:
    """``dL/dW2``, or in words where there is not one output."""
    names = run.graph.names
    seeded = list(run.seeds)
    return f"d{names[seeded[0]]}/d{names[index]}" if len(seeded) == 1 else f"gradient of {names[index]}"


def _finding(places: Places, change: Change) -> Finding:
    run, graph = places.run, places.graph
    other = other_operand(places, change)
    matrix = np.asarray(run.argument(other))
    gradient = _derivative(run, change.node)
    if change.mistake.name == "missing-transpose" and matrix.shape == matrix.T.shape and np.array_equal(matrix, matrix.T):
        text = f"{argument_name(graph, other)} is symmetric here: leaving out its transpose gives the same {gradient}."
        return Finding(text, (change.node, max(other, 0)))
    shown = _values_met(places, change)
    values = [entries(run.argument(k)) for k in shown]
    if any("numbers" in value for value in values):
        at = f"With {' and '.join(graph.names[k] for k in shown)} as at this point"
    else:
        at = "At " + " and ".join(f"{graph.names[k]} = {value}" for k, value in zip(shown, values, strict=True))
    return Finding(f"{at}, {gradient} would be the same if {clause(places, change)}.", (change.node, *shown))


def _values_met(places: Places, change: Change) -> list[int]:
    """The nodes on whose values the right rule and the wrong one depend."""
    edge = change.edge(places)
    assert edge is not None
    op = op_at(places.graph, edge.target)
    rule = op.rule(edge.slot)
    text = set() if rule is None else rule.names | Formula(change.wrong.formula).names
    met = [k for name, k in zip(op.operands, places.graph.arguments[edge.target], strict=False) if name.lstrip("*") in text]
    if change.swapped is not None:
        met.append(change.swapped)
    return [k for k in dict.fromkeys(met) if k >= 0] or [edge.source]


def _kinked(graph: Graph, edge: Edge) -> bool:
    op = graph.ops[edge.target]
    return op is not None and op.kink is not None


def _one_sided(graph: Graph, edge: Edge) -> str:
    op = op_at(graph, edge.target)
    source, target = graph.names[edge.source], graph.names[edge.target]
    return f"{op.name} hands everything on from {target} to {source} here: a backward pass that forgot it would agree."

"""Judge a person's gradients: which node is wrong, which is only inherited, and which mistake explains it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.backprop import Trace, trace
from graphcore.backprop.passes import backward
from graphcore.check.belief import Belief
from graphcore.check.explain import explanations, said_of_rounding
from graphcore.check.findings import Checkup, Explanation, Finding, Verdict, furthest, nothing_fits
from graphcore.check.forward import ForwardSearch
from graphcore.check.given import Given
from graphcore.check.hand_in import HandIn, from_mapping
from graphcore.check.search import Search
from graphcore.check.shapes import misshapen
from graphcore.mistakes import UNKNOWN, Places

if TYPE_CHECKING:
    from graphcore.check.align import Alignment, Choice
    from graphcore.graph import Graph


def check(
    graph: Graph | Trace,
    gradients: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    upstream: Any = None,
    choices: Mapping[int, Choice | None] | None = None,
) -> Checkup:
    """Find where handed-in gradients go wrong, and name the mistakes.

    ``gradients`` (and forward ``values``) map names to arrays, for all nodes or some, or are what
    :func:`~graphcore.check.reading.read_gradients` returned, which carries the printed digits. ``at`` gives other leaf values,
    ``upstream`` another starting gradient, as for :func:`~graphcore.backprop.trace`; a trace in place of the graph has both.
    ``choices`` are corrections of which array belongs to which node. Raises what ``trace`` raises.

    >>> from graphcore.parse import parse
    >>> checkup = check(parse("x = 2\\ny = sin(x)"), {"x": 0.9093})
    >>> checkup.verdict, checkup.findings["x"].status
    ('wrong', 'origin')
    """
    from graphcore.check.align import align

    hand_in = gradients if isinstance(gradients, HandIn) else from_mapping(gradients, "gradient")
    if values is not None:
        hand_in = hand_in.beside(values if isinstance(values, HandIn) else from_mapping(values))
    known = graph.graph if isinstance(graph, Trace) else graph
    alignment = align(known, hand_in, choices or {})
    point = {**alignment.point, **(at or {})}
    if isinstance(graph, Trace) and not point and upstream is None:
        run = graph
    else:
        base = {leaf.name: graph.argument(leaf.index) for leaf in known.leaves} if isinstance(graph, Trace) else {}
        seeds = upstream if upstream is not None else _seeds(graph)
        run = trace(known, {**base, **point}, upstream=seeds)
    return judge(run, alignment, hand_in)


def _seeds(graph: Graph | Trace) -> Any:
    return {graph.graph.names[k]: seed for k, seed in graph.seeds.items()} if isinstance(graph, Trace) else None


def judge(run: Trace, alignment: Alignment, hand_in: HandIn) -> Checkup:
    """The checkup of a hand-in whose arrays are aligned with the nodes of a run."""
    with np.errstate(all="ignore"):
        handed_values = {k: _given(hand_in, row) for k, row in alignment.values.items()}
        forward = ForwardSearch(run, handed_values)
        values = forward.findings()
        handed, odd = _sorted_out(run, alignment, hand_in)
        places = Places(run, forward.store)
        right, _ = (
            (run._gradients, None) if not forward.changed else backward(run.graph, run.graph.plan, forward.store, run.seeds)
        )
        findings = _findings(run, places, right, handed) | odd
    for index in alignment.missing:
        findings.setdefault(index, Finding("missing", index, right=run.gradient(index)))
    values = _mending(values, findings)
    names = run.graph.names
    by_name = {names[k]: findings[k] for k in sorted(findings, reverse=True)}
    of_values = {names[k]: values[k] for k in sorted(values)}
    verdict = _verdict(by_name, of_values, run, alignment)
    return Checkup(
        run,
        MappingProxyType(by_name),
        MappingProxyType(of_values),
        verdict,
        alignment,
        hand_in.notes,
    )


def _mending(values: dict[int, Finding], findings: Mapping[int, Finding]) -> dict[int, Finding]:
    """A wrong forward value that is the only origin explains all that is wrong; of several nobody counts what is whose."""
    everything = [*values.values(), *findings.values()]
    origins = [f for f in everything if f.status == "origin"]
    if len(origins) != 1 or not origins[0].forward:
        return values
    wrong = sum(f.status in ("origin", "inherited") and f.handed is not None for f in everything)
    said = tuple(e if e.mistake == UNKNOWN else e._replace(mended=wrong) for e in origins[0].explanations)
    return {**values, origins[0].node: origins[0]._replace(explanations=said)}


def _given(hand_in: HandIn, row: Any) -> Given:
    reading = hand_in.readings[row.reading]
    gaps = np.isnan(row.array) if reading.incomplete else None
    return Given(row.array, row.half, reading.eps, gaps, reading.label, reading.line)


def _sorted_out(run: Trace, alignment: Alignment, hand_in: HandIn) -> tuple[dict[int, Given], dict[int, Finding]]:
    """What can be judged by its numbers, and findings about what cannot: another shape, no gradient there."""
    graph = run.graph
    handed: dict[int, Given] = {}
    odd: dict[int, Finding] = {}
    for row in alignment.rows:
        if row.node is None and row.meant is not None and row.role == "gradient" and row.meant not in alignment.gradients:
            odd[row.meant] = misshapen(run, row.meant, _given(hand_in, row))
    for index, row in alignment.gradients.items():
        given = _given(hand_in, row)
        if not graph.active[index]:
            why = f"{graph.names[index]} wants no gradient, so there is none to compare with."
            odd[index] = Finding("undecided", index, given.array, why=why, label=given.label, line=given.line)
        elif given.gaps is not None and given.gaps.all():
            why = "the file leaves out every entry (NumPy's ...)."
            odd[index] = Finding(
                "undecided", index, given.array, run.gradient(index), why=why, label=given.label, line=given.line
            )
        else:
            handed[index] = given
    return handed, odd


def _findings(run: Trace, places: Places, right: list[Any], handed: dict[int, Given]) -> dict[int, Finding]:
    """The findings about gradients: of every node handed in, and of those where a mistake was found in between."""
    if not handed:
        return {}
    search = Search(run, places, right, handed)
    believed = search.beliefs()
    best = believed[0]
    found: dict[int, Finding] = {}
    for index, given in handed.items():
        found[index] = _finding(search, best, index, given)
    for guess in best.guesses:
        said = explanations(search, believed, guess)
        at = found.get(guess.node)
        if at is None or at.status != "origin":
            implied = None if at is None else at.implied
            at = Finding("origin", guess.node, None if at is None else at.handed, run.gradient(guess.node), implied)
        found[guess.node] = at._replace(explanations=(*at.explanations, *said))
    return found


def _finding(search: Search, best: Belief, index: int, given: Given) -> Finding:
    run = search.run
    truth = run._gradients[index]
    right = run.gradient(index)
    implied = search.implied(best, index)
    apart = None if right is None else furthest(right, given.array, given.gaps)
    rounded = search.rounded.get(index)
    why = ""
    said: tuple[Explanation, ...] = ()
    if any(guess.node == index for guess in best.guesses):
        status = "origin"
    elif rounded is not None:
        status, said = "right", (said_of_rounding(search.graph, index, rounded),)
    elif search.scale.fits(index, truth, given):
        status = "right"
        if given.zeros and np.any(np.asarray(truth)):
            why = "every number prints as zero, so this proves nothing."
    else:
        status = "inherited"
    about = (given.label, given.line, given.eps, given.gaps)
    return Finding(status, index, given.array, right, implied, apart, given.largest, said, why, False, *about)  # type: ignore[arg-type]  # the literals above


def _verdict(findings: Mapping[str, Finding], values: Mapping[str, Finding], run: Trace, alignment: Alignment) -> Verdict:
    everything = [*findings.values(), *values.values()]
    if not alignment.point and nothing_fits(findings, values, alignment):
        return "unproven"
    if any(f.status in ("origin", "inherited") for f in everything):
        return "wrong"
    # the starting gradient is given, so it proves nothing
    mine = [f for f in findings.values() if f.status == "right" and f.node not in run.seeds]
    proving = [f for f in mine if not f.why and f.right is not None and f.right.any()]
    return "right" if proving and not any(f.status == "undecided" for f in everything) else "unproven"


__all__ = ["check", "judge"]

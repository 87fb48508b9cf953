"""How well a check finds planted mistakes, and how long it takes. Run by ``make bench-check``; ``--quick`` does a tenth.

Nine networks, one to three mistakes of the table at random places, gradients handed in at all nodes or at the leaves alone, with
all digits, computed in float32, or printed to 4 decimals. A case counts where a handed-in number changed; at the leaves a mistake
counts where taking it out changes one.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import graphcore as gc
from graphcore.check.findings import Checkup
from graphcore.mistakes import FACTOR, UNKNOWN
from graphcore.problems import GALLERY
from tests.planted import FORMS, Planted, cases, networks, plant, point_of

RUNS = {"all": 2000, "leaves": 400, "unlisted": 500, "right": 10_000}
ANONYMOUS = (UNKNOWN, FACTOR)


class Score(NamedTuple):
    """What came out of some cases."""

    runs: int
    origins: float
    names: float
    wrongly_named: int
    failed: Counter[tuple[str, ...]]


def checked(planted: Planted) -> Checkup:
    """The checkup of a planted hand-in, at the point where it was planted."""
    return gc.check(gc.trace(planted.run.graph, point_of(planted.run)), planted.hand_in())


def first_names(checkup: Checkup) -> dict[int, str]:
    """The first explanation of every origin."""
    return {f.node: f.explanations[0].mistake for f in checkup.findings.values() if f.status == "origin" and f.explanations}


def right_names(planted: Planted, found: dict[int, str]) -> bool:
    """Whether the planted names come first: at their nodes, at the leaves alone in whatever place gives the same numbers."""
    planned = {c.node: c.mistake.name for c in planted.changes if c.node in planted.origins}
    if planted.leaves_only:
        return Counter(planned.values()) == Counter(found.values())
    return all(found.get(node) == name for node, name in planned.items())


def score(runs: int, form: str, leaves_only: bool, listed: bool = True, seed: int = 1000) -> Score:
    """How many of these cases are found and named."""
    done = exact = named = wrongly = 0
    failed: Counter[tuple[str, ...]] = Counter()
    for planted in cases(runs, form, leaves_only, seed, listed):
        found = first_names(checked(planted))
        done += 1
        exact += frozenset(found) == planted.origins
        wrongly += sum(name not in ANONYMOUS for name in found.values()) if not listed else 0
        good = right_names(planted, found)
        named += good
        if not good or (frozenset(found) != planted.origins and not leaves_only):
            failed[tuple(sorted(c.mistake.name for c in planted.changes))] += 1
    return Score(done, exact / done, named / done, wrongly, failed)


def false_origins(runs: int) -> int:
    """How many hand-ins of right work are said to hold a mistake."""
    names = list(networks())
    found = 0
    for k in range(runs):
        planted = plant(names[k % len(names)], 0, FORMS[k // len(names) % 3], k % 2 == 1, 500_000 + k)
        assert planted is not None
        found += checked(planted).verdict == "wrong"
    return found


def times() -> Iterator[tuple[str, float, float]]:
    """Milliseconds a check of D and F takes, leaves only, with one mistake: the median over all kinds; and the limit."""
    for key, limit in (("d", 20.0), ("f", 1000.0)):
        graph = gc.parse(next(p.text for p in GALLERY if p.key == key))
        run = gc.trace(graph)
        took = []
        for case in _single_mistakes(run):
            gc.check(run, case)
            start = time.perf_counter()
            gc.check(run, case)
            took.append((time.perf_counter() - start) * 1e3)
        yield f"check of {key.upper()}, leaves only, {len(took)} mistakes, ms", statistics.median(took), limit


def _single_mistakes(run: gc.Trace) -> Iterator[dict[str, object]]:
    from graphcore.mistakes import Places, candidates, plant

    graph = run.graph
    places = Places(run)
    seen = set()
    for change in candidates(places):
        if change.mistake.name in seen:
            continue
        gradients = plant(places, change)
        if gradients is None:
            continue
        leaves = [k for k in graph.leaf_values if gradients[k] is not None]
        if any(not np.array_equal(gradients[k], run._gradients[k]) for k in leaves):
            seen.add(change.mistake.name)
            yield {graph.names[k]: gradients[k] for k in leaves}


def main() -> int:
    """Print every figure with its limit; how many limits are missed."""
    share = 10 if "--quick" in sys.argv else 1
    missed = 0

    def row(text: str, figure: float, limit: float, least: bool = True) -> None:
        nonlocal missed
        good = figure >= limit if least else figure <= limit
        missed += not good
        print(
            f"{text:78}{figure:10.4f}   {'at least' if least else 'at most'} {limit:<8g}{'ok' if good else 'MISSED'}", flush=True
        )

    for form, least in zip(FORMS, (0.999, 0.99, 0.99), strict=True):
        found = score(RUNS["all"] // share, form, False)
        row(f"all nodes, {form}, {found.runs} cases: exact set of origins", found.origins, least)
        row(f"all nodes, {form}: planted name first", found.names, 0.97)
        print(f"    failed: {dict(found.failed.most_common(5)) or 'none'}")
    for form in FORMS:
        found = score(RUNS["leaves"] // share, form, True)
        row(f"leaves only, {form}, {found.runs} cases: planted names first", found.names, 0.93)
        print(f"    failed: {dict(found.failed.most_common(5)) or 'none'}")
    for form in FORMS:
        found = score(RUNS["unlisted"] // share, form, False, listed=False)
        row(f"mistakes outside of the table, {form}, {found.runs} cases: right node", found.origins, 0.95)
        row(f"mistakes outside of the table, {form}: wrong names given", found.wrongly_named, 0, least=False)
    row(
        f"right work, {RUNS['right'] // share:,} hand-ins: said to be wrong",
        false_origins(RUNS["right"] // share),
        0,
        least=False,
    )
    for text, took, limit in times():
        row(text, took, limit, least=False)
    return missed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)

"""The message from Python to the picture, as agreed with the browser side.

``structure`` is made once per program and kept by the page, ``numbers`` once per set of leaf values; the rest is
light. Everything here is plain data for ``json.dumps(..., allow_nan=False)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore import latex
from graphcore.backprop import Trace
from graphcore.dot import ENTRIES
from graphcore.errors import ChainruleError, GraphError
from graphcore.graph import Graph
from graphcore.picture import encode
from graphcore.picture.numbers import numbers
from graphcore.picture.structure import completed, later, structure, topology
from graphcore.problems import GALLERY, STARTS

if TYPE_CHECKING:
    from graphcore.compare import Comparison

__all__ = [
    "completed",
    "derivation",
    "error",
    "examples",
    "later",
    "leaves",
    "numbers",
    "opened",
    "payload",
    "program",
    "structure",
    "topology",
    "verdict",
]

Json = dict[str, Any]

RUNNING: Json = {"state": "running", "sign": "…", "tone": "off", "bold": "", "small": "", "action": None, "reasons": []}


def payload(
    run: Trace | None,
    comparison: Comparison | None = None,
    *,
    structure_of: Mapping[str, Any] | None = None,
    derived: bool = False,
    open_node: str | int | None = None,
) -> Json:
    """Everything the picture shows of one run; ``run`` None is an empty page.

    ``structure_of`` is the run's structure where the caller has kept it, ``derived`` asks for the derivation,
    ``open_node`` for a node whose arrays are wanted in full.
    """
    graph = None if run is None else run.graph
    text = "" if graph is None else graph.source.text
    if graph is not None and structure_of is None:
        structure_of = structure(graph, None if comparison is None else comparison.torch)
    return {
        "page": "explore",
        "revision": 1,
        "stamp": "",
        "kept": [],
        "answers": 0,
        "notice": None,
        "topology": "" if graph is None else topology(graph),
        "structure": structure_of,
        "layouts": {},
        "numbers": None if run is None else numbers(run, comparison),
        "verdict": verdict(comparison, None),
        "program": program(text, text, None, graph),
        "examples": examples(),
        "starts": list(STARTS),
        "leaves": [] if run is None else leaves(run),
        "derivation": derivation(run, structure_of) if derived and run is not None and structure_of is not None else None,
        "code": None if run is None else code(run),
        "opened": None if run is None or open_node is None else opened(run, comparison, open_node),
        "start": {"step": None, "decimals": None},
    }


def program(text: str, ran: str, problem: Json | None, graph: Graph | None) -> Json:
    """The program in the editor, and the one the picture shows."""
    return {
        "text": text,
        "ran": ran,
        "error": problem,
        "skipped": None if graph is None else skipped(graph),
        "example": next((known.key for known in GALLERY if known.text == text), None),
    }


def examples() -> list[Json]:
    """The gallery, as the chooser wants it."""
    return [
        {"key": known.key, "title": known.title, "sentence": known.sentence, "text": known.text, "group": known.group}
        for known in GALLERY
    ]


def derivation(run: Trace, structure_of: Mapping[str, Any]) -> list[Json]:
    """The derivation of a run, each line with the number of its step in the picture, counted from 1."""
    edges = {edge: k for k, edge in enumerate(run.graph.edges)}
    backward = run.graph.backward_edges
    number = {step["edge"]: k for k, step in enumerate(structure_of["steps"], 1) if step["phase"] == "backward"}
    seed = next((k for k, step in enumerate(structure_of["steps"], 1) if step["phase"] == "seed"), None)
    return [
        {
            "step": seed if line.position < 0 else number.get(edges[backward[line.position]]),
            "symbols": line.symbols,
            "numbers": line.numbers,
            "latex": line.latex,
        }
        for line in latex.derivation(run)
    ]


def code(run: Trace) -> Json:
    """The backward pass as NumPy text and the program that checks it as torch text."""
    from graphcore.code import numpy_program, torch_program

    return {"numpy": numpy_program(run), "torch": torch_program(run)}


def leaves(run: Trace) -> list[Json]:
    """Every leaf with its numbers, and where they stand in the program."""
    graph = run.graph
    whole = integer_leaves(graph)
    rows = []
    for node in graph.leaves:
        value = run.value(node.index)
        spans = graph.source.entry_spans.get(node.index)
        rows.append(
            {
                "node": node.index,
                "name": node.name,
                "shape": list(node.shape),
                "values": encode.numbers(value) if value.size <= ENTRIES else None,
                "spans": None if spans is None or value.size > ENTRIES else [list(span) for span in spans],
                "span": list(node.span) if node.span else None,
                "wants": node.index not in graph.constants,
                "integer": node.index in whole,
            }
        )
    return rows


def integer_leaves(graph: Graph) -> frozenset[int]:
    """Leaves used as indices or class numbers: constants of whole numbers that some op takes without a rule."""
    found = set()
    for target, arguments in enumerate(graph.arguments):
        op = graph.ops[target]
        if op is None or op.group == "comparison":
            continue
        for slot, source in enumerate(arguments):
            if source in graph.constants and op.rule(slot) is None:
                values = np.asarray(graph.leaf_values[source])
                if bool(np.all(np.mod(values, 1) == 0)):
                    found.add(source)
    return frozenset(found)


def opened(run: Trace, comparison: Comparison | None, node: str | int) -> Json:
    """A node's value, gradient and torch's gradient in full, up to 10,000 entries each."""
    index = run.graph.index(node) if isinstance(node, str) else node
    return {
        "node": index,
        "value": encode.opened(run.value(index)),
        "gradient": encode.opened(run.gradient(index)),
        "torch": None if comparison is None else encode.opened(comparison.torch_gradient(index)),
    }


def skipped(graph: Graph) -> str | None:
    """The lines of a pasted program that were passed over, counted: ``3 lines skipped: 1 import, 2 prints``."""
    counts = graph.source.skipped
    total = sum(counts.values())
    if not total:
        return None
    listed = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in counts.items() if n)
    return f"{total} line{'s' if total > 1 else ''} skipped: {listed}"


def verdict(comparison: Comparison | None, error: Exception | None) -> Json:
    """The banner: torch's verdict, or that the program shown has not been run."""
    if error is not None:
        line = getattr(error, "line", None)
        rest = "The picture shows your last working program." if comparison is not None else "Mend it to see the picture."
        return {
            "state": "stale",
            "sign": "…",
            "tone": "off",
            "bold": "Not run yet.",
            "small": f"{f'Line {line}' if line else 'The program'} has an error. {rest}",
            "action": {"label": f"Go to line {line}", "kind": "line", "line": line} if line else None,
            "reasons": [],
        }
    if comparison is None:
        return dict(RUNNING)
    answer: Json = comparison.banner.payload()
    return answer


def _ended(sentence: str, text: str) -> Json | None:
    """The mend of a program whose output is an array: a last line that the error asks for."""
    asked = re.search(r"End with (sum\(([^\W\d]\w*)\))", sentence)
    if asked is None or not text.strip():
        return None
    name = next(name for name in ("L", "loss", *(f"L{k}" for k in range(1, 9999))) if not re.search(rf"\b{name}\b", text))
    return {"label": f"End with {asked[1]}", "text": f"{text.rstrip()}\n{name} = {asked[1]}\n"}


def error(problem: Exception, text: str) -> Json:
    """``ERROR`` of the contract: where, what, what instead, the line with its carets, and the mend if there is one."""
    if not isinstance(problem, GraphError):
        what, _, instead = str(problem).partition(". ") if isinstance(problem, ChainruleError) else (str(problem), "", "")
        return {
            "line": None,
            "column": None,
            "where": "",
            "what": what if what.endswith(".") or not instead else what + ".",
            "instead": instead,
            "source": None,
            "carets": None,
            "fix": _ended(str(problem), text),
        }
    source = problem.source
    if source is None and problem.line is not None:
        rows = text.splitlines()
        source = rows[problem.line - 1] if 0 < problem.line <= len(rows) else None
    carets = None
    if source is not None and problem.column is not None:
        first = problem.column - 1
        carets = [first, max(first + 1, (problem.end_column or problem.column + 1) - 1)]
    return {
        "line": problem.line,
        "column": problem.column,
        "where": problem.where,
        "what": problem.what,
        "instead": problem.instead,
        "source": source,
        "carets": carets,
        "fix": None if problem.fix is None else {"label": problem.fix.label, "text": problem.fix.text},
    }

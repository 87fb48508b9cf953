"""What a report of a checkup says, as plain texts that each format escapes in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphcore import latex
from graphcore.check.findings import Checkup, Explanation, Finding
from graphcore.check.numbers import INLINE, number, pair, short
from graphcore.check.point import at_which_point
from graphcore.check.words import banner, doubt, entry, remains
from graphcore.check.words import difference as difference_of
from graphcore.graph import Edge
from graphcore.latex.rules import is_scalar_edge, loss_name

if TYPE_CHECKING:
    from graphcore.backprop import Trace
    from graphcore.compare.words import Reason

SIGNS = {"right": "=", "origin": "≠", "inherited": "≠", "missing": "…", "undecided": "?"}
WRITTEN_OUT = 60  # entries that a block holds
LISTED = 200  # nodes of a recorded graph that are listed


class Cell(NamedTuple):
    """A node in the table of all nodes."""

    node: str
    formula: str
    what: str  # "gradient" or "value"
    status: str
    handed: str
    right: str
    error: str
    read: str


class Guess(NamedTuple):
    """One explanation of a finding, with the contribution it is about in symbols and in numbers.

    ``looks`` says that it is not certain, ``remains`` what stays wrong once it is mended.
    """

    mistake: str
    text: str
    looks: str
    wrong: str
    right: str
    steps: tuple[str, ...]
    apart: str
    remains: str


class Section(NamedTuple):
    """One finding that has something to say: its title, both numbers, and the explanations."""

    title: str
    status: str
    handed: str
    right: str
    worst: str
    guesses: tuple[Guess, ...]
    why: str


class Content(NamedTuple):
    """The whole report."""

    title: str
    sign: str
    tone: str
    bold: str
    small: str
    problem: str
    cells: tuple[Cell, ...]
    sections: tuple[Section, ...]
    evidence: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


def content(checkup: Checkup, evidence: Sequence[Reason] = ()) -> Content:
    """Everything that a report says."""
    said = banner(checkup, tuple(evidence))
    findings = _in_order(checkup)
    return Content(
        "Gradients, checked",
        said.sign,
        said.tone,
        said.bold,
        said.small,
        _problem(checkup.run),
        tuple(_cell(checkup, f) for f in findings),
        tuple(_section(checkup, f) for f in findings if f.status in ("origin", "undecided") or f.explanations),
        tuple((reason.sign, reason.title, reason.text) for reason in said.reasons),
        (*at_which_point(checkup), *checkup.notes, *(checkup.alignment.notes if checkup.alignment else ())),
    )


def _in_order(checkup: Checkup) -> list[Finding]:
    """Values from the leaves to the output, then gradients the other way."""
    forward = sorted(checkup.values.values(), key=lambda f: f.node)
    return forward + sorted(checkup.findings.values(), key=lambda f: -f.node)


def _problem(run: Trace) -> str:
    """The program as it was written; of a recorded graph its nodes."""
    graph = run.graph
    if graph.source.text:
        return graph.source.text
    shown = min(len(graph), LISTED)
    lines = [f"{latex.head(graph, k)}    {'×'.join(map(str, graph.shapes[k]))}".rstrip() for k in range(shown)]
    return "\n".join([*lines, f"… {len(graph) - shown:,} more nodes"] if shown < len(graph) else lines)


def _cell(checkup: Checkup, finding: Finding) -> Cell:
    graph = checkup.run.graph
    difference = ""
    if finding.error is not None and finding.status != "missing":
        difference = difference_of(finding)
        if finding.allowed:
            difference += f" ({number(finding.allowed)} allowed)"
    handed, right = pair(finding.handed, finding.right, INLINE)
    node = graph.names[finding.node]
    head = latex.head(graph, finding.node)
    what = "value" if finding.forward else "gradient"
    return Cell(node, head, what, finding.status, handed, right, difference, _read(checkup, finding))


def _read(checkup: Checkup, finding: Finding) -> str:
    """Which handed-in array this was, and how it was found."""
    parts = [f"`{finding.label}`"] if finding.label else []
    if finding.line is not None:
        parts.append(f"line {finding.line}")
    if checkup.alignment is not None:
        found = (checkup.alignment.values if finding.forward else checkup.alignment.gradients).get(finding.node)
        parts += [part for part in (found.how, found.change) if part] if found else []
    return ", ".join(parts)


def _section(checkup: Checkup, finding: Finding) -> Section:
    graph = checkup.run.graph
    kind = "Forward value" if finding.forward else "Gradient"
    handed, right = pair(finding.handed, finding.right, WRITTEN_OUT)
    return Section(
        f"{kind} of {graph.names[finding.node]}",
        finding.status,
        handed,
        right,
        _worst(finding),
        tuple(_guesses(checkup, finding)),
        finding.why,
    )


def _guesses(checkup: Checkup, finding: Finding) -> Iterator[Guess]:
    """The explanations; numbers that an earlier one has shown are not shown again."""
    shown: set[str] = set()
    for explanation in finding.explanations:
        guess = _guess(checkup, finding, explanation)
        yield guess._replace(steps=tuple(step for step in guess.steps if step not in shown))
        shown.update(guess.steps)


def _guess(checkup: Checkup, finding: Finding, explanation: Explanation) -> Guess:
    steps = () if finding.forward else tuple(steps_of(checkup.run, explanation.node, explanation.edge))
    return Guess(
        explanation.mistake,
        explanation.text,
        doubt(explanation),
        in_symbols(checkup.run, explanation.wrong),
        in_symbols(checkup.run, explanation.right),
        steps,
        explanation.apart,
        remains(checkup, finding, explanation),
    )


def in_symbols(run: Trace, formula: str) -> str:
    """A formula of an explanation with the name of this problem's output."""
    return formula.replace("∂L/", f"∂{loss_name(run.graph)}/")


def steps_of(run: Trace, node: int, only: Edge | None) -> list[str]:
    """What each use of a node, or one of them, hands on, by the right rule: in symbols, then in numbers."""
    lines = []
    for position, edge in enumerate(run.graph.backward_edges):
        if edge.source == node and (only is None or edge == only) and run.downstream(position) is not None:
            lines.append(_scalar_step(run, position) if is_scalar_edge(run.graph, edge) else _array_step(run, position))
    return lines


def _scalar_step(run: Trace, position: int) -> str:
    graph = run.graph
    edge = graph.backward_edges[position]
    loss, target = loss_name(graph), graph.names[edge.target]
    symbol = latex.local_symbol(graph, edge, "text") or "1"
    upstream, downstream = run.gradient(edge.target), run.downstream(position)
    local = run.step(position).local.dense()
    return f"∂{loss}/∂{target} · {symbol} = {short(upstream)} × {short(local[0, 0])} = {short(downstream)}"


def _array_step(run: Trace, position: int) -> str:
    graph = run.graph
    edge = graph.backward_edges[position]
    tokens = latex.rule_tokens(graph, edge) or []
    symbols = "".join(_token(token) for token in tokens)
    used = {str(token.get("value", "")).removesuffix("ᵀ") for token in tokens}
    where = [f"∂{loss_name(graph)}/∂{graph.names[edge.target]} = {short(run.gradient(edge.target))}"]
    operands = dict.fromkeys(k for k in graph.arguments[edge.target] if k >= 0)
    where += [f"{graph.names[k]} = {short(run.value(k))}" for k in (*operands, edge.target) if graph.names[k] in used]
    return f"{symbols or graph.names[edge.source]} = {short(run.downstream(position))}, where {'; '.join(where)}"


def _token(token: dict[str, Any]) -> str:
    if "d" in token:
        return f"∂{token['d'][0]}/∂{token['d'][1]}"
    if "op" in token:
        return f" {token['op']} "
    return str(token.get("value", token.get("text", "")))


def _worst(finding: Finding) -> str:
    """The entry that differs most, of an array that is not a single number."""
    found = entry(finding)
    if found is None or finding.handed is None or finding.right is None or finding.handed.size < 2:
        return ""
    count = finding.differing
    mine, other = pair(found[1], found[2], INLINE)
    size = finding.handed.size
    return f"{count} of {size} entries differ; most of all {list(found[0])}: {mine} handed in, {other} right." if count else ""

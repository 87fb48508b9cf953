"""The gradient table: one row per step of the backward pass, as data and as text, Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore import dot, latex
from graphcore.backprop import Trace, kernels
from graphcore.graph import Edge, Graph
from graphcore.jacobian import local_jacobian
from graphcore.latex.terms import first_part, handed_on
from graphcore.ops.namespaces import Array, Shape

if TYPE_CHECKING:
    from graphcore.compare import Comparison

SIGNS = {"match": "=", "mismatch": "≠", "inherited": "≠", "zero": "0", "non-finite": "∞"}
STRUCTURED = 10**6  # entries of an edge's ends beyond which no structure is looked for
INLINE = 4  # entries of an array that a cell still writes out


@dataclass(frozen=True)
class Row:
    """One edge of the backward pass, or a node that no edge brings gradient to.

    ``through`` is the node the gradient comes from; ``upstream`` what arrived there, ``local`` the derivative along the
    edge (a number between scalars, else the kind and shape of the Jacobian), ``downstream`` what this edge hands on,
    ``gradient`` the node's total. ``error`` is in eps of torch's largest entry.
    """

    node: str
    op: str
    shape: Shape
    value: Array
    through: str
    upstream: Array | None
    local: float | str | None
    downstream: Array | None
    gradient: Array | None
    torch: Array | None
    error: float | None
    state: str


HEADINGS = tuple(field.name for field in fields(Row))


def rows(run: Trace, comparison: Comparison | None = None) -> list[Row]:
    """The table of a run, in the order of the backward pass; nodes that get no gradient come last."""
    graph = run.graph
    carrying = set(dot.carrying(graph))
    found = [_row(run, comparison, k) for k in graph.output_indices]
    arrived = set(graph.output_indices)
    for position, edge in enumerate(graph.backward_edges):
        if edge in carrying:
            found.append(_row(run, comparison, edge.source, edge, position))
            arrived.add(edge.source)
    return found + [_row(run, comparison, k) for k in range(len(graph)) if k not in arrived]


def _row(run: Trace, comparison: Comparison | None, node: int, edge: Edge | None = None, position: int | None = None) -> Row:
    graph = run.graph
    op = graph.ops[node]
    down = None if position is None else handed_on(run, position)
    return Row(
        node=graph.names[node],
        op=op.name if op else "constant" if node in graph.constants else "leaf",
        shape=graph.shapes[node],
        value=first_part(run.value(node)),
        through="" if edge is None else graph.names[edge.target],
        upstream=None if edge is None else first_part(run.gradient(edge.target)),
        local=None if edge is None else _local(run, edge),
        downstream=down,
        gradient=first_part(run.gradient(node)),
        torch=None if comparison is None else first_part(comparison.torch_gradient(node)),
        error=None if comparison is None else comparison.errors[node],
        state="" if comparison is None else comparison.states[node],
    )


def _local(run: Trace, edge: Edge) -> float | str:
    if scalar(run.graph, edge):
        return local_number(run, edge)
    if not run.graph.tuples.isdisjoint(edge[:2]):
        return "function"
    rows, columns = local_jacobian(run, edge).shape
    return f"{jacobian_kind(run, edge)} {rows}×{columns}"


def jacobian_kind(run: Trace, edge: Edge) -> str:
    """The structure of an edge's local Jacobian in one word; of torch's own ops only what costs little to find out."""
    graph = run.graph
    op = graph.ops[edge.target]
    rule = None if op is None else op.rule(edge.slot)
    if graph.recorded is not None and rule is not None:
        if rule.function is not None:
            return "function"
        if math.prod(graph.shapes[edge.source]) + math.prod(graph.shapes[edge.target]) > STRUCTURED:
            return "large"
    return local_jacobian(run, edge).kind


def scalar(graph: Graph, edge: Edge) -> bool:
    """Whether an edge joins two scalars, so that its local derivative is one number."""
    return not graph.shapes[edge.source] and not graph.shapes[edge.target] and graph.tuples.isdisjoint(edge[:2])


def local_number(run: Trace, edge: Edge) -> float:
    """d(target)/d(source) of an edge between two scalars: its rule on an upstream gradient of 1."""
    graph = run.graph
    op = graph.ops[edge.target]
    operands = [run.argument(k) for k in graph.arguments[edge.target]]
    if op is not None and not op.variadic and all(type(value) is float for value in operands):
        rule = kernels(op, graph.statics[edge.target], True)[1][edge.slot]
        if rule is not None:
            try:
                return float(rule(1.0, run.argument(edge.target), *operands))
            except (ArithmeticError, ValueError):
                pass  # floats raise where IEEE arithmetic has an answer; the Jacobian is made of arrays
    return float(local_jacobian(run, edge).dense()[0, 0])


def cells(row: Row, decimals: int = 4) -> list[str]:
    """A row as short texts, in the order of :data:`HEADINGS`."""

    def short(value: Any) -> str:
        return tensor_text(value, decimals)

    return [
        row.node,
        row.op,
        "×".join(map(str, row.shape)),
        short(row.value),
        row.through,
        short(row.upstream),
        row.local if isinstance(row.local, str) else short(row.local),
        short(row.downstream),
        short(row.gradient) or "none",
        short(row.torch) or "none" * bool(row.state),
        "" if row.error is None else latex.number_text(row.error, 1) if math.isfinite(row.error) else "∞",
        f"{SIGNS.get(row.state, '')} {row.state}".strip(),
    ]


def tensor_text(value: Any, decimals: int = 4) -> str:
    """A number, up to four entries, or the shape and norm of a larger array.

    >>> tensor_text(np.array([[1.0, -0.5]])), tensor_text(np.ones((3, 3))), tensor_text(None)
    ('[[1, −0.5000]]', '3×3, norm 3', '')
    """
    if value is None:
        return ""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return latex.number_text(float(array), decimals)
    if array.size > INLINE:
        with np.errstate(all="ignore"):
            length = float(np.sqrt(np.sum(array * array)))
        return f"{'×'.join(map(str, array.shape))}, norm {latex.number_text(length, decimals)}"
    return _listed(array.tolist(), decimals)


def _listed(entries: Any, decimals: int) -> str:
    if isinstance(entries, list):
        return f"[{', '.join(_listed(entry, decimals) for entry in entries)}]"
    return latex.number_text(entries, decimals)


def text(table: Sequence[Row], decimals: int = 4) -> str:
    """The table in aligned columns for a terminal; names lose their control characters."""
    body = [[_printable(cell) for cell in cells(row, decimals)] for row in table]
    grid = [list(HEADINGS), *body]
    kept = [k for k in range(len(HEADINGS)) if any(line[k] for line in body)]
    widths = {k: max(_columns(line[k]) for line in grid) for k in kept}
    right = {HEADINGS.index(name) for name in ("value", "upstream", "local", "downstream", "gradient", "torch", "error")}
    lines = []
    for line in grid:
        padded = [
            " " * (widths[k] - _columns(line[k])) + line[k] if k in right else line[k] + " " * (widths[k] - _columns(line[k]))
            for k in kept
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _printable(cell: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cell)


def _columns(cell: str) -> int:
    # a terminal gives wide characters two columns and combining ones none
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)


def markdown(table: Sequence[Row], decimals: int = 4) -> str:
    r"""The table in Markdown; whatever a cell holds is shown as text.

    >>> _markdown_cell("a|b <i> [x](y)")
    'a\\|b \\<i\\> \\[x\\]\\(y\\)'
    """
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    lines += ["| " + " | ".join(_markdown_cell(cell) for cell in cells(row, decimals)) + " |" for row in table]
    return "\n".join(lines) + "\n"


def _markdown_cell(cell: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#|~!&" else c for c in _printable(cell))


def as_csv(table: Sequence[Row]) -> str:
    """The table as CSV with every digit; an array is a nested list in one cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for row in table:
        writer.writerow([_csv_cell(getattr(row, name)) for name in HEADINGS])
    return out.getvalue()


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, tuple):
        return "×".join(map(str, value))
    # a spreadsheet would run a cell that starts like a formula
    content = str(value)
    return f"'{content}" if content[:1] in "=+-@\t\r" else content


def as_latex(table: Sequence[Row], decimals: int = 4) -> str:
    """The table as a LaTeX ``tabular``; names are escaped."""
    lines = [rf"\begin{{tabular}}{{{'l' * len(HEADINGS)}}}", " & ".join(HEADINGS) + r" \\ \hline"]
    lines += [" & ".join(_latex_cell(cell) for cell in cells(row, decimals)) + r" \\" for row in table]
    return "\n".join([*lines, r"\end{tabular}", ""])


_LATEX = {"−": "$-$", "×": r"$\times$", "≠": r"$\neq$", "∞": r"$\infty$", "=": "$=$"}


def _latex_cell(cell: str) -> str:
    return "".join(_LATEX.get(c) or latex.escape(c) for c in _printable(cell))


def norm(array: Array) -> float:
    """The Euclidean length of all entries, without overflow or underflow on the way.

    >>> norm(np.array([3e-200, 4e-200]))
    5e-200
    """
    flat = array.ravel()
    with np.errstate(all="ignore"):
        length = float(np.sqrt(flat @ flat))
    if math.isfinite(length) and length > 1e-150:
        return length
    largest = float(np.max(np.abs(flat), initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = flat / largest
    return largest * float(np.sqrt(scaled @ scaled))

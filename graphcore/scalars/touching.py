"""Which scalars a scalar touches along one edge: a row or a column of the local Jacobian, as few numbers as it has."""

from __future__ import annotations

from contextlib import suppress
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace, kernels
from graphcore.graph import Edge
from graphcore.jacobian import Jacobian, local_jacobian
from graphcore.jacobian.entries import Whole
from graphcore.jacobian.parts import flattened, shapes_of
from graphcore.ops.namespaces import Array
from graphcore.scalars.places import numbers

WORK = 2_000_000  # numbers that may be passed through a rule again and again to find one column
# where a local derivative of 0 says that the two do not meet; elsewhere it is a product with 0
_PICKING = frozenset({"selection", "sparse", "function"})


class Touched(NamedTuple):
    """Scalars at the other end, by number, and the local derivatives; ``unread`` more may be touched."""

    positions: Whole
    locals: Array
    unread: int = 0


def operands_touched(run: Trace, edge: Edge, position: int) -> Touched:
    """The entries of the source that entry ``position`` of the target comes from."""
    if _looked_up(run, edge):
        return _looked_up_row(run, edge, position)
    local = local_jacobian(run, edge)
    positions, found = local.row(position)
    return _met(local, positions, found)


def consumers_touched(run: Trace, edge: Edge, position: int) -> Touched:
    """The entries of the target that entry ``position`` of the source goes into."""
    if edge.source in run.graph.tuples:
        return _picked_part(run, edge, position)
    if _looked_up(run, edge):
        return _places_of_row(run, edge, position)
    local = local_jacobian(run, edge)
    if local.kind == "function":
        return _column(local, position)
    positions, found = local.entry(position)
    return _met(local, positions, found)


def _met(local: Jacobian, positions: Whole, found: Array) -> Touched:
    if len(found) > 1 and not found.all() and local.kind in _PICKING:
        kept = found.nonzero()[0]
        return Touched(positions[kept], found[kept])
    return Touched(positions, found)


def _picked_part(run: Trace, edge: Edge, position: int) -> Touched:
    """Of a node with several parts: the entry that one of them became, if it was this part."""
    k = dict(run.graph.statics[edge.target]).get("k", 0)
    shapes = shapes_of(run, edge.source)
    place = position - sum(prod(shape) for shape in shapes[:k])
    if 0 <= place < prod(shapes[k]):
        return Touched(np.array([place]), np.ones(1))
    return Touched(np.zeros(0, np.intp), np.zeros(0))


def _looked_up(run: Trace, edge: Edge) -> bool:
    """Whether the source is a table of which whole rows are taken: often the largest array of a network."""
    op = run.graph.ops[edge.target]
    plain = op is not None and op.name == "embedding" and edge.slot == 0
    return plain and not dict(run.graph.statics[edge.target]).get("scale_grad_by_freq")


def _table(run: Trace, edge: Edge) -> tuple[Array, int, int]:
    """The numbers of the rows taken, how long a row is, and the row that gets no gradient."""
    rows: Any = run.argument(run.graph.arguments[edge.target][1])
    padding = dict(run.graph.statics[edge.target]).get("padding_idx", -1)
    return np.ravel(rows).astype(np.intp), run.graph.shapes[edge.source][1], -1 if padding is None else padding


def _looked_up_row(run: Trace, edge: Edge, position: int) -> Touched:
    rows, width, padding = _table(run, edge)
    row = int(rows[position // width])
    return Touched(np.array([row * width + position % width]), np.array([float(row != padding)]))


def _places_of_row(run: Trace, edge: Edge, position: int) -> Touched:
    rows, width, padding = _table(run, edge)
    row, column = divmod(position, width)
    places = np.flatnonzero(rows == row) if row != padding else np.zeros(0, np.intp)
    return Touched(places * width + column, np.ones(len(places)))


def _column(local: Jacobian, position: int) -> Touched:
    """A column of a rule that is a function: row by row, first of the entries that change with this number."""
    rows = _changing(local.run, local.edge, position)
    found = _read(local, rows, position)
    if found.unread or len(rows) == local.shape[0] or _complete(local, position, found):
        return found
    return _read(local, np.arange(local.shape[0]), position)


def _read(local: Jacobian, rows: Whole, position: int) -> Touched:
    """The column at these rows, at those with the largest upstream gradients where they are many."""
    most = max(4, WORK // max(1, sum(local.shape)))
    if len(rows) > most:
        target = local.edge.target
        upstream = np.abs(flattened(local.run, target, local.run.gradient(target)))
        chosen = np.sort(rows[np.argsort(-upstream[rows], kind="stable")[:most]])
    else:
        chosen = rows
    found = local.picked(chosen, np.array([position]))[:, 0]
    kept = found.nonzero()[0]
    return Touched(chosen[kept], found[kept], len(rows) - len(chosen))


def _complete(local: Jacobian, position: int, found: Touched) -> bool:
    """Whether the edge hands on what the entries found account for."""
    run, edge = local.run, local.edge
    known = handed_on(run, edge, position)
    if known is None or not np.isfinite(known):
        return True
    with np.errstate(all="ignore"):
        parts = flattened(run, edge.target, run.gradient(edge.target))[found.positions] * found.locals
    return bool(abs(parts.sum() - known) <= 1e-9 * (abs(known) + np.abs(parts).sum()))


def handed_on(run: Trace, edge: Edge, position: int) -> float | None:
    """What an edge of the graph hands on to one entry of its source; None where nothing arrives."""
    kept = vars(run.graph)
    places: dict[Edge, int] | None = kept.get("_backward_positions")
    if places is None:
        places = kept.setdefault("_backward_positions", {edge: k for k, edge in enumerate(run.graph.backward_edges)})
    down = run.downstream(places[edge]) if edge in places else None
    return None if down is None else float(flattened(run, edge.source, down)[position])


def _changing(run: Trace, edge: Edge, position: int) -> Whole:
    """The entries of the target that hang on one number: those that another number there changes."""
    graph = run.graph
    op = graph.ops[edge.target]
    assert op is not None
    kernel, _ = kernels(op, graph.statics[edge.target], False)
    values = [run.argument(k) for k in graph.arguments[edge.target]]
    now = numbers(run.argument(edge.target))
    if np.size(values[edge.slot]) > WORK:
        return np.arange(len(now))
    before = np.array(values[edge.slot], dtype=np.float64)
    changed = np.zeros(len(now), dtype=bool)
    number = before.flat[position]
    with np.errstate(all="ignore"):
        for other in (np.nan, number * (1 + 1e-6) + 1e-6):
            moved: Any = before.copy()
            moved.flat[position] = other
            values[edge.slot] = moved if moved.ndim else moved[()]
            with suppress(ArithmeticError, ValueError, IndexError, np.linalg.LinAlgError):
                changed |= numbers(kernel(*values)) != now
                continue
            return np.arange(len(now))
    return changed.nonzero()[0]

"""The local Jacobian of an edge: structured, read off the op's own rule, never dense unless asked.

``J[i, j] = d target.flat[i] / d source.flat[j]``, both flattened row by row. The rule is run once on a linear map in
the place of the upstream gradient (:mod:`graphcore.jacobian.linear`); a rule that is a function of its own is instead
run on one-hot gradients, only for the rows asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.errors import JacobianError
from graphcore.graph import Edge, Parts
from graphcore.jacobian.entries import Entries, Whole
from graphcore.jacobian.linear import Linear, as_linear
from graphcore.jacobian.naming import Sides, softmax_of, structure_of
from graphcore.jacobian.parts import flattened, one_hot, shapes_of, size_of
from graphcore.jacobian.rules import LINEAR
from graphcore.jacobian.special import special_of
from graphcore.jacobian.structure import kind_of
from graphcore.jacobian.terms import NotLinearError
from graphcore.ops import Op, Statics
from graphcore.ops.namespaces import ARRAYS, Array, Kernel

__all__ = ["LARGEST", "Jacobian", "local_jacobian"]

LARGEST = 10**6


def local_jacobian(run: Trace, edge: Edge) -> Jacobian:
    """d(target)/d(source) of one edge at the recorded values, undoing broadcasting included.

    >>> from graphcore.backprop import trace
    >>> from graphcore.graph import Builder
    >>> b = Builder(); x = b.leaf("x", [3.0, 4.0]); y = b.apply("mul", x, x, name="y")
    >>> run = trace(b.graph(), upstream=[1.0, 1.0])
    >>> local_jacobian(run, run.graph.edges[0]).dense()
    array([[3., 0.],
           [0., 4.]])
    """
    return Jacobian(run, edge)


@dataclass(frozen=True, eq=False, repr=False)
class Jacobian:
    """A local Jacobian; made when first asked for a number or its kind."""

    run: Trace
    edge: Edge

    def __repr__(self) -> str:
        names = self.run.graph.names
        rows, columns = self.shape
        return f"<Jacobian d{names[self.edge.target]}/d{names[self.edge.source]}: {rows} x {columns}, {self.kind}>"

    @cached_property
    def shape(self) -> tuple[int, int]:
        """The sizes of target and source."""
        return size_of(self.run, self.edge.target), size_of(self.run, self.edge.source)

    @property
    def ends(self) -> tuple[int, int]:
        """Target and source."""
        return self.edge.target, self.edge.source

    @property
    def kind(self) -> str:
        """One word for the structure (:mod:`graphcore.jacobian.structure` lists them)."""
        known = special_of(self.run, self.edge)
        if known is not None:
            return known.kind
        if self.edge.source in self.run.graph.tuples:
            return "selection"
        terms = self._terms
        return "function" if terms is None else kind_of(terms, self.shape)

    @property
    def structure(self) -> str:
        """The structure with the user's names where they say it (``I ⊗ W2ᵀ``), else the kind."""
        return self.structure_when()

    def structure_when(self, columns: bool = False, denominator: bool = False) -> str:
        """The structure where arrays are flattened with their ``columns`` stacked, or of the transpose."""
        graph, (source, target, _) = self.run.graph, self.edge
        known = special_of(self.run, self.edge)
        if known is not None:
            return known.turned if denominator else known.formula
        arguments = graph.arguments[target]
        named = [(graph.names[k], self.run.argument(k)) for k in (*arguments, target) if k >= 0]
        sides = Sides(graph.shapes[target], graph.shapes[source], columns, denominator)
        found = structure_of(self._terms or (), self.kind, named, sides)
        op = graph.ops[target]
        return found if op is None or found != "softmax" else softmax_of(op.name, graph.names[target], sides)

    def block(self, rows: slice | int, columns: slice | int) -> Array:
        """The entries at ``rows`` of the flattened target and ``columns`` of the flattened source, a matrix always.

        A number stands for the one row or column of that number. Raises :class:`JacobianError` above 10^6 entries,
        IndexError for a number that does not exist and TypeError for what is neither.
        """
        r, c = positions(rows, self.shape[0]), positions(columns, self.shape[1])
        return self.picked(r, c)

    def picked(self, r: Whole, c: Whole) -> Array:
        """The entries at these rows and columns, in their order; JacobianError above 10^6 of them."""
        refuse_large(self, len(r), len(c))
        terms = self._readable if len(r) and len(c) else ()
        if terms is None:
            return self._rows(r)[:, c]
        result = np.zeros((len(r), len(c)))
        flat = result.reshape(-1)
        with np.errstate(all="ignore"):
            for term in terms:
                at, values = term.block(r, c)
                flat[at] += values
        return result

    def dense(self) -> Array:
        """The whole matrix; raises :class:`JacobianError` above 10^6 entries."""
        return self.block(slice(None), slice(None))

    def entry(self, column: int) -> tuple[Whole, Array]:
        """The entries of one column that the structure does not make zero: their rows and their values.

        They write one downstream number out: ``downstream.flat[column] = sum(upstream.flat[rows] * values)``.
        Raises IndexError for a column that does not exist.
        """
        position = range(self.shape[1])[column]
        if self._readable is not None:
            return self._line(self._readable, position, along_g=False)
        return _where_nonzero(self._rows(np.arange(self.shape[0]))[:, position])

    def row(self, row: int) -> tuple[Whole, Array]:
        """The entries of one row that the structure does not make zero: their columns and their values."""
        position = range(self.shape[0])[row]
        if self._readable is not None:
            return self._line(self._readable, position, along_g=True)
        return _where_nonzero(self._rows(np.array([position]))[0])

    @staticmethod
    def _line(terms: tuple[Entries, ...], position: int, along_g: bool) -> tuple[Whole, Array]:
        with np.errstate(all="ignore"):
            lines = [term.line(position, along_g) for term in terms]
        if len(lines) == 1:
            return lines[0]
        partners = np.concatenate([np.zeros(0, np.intp), *[found for found, _ in lines]])
        together, which = np.unique(partners, return_inverse=True)
        values = np.zeros(len(together))
        np.add.at(values, which, np.concatenate([np.zeros(0), *[v for _, v in lines]]))
        return together, values

    @property
    def form(self) -> Linear | None:
        """The downstream gradient in index notation, on the source's axes; None where the rule does not say it."""
        graph, source = self.run.graph, self.edge.source
        known = special_of(self.run, self.edge)
        if source in graph.tuples:
            return None
        try:
            with np.errstate(all="ignore"):
                upstream = self._upstream()
                made = self._downstream(upstream, LINEAR) if known is None else known.downstream(upstream)
                return as_linear(made).summed_to(graph.shapes[source])
        except (TypeError, ValueError, AttributeError):
            return None

    @cached_property
    def _terms(self) -> tuple[Entries, ...] | None:
        form = self.form
        if form is None:
            return None
        with suppress(NotLinearError):
            form = form.reshape(-1)  # fewer indices to solve for
        return tuple([Entries(term, form.shape) for term in form.terms])

    def _upstream(self) -> Any:
        """The upstream gradient as a linear map; of a tuple the entries of each part in their turn."""
        shapes = shapes_of(self.run, self.edge.target)
        if self.edge.target not in self.run.graph.tuples:
            return Linear.upstream(shapes[0])
        whole, parts, at = Linear.upstream((self.shape[0],)), Parts(), 0
        for k, shape in enumerate(shapes):
            parts[k] = whole[at : at + prod(shape)].reshape(shape)
            at += prod(shape)
        return parts

    @property
    def _readable(self) -> tuple[Entries, ...] | None:
        """The terms, or None where the rule is run on numbers: it says no structure, or there is one number to have."""
        return None if self.shape == (1, 1) else self._terms

    def _downstream(self, g: Any, namespace: Mapping[str, Any]) -> Any:
        """The op's rule for this edge, on an upstream gradient of any kind."""
        graph, (_, target, slot) = self.run.graph, self.edge
        op = graph.ops[target]
        if op is None:
            raise JacobianError(f"{graph.names[target]} is a leaf: it was not computed from anything.")
        statics = graph.statics[target]
        kernel = _kernel(op, min(slot, len(op.operands) - 1), _Key(repr(statics), statics), namespace is LINEAR)
        values = [self.run.argument(k) for k in (target, *graph.arguments[target])]
        settings = {"slot": slot} if op.variadic and slot >= len(op.operands) - 1 else {}
        return kernel(g, *[np.float64(value) if type(value) is float else value for value in values], **settings)

    def _rows(self, places: Whole) -> Array:
        """Rows by the rule on one-hot upstream gradients, one at a time."""
        run, (source, target, _) = self.run, self.edge
        found = np.empty((len(places), self.shape[1]))
        with np.errstate(all="ignore"):
            for k, place in enumerate(places):
                upstream = one_hot(run, target, int(place))
                found[k] = 0.0 if upstream is None else flattened(run, source, self.handed_on(upstream))
        return found

    def handed_on(self, upstream: Any) -> Any:
        """The downstream gradient of another upstream gradient, before broadcasting is undone; None where none flows."""
        try:
            return self._downstream(upstream, ARRAYS)
        except KeyError:
            if self.edge.target in self.run.graph.tuples:
                return None  # the rule asks for a part of a tuple that nothing reached
            raise


class _Key(NamedTuple):
    """Static arguments for a cache: equal when they print alike, whatever they hold (slices have no hash)."""

    text: str
    statics: Statics

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.text == other.text


@lru_cache(maxsize=4096)
def _kernel(op: Op, slot: int, key: _Key, linear: bool) -> Kernel:
    rule = op.rule(slot)
    if rule is None:
        raise JacobianError(f"no gradient flows to operand number {slot} of {op.name}.")
    return rule.compile(("g", "y", *op.operands), LINEAR if linear else ARRAYS, dict(key.statics))


def _where_nonzero(line: Array) -> tuple[Whole, Array]:
    found = line.nonzero()[0] if len(line) > 1 else np.arange(len(line))
    return found, line[found]


def refuse_large(what: object, rows: int, columns: int) -> None:
    """Raise JacobianError above the number of entries that are written out."""
    if rows * columns > LARGEST:
        raise JacobianError(
            f"{rows:,} x {columns:,} = {rows * columns:,} entries of {what!r} are too many to be written out; "
            f"at most {LARGEST:,} are. Ask for a block of it."
        )


def positions(part: slice | int, size: int) -> Whole:
    """The numbers that a slice, or one whole number, stands for; IndexError and TypeError for others."""
    if not isinstance(part, slice | int | np.integer):
        raise TypeError(f"rows and columns of a block are slices or whole numbers, not {part!r}.")
    if not isinstance(part, slice):
        at = range(size)[part]
        part = slice(at, at + 1)
    picked = range(size)[part]
    return np.arange(picked.start, picked.stop, picked.step, dtype=np.intp)

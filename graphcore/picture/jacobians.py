"""The Jacobian tab: one matrix in the convention asked for, a window of it, its formula, and the product it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.errors import ChainruleError
from graphcore.graph import Edge, Graph
from graphcore.jacobian import Jacobian, local_jacobian
from graphcore.jacobian.layout import Arranged, Convention
from graphcore.jacobian.parts import flattened
from graphcore.jacobian.path import PathJacobian, path_jacobian
from graphcore.latex import latex_name, math_name
from graphcore.latex.matrices import matrix_latex
from graphcore.ops.namespaces import Array
from graphcore.picture import encode
from graphcore.picture.jacobian_chain import HALF, ends_of, left_out
from graphcore.picture.jacobian_text import formula_of, numpy_of

Json = dict[str, Any]

NUMBERS = (12, 12)  # entries that are written as numbers
CELLS = (32, 64)  # entries that are drawn as cells
TERMS = 24  # products of a sum that are written out
COLUMN = 300  # rows of a path up to which one of its columns is asked for
WORK = 20_000_000  # entries that the backward passes of one answer may go through
COPIED = 900  # entries that are copied
_ALONE = 12 * 12  # entries of a factor that is written out


class Asked(NamedTuple):
    """What the tab shows: an edge (a place in ``graph.edges``) or a path, the convention, the window, one entry."""

    edge: int | None = None
    source: int | None = None
    target: int | None = None
    columns: bool = False
    denominator: bool = False
    row: int = 0
    column: int = 0
    entry: int = 0
    cells: bool = False
    decimals: int = 4


def read(action: Mapping[str, Any]) -> Asked:
    """The browser's wish; what is not of its kind counts as not said."""

    def whole(key: str) -> int | None:
        value = action.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    def on(key: str) -> bool:
        return action.get(key) is True

    decimals = whole("decimals")
    return Asked(
        whole("edge"),
        whole("source"),
        whole("target"),
        columns=on("columns"),
        denominator=on("denominator"),
        row=whole("row") or 0,
        column=whole("column") or 0,
        entry=whole("entry") or 0,
        cells=on("cells"),
        decimals=4 if decimals is None else min(decimals, 17),
    )


def view(run: Trace, asked: Asked, names: Graph | None = None, drawn: Callable[[Edge], int | None] | None = None) -> Json:
    """The tab's data; ``refused`` says why there is none.

    ``names`` is the graph whose names are shown, ``drawn`` says which edge of the picture shows one of the graph.
    """
    shown: Json = {"asked": asked._asdict(), "refused": None}
    try:
        found = _found(run, asked)
        if found is None:
            return {**shown, "refused": "Choose a node, or step to an edge of the backward pass."}
        return {**shown, **_Shown(run, found, asked, names or run.graph).json(drawn or run.graph.edges.index)}
    except (ChainruleError, IndexError) as refused:
        return {**shown, "refused": str(refused)}


def _found(run: Trace, asked: Asked) -> Jacobian | PathJacobian | None:
    if asked.source is not None and asked.target is not None:
        return path_jacobian(run, asked.source, asked.target)
    if asked.edge is None:
        return None
    edge = run.graph.edges[asked.edge]
    op = run.graph.ops[edge.target]
    return None if op is None or op.rule(edge.slot) is None else local_jacobian(run, edge)


class _Shown:
    """One Jacobian in one convention, as JSON."""

    def __init__(self, run: Trace, found: Jacobian | PathJacobian, asked: Asked, names: Graph) -> None:
        self.run, self.found, self.asked, self.names = run, found, asked, names
        self.convention = Convention(asked.columns, asked.denominator)
        self.arranged = Arranged(found, self.convention)
        self.target, self.source = found.ends

    def json(self, drawn: Callable[[Edge], int | None]) -> Json:
        rows, columns = self.arranged.shape
        block = self.block()
        return {
            "title": self.title(self.target, self.source),
            "target": self.node(self.target),
            "source": self.node(self.source),
            "kind": self.found.kind,
            "formula": formula_of(self.names, self.found, self.convention),
            "shape": [rows, columns],
            "block": block,
            "factors": self.factors(drawn),
            "between": self.between(),
            "gathered": self.gathered(),
            "product": self.product(block),
            "latex": self.latex(block),
            "numpy": self.numpy(),
        }

    def node(self, index: int) -> Json:
        return {"node": index, "name": self.names.names[index], "shape": list(self.names.shapes[index])}

    def side(self, index: int) -> tuple[str, Any]:
        """A node under the fraction's stroke: flattened where it has several axes."""
        latex, math = latex_name(self.names.names[index]), math_name(self.names.names[index])
        if sum(n != 1 for n in self.names.shapes[index]) < 2:
            return latex, math
        return rf"\operatorname{{vec}}({latex})", ["mrow", ["mtext", "vec"], ["mo", "("], math, ["mo", ")"]]

    def title(self, target: int, source: int) -> Json:
        (above, over), (below, under) = self.side(target), self.side(source)
        latex = rf"\frac{{\partial {above}}}{{\partial {below}}}"
        return {"latex": latex, "math": ["mfrac", ["mrow", ["mo", "∂"], over], ["mrow", ["mo", "∂"], under]]}

    def block(self) -> Json:
        rows, columns = self.arranged.shape
        small = rows <= NUMBERS[0] and columns <= NUMBERS[1]
        high, wide = CELLS if self.asked.cells and not small else NUMBERS
        if self.convention.denominator:
            wide = min(wide, self.affordable())
        else:
            high = min(high, self.affordable())
        row = max(0, min(self.asked.row, rows - high))
        column = max(0, min(self.asked.column, columns - wide))
        parts = slice(row, row + high), slice(column, column + wide)
        return {
            "row": row,
            "column": column,
            "cells": self.asked.cells and not small,
            "small": small,
            "rows": self.labels(0, parts[0]),
            "columns": self.labels(1, parts[1]),
            "entries": encode.nested(self.arranged.block(*parts)),
        }

    def affordable(self) -> int:
        """How many rows of a path, a backward pass each, an answer can wait for."""
        if not isinstance(self.found, PathJacobian):
            return COLUMN
        sizes = sum(prod(self.run.graph.shapes[edge.source]) for edge in self.found.edges)
        return max(1, min(COLUMN, WORK // max(sizes, 1)))

    def labels(self, side: int, part: slice) -> list[str]:
        node = self.arranged.ends[side]
        return [label.replace(self.known(node), self.names.names[node], 1) for label in self.arranged.labels(side, part)]

    def known(self, node: int) -> str:
        graph = self.run.graph
        return (graph.labels.get(node) if graph.recorded is not None else None) or graph.names[node]

    def factors(self, drawn: Callable[[Edge], int | None]) -> list[Json]:
        """The local Jacobians whose product a path is, in the order in which they are multiplied."""
        found = []
        chain = ends_of(self.found)
        for local in chain[::-1] if self.convention.denominator else chain:
            one = Arranged(local, self.convention)
            few = prod(one.shape) <= _ALONE and max(one.shape) <= NUMBERS[0]
            dense = one.block(slice(None), slice(None)) if few else None
            found.append(
                {
                    "title": self.title(local.edge.target, local.edge.source),
                    "edge": drawn(local.edge),
                    "formula": formula_of(self.names, local, self.convention),
                    "shape": list(one.shape),
                    "entries": None if dense is None else encode.nested(dense),
                    "latex": "" if dense is None else matrix_latex(np.atleast_2d(dense), self.asked.decimals, None),
                }
            )
        return found

    def between(self) -> Json | None:
        """The path whose local Jacobians a long path leaves out, and how many stand before it."""
        left = left_out(self.found)
        if not left:
            return None
        target, source = left[0].edge.target, left[-1].edge.source
        return {"count": len(left), "after": HALF, "target": self.node(target), "source": self.node(source)}

    def gathered(self) -> Json | None:
        shape = self.names.shapes[self.source]
        if self.found.shape[0] != 1 or len(shape) > 2 or not 0 < prod(shape) <= COPIED:
            return None
        matrix = np.atleast_2d(self.arranged.gathered())
        name = self.names.names[self.source]
        two = len(shape) == 2
        labels = [[f"{name}[{k},:]" if two else f"{name}[{k}]" for k in range(shape[0] if shape else 1)]]
        labels.append([f"{name}[:,{k}]" for k in range(shape[1])] if two else [""])
        if not self.convention.denominator:
            labels.reverse()
        return {
            "rows": labels[0],
            "columns": labels[1],
            "entries": encode.nested(matrix),
            "latex": matrix_latex(matrix, self.asked.decimals, None),
            "numpy": numpy_of(matrix),
        }

    def product(self, block: Json) -> Json | None:
        """Upstream times Jacobian: the window's part of both sides, and one entry written out."""
        gradient = self.run.gradient(self.target)
        if gradient is None:
            return None
        upstream = flattened(self.run, self.target, gradient)
        downstream = self.downstream(gradient)
        across, along = (1, 0) if self.convention.denominator else (0, 1)
        sizes = {0: len(block["rows"]), 1: len(block["columns"])}
        starts = {0: block["row"], 1: block["column"]}

        def window(side: int, values: Array) -> list[Any]:
            places = [self.arranged.place(side, starts[side] + k) for k in range(sizes[side])]
            return encode.numbers(values[places])

        chosen = max(0, min(self.asked.entry, self.arranged.shape[along] - 1))
        place = self.arranged.place(along, chosen)
        return {
            "upstream": window(across, upstream),
            "downstream": window(along, downstream),
            "entry": chosen,
            "label": self.labels(along, slice(chosen, chosen + 1))[0],
            "total": encode.number(float(downstream[place])),
            **self.terms(place, upstream, across),
        }

    def downstream(self, gradient: Any) -> Array:
        if isinstance(self.found, PathJacobian):
            return self.found.downstream(gradient)
        with np.errstate(all="ignore"):
            return flattened(self.run, self.source, self.found.handed_on(gradient))

    def terms(self, place: int, upstream: Array, across: int) -> Json:
        if isinstance(self.found, PathJacobian) and self.found.shape[0] > self.affordable():
            return {"terms": None, "more": 0}
        if isinstance(self.found, PathJacobian) and self.found.shape[0] <= TERMS:
            rows, values = np.arange(self.found.shape[0]), self.found.block(slice(None), place)[:, 0]
        else:
            rows, values = self.found.entry(place)
        order = np.argsort(rows)[: TERMS + 1]
        names = self.row_labels(rows[order][:TERMS])
        terms = [
            {"label": name, "upstream": encode.number(float(upstream[k])), "local": encode.number(float(value))}
            for name, k, value in zip(names, rows[order], values[order])
        ]
        return {"terms": terms, "more": max(0, len(rows) - TERMS)}

    def row_labels(self, rows: Any) -> list[str]:
        plain = Arranged(self.found)
        known, name = self.known(self.target), self.names.names[self.target]
        return [plain.labels(0, slice(int(k), int(k) + 1))[0].replace(known, name, 1) for k in rows]

    @cached_property
    def whole(self) -> Array | None:
        """The whole matrix, where it is small enough to be taken away."""
        few = prod(self.arranged.shape) <= COPIED and self.found.shape[0] <= self.affordable()
        return self.arranged.block(slice(None), slice(None)) if few else None

    def latex(self, block: Json) -> str:
        title = self.title(self.target, self.source)["latex"]
        whole = self.whole
        if whole is not None:
            return f"{title} = {matrix_latex(whole, self.asked.decimals, None)}"
        cut = np.array([[float(x) for x in row] for row in block["entries"]])
        text = rf" \quad \text{{(a part of {self.arranged.shape[0]} x {self.arranged.shape[1]})}}"
        return f"{title} \\supset {matrix_latex(cut, self.asked.decimals, None)}{text}"

    def numpy(self) -> str | None:
        whole = self.whole
        return None if whole is None else numpy_of(whole)

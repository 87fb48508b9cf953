"""The derivative along a direction by central differences, extrapolated to a step of nothing, with a stated error.

The steps are halved and the polynomial through their differences is read at 0. What neighbours in that table are apart says
how good it is, and how much the forward pass itself rounds says how much of it is noise. A step that goes over a
kink, or out of where the function is defined, is made smaller until it does not.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphcore.compare.edges import as_array, op_at
from graphcore.compare.states import EPS
from graphcore.ops import Formula, Op, Statics
from graphcore.ops.namespaces import ARRAYS, Kernel

if TYPE_CHECKING:
    from graphcore.check.evidence.along import Path

LEVELS = 7
FIRST = 0.05
SHRINK = 1 / 16
SMALLEST = 1e-9
# where the two sides of a corner are looked at
NEAR = 1e-5
# an error this small beside the slope itself needs no better one
GOOD = 1e-10
# the error is stated with so much to spare
SPARE = 4.0


class Slope(NamedTuple):
    """A derivative and how far off it may be; ``kink`` is the node that changes sides at the smallest step too."""

    value: float
    error: float
    kink: int | None = None


class Sides:
    """On which side of their kinks the nodes of a path are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _rows(self) -> list[tuple[int, tuple[int, ...], tuple[bool, ...], list[Kernel]]]:
        graph = self.path.run.graph
        rows = ((row, side_functions(op_at(graph, row.target), graph.statics[row.target])) for row in self.path.rows)
        return [(row.target, row.arguments, row.moved, functions) for row, functions in rows if functions]

    def here(self) -> list[tuple[int, Any]]:
        """The sides at the recorded values."""
        run = self.path.run
        return self.at({self.path.source: self.path.start, **{row.target: run.argument(row.target) for row in self.path.rows}})

    def at(self, store: Mapping[int, Any]) -> list[tuple[int, Any]]:
        """The sides at the values of one forward pass, node by node."""
        run = self.path.run
        found = []
        for target, arguments, moved, functions in self._rows:
            own = [store[k] if m else as_array(run.graph, run.argument(k)) for k, m in zip(arguments, moved, strict=True)]
            with np.errstate(all="ignore"):
                found.append((target, [np.asarray(side(*own, store[target])) for side in functions]))
        return found


def crossed(before: list[tuple[int, Any]], after: list[tuple[int, Any]]) -> int | None:
    """The first node whose side differs."""
    for (target, here), (_, there) in zip(before, after, strict=True):
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(here, there, strict=True)):
            return target
    return None


def side_functions(op: Op, statics: Statics) -> list[Kernel]:
    """Functions of a node's operands and value that change where it goes over its kink.

    >>> from graphcore.ops import get
    >>> [float(side(-2.0, 0.0)) for side in side_functions(get("relu"), ())]
    [-1.0]
    """
    if op.kink is None or op.variadic:
        return []
    formula = op.kink.given(dict(statics))
    texts = []
    for node in ast.walk(formula.tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            texts.append(f"sign({ast.unparse(node.left)} - ({ast.unparse(node.comparators[0])}))")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "tied":
            texts.append("a == keep(y, axis, keepdims)")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("floor", "fmod"):
            texts.append("floor(a / b)" if "b" in op.operands else "floor(a)")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            texts.append("floor(a / b)")
    return [Formula(text).compile((*op.operands, "y"), ARRAYS, dict(statics)) for text in texts]


def differences(path: Path, direction: Any, noise: float, passes: int) -> Slope | None:
    """The slope along a direction within so many forward passes; None where the function has no finite values around.

    ``noise`` is how much one evaluation rounds.
    """
    sides = Sides(path)
    here = sides.here()
    step = FIRST * max(1.0, float(np.max(np.abs(path.start), initial=0.0)))
    best: Slope | None = None
    kink: int | None = None
    last = path.passes + passes
    while step >= SMALLEST and path.passes + 2 <= last:
        up, down = (path.forward(path.start + sign * step * direction) for sign in (1, -1))
        ends = [float(path.total(store)) for store in (up, down)]
        found = next((k for k in (crossed(here, sides.at(store)) for store in (up, down)) if k is not None), None)
        if found is not None or not np.isfinite(ends).all():
            kink = found if found is not None else kink
            step *= SHRINK
            continue
        kink = None
        slope = _extrapolated(path, direction, step, (ends[0] - ends[1]) / (2 * step), noise, last)
        if best is None or slope.error < best.error:
            best = slope
        if slope.error <= GOOD * abs(slope.value) or slope.error <= SPARE * noise / step * 2**LEVELS:
            break
        step *= SHRINK
    if best is None:
        return None if kink is None else Slope(np.nan, np.inf, kink)
    return best


def _extrapolated(path: Path, direction: Any, step: float, first: float, noise: float, last: int) -> Slope:
    """Richardson's table from this step down, until its entries come no closer to each other."""
    row = [first]
    best = Slope(first, np.inf)
    for _ in range(1, LEVELS):
        if path.passes + 2 > last:
            break
        step /= 2
        up, down = (path.value(direction, sign * step) for sign in (1, -1))
        new = [(up - down) / (2 * step)]
        for order, old in enumerate(row):
            weight = 4.0 ** (order + 1)
            new.append((weight * new[-1] - old) / (weight - 1))
        apart = max(abs(new[-1] - new[-2]), abs(new[-1] - row[-1]))
        error = SPARE * (apart + noise / step)
        if error < best.error:
            best = Slope(new[-1], error)
        row = new
        if apart <= noise / step or apart > 2 * best.error:
            break
    return best


def corner(path: Path, direction: Any, generator: np.random.Generator) -> tuple[float, float] | None:
    """The slopes to both sides where they stay apart however small the step: a corner that no formula speaks of."""
    step = NEAR * max(1.0, float(np.max(np.abs(path.start), initial=0.0)))
    noise, middle = path.noise(generator), float(path.total(path.forward(path.start)))
    sides = Sides(path)
    here = sides.here()
    gaps: list[tuple[float, float]] = []
    while step > SMALLEST and len(gaps) < 2:
        stores = [path.forward(path.start + sign * step * direction) for sign in (1, -1)]
        if any(crossed(here, sides.at(store)) is not None for store in stores):
            step *= SHRINK
            continue
        up, down = (float(path.total(store)) for store in stores)
        gaps.append(((up - middle) / step, (middle - down) / step))
        step /= 2
    if len(gaps) < 2:
        return None
    wide, narrow = (abs(up - down) for up, down in gaps)
    return gaps[1] if narrow > 0.75 * wide and narrow > 100 * (noise + EPS * abs(middle)) / step else None

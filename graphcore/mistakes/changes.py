"""A mistake at one place: which can be made in a graph, and what numbers it gives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.mistakes.meaning import AtEdge, AtNode, AtValue, Change, Place, partner
from graphcore.mistakes.row import EDGE, NODE, VALUE, Wrong
from graphcore.mistakes.table import TABLE
from graphcore.ops import Formula
from graphcore.ops.namespaces import ARRAYS, Kernel

if TYPE_CHECKING:
    from graphcore.mistakes.places import Places

_WORDS = MappingProxyType({**ARRAYS, "ravel": np.ravel, "size": np.size, "len": len, "cumsum": np.cumsum, "float": float})
# what goes wrong when a formula meets shapes or numbers it was not made for
MISFITS = (ValueError, IndexError, TypeError, ArithmeticError, AttributeError, KeyError, np.linalg.LinAlgError)


@lru_cache(maxsize=1024)
def _compiled(text: str, more: frozenset[str]) -> tuple[tuple[str, ...], Kernel]:
    """A row's formula as a function of the words in it that the place must explain."""
    formula = Formula(text)
    names = tuple(sorted(name for name in formula.names if name not in _WORDS or name in more))
    return names, formula.compile(names, _WORDS, {})


def edge_changes(places: Places, position: int) -> Iterator[Change]:
    """Every row of the table that can stand in place of one edge's rule, in the order of the table."""
    target, source, *_ = places.rows[position]
    if source in places.graph.tuples:
        return
    op = places.op(target)
    kinds = places.kinds_of_edge(position)
    operand = op.operands[min(places.slot(position), len(op.operands) - 1)].lstrip("*")
    for mistake in TABLE:
        for wrong in mistake.wrong:
            if wrong.at == EDGE and wrong.where & kinds and wrong.operand in (None, operand):
                for other in _others(places, position, wrong):
                    yield Change(mistake, wrong, source, position, other)


def node_changes(places: Places, index: int) -> Iterator[Change]:
    """Every row that can stand in place of the sum that arrives at a node."""
    if index in places.graph.tuples:
        return
    kinds = places.kinds_of_node(index)
    for mistake in TABLE:
        for wrong in mistake.wrong:
            activation = {word for word in wrong.where if word.startswith("with-")}
            if wrong.at == NODE and (wrong.where - activation) & kinds and activation <= kinds:
                yield Change(mistake, wrong, index)


def value_changes(places: Places, index: int) -> Iterator[Change]:
    """Every row that can stand in place of a node's forward value."""
    if places.graph.ops[index] is None or index in places.graph.tuples:
        return
    kinds = places.kinds_of_value(index)
    for mistake in TABLE:
        for wrong in mistake.wrong:
            if wrong.at == VALUE and wrong.where & kinds:
                yield Change(mistake, wrong, index)


def _others(places: Places, position: int, wrong: Wrong) -> Iterator[int | None]:
    """The nodes a row may have taken by mistake: for most rows none."""
    if "swapped" not in wrong.formula:
        yield None
        return
    _, source, *_ = places.rows[position]
    if wrong.formula.startswith("local"):
        yield from places.alike(source)
        return
    other = partner(places, position)
    if other is not None:
        yield from places.alike(other)


def wrong_downstream(places: Places, change: Change, g: Any) -> Any:
    """What the edge hands on by the wrong rule; None where that rule does not fit there."""
    assert change.position is not None
    return _shaped(places, change.node, lambda: _value(change.wrong, AtEdge(places, change, g)))


def wrong_gradient(places: Places, change: Change, parts: list[Any]) -> Any:
    """The wrong sum of what arrives at a node; None where the row does not fit there."""
    return _shaped(places, change.node, lambda: _value(change.wrong, AtNode(places, change, parts)))


def wrong_value(places: Places, change: Change) -> Any:
    """The wrong forward value of a node; None where the row does not fit there."""
    return _shaped(places, change.node, lambda: _value(change.wrong, AtValue(places, change)))


def _shaped(places: Places, index: int, made: Any) -> Any:
    try:
        with np.errstate(all="ignore"):
            wrong = made()
    except MISFITS:
        return None
    shape = places.graph.shapes[index]
    if np.shape(wrong) != shape:
        return None
    return wrong if shape or places.graph.recorded is not None else float(wrong)


def _value(wrong: Wrong, words: Place) -> Any:
    names, function = _compiled(wrong.formula, words.own)
    return function(*[words[name] for name in names])

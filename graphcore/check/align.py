"""Aligning: which handed-in array is which node's, by name, by words, by shape; and what was done to make it fit.

Nothing is guessed in silence: every row says how it was found, and a guess is marked as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from graphcore.check.align_found import Found
from graphcore.check.align_names import ROLES, Role, read_name
from graphcore.check.align_search import Search
from graphcore.check.align_shapes import Change, changed, core, fit, is_square, shape_text
from graphcore.check.hand_in import Array, HandIn
from graphcore.check.labels import read_label
from graphcore.graph import Graph
from graphcore.ops.namespaces import Shape

_POINT = ("parameter", "input", "target")
_DONE = {"transposed": "transposed from", "squeezed": "written as", "reshaped": "read row by row from"}


class Aligned(NamedTuple):
    """One handed-in array beside the node it was read as.

    ``reading`` is its place in the hand-in, ``node`` None where it fits nothing; ``how`` says in a sentence how the node was
    found or why none was; ``change`` is what was done to the array so that it has the node's shape; ``sure`` is False for
    guesses. ``array`` and ``half`` are the changed array and its printed precision (as handed in where there is no node).
    ``meant`` is the node that the label names where the array's shape does not fit it, or another array has it already.
    """

    reading: int
    node: int | None
    role: Role
    how: str
    change: Change
    sure: bool
    array: Array
    half: Array
    meant: int | None = None


class Choice(NamedTuple):
    """What the user chose for one array: its node, its role, its change; "" and None leave that to the reading of the label.

    A choice of nothing at all, like None in place of a choice, leaves the array out.
    """

    node: int | None = None
    role: Role | Literal[""] = ""
    change: Change | None = None


@dataclass(frozen=True)
class Alignment:
    """Every array of a hand-in beside its node: ``rows`` in the order of the hand-in.

    ``missing`` are the leaves that want a gradient and for which none was handed in, of whatever shape; ``notes`` say what
    could not be told. ``names`` are the names of the leaves.
    """

    rows: tuple[Aligned, ...]
    missing: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict, repr=False)

    @cached_property
    def gradients(self) -> dict[int, Aligned]:
        """The handed-in gradients by node."""
        return self._with("gradient")

    @cached_property
    def values(self) -> dict[int, Aligned]:
        """The handed-in forward values by node."""
        return self._with("value")

    @cached_property
    def point(self) -> dict[str, Array]:
        """The leaf values that were handed in, by name."""
        return {self.names[row.node]: row.array for row in self.rows if row.node is not None and row.role in _POINT}

    @property
    def sure(self) -> bool:
        """Whether every array has its node and none of them is a guess."""
        return all(row.sure and (row.node is not None or row.role == "ignored") for row in self.rows)

    def _with(self, role: str) -> dict[int, Aligned]:
        return {row.node: row for row in self.rows if row.node is not None and row.role == role}


def align(graph: Graph, hand_in: HandIn, choices: Mapping[int, Choice | None] | None = None) -> Alignment:
    """The arrays of ``hand_in`` as nodes of ``graph``; ``choices`` by reading index go before everything found.

    >>> import numpy as np
    >>> from graphcore.check.hand_in import from_mapping
    >>> from graphcore.parse import parse
    >>> graph = parse("W1 = [[1, 2, 3], [4, 5, 6]]; L = sum(W1 @ [1, 2, 3])")
    >>> row = align(graph, from_mapping({"dL/dW1": np.eye(3, 2)})).rows[0]
    >>> row.how, row.change
    ('by name, transposed from shape (3, 2)', 'transposed')
    """
    chosen, roles = _chosen(graph, hand_in, choices or {})
    found = Search(graph, hand_in.readings, chosen, roles).found
    turned = _turned(graph, hand_in, found)
    rows = tuple(_row(graph, hand_in, k, found[k], turned) for k in range(len(hand_in.readings)))
    given = {row.meant if row.node is None else row.node for row in rows if row.role == "gradient"}
    missing = tuple(leaf for leaf in graph.leaf_values if graph.active[leaf] and leaf not in given)
    names = {leaf: graph.names[leaf] for leaf in graph.leaf_values}
    return Alignment(rows, missing, _notes(graph, rows, turned), names)


def _chosen(graph: Graph, hand_in: HandIn, choices: Mapping[int, Choice | None]) -> tuple[dict[int, Found], dict[int, Role]]:
    """What the user chose as finds, and the roles chosen for arrays whose node is still to be found."""
    found: dict[int, Found] = {}
    roles: dict[int, Role] = {}
    for reading, choice in choices.items():
        if not 0 <= reading < len(hand_in.readings):
            continue
        if choice is None or choice.role == "ignored" or choice == Choice():
            found[reading] = Found(None, "ignored", "left out by choice", True)
        elif choice.node is None:
            if choice.role:
                roles[reading] = choice.role
        elif not 0 <= choice.node < len(graph):
            found[reading] = Found(None, choice.role or "gradient", f"there is no node number {choice.node}", False)
        else:
            said = hand_in.readings[reading]
            role = choice.role or said.role or read_name(said.label).role or "gradient"
            found[reading] = Found(choice.node, _role(role), "by choice", True, choice.change)
    return found, roles


def _role(text: str) -> Role:
    return next((role for role in ROLES if role == text), "gradient")


def _turned(graph: Graph, hand_in: HandIn, found: Mapping[int, Found]) -> bool | None:
    """Whether the matrices of the hand-in are the transposes of the nodes': None where nothing tells, or they differ."""
    seen: set[bool] = set()
    for reading, entry in found.items():
        if entry.node is None or entry.role != "gradient":
            continue
        wanted, how = graph.shapes[entry.node], fit(hand_in.readings[reading].array.shape, graph.shapes[entry.node])
        if len(wanted) != 2 or not core(wanted) or is_square(wanted) or how is None or how.change not in ("", "transposed"):
            continue
        # of a row or a column only a weight tells the orientation: biases are written as rows by everybody
        if len(core(wanted)) == 2 or read_label(graph.names[entry.node]).kind == "weight":
            seen.add(how.change == "transposed")
    return seen.pop() if len(seen) == 1 else None


def _row(graph: Graph, hand_in: HandIn, reading: int, found: Found, turned: bool | None) -> Aligned:
    given = hand_in.readings[reading]
    if found.node is None:
        return Aligned(reading, None, found.role, found.how, "", found.sure, given.array, given.half, found.meant)
    wanted, shape = graph.shapes[found.node], given.array.shape
    fitting = fit(shape, wanted)
    change, how, sure = found.change, found.how, found.sure
    if change is None:
        change = fitting.change if fitting is not None else ""
        if _follows(graph, found, shape, turned):
            change, sure = "transposed", False
            how += ", transposed like the other matrices (a square one does not show it)"
        elif change:
            how += f", {_DONE[change]} {shape_text(shape)}"
        sure = sure and change != "reshaped"
    array, half = changed(given.array, wanted, change), changed(given.half, wanted, change)
    if array is None or half is None:
        what = f"; {shape_text(shape)} does not become {shape_text(wanted)}" + (f" when {change}" if change else "")
        return Aligned(reading, None, found.role, how + what, "", False, given.array, given.half, found.node)
    return Aligned(reading, found.node, found.role, how, change, sure, array, half)


def _follows(graph: Graph, found: Found, shape: Shape, turned: bool | None) -> bool:
    """Whether a square matrix is to be transposed because the others of its hand-in had to be."""
    assert found.node is not None
    is_weight = found.node in graph.leaf_values and graph.active[found.node]
    return bool(turned) and found.role == "gradient" and is_weight and is_square(graph.shapes[found.node]) and is_square(shape)


def _notes(graph: Graph, rows: tuple[Aligned, ...], turned: bool | None) -> tuple[str, ...]:
    square = [row for row in rows if row.node is not None and row.role == "gradient" and is_square(graph.shapes[row.node])]
    square = [row for row in square if not row.how.startswith("by choice")]
    notes = []
    if square:
        names = ", ".join(f"`{graph.names[row.node]}`" for row in square if row.node is not None)
        one = len(square) == 1
        start = f"{names} {'is' if one else 'are'} square, which does not show {'its' if one else 'their'} orientation: "
        if turned:
            notes.append(f"{start}taken transposed, as every other matrix here is.")
        else:
            notes.append(f"{start}taken as {'it stands' if one else 'they stand'}.")
    if turned is None:
        notes += _mixed(graph, rows)
    reshaped = [row for row in rows if row.change == "reshaped" and row.node is not None]
    if reshaped:
        names = ", ".join(f"`{graph.names[row.node]}`" for row in reshaped if row.node is not None)
        notes.append(f"{names}: entries were read row by row; written column by column they mean another matrix.")
    return tuple(notes)


def _mixed(graph: Graph, rows: tuple[Aligned, ...]) -> list[str]:
    """A sentence where some matrices of a hand-in had to be transposed and others not."""
    found: dict[str, list[str]] = {"": [], "transposed": []}
    for row in rows:
        if row.node is not None and row.role == "gradient" and row.change in found:
            slim = core(graph.shapes[row.node])
            if len(slim) == 2 and slim[0] != slim[1] and row.array.shape == graph.shapes[row.node]:
                found[row.change].append(f"`{graph.names[row.node]}`")
    if not all(found.values()):
        return []
    return [f"{', '.join(found['transposed'])} had to be transposed to fit, {', '.join(found[''])} not."]

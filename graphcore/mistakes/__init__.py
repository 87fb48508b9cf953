"""The mistakes people make in a backward pass: one table of wrong formulas, and what each gives at a place."""

from graphcore.mistakes.changes import (
    edge_changes,
    node_changes,
    value_changes,
    wrong_downstream,
    wrong_gradient,
    wrong_value,
)
from graphcore.mistakes.meaning import Change
from graphcore.mistakes.places import Places
from graphcore.mistakes.planting import candidates, plant
from graphcore.mistakes.row import Mistake, Wrong
from graphcore.mistakes.said import argument_name, clause, other_operand
from graphcore.mistakes.table import FACTOR, FOUND, MISTAKES, NAMES, ROUNDED, TABLE, UNKNOWN

__all__ = [
    "FACTOR",
    "FOUND",
    "MISTAKES",
    "NAMES",
    "ROUNDED",
    "TABLE",
    "UNKNOWN",
    "Change",
    "Mistake",
    "Places",
    "Wrong",
    "argument_name",
    "candidates",
    "clause",
    "edge_changes",
    "node_changes",
    "other_operand",
    "plant",
    "value_changes",
    "wrong_downstream",
    "wrong_gradient",
    "wrong_value",
]

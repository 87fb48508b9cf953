"""A Jacobian in words: its formula with the user's names, and its numbers as NumPy text."""

from __future__ import annotations

import numpy as np

from graphcore.graph import Graph
from graphcore.jacobian import Jacobian
from graphcore.jacobian.layout import Convention
from graphcore.jacobian.path import PathJacobian
from graphcore.latex import local_symbol
from graphcore.ops.namespaces import Array

FACTORS = 16  # local Jacobians of a path that are shown one by one


def formula_of(names: Graph, found: Jacobian | PathJacobian, convention: Convention) -> str:
    """The structure, with the derivative of an op on every entry by itself spelled out: ``diag(cos(v1))``."""
    if isinstance(found, PathJacobian):
        chain = found.chain
        if not chain:
            return found.structure_when(*convention)
        if len(chain) > FACTORS:
            return f"a product of {len(chain)} local Jacobians"
        parts = [formula_of(names, local, convention) for local in (chain[::-1] if convention.denominator else chain)]
        return " · ".join(f"({part})" if any(sign in _outside(part) for sign in "⊗·−+/") else part for part in parts)
    structure = found.structure_when(*convention)
    symbol = local_symbol(names, found.edge, "text")
    if not names.shapes[found.edge.source] and not names.shapes[found.edge.target] and symbol is not None:
        return symbol or "1"
    if structure != "diagonal":
        return structure
    op = names.ops[found.edge.target]
    if symbol and "if" not in symbol:
        return f"diag({symbol})"
    if op is None or op.name not in ("relu", "relu_"):
        return structure
    return f"diag({names.names[found.edge.source]} > 0)"


def _outside(formula: str) -> str:
    """What of a formula stands outside of ``diag(...)``."""
    return "" if formula.startswith("diag(") and formula.endswith(")") and " ⊗ " not in formula else formula


def numpy_of(matrix: Array) -> str:
    """A matrix as a NumPy expression that has all its digits.

    >>> numpy_of(np.array([[0.5, np.nan]]))
    'np.array([[0.5, np.nan]])'
    """
    rows = ",\n          ".join("[" + ", ".join(_digits(float(x)) for x in row) + "]" for row in matrix)
    return f"np.array([{rows}])"


def _digits(value: float) -> str:
    if np.isfinite(value):
        return repr(value)
    return "np.nan" if value != value else "np.inf" if value > 0 else "-np.inf"

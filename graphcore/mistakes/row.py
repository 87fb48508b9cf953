"""A row of the table of mistakes: its stable name, its sentence, and the wrong formulas that make it.

The formulas are written in the language of the rules (``g`` upstream, ``y`` output, the operands' names), with these words more:

- ``right`` what the right rule hands on (at a node: its gradient; in a forward pass: its value), ``before`` the same before
  broadcasting is undone, ``v`` the value of the node that receives, ``parts`` what arrives at it, edge by edge;
- ``n`` how often an operand was repeated (the batch), ``fan_in`` how many products make one entry of a matrix product,
  ``averaged`` how many entries a mean takes together (``shared`` the same, 1 where the op is no mean);
- ``bias`` what is added to a product, ``a`` and ``b`` the factors of any product, ``swapped`` another node of the same shape;
- ``local(x)`` the right rule of a function of one operand at another place, ``rule(x)`` that of a product with another second
  factor, ``forward(x)`` the op itself, ``again()`` the op after its operand's op was applied twice.
"""

from __future__ import annotations

from typing import NamedTuple

# where a formula stands in for the right one
EDGE, NODE, VALUE = "edge", "node", "value"


class Wrong(NamedTuple):
    """A wrong formula and where it may stand.

    ``at`` is "edge" (what one use of a node hands on), "node" (the sum that arrives) or "value" (the forward value). ``where``
    names ops, or one of the kinds of :mod:`graphcore.mistakes.places`; ``operand`` the operand of those ops, any where it is
    None; ``says`` a sentence in place of the row's own.
    """

    at: str
    where: frozenset[str]
    operand: str | None
    formula: str
    says: str = ""


class Mistake(NamedTuple):
    """One row: ``text`` explains the mistake.

    In it stand ``{node}``, whose number is wrong, ``{through}``, the node whose rule was wrong, its op ``{op}``, the other
    operand ``{other}``, and what the formulas' words count: ``{uses}``, ``{fan_in}``, ``{swapped}``, ``{inner}``.
    """

    name: str
    text: str
    wrong: tuple[Wrong, ...]


def edge(where: str, operand: str | None, formula: str, says: str = "") -> Wrong:
    """A wrong rule for one use of a node."""
    return Wrong(EDGE, frozenset(where.split()), operand, formula, says)


def node(where: str, formula: str, says: str = "") -> Wrong:
    """A wrong sum of what arrives at a node."""
    return Wrong(NODE, frozenset(where.split()), None, formula, says)


def value(where: str, formula: str, says: str = "") -> Wrong:
    """A wrong forward value."""
    return Wrong(VALUE, frozenset(where.split()), None, formula, says)

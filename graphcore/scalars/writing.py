"""A scalar written out: words and signs with the scalars they speak of between them.

One list of tokens is read twice, with names (``W[1,0]·x[0,0] + …``) and with numbers (``0.5·2 + …``), so that the two
lines cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Graph
from graphcore.jacobian.entries import Whole
from graphcore.jacobian.parts import shapes_of
from graphcore.latex import number_text
from graphcore.ops import Op
from graphcore.ops.namespaces import Array, Shape
from graphcore.scalars.places import Entry, entry_of, label, number_at, numbers, summed

TERMS = 12  # of a sum that are written out


class At(NamedTuple):
    """A scalar: an entry, by number, of a node or of a literal (its negative number)."""

    node: int
    position: int


class Quantity(NamedTuple):
    """A number that is no scalar of the graph: what it is called, what it is, and what is said behind the number."""

    symbol: str
    value: float
    note: str = ""


Token = str | At | Quantity


class Written(NamedTuple):
    """The right side of a scalar's equation; ``says`` are sentences about it."""

    tokens: tuple[Token, ...]
    says: tuple[str, ...] = ()

    def symbols(self, run: Trace) -> str:
        """With names."""
        return "".join(t if isinstance(t, str) else t.symbol if isinstance(t, Quantity) else _name(run, t) for t in self.tokens)

    def numbers(self, run: Trace, decimals: int = 4) -> str:
        """With numbers, to so many decimals; one below zero stands in brackets where a sign would meet it."""
        texts = []
        for k, token in enumerate(self.tokens):
            if isinstance(token, str):
                texts.append(token)
                continue
            value = token.value if isinstance(token, Quantity) else number_at(run, *token)
            text = number_text(value, decimals)
            bare = not text.startswith("\u2212") or not bracketed(self.tokens, k)
            note = f" {token.note}" if isinstance(token, Quantity) and token.note else ""
            texts.append((text if bare else f"({text})") + note)
        return "".join(texts)


def bracketed(tokens: Sequence[Token], k: int) -> bool:
    """Whether a number below zero at this place would meet a sign or a power."""
    before = tokens[k - 1] if k else ""
    after = tokens[k + 1] if k + 1 < len(tokens) else ""
    opens = k == 0 or (isinstance(before, str) and before.endswith(("(", ", ", "|", "√(")))
    return not opens or (isinstance(after, str) and after[:1] in ("²", "^"))


def _name(run: Trace, at: At) -> str:
    if at.node < 0:
        return number_text(number_at(run, *at))
    return label(run.graph.names[at.node], entry_of(run, at.node, at.position))


@dataclass(frozen=True, eq=False)
class Here:
    """The scalar that is written out: an entry of a node that an op made; ``entry`` is inside of its part."""

    run: Trace
    node: int
    position: int

    @cached_property
    def graph(self) -> Graph:
        return self.run.graph

    @cached_property
    def op(self) -> Op:
        op = self.graph.ops[self.node]
        assert op is not None
        return op

    @cached_property
    def whole(self) -> Entry:
        return entry_of(self.run, self.node, self.position)

    @property
    def part(self) -> int:
        """Which part of the node, 0 where there is one."""
        return self.whole[0] if self.node in self.graph.tuples else 0

    @property
    def entry(self) -> Entry:
        return self.whole[1:] if self.node in self.graph.tuples else self.whole

    @cached_property
    def shape(self) -> Shape:
        """The shape of its part."""
        return shapes_of(self.run, self.node)[self.part]

    @cached_property
    def arguments(self) -> tuple[int, ...]:
        return self.graph.arguments[self.node]

    @cached_property
    def statics(self) -> dict[str, Any]:
        return dict(self.graph.statics[self.node])

    @cached_property
    def named(self) -> dict[str, int]:
        """The operands by the names that the op's row gives them."""
        return dict(zip([name.lstrip("*") for name in self.op.operands], self.arguments))

    def shape_of(self, argument: int) -> Shape:
        return np.shape(self.run.argument(argument))

    def flat(self, argument: int) -> Array:
        return numbers(self.run.argument(argument))

    @property
    def value(self) -> float:
        return number_at(self.run, self.node, self.position)


def joined(parts: Sequence[Sequence[Token]], sign: str = " + ") -> list[Token]:
    """Terms with a sign between them."""
    found: list[Token] = []
    for k, part in enumerate(parts):
        found += [sign, *part] if k else part
    return found


def largest(sizes: Array, most: int = TERMS) -> Whole:
    """The places of the largest numbers, in their order; all of them where they are few."""
    if len(sizes) <= most:
        return np.arange(len(sizes))
    weights = np.where(np.isnan(sizes), np.inf, np.abs(sizes))
    return np.sort(np.argpartition(-weights, most)[:most])


class Around(NamedTuple):
    """What stands around every term of a sum, and what it does to the numbers."""

    before: str
    after: str
    does: Callable[[Array], Array]


PLAIN = Around("", "", lambda x: x)
SQUARED = Around("", "²", lambda x: x * x)
SIZE = Around("|", "|", np.abs)
EXP = Around("exp(", ")", np.exp)


def added(me: Here, factors: Sequence[tuple[int, Whole]], around: Around = PLAIN) -> list[Token]:
    """The sum of the products of entries; of many terms the largest, and one number for the rest.

    A factor is an argument and its entries, one a term.
    """
    values: Any = 1.0
    with np.errstate(all="ignore"):
        for argument, positions in factors:
            values = values * me.flat(argument)[positions]
        values = around.does(values)
    kept = largest(values)
    terms: list[list[Token]] = []
    for k in kept:
        product = joined([[At(argument, int(positions[k]))] for argument, positions in factors], "·")
        terms.append([token for token in (around.before, *product, around.after) if token != ""])
    if len(kept) < len(values):
        terms.append([others(np.delete(values, kept))])
    return joined(terms) if terms else ["0"]


def others(left: Array, does: Callable[[Array], Any] = summed) -> Quantity:
    """What the terms that are not written out come to together, their sum by default."""
    count = f"({len(left):,} more)"
    return Quantity(f"… {count}", float(does(left)), count)

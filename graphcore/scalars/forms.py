"""How an entry of a product, a sum, a softmax is written out."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from graphcore.graph import Edge
from graphcore.jacobian.entries import Whole
from graphcore.latex import expression_tokens
from graphcore.ops.namespaces import Array, Shape
from graphcore.scalars.places import alike
from graphcore.scalars.touching import operands_touched
from graphcore.scalars.writing import (
    EXP,
    SIZE,
    SQUARED,
    TERMS,
    Around,
    At,
    Here,
    Quantity,
    Token,
    Written,
    added,
    joined,
    largest,
    others,
)


def entrywise(me: Here) -> Written:
    """The op's own formula on the entries that meet here."""
    tokens: list[Token] = []
    for part in expression_tokens(me.graph, me.node):
        if isinstance(part, str):
            tokens.append(part.replace(" ⊙ ", "·").replace(" · ", "·"))
        else:
            tokens.append(At(part, alike(me.shape, me.shape_of(part), me.entry)))
    return Written(tuple(tokens))


def _terms(me: Here, a: int, b: int) -> list[tuple[int, Whole]]:
    """Of ``a @ b`` the entries that meet: a row of one, a column of the other."""
    of_a, of_b = me.shape_of(a), me.shape_of(b)
    rows, columns = len(of_a) > 1, len(of_b) > 1
    entry = me.entry
    batch = entry[: len(entry) - rows - columns]
    n = of_a[-1]
    i = entry[len(batch)] if rows else 0
    j = entry[-1] if columns else 0
    first = alike(batch, of_a[:-2], batch) if len(of_a) > 2 else 0
    second = alike(batch, of_b[:-2], batch) if len(of_b) > 2 else 0
    height = of_a[-2] if rows else 1
    width = of_b[-1] if columns else 1
    k = np.arange(n)
    return [(a, (first * height + i) * n + k), (b, (second * n + k) * width + j)]


def product(me: Here) -> Written:
    """A row times a column."""
    return Written(tuple(added(me, _terms(me, me.arguments[0], me.arguments[1]))))


def product_added(me: Here) -> Written:
    """A row times a column, and what is added to it (``addmm``)."""
    base, a, b = me.arguments[:3]
    tokens = added(me, _terms(me, a, b))
    alpha, beta = me.statics.get("alpha", 1), me.statics.get("beta", 1)
    if alpha != 1:
        tokens = [f"{alpha}·(", *tokens, ")"]
    constant: list[Token] = [At(base, alike(me.shape, me.shape_of(base), me.entry))]
    if beta != 1:
        constant = [f"{beta}·", *constant]
    return Written((*tokens, " + ", *constant) if beta else tuple(tokens))


def linear(me: Here) -> Written:
    """A row of the input times a row of the weights, and the bias."""
    a, w = me.arguments[:2]
    n = me.shape_of(a)[-1]
    k = np.arange(n)
    row = 0
    for size, at in zip(me.shape[:-1], me.entry[:-1]):
        row = row * size + at
    j = me.entry[-1] if me.entry else 0
    tokens = added(me, [(a, row * n + k), (w, j * n + k)])
    bias: list[Token] = [" + ", At(me.arguments[2], j)] if len(me.arguments) > 2 else []
    return Written((*tokens, *bias))


def outer(me: Here) -> Written:
    """One entry of each."""
    i, j = me.entry
    return Written((At(me.arguments[0], i), "·", At(me.arguments[1], j)))


def along(me: Here, *, kept: bool = False) -> Whole:
    """The entries of the operand that are reduced to this one; with ``kept`` the result has all axes of the operand."""
    shape = me.shape_of(me.arguments[0])
    axes = reduced(me.statics.get("axis", me.statics.get("dim")), len(shape))
    full = kept or len(me.entry) == len(shape)
    left = iter(me.entry)
    index: list[Any] = []
    for axis in range(len(shape)):
        if axis in axes:
            index.append(slice(None))
            if full:
                next(left)
        else:
            index.append(next(left))
    found: Whole = np.arange(prod(shape)).reshape(shape)[tuple(index)].reshape(-1)
    return found


def reduced(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that an op's ``axis`` means."""
    if axis is None or axis == ():
        return tuple(range(ndim))
    return tuple(k % max(ndim, 1) for k in (axis if isinstance(axis, tuple | list) else (axis,)))


def total(me: Here) -> Written:
    return Written(tuple(added(me, [(me.arguments[0], along(me))])))


def mean(me: Here) -> Written:
    places = along(me)
    return Written(("(", *added(me, [(me.arguments[0], places)]), f") / {len(places)}"))


def multiplied(me: Here) -> Written:
    """A product of entries; all are needed, so of many some are counted."""
    return _listed(me, along(me), "·", "", "", np.prod) if len(along(me)) else Written(("1",))


def extreme(word: str) -> Any:
    """The largest or smallest of the entries."""
    pick = np.max if word == "max" else np.min

    def write(me: Here) -> Written:
        places = along(me)
        said = f"The {'largest' if word == 'max' else 'smallest'} of {len(places)} entries; the others get no gradient from here."
        found = _listed(me, places, ", ", f"{word}(", ")", pick)
        return found._replace(says=(said,) if len(places) > 1 else ())

    return write


def _listed(me: Here, places: Whole, sign: str, before: str, after: str, rest: Any) -> Written:
    a = me.arguments[0]
    values = me.flat(a)[places]
    kept = largest(values if sign == "·" else np.where(values == me.value, np.inf, values))
    terms: list[list[Token]] = [[At(a, int(places[k]))] for k in kept]
    if len(kept) < len(places):
        terms.append([others(np.delete(values, kept), rest)])
    return Written((before, *joined(terms, sign), after))


def length(me: Here) -> Written:
    """A norm: the root of the squares, the sum of the sizes, or another power."""
    a, places, order = me.arguments[0], along(me), me.statics.get("ord", me.statics.get("p"))
    if order == 0:
        return listed(me)
    if order in (None, 2, "fro"):
        return Written(("√(", *added(me, [(a, places)], SQUARED), ")"))
    if order == 1:
        return Written(tuple(added(me, [(a, places)], SIZE)))
    if order in (float("inf"), -float("inf")):
        pick = np.max if order > 0 else np.min
        return _listed(me, places, "|, |", "max(|" if order > 0 else "min(|", "|)", lambda left: pick(np.abs(left)))
    power = Around("|", f"|^{order:g}", lambda x: np.abs(x) ** order)
    return Written(("(", *added(me, [(a, places)], power), f")^(1/{order:g})"))


def spread(root: bool) -> Any:
    """Variance, or its root: the squared distances from the mean."""

    def write(me: Here) -> Written:
        a, places = me.arguments[0], along(me)
        values = me.flat(a)[places]
        middle = Quantity("mean", float(np.mean(values)))
        squares = (values - middle.value) ** 2
        kept = largest(squares)
        terms: list[list[Token]] = [["(", At(a, int(places[k])), " \u2212 ", middle, ")²"] for k in kept]
        if len(kept) < len(places):
            terms.append([others(np.delete(squares, kept))])
        divisor = len(places) - me.statics.get("ddof", 0)
        tokens: list[Token] = ["(", *joined(terms), f") / {divisor:g}"]
        return Written(("√(", *tokens, ")") if root else tuple(tokens))

    return write


def exponentials(me: Here) -> Written:
    """exp / sum, over the axis of the softmax."""
    a, places = me.arguments[0], along(me, kept=True)
    return Written(("exp(", At(a, me.position), ") / (", *added(me, [(a, places)], EXP), ")"))


def log_exponentials(me: Here) -> Written:
    a, places = me.arguments[0], along(me, kept=True)
    return Written((At(a, me.position), " \u2212 log(", *added(me, [(a, places)], EXP), ")"))


def log_sum(me: Here) -> Written:
    return Written(("log(", *added(me, [(me.arguments[0], along(me))], EXP), ")"))


def squared_error(me: Here) -> Written:
    """The differences squared; their mean or sum where the loss is one number."""
    a, b = me.arguments[:2]
    how = me.statics.get("reduction", 1)
    shape: Shape = np.broadcast_shapes(me.shape_of(a), me.shape_of(b))
    if how == 0 or me.shape_of(a) != shape or me.shape_of(b) != shape:
        return listed(me)
    difference = (me.flat(a) - me.flat(b)) ** 2
    kept = largest(difference)
    terms: list[list[Token]] = [["(", At(a, int(k)), " \u2212 ", At(b, int(k)), ")²"] for k in kept]
    if len(kept) < len(difference):
        terms.append([others(np.delete(difference, kept))])
    tokens = joined(terms)
    return Written(("(", *tokens, f") / {len(difference)}") if how == 1 else tuple(tokens))


def partners(me: Here) -> list[tuple[At, float]]:
    """The scalars that this one touches, with the local derivatives: at most some, those that count most."""
    found: list[tuple[At, float]] = []
    for slot, source in enumerate(me.arguments):
        if source >= 0 and me.op.rule(slot) is not None:
            positions, local, _ = operands_touched(me.run, Edge(source, me.node, slot), me.position)
            found += [(At(source, int(positions[k])), float(local[k])) for k in largest(local, 4 * TERMS)]
    return found


def moved(me: Here) -> Written:
    """The same number in another place, or one that no operand gave."""
    found = partners(me)
    if len(found) == 1 and found[0][1] == 1 and me.run.graph.tuples.isdisjoint((me.node,)):
        return Written((found[0][0],), ("The same number in another place.",))
    if not found:
        return Written(
            (Quantity(_plain(me.value), me.value),), ("No operand gave this number, so no gradient goes on from here.",)
        )
    return weighted(me)


def weighted(me: Here) -> Written:
    """A sum of entries, each times its local derivative: for ops that are linear."""
    terms: list[list[Token]] = []
    left: list[Array] = []
    for slot, source in enumerate(me.arguments):
        if source < 0 or me.op.rule(slot) is None:
            continue
        positions, local, _ = operands_touched(me.run, Edge(source, me.node, slot), me.position)
        products = local * me.flat(source)[positions]
        kept = largest(products)
        for k in kept:
            at = At(source, int(positions[k]))
            terms.append([at] if local[k] == 1 else [Quantity(_plain(local[k]), float(local[k])), "·", at])
        left.append(np.delete(products, kept))
    rest = np.concatenate([np.zeros(0), *left])
    if len(rest):
        terms.append([others(rest)])
    return Written(tuple(joined(terms))) if terms else Written((Quantity(_plain(me.value), me.value),))


def _plain(value: float) -> str:
    return f"{value:.6g}".replace("-", "\u2212")


def listed(me: Here) -> Written:
    """A function of its operands: nothing more is known to be said."""
    found = partners(me)
    if not found:
        return moved(me)
    if len(found) == 1 and me.op.plumbing:
        return moved(me)
    inside = joined([[at] for at, _ in found[:TERMS]], ", ")
    more = [", …"] if len(found) > TERMS else []
    return Written((f"{me.op.name}(", *inside, *more, ")"))

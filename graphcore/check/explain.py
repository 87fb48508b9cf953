"""Explanations in words: the node, the mistake, the right formula and the wrong one, in the user's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphcore.check.factor import said
from graphcore.check.findings import Explanation
from graphcore.check.formulas import named, names_at, right_of_node, wrong_text
from graphcore.check.given import Given
from graphcore.compare.numbers import number
from graphcore.compare.states import ALLOWED, EPS
from graphcore.latex import head
from graphcore.mistakes import FACTOR, FOUND, ROUNDED, UNKNOWN, Change, Places, argument_name, clause

if TYPE_CHECKING:
    from graphcore.check.belief import Belief, Guess
    from graphcore.check.hand_in import Array
    from graphcore.check.rounded import Rounded
    from graphcore.check.search import Search
    from graphcore.graph import Graph

# how much further a belief may be fetched than the best and still be named
NEAR = 0.5
SHOWN = 4
# characters of an expression that a sentence can hold
LONG = 40


def explanations(search: Search, believed: list[Belief], guess: Guess) -> tuple[Explanation, ...]:
    """What explains the mistake of a guess: the guess itself, then what other beliefs say in its place."""
    best = believed[0]
    found: list[tuple[Guess, Belief]] = [(guess, best)]
    for belief in believed[1:]:
        if belief.cost > best.cost + NEAR:
            break
        for other in belief.guesses:
            if other.decided == guess.decided and all(_told(other) != _told(known) for known, _ in found):
                found.append((other, belief))
    shown = found[:SHOWN]
    return tuple(
        _explained(search, one, belief, shown[k + 1][1] if k + 1 < len(shown) else None) for k, (one, belief) in enumerate(shown)
    )


def _told(guess: Guess) -> tuple[Any, ...]:
    change = guess.change
    return (
        (guess.node, guess.factor)
        if change is None
        else (change.mistake.name, change.node, change.position, change.wrong.formula)
    )


def _explained(search: Search, guess: Guess, belief: Belief, other: Belief | None) -> Explanation:
    graph = search.graph
    given = search.given.get(guess.node)
    ours = search.implied(belief, guess.node)
    if guess.change is None:
        if given is None:
            numbers = np.asarray(belief.fixed[guess.node], dtype=np.float64)
            given = Given(numbers, np.zeros(numbers.shape), EPS)
        if guess.factor is None:
            return unknown(graph, guess.node, ours, given, "gradient")
        text = f"{graph.names[guess.node]}: {FOUND[FACTOR].format(factor=said(guess.factor))}."
        certain = search.scale.exactly(ours * guess.factor, given)
        mended = _mended(search, belief, guess)
        formulas = f"{said(guess.factor)} · right", right_of_node(graph, guess.node)
        return Explanation(FACTOR, text, guess.node, None, certain, *formulas, mended=mended, eps=_whole(given))
    made = said_of_gradient(search.places, guess.change)
    at = search.given.get(guess.decided)
    certain = at is None or search.scale.exactly(search.of(belief, guess.decided), at)
    apart = "" if other is None else _apart(search, belief, other)
    mended = _mended(search, belief, guess)
    return made._replace(certain=certain, apart=apart, mended=mended, eps=EPS if at is None else _whole(at))


def _whole(given: Given) -> float:
    """The rounding of numbers that were handed in with all their digits; of printed ones their digits tell."""
    return EPS if given.largest else given.eps


def _mended(search: Search, belief: Belief, guess: Guess) -> int:
    """How many of the wrong handed-in gradients would be right if only this mistake were mended."""
    rest = type(belief)(
        edges={k: c for k, c in belief.edges.items() if c is not guess.change},
        nodes={k: c for k, c in belief.nodes.items() if c is not guess.change},
        fixed={k: numbers for k, numbers in belief.fixed.items() if k != guess.node},
    )
    changed = {change.node for change in (*rest.edges.values(), *rest.nodes.values())} | set(rest.fixed)
    for index in search.active:
        if index in changed or any(search.places.rows[k][0] in rest.gradients for k in search.places.leaving[index]):
            rest.gradients[index] = search.computed(rest, index)
    count = 0
    for index, given in search.given.items():
        truth = search.run._gradients[index]
        if not search.scale.fits(index, truth, given) and _equal(search.of(rest, index), truth):
            count += 1
    return count


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0.0) <= 1e-10 * np.abs(b).max(initial=0.0))


def _apart(search: Search, belief: Belief, other: Belief) -> str:
    """The number that would tell two beliefs apart: a gradient that was not handed in, where they differ."""
    graph = search.graph
    for index in search.active:
        a, b = search.of(belief, index), search.of(other, index)
        if index in search.given or a is None or b is None or isinstance(a, dict) or np.shape(a) != np.shape(b):
            continue
        difference = np.abs(np.asarray(a) - np.asarray(b))
        if difference.size and float(difference.max()) > 1e-6 * max(float(np.abs(a).max()), float(np.abs(b).max())):
            at = np.unravel_index(int(np.argmax(difference)), difference.shape)
            entry = f"[{', '.join(str(int(k)) for k in at)}]" if at else ""
            first, second = (number(float(np.asarray(v)[at])) for v in (a, b))
            return f"The gradient of {graph.names[index]}{entry} would tell: {first} by this one, {second} by the next."
    return "Both give the same numbers at this point; another point would tell them apart."


def said_of_gradient(places: Places, change: Change) -> Explanation:
    """A mistake of the table in a backward pass, in words and formulas."""
    graph = places.graph
    edge = change.edge(places)
    text = f"{_subject(places, change)}: {clause(places, change)}."
    if edge is None:
        parts = [f"(∂L/∂{graph.names[row[0]]} through it)" for row in (places.rows[k] for k in places.leaving[change.node])]
        names = {"right": f"∂L/∂{graph.names[change.node]}", "v": graph.names[change.node]}
        wrong = "the last contribution alone" if "parts" in change.wrong.formula else named(change.wrong.formula, names)
        right = " + ".join(parts) if len(parts) > 1 else names["right"]
        return Explanation(change.mistake.name, text, change.node, None, True, wrong, right)
    right_rule = places.op(edge.target).rule(edge.slot)
    assert right_rule is not None
    names = names_at(places, edge.target)
    right = named(right_rule.given(dict(graph.statics[edge.target])).text, names)
    names |= {"right": f"({right})", "before": "(before the sum over the copies)", "v": graph.names[edge.source]}
    if change.swapped is not None:
        names["swapped"] = graph.names[change.swapped]
    wrong = wrong_text(places, change, right, names)
    return Explanation(change.mistake.name, text, change.node, edge, True, wrong, right)


def said_of_value(places: Places, change: Change) -> Explanation:
    """A mistake of the table in a forward pass, in words and formulas."""
    graph = places.graph
    op = places.op(change.node)
    names = names_at(places, change.node)
    right = named(op.written.given(dict(graph.statics[change.node])).text, names)
    names |= {"right": f"({right})"}
    factors = places.biased(change.node)
    if factors is not None:
        names["bias"] = argument_name(graph, factors[0])
    wrong = named(change.wrong.formula, names).replace("forward(", f"{op.name}(")
    if "again" in change.wrong.formula:
        inner = graph.arguments[change.node][0]
        wrong = f"{op.name} of {places.op(inner).name}({graph.names[inner]})"
    text = f"{graph.names[change.node]}: {clause(places, change)}."
    return Explanation(change.mistake.name, text, change.node, None, True, wrong, right)


def said_of_rounding(graph: Graph, index: int, rounded: Rounded) -> Explanation:
    """A rounding on the way, in words."""
    where = "" if rounded.node is None else f" ({graph.names[rounded.node]})"
    text = f"{graph.names[index]}: {FOUND[ROUNDED].format(digits=rounded.decimals)}{where}."
    return Explanation(ROUNDED, text, index, None, rounded.exact)


def unknown(graph: Graph, index: int, ours: Any, given: Given, kind: str) -> Explanation:
    """An error that no row explains, with what can be seen of it."""
    seen = signature(ours, given)
    text = f"{graph.names[index]}: {FOUND[UNKNOWN]}{f'; {seen}' if seen else ''}."
    right = right_of_node(graph, index) if kind == "gradient" else graph.labels.get(index, graph.names[index])
    return Explanation(UNKNOWN, text, index, None, False, "", right)


def signature(ours: Any, given: Given) -> str:
    """What can be seen of an error without a name: its ratio, sign, pattern, sparsity and rank."""
    if ours is None or np.shape(ours) != given.array.shape:
        return ""
    a = np.asarray(ours, dtype=np.float64)
    b = given.array if given.gaps is None else np.where(given.gaps, a, given.array)
    if not a.size or not np.isfinite(a).all() or not np.isfinite(b).all():
        return _not_finite(b)
    wrong = np.abs(a - b) > given.half + max(1e-9, ALLOWED * given.eps) * np.abs(a).max(initial=0.0)
    if a.size == 1:
        times = float(b.flat[0] / a.flat[0]) if a.flat[0] else 1.0
        ratio = f", {number(times)} times it" if abs(times - 1) > 0.01 else ""
        return f"{number(float(b.flat[0]))} stands where {number(float(a.flat[0]))} belongs{ratio}"
    seen = [f"{int(wrong.sum())} of {a.size} entries {'is' if wrong.sum() == 1 else 'are'} wrong"]
    ratios = b[wrong & (a != 0)] / a[wrong & (a != 0)]
    if ratios.size:
        least, most = number(float(ratios.min())), number(float(ratios.max()))
        seen.append(f"{most} times the right one" if wrong.sum() == 1 else f"between {least} and {most} times the right ones")
        if (ratios < 0).all():
            seen.append("all with the other sign")
    zeros = int(((b == 0) & (a != 0)).sum())
    if zeros:
        seen.append(f"{zeros} are zero")
    if a.ndim == 2 and min(a.shape) > 1:
        rank = int(np.linalg.matrix_rank(b - a, tol=max(1e-9 * np.abs(a).max(), 4 * given.largest * max(a.shape))))
        seen.append(f"the error has rank {rank}")
    return ", ".join(seen)


def _not_finite(handed: Array) -> str:
    """The first entry that is nan or infinite, and how many more there are."""
    odd = np.argwhere(~np.isfinite(handed)).tolist()
    if not odd:
        return ""
    more = f", and {len(odd) - 1} more {'is' if len(odd) == 2 else 'are'} not finite" if len(odd) > 1 else ""
    return f"{f'entry {odd[0]}' if odd[0] else 'it'} is {number(handed[tuple(odd[0])])}{more}"


def _subject(places: Places, change: Change) -> str:
    """What a sentence begins with: the op whose rule is wrong, or the node whose sum is."""
    graph = places.graph
    edge = change.edge(places)
    if edge is None:
        return called(graph, change.node)
    return f"{called(graph, edge.target)}, back to {graph.names[change.node]}"


def called(graph: Graph, index: int) -> str:
    """A node as a sentence calls it: with what it computes, where that is short.

    >>> from graphcore.parse import parse
    >>> called(parse("x = 2; y = sin(3 * x)"), 2)
    'y = sin(v1)'
    """
    text = head(graph, index)
    return text if len(text) <= LONG else graph.names[index]


__all__ = ["explanations", "said_of_gradient", "said_of_rounding", "said_of_value", "signature", "unknown"]

"""A rule of arrays entry by entry: ``∂L/∂W[i,j] = Σ_k ∂L/∂y[i,k] · x[j,k]``, read off the index notation of its Jacobian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Edge
from graphcore.jacobian import local_jacobian
from graphcore.jacobian.terms import Term, flat_strides
from graphcore.latex.filling import literal_text
from graphcore.latex.lines import Pair, filled, join
from graphcore.latex.names import latex_name, math_name
from graphcore.latex.numbers import number_latex, number_math
from graphcore.latex.pieces import Ref
from graphcore.latex.rules import rule_parts
from graphcore.latex.terms import is_elementwise, local_parts, op_at
from graphcore.ops.namespaces import Array, Shape

_LETTERS = "ijklmnpqrstuvabcdefghoxyzw"


class _Letters(NamedTuple):
    """What the indices are called: those of the entry asked for, and those that are summed over."""

    entry: tuple[str, ...]
    more: str


def indexed(run: Trace, edge: Edge, loss: str, part: bool) -> Pair | None:
    """One entry of what an edge hands on, in symbols; None where index notation does not say it simply.

    ``part`` says that other edges add to the same gradient: then the line is about what comes along this edge.
    """
    graph = run.graph
    source = graph.shapes[edge.source]
    letters = _letters(graph.names, source)
    right = _entrywise(run, edge, loss, letters) if is_elementwise(op_at(graph, edge.target)) else None
    right = right or _by_terms(run, edge, loss, letters) or _by_rule(run, edge, loss, letters)
    if right is None:
        return None
    left = _partial(loss, graph.names[edge.source], list(letters.entry))
    if part:
        via = Pair(latex_name(graph.names[edge.target]), math_name(graph.names[edge.target]))
        left = Pair(rf"\left.{left.latex}\right|_{{{via.latex}}}", ["msub", left.math, ["mrow", ["mtext", "via "], via.math]])
    return join(left, "=", right)


def _letters(names: Sequence[str], shape: Shape) -> _Letters:
    free = [letter for letter in _LETTERS if letter not in names]
    return _Letters(tuple("0" if n == 1 else letter for n, letter in zip(shape, free)), "".join(free[len(shape) :]))


def _entry(name: str, places: Sequence[str]) -> Pair:
    """A name with the numbers of an entry."""
    base, math = latex_name(name), math_name(name)
    if not places:
        return Pair(base, math)
    inside: list[Any] = ["mrow", ["mo", "["]]
    for k, place in enumerate(places):
        inside += [["mo", ","]] if k else []
        inside.append(["mn" if place.isdigit() else "mi", place])
    return Pair(f"{base}[{','.join(places)}]", ["mrow", math, [*inside, ["mo", "]"]]])


def _partial(loss: str, name: str, places: Sequence[str]) -> Pair:
    above, below = _entry(loss, ()), _entry(name, places)
    fraction = ["mfrac", ["mrow", ["mo", "∂"], above.math], ["mrow", ["mo", "∂"], below.math]]
    return Pair(rf"\frac{{\partial {above.latex}}}{{\partial {below.latex}}}", ["mrow", {"class": "gradient"}, fraction])


def _sum(over: Sequence[str], rest: Pair) -> Pair:
    if not over:
        return rest
    sign = ["munder", ["mo", "∑"], ["mi", ",".join(over)]]
    return Pair(rf"\sum_{{{','.join(over)}}} {rest.latex}", ["mrow", sign, rest.math])


def _entrywise(run: Trace, edge: Edge, loss: str, letters: _Letters) -> Pair | None:
    """An op on every entry by itself: upstream times its derivative, summed where an operand was repeated."""
    graph = run.graph
    latex, math = local_parts(graph, edge, "latex"), local_parts(graph, edge, "math")
    if latex is None or math is None or any(isinstance(p, str) and r"\begin" in p for p in latex):
        return None
    target, source = graph.shapes[edge.target], graph.shapes[edge.source]
    places: list[str] = []
    over: list[str] = []
    missing = len(target) - len(source)
    for axis, n in enumerate(target):
        own = axis - missing
        if own >= 0 and (source[own] != 1 or n == 1):
            places.append(letters.entry[own])
        else:
            letter = letters.more[len(over)] if n != 1 else "0"
            over += [letter] if n != 1 else []
            places.append(letter)
    upstream = _partial(loss, graph.names[edge.target], places)

    def write(ref: Ref) -> Pair:
        return _operand(run, edge, ref.key, places)

    factor = "".join(part if isinstance(part, str) else write(part).latex for part in latex).replace("\u2062", " ")
    if not factor:
        return _sum(over, upstream)
    bracket = factor[:1] == "-" or any(sign in factor for sign in (" + ", " - "))
    tree = filled(math, lambda ref: write(ref).math)
    shown = Pair(rf"\left({factor}\right)", ["mrow", ["mo", "("], tree, ["mo", ")"]]) if bracket else Pair(factor, tree)
    return _sum(over, join(upstream, "·", shown))


def _by_rule(run: Trace, edge: Edge, loss: str, letters: _Letters) -> Pair | None:
    """The rule itself with every name at the entry, for an op on every entry by itself that chooses between cases."""
    graph = run.graph
    if graph.shapes[edge.source] != graph.shapes[edge.target] or not is_elementwise(op_at(graph, edge.target)):
        return None
    latex, math = rule_parts(graph, edge, "latex"), rule_parts(graph, edge, "math")
    if latex is None or math is None:
        return None

    def write(ref: Ref) -> Pair:
        if ref.key == "@g":
            return _partial(loss, graph.names[edge.target], letters.entry)
        return _operand(run, edge, ref.key, letters.entry)

    text = "".join(part if isinstance(part, str) else write(part).latex for part in latex).replace("\u2062", " ")
    return Pair(text, filled(math, lambda ref: write(ref).math))


def _operand(run: Trace, edge: Edge, key: str, places: Sequence[str]) -> Pair:
    """An operand at the entry of the output, where it is repeated at its only one."""
    graph = run.graph
    if key == "@y":
        return _entry(graph.names[edge.target], places)
    if not key[1:].isdigit():
        return Pair(key.lstrip("@"), ["mi", key.lstrip("@")])
    argument = graph.arguments[edge.target][int(key[1:])]
    if argument < 0:
        literal = graph.literals[-1 - argument]
        return Pair(literal_text(literal, "latex"), ["mn", literal_text(literal, "text")])
    shape = graph.shapes[argument]
    own = places[len(places) - len(shape) :]
    return _entry(graph.names[argument], ["0" if n == 1 else place for n, place in zip(shape, own)])


def _by_terms(run: Trace, edge: Edge, loss: str, letters: _Letters) -> Pair | None:
    graph = run.graph
    form = local_jacobian(run, edge).form
    if form is None or not form.terms or form.shape != graph.shapes[edge.source] or edge.target in graph.tuples:
        return None
    pieces: list[Pair | str] = []
    for k, term in enumerate(form.terms):
        found = _term(run, edge, loss, term, letters)
        if found is None:
            return None
        minus, pair = found
        if k or minus:
            pieces.append("-" if minus else "+")
        pieces.append(pair)
    return join(*pieces)


def _term(run: Trace, edge: Edge, loss: str, term: Term, letters: _Letters) -> tuple[bool, Pair] | None:
    """One product: whether it is taken away, and how it is written."""
    names: list[str] = []
    over: list[str] = []
    for ix in term.indices:
        if ix.axis >= 0:
            if ix.step != 1 or letters.entry[ix.axis] in names:
                return None
            names.append(letters.entry[ix.axis])
        else:
            over.append(letters.more[len(over)])
            names.append(over[-1])
    if any(term.offsets):
        return None
    graph = run.graph
    upstream = _at(term, 0, flat_strides(graph.shapes[edge.target]), graph.shapes[edge.target], names)
    if upstream is None:
        return None
    factors: list[Pair | str] = [_partial(loss, graph.names[edge.target], upstream)]
    number = 1.0
    for n, factor in enumerate(term.factors, 1):
        if factor.combine not in (np.multiply, np.divide):
            return None
        if not any(ix.moves[n] for ix in term.indices) and factor.memory.size == 1:
            value = float(factor.memory.reshape(-1)[0])
            number = number * value if factor.combine is np.multiply else number / value if value else np.nan
            continue
        written = _named(run, edge, term, n, factor.memory, names)
        if written is None or factor.combine is np.divide:
            return None
        factors += ["·", written]
    if not np.isfinite(number):
        return None
    if abs(number) != 1:
        factors = [Pair(number_latex(abs(number), 6), number_math(abs(number), 6)), "·", *factors]
    return number < 0, _sum(over, join(*factors))


def _named(run: Trace, edge: Edge, term: Term, n: int, memory: Array, names: Sequence[str]) -> Pair | None:
    graph = run.graph
    for k in (*graph.arguments[edge.target], edge.target):
        value = run.argument(k) if k >= 0 else None
        if isinstance(value, np.ndarray) and np.may_share_memory(memory, value) and value.size == memory.size:
            strides = [stride // value.itemsize for stride in value.strides]
            places = _at(term, n, strides, value.shape, names)
            return None if places is None else _entry(graph.names[k], places)
    return None


def _at(term: Term, n: int, strides: Sequence[int], shape: Shape, names: Sequence[str]) -> list[str] | None:
    """The numbers of the entry of g (n 0) or a factor that a term means, in letters."""
    places = ["0"] * len(shape)
    if term.starts[n]:
        return None
    for ix, name in zip(term.indices, names):
        if not ix.moves[n]:
            continue
        axis = next((k for k, (stride, size) in enumerate(zip(strides, shape)) if stride == ix.moves[n] and size > 1), None)
        if axis is None or places[axis] != "0" or shape[axis] < ix.size:
            return None
        places[axis] = name
    return places

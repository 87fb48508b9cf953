"""The chain rule written out: one line a backward step, in symbols and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Edge, Graph
from graphcore.latex.filling import FIXED, fill_math, fill_text, ref_text
from graphcore.latex.forms import DIALECTS, PRODUCT, TIMES_INVISIBLE, Dialect
from graphcore.latex.indexed import indexed
from graphcore.latex.lines import Line, Pair, filled, join, refs, towards
from graphcore.latex.matrices import LARGEST, matrix_latex, matrix_math
from graphcore.latex.names import latex_name, math_name
from graphcore.latex.numbers import number_latex, number_math
from graphcore.latex.pieces import Content, Ref
from graphcore.latex.printer import Printer
from graphcore.latex.rules import is_scalar_edge, loss_name, rule_parts
from graphcore.latex.terms import apply_rule, cached, first_part, handed_on, local_tree, op_at, pattern
from graphcore.ops.namespaces import Array, Shape

_TERMS = 6
_SHOWN_ENTRIES = 40


def derivation(
    run: Trace,
    decimals: int = 4,
    limit: int = 200,
    *,
    leaf: str | int | None = None,
    values: bool = False,
    indices: bool = False,
    cut: bool = True,
) -> list[Line]:
    """The backward pass line by line, at most ``limit`` lines and one that counts the steps left out.

    A node that several edges bring gradient to has a line for each, and one for their sum with the last. ``leaf`` keeps
    the steps on the way from the output to one node (KeyError for an unknown name); ``values`` states the forward values
    that the steps use first; ``indices`` writes the rules of arrays entry by entry where they can be; without ``cut``
    large matrices are written out.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); s = b.leaf("s", 3.0); y = b.apply("pow", s, 2, name="y")
    >>> print(derivation(trace(b.graph()))[1].latex.replace(r"\\partial ", "d"))
    \\frac{dy}{ds} = \\frac{dy}{dy} \\cdot \\frac{dy}{ds} = \\frac{dy}{dy} \\cdot 2s = 1 \\times 6 = 6
    """
    writer = _Writer(run, decimals, leaf, indices, cut)
    lines = list(islice(writer.stated(), limit)) if values else []
    stated = len(lines)
    lines += list(islice(writer.lines(), limit))
    more = writer.count() - (len(lines) - stated)
    if more:
        text = f"{more} more lines are left out."
        lines.append(Line(lines[-1].position if lines else -1, ["mtext", text], ["mrow"], rf"\text{{{text}}}"))
    return lines


class _Writer:
    def __init__(self, run: Trace, decimals: int, leaf: str | int | None = None, indices: bool = False, cut: bool = True) -> None:
        self.run = run
        self.graph: Graph = run.graph
        self.decimals = decimals
        self.indices = indices
        self.largest = LARGEST if cut else None
        self.loss = loss_name(run.graph)
        edges = list(enumerate(run.graph.backward_edges))
        if leaf is not None:
            edges = towards(edges, self.graph.index(leaf) if isinstance(leaf, str) else leaf)
        self.edges = [(k, edge) for k, edge in edges if run._downstream[k] is not None]
        self.arrivals = Counter(edge.source for _, edge in self.edges)

    def lines(self) -> Iterator[Line]:
        """All lines, made one at a time."""
        for index in self.run.seeds:
            yield self.line(-1, self.partial(index), join("=", self.value(np.asarray(self.run.seeds[index]))))
        terms: dict[int, list[tuple[int, Edge]]] = {}
        for position, edge in self.edges:
            yield self.step(position, edge)
            if self.arrivals[edge.source] > 1:
                arrived = terms.setdefault(edge.source, [])
                arrived.append((position, edge))
                if len(arrived) == self.arrivals[edge.source]:
                    yield self.total(position, edge.source, arrived)

    def stated(self) -> Iterator[Line]:
        """The forward values that the rules of these steps speak of, in the order in which they were computed."""
        used = set()
        for _, edge in self.edges:
            arguments = self.graph.arguments[edge.target]
            keys = {ref.key for ref in refs(rule_parts(self.graph, edge, "latex") or ())}
            everything = not any(key[0] == "@" for key in keys)  # a rule in words
            used |= {k for n, k in enumerate(arguments) if k >= 0 and (everything or f"@{n}" in keys)}
            used |= {edge.target} if everything or "@y" in keys else set()
        for index in sorted(used - self.graph.tuples):
            symbols, numbers = self.name(index), join("=", self.value(self.run.value(index)))
            yield Line(-2, symbols.math, numbers.math, f"{symbols.latex} {numbers.latex}", index)

    def count(self) -> int:
        """How many lines there are, without writing them."""
        return len(self.run.seeds) + len(self.edges) + sum(n > 1 for n in self.arrivals.values())

    def line(self, position: int, symbols: Pair, numbers: Pair) -> Line:
        return Line(position, symbols.math, numbers.math, f"{symbols.latex} {numbers.latex}")

    def name(self, index: int) -> Pair:
        return Pair(latex_name(self.graph.names[index]), math_name(self.graph.names[index]))

    def fraction(self, above: Pair, below: Pair) -> Pair:
        """∂above / ∂below."""
        latex = rf"\frac{{\partial {above.latex}}}{{\partial {below.latex}}}"
        return Pair(latex, ["mfrac", ["mrow", ["mo", "∂"], above.math], ["mrow", ["mo", "∂"], below.math]])

    def partial(self, index: int) -> Pair:
        """The gradient of a node, as a symbol."""
        loss = Pair(latex_name(self.loss), math_name(self.loss))
        found = self.fraction(loss, self.name(index))
        return found._replace(math=["mrow", {"class": "gradient"}, found.math])

    def term(self, edge: Edge) -> Pair:
        """The left side of a step: the gradient, or the part of it that comes along this edge."""
        whole = self.partial(edge.source)
        if self.arrivals[edge.source] == 1:
            return whole
        via = self.name(edge.target)
        twice = self.graph.arguments[edge.target].count(edge.source) > 1
        where = f",\\,{edge.slot + 1}" if twice else ""
        below: Any = ["mrow", ["mtext", "via "], via.math, *([["mo", ","], ["mn", str(edge.slot + 1)]] if twice else [])]
        return Pair(rf"\left.{whole.latex}\right|_{{{via.latex}{where}}}", ["msub", whole.math, below])

    def step(self, position: int, edge: Edge) -> Line:
        return self.scalar_step(position, edge) if is_scalar_edge(self.graph, edge) else self.array_step(position, edge)

    def scalar_step(self, position: int, edge: Edge) -> Line:
        upstream = self.partial(edge.target)
        local = self.fraction(self.name(edge.target), self.name(edge.source))
        symbols = join(self.term(edge), "=", upstream, "·", local)
        factor = self.factor(edge)
        if factor is not None:
            symbols = join(symbols, "=", upstream, "·", factor)
        down, up = handed_on(self.run, position), self.run.gradient(edge.target)
        numbers = join("=", self.value(up), "×", self.bracketed(self.local(edge)), "=", self.value(down))
        return self.line(position, symbols, numbers)

    def factor(self, edge: Edge) -> Pair | None:
        """The local derivative as a factor, in brackets where it needs them."""
        graph = self.graph
        op = op_at(graph, edge.target)
        statics = graph.statics[edge.target]
        kinds = pattern(graph, edge.target)

        def make() -> tuple[Content, Content] | None:
            tree = local_tree(op, edge.slot, dict(statics), kinds)
            return None if tree is None else (_factor(tree, "latex"), _factor(tree, "math"))

        found = cached(("factor", op, edge.slot, repr(statics) if statics else "", kinds), make)
        if found is None:
            return None
        return Pair(fill_text(graph, edge.target, found[0], "latex"), fill_math(graph, edge.target, found[1]))

    def local(self, edge: Edge) -> Array:
        """The local derivative of a scalar edge as a number: the op's rule on an upstream gradient of 1."""
        return np.asarray(apply_rule(self.run, edge, np.float64(1)), dtype=np.float64)

    def value(self, value: Any) -> Pair:
        """A number, or a matrix cut with dots."""
        array = np.asarray(first_part(value), dtype=np.float64)
        if array.ndim == 0:
            return Pair(number_latex(float(array), self.decimals), number_math(float(array), self.decimals))
        return Pair(matrix_latex(array, self.decimals, self.largest), matrix_math(array, self.decimals, self.largest))

    def bracketed(self, value: Any) -> Pair:
        """A number that follows a sign."""
        pair = self.value(value)
        if pair.latex.startswith("-"):
            return Pair(f"({pair.latex})", ["mrow", ["mo", "("], pair.math, ["mo", ")"]])
        return pair

    def array_step(self, position: int, edge: Edge) -> Line:
        entries = indexed(self.run, edge, self.loss, self.arrivals[edge.source] > 1) if self.indices else None
        symbols = entries or join(self.shaped(self.term(edge), self.graph.shapes[edge.source]), "=", self.rule(edge, self.symbol))
        down = handed_on(self.run, position)
        parts = rule_parts(self.graph, edge, "latex") or ()
        factors = refs(parts)
        numbers = [join("=", self.value(down))]
        # a choice between cases, or a word such as "ties", has no numbers of its own to show
        plain = all(part.key.startswith("@") if isinstance(part, Ref) else r"\begin" not in part for part in parts)
        if (
            len(factors) > 1
            and plain
            and sum(np.size(self.factor_value(edge, ref)) for ref in factors) <= _SHOWN_ENTRIES
            and not entries
        ):
            numbers.insert(0, join("=", self.rule(edge, self.number)))
        return self.line(position, symbols, join(*numbers))

    def rule(self, edge: Edge, write: Callable[[Edge, Ref], Pair]) -> Pair:
        """The op's rule with every hole written by ``write``."""
        parts = [rule_parts(self.graph, edge, dialect) for dialect in DIALECTS[1:]]
        latex = ""
        for part in parts[0] or ():
            if not isinstance(part, str):
                part = write(edge, part).latex
            elif part.startswith("^") and latex.endswith("}"):
                latex = f"{{{latex}}}"  # else the power would stand over the brace
            latex += part
        return Pair(latex.replace(TIMES_INVISIBLE, " "), filled(parts[1], lambda ref: write(edge, ref).math))

    def symbol(self, edge: Edge, ref: Ref) -> Pair:
        """A factor's name with its shape under it."""
        shape = ref.shape
        if ref.key == "@g":
            pair = self.partial(edge.target)
            if ref.transposed:
                pair = Pair(rf"\left({pair.latex}\right)^{{\top}}", ["msup", pair.math, ["mo", "⊤"]])
        else:
            latex = ref_text(self.graph, edge.target, ref, "latex")
            math = fill_math(self.graph, edge.target, ref)
            pair = Pair(latex, ["msup", math, ["mo", "⊤"]] if ref.transposed else math)
        if ref.key in FIXED:
            shape = self.graph.shapes[edge.source]
        return self.shaped(pair, shape)

    def number(self, edge: Edge, ref: Ref) -> Pair:
        """A factor's numbers."""
        return self.bracketed(self.factor_value(edge, ref))

    def factor_value(self, edge: Edge, ref: Ref) -> Any:
        """What stands in a hole of a rule, as numbers."""
        if ref.key == "@ones":
            return np.ones(self.graph.shapes[edge.source])
        if ref.key == "@identity":
            return np.eye(self.graph.shapes[edge.source][0])
        if ref.key == "@g":
            value: Any = self.run.gradient(edge.target)
        elif ref.key == "@y":
            value = self.run.value(edge.target)
        else:
            value = self.run.argument(self.graph.arguments[edge.target][int(ref.key[1:])])
        value = first_part(value)
        return np.swapaxes(value, -1, -2) if ref.transposed and np.ndim(value) > 1 else value

    def shaped(self, pair: Pair, shape: Shape | None) -> Pair:
        """A piece with its shape written under it; scalars have none."""
        if not shape:
            return pair
        latex = r" \times ".join(map(str, shape))
        text = "×".join(map(str, shape))
        return Pair(rf"\underbrace{{{pair.latex}}}_{{{latex}}}", ["msub", pair.math, ["mtext", {"class": "shape"}, text]])

    def total(self, position: int, index: int, arrived: Sequence[tuple[int, Edge]]) -> Line:
        """The sum over the edges that brought a node its gradient."""
        symbols: list[Pair | str] = [self.partial(index), "="]
        numbers: list[Pair | str] = ["="]
        if index in self.run.seeds:
            symbols += [self.value(self.run.seeds[index]), "+"]
            numbers += [self.value(self.run.seeds[index]), "+"]
        shown = arrived if len(arrived) <= _TERMS else [*arrived[: _TERMS - 2], None, arrived[-1]]
        for k, item in enumerate(shown):
            if item is None:
                symbols += ["+", "…"]
                numbers += ["+", "…"]
                continue
            at, edge = item
            down: Any = handed_on(self.run, at)
            negative = k > 0 and down.ndim == 0 and float(down) < 0
            if k:
                symbols.append("+")
                numbers.append("-" if negative else "+")
            symbols.append(self.contribution(edge))
            numbers.append(self.value(-down if negative else down))
        gradient = self.run.gradient(index)
        return self.line(position, join(*symbols), join(*numbers, "=", self.value(gradient)))

    def contribution(self, edge: Edge) -> Pair:
        """One term of a fan-out sum, in symbols."""
        factor = self.factor(edge) if is_scalar_edge(self.graph, edge) else None
        return self.term(edge) if factor is None else join(self.partial(edge.target), "·", factor)


def _factor(tree: Any, dialect: Dialect) -> Content:
    printer = Printer(dialect, {}, compact=True)
    piece = printer.print(tree)
    return (printer.group(piece) if piece.level < PRODUCT or piece.minus else piece).content

"""The chain rule written out: one line a backward step, in symbols and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from graphcore.backprop import Trace
from graphcore.graph import Edge, Graph
from graphcore.latex.filling import FIXED, fill_math, fill_text, ref_text
from graphcore.latex.forms import DIALECTS, PRODUCT, TIMES_INVISIBLE, Dialect
from graphcore.latex.matrices import matrix_latex, matrix_math
from graphcore.latex.names import latex_name, math_name
from graphcore.latex.numbers import number_latex, number_math
from graphcore.latex.pieces import Content, Ref
from graphcore.latex.printer import Printer
from graphcore.latex.rules import is_scalar_edge, loss_name, rule_parts
from graphcore.latex.terms import apply_rule, cached, first_part, handed_on, local_tree, op_at, pattern
from graphcore.ops.namespaces import Array, Shape

_TERMS = 6
_SHOWN_ENTRIES = 40


class Line(NamedTuple):
    """One line: the step it belongs to (an index into ``graph.backward_edges``, -1 for the seed), math trees, LaTeX.

    ``symbols`` and ``numbers`` are math trees; ``latex`` is both in one, without dollar signs.
    """

    position: int
    symbols: Any
    numbers: Any
    latex: str


class _Pair(NamedTuple):
    """The same piece in LaTeX and as a math tree."""

    latex: str
    math: Any


def derivation(run: Trace, decimals: int = 4, limit: int = 200) -> list[Line]:
    """The backward pass line by line, at most ``limit`` lines and one that counts the steps left out.

    A node that several edges bring gradient to has a line for each, and one for their sum with the last.

    >>> from graphcore.graph import Builder
    >>> from graphcore.backprop import trace
    >>> b = Builder(); s = b.leaf("s", 3.0); y = b.apply("pow", s, 2, name="y")
    >>> print(derivation(trace(b.graph()))[1].latex.replace(r"\\partial ", "d"))
    \\frac{dy}{ds} = \\frac{dy}{dy} \\cdot \\frac{dy}{ds} = \\frac{dy}{dy} \\cdot 2s = 1 \\times 6 = 6
    """
    writer = _Writer(run, decimals)
    lines = list(islice(writer.lines(), limit))
    more = writer.count() - len(lines)
    if more:
        text = f"{more} more lines are left out."
        lines.append(Line(lines[-1].position if lines else -1, ["mtext", text], ["mrow"], rf"\text{{{text}}}"))
    return lines


def _join(*pieces: _Pair | str) -> _Pair:
    """Pieces and signs side by side."""
    latex: list[str] = []
    math: list[Any] = ["mrow"]
    for piece in pieces:
        if isinstance(piece, str):
            latex.append(_SIGNS.get(piece, piece))
            math.append(["mo", piece.replace("-", "\u2212")])
        else:
            latex.append(piece.latex)
            math.append(piece.math)
    return _Pair(" ".join(latex), math)


_SIGNS = {"·": r"\cdot", "×": r"\times", "…": r"\dots"}


class _Writer:
    def __init__(self, run: Trace, decimals: int) -> None:
        self.run = run
        self.graph: Graph = run.graph
        self.decimals = decimals
        self.loss = loss_name(run.graph)
        self.edges = [(k, edge) for k, edge in enumerate(run.graph.backward_edges) if run._downstream[k] is not None]
        self.arrivals = Counter(edge.source for _, edge in self.edges)

    def lines(self) -> Iterator[Line]:
        """All lines, made one at a time."""
        for index in self.run.seeds:
            yield self.line(-1, self.partial(index), _join("=", self.value(np.asarray(self.run.seeds[index]))))
        terms: dict[int, list[tuple[int, Edge]]] = {}
        for position, edge in self.edges:
            yield self.step(position, edge)
            if self.arrivals[edge.source] > 1:
                arrived = terms.setdefault(edge.source, [])
                arrived.append((position, edge))
                if len(arrived) == self.arrivals[edge.source]:
                    yield self.total(position, edge.source, arrived)

    def count(self) -> int:
        """How many lines there are, without writing them."""
        return len(self.run.seeds) + len(self.edges) + sum(n > 1 for n in self.arrivals.values())

    def line(self, position: int, symbols: _Pair, numbers: _Pair) -> Line:
        return Line(position, symbols.math, numbers.math, f"{symbols.latex} {numbers.latex}")

    def name(self, index: int) -> _Pair:
        return _Pair(latex_name(self.graph.names[index]), math_name(self.graph.names[index]))

    def fraction(self, above: _Pair, below: _Pair) -> _Pair:
        """∂above / ∂below."""
        latex = rf"\frac{{\partial {above.latex}}}{{\partial {below.latex}}}"
        return _Pair(latex, ["mfrac", ["mrow", ["mo", "∂"], above.math], ["mrow", ["mo", "∂"], below.math]])

    def partial(self, index: int) -> _Pair:
        """The gradient of a node, as a symbol."""
        loss = _Pair(latex_name(self.loss), math_name(self.loss))
        found = self.fraction(loss, self.name(index))
        return found._replace(math=["mrow", {"class": "gradient"}, found.math])

    def term(self, edge: Edge) -> _Pair:
        """The left side of a step: the gradient, or the part of it that comes along this edge."""
        whole = self.partial(edge.source)
        if self.arrivals[edge.source] == 1:
            return whole
        via = self.name(edge.target)
        twice = self.graph.arguments[edge.target].count(edge.source) > 1
        where = f",\\,{edge.slot + 1}" if twice else ""
        below: Any = ["mrow", ["mtext", "via "], via.math, *([["mo", ","], ["mn", str(edge.slot + 1)]] if twice else [])]
        return _Pair(rf"\left.{whole.latex}\right|_{{{via.latex}{where}}}", ["msub", whole.math, below])

    def step(self, position: int, edge: Edge) -> Line:
        return self.scalar_step(position, edge) if is_scalar_edge(self.graph, edge) else self.array_step(position, edge)

    def scalar_step(self, position: int, edge: Edge) -> Line:
        upstream = self.partial(edge.target)
        local = self.fraction(self.name(edge.target), self.name(edge.source))
        symbols = _join(self.term(edge), "=", upstream, "·", local)
        factor = self.factor(edge)
        if factor is not None:
            symbols = _join(symbols, "=", upstream, "·", factor)
        down, up = handed_on(self.run, position), self.run.gradient(edge.target)
        numbers = _join("=", self.value(up), "×", self.bracketed(self.local(edge)), "=", self.value(down))
        return self.line(position, symbols, numbers)

    def factor(self, edge: Edge) -> _Pair | None:
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
        return _Pair(fill_text(graph, edge.target, found[0], "latex"), fill_math(graph, edge.target, found[1]))

    def local(self, edge: Edge) -> Array:
        """The local derivative of a scalar edge as a number: the op's rule on an upstream gradient of 1."""
        return np.asarray(apply_rule(self.run, edge, np.float64(1)), dtype=np.float64)

    def value(self, value: Any) -> _Pair:
        """A number, or a matrix cut with dots."""
        array = np.asarray(first_part(value), dtype=np.float64)
        if array.ndim == 0:
            return _Pair(number_latex(float(array), self.decimals), number_math(float(array), self.decimals))
        return _Pair(matrix_latex(array, self.decimals), matrix_math(array, self.decimals))

    def bracketed(self, value: Any) -> _Pair:
        """A number that follows a sign."""
        pair = self.value(value)
        if pair.latex.startswith("-"):
            return _Pair(f"({pair.latex})", ["mrow", ["mo", "("], pair.math, ["mo", ")"]])
        return pair

    def array_step(self, position: int, edge: Edge) -> Line:
        symbols = _join(self.shaped(self.term(edge), self.graph.shapes[edge.source]), "=", self.rule(edge, self.symbol))
        down = handed_on(self.run, position)
        parts = rule_parts(self.graph, edge, "latex") or ()
        factors = _refs(parts)
        numbers = [_join("=", self.value(down))]
        # a choice between cases, or a word such as "ties", has no numbers of its own to show
        plain = all(part.key.startswith("@") if isinstance(part, Ref) else r"\begin" not in part for part in parts)
        if len(factors) > 1 and plain and sum(np.size(self.factor_value(edge, ref)) for ref in factors) <= _SHOWN_ENTRIES:
            numbers.insert(0, _join("=", self.rule(edge, self.number)))
        return self.line(position, symbols, _join(*numbers))

    def rule(self, edge: Edge, write: Callable[[Edge, Ref], _Pair]) -> _Pair:
        """The op's rule with every hole written by ``write``."""
        parts = [rule_parts(self.graph, edge, dialect) for dialect in DIALECTS[1:]]
        latex = ""
        for part in parts[0] or ():
            if not isinstance(part, str):
                part = write(edge, part).latex
            elif part.startswith("^") and latex.endswith("}"):
                latex = f"{{{latex}}}"  # else the power would stand over the brace
            latex += part
        return _Pair(latex.replace(TIMES_INVISIBLE, " "), _filled(parts[1], lambda ref: write(edge, ref).math))

    def symbol(self, edge: Edge, ref: Ref) -> _Pair:
        """A factor's name with its shape under it."""
        shape = ref.shape
        if ref.key == "@g":
            pair = self.partial(edge.target)
            if ref.transposed:
                pair = _Pair(rf"\left({pair.latex}\right)^{{\top}}", ["msup", pair.math, ["mo", "⊤"]])
        else:
            latex = ref_text(self.graph, edge.target, ref, "latex")
            math = fill_math(self.graph, edge.target, ref)
            pair = _Pair(latex, ["msup", math, ["mo", "⊤"]] if ref.transposed else math)
        if ref.key in FIXED:
            shape = self.graph.shapes[edge.source]
        return self.shaped(pair, shape)

    def number(self, edge: Edge, ref: Ref) -> _Pair:
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

    def shaped(self, pair: _Pair, shape: Shape | None) -> _Pair:
        """A piece with its shape written under it; scalars have none."""
        if not shape:
            return pair
        latex = r" \times ".join(map(str, shape))
        text = "×".join(map(str, shape))
        return _Pair(rf"\underbrace{{{pair.latex}}}_{{{latex}}}", ["msub", pair.math, ["mtext", {"class": "shape"}, text]])

    def total(self, position: int, index: int, arrived: Sequence[tuple[int, Edge]]) -> Line:
        """The sum over the edges that brought a node its gradient."""
        symbols: list[_Pair | str] = [self.partial(index), "="]
        numbers: list[_Pair | str] = ["="]
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
        return self.line(position, _join(*symbols), _join(*numbers, "=", self.value(gradient)))

    def contribution(self, edge: Edge) -> _Pair:
        """One term of a fan-out sum, in symbols."""
        factor = self.factor(edge) if is_scalar_edge(self.graph, edge) else None
        return self.term(edge) if factor is None else _join(self.partial(edge.target), "·", factor)


def _factor(tree: Any, dialect: Dialect) -> Content:
    printer = Printer(dialect, {}, compact=True)
    piece = printer.print(tree)
    return (printer.group(piece) if piece.level < PRODUCT or piece.minus else piece).content


def _refs(parts: Sequence[Any]) -> list[Ref]:
    return [part for part in parts if isinstance(part, Ref)]


def _filled(content: Any, write: Callable[[Ref], Any]) -> Any:
    if isinstance(content, Ref):
        return write(content)
    return [_filled(item, write) for item in content] if isinstance(content, list | tuple) else content

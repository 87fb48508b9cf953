"""Formulas as text, LaTeX and math trees: exact texts for what a textbook prints, and no surprise for the rest."""

from __future__ import annotations

import ast
import re
import time
from typing import Any

import pytest

import graphcore as gc
from graphcore import latex, ops
from graphcore.graph import Edge, Graph
from graphcore.latex.matrices import matrix_latex
from graphcore.latex.printer import print_tree
from graphcore.latex.simplify import simplify
from graphcore.parse import parse

A = "x1 = -1\nw1 = 3\nx2 = -2\nw2 = 3\ns = sin(x1 * w1)\nc = cos(x2 * w2)\nf = 1 / (2 + s**2 + c)"
C = """x1 = const([[0], [1], [2]])
W1 = [[3, -1, 1], [-5, 2, -1]]
b1 = [[1], [2]]
W2 = [[1, -2], [-3, 1]]
b2 = [[1], [1]]
t = const([[1], [2]])
h1 = relu(W1 @ x1 + b1)
z2 = W2 @ h1
L = 0.5 * sum((t - (z2 + b2)) ** 2)"""
HOSTILE = [
    "<script>",
    '"]',
    "a.b.weight",
    "50%_{x}",
    "\\input{x}",
    "$x$",
    "a#b&c",
    "~^",
    "é中",
    "x y",
    "0.weight",
    "\n",
    "{",
    "}{",
]


def edge_to(graph: Graph, source: str, target: str, slot: int | None = None) -> Edge:
    """The edge between two named nodes."""
    found = [e for e in graph.edges if graph.names[e.source] == source and graph.names[e.target] == target]
    return next(e for e in found if slot is None or e.slot == slot)


def text_of(tokens: list[dict[str, Any]] | None) -> str:
    """Tokens as one line."""
    assert tokens is not None
    written = []
    for token in tokens:
        if "d" in token:
            written.append("∂{}/∂{}".format(*token["d"]))
        else:
            written.append(f" {token['op']} " if "op" in token else token.get("value", token.get("text")))
    return "".join(written)


def printed(text: str, dialect: latex.Dialect = "text", compact: bool = False) -> str:
    """A formula as the printer writes it, its names left as they are."""
    mark = "ᵀ" if dialect == "text" else r"^{\top}"
    parts = print_tree(ast.parse(text, mode="eval").body, dialect, compact=compact)
    return "".join(part if isinstance(part, str) else part.key + mark * part.transposed for part in parts).replace("\u2062", "")


@pytest.mark.parametrize(
    ("formula", "text", "tex"),
    [
        ("a + b * c", "a + b · c", r"a + b \cdot c"),
        ("(a + b) * c", "(a + b) · c", r"(a + b) \cdot c"),
        ("a - (b - c)", "a − (b − c)", "a - (b - c)"),
        ("a - b - c", "a − b − c", "a - b - c"),
        ("-a * b", "−a · b", r"-a \cdot b"),
        ("a * -b", "a · (−b)", r"a \cdot (-b)"),
        ("a + -b", "a + (−b)", "a + (-b)"),
        ("-(a + b)", "−(a + b)", "-(a + b)"),
        ("-(-a)", "−(−a)", "-(-a)"),
        ("-a ** 2", "−a²", "-a^{2}"),
        ("(-a) ** 2", "(−a)²", "(-a)^{2}"),
        ("a ** -1", "a⁻¹", "a^{-1}"),
        ("a ** 0.5", "a ** 0.5", "a^{0.5}"),
        ("a ** (b + 1)", "a ** (b + 1)", "a^{b + 1}"),
        ("(a ** 2) ** 3", "(a²)³", r"(a^{2})^{3}"),
        ("(a + b) ** 2", "(a + b)²", "(a + b)^{2}"),
        ("a / b / c", "(a / b) / c", r"\frac{\frac{a}{b}}{c}"),
        ("a / (b * c)", "a / (b · c)", r"\frac{a}{b \cdot c}"),
        ("a / b * c", "(a / b) · c", r"\frac{a}{b} \cdot c"),
        ("a * (b / c)", "a · (b / c)", r"a \cdot \frac{b}{c}"),
        ("(a / b) ** 2", "(a / b)²", r"\left(\frac{a}{b}\right)^{2}"),
        ("a * b * c", "a · b · c", r"a \cdot b \cdot c"),
        ("a * (b * c)", "a · (b · c)", r"a \cdot (b \cdot c)"),
        ("sin(a) ** 2", "sin(a)²", r"\sin^{2}(a)"),
        ("sqrt(a + b)", "sqrt(a + b)", r"\sqrt{a + b}"),
        ("exp(-a)", "exp(−a)", "e^{-a}"),
        ("exp(a) ** 2", "exp(a)²", "(e^{a})^{2}"),
        ("log(a / b)", "log(a / b)", r"\ln\left(\frac{a}{b}\right)"),
        ("abs(a)", "abs(a)", r"\lvert a \rvert"),
        ("W @ x", "W @ x", r"W \, x"),
        ("W.T @ x", "Wᵀ @ x", r"W^{\top} \, x"),
        ("(A @ B).T", "(A @ B)ᵀ", r"(A \, B)^{\top}"),
        ("where(a > 0, a, -a)", "a if a > 0 else −a", r"\begin{cases} a & \text{if } a > 0 \\ -a & \text{otherwise} \end{cases}"),
        ("2 * where(a > 0, 1, 0)", "2 · (1 if a > 0 else 0)", None),
        ("(a > 0) & (a < 1)", "a > 0 and a < 1", r"a > 0 \land a < 1"),
        ("a > -1", "a > −1", "a > -1"),
        ("1e-05 * a", "1e−05 · a", None),
        ("sum(a, axis=0)", "sum(a, axis=0)", r"\sum_{\text{axis } 0} a"),
        ("a[0, 1:]", "a[0, 1:]", "a[0, 1:]"),
        ("pi * a", "π · a", r"\pi \cdot a"),
    ],
)
def test_brackets_stand_where_they_must(formula: str, text: str, tex: str | None) -> None:
    """Precedence in plain text and in LaTeX."""
    expected = text.replace("1e−05", "1e−5")
    assert printed(formula) == expected
    if tex is not None:
        assert printed(formula, "latex") == tex


@pytest.mark.parametrize(
    ("formula", "simple"),
    [
        ("1 * x", "x"),
        ("x * 1", "x"),
        ("x + 0", "x"),
        ("0 + x", "x"),
        ("x - 0", "x"),
        ("0 - x", "-x"),
        ("x ** 1", "x"),
        ("x ** 0", "1"),
        ("x / 1", "x"),
        ("--x", "x"),
        ("0 * g", "0"),
        ("0 / x", "0"),
        ("2 * s ** (2 - 1)", "2 * s"),
        ("1 * 3 * s ** (3 - 1)", "3 * s ** 2"),
        ("1 * -1 * x ** (-1 - 1)", "-x ** -2"),
        ("-1 * 1 / x ** 2", "-(1 / x ** 2)"),
        ("x * 2", "2 * x"),
        ("x * 2 * y", "2 * x * y"),
        ("(2 * x) * (3 * y)", "6 * x * y"),
        ("-x * -y", "x * y"),
        ("x + -y", "x - y"),
        ("x - -y", "x + y"),
        ("1 / x * y", "y / x"),
        ("1 / 3 * x", "1 * x / 3"),
        ("a / b / c", "a / (b * c)"),
        ("where(2 == 0, x, y)", "y"),
        ("where(2 > 0, x, y)", "x"),
        ("where(c, x, x)", "x"),
        ("where(y <= 0, 0, 1)", "where(y > 0, 1, 0)"),
        ("0.1 + 0.2", "0.1 + 0.2"),
    ],
)
def test_obvious_identities(formula: str, simple: str) -> None:
    """What a reader would cancel without thinking."""
    expected = "x / 3" if simple == "1 * x / 3" else simple
    before = ast.parse(formula, mode="eval").body
    untouched = ast.dump(before)
    assert ast.unparse(ast.fix_missing_locations(simplify(before))) == expected
    assert ast.dump(before) == untouched


def test_exact_simplifying_forgets_no_nan() -> None:
    """For programs the order of operations and the way of a nan stay."""
    tree = ast.parse("where(y <= 0, 0, g) + 0 * g * 2", mode="eval").body
    assert ast.unparse(simplify(tree, exact=True)) == "where(y <= 0, 0, g) + 0 * g * 2"


HEADS = [
    ("y = x * w", "y = x · w", r"x \cdot w"),
    ("y = 2 * x", "y = 2 · x", r"2 \cdot x"),
    ("y = 2 + x", "y = 2 + x", "2 + x"),
    ("y = x - w", "y = x − w", "x - w"),
    ("y = 1 / x", "y = 1 / x", r"\frac{1}{x}"),
    ("y = x ** 2", "y = x²", "x^{2}"),
    ("y = x ** -1", "y = x⁻¹", "x^{-1}"),
    ("y = x ** 0.5", "y = x ** 0.5", "x^{0.5}"),
    ("y = x ** w", "y = x ** w", "x^{w}"),
    ("y = -x", "y = −x", "-x"),
    ("y = sin(x)", "y = sin(x)", r"\sin(x)"),
    ("y = sigmoid(x)", "y = sigmoid(x)", r"\sigma(x)"),
    ("y = relu(x)", "y = relu(x)", r"\operatorname{ReLU}(x)"),
    ("y = exp(x)", "y = exp(x)", "e^{x}"),
    ("y = sqrt(x)", "y = sqrt(x)", r"\sqrt{x}"),
    ("y = log(x)", "y = log(x)", r"\ln(x)"),
    ("y = abs(x)", "y = abs(x)", r"\lvert x \rvert"),
    ("y = maximum(x, w)", "y = maximum(x, w)", r"\max(x, w)"),
    ("y = sum(M)", "y = sum(M)", r"\sum M"),
    ("y = sum(M, axis=0)", "y = sum(M, axis=0)", r"\sum_{\text{axis } 0} M"),
    ("y = mean(M)", "y = mean(M)", None),
    ("y = M @ N", "y = M @ N", r"M \, N"),
    ("y = M.T", "y = Mᵀ", r"M^{\top}"),
    ("y = M * M", "y = M ⊙ M", r"M \odot M"),
    ("y = x * M", "y = x · M", r"x \cdot M"),
    ("y = M[0, 1]", "y = M[0, 1]", "M[0, 1]"),
    ("y = M[0, 1:]", "y = M[0, 1:]", "M[0, 1:]"),
    ("y = reshape(M, (3, 2))", "y = reshape(M, (3, 2))", None),
    ("y = concatenate([M, M])", "y = concatenate([M, M])", None),
    ("y = softmax(M)", "y = softmax(M)", None),
    ("y = norm(M)", "y = norm(M)", r"\lVert M \rVert"),
]


@pytest.mark.parametrize(("line", "head", "tex"), HEADS)
def test_head_and_expression(line: str, head: str, tex: str | None) -> None:
    """The equation of one op in the user's names, and its LaTeX."""
    graph = parse("x = 0.5\nw = 2\nM = [[1, 2, 3], [4, 5, 6]]\nN = [[1], [2], [3]]\n" + line)
    index = graph.index("y")
    assert latex.head(graph, index) == head
    if tex is not None:
        assert latex.expression(graph, index, "latex") == tex


def test_tokens_give_the_operands_as_indices() -> None:
    """The browser writes names or numbers into the holes."""
    graph = parse(A)
    assert latex.expression_tokens(graph, graph.index("s")) == ["sin(", graph.index("v1"), ")"]
    assert latex.expression_tokens(graph, graph.index("f")) == ["1 / ", graph.index("v5")]
    assert latex.expression_tokens(graph, graph.index("x1")) == ["x1"]
    for node in graph.nodes:
        joined = "".join(graph.names[t] if isinstance(t, int) else t for t in latex.expression_tokens(graph, node.index))
        assert joined == latex.expression(graph, node.index)


LOCALS = [
    ("y = x + w", "x", "", "", "a sum passes it on"),
    ("y = x - w", "w", "−1", "-1", None),
    ("y = x * w", "x", "w", "w", None),
    ("y = x * 3", "x", "3", "3", None),
    ("y = 3.5 * x", "x", "3.5", "3.5", None),
    ("y = x * -3", "x", "−3", "-3", None),
    ("y = x / w", "x", "1 / w", r"\frac{1}{w}", None),
    ("y = 1 / w", "w", "−1 / w²", r"-\frac{1}{w^{2}}", None),
    ("y = x / w", "w", "−x / w²", r"-\frac{x}{w^{2}}", None),
    ("y = x / 4", "x", "1 / 4", r"\frac{1}{4}", None),
    ("y = x / 3", "x", "1 / 3", r"\frac{1}{3}", None),
    ("y = x ** 2", "x", "2x", "2x", None),
    ("y = x ** 3", "x", "3x²", "3x^{2}", None),
    ("y = x ** -1", "x", "−x⁻²", "-x^{-2}", None),
    ("y = x ** 1", "x", "", "", None),
    ("y = x ** 0", "x", "0", "0", None),
    ("y = -x", "x", "−1", "-1", None),
    ("y = sin(x)", "x", "cos(x)", r"\cos(x)", None),
    ("y = cos(x)", "x", "−sin(x)", r"-\sin(x)", None),
    ("y = tan(x)", "x", "1 + y²", "1 + y^{2}", None),
    ("y = exp(x)", "x", "y", "y", None),
    ("y = log(x)", "x", "1 / x", r"\frac{1}{x}", None),
    ("y = sqrt(x)", "x", "1 / (2y)", r"\frac{1}{2y}", None),
    ("y = tanh(x)", "x", "1 − y²", "1 - y^{2}", None),
    ("y = sigmoid(x)", "x", "y (1 − y)", "y (1 - y)", None),
]


@pytest.mark.parametrize(("line", "source", "text", "tex", "says"), LOCALS)
def test_local_symbol(line: str, source: str, text: str, tex: str, says: str | None) -> None:
    """Local derivatives as a textbook writes them, in the user's names."""
    graph = parse("x = 0.5\nw = 2\n" + line)
    edge = edge_to(graph, source, "y")
    assert latex.local_symbol(graph, edge) == text
    assert latex.local_symbol(graph, edge, "latex") == tex
    if says is not None:
        assert latex.local_says(graph, edge) == says


def test_relu_is_on_or_off() -> None:
    """The choice is written out; which side it takes is decided by numbers elsewhere."""
    graph = parse("z = 0.5\nh = relu(z)")
    assert re.fullmatch(r"1 if [hz] > 0 else 0", latex.local_symbol(graph, graph.edges[0]))
    assert latex.local_symbol(graph, graph.edges[0], "latex").startswith(r"\begin{cases} 1 & \text{if }")


def test_a_number_before_a_name_that_starts_with_a_digit() -> None:
    """``2`` and ``0.weight`` are not written together."""
    b = gc.Builder()
    y = b.apply("pow", b.leaf("0.weight", 1.0), 2, name="y")
    graph = b.graph(y)
    assert latex.local_symbol(graph, graph.edges[0]) == "2 · 0.weight"
    assert latex.local_symbol(graph, graph.edges[0], "latex") == r"2 \cdot \mathrm{0.weight}"


RULES = [
    ("W2", "z2", "∂L/∂W2 = ∂L/∂z2 @ h1ᵀ", [[2, 2], [2, 1], [1, 2]]),
    ("h1", "z2", "∂L/∂h1 = W2ᵀ @ ∂L/∂z2", [[2, 1], [2, 2], [2, 1]]),
    ("W1", "v1", "∂L/∂W1 = ∂L/∂v1 @ x1ᵀ", [[2, 3], [2, 1], [1, 3]]),
]


@pytest.mark.parametrize(("source", "target", "text", "shapes"), RULES)
def test_rules_of_problem_c(source: str, target: str, text: str, shapes: list[list[int]]) -> None:
    """The rule itself with the user's names, and the shape of every factor."""
    graph = parse(C)
    tokens = latex.rule_tokens(graph, edge_to(graph, source, target))
    assert text_of(tokens) == text
    assert tokens is not None
    assert [token["shape"] for token in tokens if "shape" in token] == shapes
    assert [token.get("role") for token in tokens if "d" in token] == ["result", "gradient"]


@pytest.mark.parametrize(
    ("line", "source", "text", "says"),
    [
        ("y = sum(M + r)", "r", "∂y/∂r = sum(∂y/∂v1, axis=0)", "summed over 2 rows"),
        ("y = sum(M * r)", "r", "∂y/∂r = sum(∂y/∂v1 ⊙ M, axis=0)", "M, summed over 2 rows"),
        ("y = sum(M + k)", "k", "∂y/∂k = sum(∂y/∂v1, axis=1, keepdims=True)", "summed over 3 columns"),
        ("y = sum(M * x)", "x", "∂y/∂x = sum(∂y/∂v1 ⊙ M)", "M, summed over all 6 entries"),
        ("y = sum(M * r)", "M", "∂y/∂M = ∂y/∂v1 ⊙ r", None),
        ("y = sum(sigmoid(M))", "M", "∂y/∂M = ∂y/∂v1 ⊙ v1 ⊙ (1 − v1)", None),
        ("y = sum(M)", "M", "∂y/∂M = ∂y/∂y · 1", "a sum passes it on"),
        ("y = sum(M.T @ [1, 2])", "M", "∂y/∂M = ∂y/∂v1ᵀ", "same numbers, other shape"),
        ("y = sum(M @ r)", "M", "∂y/∂M = outer(∂y/∂v1, r)", None),
        ("y = sum(M[0])", "M", "∂y/∂M = scatter(∂y/∂v1, [0])", None),
        ("y = sum(concatenate([r, s]) ** 2)", "s", "∂y/∂s = ∂y/∂v1[3:5]", None),
        ("y = sum(M ** 2)", "M", "∂y/∂M = 2 · ∂y/∂v1 ⊙ M", None),
    ],
)
def test_array_rules(line: str, source: str, text: str, says: str | None) -> None:
    """Broadcasting undone, elementwise edges, reductions and moves."""
    graph = parse("M = [[1, 2, 3], [4, 5, 6]]\nr = [1, 2, 3]\ns = [1, 2]\nk = [[1], [2]]\nx = 2\n" + line)
    edge = next(e for e in graph.edges if graph.names[e.source] == source)
    assert text_of(latex.rule_tokens(graph, edge)) == text
    if says is not None:
        assert latex.local_says(graph, edge) == says


def test_scalar_edges_have_no_rule_tokens() -> None:
    """A product of two numbers is said by the local derivative."""
    graph = parse(A)
    assert [latex.rule_tokens(graph, edge) for edge in graph.edges] == [None] * len(graph.edges)


def test_derivation_of_problem_a() -> None:
    """One line a step, symbols and numbers."""
    run = gc.trace(parse(A))
    lines = {run.graph.names[run.graph.backward_edges[line.position].source]: line for line in latex.derivation(run)[1:]}
    assert lines["s"].latex == (
        r"\frac{\partial f}{\partial s} = \frac{\partial f}{\partial v_{3}} \cdot \frac{\partial v_{3}}{\partial s} = "
        r"\frac{\partial f}{\partial v_{3}} \cdot 2s = -0.1126 \times (-0.2822) = 0.0318"
    )
    assert (
        r"\frac{\partial f}{\partial f} \cdot \left(-\frac{1}{v_{5}^{2}}\right) = 1 \times (-0.1126) = -0.1126"
        in lines["v5"].latex
    )
    assert lines["s"].numbers[0] == "mrow"
    assert len(lines) == len(run.graph.backward_edges)


def test_fan_out_is_a_sum_written_when_its_last_edge_arrives() -> None:
    """Each term says which way it came; the sum follows the last."""
    run = gc.trace(parse("x = 2\na = x ** 2\nb = 3 * x\ny = a * b"))
    lines = [line.latex for line in latex.derivation(run)]
    terms = [line for line in lines if line.startswith(r"\left.\frac{\partial y}{\partial x}\right|")]
    assert len(terms) == 2
    assert lines[-1].startswith(
        r"\frac{\partial y}{\partial x} = \frac{\partial y}{\partial b} \cdot 3 + \frac{\partial y}{\partial a} \cdot 2x"
    )
    assert lines[-1].endswith("= 12 + 24 = 36")


def test_an_operand_used_twice_by_one_node() -> None:
    """Both uses have a line of their own."""
    run = gc.trace(parse("x = 3\ny = x * x"))
    lines = [line.latex for line in latex.derivation(run)]
    assert r"\right|_{y,\,1}" in lines[1] or r"\right|_{y,\,2}" in lines[1]
    assert lines[-1].endswith("= 3 + 3 = 6")


def test_derivation_of_arrays_shows_rule_shapes_and_matrix() -> None:
    """Problem C: the gradient of W2 as a product with shapes, and its numbers."""
    run = gc.trace(parse(C))
    line = next(line.latex for line in latex.derivation(run) if r"\partial W_{2}" in line.latex)
    assert line == (
        r"\underbrace{\frac{\partial L}{\partial W_{2}}}_{2 \times 2} = "
        r"\underbrace{\frac{\partial L}{\partial z_{2}}}_{2 \times 1} \, \underbrace{h_{1}^{\top}}_{1 \times 2} = "
        r"\begin{bmatrix} -2 \\ -5 \end{bmatrix} \, \begin{bmatrix} 2 & 2 \end{bmatrix} = "
        r"\begin{bmatrix} -4 & -4 \\ -10 & -10 \end{bmatrix}"
    )


def test_large_matrices_are_cut_and_long_derivations_counted() -> None:
    """Dots where more than six rows or columns are left out; a last line that counts the rest."""
    import numpy as np

    text = matrix_latex(np.arange(100.0).reshape(10, 10))
    assert text.count(r"\\") == 5 and r"\ddots" in text
    run = gc.trace(parse("x = 1\n" + "\n".join(f"y{k} = sin({'x' if not k else f'y{k - 1}'})" for k in range(30))))
    lines = latex.derivation(run, limit=10)
    assert len(lines) == 11
    assert "21 more lines" in lines[-1].latex


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-3.0, "−3"),
        (0.31831, "0.3183"),
        (2.98, "2.980"),
        (-0.11259, "−0.1126"),
        (12.3456, "12.35"),
        (3.2e-7, "3.20e−7"),
        (123456.0, "1.23e5"),
        (1e-3, "0.0010"),
        (float("nan"), "nan"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    """Four digits, plain whole numbers, powers of ten far from 1."""
    assert latex.number_text(value) == text


@pytest.mark.parametrize(
    ("name", "tex"),
    [
        ("s", "s"),
        ("v12", "v_{12}"),
        ("alpha", r"\alpha"),
        ("theta_1", r"\theta_{1}"),
        ("loss", r"\mathrm{loss}"),
        ("x_2", "x_{2}"),
        ("W_out", r"W_{\mathrm{out}}"),
        ("a_b_c", r"\text{a\_b\_c}"),
        ("<script>", r"\text{\textless{}script\textgreater{}}"),
        ("\\input{x}", r"\text{\textbackslash{}input\{x\}}"),
        ("50%", r"\text{50\%}"),
        ("a.b.weight", r"\mathrm{a.b.weight}"),
    ],
)
def test_names(name: str, tex: str) -> None:
    """Letters with an index, Greek letters, words upright, everything else escaped."""
    assert latex.latex_name(name) == tex


def _sound(tex: str) -> None:
    """What can be said of LaTeX without running it: ASCII, balanced, no bare special characters, no double index."""
    assert tex.isascii() and "\n" not in tex
    bare = re.sub(r"\\[\\{}_#%$&]", "", tex)
    assert bare.count("{") == bare.count("}")
    assert not set("#%$~") & set(bare)
    assert tex.count(r"\left") - tex.count(r"\left.") == tex.count(r"\right") - tex.count(r"\right|") - tex.count(r"\right.")
    assert tex.count(r"\begin{") == tex.count(r"\end{")
    assert not re.search(r"_\{[^{}]*\}_|\^\{[^{}]*\}\^", bare)


def _trees(tree: Any) -> None:
    """Only the tags of the contract, and only the attribute it allows."""
    assert isinstance(tree, list) and tree
    tags = {"mi", "mn", "mo", "mtext", "mrow", "mfrac", "msub", "msup", "msqrt", "mtable", "mtr", "mtd"}
    assert tree[0] in tags, tree
    children = tree[1:]
    if children and isinstance(children[0], dict):
        assert set(children[0]) == {"class"}
        children = children[1:]
    if tree[0] in ("mi", "mn", "mo", "mtext"):
        assert len(children) == 1 and isinstance(children[0], str)
    else:
        for child in children:
            _trees(child)


def _prints(graph: Graph) -> None:
    for index in range(len(graph)):
        assert isinstance(latex.head(graph, index), str)
        _sound(latex.expression(graph, index, "latex"))
        _trees(latex.expression(graph, index, "math"))
        assert "@" not in latex.head(graph, index) or graph.ops[index] is not None
    for edge in graph.edges:
        symbol = latex.local_symbol(graph, edge)
        assert symbol is None or "\u2062" not in symbol
        if symbol:
            _sound(latex.local_symbol(graph, edge, "latex"))
            _trees(latex.local_symbol(graph, edge, "math"))
        latex.rule_tokens(graph, edge)
        latex.local_says(graph, edge)
    for line in latex.derivation(gc.trace(graph)):
        _sound(line.latex)
        _trees(line.symbols)
        _trees(line.numbers)


@pytest.mark.parametrize("name", ops.REGISTRY)
def test_every_row_prints_in_all_dialects(name: str) -> None:
    """The example of every op, and its row for the Ops page."""
    op = ops.REGISTRY[name]
    _prints(parse(op.example))
    _sound(latex.op_forward(op, "latex"))
    _trees(latex.op_forward(op, "math"))
    for operand in op.rules:
        for dialect in latex.DIALECTS:
            assert latex.op_rule(op, operand, dialect)
        _sound(latex.op_rule(op, operand, "latex"))
        _trees(latex.op_rule(op, operand, "math"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    """A recorded name is never a command; two dialects show it as it is."""
    for value in (2.0, [1.0, 2.0]):
        b = gc.Builder()
        x = b.leaf(name, value)
        y = b.apply("pow", b.apply("mul", 2, x, name=name + "q"), 2)
        _prints(b.graph(b.apply("sum", y)))


def test_op_level_formulas() -> None:
    """The registry as a reference."""
    assert latex.op_forward(ops.get("sigmoid"), "latex") == r"\frac{1}{1 + e^{-a}}"
    assert latex.op_rule(ops.get("matmul"), "a") == "g @ bᵀ"
    assert latex.op_rule(ops.get("matmul"), "b", "latex") == r"a^{\top} \, g"
    assert latex.op_rule(ops.get("cos"), "a") == "−g · sin(a)"
    assert latex.op_rule(ops.get("softmax"), "a", "latex").startswith(r"y \odot (g - ")
    assert latex.op_rule(ops.get("sin"), "nothing") is None


def test_two_thousand_nodes_print_in_a_tenth_of_a_second() -> None:
    """Formulas are printed once a kind of node, whatever its names and numbers."""
    b = gc.Builder()
    nodes = [b.leaf("x", 0.5)]
    for k in range(500):
        x = nodes[-1]
        nodes += [b.apply("sin", x), b.apply("mul", x, k + 0.123), b.apply("add", nodes[-1], x), b.apply("pow", x, 2)]
    graph = b.graph()
    assert len(graph.edges) > 2000
    started = time.perf_counter()
    for index in range(len(graph)):
        latex.head(graph, index)
        latex.expression_tokens(graph, index)
    for edge in graph.edges:
        latex.local_symbol(graph, edge)
        latex.local_says(graph, edge)
        latex.rule_tokens(graph, edge)
    # 30 ms alone on this machine; the bound leaves room for a busy one
    assert time.perf_counter() - started < 0.3


def test_depth_of_the_graph_is_no_depth_of_recursion() -> None:
    """A chain of 20,000 nodes."""
    b = gc.Builder()
    x = b.leaf("x", 0.5)
    for _ in range(20_000):
        x = b.apply("sin", x)
    run = gc.trace(b.graph())
    assert len(latex.derivation(run, limit=5)) == 6
    assert latex.head(run.graph, 20_000) == "v20000 = sin(v19999)"


SHORT = [
    ("relu", "1 if z > 0 else 0", "on: 1 / off: 0"),
    ("elu", "1 if z > 0 else h + 1", None),
    ("silu", "h + sigmoid(z) (1 − h)", None),
    ("gelu", "Φ(z) + z · φ(z)", None),
    ("softplus", "sigmoid(z)", None),
    ("leaky_relu", "1 if z > 0 else 0.01", "on: 1 / off: the slope"),
    ("floor", "0", "flat: 0"),
]


@pytest.mark.parametrize(("name", "text", "says"), SHORT)
def test_activations_have_short_local_derivatives(name: str, text: str, says: str | None) -> None:
    graph = parse(f"z = 0.5\nh = {name}(z)")
    assert latex.local_symbol(graph, graph.edges[0]) == text
    assert latex.local_says(graph, graph.edges[0]) == says


# words of the registry's own formulas, which say nothing to a reader
CODE = re.compile(
    r"\b(None|required|axisaxis|slot)\b|\b(scatter|scatter_add|tiles|runs|evens|piece|layer|opposite|restore|shape|flat|blocks"
    r"|cofactors|others|triangle|everyone|top|keep|share|extreme|eye|len)\("
)


@pytest.mark.parametrize("op", ops.REGISTRY.values(), ids=lambda op: op.name)
def test_the_reference_is_mathematics_or_words(op: ops.Op) -> None:
    """No helper's name, no setting that is not given, nothing said twice; words of several letters stand upright."""
    said = [latex.op_forward(op, dialect) for dialect in ("text", "latex")]
    trees = [latex.op_forward(op, "math")]
    for operand in op.rules:
        said += [latex.op_rule(op, operand, dialect) for dialect in ("text", "latex")]
        trees.append(latex.op_rule(op, operand, "math"))
    for text in said:
        assert not CODE.search(text), text
        assert not re.search(r"(\w+)=\1\b", text), text
    operands = {name.lstrip("*") for name in (*op.operands, *op.statics)}
    for leaf in leaves_of(trees):
        words = leaf[-1]
        if leaf[0] == "mi" and len(words) > 1 and words.isascii() and words.isalpha() and words not in operands:
            assert leaf[1] == {"class": "upright"} or words in ("ties", "axis"), leaf
        if leaf[0] == "mtext":
            assert words == words.strip(" "), leaf


def leaves_of(tree: Any) -> list[Any]:
    if isinstance(tree, list) and tree and tree[0] in ("mi", "mn", "mo", "mtext"):
        return [tree]
    return [leaf for part in tree if isinstance(part, list) for leaf in leaves_of(part)]

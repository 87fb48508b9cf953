"""Wrong rules are seen where they are, and a last digit of a forward value is no wrong rule."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from compare_graphs import problem_a, wrong_row

from graphcore import Builder, ops, trace
from graphcore.compare import compare
from graphcore.ops import Formula
from graphcore.parse import parse

# -- wrong rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "wrong", "sentence"),
    [
        ({"sin": wrong_row("sin", a="g * sin(a)")}, {"v1", "x1", "w1"}, "v1:"),
        ({"cos": wrong_row("cos", a="g * sin(a)")}, {"v2", "x2", "w2"}, "v2:"),
        ({"pow": wrong_row("pow", a="g * b * a ** (b - 1) * (1 + 1e-12)")}, {"s", "v1", "x1", "w1"}, "s:"),
        (
            {"div": wrong_row("div", b="g * y / b")},
            {"v5", "v4", "c", "v3", "s", "v1", "v2", "x1", "w1", "x2", "w2"},
            "v5: 0.1126",
        ),
    ],
)
def test_a_wrong_rule_shows_exactly_above_its_node(rows: dict[str, ops.Op], wrong: set[str], sentence: str) -> None:
    result = compare(trace(problem_a(**rows)))
    assert {name for name, m in result.matches.items() if m.state == "mismatch"} == wrong
    assert result.verdict == "mismatch"
    banner = result.banner
    assert (banner.state, banner.sign, banner.tone) == ("mismatch", "≠", "wrong")
    assert banner.bold == f"{len(wrong)} of 11 gradients differ from torch."
    assert banner.small.startswith(sentence)
    assert banner.action is not None and banner.action.kind == "report"
    assert "torch 2" in banner.action.text and "x1 = -1.0" in banner.action.text


def test_a_numerical_derivative_takes_sides() -> None:
    ours_wrong = compare(trace(problem_a(cos=wrong_row("cos", a="g * sin(a)"))))
    assert "fault in Chainrule" in ours_wrong.banner.small
    # a copied row whose torch text has another derivative plays a wrong torch
    row = dataclasses.replace(ops.get("sin"), torch=Formula("torch.sin(a.detach()) + 0 * a"))
    torch_wrong = compare(trace(problem_a(sin=row)))
    assert torch_wrong.verdict == "mismatch"
    assert "torch disputed" in torch_wrong.banner.small


def test_a_transposed_gradient_of_the_same_size_is_a_mismatch() -> None:
    b = Builder()
    w, x = b.leaf("W", [[1.0, 2.0], [3.0, 4.0]]), b.leaf("x", [0.5, 0.7])
    b.apply("sum", b.apply("square", b.apply(wrong_row("matvec", a="outer(b, g)"), w, x)))
    result = compare(trace(b.graph()))
    assert result.matches["W"].state == "mismatch"
    assert result.matches["x"].state == "match"
    assert "W[" in result.banner.small


# -- rounding of forward values -----------------------------------------------------------------------------------


def test_saturation_magnifies_a_last_digit_but_is_no_fault() -> None:
    b = Builder()
    nodes = [b.apply("tanh", b.leaf(f"x{k}", point)) for k, point in enumerate(np.linspace(4.0, 19.0, 60))]
    result = compare(trace(b.graph(*nodes), upstream=[1.0] * len(nodes)))
    assert "mismatch" not in result.states
    assert result.verdict == "match"
    assert all((result.errors[k] or 0.0) <= 64 * noise for k, noise in result.moved.items())
    assert max(result.errors[k] or 0 for k in result.moved) > 256
    assert any("less sharply" in reason.title for reason in result.banner.reasons)


def test_a_wrong_rule_or_a_wrong_forward_is_not_excused_by_saturation() -> None:
    b = Builder()
    b.apply(wrong_row("tanh", a="g * (1 - y * y) * (1 + 1e-8)"), b.leaf("x", 6.0))
    assert compare(trace(b.graph())).verdict == "mismatch"
    b = Builder()
    forward = dataclasses.replace(ops.get("sin"), forward=Formula("sin(a) + 1e-9"), rules={"a": Formula("g * sqrt(1 - y * y)")})
    b.apply(forward, b.leaf("x", 0.4))
    assert compare(trace(b.graph())).verdict == "mismatch"
    b = Builder()
    x = b.leaf("x", [2.0, 2.0])
    b.apply("sum", b.apply(wrong_row("maximum", a="where(a >= b, g, 0)"), x, 2.0))
    assert compare(trace(b.graph())).matches["x"].state == "mismatch"


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.3, -0.7, 1.1]])
def test_nan_beside_zeros_is_not_finite(weights: list[float]) -> None:
    b = Builder()
    x = b.leaf("x", [2.1, 1.3, 0.0])
    b.apply("sum", b.apply("mul", b.apply("div", x, x), weights))
    assert compare(trace(b.graph())).matches["x"].state == "non-finite"


def test_nan_at_different_places_is_a_mismatch() -> None:
    b = Builder()
    row = dataclasses.replace(ops.get("div"), rules={"a": Formula("g / b"), "b": Formula("where(b == 0, 0, -g * y / b)")})
    b.apply("sum", b.apply(row, [2.0, 1.0], b.leaf("x", [2.0, 0.0])))
    assert compare(trace(b.graph())).matches["x"].state == "mismatch"


# a small factor on one rule of one op, at the point of its own example
PLANTED = [(name, operand) for name, row in ops.REGISTRY.items() for operand, rule in row.rules.items() if rule.function is None]


@pytest.mark.parametrize(("name", "operand"), PLANTED)
def test_an_error_of_a_part_in_10_to_the_11_is_seen(name: str, operand: str) -> None:
    row = ops.get(name)
    graph = parse(row.example)
    wrong = wrong_row(name, **{operand: f"({row.rules[operand].text}) * (1 + 1e-11)"})
    planted = dataclasses.replace(graph, ops=tuple(wrong if op is row else op for op in graph.ops))
    run = trace(planted)
    result = compare(run)
    # a factor on nothing, as in the rule of floor, is no error
    moved = any(
        graph.ops[edge.target] is row and _operand(row, edge.slot) == operand and np.any(run.downstream(position))
        for position, edge in enumerate(graph.backward_edges)
    )
    assert (result.verdict == "mismatch") == moved or name == "hardsigmoid"


def _operand(row: ops.Op, slot: int) -> str:
    return row.operands[min(slot, len(row.operands) - 1)].lstrip("*")

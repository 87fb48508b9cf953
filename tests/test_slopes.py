"""A gradient is a slope: the curve over one value, its tangent and kinks, and the steps of gradient descent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import graphcore as gc
from graphcore import ops
from graphcore.descent import descend
from graphcore.errors import TraceError, UnknownNameError
from graphcore.ops import StaticsKey
from graphcore.picture.session import Session
from graphcore.problems import GALLERY
from graphcore.slopes import curve, seeded_sum, window
from graphcore.slopes.sides import _tests

A = GALLERY[0].text
D = next(problem.text for problem in GALLERY if problem.key == "d")
SMALL = st.floats(-2, 2).map(lambda x: round(x, 3))


@settings(max_examples=40, deadline=None)
@given(x1=SMALL, w1=SMALL, x2=SMALL, w2=SMALL, leaf=st.sampled_from(["x1", "w1", "x2", "w2"]))
def test_the_tangent_has_the_slope_of_the_curve(x1: float, w1: float, x2: float, w2: float, leaf: str) -> None:
    run = gc.trace(gc.parse(A), {"x1": x1, "w1": w1, "x2": x2, "w2": w2})
    at = float(run.value(leaf))
    h = 1e-4
    drawn = curve(run, leaf, low=at - h, high=at + h, count=3)
    quotient = (drawn.y[2] - drawn.y[0]) / (2 * h)
    assert drawn.slope is not None
    # with D = 2 + s^2 + c >= 1 and |x| <= 2 the third derivative is at most 8 * (4 + 12 + 6); rounding is divided by 2h
    assert abs(drawn.slope - quotient) < 176 * h * h / 6 + 1e-15 / h
    assert drawn.tangent(at + 2) == pytest.approx(drawn.value + 2 * drawn.slope)


@pytest.mark.parametrize("problem", GALLERY, ids=lambda problem: problem.key)
def test_every_sample_is_what_a_whole_trace_gives(problem: Any) -> None:
    graph = gc.parse(problem.text)
    run = gc.trace(graph)
    node = graph.leaves[-1]
    entry = int(np.prod(node.shape, dtype=int)) - 1
    at = float(run.value(node.name).ravel()[entry])
    drawn = curve(run, node.name, entry, at - 0.5, at + 0.75, 5)
    for x, y in zip(drawn.x, drawn.y, strict=True):
        moved = run.value(node.name).copy()
        moved[drawn.entry] = x
        assert np.array_equal(y, seeded_sum(gc.trace(graph, {node.name: moved})), equal_nan=True)


def test_a_trace_keeps_its_numbers_while_a_curve_is_drawn() -> None:
    run = gc.trace(gc.parse("x = [1, 2]\nv = reshape(x, (2, 1))\ny = sum(v * v)"))
    before = [run.value(k).copy() for k in range(len(run.graph))]
    curve(run, "x", 1)
    assert all(np.array_equal(a, run.value(k)) for k, a in enumerate(before))


def test_several_outputs_are_weighed_by_their_seeds() -> None:
    run = gc.trace(gc.parse("x = [1, 2]\ny = x ** 3"), upstream=[1, 10])
    drawn = curve(run, "x", (1,), 0, 4, 3)
    assert drawn.y.tolist() == [1.0, 81.0, 641.0]
    assert (drawn.value, drawn.slope) == (81.0, 120.0)


def test_a_leaf_without_way_to_the_output_has_a_flat_curve() -> None:
    run = gc.trace(gc.parse("x = 2\nz = 3\nt = const(4)\nf = x * t"))
    flat, const = curve(run, "z"), curve(run, "t")
    assert (flat.depends, flat.slope, set(flat.y.tolist())) == (False, None, {8.0})
    assert (const.depends, const.slope, const.tangent(1)) == (True, None, None)
    assert const.y[-1] == 2 * const.x[-1]


def test_where_the_output_is_not_finite_the_curve_has_gaps() -> None:
    drawn = curve(gc.trace(gc.parse("x = 1\ny = log(x)")), "x", low=-1, high=1, count=5)
    assert np.isnan(drawn.y[:2]).all()
    assert drawn.y[2] == -math.inf
    assert np.isfinite(drawn.y[3:]).all()
    singular = curve(gc.trace(gc.parse("A = [[1, 2], [3, 4]]\ny = sum(inv(A))")), "A", 0, 1, 2, 3)
    assert np.isnan(singular.y[1])
    assert np.isfinite(singular.y[[0, 2]]).all()


KINKED = [
    ("relu(x - 0.3)", [0.3], [False]),
    ("abs(x) + maximum(x, 0.7)", [0.0, 0.7], [False, False]),
    ("clip(x, -0.4, 0.45)", [-0.4, 0.45], [False, False]),
    ("floor(3 * x)", [-2 / 3, -1 / 3, 0, 1 / 3, 2 / 3], [True] * 5),
    ("round(x)", [-0.5, 0.5], [True, True]),
    ("max(x * [1, -1, 0.5])", [0.0], [False]),
    ("x % 0.7", [-0.7, 0.0, 0.7], [True] * 3),
    ("sign(x + 0.21)", [-0.21], [True]),
    ("sin(x)", [], []),
]


@pytest.mark.parametrize(("text", "places", "jumps"), KINKED, ids=[text for text, *_ in KINKED])
def test_kinks_are_found_where_they_are(text: str, places: list[float], jumps: list[bool]) -> None:
    drawn = curve(gc.trace(gc.parse(f"x = 0.11\ny = {text}")), "x", low=-0.93, high=0.95)
    assert [kink.x for kink in drawn.kinks] == pytest.approx(places, abs=2e-4)
    assert [kink.jump for kink in drawn.kinks] == jumps
    assert drawn.corner is None


def test_who_stands_on_a_kink_is_told_its_node() -> None:
    run = gc.trace(gc.parse("x = 2\nv = relu(3 * x - 6)\ny = v * v + v"))
    drawn = curve(run, "x")
    assert drawn.corner == run.graph.index("v")
    assert drawn.slope == 0.0


def test_every_kink_of_the_registry_can_be_crossed() -> None:
    kinked = [op for op in ops.REGISTRY.values() if op.kink is not None and not op.variadic]
    assert len(kinked) > 25
    for op in kinked:
        assert _tests(op, StaticsKey(tuple(op.statics.items()))), op.name


def test_ranges_lie_around_the_value() -> None:
    for value in (0.0, 0.3, -1.0, 3.0, -20.0, 1234.5, 1e-9, 1e12):
        low, high = window(value)
        assert low < value < high
        assert max(1, abs(value)) <= high - value <= 5 * max(1, abs(value))


@pytest.mark.parametrize(
    ("leaf", "entry", "given_range", "says"),
    [
        ("x", 5, (0, 1), "no entry 5"),
        ("x", (0, 0), (0, 1), r"no entry \(0, 0\)"),
        ("x", -1, (0, 1), "no entry -1"),
        ("x", 0, (1, 1), "from 1.0 to 1.0 there is none"),
        ("x", 0, (0, math.inf), "there is none"),
    ],
)
def test_what_cannot_be_drawn_is_refused(leaf: str, entry: Any, given_range: tuple[float, float], says: str) -> None:
    run = gc.trace(gc.parse("x = [1, 2]\ny = sum(x)"))
    with pytest.raises(TraceError, match=says):
        curve(run, leaf, entry, *given_range)
    with pytest.raises(UnknownNameError):
        curve(run, "y")


def test_a_recorded_graph_has_curves_too() -> None:
    layer = torch.nn.Linear(3, 1, dtype=torch.float64)
    run = gc.trace(gc.record(layer, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)))
    drawn = curve(run, "weight", (0, 2), 0, 1, 2)
    assert drawn.slope == pytest.approx(3.0)
    assert drawn.y[1] - drawn.y[0] == pytest.approx(3.0)


@pytest.mark.parametrize("problem", [p for p in GALLERY if p.key != "nan"], ids=lambda problem: problem.key)
def test_descent_is_what_sgd_does(problem: Any) -> None:
    graph = gc.parse(problem.text)
    run = gc.trace(graph)
    rate = 1e-3
    way = descend(run, rate, steps=4)
    held = {name: torch.tensor(np.array(run.value(name)), requires_grad=True) for name in way.leaves}
    sgd = torch.optim.SGD(held.values(), lr=rate)
    for k in range(4):
        moved = gc.trace(graph, {name: tensor.detach().numpy() for name, tensor in held.items()})
        assert way.losses[k] == pytest.approx(seeded_sum(moved), rel=1e-12)
        for name, tensor in held.items():
            tensor.grad = torch.tensor(np.array(moved.gradient(name)))
        sgd.step()
    for name, tensor in held.items():
        np.testing.assert_allclose(way.values[4][name], tensor.detach().numpy(), rtol=1e-12, atol=1e-15)
        assert np.array_equal(way.run.value(name), way.values[4][name])


def test_constants_stay_and_small_steps_go_down() -> None:
    way = descend(gc.trace(gc.parse("x = [3, -1]\nt = const([1, 1])\nL = sum((x - t) ** 2)")), 0.1, 5)
    assert way.leaves == ("x",)
    assert len(way.losses) == len(way.values) == 6
    assert list(way.losses) == sorted(way.losses, reverse=True)
    assert way.run.value("t").tolist() == [1.0, 1.0]
    assert way.stopped == ""


def test_a_descent_ends_before_what_is_not_finite() -> None:
    way = descend(gc.trace(gc.parse("x = 3\ny = x ** 4")), 1.0, 10)
    assert len(way.losses) == 5
    assert way.stopped == "Stopped after 4 steps: the loss would be inf. A smaller rate may help."
    assert all(map(math.isfinite, way.losses))
    steep = descend(gc.trace(gc.parse("x = 0\ny = sqrt(x)")), 0.1)
    assert steep.stopped == "No step was made: the gradient of x is not finite."


def test_what_no_descent_can_do_is_refused() -> None:
    run = gc.trace(gc.parse("x = 3\nz = 1\nt = const(2)\ny = x * t"))
    for rate in (0.0, -0.1, math.nan, math.inf):
        with pytest.raises(TraceError, match="positive number"):
            descend(run, rate)
    with pytest.raises(TraceError, match="`t` gets no gradient"):
        descend(run, 0.1, leaves=["t"])
    with pytest.raises(UnknownNameError):
        descend(run, 0.1, leaves=["y"])
    with pytest.raises(TraceError, match="steps at once"):
        descend(run, 0.1, steps=0)
    assert descend(run, 0.5, leaves=["x"]).values[1]["x"] == 2.0


class Page:
    """The browser's side of a session."""

    def __init__(self, text: str) -> None:
        self.session = Session(text)
        self.data = self.session.payload()
        self.sent = 0

    def send(self, kind: str, **action: Any) -> dict[str, Any]:
        self.sent += 1
        self.session.act({"id": self.sent, "have": self.data["stamp"], "kind": kind, **action})
        self.data = self.session.payload()
        return self.data

    def descend(self, **action: Any) -> dict[str, Any]:
        return self.send("descend", text=self.data["program"]["text"], **action)


W1 = {"leaf": "w1", "entry": 0, "zoom": 0}


def test_the_curve_is_kept_while_the_value_moves_along_it() -> None:
    page = Page(A)
    assert page.data["slope"] is None
    data = page.send("slope", slope=W1)
    assert (data["curve"]["low"], data["curve"]["high"]) == (-2.0, 8.0)
    assert data["slope"]["slope"] == pytest.approx(0.031462494053817715)
    data = page.send("nudge", text=A.replace("w1 = 3", "w1 = 2.5"), values={"w1": 2.5}, slope=W1)
    assert "curve" in data["kept"]
    assert (data["slope"]["x"], data["slope"]["y"]) == (2.5, pytest.approx(0.30135557023001674))
    data = page.send("nudge", text=A.replace("w1 = 3", "w1 = 9"), values={"w1": 9}, slope=W1)
    assert data["curve"]["low"] <= 9 <= data["curve"]["high"]
    data = page.send("run", text=A.replace("x1 = -1", "x1 = 2"), slope=W1)
    assert "curve" not in data["kept"]
    data = page.send("run", text=A, slope={**W1, "zoom": 2})
    assert data["curve"]["high"] - data["curve"]["low"] == 2.5
    assert page.send("run", text=A, slope=None)["slope"] is None


@pytest.mark.parametrize("slope", [{**W1, "leaf": "nobody"}, {**W1, "entry": 7}, {"leaf": 3}, "w1"])
def test_a_wish_for_no_curve_leaves_the_picture(slope: Any) -> None:
    data = Page(A).send("slope", slope=slope)
    assert data["verdict"]["bold"] == "Every gradient matches torch."
    assert data["curve"] is None


def test_steps_write_the_program_and_undo_brings_it_back() -> None:
    page = Page(A)
    data = page.descend(rate=0.5, steps=10, leaves=None)
    ten = data["program"]["text"]
    assert (data["descent"]["at"], len(data["descent"]["losses"])) == (10, 11)
    assert data["descent"]["losses"][-1] == pytest.approx(float(gc.trace(gc.parse(ten)).value("f")), rel=1e-15)
    assert data["verdict"]["bold"] == "Every gradient matches torch."
    page.descend(rate=0.5, steps=1, leaves=["w1"])
    assert page.data["program"]["text"].splitlines()[0] == ten.splitlines()[0]
    assert page.descend(to="undo")["program"]["text"] == ten
    assert page.data["descent"]["at"] == 10
    assert page.descend(to="start")["program"]["text"] == A
    assert page.send("run", text=ten)["descent"]["at"] == 10
    assert page.send("run", text=A.replace("w1 = 3", "w1 = 1"))["descent"] is None
    assert page.descend(rate=0, steps=1)["descent"]["says"] == "The rate of a descent is a positive number; 0.0 is not."


def test_values_too_many_to_write_stay_with_the_session() -> None:
    page = Page(D)
    before = page.data["numbers"]["values"]
    data = page.descend(rate=0.1, steps=3, leaves=None)
    assert data["program"]["text"] == D
    assert "`W2` has 100 numbers" in data["descent"]["note"]
    assert data["descent"]["losses"][-1] < data["descent"]["losses"][0]
    assert data["numbers"]["values"] != before
    assert page.descend(rate=0.1, steps=1, leaves=["b1"])["descent"]["at"] == 4
    assert page.descend(to="undo")["descent"]["at"] == 3
    data = page.send("run", text=D)
    assert (data["descent"]["at"], data["descent"]["note"]) == (0, "")
    assert data["numbers"]["values"] == before
    assert page.descend(rate=0.1, steps=1, leaves=["b1"])["descent"]["note"] == ""
    assert page.data["program"]["text"] != D

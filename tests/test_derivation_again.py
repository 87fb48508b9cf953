"""Derivations recomputed from their own printed numbers, towards every leaf of every program of the gallery."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from graphcore import parse, trace
from graphcore.backprop import Trace, kernels
from graphcore.latex import derivation
from graphcore.ops.namespaces import unbroadcast
from graphcore.problems import GALLERY

DECIMALS = 12
NUMBER = re.compile(r"(-?)(\d+(?:\.\d+)?|\\infty|\\mathrm\{nan\})(?: \\times 10\^\{(-?\d+)\})?")
PROGRAMS = [one for one in GALLERY if one.key != "nan"]


def number(text: str) -> float:
    found = NUMBER.fullmatch(text.strip().removeprefix("(").removesuffix(")").strip())
    assert found is not None, text
    return float(f"{found[1]}{found[2]}e{found[3] or 0}")


def array(text: str, shape: tuple[int, ...]) -> Any:
    """What is printed, a number or a bmatrix, as an array."""
    text = text.strip()
    if not text.startswith(r"\begin{bmatrix}"):
        return np.full(shape, number(text)) if shape else number(text)
    inside = text.removeprefix(r"\begin{bmatrix}").removesuffix(r"\end{bmatrix}")
    return np.array([[number(cell) for cell in row.split("&")] for row in inside.split(r"\\")]).reshape(shape)


def last(text: str) -> str:
    return text.rsplit(" = ", 1)[1]


class Again:
    """A reader with a calculator: nothing but the printed lines, the program, and the rules of the ops."""

    def __init__(self, run: Trace, leaf: int) -> None:
        self.graph = run.graph
        self.values: dict[int, Any] = {}
        self.gradients: dict[int, Any] = {}
        self.lines = derivation(run, DECIMALS, 100_000, leaf=leaf, values=True, cut=False)
        for line in self.lines:
            self.read(line)

    def read(self, line: Any) -> None:
        graph = self.graph
        if line.node is not None:
            self.values[line.node] = array(last(line.latex), graph.shapes[line.node])
            return
        if line.position == -1:
            output = graph.output_indices[0]
            self.gradients[output] = array(last(line.latex), graph.shapes[output])
            return
        edge = graph.backward_edges[line.position]
        printed = array(last(line.latex), graph.shapes[edge.source])
        if self.is_total(line):
            np.testing.assert_allclose(self.gradients[edge.source], printed, rtol=1e-6, atol=1e-9)
            return
        handed = self.handed(line, edge)
        np.testing.assert_allclose(handed, printed, rtol=1e-6, atol=1e-9, err_msg=line.latex[:200])
        self.gradients[edge.source] = self.gradients.get(edge.source, 0.0) + handed

    def is_total(self, line: Any) -> bool:
        before = self.lines[self.lines.index(line) - 1]
        return bool(before.position == line.position)

    def handed(self, line: Any, edge: Any) -> Any:
        graph = self.graph
        if not graph.shapes[edge.source] and not graph.shapes[edge.target]:
            product = line.latex.rsplit(" = ", 2)[1].split(r" \times ", 1)
            factor = re.sub(r"^10\^\{-?\d+\} \\times ", "", product[1])
            return self.gradients[edge.target] * number(factor)
        op = graph.ops[edge.target]
        assert op is not None
        _, rules = kernels(op, graph.statics[edge.target], False)
        rule = rules[min(edge.slot, len(rules) - 1)]
        assert rule is not None
        more = {"slot": edge.slot} if op.variadic and edge.slot >= len(rules) - 1 else {}
        operands = [self.known(k) for k in graph.arguments[edge.target]]
        handed = rule(np.asarray(self.gradients[edge.target]), self.known(edge.target), *operands, **more)
        return unbroadcast(handed, graph.shapes[edge.source])

    def known(self, argument: int) -> Any:
        """A number that was printed or stands in the program; what nobody printed is nan."""
        if argument < 0:
            return np.asarray(self.graph.literals[-1 - argument].value)
        return np.asarray(self.values.get(argument, np.full(self.graph.shapes[argument], np.nan)))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.key)
def test_a_derivation_gives_the_gradient_again(program: Any) -> None:
    run = trace(parse(program.text))
    done = 0
    for leaf in run.graph.leaves:
        gradient = run.gradient(leaf.index)
        if gradient is None:
            continue
        again = Again(run, leaf.index)
        scale = np.abs(gradient).max(initial=0)
        np.testing.assert_allclose(again.gradients[leaf.index], gradient, rtol=0, atol=1e-8 * scale + 1e-11)
        done += 1
    assert done


def test_only_the_way_to_the_leaf_is_written() -> None:
    run = trace(parse(next(one.text for one in GALLERY if one.key == "c")))
    whole = derivation(run)
    some = derivation(run, leaf="b2")
    assert len(some) < len(whole)
    assert r"\frac{\partial L}{\partial b_{2}}" in some[-1].latex
    assert all(r"\partial W_{1}" not in line.latex for line in some)
    stated = [run.graph.names[line.node] for line in derivation(run, leaf="W1", values=True) if line.node is not None]
    assert stated == ["x1", "W2", "x2", "v3"]
    with pytest.raises(KeyError):
        derivation(run, leaf="nobody")


ENTRIES = [
    ("c", "W1", r"\frac{\partial L}{\partial W_{1}[i,j]} = \frac{\partial L}{\partial v_{1}[i,0]} \cdot x_{1}[j,0]"),
    ("c", "x2", r"\frac{\partial L}{\partial x_{2}[i,0]} = \sum_{k} \frac{\partial L}{\partial v_{2}[k,0]} \cdot W_{2}[k,i]"),
    ("softmax", "z", r"\frac{\partial L}{\partial z[i]} = \frac{\partial L}{\partial p[i]} \cdot p[i] - \sum_{j}"),
    (
        "attention",
        "Wq",
        r"\frac{\partial L}{\partial \mathrm{Wq}[i,j]} = \sum_{k} \frac{\partial L}{\partial Q[k,j]} \cdot X[k,i]",
    ),
]


@pytest.mark.parametrize(("key", "leaf", "expected"), ENTRIES)
def test_rules_in_index_notation(key: str, leaf: str, expected: str) -> None:
    run = trace(parse(next(one.text for one in GALLERY if one.key == key)))
    lines = derivation(run, leaf=leaf, indices=True)
    assert any(line.latex.startswith(expected) for line in lines), [line.latex[:160] for line in lines]


def test_every_path_of_a_shared_node_is_in_its_sum() -> None:
    run = trace(parse("x = [1, 2]\na = x * 3\nb = x ** 2\nL = sum(a * b)"))
    lines = derivation(run, leaf="x", indices=True)
    assert r"\left.\frac{\partial L}{\partial x[i]}\right|_{a}" in lines[-3].latex + lines[-2].latex
    assert lines[-1].latex.count(r"\right|") == 2

"""The gradient table: every step a row, and text that stays text in every format."""

import csv
import io

import pytest

import graphcore as gc
from graphcore import tables
from graphcore.compare import compare
from graphcore.parse import parse
from graphcore.problems import problem


def table(text: str) -> list[tables.Row]:
    run = gc.trace(parse(text))
    return tables.rows(run, compare(run))


def test_one_row_a_step_and_one_for_the_seed() -> None:
    rows = table(problem("a").text)
    assert [(row.node, row.through) for row in rows[:4]] == [("f", ""), ("v5", "f"), ("v4", "v5"), ("c", "v5")]
    assert len(rows) == 12 and [row.state for row in rows].count("match") == 11
    for row in rows[1:]:
        assert row.upstream is not None and row.downstream is not None and isinstance(row.local, float)
        assert float(row.upstream) * row.local == pytest.approx(float(row.downstream), rel=1e-12)


def test_nodes_without_gradient_come_last() -> None:
    rows = table("x = 2\nt = const(3)\nunused = sin(x)\nf = x * t")
    assert [row.node for row in rows] == ["f", "x", "t", "unused"]
    assert rows[2].state == "constant" and rows[2].gradient is None and rows[2].op == "constant"


def test_a_fan_out_has_one_row_an_edge() -> None:
    rows = [row for row in table(problem("shared").text) if row.node == "x"]
    assert len(rows) == 4 and sum(float(row.downstream) for row in rows) == pytest.approx(float(rows[0].gradient))


def test_locals_at_infinity() -> None:
    rows = table("x = 0\nf = sqrt(x)")
    assert rows[1].local == float("inf")


HOSTILE = ["=1+1", "<script>|`*", "a&b_{c}\\input{x}$", "\x1b[31mred\n"]


@pytest.fixture
def hostile() -> list[tables.Row]:
    b = gc.Builder()
    total = b.leaf("x", 0.5)
    for name in HOSTILE:
        total = b.apply("mul", total, b.leaf(name, 0.5))
    run = gc.trace(b.graph())
    return tables.rows(run, compare(run))


def test_hostile_names_in_every_format(hostile: list[tables.Row]) -> None:
    text = tables.text(hostile)
    assert "\x1b" not in text and len(text.splitlines()) == len(hostile) + 1
    markdown = tables.markdown(hostile)
    assert "<script>" not in markdown and len(markdown.splitlines()) == len(hostile) + 2
    rows = list(csv.reader(io.StringIO(tables.as_csv(hostile))))
    assert {len(row) for row in rows} == {len(tables.HEADINGS)} and not any(row[0].startswith("=") for row in rows)
    latex = tables.as_latex(hostile)
    assert r"\input" not in latex and "a&b" not in latex and latex.count(r"\\") == len(hostile) + 1


def test_csv_keeps_every_digit() -> None:
    rows = list(csv.DictReader(io.StringIO(tables.as_csv(table("W = [[0.1, 0.2]]\nf = sum(W**2) / 3")))))
    last = next(row for row in rows if row["node"] == "W")
    assert last["value"] == "[[0.1, 0.2]]" and float(rows[0]["value"]) == (0.1**2 + 0.2**2) / 3


def test_columns_stand_under_each_other() -> None:
    lines = tables.text(table(problem("c").text)).splitlines()
    ends = [line.rindex("  ") for line in lines]
    assert max(ends) - min(ends) < 14

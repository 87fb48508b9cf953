"""The report of a checkup: what it says, and that nothing a person wrote becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from graphcore import Builder, parse, trace
from graphcore.check.findings import Checkup, Explanation, Finding
from graphcore.check.numbers import pair
from graphcore.check.report import html, markdown
from graphcore.check.report_content import content
from graphcore.compare.words import Reason

VOID = {"meta", "br", "hr", "img", "input", "link"}
EVIL = "<img src=x onerror=alert(1)> | [a](javascript:b) **c** `d` $e$ www.example.com\x1b[31m\u202e</script>"


def checkup(text: str = "x = 2; w = 3; p = x * w; f = sin(p)", label: str = "", **wrong: Explanation) -> Checkup:
    """Every gradient handed in, those of ``wrong`` twice as large as they should be."""
    run = trace(parse(text))
    findings = {}
    for node in reversed(run.graph.nodes):
        right = run.gradient(node.index)
        said = wrong.get(node.name)
        handed = right * 2 if said else right
        status: Any = "origin" if said else "right"
        error = float(np.abs(handed - right).max())
        guesses = (said,) if said else ()
        findings[node.name] = Finding(status, node.index, handed, right, right, error, 0.0, guesses, label=label, line=3)
    verdict: Any = "wrong" if wrong else "right"
    return Checkup(run, MappingProxyType(findings), MappingProxyType({}), verdict, notes=("Two numbers were left out.",))


def double(node: int, **more: Any) -> Explanation:
    return Explanation("extra-factor-two", "`p` is twice too large.", node, wrong="2 * g", right="g", mended=1, **more)


class Tags(HTMLParser):
    """The tags of a page, its text, and whether every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attributes}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def test_markdown_says_node_numbers_formula_and_what_remains() -> None:
    said = markdown(checkup(p=double(2, apart="dx would tell them apart.")))
    assert "## Gradient of p" in said and "Status: ≠ origin." in said
    assert "handed in  1.92034\nright      0.96017" in said
    assert "1. **extra\\-factor" not in said and "**extra-factor-two**: `p` is twice too large." in said
    assert "- wrong: `2 * g`" in said and "- right: `g`" in said
    assert "`∂f/∂f · cos(p) = 1 × 0.96017 = 0.96017`" in said
    assert "dx would tell them apart." in said
    assert "Mending only this makes 1 of 1 wrong array right; nothing remains wrong." in said
    assert "x = 2; w = 3; p = x" in said and "Two numbers were left out." in said


def test_every_node_is_in_the_table_from_the_output_to_the_leaves() -> None:
    lines = markdown(checkup(p=double(2))).splitlines()
    first = lines.index("| node | of its | status | handed in | right | largest difference | read from |")
    assert [line.split(" | ")[0].split(" = ")[0] for line in lines[first + 2 : first + 6]] == ["| f", "| p", "| w", "| x"]
    assert "≠ origin" in lines[first + 3] and "= right" in lines[first + 4]


def test_html_is_one_whole_file_without_script_or_address() -> None:
    page = html(checkup(p=double(2)))
    tags = Tags(page)
    assert not tags.open and page.startswith("<!doctype html>")
    assert tags.tags.isdisjoint({"script", "img", "link", "iframe", "a"}) and "http://" not in page and "https://" not in page
    assert {"prefers-color-scheme: dark", "@media print"} <= set(re.findall(r"prefers-color-scheme: dark|@media print", page))
    assert "default-src &#x27;none&#x27;" in page
    assert "Gradient of p" in tags.text and "Mending only this makes 1 of 1 wrong array right" in tags.text


@pytest.mark.parametrize("place", ["label", "text", "right", "wrong", "apart", "mistake", "why", "note", "evidence"])
def test_no_text_becomes_markup(place: str) -> None:
    made = checkup(label=EVIL if place == "label" else "", p=double(2))
    found = made.findings["p"]
    guess = found.explanations[0]
    if place in ("text", "right", "wrong", "apart", "mistake"):
        found = found._replace(explanations=(guess._replace(**{place: EVIL}),))
    elif place == "why":
        found = found._replace(why=EVIL)
    notes = (EVIL,) if place == "note" else ()
    made = Checkup(made.run, MappingProxyType({**made.findings, "p": found}), made.values, "wrong", notes=notes)
    evidence = [Reason("0", "weak", EVIL, EVIL)] if place == "evidence" else []
    tags = Tags(html(made, evidence))
    assert tags.tags.isdisjoint({"img", "script"}) and "onerror" not in tags.names
    assert "<img src=x onerror=alert(1)>" in tags.text
    for text in (html(made, evidence), markdown(made, evidence)):
        assert "\x1b" not in text and "\u202e" not in text
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown(made, evidence))
    assert not re.search(r"(?<!\\)<|(?<!\\)\]\(|\bwww\.|(?<!\\)\$", outside)


def test_a_program_cannot_end_its_own_block() -> None:
    run = trace(parse("x = 2  # ```` </pre><script>alert(1)</script>\n#```\nf = x * x"))
    made = Checkup(run, MappingProxyType({}), MappingProxyType({}), "unproven")
    lines = markdown(made).splitlines()
    first = lines.index("## Problem") + 2
    assert lines[first] == "`````" == lines[first + 4]
    assert "script" not in Tags(html(made)).tags


def test_names_of_a_graph_without_text_are_escaped() -> None:
    b = Builder()
    b.apply("sin", b.leaf("<b>*x*|", 0.5), name="<i>y")
    run = trace(b.graph())
    finding = Finding("right", 0, run.gradient(0), run.gradient(0))
    made = Checkup(run, MappingProxyType({"<b>*x*|": finding}), MappingProxyType({}), "right")
    assert r"| \<b\>\*x\*\| |" in markdown(made)
    assert Tags(html(made)).tags.isdisjoint({"i"}) and "&lt;b&gt;*x*|" in html(made)


def test_an_array_is_written_out_with_its_worst_entry() -> None:
    text = "W = [[1, 2], [3, 4]]; x = [1, -1]; f = sum(sin(W @ x))"
    made = checkup(text, W=Explanation("unknown", "no row explains it.", 0, mended=0))
    said = content(made).sections[0]
    assert said.handed.startswith("[[1.0806, −1.0806]") and said.right.startswith("[[0.540302")
    assert said.worst.startswith("4 of 4 entries differ; most of all [0, 0]: 1.0806 handed in, 0.540302 right.")
    assert not said.guesses[0].remains
    step = said.guesses[0].steps[0]
    assert step.startswith("∂f/∂W = ") and "where ∂f/∂v1 = [0.540302, 0.540302]; x = [1, −1]" in step


def test_missing_nan_and_other_shapes_are_said_without_a_warning() -> None:
    run = trace(parse("x = [1, 2]; f = sum(x * x)"))
    right = run.gradient("x")
    cases = {
        "missing": Finding("missing", 0, right=right),
        "undecided": Finding("undecided", 0, np.ones((3, 1)), right, why="the shape (3, 1) fits no node."),
        "origin": Finding("origin", 0, np.array([np.nan, np.inf]), right, error=float("nan"), allowed=0.0),
    }
    for status, finding in cases.items():
        verdict: Any = "wrong" if status == "origin" else "unproven"
        made = Checkup(run, MappingProxyType({"x": finding}), MappingProxyType({}), verdict)
        for text in (markdown(made), html(made)):
            assert status in text
            assert ("[nan, ∞]" in text or r"\[nan, ∞\]" in text) == (status == "origin")


def test_numbers_that_differ_are_shown_to_differ() -> None:
    assert pair(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-12]), 4) == ("[1, 2]", "[1, 2.000000000001]")
    assert pair(None, np.float64(1.5), 4) == ("", "1.5")


def test_other_leaf_values_are_said() -> None:
    run = trace(parse("x = 2; f = x * x"), {"x": 5.0})
    made = Checkup(run, MappingProxyType({}), MappingProxyType({}), "unproven")
    assert content(made).notes == ("Judged at `x` = 5, not at the problem's own numbers.",)


def test_where_nothing_agrees_the_point_is_doubted() -> None:
    unknown = {name: Explanation("unknown", "no row explains it.", k) for k, name in enumerate(("x", "w", "p", "f"))}
    (doubt, _) = content(checkup(**unknown)).notes
    assert "judged at the problem's own numbers, and nothing agrees" in doubt
    assert len(content(checkup(x=unknown["x"])).notes) == 1
    named = {name: double(k) for k, name in enumerate(("x", "w", "p", "f"))}
    assert len(content(checkup(**named)).notes) == 1

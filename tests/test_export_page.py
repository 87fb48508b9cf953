"""The stand-alone page on paper: everything is there, in light colours, and no control that wants a click."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest

from graphcore.export import to_html
from graphcore.export.paper import mathml, paper
from tests.export_runs import run_of


def test_the_section_for_paper_holds_everything() -> None:
    run, result = run_of("a")
    section = paper(run, result)
    assert section.startswith('<section class="cr-paper">') and section.count("<svg") == 2
    for title in ("The problem", "The graphs", "The gradients", "The derivation"):
        assert f"<h2>{title}</h2>" in section
    assert section.count("<li>") == 12 and section.count("<tr>") == 1 + 12
    assert "= Every gradient matches torch." in section and "f = 1 / (2 + s**2 + c)" in section
    assert "were not compared" in paper(run, None)
    assert "Linear(2, 10)" in paper(run_of("network:d")[0], None, source="Linear(2, 10)")


def test_names_are_text() -> None:
    section = paper(*run_of("hostile"))
    assert "<script" not in section and "&lt;script&gt;" in section
    assert "<i>" not in section
    assert mathml(["evil", "<b>"]) == "&lt;b&gt;"
    assert "onload" not in mathml(["mi", {"onload": "x"}, "a"])
    assert mathml(["mo", "\u2062"]) == "<mo>\u2062</mo>"


def test_a_page_carries_it_and_a_shown_one_does_not() -> None:
    run, result = run_of("a")
    page = to_html(run, result)
    assert page.count("cr-root") > 1 and page.count('<section class="cr-paper">') == 1
    assert re.search(r"<div data-paper class=\"cr-root\"", page)
    from graphcore.picture.page import page as shown

    assert '<section class="cr-paper">' not in shown(run)


@pytest.mark.browser
def test_on_paper_it_is_a_report(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(to_html(*run_of("a")), "utf-8")
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_selector(".cr-root[data-mounted] .cr-node")
    assert not page.is_visible(".cr-paper") and page.is_visible(".cr-transport")
    page.evaluate("document.querySelector('.cr-root').dataset.theme = 'dark'")
    page.emulate_media(media="print")
    for hidden in (".cr-transport", ".cr-rail", ".cr-bar", ".cr-below"):
        assert not page.is_visible(hidden), hidden
    assert page.locator(".cr-paper figure svg").count() == 2 and page.is_visible(".cr-paper table")
    colour = "getComputedStyle(document.querySelector('.cr-root')).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    # both graphs beside each other, and nothing wider than the sheet
    boxes = [page.locator(".cr-paper figure").nth(k).bounding_box() for k in (0, 1)]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 1 and boxes[1]["x"] > boxes[0]["x"]
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 4
    page.close()
    assert faults == []


@pytest.mark.browser
def test_long_mathematics_goes_on_below(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "d.html"
    file.write_text(to_html(*run_of("network:d")), "utf-8")
    page = chromium.new_page(viewport={"width": 703, "height": 1000})  # the width of an A4 sheet between its margins
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    over = "[...document.querySelectorAll('.cr-paper li')].filter((li) => li.scrollWidth > li.clientWidth + 2).length"
    assert page.evaluate(over) == 0
    page.close()


@pytest.mark.browser
def test_the_svg_is_drawn_as_it_says(chromium: Any, tmp_path: Path) -> None:
    from graphcore.export import to_svg

    file = tmp_path / "a.svg"
    file.write_text(to_svg(*run_of("hostile")), "utf-8")
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.tagName") == "svg"
    assert page.evaluate("document.querySelectorAll('script, image, a').length") == 0
    shot = page.screenshot()
    assert struct.unpack(">I", shot[16:20])[0] > 100
    page.close()

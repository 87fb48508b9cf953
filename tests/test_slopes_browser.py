"""The slope beside a dragged value, and gradient descent, in a real Chromium."""

from __future__ import annotations

import re
from typing import Any

import pytest

from graphcore.problems import GALLERY
from pages.ui.link import pack

pytestmark = pytest.mark.browser

A = GALLERY[0].text
EDITOR = "textarea.cr-text"


def opened(chromium: Any, address: str, path: str = "", width: int = 1280) -> tuple[Any, list[str]]:
    page = chromium.new_context(viewport={"width": width, "height": 720}).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/{path}")
    page.wait_for_selector(".cr-count", timeout=30_000, state="attached")
    return page, complaints


def slope_of(page: Any) -> str:
    return str(page.inner_text(".cr-slope-line"))


def drawn_slope(page: Any) -> float:
    """The tangent's slope in the picture's own pixels, upwards positive."""
    x0, y0, x1, y1 = map(float, re.findall(r"-?[\d.]+", page.get_attribute(".cr-slope-tangent", "d")))
    return (y0 - y1) / (x1 - x0)


def test_a_drag_shows_the_slope_and_steps_go_downhill(chromium: Any, app_address: str) -> None:
    page, complaints = opened(chromium, app_address)
    box = page.locator('input[aria-label="w1, slider"]').bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.75, middle)
    page.mouse.down()
    page.wait_for_selector(".cr-slope-curve")
    assert page.locator('input[aria-label="w1, slider"]').bounding_box() == box
    curve = page.get_attribute(".cr-slope-curve", "d")
    page.mouse.move(box["x"] + box["width"] * 0.65, middle)
    page.wait_for_function("() => !document.querySelector('.cr-slope-line').innerText.includes('0.0315')")
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.cr-slope-live').getAttribute('visibility') === 'hidden'")
    assert page.get_attribute(".cr-slope-curve", "d") == curve
    assert slope_of(page).startswith("slope = ∂f/∂w1 = ")
    assert drawn_slope(page) > 0
    assert "slope" in page.get_attribute(".cr-slope-plot svg", "aria-label")
    page.click("text=Undo >> nth=0")
    page.wait_for_function("() => document.querySelector('.cr-slope-line').innerText.includes('0.0315')")
    assert page.input_value(EDITOR) == A

    page.click(".cr-descent summary")
    page.click(".cr-descent-steps >> text=10 steps")
    page.wait_for_selector(".cr-descent-chart svg")
    assert page.inner_text(".cr-descent-says").startswith("After 10 steps: f = 0.2894, from 0.3356.")
    assert page.input_value(EDITOR) != A
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.cr-descent-says').innerText.startsWith('At the start')")
    assert page.input_value(EDITOR) == A
    assert page.locator('[data-pane="manual"] [role=button][aria-label^="w1,"]').get_attribute("aria-label").count("3")
    page.keyboard.press("Escape")
    assert page.locator(".cr-slope").is_hidden()
    assert page.locator(".cr-values-name button").evaluate("(button) => button === button.getRootNode().activeElement")
    page.context.close()
    assert complaints == []


def test_corners_gaps_and_entries_on_a_phone(chromium: Any, app_address: str) -> None:
    text = "W = [[1, 2], [3, 4]]\nz = [-1, 0.5]\nu = 2\nx = -0.5\nf = sum(relu(W @ z)**2) + log(x + 1)"
    page, complaints = opened(chromium, app_address, f"?p={pack(text)}", 390)
    page.click(".cr-values-name button")
    page.fill(".cr-slope-place >> nth=1", "1")
    page.wait_for_function("() => document.querySelector('.cr-slope-line').innerText.includes('W[0, 1]')")
    page.wait_for_selector(".cr-slope-kink", state="attached")
    page.wait_for_selector(".cr-slope-tangent[data-corner]", state="attached")
    page.select_option(".cr-slope select", "u")
    page.wait_for_function("() => document.querySelector('.cr-slope-says').innerText.includes('not computed from u')")
    page.select_option(".cr-slope select", "x")
    page.wait_for_selector(".cr-slope-hole", state="attached")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.context.close()
    assert complaints == []


def test_gradient_descent_is_in_view_once_the_slope_is_open(chromium: Any, app_address: str) -> None:
    page, complaints = opened(chromium, app_address, "?example=c")
    field = page.locator('input[aria-label="W1[0, 1]"]').first
    box = field.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.wait_for_selector(".cr-slope-curve")
    assert field.bounding_box() == box
    page.mouse.up()
    seen = """() => {
        const box = (part) => document.querySelector(part).getBoundingClientRect();
        const [rail, line] = [box('.cr-rail'), box('.cr-descent summary')];
        return line.top >= rail.top && line.bottom <= rail.bottom;
    }"""
    page.wait_for_function(seen)
    page.context.close()
    assert complaints == []

"""Tab Scalars in a real Chromium: an entry of the picture opens, a click walks on, the selection goes along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.browser

FIND = "[data-key=find]"
LABEL = "label => document.querySelector('.cr-crumb[aria-current]')?.textContent === label"


@pytest.fixture
def page(chromium: Any, app_address: str) -> Iterator[Any]:
    """Problem C with the tab open."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    made = context.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.goto(f"{app_address}/?example=c")
    made.click("#cr-tab-scalars")
    yield made
    context.close()
    assert complaints == []


def at(page: Any, label: str) -> None:
    """Wait until this scalar is the open one."""
    page.wait_for_function(LABEL, arg=label)


def test_walking_from_an_entry_of_the_picture(page: Any) -> None:
    at(page, "L")
    entry = '.cr-pane[data-pane="manual"] [data-node][aria-label^="x2,"] .cr-value [data-entry="1"]'
    page.locator(entry).dispatch_event("click")
    at(page, "x2[1,0]")
    assert page.text_content(".cr-crumbs") == "L › x2[1,0]"
    assert page.locator('.cr-scalar[data-side="came"]').count() == 1
    assert page.locator('.cr-scalar[data-side="to"]').count() == 2
    text = page.inner_text(".cr-scalar-lines")
    assert "relu(z1[1,0])" in text
    assert "∂L/∂v2[0,0]·∂v2[0,0]/∂x2[1,0] + ∂L/∂v2[1,0]·∂v2[1,0]/∂x2[1,0]" in text

    page.locator('.cr-scalar[data-side="came"]').focus()
    page.keyboard.press("Enter")
    at(page, "z1[1,0]")
    page.wait_for_function("document.activeElement.getAttribute('data-key') === 'here'")
    assert page.inner_text(".cr-card h4 span").startswith("z1")
    assert page.get_attribute('.cr-scalar[data-side="to"]', "aria-label").startswith("goes into x2[1,0], value")

    page.click("[data-key=back]")
    at(page, "x2[1,0]")
    page.fill(FIND, "W1[1, 2]")
    page.press(FIND, "Enter")
    at(page, "W1[1,2]")
    assert "(a leaf)" in page.inner_text(".cr-scalar-lines")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('.cr-scalargraph').getBoundingClientRect().width <= 390")
    assert page.evaluate("document.documentElement.scrollWidth") == 390

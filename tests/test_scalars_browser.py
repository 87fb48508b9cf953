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


def test_it_follows_the_steps_until_a_node_is_selected(page: Any) -> None:
    at(page, "L")
    page.evaluate("document.activeElement.blur()")
    sent = "performance.getEntriesByName('sent').length"
    page.evaluate("""() => {
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) { performance.mark('sent'); return send.call(this, data); };
    }""")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(sent) == 0  # no step waits for Python
    at(page, "x3[1,0]")  # the entry that the formula line writes out
    assert page.evaluate(sent) == 1
    assert page.text_content(".cr-crumbs") == "x3[1,0]"
    page.locator('.cr-scalar[data-side="came"]').first.click()
    at(page, "v2[1,0]")
    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    assert page.text_content(".cr-crumbs") == "x3[1,0] › v2[1,0]"
    page.click("[data-key=follow]")
    at(page, "v1[0,0]")


def test_entries_of_the_card_and_of_the_table_open_by_the_keyboard(page: Any) -> None:
    at(page, "L")
    page.click("#cr-tab-table")
    page.locator('.cr-pane[data-pane="manual"] [data-node][aria-label^="W1,"]').press("Enter")
    page.click(".cr-card [data-key=expand]")
    page.locator('.cr-card .cr-entryopen[aria-label^="W1[1, 2]: "]').press("Enter")
    at(page, "W1[1,2]")
    page.wait_for_function("document.activeElement.getAttribute('data-key') === 'here'")
    assert page.locator(".cr-scalargraph").bounding_box()["y"] < 500
    assert page.locator(".cr-scalar-lines .cr-digits").first.get_attribute("aria-label").startswith("value of W1[1,2]: ")

    page.click("#cr-tab-table")
    row = page.locator(".cr-table tr", has=page.get_by_role("button", name="x3, "))
    row.get_by_role("button", name="Open x3[1, 0] in Scalars").first.press("Enter")
    at(page, "x3[1,0]")
    page.click("#cr-tab-table")
    page.get_by_role("button", name="Open the numbers of W2").first.press("Enter")
    cells = page.locator(".cr-arraytable td[data-entry]")
    assert cells.nth(0).get_attribute("tabindex") == "0"
    cells.nth(0).press("ArrowRight")
    cells.nth(1).press("ArrowDown")
    cells.nth(3).press("Enter")
    at(page, "W2[1,1]")
    assert page.locator("dialog[open]").count() == 0

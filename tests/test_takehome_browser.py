"""Taking a page home in a real Chromium: the menu's files, a page opened from disk, workspaces opened on other pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.test_browser import COUNT, EDITOR, open_page  # noqa: F401  # a fixture

pytestmark = pytest.mark.browser

MENU = ".cr-home summary"
ADDRESS = "location.pathname === '/' && location.search === '?example=a&step=14&decimals=5'"
PROGRAM = "x = 3\ny = x * x"


def taken(page: Any, to: str, folder: Path) -> Path:
    page.click(MENU)
    with page.expect_download() as found:
        page.click(f'[data-to="{to}"]')
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def open_workspace(page: Any, path: Path) -> None:
    page.click(MENU)
    with page.expect_file_chooser() as chooser:
        page.click('[data-to="open"]')
    chooser.value.set_files(path)


def drop(page: Any, path: Path) -> None:
    make = "([text, name]) => { const t = new DataTransfer(); t.items.add(new File([text], name)); return t; }"
    carried = page.evaluate_handle(make, [path.read_text(), path.name])
    for event in ("dragover", "drop"):
        page.dispatch_event("body", event, {"dataTransfer": carried})


def wait_for_step(page: Any, step: str) -> None:
    page.wait_for_function("step => document.querySelector('.cr-count')?.innerText === step", arg=step, timeout=30_000)


def tab(page: Any) -> str:
    return page.locator('[data-tab][aria-selected="true"]').get_attribute("data-tab")


def test_a_workspace_opens_on_another_page_and_after_a_reload(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = open_page("?example=a&step=14&decimals=5")
    page.click('[data-tab="derivation"]')
    path = taken(page, "json", tmp_path)
    assert path.name == "chainrule-explore-workspace.json"
    other = open_page("networks")
    open_workspace(other, path)
    wait_for_step(other, "step 14 of 20")
    assert (tab(other), other.input_value(".cr-decimals select")) == ("derivation", "5")
    other.wait_for_function(ADDRESS)
    # the page goes on from there, and so does the one that was left
    other.keyboard.press("ArrowRight")
    wait_for_step(other, "step 15 of 20")
    other.fill(EDITOR, PROGRAM)
    other.press(EDITOR, "Control+Enter")
    wait_for_step(other, "step 1 of 4")
    open_workspace(other, path)
    wait_for_step(other, "step 14 of 20")
    assert other.input_value(EDITOR).startswith("x1 = -1")
    other.click('[data-testid="stTopNavLink"]:has-text("Networks")')
    wait_for_step(other, "step 8 of 22")
    other.click('[data-testid="stTopNavLink"]:has-text("Explore")')
    wait_for_step(other, "step 14 of 20")
    other.wait_for_function(ADDRESS)
    other.reload()
    wait_for_step(other, "step 14 of 20")


def test_a_hand_in_is_dropped_on_any_page(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = open_page("check?example=d-sums", ready=".cr-finding .cr-findingbody")
    page.keyboard.press("n")
    page.wait_for_function("document.querySelector('.cr-finding').innerText.includes('Finding 2 of')")
    step, hand = page.inner_text(COUNT), page.input_value('[data-key="hand"]')
    path = taken(page, "json", tmp_path)
    other = open_page()
    drop(other, path)
    other.wait_for_selector(".cr-finding .cr-findingbody", timeout=30_000)
    wait_for_step(other, step)
    assert "Finding 2 of" in other.inner_text(".cr-finding") and other.input_value('[data-key="hand"]') == hand
    # on page Check all else that is dropped is a hand-in
    (tmp_path / "gradients.json").write_text(json.dumps({"W1": [[1.0]]}))
    drop(other, tmp_path / "gradients.json")
    other.wait_for_selector(".cr-filename:has-text('gradients.json')", timeout=30_000)


def test_a_bad_workspace_is_refused_each_time_and_changes_nothing(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = open_page("?example=a&step=14")
    path = tmp_path / "newer.json"
    path.write_text('{"chainrule": 2}')
    for _ in range(2):
        open_workspace(page, path)
        page.wait_for_selector(".cr-notice:has-text('saved by a newer Chainrule')", timeout=30_000)
        assert page.inner_text(COUNT) == "step 14 of 20"
        page.click(".cr-notice button")


def test_the_page_opens_from_disk_and_is_what_is_printed(chromium: Any, open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script("window.print = () => { top.printed = Boolean(document.querySelector('.cr-paper')); }")
    page = open_page(context=context)
    page.click(MENU)
    page.click('[data-to="print"]')
    page.wait_for_function("window.printed === true", timeout=30_000)
    for query, steps in (("", "step 8 of 20"), ("networks", "step 8 of 22"), ("check?example=a-degrees", "step 10 of 24")):
        path = taken(open_page(query, context=context), "html", tmp_path)
        alone = chromium.new_context(offline=True)
        complaints: list[str] = []
        file = alone.new_page()
        file.on("pageerror", lambda error: complaints.append(str(error)))  # noqa: B023  # read in this turn of the loop
        file.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)  # noqa: B023
        file.goto(path.as_uri())
        file.wait_for_selector(COUNT)
        assert file.inner_text(COUNT) == steps and not complaints
        assert file.locator(MENU).count() == 0 and file.locator(".cr-bar >> text=Print").count() == 1
        alone.close()


BEYOND = """(part) => [...document.querySelectorAll(part)].filter(
    (e) => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1).length"""


def on_paper(page: Any) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")


def test_the_live_page_on_paper_is_all_there(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=c&step=14", width=703, color_scheme="dark")
    on_paper(page)
    assert page.evaluate(BEYOND, ".cr-formula-terms *, .cr-table :is(th, td), .cr-verdict *, .cr-graph") == 0
    assert page.locator(".cr-graph .cr-nodes > g").evaluate_all("all => all.every((g) => getComputedStyle(g).display !== 'none')")
    assert page.locator('.cr-tab[aria-selected="false"]').first.is_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('.cr-root')).backgroundColor") == "rgb(255, 255, 255)"


def test_a_tall_picture_goes_on_on_the_next_sheet(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("networks?example=f", width=703)
    on_paper(page)
    pieces = page.locator('[data-pane="manual"] .cr-sheet-piece')
    boxes = [piece.bounding_box() for piece in pieces.all()]
    assert len(boxes) > 4 and all(box["height"] < 700 for box in boxes)
    assert page.evaluate(BEYOND, ".cr-below svg, .cr-below :is(th, td), .cr-sheet-piece") == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert pieces.count() == 0

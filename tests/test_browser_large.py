"""Large programs, and the ways in which a page and its session may lose sight of each other, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphcore.problems import GALLERY
from tests.bench_browser import program
from tests.test_browser import COUNT, EDITOR, node, open_page, press, run_program, step_of  # noqa: F401  # a fixture

pytestmark = pytest.mark.browser

MANUAL, TORCH = (f'.cr-pane[data-pane="{name}"]' for name in ("manual", "torch"))


def wait_for_step(page: Any, words: str, timeout: float = 30_000) -> None:
    script = "([where, words]) => document.querySelector(where).textContent.includes(words)"
    page.wait_for_function(script, arg=[COUNT, words], timeout=timeout)


def run_large(page: Any, text: str) -> None:
    """Typing 5,000 lines takes Chromium half a minute in any text area; pasting them takes none."""
    page.evaluate(
        """([where, text]) => {
            const area = document.querySelector(where);
            area.value = text;
            area.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        [EDITOR, text],
    )
    page.press(EDITOR, "Control+Enter")


def test_other_layouts_of_a_large_graph_come_when_asked_for(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a")
    run_large(page, program(200))
    wait_for_step(page, "of 4")
    page.locator(EDITOR).blur()
    press(page, "ArrowRight", 3)
    step = step_of(page)
    tall = page.get_attribute(f"{MANUAL} svg.cr-graph", "viewBox").split()
    assert float(tall[3]) > float(tall[2])
    page.click(f'{MANUAL} button:text-is("Across")')
    page.wait_for_selector(f"{MANUAL} .cr-laying")
    page.wait_for_selector(f"{MANUAL} .cr-laying", state="detached")
    wide = page.get_attribute(f"{MANUAL} svg.cr-graph", "viewBox").split()
    assert float(wide[2]) > float(wide[3])
    page.click("text=As torchviz draws it")
    page.wait_for_selector(f"{TORCH} .cr-viz >> nth=0", state="attached")
    assert step_of(page) == step
    page.click(f'{MANUAL} button:text-is("Down")')
    assert page.get_attribute(f"{MANUAL} svg.cr-graph", "viewBox").split() == tall


def test_five_thousand_nodes_get_a_picture_and_the_banner_says_running(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a")
    run_large(page, program(5000))
    page.wait_for_function("document.querySelector('.cr-verdict b').textContent.startsWith('Running')", timeout=3000)
    wait_for_step(page, "of 1", timeout=60_000)
    page.wait_for_function("document.querySelector('.cr-verdict b').textContent === 'Every gradient matches torch.'")
    assert "nodes: search (/) or follow the steps" in page.inner_text(f"{MANUAL} .cr-pane-head")
    page.locator(EDITOR).blur()
    press(page, "ArrowRight", 2)
    assert "backward" in page.get_attribute(".cr-scrubber", "aria-valuetext")


def test_ops_and_back_keeps_program_step_and_address(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a")
    text = "x = 0.7\ny = x * x\nz = y + x\nL = z * y"
    run_program(page, text)
    wait_for_step(page, "of 10")
    page.locator(EDITOR).blur()
    press(page, "Home")
    press(page, "ArrowRight", 4)
    page.wait_for_function("location.search.includes('step=5')")
    page.click("header >> text=Ops")
    page.wait_for_selector("#op-sin")
    page.click("header >> text=Explore")
    page.wait_for_selector(COUNT)
    assert page.input_value(EDITOR) == text
    assert step_of(page) == "step 5 of 10"
    page.wait_for_function("location.search.includes('step=5') && location.search.includes('p=')")
    # the session that was kept still answers, and in full where it must
    run_program(page, text + " * 2")
    wait_for_step(page, "of 12")


def test_two_quick_runs_end_with_the_second(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a")
    run_program(page, "x = 2\ny = x * x")
    run_program(page, "x = 2\ny = sin(x)\nz = cos(y)")
    wait_for_step(page, "of 5")
    run_program(page, GALLERY[0].text)
    run_program(page, "x = 2\ny = sin(x)\nz = cos(y)")
    page.wait_for_timeout(1000)
    wait_for_step(page, "of 5")
    assert page.input_value(EDITOR) == "x = 2\ny = sin(x)\nz = cos(y)"
    assert page.locator(".cr-root").count() == 1

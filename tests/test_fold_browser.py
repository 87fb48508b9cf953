"""Modules folded and opened in a real Chromium, on the page that stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import graphcore as gc
from graphcore.picture.page import page as page_of

pytestmark = pytest.mark.browser

MANUAL = '.cr-pane[data-pane="manual"]'
COUNT = ".cr-count"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from torch import nn

    from graphcore.record import record

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.act = nn.Tanh()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.act(self.fc(x))

    torch.manual_seed(3)
    blocks = nn.Sequential(*[Block() for _ in range(20)])
    graph = record(lambda x: blocks(x).pow(2).sum(), torch.randn(3, 4, requires_grad=True))
    found = tmp_path_factory.mktemp("fold") / "page.html"
    found.write_text(page_of(gc.trace(graph)), "utf-8")
    return found


@pytest.fixture
def page(chromium: Any, file: Path) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    made = context.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.goto(file.as_uri())
    made.wait_for_selector(COUNT)
    yield made
    context.close()
    assert complaints == []


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def box(page: Any, name: str, pane: str = MANUAL) -> Any:
    return page.locator(f'{pane} [role="button"][aria-label^="{name},"]').bounding_box()


def named(page: Any, part: str) -> int:
    return page.locator(f'{MANUAL} [data-node][aria-label*="{part}"]').count()


def note(page: Any) -> str:
    return page.inner_text(f"{MANUAL} .cr-pane-head small")


def test_modules_are_boxes_that_step_like_nodes(page: Any) -> None:
    assert named(page, "folded") == 20
    press(page, "b", "ArrowRight", "ArrowRight", "ArrowRight")
    formula = page.inner_text(".cr-formula")
    assert "through" in formula and "(3 ops)" in formula and "norm" in formula
    assert "torch" in formula
    twin = page.locator('.cr-pane[data-pane="torch"] .cr-module .cr-h').first.text_content()
    assert "autograd nodes" in twin


def test_opening_a_module_keeps_its_place_and_the_step(page: Any) -> None:
    press(page, "b", "ArrowRight", "ArrowRight", "ArrowRight")
    formula = page.inner_text(".cr-formula")
    name = next(word for word in formula.split() if word.startswith("blocks") or word.split(".")[-1].isdigit())
    path = name.strip("(),")
    before = box(page, path)
    assert before is not None
    shown = note(page)
    page.locator(f'{MANUAL} [role="button"][aria-label^="{path},"] .cr-fold-open').click()
    page.wait_for_function("([where, words]) => document.querySelector(where).textContent !== words",
                           arg=[f"{MANUAL} .cr-pane-head small", shown])  # fmt: skip
    # the module's last op is where the module was
    after = box(page, f"{path}.add")
    assert after is not None
    middle = lambda found: found["y"] + found["height"] / 2  # noqa: E731
    assert abs(middle(after) - middle(before)) < 40
    assert "step" in page.inner_text(COUNT)


def test_the_keyboard_opens_and_folds(page: Any) -> None:
    press(page, "b", "ArrowRight", "ArrowRight", "ArrowRight")
    count = named(page, "folded")
    press(page, "o")
    page.wait_for_timeout(200)
    assert named(page, "folded") == count  # its linear layer is a box now
    assert named(page, ".add,") >= 1
    press(page, "o")
    page.wait_for_timeout(200)
    assert named(page, ".add,") == 0


def test_the_menu_opens_levels_and_shows_bookkeeping(page: Any) -> None:
    page.click(f"{MANUAL} .cr-modules summary")
    page.click("text=Open one level")
    page.wait_for_timeout(200)
    assert named(page, ".add,") == 20
    page.click(f"{MANUAL} .cr-modules summary")
    page.click("text=Bookkeeping nodes")
    page.wait_for_timeout(200)
    assert page.locator(f"{MANUAL} .cr-modules [role=switch]").get_attribute("aria-checked") == "true"
    page.click(f"{MANUAL} .cr-modules summary")
    page.click("text=Fold all")
    page.wait_for_timeout(200)
    assert named(page, ".add,") == 0


def test_the_search_finds_what_is_inside_folded_modules(page: Any) -> None:
    press(page, "/")
    page.keyboard.type("7.fc")
    press(page, "Enter")
    page.wait_for_timeout(300)
    assert page.locator(f'{MANUAL} [data-node][aria-label*="7.fc"]').count() >= 1


def test_explore_has_nothing_to_fold(chromium: Any, tmp_path: Path) -> None:
    found = tmp_path / "explore.html"
    found.write_text(page_of(gc.trace(gc.parse("x = 2\ny = x * x"))), "utf-8")
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    made = context.new_page()
    made.goto(found.as_uri())
    made.wait_for_selector(COUNT)
    assert not made.is_visible(f"{MANUAL} .cr-modules")
    assert made.locator(".cr-fold").count() == 0
    press(made, "o")
    assert note(made) == "by the rules of each op"
    context.close()

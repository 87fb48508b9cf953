"""Page Networks in a real Chromium, as a person uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.ui.link import pack
from tests.test_browser import COUNT, EDITOR, open_page, press  # noqa: F401  # a fixture

pytestmark = pytest.mark.browser

SMALL = "Linear(3, 4)\nTanh()\nLinear(4, 2)"
VERDICT = ".cr-verdict"
DRAWN = '.cr-pane[data-pane="manual"] [role="button"]'


def visit(open_page: Callable[..., Any], query: str = "", **options: Any) -> Any:  # noqa: F811
    return open_page(f"networks{query}", ready=DRAWN, **options)


def small(**settings: str) -> str:
    fields = f"&s={pack(json.dumps(settings))}" if settings else ""
    return f"?p={pack(SMALL)}{fields}"


def field(name: str) -> str:
    return f'[data-key="field {name}"]'


def wait_for(page: Any, selector: str, words: str) -> None:
    script = "([where, words]) => (document.querySelector(where)?.innerText || '').includes(words)"
    page.wait_for_function(script, arg=[selector, words], timeout=30_000)


def show_tab(page: Any, name: str, ready: str) -> None:
    page.click(f'[data-tab="{name}"]')
    page.wait_for_selector(f"#cr-tabpanel {ready}", timeout=30_000)


def test_the_gallerys_first_network_matches_torch(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page)
    assert "matches torch" in page.inner_text(VERDICT)
    assert page.locator('[data-tab="layers"]').get_attribute("aria-selected") == "true"
    first = page.inner_text(COUNT)
    press(page, "ArrowRight", 2)
    assert page.inner_text(COUNT) != first
    page.wait_for_function("location.search.includes('step=')")
    assert "example=d" in page.url


def test_text_and_fields_stand_in_the_address(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, small(seed="5"))
    assert page.input_value(EDITOR) == SMALL
    assert page.input_value(field("seed")) == "5"
    page.fill(field("batch"), "2")
    page.press(field("batch"), "Enter")
    wait_for(page, VERDICT, "match")
    page.wait_for_function("address => location.href !== address", arg=page.url)
    again = visit(open_page, f"?{page.url.partition('?')[2]}")
    assert (again.input_value(field("batch")), again.input_value(field("seed"))) == ("2", "5")
    assert again.input_value(EDITOR) == SMALL


def test_an_error_is_mended_or_left_and_the_picture_stays(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, small())
    page.fill(EDITOR, "Linear(3, 4)\nLinear(5, 2)")
    page.press(field("input"), "Enter")
    wait_for(page, VERDICT, "Not run yet")
    assert page.locator(DRAWN).count()
    page.fill(EDITOR, SMALL)
    page.press(EDITOR, "Control+Enter")
    wait_for(page, VERDICT, "torch")


def test_an_example_brings_its_fields(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, small(seed="5"))
    page.click(".cr-choose")
    page.click('.cr-option:has-text("Deep ReLU")')
    wait_for(page, COUNT, "of 5")
    assert page.input_value(field("target")) == "[[0.4051]]"
    assert page.input_value(field("seed")) == ""
    page.wait_for_function("location.search.includes('example=f')")
    names = page.locator(".cr-chart-name").all_text_contents()
    assert names == ["0", "1", "3", "5", "7", "9", "11", "13", "15", "17", "19", "21"]


def test_a_layer_leads_to_its_place_in_the_picture(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, small())
    page.locator(".cr-layertable tbody tr").nth(2).locator("button").click()
    page.wait_for_selector(".cr-layertable tr.cr-selected")
    assert page.locator(".cr-ring-selected").count()


def test_files_are_downloaded(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, small())
    show_tab(page, "files", ".cr-program")
    with page.expect_download() as text:
        page.click('[data-key="save torch_autograd.dat"]')
    assert text.value.suggested_filename == "torch_autograd.dat"
    with page.expect_download() as arrays:
        page.click('[data-key="npz my_autograd.dat"]')
    arrays.value.save_as(tmp_path / "my.npz")
    with np.load(tmp_path / "my.npz") as found:
        assert {name: found[name].shape for name in found.files}["0.weight"] == (4, 3)


def test_autograd_nodes_and_programs(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, small())
    show_tab(page, "torch", ".cr-occurs")
    assert "TanhBackward0" in page.inner_text("#cr-tabpanel")
    show_tab(page, "code", ".cr-program")
    page.wait_for_selector('[data-key="explore"][href]')
    address = page.get_attribute('[data-key="explore"]', "href")
    explore = open_page(re.sub(r"^https?://[^/]+/", "", address))
    assert "tanh(" in explore.input_value(EDITOR)


def test_a_pickle_is_refused_with_the_lines_that_convert_it(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, small())
    (tmp_path / "net.pt").write_bytes(b"PK")
    page.set_input_files("input[type=file]", tmp_path / "net.pt")
    page.wait_for_selector(".cr-block-values .cr-message pre")
    assert "can run code" in page.inner_text(".cr-block-values .cr-message")
    assert "net.safetensors" in page.inner_text(".cr-block-values .cr-message pre")


@pytest.mark.parametrize("size", [(390, 844), (1280, 600), (1600, 1000)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(open_page: Callable[..., Any], size: tuple[int, int], scheme: str) -> None:  # noqa: F811
    page = visit(open_page, "?example=d", width=size[0], height=size[1], color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("document.querySelector('.cr-root').scrollWidth") <= size[0]


def test_what_was_typed_survives_a_reload(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, small())
    page.fill(EDITOR, f"{SMALL}\nSigmoid()")
    page.wait_for_timeout(400)
    page.reload()
    page.wait_for_selector(DRAWN, timeout=30_000)
    page.wait_for_function("where => document.querySelector(where).value.endsWith('Sigmoid()')", arg=EDITOR)

"""Words explained where they stand, and the page that shows them all, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphcore.words import WORDS
from tests.test_browser import COUNT, open_page, press, step_of  # noqa: F401  # a fixture
from tests.test_words import others
from tests.ui_texts import Text

pytestmark = pytest.mark.browser

BOX = ".cr-wordbox"
CARD = ".cr-wp-card"
# what people can read on the page now, and what is read to them
READABLE = """() => {
    const found = [...document.querySelectorAll('.cr-root, .cr-root *')].flatMap((element) => [
        ...['aria-label', 'title', 'placeholder', 'aria-valuetext'].map((name) => element.getAttribute(name)),
        ...(element.matches('pre, code, textarea, .cr-ed, .cr-ed *, [hidden] *') ? [] :
            [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data)),
    ]);
    return [...new Set(found.filter((text) => text && text.trim()))];
}"""


def caption(page: Any, key: str) -> Any:
    return page.locator(f'.cr-formula .cr-caption[data-word="{key}"]').first


def explained(page: Any) -> str:
    return str(page.wait_for_selector(BOX, timeout=5000).query_selector("b").inner_text())


def wrong_words(page: Any, where: str) -> list[str]:
    return others([Text(where, 0, text) for text in page.evaluate(READABLE)])


def test_a_word_is_explained_where_it_stands(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=14")
    word = caption(page, "upstream-gradient")
    before, height = word.bounding_box(), page.evaluate("document.documentElement.scrollHeight")
    word.hover()
    assert explained(page) == "upstream gradient"
    assert word.bounding_box() == before
    assert page.evaluate("document.documentElement.scrollHeight") == height
    box = page.locator(BOX).bounding_box()
    assert box["y"] >= before["y"] + before["height"] or box["y"] + box["height"] <= before["y"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 720
    link = page.locator(f"{BOX} a")
    assert (link.get_attribute("href"), link.get_attribute("target")) == ("./words#upstream-gradient", "_blank")
    link.hover()
    page.wait_for_timeout(400)
    assert page.locator(BOX).count() == 1  # on the way to the link it stays
    press(page, "Escape")
    assert page.locator(BOX).count() == 0
    assert step_of(page) == "step 14 of 20"
    caption(page, "local-gradient").hover()
    assert explained(page) == "local gradient"
    press(page, "ArrowRight")
    assert page.locator(BOX).count() == 0
    assert step_of(page) == "step 15 of 20"


def test_the_keyboard_reaches_a_word_and_its_link(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=14")
    press(page, "Tab")
    word = caption(page, "downstream-gradient")
    word.focus()
    assert explained(page) == "downstream gradient"
    said = page.locator(f"#{word.get_attribute('aria-describedby')}").text_content()
    assert said.startswith("downstream gradient: Upstream times local")
    press(page, "Enter")
    assert page.evaluate("document.activeElement.textContent") == "More in Words"
    press(page, "Escape")
    assert page.evaluate("document.activeElement.dataset.word") == "downstream-gradient"
    assert page.locator(BOX).count() == 0
    assert page.locator(".cr-selected, [data-present]").count() == 0


def test_a_tap_explains_a_word_and_a_second_one_ends_it(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=14", width=390, height=844, has_touch=True)
    word = caption(page, "upstream-gradient")
    word.tap()
    assert explained(page) == "upstream gradient"
    box = page.locator(BOX).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    word.tap()
    assert page.locator(BOX).count() == 0


def test_the_pages_show_no_other_word(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=kink&step=99")
    assert wrong_words(page, "Explore") == []
    page.locator(".cr-verdict [data-word=kink]").first.hover()
    assert explained(page) == "kink"
    press(page, "Escape")
    chips = page.locator(".cr-chips").inner_text()
    assert "starting gradient" in chips
    page = open_page("networks")
    assert wrong_words(page, "Networks") == []
    page.locator(".cr-fieldrow [data-word=random-seed]").hover()
    assert explained(page) == "random seed"
    page = open_page("check?example=a-degrees", ready=".cr-findingbody")
    assert wrong_words(page, "Check") == []
    page.locator(".cr-legend [data-word=inherited]").hover()
    assert explained(page) == "inherited"


def test_the_page_of_words_opens_one_and_steps_through_it(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("words#upstream-gradient", ready=f"{CARD}[data-open] {COUNT}")
    card = page.locator(f"{CARD}[data-open]")
    assert card.locator("h3").first.inner_text() == "upstream gradient"
    assert step_of(page) == "step 5 of 5"
    press(page, "ArrowLeft")
    assert step_of(page) == "step 4 of 5"
    assert page.locator(CARD).count() == len(WORDS)
    assert wrong_words(page, "Words") == []
    press(page, "/")
    page.keyboard.type("kink")
    page.wait_for_function("document.querySelector('[data-part=count]').textContent.startsWith('1 of')")
    kink = page.locator("#cr-at-kink")
    kink.locator("svg.cr-wp-drawing .cr-nodes text").nth(2).wait_for(state="attached")  # drawn when it comes into view
    kink.locator(".cr-wp-open").click()
    page.wait_for_selector(f"#cr-at-kink[data-open] {COUNT}")
    assert page.locator(f"{CARD}[data-open]").count() == 1
    assert page.evaluate("location.hash") == "#kink"
    assert kink.locator("footer a").get_attribute("href").startswith("./?p=")
    kink.locator(".cr-wp-open").click()
    assert page.locator(f"{CARD}[data-open]").count() == 0
    page.evaluate("location.hash = '#module'")
    page.wait_for_selector(f"#cr-at-module[data-open] {COUNT}")
    press(page, "o")
    page.wait_for_function("document.querySelectorAll('#cr-at-module [data-pane=manual] .cr-nodes [data-node]').length > 5")


def test_every_word_can_be_opened(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("words", width=390, height=844, ready=CARD)
    for word in WORDS:
        page.evaluate(f"location.hash = '#{word.key}'")
        page.wait_for_selector(f"#cr-at-{word.key}[data-open] {COUNT}", state="attached")
        assert page.locator(f"#cr-at-{word.key} .cr-pane[data-pane=manual] [data-node]").count() >= 2, word.key
        assert step_of(page).startswith(f"step {word.step} of") or page.evaluate(f"""
            document.querySelector('#cr-at-{word.key} {COUNT}').textContent.startsWith('step {word.step} of')"""), word.key
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_words_of_the_two_phases_are_stops_of_the_keyboard(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=14")
    page.locator(".cr-scrubber").focus()
    press(page, "Tab", 2)
    assert explained(page) == "gradient of a node"
    press(page, "Shift+Tab")
    page.wait_for_function(f"document.querySelector('{BOX} b')?.textContent === 'forward value'")
    assert page.evaluate("document.activeElement.textContent") == "forward: values"
    press(page, "ArrowRight")
    assert step_of(page) == "step 15 of 20"
    assert page.locator("[role=slider] [data-word]").count() == 0


@pytest.mark.parametrize(("path", "card", "gone"), [("words", CARD, ".cr-wp-open"), ("ops", ".cr-ops-card", ".cr-ops-copy")])
def test_a_reference_page_on_paper(open_page: Callable[..., Any], path: str, card: str, gone: str) -> None:  # noqa: F811
    page = open_page(path, width=703, ready=card)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    if path == "words":
        assert page.locator(f"{CARD} svg.cr-wp-drawing").count() == len(WORDS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    assert page.locator("header.stAppHeader").is_hidden() and page.locator(gone).first.is_hidden()
    wide = f"[...document.querySelectorAll('{card} *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).length"
    assert page.evaluate(wide) == 0

"""Ask first in a real Chromium: what a typed number is judged to be, and how a person answers on the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

import graphcore as gc
from graphcore.picture.page import part, show
from graphcore.problems import problem
from pages.ui.link import pack, unpack
from tests.test_browser import COUNT, EDITOR, node, open_page, press, run_program, step_of  # noqa: F401  # a fixture

pytestmark = pytest.mark.browser

INPUT = ".cr-askinput"
BAR = ".cr-asked"
JUDGING = part("js/10-format.js") + part("js/61-judge.js")
JUDGE = f"({{texts, entries, shape}}) => {{ {JUDGING} return Judge.all(texts, entries, shape); }}"
READ = f"(text) => {{ {JUDGING} return Judge.read(text); }}"
S = {"ours": 0.03178, "upstream": -0.1126, "local": -0.28224, "value": -0.1411}
LAST = {"ours": -0.19, "part": -0.31, "before": 0.12}
FIRST = {"ours": -0.31, "part": -0.31, "before": 0.12}


@pytest.fixture(scope="module")
def blank(chromium: Any) -> Iterator[Any]:
    """A page with nothing on it, to call functions of the picture in."""
    page = chromium.new_page()
    yield page
    page.close()


def judged(page: Any, texts: list[str], entries: list[dict[str, float]], shape: tuple[int, ...] = ()) -> Any:
    return page.evaluate(JUDGE, {"texts": texts, "entries": entries, "shape": list(shape)})


@pytest.mark.parametrize(
    ("text", "entry", "sign", "words"),
    [
        ("0.0318", S, "=", "right to the 3 digits typed"),
        ("3.18e-2", S, "=", "right to the 3 digits typed"),
        ("3.18 × 10^-2", S, "=", "right to the 3 digits typed"),
        ("0,032", S, "=", "right to the 2 digits typed, read as 0.032"),
        ("−0.0318", S, "≠", "right size, wrong sign"),
        ("0.0317", S, "≠", "off in the last digit: rounding"),
        ("1.821", S, "≠", "off by 57.3: degrees?"),
        ("0.000555", S, "≠", "off by 1/57.3: degrees?"),
        ("-0.1126", S, "≠", "the upstream alone, without the local gradient"),
        ("-0.2822", S, "≠", "the local gradient alone, without the upstream"),
        ("-0.1411", S, "≠", "the forward value, not the gradient"),
        ("0.0636", S, "≠", "twice as large"),
        ("0.0159", S, "≠", "half as large"),
        ("31.5", S, "≠", "1 / it"),
        ("-0.395", S, "≠", "upstream plus local; they are multiplied"),
        ("0", S, "≠", "0 in the digits typed, but ours is not 0"),
        ("0.06", {"ours": 0.6}, "≠", "10 times too small: the point is elsewhere"),
        ("1", {"ours": 0.6}, "≠", "too few digits to tell"),
        ("1/3", {"ours": 1 / 3}, "=", "right"),
        ("0", {"ours": 3e-17}, "=", "right"),
        ("0.3", {"ours": 0.0}, "≠", "ours is 0"),
        ("nan", {"ours": float("nan")}, "=", "right"),
        (
            "0.4994",
            {"ours": -0.495, "upstream": 0.5, "local": -0.99, "degrees": 0.9988},
            "≠",
            "as a calculator set to degrees has it",
        ),
        ("-0.19", LAST, "=", "right"),
        ("-0.31", LAST, "=", "right: this edge's part. The gradient is the sum"),
        ("0.12", LAST, "≠", "the sum without this edge's part"),
        ("-0.19", FIRST, "=", "right: the sum so far"),
        ("0.9", {"ours": 0.31}, "≠", "2.90 times as large"),
    ],
)
def test_a_number_is_judged_to_the_digits_typed(blank: Any, text: str, entry: dict[str, float], sign: str, words: str) -> None:
    found = judged(blank, [text], [entry])
    assert (found["sign"], found["words"]) == (sign, words)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("abc", "is not a number; expected a number such as -0.1126, 1e-3 or 3/4."),
        ("1,000.5", "has more than one comma or point"),
        ("1/0", "divides by 0."),
        ("1/2/3", "is no fraction of two numbers"),
        ("1e999", "is larger than any number here."),
        ("alert(1)", "is not a number"),
        ("9" * 80, "is too long"),
    ],
)
def test_what_is_no_number_is_refused_in_words(blank: Any, text: str, why: str) -> None:
    assert why in blank.evaluate(READ, text)["problem"]


def test_arrays_are_judged_entry_by_entry_and_as_a_whole(blank: Any) -> None:
    entries = [{"ours": x} for x in (1.0, 3.0, 2.0, 4.5)]
    assert judged(blank, ["1", "3", "2", "4.5"], entries, (2, 2))["words"] == "all 4 right"
    assert judged(blank, ["1", "2", "3", "4.5"], entries, (2, 2))["words"] == "the transpose"
    assert judged(blank, ["-1", "-3", "-2", "-4.5"], entries, (2, 2))["words"] == "right size, wrong sign"
    assert judged(blank, ["3", "1", "2", "4.5"], entries, (2, 2))["words"] == "the right numbers at other places"
    assert judged(blank, ["1", "3", "-2", "4.5"], entries, (2, 2))["words"] == "3 of 4 right; [1, 0]: right size, wrong sign"


def bar(page: Any) -> str:
    return page.inner_text(BAR)


def answer(page: Any, text: str) -> None:
    """Types into the input that has the focus and ends with Enter."""
    page.wait_for_function(f"document.activeElement.matches('{INPUT}')")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_the_two_beats_on_problem_a(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=13")
    press(page, "a")
    assert page.get_attribute(".cr-askfirst", "aria-pressed") == "true"
    press(page, "Enter")  # v3 is shown, not asked
    assert "Shown, not counted." in bar(page)
    press(page, "ArrowRight")
    assert step_of(page) == "step 14 of 20"
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'gradient of s, your number'")
    for pane in (0, 1):
        assert "gradient not known yet" in node(page, pane, "s").get_attribute("aria-label")
    for part_of_page in (".cr-formula", ".cr-card", ".cr-pill", ".cr-table tr.cr-lit"):
        words = page.text_content(part_of_page)
        assert "0.0318" not in words and "0.2822" not in words, part_of_page
    answer(page, "1.821")
    assert step_of(page) == "step 14 of 20"
    assert "Off by 57.3: degrees?" in bar(page) and "typed 1.821, ours 0.0318" in bar(page)
    assert "0.0318" in page.inner_text(".cr-formula")
    assert page.locator(".cr-judged text").all_text_contents() == ["≠"]
    assert page.locator(".cr-table tr.cr-lit td").all_inner_texts()[7] == "≠ 1.821"
    assert page.locator(".cr-table th").all_inner_texts()[7].strip() == "yours"
    press(page, "Enter")
    answer(page, "0.0315")
    assert "Right to the 3 digits typed." in bar(page) and "1 of 11 right" in bar(page)


def test_keys_typed_into_an_answer_do_nothing_else_and_escape_leaves(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=14")
    press(page, "a")
    page.wait_for_selector(f"{INPUT}:focus")
    page.keyboard.type("pfba/o ?")
    assert page.input_value(INPUT) == "pfba/o ?"
    press(page, "ArrowLeft")
    assert step_of(page) == "step 14 of 20" and page.locator(".cr-rail").is_visible()
    press(page, "Enter")
    assert "is no fraction of two numbers" in bar(page)
    assert page.get_attribute(INPUT, "aria-invalid") == "true"
    press(page, "Escape")
    assert page.locator(BAR).is_visible()
    assert page.evaluate("document.activeElement === document.body")
    press(page, "Escape")
    assert not page.locator(BAR).is_visible() and page.locator(INPUT).count() == 0
    assert page.inner_text(".cr-verdict b") == "Every gradient matches torch."
    assert "0.0318" in page.inner_text(".cr-formula")


def test_what_was_typed_stays_while_stepping_and_over_a_reload(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=14")
    press(page, "a")
    answer(page, "-0.0318")
    press(page, "ArrowRight")
    page.wait_for_selector(f"{INPUT}:focus")
    page.keyboard.type("0.03")
    press(page, "PageUp")
    assert "Right size, wrong sign." in bar(page)
    press(page, "PageDown")
    assert page.input_value(INPUT) == "0.03"
    page.wait_for_function("location.search.includes('step=15')")
    page.reload()
    page.wait_for_selector(INPUT)
    assert step_of(page) == "step 15 of 20" and page.input_value(INPUT) == "0.03"
    press(page, "PageUp")
    page.click("text=Ask again")
    assert page.input_value(INPUT) == "-0.0318"
    page.fill(INPUT, "0.0318")
    page.press(INPUT, "Enter")
    assert "Right to the 3 digits typed." in bar(page)


def test_play_and_a_held_key_stop_at_a_question(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=8")
    press(page, "a")
    held = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true, repeat: true}))"
    page.evaluate(f"for (let k = 0; k < 9; k += 1) {held}")
    assert step_of(page) == "step 10 of 20" and "Gradient of v5?" in bar(page)
    page.evaluate("document.activeElement.blur()")
    page.click('button[aria-label="Play"]')
    page.wait_for_selector('button[aria-label="Play"]')
    assert step_of(page) == "step 10 of 20"


def test_a_small_array_has_an_input_for_every_entry(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=c&step=17")
    press(page, "a")
    name = "gradient of W2[1, 0], your number"
    assert page.locator(INPUT).nth(2).get_attribute("aria-label") == name
    for text in ("-4", "-10", "-4"):
        answer(page, text)
    assert page.locator(INPUT).count() == 4, "Enter goes on to the next empty one"
    page.click("text=Judge it")
    assert "Still empty: [1, 1]." in bar(page)
    answer(page, "-10")
    assert "The transpose." in bar(page)


def test_of_a_large_array_one_entry_is_asked_and_of_a_sum_the_sum(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a")
    run_program(page, "W = outer([1, 2, 3, 4, 5], [1, 2, 3, 4])\nx = 2\nL = sum(W * W) * x + x * x")
    page.wait_for_selector('[aria-label^="W,"]')
    page.evaluate("document.activeElement.blur()")
    press(page, "b")
    press(page, "a")
    seen = {}
    for _ in range(20):
        press(page, "ArrowRight")
        if page.locator(INPUT).count():
            seen[page.get_attribute(INPUT, "aria-label")] = bar(page).split("\n")[1]
            press(page, "Enter")
    assert seen["gradient of W[4, 3], your number"].startswith("Gradient of W[4, 3]")
    assert any("the sum of all 3 edges" in words for words in seen.values())


def test_the_answers_open_on_page_check(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=a&step=19")
    press(page, "a")
    answer(page, "-0,0944")
    press(page, "Enter")
    answer(page, "-0.0315")
    assert "1 of 11 right; look again at w1;" in bar(page) and "are still open" in bar(page)
    asked: list[str] = []
    page.route(
        "**/check?*", lambda route: (asked.append(route.request.url), route.fulfill(body="here", content_type="text/html"))
    )
    page.click("text=Check these")
    page.wait_for_url("**/check?*")
    query = parse_qs(urlparse(asked[0]).query)
    assert unpack(query["p"][0]) == problem("a").text
    assert unpack(query["h"][0]) == "x1 gradient:\n-0.0944\nw1 gradient:\n-0.0315\n"


def test_on_a_phone_the_input_stands_in_the_bar_and_nothing_scrolls_sideways(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page(f"?p={pack(problem('c').text)}&step=22", width=390, height=844)
    page.click(".cr-askfirst")
    page.wait_for_selector(f".cr-askslot {INPUT}:focus")
    assert page.locator(INPUT).first.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_stand_alone_page_asks_as_well(chromium: Any, tmp_path: Path) -> None:
    target = show(gc.trace(gc.parse(problem("a").text)), tmp_path / "a.html")
    page = chromium.new_page()
    page.goto(target.as_uri())
    page.wait_for_selector(COUNT)
    press(page, "b")
    press(page, "a")
    press(page, "ArrowRight")
    answer(page, "-0.1126")
    assert "Right to the 4 digits typed." in bar(page)
    press(page, "?")
    assert "Ask first" in page.inner_text("dialog")
    page.close()


def test_networks_ask_too(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("networks?example=d", ready='.cr-pane[data-pane="manual"] [role="button"]')
    press(page, "b")
    press(page, "a")
    press(page, "ArrowRight")
    answer(page, "1")
    assert "Right." in bar(page) and "1 of " in bar(page)
    assert page.locator(EDITOR).count() == 1

"""Page Check in a real Chromium, as a person uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.ui.link import pack
from tests.test_browser import COUNT, open_page, press  # noqa: F401  # a fixture
from tests.test_check_judge import MLP
from tests.test_check_session import SMALL, gradients, wrong

pytestmark = pytest.mark.browser

VERDICT = ".cr-verdict"
FINDING = ".cr-finding .cr-findingbody"
HAND = '[data-key="hand"]'
PICKER = '[data-picker="hand"]'
SHAPES = {"W1": (4, 3), "b1": (4, 1), "W2": (2, 4), "b2": (2, 1)}


def visit(open_page: Callable[..., Any], query: str = "", ready: str = FINDING, **options: Any) -> Any:  # noqa: F811
    return open_page(f"check{query}", ready=ready, **options)


def handed(text: str) -> str:
    return f"?p={pack(SMALL)}&h={pack(text)}"


def wait_for(page: Any, selector: str, words: str) -> None:
    script = "([where, words]) => (document.querySelector(where)?.innerText || '').includes(words)"
    page.wait_for_function(script, arg=[selector, words], timeout=30_000)


def node(page: Any, name: str) -> Any:
    return page.locator(f'.cr-pane[data-pane="manual"] [role="button"][aria-label^="{name},"]')


def test_from_the_empty_page_to_the_first_mistake_and_the_next(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, ready=".cr-checkstart .cr-begin")
    page.click('[data-key="start a-degrees"]')
    wait_for(page, VERDICT, "2 mistakes explain")
    wait_for(page, ".cr-finding", "Finding 1 of 2")
    first, step = page.inner_text(".cr-bignode"), page.inner_text(COUNT)
    assert page.locator(".cr-pane[data-pane=manual] .cr-origin").count() == 2
    assert page.locator(".cr-pane[data-pane=manual] .cr-inherited").count() == 4
    press(page, "n")
    wait_for(page, ".cr-finding", "Finding 2 of 2")
    assert (page.inner_text(".cr-bignode"), page.inner_text(COUNT)) != (first, step)
    press(page, "Shift+N")
    wait_for(page, ".cr-finding", "Finding 1 of 2")
    assert page.inner_text(COUNT) == step
    page.wait_for_function("location.search.includes('example=a-degrees')")


def test_numbers_are_pasted_judged_and_come_back_with_the_link(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, f"?p={pack(SMALL)}", ready=COUNT)
    page.fill(HAND, wrong())
    page.press(HAND, "Control+Enter")
    wait_for(page, ".cr-bignode", "W")
    assert "cr-origin" in node(page, "W").get_attribute("class")
    page.wait_for_function("location.search.includes('h=')")
    again = visit(open_page, f"?{page.url.partition('?')[2]}")
    assert again.input_value(HAND) == wrong()
    wait_for(again, ".cr-bignode", "W")


def test_a_bad_hand_in_is_text_and_takes_nothing_away(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = visit(open_page, handed(wrong()))
    page.fill(HAND, "<img src=x onerror=alert(1)> nothing")
    page.press(HAND, "Control+Enter")
    wait_for(page, VERDICT, "Not read")
    assert page.input_value(HAND).startswith("<img")
    assert page.locator(".cr-handslot .cr-message").count() == 1
    assert page.locator(".cr-root img").count() == 0
    assert "W" in page.inner_text(".cr-bignode")


def test_a_row_of_the_alignment_is_corrected(open_page: Callable[..., Any]) -> None:  # noqa: F811
    text = "a = 2\nb = 3\nL = a * b"
    page = visit(open_page, f"?p={pack(text)}&h={pack('first = 3' + chr(10) + 'b = 2' + chr(10))}")
    page.click('[data-tab="alignment"]')
    page.wait_for_selector('[data-key="node 0"]')
    page.select_option('[data-key="node 0"]', label="b")
    page.wait_for_selector('[data-key="undo 0"]')
    page.click('[data-key="undo 0"]')
    page.wait_for_selector('[data-key="undo 0"]', state="detached")


def test_a_class_is_sorted_opened_and_saved(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, f"?p={pack(SMALL)}", ready=COUNT)
    for name, text in (("anna.dat", gradients(SMALL)), ("bert.dat", wrong()), ("cora.dat", "none")):
        (tmp_path / name).write_text(text)
    page.set_input_files(PICKER, sorted(tmp_path.glob("*.dat")))
    wait_for(page, VERDICT, "1 of 3 right")
    page.click('[data-key="sort verdict"]')
    assert page.locator(".cr-crowd tbody tr").first.inner_text().startswith("bert.dat")
    with page.expect_download() as saved:
        page.click('[data-key="csv"]')
    assert saved.value.suggested_filename == "chainrule-class.csv"
    page.click('[data-key="file 1"]')
    wait_for(page, ".cr-bignode", "W")
    page.click('[data-key="class"]')
    wait_for(page, VERDICT, "1 of 3 right")


def test_two_files_without_a_problem_and_a_pickle(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, ready=".cr-checkstart")
    (tmp_path / "mine.dat").write_text(wrong())
    (tmp_path / "theirs.dat").write_text(gradients(SMALL))
    (tmp_path / "net.pt").write_bytes(b"PK")
    page.set_input_files(PICKER, [tmp_path / "mine.dat", tmp_path / "theirs.dat"])
    wait_for(page, ".cr-difference", "mine.dat beside theirs.dat")
    page.set_input_files(PICKER, tmp_path / "net.pt")
    page.wait_for_selector(".cr-handslot .cr-message pre")
    assert "can run code" in page.inner_text(".cr-handslot .cr-message")


def test_a_file_is_still_there_after_a_reload(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, f"?p={pack(SMALL)}", ready=COUNT)
    (tmp_path / "mine.dat").write_text(wrong())
    page.set_input_files(PICKER, tmp_path / "mine.dat")
    wait_for(page, ".cr-bignode", "W")
    page.reload()
    page.wait_for_selector(FINDING, timeout=30_000)
    wait_for(page, ".cr-bignode", "W")
    assert page.inner_text(".cr-filename") == "mine.dat"


def test_two_tabs_keep_their_own_hand_ins(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, f"?p={pack(SMALL)}", ready=COUNT)
    (tmp_path / "right.dat").write_text(gradients(SMALL))
    (tmp_path / "wrong.dat").write_text(wrong())
    other = visit(open_page, f"?p={pack(SMALL)}", ready=COUNT, context=page.context)
    page.set_input_files(PICKER, tmp_path / "wrong.dat")
    other.set_input_files(PICKER, tmp_path / "right.dat")
    wait_for(other, VERDICT, "2 of 2 right")
    # a tab behind another is drawn seldom
    page.bring_to_front()
    wait_for(page, ".cr-bignode", "W")
    assert [tab.inner_text(".cr-filename") for tab in (page, other)] == ["wrong.dat", "right.dat"]


def test_a_class_is_stopped_and_what_was_judged_stays(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, f"?p={pack(MLP)}", ready=COUNT)
    files = [tmp_path / f"{k}.dat" for k in range(200)]
    odd = {name: np.random.default_rng(7).standard_normal(shape) for name, shape in SHAPES.items()}
    for k, path in enumerate(files):
        path.write_text(gradients(MLP, **odd) + f"# {k}\n")
    page.set_input_files(PICKER, files)
    page.wait_for_selector(".cr-crowd tbody tr", timeout=30_000)
    page.click('[data-key="stop"]')
    wait_for(page, VERDICT, "Stopped after")
    judged = page.locator(".cr-crowd tbody tr").count()
    assert 0 < judged < 200
    page.wait_for_timeout(500)
    assert page.locator(".cr-crowd tbody tr").count() == judged
    assert f"after {judged} of 200" in page.inner_text(VERDICT)


def test_a_link_to_a_file_says_that_it_stayed_behind(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    page = visit(open_page, f"?p={pack(SMALL)}", ready=COUNT)
    (tmp_path / "mine.dat").write_text(wrong())
    page.set_input_files(PICKER, tmp_path / "mine.dat")
    wait_for(page, ".cr-bignode", "W")
    page.wait_for_function("location.search.includes('left=file')")
    there = visit(open_page, f"?{page.url.partition('?')[2]}", ready=COUNT)
    wait_for(there, VERDICT, "drop it here again")
    there.set_input_files(PICKER, tmp_path / "mine.dat")
    wait_for(there, ".cr-bignode", "W")


@pytest.mark.parametrize("size", [(390, 844), (1280, 720), (1600, 1000)])
@pytest.mark.parametrize("query", ["", "?example=d-sums"])
def test_nothing_is_wider_than_the_window(open_page: Callable[..., Any], size: tuple[int, int], query: str) -> None:  # noqa: F811
    page = visit(open_page, query, ready=FINDING if query else ".cr-checkstart", width=size[0], height=size[1])
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("document.querySelector('.cr-root').scrollWidth") <= size[0]

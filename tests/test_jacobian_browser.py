"""The tabs Jacobian and Derivation in the browser: problem C's six matrices by clicking, and a network's Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_browser import open_page  # noqa: F401  # a fixture
from test_jacobian_views import SIX

from pages.ui.link import pack

pytestmark = pytest.mark.browser


def numbers(page: Any) -> list[list[float]]:
    """The matrix on the page, as a reader sees it."""
    rows = page.locator(".cr-jmatrix tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td[data-row]')].map(cell => cell.textContent))"
    )
    return [[float(text.replace("\u2212", "-")) for text in row] for row in rows]


def click(page: Any, text: str) -> None:
    page.locator(".cr-jacobian").get_by_role("button", name=text, exact=True).click()


def choose_from(page: Any, name: str) -> None:
    page.get_by_label("from", exact=True).select_option(label=name)
    page.wait_for_function(
        "name => document.querySelector('.cr-jacobian .cr-jstrip:nth-of-type(2) h4')?.textContent.includes(`to ${name}:`)"
        " || document.querySelector('.cr-jproduct')?.textContent.includes(`downstream, to ${name}:`)",
        arg=name,
    )


@pytest.mark.parametrize("key", SIX)
def test_problem_c_by_clicking(open_page: Callable[..., Any], key: str) -> None:  # noqa: F811
    page = open_page(f"?example={key}&step=21")
    page.get_by_label("Decimals").select_option("2")
    page.get_by_role("tab", name="Jacobian").click()
    click(page, "a path")
    page.wait_for_selector(".cr-jacobian [aria-pressed=true][data-key='Of what path']")
    page.wait_for_selector(".cr-jchain")
    click(page, "columns stacked")
    page.wait_for_function("document.querySelector('.cr-jacobian [aria-pressed=true][data-key=\"Flattened columns\"]') !== null")
    for name, expected in SIX[key].items():
        choose_from(page, name)
        flat = [entry for row in expected for entry in row]
        assert numbers(page) == [pytest.approx(flat, abs=0.0051)]
        click(page, "after reshaping")
        assert numbers(page) == [pytest.approx(row, abs=0.0051) for row in expected]
        click(page, "before reshaping")
    choose_from(page, "W1")
    assert page.locator(".cr-jformula").text_content().endswith("(x1ᵀ ⊗ I)")
    labels = page.locator(".cr-jmatrix thead th").all_text_contents()
    assert labels[1:4] == ["W1[0,0]", "W1[1,0]", "W1[0,1]"]
    click(page, "row by row")
    page.wait_for_function("document.querySelector('.cr-jformula').textContent.endsWith('(I ⊗ x1ᵀ)')")
    page.locator(".cr-jmatrix td[data-column='1']").click()
    page.wait_for_function("document.querySelector('.cr-jdot').textContent.startsWith('W1[0,1] = 1.00 · ')")
    click(page, "denominator layout")
    page.wait_for_function("document.querySelectorAll('.cr-jmatrix tbody tr').length === 6")


def test_the_derivation_goes_to_a_chosen_leaf_in_index_notation(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("?example=c")
    page.get_by_role("tab", name="Derivation").click()
    page.get_by_label("Towards which leaf").select_option(label="b2")
    page.wait_for_function("document.querySelectorAll('.cr-derived').length === 6")
    page.locator(".cr-tabpanel").get_by_role("button", name="index notation").click()
    page.wait_for_function("document.querySelector('.cr-derivation').textContent.includes('[i,0]')")
    page.get_by_label("forward values first").check()
    page.wait_for_function("document.querySelectorAll('.cr-stated').length === 1")


def test_a_network_has_the_jacobian_of_every_step(open_page: Callable[..., Any]) -> None:  # noqa: F811
    page = open_page("networks", ready="[data-tab=jacobian]")
    page.get_by_role("tab", name="Jacobian").click()
    page.wait_for_selector(".cr-jmatrix")
    assert "0.weight" in page.locator(".cr-jtitle").text_content()
    page.locator("[data-key='Zoom cells']").click()
    page.wait_for_selector(".cr-jcells")
    page.get_by_role("tab", name="Derivation").click()
    page.wait_for_selector(".cr-derived")


def test_the_rest_of_a_long_path_is_one_click_away(open_page: Callable[..., Any]) -> None:  # noqa: F811
    lines = ["x = 0.3", "a0 = sin(x)", *(f"a{k} = sin(a{k - 1})" for k in range(1, 20))]
    page = open_page(f"?p={pack(chr(10).join(lines))}")
    page.get_by_role("tab", name="Jacobian").click()
    click(page, "a path")
    page.wait_for_selector(".cr-jbetween")
    assert page.locator(".cr-jfactor").count() == 16
    assert page.locator(".cr-jfactors > *").nth(8).inner_text().startswith("⋮ 4 more local Jacobians, from a7 to a11")
    page.get_by_role("button", name="Choose the path from a7 to a11").click()
    page.wait_for_function("document.querySelectorAll('.cr-jfactor').length === 4")

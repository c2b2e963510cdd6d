"""A clerk keys a worklist by keyboard alone: number, Enter, next line; the screen has it in view."""

import pytest

from downtime.returns.rekey import rekey_lines
from tests.functional.test_pages import violations

pytestmark = pytest.mark.browser


@pytest.fixture
def listed(vault, settings, outage, four, compare, return_all, actor):
    """Everything of four forms is on the worklists; the outage's number."""
    four()
    compare()
    return_all()
    rekey_lines.fill_worklists(vault, settings, actor)
    return outage.id


def ticked(vault, listed):
    return [line.tick.number for line in rekey_lines.list_lines(vault, listed) if line.tick]


def test_lines_are_ticked_by_keyboard_and_a_tick_is_taken_back(visit_own, vault, listed, tmp_path):
    page = visit_own("records-clerk")
    page.goto("/rekey-worklists?system=LIMS")
    page.screenshot(path=tmp_path / "open.png")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for number in ("LAB-1", "LAB-2"):
        page.wait_for_selector("input[name=number]:focus")
        page.keyboard.type(number)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert ticked(vault, listed) == ["LAB-1", "LAB-2"]
    assert "LIMS Blood sciences" in page.inner_text("main")
    page.get_by_role("link", name="Include done").click()
    page.wait_for_selector("text=Take back")
    page.screenshot(path=tmp_path / "done.png")
    assert violations(page) == []
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("other patient")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert ticked(vault, listed) == ["LAB-2"]


def test_a_search_names_nobody_in_the_address(visit_own, listed):
    page = visit_own("records-clerk")
    page.goto("/rekey-worklists")
    page.fill("#text", "novak")
    with page.expect_navigation():
        page.press("#text", "Enter")
    assert "novak" not in page.url
    assert "NOVAK" in page.inner_text("tbody")
    assert "HILL" not in page.inner_text("tbody")


def test_the_list_comes_as_pages_to_take_along(visit_own, listed, tmp_path):
    page = visit_own("records-clerk")
    page.goto("/rekey-worklists")
    page.get_by_role("button", name="PDF").click()
    page.wait_for_selector("text=lines.")
    page.screenshot(path=tmp_path / "job.png")

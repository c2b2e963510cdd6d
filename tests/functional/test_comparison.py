"""Deciding by rule by keyboard alone on a laptop's screen: filter, look, decide, undo."""

import pytest

from tests.functional.conftest import LAPTOP, click_through, press_through
from tests.functional.test_pages import violations
from tests.integration.recovery.conftest import BLOODS, HOSPITAL, LIMS_SAYS, PHONED
from tests.integration.web.conftest import OLD_FBC

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit_own, keyed, compare):
    for hour in (11, 12, 13):
        keyed("blood-sciences-request", BLOODS | {"collected": f"2026-11-02T{hour}:50"})
    keyed("phoned-result", PHONED)
    compare((*HOSPITAL, *LIMS_SAYS, OLD_FBC))
    return visit_own("records-supervisor")


def test_a_supervisor_filters_looks_decides_and_undoes(page):
    page.goto("/comparison")
    assert violations(page) == []
    page.select_option("#f-state", "new")
    page.focus("form[aria-label=Filter] button")
    press_through(page)
    page.wait_for_selector("text=The open items of this list")
    assert page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    click_through(page.locator("text=Return them …"))
    page.wait_for_selector("text=Return them: 6 of 6 open items")
    assert violations(page) == []
    page.wait_for_selector("#reason:focus")
    page.keyboard.type("never reached the LIMS")
    press_through(page)
    page.wait_for_selector("text=You can undo them below")
    page.goto("/comparison")
    page.fill("input[name=reason]", "wrong filter")
    press_through(page)
    page.wait_for_selector("text=6 items are undone")
    page.goto("/comparison?state=conflict")
    click_through(page.locator("th a").first)
    page.wait_for_selector("text=A second person must confirm")
    assert violations(page) == []

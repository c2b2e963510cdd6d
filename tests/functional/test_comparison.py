"""Deciding by rule by keyboard alone on a laptop's screen: filter, look, decide, undo."""

import pytest

from downtime.reconcile import run
from tests.functional.conftest import LAPTOP, Served, sign_in
from tests.functional.test_pages import violations
from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures
    BLOODS,
    HOSPITAL,
    KEEPER,
    PHONED,
    checker,
    hold,
    issue,
    keyed,
    outage,
    t0,
)
from tests.integration.recovery.test_reconcile import LIMS_SAYS
from tests.integration.web.conftest import copied

pytestmark = pytest.mark.browser


@pytest.fixture
def station(loaded_template, tmp_path):
    return copied(loaded_template, tmp_path)


@pytest.fixture
def vault(station):
    opened = station.open().vault
    yield opened
    opened.close()


@pytest.fixture
def page(chromium, station, vault, settings, outage, keyed, hold):  # noqa: F811
    for taken in ("12:30", "13:10", "13:50"):
        keyed("blood-sciences-request", {**BLOODS, "collected": f"2026-11-02T{taken}"})
    keyed("phoned-result", PHONED)
    hold(2, (*HOSPITAL, *LIMS_SAYS), "2026-11-02T14:25:00Z")
    run.run(vault, settings, KEEPER, "recovered")
    with Served(station) as served:
        context = chromium.new_context(base_url=served.address, viewport=LAPTOP)
        opened = context.new_page()
        sign_in(opened, station, "records-supervisor")
        yield opened
        context.close()


def test_a_supervisor_filters_looks_decides_and_undoes(page):
    page.goto("/comparison")
    assert violations(page) == []
    page.select_option("#f-state", "new")
    page.keyboard.press("Enter")
    page.click("text=Show")
    page.wait_for_selector("text=All open items of this list")
    assert page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    page.click("text=Return them …")
    page.wait_for_selector("text=Return them: 6 items")
    assert violations(page) == []
    assert page.evaluate("document.activeElement.id") == "why"
    page.keyboard.type("never reached the LIMS")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It can be undone as one step")
    page.fill("input[name=why]", "wrong filter")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=6 items are as they were before")
    page.goto("/comparison?state=conflict")
    page.click("th a")
    page.wait_for_selector("text=A second person confirms")
    assert violations(page) == []

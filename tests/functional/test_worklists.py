"""A clerk keys a worklist by keyboard alone: number, Enter, next line; the screen has it in view."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from downtime.paper.issue import Subject
from downtime.reconcile import decide, run
from downtime.reconcile.states import RETURN
from downtime.returns.worklists import rekey
from tests.functional.conftest import LAPTOP, Served, sign_in
from tests.functional.test_pages import RULES
from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures
    ADMITTED,
    BLOODS,
    HOSPITAL,
    OBSERVED,
    PHONED,
    checker,
    hold,
    issue,
    keyed,
    outage,
    t0,
)
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
def listed(vault, settings, outage, keyed, hold, who, checker):  # noqa: F811
    """Everything of four forms is on the worklists; the outage's number."""
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED)
    keyed("observations", OBSERVED)
    keyed("admission", ADMITTED, Subject(downtime_number="DK700001X"))
    hold(2, HOSPITAL, "2026-11-02T14:25:00Z")
    run.run(vault, settings, who, "recovered")
    for row in decide.items(vault, outage.id):
        if RETURN in row.allowed:
            decide.decide(vault, row.key, RETURN, checker, "not there")
    rekey.fill(vault, settings, who)
    return outage.id


@pytest.fixture
def open_page(chromium, station, listed):
    with Served(station) as served:
        context = chromium.new_context(base_url=served.address, viewport=LAPTOP)

        def one(role):
            page = context.new_page()
            sign_in(page, station, role)
            return page

        yield one
        context.close()


def ticked(vault, listed):
    return [line.tick.number for line in rekey.lines(vault, listed) if line.tick]


def test_lines_are_ticked_by_keyboard_and_a_tick_is_taken_back(open_page, vault, listed, tmp_path):
    page = open_page("records-clerk")
    page.goto("/worklists?system=LIMS")
    page.screenshot(path=tmp_path / "open.png")
    assert Axe().run(page, options={"runOnly": RULES}).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for number in ("LAB-1", "LAB-2"):
        page.wait_for_selector("input[name=number]:focus")
        page.keyboard.type(number)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert ticked(vault, listed) == ["LAB-1", "LAB-2"]
    assert "LIMS Blood sciences" in page.inner_text("main")
    page.get_by_role("link", name="Also what is done").click()
    page.wait_for_selector("text=Take back")
    page.screenshot(path=tmp_path / "done.png")
    assert Axe().run(page, options={"runOnly": RULES}).response["violations"] == []
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("other patient")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert ticked(vault, listed) == ["LAB-2"]


def test_a_search_names_nobody_in_the_address(open_page, tmp_path):
    page = open_page("records-clerk")
    page.goto("/worklists")
    page.fill("#text", "novak")
    with page.expect_navigation():
        page.press("#text", "Enter")
    assert "novak" not in page.url
    assert "NOVAK" in page.inner_text("tbody")
    assert "HILL" not in page.inner_text("tbody")


def test_the_list_comes_as_pages_to_take_along(open_page, tmp_path):
    page = open_page("records-clerk")
    page.goto("/worklists")
    page.get_by_role("button", name="PDF").click()
    page.wait_for_selector("text=lines.")
    page.screenshot(path=tmp_path / "job.png")

"""A clerk keys a worklist by keyboard alone: number, Enter, next line; the screen has it in view."""

import pytest

from downtime.paper.model import Subject
from downtime.returns.rekey import rekey_lines
from tests.functional.conftest import click_through
from tests.functional.test_pages import violations
from tests.integration.recovery.conftest import BLOODS, BOB, HOSPITAL

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
    click_through(page.get_by_role("link", name="Include done"))
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
    click_through(page.get_by_role("button", name="PDF"))
    page.wait_for_selector("text=lines.")
    page.screenshot(path=tmp_path / "job.png")


@pytest.fixture
def two_patients(vault, settings, outage, keyed, compare, return_all, actor):
    """Requests of two people are on the LIMS's list."""
    keyed("blood-sciences-request", BLOODS)
    other = Subject(patient="p-bob", mrn="H200", family="Stone", given="Bob")
    keyed("blood-sciences-request", BLOODS, other)
    compare((*HOSPITAL, BOB))
    return_all()
    rekey_lines.fill_worklists(vault, settings, actor)
    return outage.id


def test_one_number_for_two_patients_is_typed_by_a_second_person(
    visit_own, vault, two_patients, tmp_path
):
    lines = rekey_lines.list_lines(vault, two_patients)
    families = dict.fromkeys(line.row.item.person.family for line in lines)
    first, other = (
        next(line.message.control_id for line in lines if line.row.item.person.family == family)
        for family in families
    )

    def type_number(page, control_id):
        page.fill(f"#number-{control_id}", "LAB-1")
        with page.expect_navigation():
            page.press(f"#number-{control_id}", "Enter")

    clerk = visit_own("records-clerk")
    clerk.goto("/rekey-worklists")
    type_number(clerk, first)
    type_number(clerk, other)
    clerk.wait_for_selector("text=typed a number that another patient has too")
    assert "Is it the right patient?" in clerk.inner_text("body")
    clerk.screenshot(path=tmp_path / "one-number.png")
    assert violations(clerk) == []
    assert clerk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    type_number(clerk, other)
    clerk.wait_for_selector("text=You typed this number already")
    supervisor = visit_own("records-supervisor")
    supervisor.goto("/rekey-worklists")
    type_number(supervisor, other)
    assert ticked(vault, two_patients) == ["LAB-1", "LAB-1"]

"""Running an incident in a real browser: a drill that turns real, a pack printed twice, what to do."""

import re

import pytest

from tests.functional.conftest import PRINTING_MS, click_through, press_through
from tests.functional.test_pages import violations

pytestmark = pytest.mark.browser


def declare(page, *systems, drill=False):
    page.goto("/outages")
    if drill and not page.is_visible("#drill-1"):
        page.click("text=Begin a drill")
    form = (
        page.locator("form", has=page.locator("[name=drill]"))
        if drill
        else page.locator("#real form").first
    )
    for system in systems:
        form.get_by_label(system, exact=True).check()
    click_through(form.get_by_role("button"))
    changes = page.inner_text(".effects")
    page.fill("#reason", "Said by the service desk")
    press_through(page)
    page.wait_for_url("**/what-to-do")
    return changes


def test_a_drill_turns_real_in_two_steps_from_any_page(visit_own):
    site = visit_own("site")
    declare(site, "LIMS", "PAS", drill=True)
    assert violations(site) == []
    for path in ("/beds", "/print", "/outages", "/what-to-do"):
        site.goto(path)
        assert site.locator("a", has_text="This is real").first.is_visible(), path
    site.goto("/outages")
    assert violations(site) == []
    changes = declare(site, "LIMS")
    assert re.search(r"DRILL \S+ ends at once: 2 systems", changes)
    assert site.locator(".in-drill").count() == 0
    assert site.title().startswith("What to do now")
    site.goto("/outages/end?systems=LIMS")
    assert violations(site) == []


def test_what_to_do_is_shown_first_to_everybody_ticked_with_a_name_and_on_the_locked_screen(
    visit_own,
):
    site = visit_own("site")
    declare(site, "LIMS")
    nurse = visit_own("ward")
    assert nurse.url.endswith("/what-to-do"), "before anything else"
    click_through(nurse.locator("li", has_text="Print the ward pack now").get_by_role("button"))
    site.goto("/what-to-do")
    done = site.locator("li", has_text="Print the ward pack now").inner_text()
    assert re.search(r"Done \d\d:\d\d \S+", done)
    click_through(nurse.locator("text=Lock"))
    nurse.wait_for_selector("#password")
    assert "Laboratory (LIMS) is down" in nurse.inner_text("main")
    assert nurse.locator(".steps button").count() == 0, "nobody ticks while it is locked"
    assert violations(nurse) == []
    site.goto("/")
    assert not site.url.endswith("/what-to-do"), "who has seen it works on"


def printed(page, button):
    """Press a button that prints, and wait until the pages open."""
    button.click()
    page.wait_for_url("**/file", timeout=PRINTING_MS)
    page.goto("/print")


def test_a_pack_printed_twice_asks_and_a_recall_names_what_is_taken_out(visit_own):
    page = visit_own("ward")
    page.goto("/print")
    whole = page.locator("button[name=ward][value=A1]:not([formaction])")
    printed(page, whole)
    click_through(whole)
    page.wait_for_selector("h1:has-text('printed already')")
    assert re.search(r"Printed \d\d-\w{3}-\d{4} \d\d:\d\d by ", page.inner_text(".warn"))
    assert violations(page) == []
    printed(page, page.get_by_role("button", name="Print only the changes"))
    click_through(whole)
    printed(page, page.get_by_role("button", name=re.compile(r"Recall \d+ forms")))


def test_pages_of_a_shift_have_no_accessibility_violation(visit_own):
    site = visit_own("site")
    site.goto("/readiness")
    site.fill("#sheets", "2000")
    click_through(site.locator("text=Look now"))
    for path in ("/readiness", "/endurance", "/handover?ward=A1", "/outages"):
        site.goto(path)
        assert violations(site) == [], path
    declare(site, "LIMS", drill=True)
    site.goto("/outages")
    click_through(site.locator("table >> text=DRILL").first)
    assert violations(site) == []

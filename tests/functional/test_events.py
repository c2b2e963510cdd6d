"""What happens during an outage, recorded in a real browser: by keyboard alone, in seconds."""

import pytest

from downtime.outage import outages
from downtime.vault.model import Actor
from tests.functional.conftest import PRINTING_MS, Typist, click_through, press_through

pytestmark = pytest.mark.browser
SECONDS = 20
"""The longest that recording one event may take a person who knows what to write."""
SECONDS_A_KEY = 0.28
"""Of who does not type all day."""


@pytest.fixture
def down(hospital, vault):
    outages.declare_systems_down(
        vault, ["PAS", "LIMS"], Actor("u-1", "Amina", "K7"), "said by IT", known=["PAS", "LIMS"]
    )
    hospital.clock.go_on(minutes=10)
    return hospital


SETTLED = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
"""A page that has done what the last key asked: else one is pressed once too often."""


def tab_to(typist, field_id):
    """Go on by Tab until a field has the focus, as a person without a mouse does."""
    page = typist.page
    page.wait_for_selector(f"#{field_id}")
    for _ in range(60):
        if page.evaluate("document.activeElement?.id") == field_id:
            return
        typist.press("Tab")
        page.evaluate(SETTLED)
    raise AssertionError(f"{field_id} is not reached by Tab")


def choose(typist, name, value):
    """Choose a radio button by keyboard."""
    page = typist.page
    page.focus(f'input[name="{name}"]')
    typist.press("Tab")  # a person comes here by it
    page.focus(f'input[name="{name}"]')
    typist.press("Space")
    for _ in range(20):
        if page.is_checked(f'input[name="{name}"][value="{value}"]'):
            return
        typist.press("ArrowDown")
        page.evaluate(SETTLED)
    raise AssertionError(f"{name} has no {value}")


def register(page, family, given_names, bed):
    """Somebody arrives; in how many seconds a person records it."""
    page.goto("/events/record?kind=arrival&ward=A1")
    typist = Typist(page, SECONDS_A_KEY)
    choose(typist, "answer-identity", "known")
    for field_id, text in (
        ("answer-family", family), ("answer-given", given_names), ("answer-birth_date", "2/1/1960"),
    ):  # fmt: skip
        tab_to(typist, field_id)
        typist.type(text)
    choose(typist, "answer-gender", "male")
    tab_to(typist, "answer-bed")
    typist.type(bed)
    choose(typist, "answer-stay", "emergency")
    with page.expect_navigation():
        typist.press("Enter")
    page.wait_for_selector(".downtime-number")
    return typist.seconds


def test_an_arrival_is_a_person_by_keyboard_alone_and_stays_one(down, visit_own):
    page = visit_own("ward")
    assert register(page, "Tester", "Tom", "3") < SECONDS
    number = page.inner_text(".downtime-number")
    page.reload()
    assert page.inner_text(".downtime-number") == number
    assert "TESTER, Tom" in page.inner_text(".banner")
    page.goto("/beds/ward?ward=A1")
    assert "TESTER, Tom" in page.inner_text("table")


def test_forms_and_a_wristband_are_printed_for_who_arrived(down, visit_own):
    page = visit_own("ward")
    register(page, "Tester", "Tom", "3")
    for button in ("Print forms", "Print wristband"):
        place = page.url
        page.click(f"text={button}")
        page.wait_for_url("**/file", wait_until="commit", timeout=PRINTING_MS)
        assert page.request.get(page.url).headers["content-type"] == "application/pdf"
        page.goto(place)


def test_a_move_is_recorded_from_the_patient_in_seconds_and_seen_on_the_board(down, visit_own):
    page = visit_own("ward")
    page.goto("/find")
    page.fill("#text", "9990000018")
    press_through(page)
    page.wait_for_selector(".banner")
    typist = Typist(page, SECONDS_A_KEY)
    typist.focus("#since >> text=Move")
    press_through(page)
    tab_to(typist, "answer-bed")
    typist.type("7")
    with page.expect_navigation():
        typist.press("Enter")
    page.wait_for_selector("text=Move: recorded.")
    assert typist.seconds < SECONDS
    page.goto("/beds/ward?ward=A1")
    page.click(".staff > summary")
    assert "bed 7" in page.inner_text(".staff")
    assert "copy: A1, bay 1, bed 1" in page.inner_text(".staff")


def test_a_namesake_stops_the_arrival_until_somebody_has_looked(down, visit_own):
    page = visit_own("ward")
    page.goto("/events/record?kind=arrival&ward=A1")
    for name, value in (("identity", "known"), ("gender", "female"), ("stay", "emergency")):
        page.check(f'input[name="answer-{name}"][value="{value}"]')
    page.fill("#answer-family", "Sample")
    page.fill("#answer-given", "Ann")
    press_through(page)
    assert "Same name: SAMPLE, Ann" in page.inner_text(".warn[role=alert]")
    assert page.input_value("#answer-family") == "Sample"
    page.check("input[name=confirmed]")
    click_through(page.locator("text=Save"))
    page.wait_for_selector(".downtime-number")
    assert "Same or similar name" in page.inner_text("main")

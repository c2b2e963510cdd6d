"""What happens during an outage, recorded in a real browser: by keyboard alone, in seconds."""

import time

import pytest

from downtime.outage import outages
from downtime.vault.model import Actor

pytestmark = pytest.mark.browser
SECONDS = 20
"""The longest that recording one event may take a person who knows what to write."""


@pytest.fixture
def down(hospital, vault):
    outages.declare_systems_down(
        vault, ["PAS", "LIMS"], Actor("u-1", "Amina", "K7"), "said by IT", known=["PAS", "LIMS"]
    )
    hospital.clock.go_on(minutes=10)
    return hospital


def tab_to(page, field_id):
    """Go on by Tab until a field has the focus, as a person without a mouse does."""
    page.wait_for_selector(f"#{field_id}")
    for _ in range(60):
        if page.evaluate("document.activeElement?.id") == field_id:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{field_id} is not reached by Tab")


def choose(page, name, value):
    """Choose a radio button by keyboard."""
    page.focus(f'input[name="{name}"]')
    page.keyboard.press("Space")
    while page.evaluate(f"document.querySelector('input[name=\"{name}\"]:checked').value") != value:
        page.keyboard.press("ArrowDown")


def register(page, family, given_names, bed):
    page.goto("/events/record?kind=arrival&ward=A1")
    choose(page, "answer-identity", "known")
    for field_id, text in (
        ("answer-family", family), ("answer-given", given_names), ("answer-birth_date", "2/1/1960"),
    ):  # fmt: skip
        tab_to(page, field_id)
        page.keyboard.type(text, delay=40)
    choose(page, "answer-gender", "male")
    tab_to(page, "answer-bed")
    page.keyboard.type(bed, delay=40)
    choose(page, "answer-stay", "emergency")
    page.keyboard.press("Enter")
    page.wait_for_selector(".downtime-number")


def test_an_arrival_is_a_person_by_keyboard_alone_and_stays_one(down, visit_own):
    page = visit_own("ward")
    began = time.monotonic()
    register(page, "Tester", "Tom", "3")
    assert time.monotonic() - began < SECONDS
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
        with page.expect_response(
            lambda answer: answer.url.endswith("/file"), timeout=60_000
        ) as got:
            page.click(f"text={button}")
        assert got.value.status == 200
        page.wait_for_url("**/file")
        page.goto(place)


def test_a_move_is_recorded_from_the_patient_in_seconds_and_seen_on_the_board(down, visit_own):
    page = visit_own("ward")
    page.goto("/find")
    page.fill("#text", "9990000018")
    page.press("#text", "Enter")
    page.wait_for_selector(".banner")
    began = time.monotonic()
    page.click("#since >> text=Move")
    tab_to(page, "answer-bed")
    page.keyboard.type("7", delay=40)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Move: recorded.")
    assert time.monotonic() - began < SECONDS
    page.goto("/beds/ward?ward=A1")
    assert "bed 7" in page.inner_text(".staff")
    assert "copy: A1, bay 1, bed 1" in page.inner_text(".staff")


def test_a_namesake_stops_the_arrival_until_somebody_has_looked(down, visit_own):
    page = visit_own("ward")
    page.goto("/events/record?kind=arrival&ward=A1")
    for name, value in (("identity", "known"), ("gender", "female"), ("stay", "emergency")):
        page.check(f'input[name="answer-{name}"][value="{value}"]')
    page.fill("#answer-family", "Sample")
    page.fill("#answer-given", "Ann")
    page.press("#answer-given", "Enter")
    assert "Same name: SAMPLE, Ann" in page.inner_text(".warn[role=alert]")
    assert page.input_value("#answer-family") == "Sample"
    page.check("input[name=confirmed]")
    page.click("text=Save")
    page.wait_for_selector(".downtime-number")
    assert "Same or similar name" in page.inner_text("main")

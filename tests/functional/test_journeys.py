"""What people do most, as they do it: by keyboard, by scanner, in few clicks, without a script."""

import re

import pytest

from tests.functional.conftest import (
    PRINTING_MS,
    Typist,
    click_through,
    press_through,
    sign_in,
    wait_until,
)

pytestmark = pytest.mark.browser

SECONDS_A_FORM = 25
"""The longest that the keys of a request with 17 answers may take."""


def is_file(answer):
    """Whether a server's answer is a printed file."""
    return answer.url.endswith("/file")


SCAN = """text => {
    const field = document.activeElement;
    for (const key of [...text, "Enter"]) {
        field.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
        if (key.length === 1) field.value += key;
    }
}"""
"""What a scanner does to the field that has the focus: as fast as can be, then Enter."""


def test_a_scan_opens_the_patient_from_any_page_and_spoils_no_field(visit):
    page = visit("ward")
    page.goto("/outages/declare?systems=LIMS")
    page.fill("#reason", "Said by")
    page.focus("#reason")
    page.evaluate(SCAN, "9990000018")
    page.wait_for_selector(".banner")
    assert "SAMPLE, Ann" in page.inner_text(".banner")
    assert "9990000018" not in page.url
    page.go_back()
    assert page.input_value("#reason") in ("", "Said by")


def test_what_a_person_types_is_not_taken_for_a_scan(visit):
    page = visit("ward")
    page.goto("/outages/declare?systems=LIMS")
    page.fill("#reason", "")
    page.keyboard.type("Switchboard", delay=60)
    assert page.input_value("#reason") == "Switchboard"


def test_a_number_takes_two_clicks(visit):
    page = visit("ward")
    click_through(page.locator("nav >> text=Numbers"))
    click_through(page.locator("text=Issue one number"))
    assert re.fullmatch(r"DK7\d{5}\w", page.inner_text(".codes").strip())


def test_a_ward_pack_takes_two_clicks_and_opens(visit):
    page = visit("ward")
    click_through(page.locator("nav >> text=Print"))
    with page.expect_response(is_file, timeout=PRINTING_MS) as got:
        page.click("button[name=ward][value=A1]")
    assert got.value.headers["content-type"] == "application/pdf"


def test_blank_forms_take_two_clicks_and_open(visit):
    page = visit("ward")
    click_through(page.locator("nav >> text=Print"))
    with page.expect_response(is_file, timeout=PRINTING_MS) as got:
        page.click("button[name=form][value=phoned-result]")
    assert got.value.status == 200


def test_a_form_is_keyed_by_keyboard_alone_in_little_time(visit, blank):
    serial = blank("blood-sciences-request")
    page = visit("records-clerk")
    page.goto("/key")
    page.wait_for_selector("#serial:focus")
    page.keyboard.type(serial)  # a scanner does
    press_through(page)
    page.wait_for_selector("#f-patient-nhs:focus")
    typist = Typist(page)
    typist.type("9990000018")
    with page.expect_response("**/person"):
        typist.press("Tab")
    page.wait_for_selector("#f-person-check")
    typist.skip_to("#f-person-check")  # she is whom the paper says
    typist.press("Space")
    typist.skip_to("#f-priority")
    typist.type_each("Urg", "021126 1425", "", "Dr Amin", "", "", "Bleeding")
    typist.skip_to("#f-author-name")
    typist.type_each("Sam Okoro", "Staff nurse", "021126", "1428")
    typist.press("Shift+Tab")
    with page.expect_navigation():
        typist.press("Enter")
    page.wait_for_url("**/key")
    assert typist.seconds < SECONDS_A_FORM
    assert "is entered. Scan the next one." in page.inner_text("main")
    page.wait_for_selector("#serial:focus")


def test_a_draft_is_kept_while_one_types(visit, blank):
    page = visit("records-clerk")
    page.goto(f"/key/{blank('phoned-result')}")
    page.fill("#f-author-name", "Half a name")
    page.press("#f-author-name", "Tab")
    page.wait_for_selector("#draft-status:has-text('Draft saved at')")
    page.reload()
    assert page.input_value("#f-author-name") == "Half a name"


def test_every_journey_works_without_a_script(visit, served):
    page = visit(java_script_enabled=False)
    sign_in(page, served.hospital, "ward")
    page.fill("#text", "ann")
    press_through(page)
    assert page.locator("#results tbody tr").count() == 2
    click_through(page.locator("nav >> text=Print"))
    click_through(page.locator("button[name=form][value=admission]"))
    assert "/jobs/" in page.url
    wait_until(lambda: (page.reload(), page.locator("text=Open blank").count())[1])
    assert page.locator("text=Open blank").count() == 1


def test_an_idle_page_sends_itself_to_the_lock(visit, served):
    page = visit("ward", alone=True)
    page.clock.install()
    page.goto("/beds/ward?ward=A1")
    page.clock.fast_forward("05:01")
    page.wait_for_url("**/locked")
    assert "SAMPLE" not in page.content()


def test_nothing_of_a_patient_stays_after_signing_out(visit):
    page = visit("ward")
    page.goto("/beds/ward?ward=A1")
    click_through(page.locator("text=Sign out"))
    page.wait_for_selector("text=You are signed out")
    page.go_back()
    page.wait_for_selector("#username")
    assert "SAMPLE" not in page.content()
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert "SAMPLE" not in kept
    assert "downtime_session" not in str(page.context.cookies())

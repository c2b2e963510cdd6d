"""Who keys beside a scan looks instead of types: ticks are there, Tab stops at ink, nothing is passed over."""

import pytest

from downtime.entry import open_form, scans
from downtime.paper.model import FormState
from downtime.paper.move_form import move_form
from downtime.web.template_filters import field_id
from tests.functional.conftest import NURSE, Typist
from tests.functional.test_pages import cut_off, violations
from tests.integration.scanning.printed_paper import as_png, print_paper

pytestmark = pytest.mark.browser
TICKED = ("test.fbc", "test.ue", "test.crp", "test.coag", "priority=urgent")
TYPED = {
    "collected": "021126 1405", "requester": "Dr Patel", "reason": "Fever",
    "author.name": "Sam Okoro", "author.role": "Nurse", "event.date": "021126", "event.time": "1410",
}  # fmt: skip
PERSON = {"patient.mrn": "1000001"}
MOST_TABS = 150


@pytest.fixture
def papers(served):
    """Two papers that say the same: one lies beside the clerk, the other one was scanned."""
    serials, hospital = [], served.hospital
    vault = hospital.open().vault
    for _ in range(2):
        serial, page = print_paper(vault, hospital.settings, NURSE)
        for key in TICKED:
            page.tick(key)
        for key in (*TYPED, *PERSON):
            page.write(key)
        page.stroke((60, 250), (70, 246), (80, 251), (95, 247))
        serials.append(serial)
    scans.attach_scan(vault, hospital.settings, serials[1], as_png(page, angle=1), NURSE)
    vault.close()
    return serials


def key_form(page, serial) -> int:
    """Key what the paper says by keyboard alone, from the field that has the focus on; the keys that it took."""
    typist = Typist(page)
    page.goto(f"/key/{serial}")
    page.wait_for_selector("form.keying")
    texts = {field_id(key): text for key, text in (PERSON | TYPED | {"priority": "u"}).items()}
    ticks = {field_id(key) for key in TICKED if "=" not in key}
    for _ in range(MOST_TABS):
        focused = page.evaluate("document.activeElement.id")
        if focused in texts and page.input_value(f"#{focused}") == "":
            typist.type(texts[focused])
        if focused in ticks and not page.is_checked(f"#{focused}"):
            typist.press("Space")
        texts.pop(focused, None)
        if not texts and all(page.is_checked(f"#{tick}") for tick in ticks):
            return typist.keys
        typist.press("Tab")
        if focused == field_id("patient.mrn"):
            check_person(page, typist)
    raise AssertionError(f"Tab does not reach {sorted(texts)}")


def check_person(page, typist) -> None:
    page.wait_for_selector("#f-person-check")
    page.focus("#f-person-check")
    typist.press("Space")


def read_answers(served, serial):
    vault = served.hospital.open().vault
    answers = dict(open_form.open_form(vault, serial).answers)
    vault.close()
    return answers


def test_a_scan_halves_the_keys_and_nothing_written_is_passed_over(visit, papers, served):
    plain, scanned = papers
    page = visit("records-clerk")
    without, beside = key_form(page, plain), key_form(page, scanned)
    content = sum(map(len, (PERSON | TYPED).values()))
    assert (beside - content) * 2 <= without - content, (beside, without)
    assert violations(page) + cut_off(page) == []
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
    assert "shows ink in one place that is not keyed" in page.inner_text(".warn[role=alert]")
    assert page.evaluate("document.activeElement.id") == "looked"
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
    page.wait_for_selector("main >> text=is entered")
    answers = read_answers(served, scanned)
    assert {key for key, text in answers.items() if text == "true"} == {*TICKED[:4]}
    assert answers["priority"] == "urgent"


def test_one_field_is_keyed_over_many_forms_by_keyboard_and_no_name_is_shown(visit, papers, served):
    vault = served.hospital.open().vault
    with vault.change(NURSE, "test") as db:
        move_form(db, papers[1], FormState.RETURNED, vault.now(), NURSE)
    vault.close()
    page = visit("records-clerk")
    page.goto("/snippets")
    found = violations(page) + cut_off(page)
    page.click("main tr:has-text('Blood sciences') a:has-text('Priority')")
    page.wait_for_selector(".snippets img")
    found += violations(page) + cut_off(page)
    assert "SURNAME" not in page.inner_text("main")
    assert page.evaluate("document.activeElement.id") == "s1"
    page.keyboard.type("u")
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
    page.wait_for_selector("main >> text=1 kept")
    found += violations(page)
    assert found == []
    assert read_answers(served, papers[1]) == {"priority": "urgent"}

"""Who keys an unusual value is asked about it above the fields, and loses nothing that was typed."""

import pytest

from downtime.entry import open_form
from tests.functional.conftest import Typist

pytestmark = pytest.mark.browser


def test_an_unusual_value_is_asked_and_confirmed_by_keyboard(visit, served, blank):
    serial = blank("observations")
    page = visit("records-clerk")
    page.goto(f"/key/{serial}")
    typist = Typist(page)
    for field, text in (
        ("taken", "021126 1300"), ("pulse", "150"), ("temperature", "98.6"),
    ):  # fmt: skip
        typist.focus(f"#f-{field}-row-1")
        typist.type(text)
    typist.focus("#f-author-name")
    typist.type_each("Sam Okoro", "Staff nurse", "021126", "1428")
    with page.expect_navigation():
        page.click("button:has-text('Save and next')")
    page.wait_for_selector("#problems")
    summary = page.inner_text(".nhsuk-error-summary")
    assert "Is it in Fahrenheit?" in summary  # refused: nothing confirms it
    assert "above 130, which is unusual" in summary
    assert page.locator("[name='reason?temperature:1']").count() == 0
    assert page.input_value("#f-pulse-row-1") == "150"
    page.fill("#f-temperature-row-1", "37.0")
    page.focus("#f-pulse-row-1-reason")
    page.keyboard.type("Whoever")  # the first letters of a reason
    page.keyboard.press("Tab")
    page.keyboard.type("by bleep")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_url("**/key")
    signed_in = served.hospital.open()
    (confirmation,) = open_form.get_entry(signed_in.vault, serial).confirmations
    signed_in.vault.close()
    assert (confirmation.reason, confirmation.note) == ("author-asked", "by bleep")

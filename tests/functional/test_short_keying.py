"""Keying a form takes few keys beyond what the paper says, and a lock in the middle of it loses nothing."""

import io
from pathlib import Path

import pytest

from downtime.entry import double_keying, open_form
from downtime.paper import ledger, move_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.settings import EntrySettings, Settings
from downtime.vault.model import Actor
from tests.integration.keying_steps import submit_checked
from tests.integration.recovery.conftest import PHONED
from tests.integration.web.conftest import PASSWORD

pytestmark = pytest.mark.browser
NURSE = Actor("u-nurse", "Nurse Print", "K7")
RECOVERY = Path(__file__).parents[2] / "docs" / "recovery.md"
MOST = 60
"""Keys beyond the clinical content."""


@pytest.fixture
def blank(served):
    """`blank()`: the serial of a phoned result that came back, of which nothing is keyed."""

    def make() -> str:
        vault = served.hospital.open().vault
        before = {form.serial for form in ledger.list_forms(vault)}
        order = BlankForms(forms=("phoned-result",), copies=1, ward="A1")
        print_pack(vault, served.hospital.settings, order, NURSE, "for a test", io.BytesIO())
        (serial,) = {form.serial for form in ledger.list_forms(vault)} - before
        move_form.mark_returned(vault, serial, NURSE)
        vault.close()
        return serial

    return make


class Keys:
    """A keyboard that counts: what the paper says of the patient's care, and all else by its purpose."""

    def __init__(self, page) -> None:
        self.page, self.clinical = page, 0
        self.counted = dict.fromkeys(("serial", "person", "moving", "signature", "saving"), 0)

    def press(self, purpose: str, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.counted[purpose] += len(keys)

    def type(self, purpose: str, text: str) -> None:
        self.page.keyboard.type(text)
        self.counted[purpose] += len(text)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.clinical += len(text)

    def tab_to(self, purpose: str, target: str, most: int = 30) -> None:
        for _ in range(most):
            if self.page.evaluate("document.activeElement.id") == target:
                return
            self.press(purpose, "Tab")
        raise AssertionError(f"{target} is not reached by Tab")


def kept(served, serial) -> dict[str, str]:
    vault = served.hospital.open().vault
    answers = dict(open_form.open_form(vault, serial).answers)
    vault.close()
    return answers


def enter_first(page, serial: str) -> None:
    """A form of the same author on the same day, entered in this session."""
    page.goto(f"/key/{serial}")
    fields = {"#f-caller": "Jo Lab", "#f-test-row-1": "Sodium", "#f-value-row-1": "139",
              "#f-units-row-1": "mmol/L", "#f-author-name": "Sam Okoro",
              "#f-author-role": "Staff nurse", "#f-event-date": "021126",
              "#f-event-time": "1410"}  # fmt: skip
    page.click("#typed-person summary")
    page.fill("#f-patient-name", "Unknown, Male")
    for selector, text in fields.items():
        page.fill(selector, text)
    page.select_option("#f-department", label="Blood sciences")
    page.select_option("#f-checked", index=1)
    page.check("#f-read-back-row-1")
    page.check("#f-confirmed")
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
    page.wait_for_selector("main >> text=is entered")


def test_a_form_takes_at_most_sixty_keys_beyond_what_the_paper_says(visit, served, blank):
    first, second = blank(), blank()
    page = visit("records-clerk")
    enter_first(page, first)
    page.goto("/key")
    page.wait_for_selector("#serial:focus")
    keys = Keys(page)
    keys.type("serial", second)
    with page.expect_navigation():
        keys.press("serial", "Enter")
    page.wait_for_selector("#f-patient-nhs:focus")
    keys.tab_to("person", "f-patient-mrn")
    keys.type("person", "1000001")
    with page.expect_response("**/person"):
        keys.press("person", "Tab")
    page.wait_for_selector("#f-person-check")
    assert "SAMPLE, Ann" in page.inner_text("#person")
    keys.tab_to("person", "f-person-check")
    keys.press("person", "Space")
    for target, text in (
        ("f-department", "Bl"), ("f-caller", "Jo Lab"), ("f-checked", "Dow"),
        ("f-test-row-1", "Potassium"), ("f-value-row-1", "6.1"), ("f-units-row-1", "mmol/L"),
        ("f-read-back-row-1", " "), ("f-confirmed", " "),
    ):  # fmt: skip
        keys.tab_to("moving", target)
        keys.write(text)
    assert page.input_value("#f-author-name") == "Sam Okoro"
    keys.tab_to("signature", "f-event-time")
    keys.type("signature", "1428")
    with page.expect_navigation():
        keys.press("saving", "Alt+s")
    page.wait_for_selector("main >> text=is entered")
    answers = kept(served, second)
    assert (answers["value:1"], answers["patient.name"]) == ("6.1", "Sample, Ann")
    assert (answers["event.date"], answers["author.role"]) == ("2026-11-02", "Staff nurse")
    total = sum(keys.counted.values())
    assert total <= MOST, keys.counted
    text = RECOVERY.read_text(encoding="utf-8")
    assert f"| all beyond the clinical content | {total} |" in text, keys.counted


def test_a_lock_while_keying_loses_no_letter(visit, served, blank):
    serial = blank()
    page = visit("records-clerk", alone=True)
    page.set_default_timeout(20_000)
    page.clock.install()
    page.goto(f"/key/{serial}")
    page.fill("#f-caller", "Jo Half-Typed")
    page.clock.fast_forward("05:01")
    page.wait_for_url("**/locked")
    assert "Half-Typed" not in page.content()
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"**/key/{serial}")
    assert page.input_value("#f-caller") == "Jo Half-Typed"


def test_locked_from_another_tab_one_goes_on_in_this_one(visit, served, blank):
    serial = blank()
    page = visit("records-clerk")
    page.set_default_timeout(20_000)
    page.goto(f"/key/{serial}")
    other = page.context.new_page()
    other.strange = []
    other.goto("/locked")
    page.bring_to_front()
    page.fill("#f-caller", "Jo Half-Typed")
    page.press("#f-caller", "Tab")
    page.wait_for_selector("#unlock-password")
    assert not page.is_visible("#f-caller")
    page.fill("#unlock-password", "not the password")
    page.press("#unlock-password", "Enter")
    page.wait_for_selector("text=Still locked")
    page.fill("#unlock-password", PASSWORD)
    page.press("#unlock-password", "Enter")
    page.wait_for_selector("#draft-status:has-text('Draft saved at')")
    assert page.input_value("#f-caller") == "Jo Half-Typed"
    assert kept(served, serial) == {"caller": "Jo Half-Typed"}


def test_what_was_chosen_between_two_keyings_survives_a_lock(visit, served, blank):
    serial = blank()
    signed_in = served.hospital.open()
    vault = signed_in.vault
    rare = Settings(entry=EntrySettings(sample_percent=0.0, max_error_percent=100.0))
    who = {"patient.name": "Unknown, Male"}
    submit_checked(vault, rare, serial, PHONED | who, NURSE)
    second = {"checked": "mrn", "value:1": "5.9", "units:1": "mmol/L"} | who
    double_keying.submit_second_keying(vault, rare, serial, second, Actor("u-8", "Two", "K7"))
    vault.close()
    page = visit("records-supervisor", alone=True)
    page.set_default_timeout(20_000)
    page.clock.install()
    page.goto(f"/key/{serial}/decide")
    page.check("#f-value-row-1-other")
    page.fill("#f-value-row-1-typed", "6.0")
    page.clock.run_for(1_000)
    page.clock.fast_forward("05:01")
    page.wait_for_url("**/locked")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"**/key/{serial}/decide")
    page.wait_for_selector("text=What you had begun to type here is back")
    assert page.input_value("#f-value-row-1-typed") == "6.0"
    assert page.is_checked("#f-value-row-1-other")

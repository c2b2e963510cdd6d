"""Implausible answers on the screen: asked above the fields, nothing typed is lost, the second sees nothing."""

import re
from dataclasses import replace

import pytest

from downtime.entry import open_form
from downtime.entry.model import EntryOrigin, Task
from downtime.paper import move_form
from downtime.paper.model import Subject
from downtime.settings import EntrySettings
from tests.integration.keying_steps import submit_checked, submit_confirmed
from tests.integration.recovery.conftest import ADMITTED, ANN, OBSERVED, PHONED, SIGNED

FAST = OBSERVED | {"pulse:1": "150"}
_OWN = re.compile(r'name="(changed|page|step|seen)"[^>]*? value="([^"]*)"')
_ASKED = re.compile(r'name="(shown\?[^"]+|typed\?[^"]+)" value="([^"]*)"')


class Screen:
    """A form as one page in a browser has it open."""

    def __init__(self, browser, serial, rest="") -> None:
        self.browser, self.address, self.step = browser, f"/key/{serial}{rest}", 0
        self.page = browser.get(self.address).text

    def submit(self, answers, **more):
        """Send the fields with all that the page holds of its own."""
        self.step += 1
        own = dict(_OWN.findall(self.page)) | dict(_ASKED.findall(self.page))
        own["step"] = str(self.step)
        if 'name="person.check"' in self.page:
            own["person.check"] = "same"
        answer = self.browser.post(self.address, own | answers | more)
        self.page = answer.text
        return answer


@pytest.fixture
def back(hospital, vault, outage, issue, actor):
    """`back(form, subject)`: a form that came back; its serial."""

    def come_back(form, subject=ANN):
        serial = issue(form, subject)
        move_form.mark_returned(vault, serial, actor)
        return serial

    return come_back


def test_an_unusual_value_is_asked_and_confirmed_on_the_page(hospital, vault, back):
    serial = back("observations")
    screen = Screen(hospital.browser("records-clerk"), serial)
    answer = screen.submit(FAST)
    assert answer.status_code == 400
    assert "above 130, which is unusual" in answer.text
    assert 'value="150"' in answer.text  # nothing typed is lost
    assert open_form.open_form(vault, serial).answers == FAST | {"person.check": "same"}
    again = screen.submit(FAST, **{"reason?pulse:1": "author-asked", "note?pulse:1": "by bleep"})
    assert again.status_code == 303
    (confirmation,) = open_form.get_entry(vault, serial).confirmations
    assert (confirmation.reason, confirmation.note) == ("author-asked", "by bleep")


def test_who_verifies_sees_what_was_confirmed(hospital, vault, settings, back, actor):
    serial = back("observations")
    rare = replace(settings, entry=EntrySettings(sample_percent=0.0, max_error_percent=100.0))
    assert submit_confirmed(vault, rare, serial, FAST, actor).waits == Task.COMPARE
    page = " ".join(hospital.browser("records-supervisor").get(f"/key/{serial}").text.split())
    assert "Unusual values that were confirmed" in page
    assert "it is above 130, which is unusual. Confirmed by Amina Ward" in page


def test_who_decides_about_an_item_sees_it_too(hospital, vault, settings, keyed, compare):
    serial = keyed("observations", FAST)
    compare()
    clerk = hospital.browser("records-supervisor")
    assert "Confirmed by" in clerk.get(f"/comparison/{serial}-pulse-1").text
    assert "Confirmed by" not in clerk.get(f"/comparison/{serial}-pulse-2").text


def test_what_waits_to_be_confirmed_has_a_queue_and_a_page(hospital, vault, settings, back, actor):
    serial = back("observations")
    entry = submit_checked(vault, settings, serial, FAST, actor, origin=EntryOrigin.IMPORTED)
    assert entry.waits == Task.CONFIRM
    clerk = hospital.browser("records-clerk")
    assert "To be confirmed: implausible values" in clerk.get("/key").text
    assert clerk.get(f"/key/{serial}").headers["Location"].endswith(f"/key/{serial}/confirm")
    screen = Screen(clerk, serial, "/confirm")
    assert "150" in screen.page
    assert "38.1" not in screen.page  # nothing of the form but what is asked about
    assert screen.submit({}).status_code == 400
    assert screen.submit({}, **{"reason?pulse:1": "known"}).status_code == 303
    assert open_form.get_entry(vault, serial).confirmations[0].reason == "known"
    assert clerk.get(f"/key/{serial}/second").status_code == 403  # they have seen it


def test_a_value_that_was_changed_after_the_question_is_asked_anew(hospital, back):
    screen = Screen(hospital.browser("records-clerk"), back("observations"))
    screen.submit(FAST)
    answer = screen.submit(FAST | {"pulse:1": "210"}, **{"reason?pulse:1": "on-paper"})
    assert answer.status_code == 400
    assert "which is unusual" in answer.text


def test_what_is_impossible_is_refused_with_one_sentence_and_kept(hospital, vault, back):
    serial = back("observations")
    wrong = FAST | {"taken:2": "021162 1300"}
    answer = Screen(hospital.browser("records-clerk"), serial).submit(wrong)
    assert answer.status_code == 400
    assert "it lies in the future; check the paper" in answer.text
    assert "reason?taken:2" not in answer.text  # nothing to confirm
    assert "reason?pulse:1" in answer.text
    assert open_form.open_form(vault, serial).answers == wrong | {"person.check": "same"}


@pytest.mark.parametrize(("offset", "utc"), [("+01:00", "00:30"), ("+00:00", "01:30")])
def test_which_of_two_times_is_chosen_on_the_page(hospital, vault, back, offset, utc):
    vault.db.conn.execute("UPDATE outage SET opened = '2026-10-24T20:00:00Z'")
    vault.db.conn.execute("UPDATE outage_system SET declared = '2026-10-24T20:00:00Z'")
    serial = back("observations", Subject(patient="p-new", family="New"))
    vault.db.conn.execute("UPDATE form_issue SET issued_at = '2026-10-24T20:00:00Z'")
    night = SIGNED | {"event.date": "2026-10-25", "event.time": "0130",
                      "taken:1": "2026-10-25T00:30", "pulse:1": "80"}  # fmt: skip
    screen = Screen(hospital.browser("records-clerk"), serial)
    answer = screen.submit(night)
    assert answer.status_code == 400
    assert "the first (BST, +01:00)" in " ".join(answer.text.split())
    assert screen.submit(night).status_code == 400  # never the first by silence
    assert screen.submit(night, **{"hour?event.time": offset}).status_code == 303
    assert open_form.get_entry(vault, serial).event == f"2026-10-25T{utc}:00Z"


def test_half_a_birth_year_is_asked(hospital, back):
    serial = back("admission", Subject(downtime_number="DK700001X"))
    answer = Screen(hospital.browser("records-clerk"), serial).submit(
        ADMITTED | {"birth-date": "010385"}
    )
    assert "either century" in answer.text


def test_what_was_printed_is_hidden_from_the_second_until_both_have_keyed(
    hospital, vault, settings, back, actor
):
    """Ann's own admission form: her name and number are printed on it, and keyed by two people."""
    serial = back("admission")
    answers = ADMITTED | {"family": "Hill", "given": "Ann", "birth-date": "1960-01-02"}
    submit_checked(vault, settings, serial, answers, actor)
    clerk = hospital.browser("records-supervisor")
    page = clerk.get(f"/key/{serial}/second")
    assert page.status_code == 200
    for printed in ("HILL", "Hill", "999 000 0018", "H100", "02-Jan-1960"):
        assert printed not in page.text
    assert "shown once both have keyed" in page.text
    screen = Screen(clerk, serial, "/second")
    asked = open_form.open_form(vault, serial, settings).second_keys
    second = {key: text for key, text in answers.items() if key in asked}
    answer = screen.submit(second | {"family": "Hilt"})
    assert answer.status_code == 303
    assert "HILL" in hospital.browser("records-clerk").get(f"/key/{serial}/decide").text


def test_a_second_keying_of_results_shows_whose_they_are(hospital, vault, settings, back, actor):
    """Nothing of the person is keyed there, so that the paper can be told from another."""
    serial = back("phoned-result")
    submit_checked(vault, settings, serial, PHONED, actor)
    assert "HILL" in hospital.browser("records-supervisor").get(f"/key/{serial}/second").text


def test_the_page_of_the_second_is_the_same_whether_the_first_was_asked(
    hospital, vault, settings, back, actor
):
    base = SIGNED | {"taken:1": "2026-11-02T13:05", "given:1": "Novorapid", "dose:1": "12"}
    pages = []
    for glucose in ("7", "30"):
        serial = back("insulin", Subject(patient=f"p-{glucose}", family="Same", given="Name"))
        submit_confirmed(vault, settings, serial, base | {"glucose:1": glucose}, actor)
        text = hospital.browser("records-supervisor").get(f"/key/{serial}/second").text
        pages.append(re.sub(rf'{serial[:2]}-?\d+-?\w|value="[^"]*"|nonce="[^"]*"|\d+', "", text))
    assert pages[0] == pages[1]
    assert "unusual" not in pages[1]

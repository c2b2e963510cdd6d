"""Saves of one form that come late, twice, or from two pages: nothing newer is ever overwritten."""

import io
import re

import pytest

from downtime.entry import open_form
from downtime.paper import ledger, move_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.store import audit_chain
from tests.integration.recovery.conftest import PHONED

_OWN = re.compile(r'name="(changed|page|step|seen)"[^>]*? value="([^"]*)"')


@pytest.fixture
def serial(hospital, vault, actor):
    """A phoned result that came back."""
    order = BlankForms(forms=("phoned-result",), copies=1, ward="A1")
    print_pack(vault, hospital.settings, order, actor, "for a test", io.BytesIO())
    (form,) = ledger.list_forms(vault, form="phoned-result")
    move_form.mark_returned(vault, form.serial, actor)
    return form.serial


class Screen:
    """A form as one page in a browser has it open."""

    def __init__(self, browser, serial, rest="") -> None:
        self.browser, self.address = browser, f"/key/{serial}{rest}"
        self.own = dict(_OWN.findall(browser.get(self.address).text))

    def part(self, step, **said):
        own = self.own | {"step": str(step)}
        return self.browser.post(f"{self.address}/part", own | _fields(said))

    def submit(self, step, fields):
        return self.browser.post(self.address, self.own | {"step": str(step)} | fields)


def _fields(said):
    return {key.replace("_", ":"): text for key, text in said.items()}


def said(vault, serial):
    return dict(open_form.open_form(vault, serial).answers)


def test_an_older_state_that_comes_late_overwrites_nothing(hospital, vault, serial):
    screen = Screen(hospital.browser("records-clerk"), serial)
    assert screen.part(3, value_1="6.1").status_code == 200
    late = screen.part(2, value_1="6")
    assert (late.status_code, "Draft saved at" in late.text) == (200, True)
    assert said(vault, serial) == {"value:1": "6.1"}
    assert screen.part(3, value_1="6.1").status_code == 200
    assert said(vault, serial) == {"value:1": "6.1"}


def test_a_draft_that_comes_after_its_form_was_entered_is_no_conflict(hospital, vault, serial):
    screen = Screen(hospital.browser("records-clerk"), serial)
    assert screen.submit(5, PHONED).status_code == 303
    assert screen.part(4, value_1="6").status_code == 200
    entry = open_form.get_entry(vault, serial)
    assert (entry.state, entry.answers["value:1"]) == ("entered", PHONED["value:1"])


def test_a_draft_that_comes_after_the_form_was_let_go_does_not_take_it_back(
    hospital, vault, serial
):
    screen = Screen(hospital.browser("records-clerk"), serial)
    kept = screen.own | {"step": "5", "value:1": "6.1"}
    assert screen.browser.post(f"{screen.address}/draft", kept).status_code == 303
    assert screen.part(4, value_1="6").status_code == 200
    assert said(vault, serial) == {"value:1": "6.1"}
    other = hospital.browser("records-supervisor")
    assert "has had this form" not in other.get(f"/key/{serial}").text


def test_who_presses_twice_enters_a_form_once(hospital, vault, serial):
    screen = Screen(hospital.browser("records-clerk"), serial)
    first, again = screen.submit(2, PHONED), screen.submit(3, PHONED)
    assert (first.status_code, again.status_code) == (303, 303)
    assert [row[4] for row in audit_chain.read_chain(vault.db)].count("entry.submit") == 1
    assert screen.submit(4, PHONED | {"value:1": "9.9"}).status_code == 409
    assert open_form.get_entry(vault, serial).answers["value:1"] == PHONED["value:1"]


def test_one_who_has_a_form_open_twice_is_told_on_the_older_page(hospital, vault, serial):
    clerk = hospital.browser("records-clerk")
    older = Screen(clerk, serial)
    newer = Screen(clerk, serial)
    assert newer.part(2, value_1="6.1").status_code == 200
    told = older.part(9, value_1="5")
    assert (told.status_code, "from another page" in told.text) == (409, True)
    assert said(vault, serial) == {"value:1": "6.1"}
    again = Screen(clerk, serial)
    assert again.part(2, value_1="6.2").status_code == 200
    assert said(vault, serial) == {"value:1": "6.2"}


def test_two_people_on_one_form_are_still_told(hospital, vault, serial):
    theirs = Screen(hospital.browser("records-supervisor"), serial)
    hospital.clock.go_on(minutes=60)
    mine = Screen(hospital.browser("records-clerk"), serial)
    assert mine.part(2, value_1="6.1").status_code == 200
    theirs.browser = hospital.browser("records-supervisor")
    theirs.browser.get("/key")
    told = theirs.part(2, value_1="5")
    assert (told.status_code, "Records-Clerk Person" in told.text) == (409, True)
    assert said(vault, serial) == {"value:1": "6.1"}


def test_what_is_keyed_a_second_time_keeps_the_same_order(hospital, vault, serial):
    assert Screen(hospital.browser("records-clerk"), serial).submit(2, PHONED).status_code == 303
    screen = Screen(hospital.browser("records-supervisor"), serial, "/second")
    assert screen.part(3, value_1="6.1").status_code == 200
    assert screen.part(2, value_1="6").status_code == 200
    shown = screen.browser.get(screen.address).text
    assert re.search(r'id="f-value-row-1"[^>]*value="6.1"', shown)
    assert screen.submit(4, PHONED).status_code == 303
    assert screen.part(3, value_1="6.1").status_code == 200
    assert screen.submit(5, PHONED).status_code == 303
    assert open_form.get_entry(vault, serial).state == "verified"

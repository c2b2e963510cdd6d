"""The comparison screens: filtered, decided by rule after a look, undone, side by side."""

import re

import pytest

from downtime.paper.model import Subject
from tests.integration.recovery.conftest import ADMITTED, BLOODS, HOSPITAL
from tests.integration.recovery.units import FATE, RECORD


@pytest.fixture
def supervisor(hospital, recovered):
    """Somebody who decides what a comparison has found."""
    return hospital.browser("records-supervisor")


def test_a_list_is_filtered_by_state_system_ward_and_form(supervisor):
    page = supervisor.get("/comparison").text
    assert "Open: 3" in page
    assert "Potassium" in page
    page = supervisor.get("/comparison?state=new&system=LIMS&form=blood-sciences-request").text
    assert "Urea and electrolytes" in page
    assert "Potassium" not in page
    assert "This list is empty" in supervisor.get("/comparison?state=new&ward=Z9").text


ITEM = re.compile(r'name="item"\s+value="([^"]+)"')


def test_a_page_is_shown_with_its_values_then_decided_and_can_be_undone(supervisor):
    page = supervisor.get("/comparison/bulk?state=new&system=LIMS&choice=return").text
    assert "Return them: 2 of 2 open items" in page
    assert "Full blood count" in page
    assert "02-Nov-2026 13:50" in page
    sent = {
        "state": "new", "system": "LIMS", "choice": "return", "reason": "never reached the LIMS",
        "item": ITEM.findall(page),
    }  # fmt: skip
    assert len(sent["item"]) == 2
    assert supervisor.post("/comparison/bulk", sent).status_code == 303
    page = supervisor.get("/comparison").text
    assert "Open: 1" in page
    batch = re.search(r"/comparison/bulk/(\w+)/undo", page)[1]
    supervisor.post(f"/comparison/bulk/{batch}/undo", {"reason": "wrong filter"})
    page = supervisor.get("/comparison").text
    assert "Open: 3" in page
    assert "wrong filter" in page


def test_only_the_ticked_rows_are_decided_and_what_changed_meanwhile_is_named(supervisor):
    page = supervisor.get("/comparison/bulk?state=new&system=LIMS&choice=return").text
    first, second = ITEM.findall(page)
    key = first.partition("=")[0]
    supervisor.decide(f"/comparison/{key}", "leave", "asked again")
    sent = {"state": "new", "choice": "return", "reason": "not there", "item": [first, second]}
    answer = supervisor.post("/comparison/bulk", sent)
    page = supervisor.get(answer.headers["Location"]).text
    assert "1 item: return them" in page
    assert "1 had changed since you looked" in page
    assert "not decided" in page
    assert "Leave" in supervisor.get(f"/comparison/{key}").text


def test_what_nobody_was_shown_is_not_decided(supervisor):
    page = supervisor.get("/comparison/bulk?state=new&choice=return").text
    key = ITEM.findall(page)[0].partition("=")[0]
    for item in (f"{key}=0000000000000000", key, ""):
        sent = {"state": "new", "choice": "return", "reason": "reason", "item": item}
        assert supervisor.post("/comparison/bulk", sent).status_code == 409
    assert "Open: 3" in supervisor.get("/comparison").text


def test_an_item_that_changed_on_another_screen_is_not_decided_unseen(supervisor):
    page = supervisor.get("/comparison?state=conflict").text
    key = re.search(r"/comparison/(K[\w.-]+)", page)[1]
    sent = {"decision": "leave", "reason": "reason"}
    for seen in ({"version": "0" * 16}, {"version": ""}, {}):
        refused = supervisor.post(f"/comparison/{key}", sent | seen)
        assert refused.status_code == 409
        assert "changed since you looked" in refused.text


def test_an_item_stands_beside_every_live_record_and_waits_for_a_second_person(supervisor):
    page = supervisor.get("/comparison?state=conflict").text
    key = re.search(r"/comparison/(K[\w.-]+)", page)[1]
    page = supervisor.get(f"/comparison/{key}").text
    assert "6.10" in page
    assert "4.1" in page
    assert "A second person must confirm" in page
    supervisor.decide(f"/comparison/{key}", "leave", "clinician says so")
    page = supervisor.get(f"/comparison/{key}").text
    assert "For a second person: leave it out" in page
    again = supervisor.decide(f"/comparison/{key}", "leave", "me again")
    assert again.status_code == 403


def test_the_older_request_is_shown_as_it_was_and_is(supervisor):
    page = supervisor.get("/comparison?state=new").text
    key = next(k for k in re.findall(r"/comparison/(K[\w.-]+)", page) if k.endswith("test.fbc"))
    page = supervisor.get(f"/comparison/{key}").text
    assert page.count("02-Nov-2026 09:30") >= 1
    assert "before the outage" in page


def test_ticked_items_are_given_to_somebody_and_the_list_says_who_has_what(supervisor):
    page = supervisor.get("/comparison?state=new").text
    keys = re.findall(r'name="key" value="([^"]+)"', page)
    assert len(keys) == 2
    assert page.count("Nobody") == 2
    given = {"state": "new", "owner": "Laboratory", "due": "2026-01-01T08:00", "note": "look it up"}
    refused = supervisor.post("/comparison/owners", given)
    assert "No item was ticked" in refused.text
    done = supervisor.post("/comparison/owners", given | {"key": keys})
    assert (done.status_code, done.location) == (303, "/comparison?state=new")
    page = supervisor.get("/comparison?state=new").text
    assert "2 assigned to Laboratory." in page
    assert (page.count("Overdue"), page.count("Nobody")) == (2, 0)


def test_whoever_has_the_form_has_its_items(supervisor):
    page = supervisor.get("/comparison?state=conflict").text
    serial = re.search(r'name="key" value="(K7\w{7})', page)[1]
    supervisor.post(
        "/forms/assign", {"serial": serial, "owner": "Ward A1", "due": "2027-01-01T08:00"}
    )
    page = supervisor.get("/comparison?state=conflict").text
    assert "Ward A1" in page
    assert "Overdue" not in page


def test_what_stands_behind_another_form_of_its_unit_asks_for_nothing(hospital, keyed, compare):
    record = keyed("transfusion-record", RECORD)
    fate = keyed("blood-unit-fate", FATE)
    compare(HOSPITAL)
    supervisor = hospital.browser("records-supervisor")
    assert "Open: 1" in supervisor.get("/comparison").text
    page = supervisor.get(f"/comparison/{fate}-unit-1").text
    assert "On another form" in page
    assert "nothing to decide here" in page
    assert f'href="/forms/{record}"' in page
    assert "LIMS now: nothing like it" in page
    assert "Leave it out" not in page
    listed = supervisor.get("/comparison?state=on-another-form").text
    assert "K7-000001-D, which is" in listed
    assert "On another form (1)" in listed
    assert "None needed" in listed
    assert "All open items of this list" not in listed
    assert "Give the ticked ones" not in listed


def test_fields_and_values_are_written_as_people_write_them(hospital, keyed, compare):
    number = Subject(downtime_number="DK700001X")
    serial = keyed("admission", ADMITTED, number)
    compare(HOSPITAL)
    supervisor = hospital.browser("records-supervisor")
    page = supervisor.get(f"/comparison/{serial}-person").text
    assert re.search(r">Born</th><td></td><td>\d\d-[A-Z][a-z]{2}-\d{4}</td>", page)
    assert ">Surname</th>" in page
    page = supervisor.get(f"/comparison/{serial}-safety").text
    assert ">None known</th><td></td><td>yes</td>" in page


def test_a_number_with_another_persons_name_is_shown_beside_its_owner_for_two_people(
    hospital, keyed, compare
):
    """The hospital number of one, name and gender of another, no date of birth: neither is believed."""
    stranger = {
        "patient.mrn": "H100", "patient.name": "STONE, Bob", "patient.gender": "male",
        "patient.born": "",
    }  # fmt: skip
    serial = keyed("blood-sciences-request", BLOODS | stranger, Subject())
    compare()
    supervisor = hospital.browser("records-supervisor")
    listed = supervisor.get("/comparison?state=conflict").text
    key = re.search(rf"/comparison/({serial}[\w.-]*)", listed)[1]
    page = supervisor.get(f"/comparison/{key}").text
    for shown in ("STONE", "HILL", "Another surname", "Another given name", "Another gender"):
        assert shown in page
    assert "A second person must confirm" in page
    supervisor.decide(f"/comparison/{key}", "return", "number is right")
    assert "For a second person" in supervisor.get(f"/comparison/{key}").text


def test_items_are_searched_for_and_saved_as_they_were_found(supervisor):
    for words, there, absent in (
        ("potassium", "Potassium", "Full blood count"),
        ("hill blood", "Full blood count", "Potassium"),
    ):
        answer = supervisor.post(
            "/lists/comparison/search", {"text": words, "back": "/comparison?system=LIMS"}
        )
        assert words.split()[0] not in answer.location, "no name stands in an address"
        page = supervisor.get(answer.location).text
        assert (there in page, absent in page) == (True, False)
        assert "The open items of this list" not in page, "what is decided in bulk is a filter's"
        table = supervisor.get(answer.location.replace("/comparison", "/comparison.csv")).text
        assert (there in table, absent in table) == (True, False)

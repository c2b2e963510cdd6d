"""Keying on the screen: the person is checked, the signature carried, empty forms and questions are shown."""

import io
import re

import pytest

from downtime.entry import open_form
from downtime.entry.queries import list_queries
from downtime.paper import ledger, move_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.model import Actor
from tests.integration.recovery.conftest import OBSERVED, PHONED, SIGNED
from tests.integration.web.test_ward import words

NOBODY = Actor("", "", "")


@pytest.fixture
def blanks(hospital, vault, actor):
    """`blanks(form, n)`: serials of so many blanks that came back."""

    def make(form: str, copies: int = 1) -> list[str]:
        before = {issued.serial for issued in ledger.list_forms(vault)}
        order = BlankForms(forms=(form,), copies=copies, ward="A1")
        print_pack(vault, hospital.settings, order, actor, "for a test", io.BytesIO())
        made = [form for form in ledger.list_forms(vault) if form.serial not in before]
        for issued in made:
            move_form.mark_returned(vault, issued.serial, actor)
        return [issued.serial for issued in made]

    return make


def entry_of(vault, serial):
    return open_form.get_entry(vault, serial)


def fields_of(page: str) -> set[str]:
    return set(re.findall(r'<(?:input|select|textarea)[^>]*? name="([^"]+)"', page))


def test_an_empty_form_is_offered_to_be_called_so_and_confirmed_by_another(hospital, vault, blanks):
    (serial,) = blanks("observations")
    clerk, supervisor = hospital.browser("records-clerk"), hospital.browser("records-supervisor")
    refused = clerk.post(f"/key/{serial}", SIGNED)
    assert refused.status_code == 400
    assert "The paper is empty: nobody wrote an answer on it" in words(refused.text)
    assert 'value="Sam Okoro"' in refused.text
    assert clerk.post(f"/key/{serial}", SIGNED | {"empty": "1"}).location == "/key"
    assert entry_of(vault, serial).waits == "confirm-empty"
    assert clerk.post(f"/key/{serial}/empty").status_code == 403
    assert supervisor.get(f"/key/{serial}").location == f"/key/{serial}/empty"
    page = supervisor.get(f"/key/{serial}/empty").text
    assert "Look at the paper, every page" in words(page)
    assert "Sam Okoro" not in page
    assert supervisor.post(f"/key/{serial}/empty").location == "/key"
    assert entry_of(vault, serial).confirmer_name == "Records-Supervisor Person"
    assert "Empty forms, to be confirmed" in words(supervisor.get("/key").text)


def test_who_is_on_the_paper_is_shown_by_the_number_and_checked(hospital, vault, blanks):
    first, second = blanks("phoned-result", 2)
    clerk = hospital.browser("records-clerk")
    shown = clerk.post(
        f"/key/{first}/person", {"patient.mrn": "1000001"}, headers={"HX-Request": "true"}
    )
    assert ("SAMPLE, Ann" in shown.text, 'value="same"' in shown.text) == (True, True)
    unknown = clerk.post(
        f"/key/{first}/person", {"patient.mrn": "1999999"}, headers={"HX-Request": "true"}
    )
    assert "Nobody has this number" in words(unknown.text)
    keyed = PHONED | {"patient.mrn": "1000001", "person.check": "same"}
    assert clerk.post(f"/key/{first}", keyed).location == "/key", "one number and one word"
    answers = entry_of(vault, first).answers
    assert answers["patient.name"].startswith("Sample, Ann")
    assert answers["patient.born"]
    stranger = PHONED | {"patient.mrn": "1999999", "person.check": "same"}
    answer = clerk.post(f"/key/{second}", stranger)
    assert answer.status_code == 400
    assert "Nobody is found by the number" in words(answer.text)


def test_the_second_person_types_who_it_is_and_sees_nothing_of_it(hospital, vault, blanks):
    (serial,) = blanks("phoned-result")
    keyed = PHONED | {"patient.mrn": "1000001", "person.check": "same"}
    hospital.browser("records-clerk").post(f"/key/{serial}", keyed)
    page = hospital.browser("records-supervisor").get(f"/key/{serial}/second").text
    assert {"patient.mrn", "patient.name", "patient.born"} <= fields_of(page)
    assert "person.check" not in fields_of(page)
    assert "Sample, Ann" not in page


def test_signature_and_day_are_carried_to_the_next_form_and_shown_as_such(hospital, vault, blanks):
    first, second, third = blanks("phoned-result", 3)
    clerk = hospital.browser("records-clerk")
    who = {"patient.name": "Unknown, Male"}
    assert clerk.post(f"/key/{first}", PHONED | who).location == "/key"
    page = clerk.get(f"/key/{second}").text
    assert 'value="Sam Okoro"' in page
    assert page.count("as on this paper?") == 3
    time = re.search(r'<input[^>]* name="event.time"[^>]*>', page)[0]
    assert 'value=""' in time, "the time is of each paper alone"
    with pytest.raises(Exception, match="Nobody has keyed"):
        entry_of(vault, second)
    other = hospital.browser("records-supervisor").get(f"/key/{third}").text
    assert "Sam Okoro" not in other
    clerk.post(f"/key/{second}/part", {"caller": "Jo Lab"})
    assert "Sam Okoro" not in clerk.get(f"/key/{second}").text, "what is kept stands alone"


def test_a_question_is_asked_at_the_field_answered_and_closed(hospital, vault, blanks):
    (serial,) = blanks("observations")
    clerk, supervisor = hospital.browser("records-clerk"), hospital.browser("records-supervisor")
    clerk.post(f"/key/{serial}/part", OBSERVED)
    asked = clerk.post(f"/key/{serial}/questions", {"field": "pulse:1", "question": "88 or 38?"})
    assert asked.location == f"/key/{serial}"
    page = clerk.get(f"/key/{serial}").text
    assert "Question open" in words(page)
    assert "88 or 38?" in page
    (row,) = list_queries.list_queries(vault, NOBODY)
    address = f"/questions/{row.query.id}"
    assert address in supervisor.get("/questions").text
    assert supervisor.post(f"{address}/answer", {"text": "88"}).location == address
    assert "so somebody else closes" in words(supervisor.get(address).text)
    assert supervisor.post(f"{address}/close", {"text": "fine"}).status_code == 403
    due = {"owner": "Ward A1", "due": "2026-11-03T08:00"}
    assert supervisor.post(f"{address}/owner", due).location == address
    assert "Ward A1" in words(clerk.get("/questions?state=answered").text)
    assert clerk.post(f"{address}/close", {"text": "fine"}).location == address
    assert "No question is in this list" in words(clerk.get("/questions").text)
    assert hospital.browser("ward").get("/questions").status_code == 403


def test_who_keys_a_second_time_is_asked_for_single_cells_and_reads_no_question(
    hospital, vault, blanks
):
    (serial,) = blanks("observations")
    clerk, supervisor = hospital.browser("records-clerk"), hospital.browser("records-supervisor")
    who = {"patient.name": "Unknown, Male"}
    assert clerk.post(f"/key/{serial}", OBSERVED | who).location == "/key"
    clerk.post(f"/key/{serial}/questions", {"field": "pulse:1", "question": "88 or 38?"})
    page = supervisor.get(f"/key/{serial}/second").text
    wanted = set(open_form.open_form(vault, serial, hospital.settings).second_keys)
    asked = {name for name in fields_of(page) if ":" in name or name.startswith("author")}
    assert asked == {key for key in wanted if ":" in key or key.startswith("author")}
    assert "pulse:3" not in asked
    assert "88 or 38?" not in page
    assert 'value="88"' not in page


def test_a_printed_person_has_to_be_checked_and_another_one_is_typed(hospital, vault, issue):
    serial = issue("phoned-result")
    clerk = hospital.browser("records-clerk")
    refused = clerk.post(f"/key/{serial}", PHONED)
    assert refused.status_code == 400
    assert "Say whether this person is the one on the paper" in words(refused.text)
    nobody = clerk.post(f"/key/{serial}", PHONED | {"person.check": "differs"})
    assert "key the name or a number" in words(nobody.text)
    other = {"person.check": "differs", "patient.name": "Stone, Bob", "patient.mrn": "H200"}
    assert clerk.post(f"/key/{serial}", PHONED | other).location == "/key"
    form = open_form.open_form(vault, serial, hospital.settings)
    assert {"patient.name", "patient.mrn"} <= set(form.critical_keys), "keyed twice as on a blank"

"""Events through the screens: what a nurse, a site manager and a laboratory do, and what they see after."""

import re

import pytest

from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.clock import to_text
from downtime.outage import outages
from downtime.outage.events.list_events import list_events
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.web.test_ward import words

ARRIVAL = {
    "kind": "arrival", "answer-identity": "known", "answer-family": "Tester", "answer-given": "Tom",
    "answer-birth_date": "02011960", "answer-gender": "male", "answer-ward": "A1", "answer-bay": "1",
    "answer-bed": "3", "answer-stay": "emergency",
}  # fmt: skip


@pytest.fixture
def down(hospital, vault, actor):
    """The PAS is down since a moment ago."""
    outages.declare_systems_down(vault, ["PAS", "LIMS"], actor, "said by IT", known=["PAS", "LIMS"])
    hospital.clock.go_on(minutes=10)
    return hospital


def send(browser, fields, **more):
    """What a form of an event sends, as on the page that was opened before."""
    return browser.post("/events/record", fields | more)


def arrive(browser, **more):
    answer = send(browser, ARRIVAL, **more)
    assert answer.status_code == 303, words(answer.text)
    return answer.location


def patient_of(browser, number):
    return browser.post("/find", {"text": number}).location


def test_who_arrives_is_found_shown_in_a_bed_and_stays_after_a_reload(down):
    browser = down.browser("ward")
    page = browser.get("/events/record?kind=arrival&ward=A1").text
    assert 'value="A1" selected' in page
    place = arrive(browser)
    for _ in range(2):
        page = words(browser.get(place).text)
        assert "TESTER, Tom" in page
        assert re.search(r"Downtime No\. DK7\w+", page)
    board = words(browser.get("/beds/ward?ward=A1").text)
    assert "TESTER, Tom" in board
    assert "Ward Person" in board


def test_one_page_sent_twice_registers_one_person(down, vault):
    browser = down.browser("ward")
    page = browser.get("/events/record?kind=arrival").text
    event = re.search(r'name="event" value="(\w+)"', page)[1]
    assert arrive(browser, event=event) == arrive(browser, event=event)
    assert len(list_events(vault)) == 1


def test_a_namesake_is_shown_and_what_was_typed_is_kept(down, vault):
    browser = down.browser("ward")
    answer = send(browser, ARRIVAL, **{"answer-family": "Sample", "answer-given": "Ann"})
    assert answer.status_code == 409
    assert "Same name: SAMPLE, Ann" in words(answer.text)
    assert 'value="Sample"' in answer.text
    assert 'value="02-Jan-1960"' in answer.text or 'value="02011960"' in answer.text
    assert list_events(vault) == []
    arrive(browser, **{"answer-family": "Sample", "answer-given": "Ann", "confirmed": "1"})


def test_a_newborn_begins_at_the_mother_and_both_pages_lead_to_each_other(down):
    browser = down.browser("ward")
    mother = patient_of(browser, "9990000018")
    link = re.search(r'href="([^"]+mother=[^"]+)"', browser.get(mother).text)[1].replace(
        "&amp;", "&"
    )
    page = browser.get(link).text
    assert "Mother: SAMPLE, Ann" in words(page)
    hidden = re.search(r'name="answer-mother" value="(\w+)"', page)[1]
    child = arrive(
        browser, **{"answer-identity": "newborn", "answer-given": "", "answer-mother": hidden,
                    "answer-family": "", "answer-birth_date": ""},
    )  # fmt: skip
    assert "SAMPLE, Baby" in words(browser.get(child).text)
    assert mother in browser.get(child).text
    assert child in browser.get(mother).text


def test_somebody_unknown_is_called_as_their_wristband_calls_them(down):
    browser = down.browser("ward")
    place = arrive(
        browser, **{"answer-identity": "unknown", "answer-family": "", "answer-given": ""}
    )
    page = words(browser.get(place).text)
    assert "UNKNOWN, Male" in page
    assert "Identity not known" in page


def test_a_move_stands_on_the_board_and_the_copy_beside_it(down):
    browser = down.browser("ward")
    ann = patient_of(browser, "9990000018")
    fields = {
        "kind": "move",
        "patient": ann.rpartition("/")[2],
        "answer-ward": "B2",
        "answer-bed": "9",
    }
    assert send(browser, fields).location == ann
    page = words(browser.get(ann).text)
    assert "Now: B2, bed 9 (in the copy: A1, bay 1, bed 1)" in page
    assert "Ward Person (Ward staff)" in page
    board = words(browser.get("/beds/ward?ward=A1").text)
    assert re.search(r"Gone: SAMPLE, Ann.*Move: B2, bed 9", board)


def test_a_time_is_typed_as_on_paper_and_both_times_are_shown(down, vault):
    browser = down.browser("ward")
    send(browser, {"kind": "incident", "answer-what": "Lights out", "happened": "1435"})
    (thread,) = list_events(vault)
    assert thread.latest.happened == "2026-11-02T14:35:00Z"
    assert thread.latest.entered == to_text(down.clock())
    assert "02-Nov-2026 14:35" in words(browser.get("/events").text)


def test_what_is_missing_is_said_above_the_form(down, vault):
    browser = down.browser("ward")
    answer = send(browser, {"kind": "incident", "answer-by": "Site manager"})
    assert answer.status_code == 400
    assert "What happened or was decided is needed" in words(answer.text)
    assert 'value="Site manager"' in answer.text
    assert list_events(vault) == []


def test_a_correction_and_a_withdrawal_leave_the_first_words_to_be_read(down):
    browser = down.browser("ward")
    send(browser, {"kind": "incident", "answer-what": "Lights out"})
    (ref,) = re.findall(r'href="(/events/[A-Z0-9]{12})"', browser.get("/events").text)
    fields = {"answer-what": "Lights on", "happened": "14:35", "reason": "misread"}
    assert browser.post(f"{ref}/correct", fields).status_code == 303
    page = words(browser.get(ref).text)
    assert "Lights on" in page
    assert "Lights out" in page
    assert "Corrected because: misread" in page
    browser.post(f"{ref}/withdraw", {"reason": "never was"})
    assert "Withdrawn" in browser.get("/events").text


def test_a_phoned_result_needs_two_identifiers_and_a_second_person(down, vault):
    browser = down.browser("ward")
    wrong = browser.post("/laboratory", {"number": "9990000018", "second": "Smith"})
    assert wrong.status_code == 404
    assert "No patient has both" in wrong.text
    form = browser.post("/laboratory", {"number": "9990000018", "second": "02/01/1960"}).location
    page = browser.get(form).text
    assert "SAMPLE, Ann" in page
    patient = re.search(r'name="patient" value="(\w+)"', page)[1]
    fields = {
        "kind": "result", "patient": patient, "answer-test": "Potassium", "answer-value": "6.9",
        "answer-units": "mmol/L", "answer-caller": "Lee Lab",
    }  # fmt: skip
    send(browser, fields)
    for _ in range(4):  # nobody is locked out meanwhile
        down.clock.go_on(minutes=4)
        browser.get("/laboratory")
    listed = words(browser.get("/laboratory").text)
    assert "Critical" in listed
    assert "Overdue: nobody has read it back" in listed
    (thread,) = list_events(vault)
    read_back = {
        "kind": "read-back",
        "patient": patient,
        "topic": thread.root,
        "answer-value": "6.9",
    }
    assert "somebody else reads it back" in send(browser, read_back).text
    second = down.browser("site")
    asked = second.get(f"/events/record?kind=read-back&patient={patient}&topic={thread.root}").text
    assert "6.9" not in asked
    assert "Potassium" in asked
    assert send(second, read_back).status_code == 303
    listed = words(second.get("/laboratory").text)
    assert "Site Person" in listed
    assert "Overdue" not in listed


def test_nothing_is_recorded_before_an_outage_is_declared(hospital):
    browser = hospital.browser("ward")
    assert "No outage is declared" in browser.get("/events/record?kind=arrival").text
    answer = send(browser, ARRIVAL)
    assert answer.status_code == 409
    assert "No outage is declared" in answer.text


@pytest.mark.parametrize("role", ["records-clerk", "auditor", "administrator"])
def test_only_who_cares_for_patients_records(down, role):
    assert send(down.browser(role), ARRIVAL).status_code == 403


@pytest.mark.parametrize(
    ("link", "fields", "said"),
    [
        ("Taken again", {"kind": "recollected"}, "Sample taken again"),
        (
            "Not needed", {"kind": "not-needed", "answer-decided_by": "Dr Cole"},
            "Test no longer needed: Dr Cole",
        ),
    ],
)  # fmt: skip
def test_what_became_of_a_test_is_said_from_its_list_and_stands_there(down, link, fields, said):
    browser = down.browser("ward")
    page = browser.get("/tests").text
    address = re.search(rf'href="([^"]+)">{link}<', page)[1].replace("&amp;", "&")
    form = browser.get(address).text
    hidden = dict(re.findall(r'name="(patient|topic)" value="(\w+)"', form))
    assert send(browser, fields, **hidden).status_code == 303
    listed = words(browser.get("/tests").text)
    assert said in listed
    assert "Full blood count" in listed
    other = patient_of(browser, "9990000026").rpartition("/")[2]
    assert "another patient" in send(browser, fields, **hidden | {"patient": other}).text


def test_who_is_off_the_ward_keeps_the_bed_until_they_are_back(down):
    browser = down.browser("ward")
    place = patient_of(browser, "9990000018")
    ann = place.rpartition("/")[2]
    send(browser, {"kind": "absence", "patient": ann, "answer-where": "X-ray"})
    board = words(browser.get("/beds/ward?ward=A1").text)
    assert re.search(r"Off the ward: SAMPLE, Ann.*X-ray", board)
    link = re.search(r'href="([^"]+kind=return[^"]+)"', browser.get(place).text)[1]
    form = browser.get(link.replace("&amp;", "&")).text
    hidden = dict(re.findall(r'name="(patient|topic)" value="(\w+)"', form))
    assert send(browser, {"kind": "return"}, **hidden).status_code == 303
    assert "X-ray" not in words(browser.get("/beds/ward?ward=A1").text)


def test_who_was_registered_is_found_by_name_and_number(down):
    browser = down.browser("ward")
    place = arrive(browser)
    number = re.search(r"DK7\w{6}", browser.get(place).text)[0]
    assert browser.post("/find", {"text": number}).location == place
    browser.post("/find", {"text": "tes to"})
    assert "TESTER, Tom" in words(browser.get("/find").text)


def test_a_bed_that_staff_freed_stays_a_row_and_the_counts_are_those_of_the_rows(down):
    browser = down.browser("ward")
    ann, other = (patient_of(browser, n).rsplit("/", 1)[1] for n in ("9990000018", "9990000026"))
    leave = {"kind": "discharge", "patient": ann, "answer-outcome": "advised"}
    assert send(browser, leave).status_code == 303
    move = {"kind": "move", "patient": other, "answer-ward": "A1", "answer-bed": "Trolley 1"}
    assert send(browser, move, confirmed="1").status_code == 303
    page = words(browser.get("/beds/ward?ward=A1").text)
    assert page.count("Freed, as staff say: Ward Person, 02-Nov-2026") == 2
    rows = browser.get("/beds/ward?ward=A1&show=empty").text.count('class="empty-bed"')
    assert (rows, page.count("Freed")) == (2, 2)
    assert "1 patient," in page
    corridor = words(browser.get("/beds/corridor?ward=A1").text)
    assert "bay 1, bed 1 Available" in corridor
    assert "bay 1, bed 2 Available" in corridor


def test_a_page_saved_again_with_other_answers_keeps_them_and_leads_to_what_it_recorded(
    down, vault
):
    browser = down.browser("ward")
    ann = patient_of(browser, "9990000018").rpartition("/")[2]
    page = browser.get(f"/events/record?kind=move&patient={ann}").text
    event = re.search(r'name="event" value="(\w+)"', page)[1]
    move = {"kind": "move", "patient": ann, "answer-ward": "B2", "answer-bed": "8"}
    assert send(browser, move, event=event).status_code == 303
    down.clock.go_on(minutes=3)
    assert send(browser, move, event=event).status_code == 303
    answer = send(browser, move, event=event, **{"answer-bed": "9"})
    assert answer.status_code == 409
    assert "saved already with other answers" in words(answer.text)
    assert re.search(r'name="answer-bed"[^>]*value="9"', answer.text)
    link = re.search(r'href="(/events/\w+)">Correct what this page recorded', answer.text)[1]
    (thread,) = list_events(vault)
    assert link == f"/events/{thread.root}"
    # There it is corrected; a bed that is taken is asked about first, and what was typed stays.
    right = {"answer-ward": "A1", "answer-bay": "1", "answer-bed": "2", "reason": "misheard"}
    asked = browser.post(f"{link}/correct", right | {"happened": ""})
    assert asked.status_code == 409
    assert "A1, bay 1, bed 2 is taken: SAMPLE, Ann" in words(asked.text)
    assert 'value="misheard"' in asked.text
    assert re.search(r'name="happened"[^>]*value=""', asked.text)  # empty is now, as it was sent
    assert '<details class="nhsuk-details" open>' in asked.text
    assert not list_events(vault)[0].is_corrected
    assert browser.post(f"{link}/correct", right | {"confirmed": "1"}).status_code == 303
    assert list_events(vault)[0].latest.answers["bed"] == "2"


def test_the_handover_names_somebody_without_an_nhs_number_and_a_trolley_by_its_own_name(down):
    browser = down.browser("ward")
    arrive(browser, **{"answer-bay": "", "answer-bed": "Trolley 1"})
    page = words(browser.get("/handover?ward=A1").text)
    assert re.search(r" Trolley 1 TESTER, Tom .{10,40} No NHS No\. DK7\w+ ", page)
    assert "bed Trolley" not in page


def test_numbers_of_patients_say_whose_they_are(down):
    browser = down.browser("ward")
    arrive(browser)
    beds, site = words(browser.get("/beds").text), down.browser("site")
    declared = words(site.get("/outages/declare?systems=EPR").text)
    assert "Admitted 4 = shown on wards 4 + ward not known 0, as staff say now." in beds
    assert "Admitted 3 = shown on wards 3 + ward not known 0, in the snapshot." in declared
    print_page = words(site.get("/print").text)
    assert re.search(r"Patients as staff say now .*? A1 3 Print pack", print_page)


@pytest.mark.parametrize(
    ("last", "due"), [("08:05", "was due 02-Nov-2026 14:05"), ("13:00", "about 02-Nov-2026 19:00")]
)
def test_a_time_that_has_passed_is_never_called_next(hospital, monkeypatch, last, due):
    medicine = MedicationRequest(
        id="m", source="EPR", medicine="Aspirin", frequency="Four times a day"
    )
    dose = MedicationAdministration(
        id="d", source="EPR", medicine="Aspirin", given=f"2026-11-02T{last}:00Z", status="given"
    )
    monkeypatch.setattr(Snapshot, "list_medicines", lambda *_: [medicine])
    find = Snapshot.find_records
    monkeypatch.setattr(
        Snapshot,
        "find_records",
        lambda self, kind, *rest: (
            [dose] if kind is MedicationAdministration else find(self, kind, *rest)
        ),
    )
    browser = hospital.browser("ward")
    assert due in words(browser.get(patient_of(browser, "9990000018")).text)

"""What a ward sees: find, beds, patient, tests outstanding; and what it is told when data is missing."""

import re

import pytest

from downtime.clinical.model import Appointment, Encounter, Patient
from downtime.snapshot.model import AppointmentRow
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.web.conftest import Hospital


def patient_page(browser, text):
    answer = browser.post("/find", {"text": text})
    assert answer.location.startswith("/patients/"), answer.location
    return browser.get(answer.location).text


def words(html):
    """The text of a page without its elements."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("text", ["999 000 0018", "9990000018", "91TEST/1000001", "91test/1000001"])
def test_a_complete_code_opens_the_patient(hospital, text):
    page = words(patient_page(hospital.browser("ward"), text))
    assert "SAMPLE, Ann (Ms)" in page
    assert "02-Jan-1960 (66y)" in page


@pytest.mark.parametrize("text", ["1000001", "9990000019", "91OTHER/1000001", "000018"])
def test_anything_else_opens_nobody(hospital, text):
    assert hospital.browser("ward").post("/find", {"text": text}).location == "/find"


def test_a_name_gives_a_list_and_never_stands_in_an_address(hospital):
    browser = hospital.browser("ward")
    answer = browser.post("/find", {"text": "ann sam"})
    assert answer.location == "/find"
    found = words(browser.get("/find").text)
    assert "2 patients found" in found
    assert "02-Jan-1960 (66y)" in found
    assert "17-Mar-1991 (35y)" in found


def test_as_one_types_only_the_table_comes_back(hospital):
    browser = hospital.browser("ward")
    part = browser.post("/find/part", {"text": "oks"}, headers={"HX-Request": "true"}).text
    assert "ØKSEN, Bjørn" in part
    assert "<html" not in part


def test_nobody_found_is_said_with_what_to_do(hospital):
    browser = hospital.browser("ward")
    browser.post("/find", {"text": "nobody atall"})
    page = browser.get("/find").text
    assert "No patient in this copy matches" in page
    assert "downtime number" in page


def test_the_patient_shows_allergies_results_and_open_requests(hospital):
    page = words(patient_page(hospital.browser("ward"), "9990000018"))
    assert re.search(r"Known allergies Penicillin : Rash", page)
    assert re.search(r"Potassium 6\.1 mmol/L 3\.5-5\.3 H", page)
    assert "Full blood count" in page
    assert "Same or similar name" in page


def test_data_that_no_system_sent_is_unavailable_and_never_none(hospital):
    page = words(patient_page(hospital.browser("ward"), "9990000018"))
    for what in (
        "Medicines: not sent by EPR.",
        "Alerts: not sent by EPR.",
        "Appointments: not sent by PAS; Theatres unavailable.",
        "Requests: Radiology unavailable.",
        "Results: Radiology unavailable.",
    ):
        assert what in page


def test_allergies_of_a_patient_about_whom_nothing_was_said(hospital):
    assert "Allergies not recorded" in patient_page(hospital.browser("ward"), "91TEST/1000003")


def test_the_bed_board_shows_who_is_where(hospital):
    page = words(hospital.browser("ward").get("/beds/ward?ward=A1").text)
    assert re.search(r"1 1 SAMPLE, Ann \(Ms\) Same name 02-Jan-1960", page)
    assert re.search(r"1 2 SAMPLE, Ann \(Ms\) Same name 17-Mar-1991", page)


def test_tests_outstanding_are_those_without_a_result(hospital):
    page = words(hospital.browser("ward").get("/tests?ward=A1").text)
    assert "Full blood count" in page
    assert "Urea and electrolytes" not in page


def test_a_department_is_named_as_people_name_it_and_narrows_the_list(hospital):
    browser = hospital.browser("ward")
    page = browser.get("/tests").text
    assert "<td>Haematology</td>" in page
    assert "<option>Haematology</option>" in page
    assert ">HM<" not in page
    assert "Full blood count" in browser.get("/tests?department=Haematology").text
    assert "Full blood count" not in browser.get("/tests?department=Microbiology").text
    assert "<td>Haematology</td>" in patient_page(browser, "9990000018")


def test_every_page_says_how_old_each_systems_data_is(hospital):
    browser = hospital.browser("ward")
    for path in ("/find", "/beds", "/tests", "/print", "/numbers", "/what-to-do", "/outages"):
        page = words(browser.get(path).text)
        assert "PAS as at 02-Nov-2026 14:05 (25 min old)" in page, path
        assert "Radiology no data held" in page, path


def test_stale_data_is_marked_as_such(hospital):
    hospital.clock.go_on(hours=9)
    page = hospital.browser("ward").get("/beds").text
    assert "PAS STALE: as at 02-Nov-2026 14:05 (9 h 25 min old)" in words(page)
    assert 'age age-stale">STALE:' in page


def test_without_a_snapshot_every_ward_page_says_that_it_knows_nothing(empty_hospital):
    browser = empty_hospital.browser("ward")
    for path in ("/find", "/beds", "/tests", "/appointments", "/print"):
        assert "No hospital data on this laptop" in browser.get(path).text, path


def test_an_unknown_patient_is_a_sentence_not_a_fault(hospital):
    answer = hospital.browser("ward").get("/patients/0123456789abcdef")
    assert answer.status_code == 404
    assert "This patient is not in the snapshot" in answer.text


def test_find_has_one_search_box(hospital):
    browser = hospital.browser("ward")
    for path in ("/find", "/beds"):
        assert browser.get(path).text.count('role="search"') == 1, path


def test_blank_forms_stand_in_groups_the_usual_ones_first(hospital):
    page = hospital.browser("ward").get("/print").text
    groups = re.findall(r'scope="rowgroup" colspan="3">([^<]+)<', page)
    assert groups[0] == "Usual on a ward"
    assert len(groups) > 2
    usual = page.partition(groups[0])[2].partition(groups[1])[0]
    assert "Observation" in usual


def test_board_and_patient_say_where_else_somebody_is(hospital, monkeypatch):
    other = Encounter(id="other", ward="B2", bay="1", bed="7")
    monkeypatch.setattr(Snapshot, "find_elsewhere", lambda *_: (other,))
    browser, said = hospital.browser("ward"), "Also in B2, bay 1, bed 7: ask where the patient is"
    assert said in words(browser.get("/beds/ward?ward=A1").text)
    assert said in words(patient_page(browser, "9990000018"))


def test_two_patients_of_one_name_are_marked_on_a_clinics_list(hospital, monkeypatch):
    ann = Patient(id="other", family="Sample", given="Ann")
    rows = [AppointmentRow(Appointment(id="a", patient=ann.id, status="booked"), ann)]
    monkeypatch.setattr(Snapshot, "list_appointment_days", lambda *_: ["2026-11-03"])
    monkeypatch.setattr(Snapshot, "list_session_appointments", lambda *_: rows)
    page = hospital.browser("ward").get("/appointments/list?day=2026-11-03&location=C1").text
    assert "SAMPLE, Ann Same name" in words(page)


def test_an_unknown_page_keeps_the_menu_of_whoever_is_signed_in(hospital):
    page = hospital.browser("ward").get("/no-such-page")
    assert page.status_code == 404
    assert ">Beds<" in page.text
    assert "Sign in" not in words(page.text)
    assert ">Beds<" not in hospital.browser().get("/no-such-page").text


def test_a_site_may_have_the_colours_of_nhs_services(hospital):
    assert "data-theme" not in hospital.browser().get("/sign-in").text
    with hospital.home.config_file.open("a") as file:
        file.write("\n[web]\nnhs_theme = true\n")
    assert (
        '<html lang="en-GB" data-theme="nhs">'
        in Hospital(hospital.home, hospital.clock, {}).browser().get("/sign-in").text
    )

"""The page of the medicines due on a ward: one step from the beds, loud where systems sent nothing."""

import re

import pytest

from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.web.test_paper import finished
from tests.integration.web.test_ward import words


@pytest.fixture
def ward(hospital):
    return hospital.browser("ward")


def test_it_is_one_step_from_the_beds_and_from_a_board(ward):
    assert 'href="/medicines-due?ward=A1"' in ward.get("/beds").text
    assert 'href="/medicines-due?ward=A1"' in ward.get("/beds/ward?ward=A1").text
    assert "Medicines due: choose a ward" in words(ward.get("/medicines-due").text)
    assert ward.get("/medicines-due?ward=Nowhere").status_code == 404


def test_what_the_system_did_not_send_is_never_none(ward):
    page = words(ward.get("/medicines-due?ward=A1").text)
    assert "Not known whether medicines are due by 18:30" in page
    assert "Medicines: not sent by EPR. Some may be due that are not on this list." in page
    assert "No medicine due" not in page


def test_time_critical_medicines_stand_first_and_are_marked(ward, monkeypatch):
    sent = [
        MedicationRequest(id="m1", source="EPR", medicine="Paracetamol", frequency="15:00"),
        MedicationRequest(id="m2", source="EPR", medicine="Co-careldopa", frequency="17:00"),
        MedicationRequest(id="m3", source="EPR", medicine="Furosemide", frequency="As directed"),
    ]
    monkeypatch.setattr(Snapshot, "list_medicines", lambda *_: sent)
    page = words(ward.get("/medicines-due?ward=A1").text)
    places = [page.index(name) for name in ("Co-careldopa", "Paracetamol", "Furosemide")]
    assert places == sorted(places)
    assert "Co-careldopa Time-critical" in page
    assert "SAMPLE, Ann (Ms) Same name" in page
    assert "At least 4 medicines due by 18:30, 2 of them time-critical" in page


def test_a_dose_under_another_name_is_said_where_it_may_be_given_twice(ward, monkeypatch):
    sent = [
        MedicationRequest(id="m1", source="EPR", medicine="Paracetamol", frequency="15:00"),
        MedicationRequest(id="m2", source="EPR", medicine="Furosemide", frequency="16:00"),
    ]
    dose = MedicationAdministration(
        id="d", source="EPR", medicine="Panadol", given="2026-11-02T08:10:00Z", status="given"
    )
    monkeypatch.setattr(Snapshot, "list_medicines", lambda *_: sent)
    monkeypatch.setattr(SnapshotView, "list_doses", lambda *_: [dose])
    find = Snapshot.find_records
    monkeypatch.setattr(
        Snapshot,
        "find_records",
        lambda self, kind, *a: [dose] if kind is MedicationAdministration else find(self, kind, *a),
    )
    sentence = (
        "A dose of Panadol was recorded on 02-Nov-2026 08:10 and belongs to no prescription here"
    )
    due = ward.get("/medicines-due?ward=A1")
    page = words(due.text)
    section = page[page.index("MAY HAVE BEEN GIVEN ALREADY") :]
    assert "15:00 if not given already" in section
    assert f"ASK FIRST. {sentence}" in section
    assert "Panadol: 02-Nov-2026 08:10" in section[section.index("Doses of the day before") :]
    patient = re.search(r"/patients/[\w-]+", due.text)[0]
    page = words(ward.get(patient).text)
    assert "Ask before giving: these doses belong to no prescription here" in page
    assert f"Ask first. {sentence}" in page


def test_the_list_is_printed(hospital, ward):
    _, file = finished(hospital, ward, ward.post("/medicines-due", {"ward": "A1"}).location)
    assert file.mimetype == "application/pdf"

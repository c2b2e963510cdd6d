"""The page of the medicines due on a ward: one step from the beds, loud where systems sent nothing."""

import pytest

from downtime.clinical.model import MedicationRequest
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


def test_the_list_is_printed(hospital, ward):
    _, file = finished(hospital, ward, ward.post("/medicines-due", {"ward": "A1"}).location)
    assert file.mimetype == "application/pdf"

"""The bed board: what stands beside each patient, filters, this laptop's ward, and what a corridor may see."""

from dataclasses import replace

import pytest

from downtime.clinical.model import Flag
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.web.test_ward import words


@pytest.fixture
def ward(hospital):
    return hospital.browser("ward")


def board(ward, **wanted):
    query = "".join(f"&{name}={text}" for name, text in wanted.items())
    return words(ward.get(f"/beds/ward?ward=A1{query}").text)


def test_the_board_says_of_each_patient_what_one_must_know(ward):
    page = board(ward)
    assert page.count("Same name") == 2
    assert "Penicillin" in page
    assert page.count("Allergies not recorded") == 1
    assert "1 outstanding" in page


def test_filters_leave_what_is_asked_for_and_say_how_many(ward):
    assert "All beds (2)" in board(ward)
    page = board(ward, show="tests")
    assert "Tests outstanding (1)" in page
    assert "999 000 0018" in page.replace("\xa0", " ")
    assert "999 000 0026" not in page.replace("\xa0", " ")
    assert "No bed of this ward is like that" in board(ward, show="closed")
    assert "999 000 0026" in board(ward, show="nonsense").replace("\xa0", " ")


def test_an_urgent_test_and_an_isolation_stand_out(ward, monkeypatch):
    urgent = Snapshot.list_outstanding_tests
    monkeypatch.setattr(
        Snapshot,
        "list_outstanding_tests",
        lambda *a, **k: [
            row._replace(request=replace(row.request, priority="stat")) for row in urgent(*a, **k)
        ],
    )
    find = Snapshot.find_records

    def with_alert(self, record_type, field, values):
        if record_type is not Flag:
            return find(self, record_type, field, values)
        return [Flag(id="f", patient=list(values)[0], text="CPE contact - isolate until screened")]

    monkeypatch.setattr(Snapshot, "find_records", with_alert)
    page = board(ward)
    assert "1 urgent" in page
    assert "Isolation CPE contact" in page


def test_the_laptops_ward_is_remembered_for_whoever_signs_in(hospital, ward):
    assert "This laptop's ward" not in words(ward.get("/beds").text)
    assert ward.post("/beds/my-ward", {"ward": "A1"}).status_code == 303
    ward.post("/sign-out")
    other = hospital.browser("site")
    assert "This laptop's ward: A1" in words(other.get("/beds").text)
    assert "Make it this laptop's ward" not in board(other)


def test_only_a_ward_that_there_is_can_be_remembered(ward):
    assert ward.post("/beds/my-ward", {"ward": "Nowhere"}).status_code == 404


def test_a_corridor_sees_beds_and_nothing_of_a_patient(ward):
    page = words(ward.get("/beds/corridor?ward=A1").text).replace("\xa0", " ")
    assert "2 patients" in page
    assert "bay 1, bed 1 Occupied" in page
    for secret in ("SAMPLE", "Ann", "1960", "999 000", "1000001", "Cole", "Penicillin"):
        assert secret not in page, secret


def test_all_wards_are_added_up(ward):
    page = words(ward.get("/beds").text)
    assert "All wards 3 Not known Not known Not known 0" in page

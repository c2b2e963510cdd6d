"""A snapshot in quarantine on screen: who looks, what would vanish, what was decided."""

from dataclasses import replace

import pytest

from downtime.fleet.churn_findings import ChurnFinding, ChurnKind
from downtime.fleet.quarantine_model import Door, QuarantineState
from downtime.fleet.quarantine_snapshot import get_entry, quarantine_snapshot
from downtime.snapshot.footprint import count_wards
from downtime.snapshot.local_snapshots import open_current_snapshot
from downtime.vault.model import Actor

ALARM = "changed too much and is not in use"


@pytest.fixture
def entry(vault, hospital):
    """A newer snapshot that lacks everybody but one, on the laptop."""
    with open_current_snapshot(vault) as snapshot:
        header, footprint = snapshot.header, snapshot.read_footprint()
    present = footprint.present[:1]
    new = replace(footprint, present=present, wards=count_wards(present))
    later = replace(header, sequence=header.sequence + 1, created="2026-11-02T14:25:00Z")
    lost = ChurnFinding(ChurnKind.PATIENTS_GONE, 8, 7, header.created)
    actor = Actor("u-1", "Pulling", "K7")
    return quarantine_snapshot(
        vault, hospital.settings, Door.LAPTOP, later, new, [lost], actor, "gone.downtime"
    )


@pytest.fixture
def gone(vault):
    with open_current_snapshot(vault) as snapshot:
        return [patient.name for patient in snapshot.read_footprint().present[1:]]


def test_every_page_says_that_a_newer_snapshot_waits(hospital, entry):
    browser = hospital.browser("ward")
    assert ALARM in browser.get("/beds").text
    page = browser.get("/snapshots").text
    assert f"/quarantine/{entry.number}" in page
    assert "7 of the 8 patients in hospital are gone." in page


def test_who_may_see_patients_sees_the_names_of_those_who_would_vanish(hospital, entry, gone):
    page = hospital.browser("ward").get(f"/quarantine/{entry.number}").text
    assert gone
    assert all(name.replace("'", "&#39;") in page for name in gone)


def test_an_administrator_sees_numbers_and_no_names(hospital, entry, gone):
    page = hospital.browser("administrator").get(f"/quarantine/{entry.number}").text
    assert "Would vanish" in page
    assert not any(name.replace("'", "&#39;") in page for name in gone)


def test_a_release_needs_a_reason_and_says_who_gave_it(hospital, entry, vault):
    browser = hospital.browser("ward")
    address = f"/quarantine/{entry.number}/release"
    assert browser.post(address, {"reason": " "}).status_code == 400
    assert get_entry(vault, entry.number).is_open
    assert browser.post(address, {"reason": "The ward has moved"}).status_code == 303
    page = browser.get(f"/quarantine/{entry.number}").text
    assert "by Ward Person" in page
    assert "The ward has moved" in page
    assert ALARM not in page


def test_a_rejection_is_final(hospital, entry, vault):
    browser = hospital.browser("site")
    browser.post(f"/quarantine/{entry.number}/reject", {"reason": "They are all here"})
    assert get_entry(vault, entry.number).state is QuarantineState.REJECTED
    again = browser.post(f"/quarantine/{entry.number}/release", {"reason": "No"})
    assert again.status_code == 409


def test_who_may_not_decide_is_not_asked(hospital, entry):
    browser = hospital.browser("records-clerk")
    assert "Release" not in browser.get(f"/quarantine/{entry.number}").text
    assert browser.post(f"/quarantine/{entry.number}/release", {"reason": "x"}).status_code == 403


def test_what_is_decided_is_forgotten(hospital, entry, gone):
    browser = hospital.browser("site")
    browser.post(f"/quarantine/{entry.number}/reject", {"reason": "They are all here"})
    page = browser.get(f"/quarantine/{entry.number}").text
    assert not any(name.replace("'", "&#39;") in page for name in gone)


def test_an_unknown_number_is_said(hospital):
    assert hospital.browser("site").get("/quarantine/99").status_code == 404

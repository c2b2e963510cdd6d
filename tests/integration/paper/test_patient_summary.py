"""The summary on paper holds what a ward needs of a patient besides medicines and tests."""

import io
from dataclasses import replace

import pytest

from downtime.clinical.history import Condition, DocumentReference
from downtime.clinical.model import (
    DiagnosticReport,
    Encounter,
    MedicationAdministration,
    MedicationRequest,
    Patient,
)
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack

WHO = {"source": "EPR", "patient": "q1"}
STAY = Encounter(
    id="s1", source="PAS", patient="q1", status="in-progress", ward="A1", bay="2", bed="4",
    started="2026-11-01T09:30:00Z",
)  # fmt: skip


@pytest.fixture
def summary(vault, snapshot_of, settings, actor, words):
    """`summary(*records)` → the words of the summary of a patient who has them."""

    def build(*found, stay=STAY):
        out = io.BytesIO()
        who = Patient(id="q1", source="PAS", mrn="RX10001", family="Marsh")
        snapshot = snapshot_of([who, stay, *found], systems={"PAS": "", "EPR": "", "LIMS": ""})
        request = PatientPack(patient="q1", forms=())
        print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot)
        return " ".join(" ".join(words(out.getvalue())).split())

    return build


def test_problems_stand_on_it_with_how_sure_they_are(summary):
    kidneys = Condition(
        id="c1", display="Kidney failure", status="active", verification="provisional", **WHO,
        onset="2018",
    )  # fmt: skip
    text = summary(kidneys)
    assert "Problems and diagnoses" in text
    assert "Kidney failure active, provisional 2018" in text


def test_documents_are_named_and_where_their_words_are(summary):
    plan = DocumentReference(id="d1", kind="Care plan", title="Ceiling of care", **WHO)
    letter = DocumentReference(id="d2", kind="Letter", text="Dear colleague", **WHO)
    text = summary(plan, letter)
    assert "Care plan Ceiling of care not sent: ask EPR" in text
    assert "Letter on the screen" in text
    assert "Dear colleague" not in text


def test_a_day_of_leaving_is_expected_and_no_discharge(summary):
    text = summary(stay=replace(STAY, expected_end="2026-11-05"))
    assert "Expected to leave" in text
    assert "05-Nov-2026" in text
    assert "A1, bay 2, bed 4" in text


def test_a_report_without_a_time_is_shown_and_not_older(summary):
    text = summary(
        DiagnosticReport(
            id="r1", source="LIMS", patient="q1", display="Blood count", status="final"
        )
    )
    assert "time not recorded, final" in text
    assert "older report" not in text


def test_a_dose_of_no_prescription_stands_before_the_medicines_and_beside_that_which_it_may_be(
    summary,
):
    text = summary(
        MedicationRequest(
            id="m1", medicine="Paracetamol 1g", frequency="every 6 hours", status="active", **WHO
        ),
        MedicationAdministration(
            id="d1", medicine="Panadol", given="2026-11-02T08:10:00Z", status="given", **WHO
        ),
    )
    warning = text.index("ASK BEFORE GIVING: these doses belong to no prescription here")
    assert warning < text.index("Panadol") < text.index("Paracetamol 1g") < text.index("ASK FIRST.")

"""What a snapshot carries and what it leaves behind."""

import pytest

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    MedicationRequest,
    Observation,
    Patient,
    ServiceRequest,
)
from downtime.settings import Settings, SnapshotSettings
from downtime.snapshot.select_records import select_records
from tests.conftest import NOW

SETTINGS = Settings(
    snapshot=SnapshotSettings(result_days=30, appointment_days_back=2, appointment_days_ahead=10)
)
RECENT, OLD = "2026-10-20T10:00:00Z", "2026-09-01T10:00:00Z"


def carried(*records):
    return [record.id for record in select_records(records, SETTINGS, NOW)]


def of(kind, **fields):
    return kind(**{"id": "x", "patient": "p", "updated": OLD, "source": "PAS"} | fields)


@pytest.mark.parametrize(
    ("record", "is_carried"),
    [
        (Patient(id="x", updated=OLD), True),
        (of(Encounter, status="in-progress"), True),
        (of(Encounter, status="planned"), True),
        (of(Encounter, status="finished", ended=RECENT), True),
        (of(Encounter, status="finished", ended=OLD), False),
        (of(Encounter, status="in-progress", patient=""), False),
        (of(ServiceRequest, stage="requested"), True),
        (of(ServiceRequest, stage="resulted"), False),
        (of(ServiceRequest, stage="resulted", updated=RECENT), True),
        (of(DiagnosticReport, issued=RECENT), True),
        (of(DiagnosticReport, issued=OLD), False),
        (of(Appointment, start="2026-10-31"), True),
        (of(Appointment, start="2026-10-30T23:00:00Z"), False),
        (of(Appointment, start="2026-11-12T16:00:00Z"), True),
        (of(Appointment, start="2026-11-13T09:00:00Z"), False),
        (of(Appointment, start=""), True),
        (of(AllergyIntolerance, status="active"), True),
        (of(AllergyIntolerance, status="entered-in-error"), False),
        (of(Flag, status="active"), True),
        (of(Flag, status="inactive"), False),
        (of(Flag, ended=OLD), False),
        (of(MedicationRequest, status="active"), True),
        (of(MedicationRequest, status="stopped"), False),
        (of(MedicationRequest, status="stopped", updated=RECENT), True),
    ],
)
def test_carried(record, is_carried):
    assert carried(record) == (["x"] if is_carried else [])


def test_values_go_with_their_report():
    old = DiagnosticReport(id="d1", patient="p", issued=OLD)
    new = DiagnosticReport(id="d2", patient="p", issued=RECENT)
    values = [Observation(id=f"o{n}", patient="p", report=f"d{n}", updated=RECENT) for n in (1, 2)]
    assert carried(old, new, *values) == ["d2", "o2"]


def test_one_system_says_where_patients_are():
    pas = of(Encounter, id="pas", status="in-progress")
    epr = of(Encounter, id="epr", status="in-progress", source="EPR")
    other = of(Encounter, id="other", status="in-progress", source="EPR", patient="q")
    assert carried(epr, pas, other) == ["pas", "other"]
    selected = of(Encounter, id="left", status="finished", ended=RECENT)
    assert carried(epr, selected) == ["left"]
    undone = of(Encounter, id="undone", status="cancelled", updated=RECENT)
    assert carried(epr, undone) == ["epr", "undone"]

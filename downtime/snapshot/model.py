"""The rows in which an opened snapshot answers: a patient with their stay, a report with its values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Observation,
    Patient,
    ServiceRequest,
)


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    INGEST_LOST = "ingest.lost"
    INGEST_REPLAY = "ingest.replay"
    SNAPSHOT_BUILD = "snapshot.build"
    SNAPSHOT_HEAL = "snapshot.heal"
    SNAPSHOT_LOAD = "snapshot.load"
    SNAPSHOT_PIN = "snapshot.pin"
    SNAPSHOT_PUBLISH = "snapshot.publish"


class PatientRow(NamedTuple):
    """A patient and the stay they are in now, None when they are not an inpatient."""

    patient: Patient
    encounter: Encounter | None


class AllergySummary(NamedTuple):
    """One of the four headings of CUI PAB-0064, with the allergies under it."""

    heading: str
    items: list[AllergyIntolerance]
    unavailable: tuple[str, ...] = ()
    """Systems that hold allergies and sent none: there may be more than these."""


class ReportRow(NamedTuple):
    report: DiagnosticReport
    observations: list[Observation]


class OutstandingRow(NamedTuple):
    """A request without a final result."""

    request: ServiceRequest
    patient: Patient
    encounter: Encounter | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A clinic or theatre on one day, and how many are expected."""

    location: str
    count: int


class AppointmentRow(NamedTuple):
    appointment: Appointment
    patient: Patient

"""Which present records a snapshot carries: what a ward needs, and no more. Pure.

One rule for a type of record; what depends on other records (values of a report, where a patient
is) is in `snapshot.select_records`.
"""

from typing import NamedTuple, Protocol

from downtime.clinical.history import Condition, DocumentReference, DocumentStatus
from downtime.clinical.model import (
    OPEN_STAGES,
    Appointment,
    ClinicalStatus,
    DiagnosticReport,
    Encounter,
    EncounterStatus,
    Flag,
    MedicationAdministration,
    MedicationRequest,
    MedicationRequestStatus,
    Observation,
    ServiceRequest,
)

_STANDING_STAYS = (EncounterStatus.IN_PROGRESS, EncounterStatus.PLANNED, "")
_PAST_PROBLEMS = (ClinicalStatus.INACTIVE, ClinicalStatus.RESOLVED, "remission")
_RUNNING_MEDICINES = (MedicationRequestStatus.ACTIVE, MedicationRequestStatus.ON_HOLD, "")


class RetentionWindow(NamedTuple):
    """From when records are carried: ISO days; an instant compares with a day as text."""

    now: str
    results: str
    first_appointment: str
    last_appointment: str


class PatientRecord(Protocol):
    """What a rule for any type of record needs."""

    @property
    def patient(self) -> str: ...

    @property
    def status(self) -> str: ...


def keep_always(record: object, window: RetentionWindow) -> bool:
    """People and beds: whoever comes in is found."""
    return True


def keep_unless_wrong(record: PatientRecord, window: RetentionWindow) -> bool:
    """What was entered in error is never carried."""
    return bool(record.patient) and record.status != ClinicalStatus.ENTERED_IN_ERROR


def keep_encounter(record: Encounter, window: RetentionWindow) -> bool:
    """Stays that are open or planned, and those that ended within the days of results."""
    is_standing = record.status in _STANDING_STAYS
    is_recent = max(record.ended, record.updated) >= window.results
    return bool(record.patient) and (is_standing or is_recent)


def keep_request(record: ServiceRequest, window: RetentionWindow) -> bool:
    """Every open request however old, and recent finished ones."""
    is_open = record.stage in (*OPEN_STAGES, "")
    return bool(record.patient) and (is_open or record.updated >= window.results)


def keep_report(record: DiagnosticReport, window: RetentionWindow) -> bool:
    """Recent reports."""
    return bool(record.patient) and max(record.issued, record.updated) >= window.results


def keep_observation(record: Observation, window: RetentionWindow) -> bool:
    """Recent values that belong to no report; the others go with theirs."""
    return bool(record.patient) and max(record.effective, record.updated) >= window.results


def keep_appointment(record: Appointment, window: RetentionWindow) -> bool:
    """Appointments within their window, and those without a time."""
    is_near = window.first_appointment <= record.start < window.last_appointment
    return bool(record.patient) and (is_near or not record.start)


def keep_flag(record: Flag, window: RetentionWindow) -> bool:
    """Alerts that stand."""
    is_over = (
        record.status in (ClinicalStatus.ENTERED_IN_ERROR, ClinicalStatus.INACTIVE)
        or "" < record.ended <= window.now
    )
    return bool(record.patient) and not is_over


def keep_condition(record: Condition, window: RetentionWindow) -> bool:
    """Problems that stand, and those that are over within the days of results."""
    is_wrong = record.status == ClinicalStatus.ENTERED_IN_ERROR
    is_standing = record.status not in _PAST_PROBLEMS
    is_recent = max(record.ended, record.recorded, record.updated) >= window.results
    return bool(record.patient) and not is_wrong and (is_standing or is_recent)


def keep_document(record: DocumentReference, window: RetentionWindow) -> bool:
    """Recent documents that hold."""
    is_current = record.status in (DocumentStatus.CURRENT, "")
    return (
        bool(record.patient) and is_current and max(record.date, record.updated) >= window.results
    )


def keep_medication_request(record: MedicationRequest, window: RetentionWindow) -> bool:
    """Medicines that are running or recent."""
    is_wrong = record.status == MedicationRequestStatus.ENTERED_IN_ERROR
    is_running = record.status in _RUNNING_MEDICINES
    is_recent = max(record.authored, record.updated) >= window.results
    return bool(record.patient) and not is_wrong and (is_running or is_recent)


def keep_administration(record: MedicationAdministration, window: RetentionWindow) -> bool:
    """Recent doses."""
    return bool(record.patient) and max(record.given, record.updated) >= window.results

"""Which of the present records a snapshot carries: what a ward needs, and no more."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    Location,
    MedicationAdministration,
    MedicationRequest,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.clock import to_text
from downtime.settings import Settings

OPEN_STAGES = ("requested", "collected", "received", "in-progress", "")
ENTERED_IN_ERROR = "entered-in-error"


class SelectionWindow(NamedTuple):
    """ISO days; an instant compares with a day as text."""

    now: str
    results: str
    first_appointment: str
    last_appointment: str
    places: str
    """The system that is believed on where patients are."""


def selection_window(settings: Settings, now: datetime) -> SelectionWindow:
    """The days that the settings mean at this moment."""

    def day(days: int) -> str:
        return (now + timedelta(days=days)).date().isoformat()

    return SelectionWindow(
        to_text(now),
        day(-settings.snapshot.result_days),
        day(-settings.snapshot.appointment_days_back),
        day(settings.snapshot.appointment_days_ahead + 1),
        settings.systems.records.get("Encounter", ""),
    )


def select_records(records: Iterable[Record], limits: SelectionWindow) -> Iterator[Record]:
    """The records to carry. Reports must come before their values, as `present` gives them.

    - everybody who is known, so that whoever comes in is found;
    - stays that are open or planned, and those that ended in the last `result_days`;
    - every open request however old, finished ones and reports of the last `result_days`;
    - appointments within their window, medicines that are running or recent;
    - allergies and flags that stand. What was entered in error is never carried.
    """
    stays: list[Encounter] = []
    reports: set[str] = set()
    for record in records:
        if isinstance(record, Encounter):
            stays.append(record)
        elif isinstance(record, Observation):
            if record.report in reports or (not record.report and _is_recent(record, limits)):
                yield record
        elif _is_selected(record, limits):
            if isinstance(record, DiagnosticReport):
                reports.add(record.id)
            yield record
    yield from _select_stays(stays, limits)


def _is_selected(record: Record, limits: SelectionWindow) -> bool:
    match record:
        case Patient() | Location():
            return True
        case ServiceRequest():
            is_open = record.stage in OPEN_STAGES
            return bool(record.patient) and (is_open or record.updated >= limits.results)
        case DiagnosticReport():
            newest = max(record.issued, record.updated)
            return bool(record.patient) and newest >= limits.results
        case Appointment():
            in_time = limits.first_appointment <= record.start < limits.last_appointment
            return bool(record.patient) and (in_time or not record.start)
        case AllergyIntolerance():
            return bool(record.patient) and record.status != ENTERED_IN_ERROR
        case Flag():
            over = (
                record.status in (ENTERED_IN_ERROR, "inactive") or "" < record.ended <= limits.now
            )
            return bool(record.patient) and not over
        case MedicationRequest():
            running = record.status in ("active", "on-hold", "")
            recent = max(record.authored, record.updated) >= limits.results
            return (
                bool(record.patient) and record.status != ENTERED_IN_ERROR and (running or recent)
            )
        case MedicationAdministration():
            return bool(record.patient) and max(record.given, record.updated) >= limits.results
    return False


def _is_recent(record: Observation, limits: SelectionWindow) -> bool:
    return bool(record.patient) and max(record.effective, record.updated) >= limits.results


def _select_stays(stays: list[Encounter], limits: SelectionWindow) -> Iterator[Encounter]:
    """One system says where patients are; another is asked only about those it does not know."""
    carried = [stay for stay in stays if stay.patient and _is_current_stay(stay, limits)]
    placed = {
        stay.patient
        for stay in carried
        if stay.source == limits.places and stay.status != "cancelled"
    }
    for stay in carried:
        if stay.source == limits.places or stay.patient not in placed:
            yield stay


def _is_current_stay(stay: Encounter, limits: SelectionWindow) -> bool:
    is_open = stay.status in ("in-progress", "planned", "")
    return is_open or max(stay.ended, stay.updated) >= limits.results

"""Which of the present records a snapshot carries: the rule of each type, and what lies across."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from downtime.clinical.model import (
    DiagnosticReport,
    Encounter,
    EncounterStatus,
    Observation,
    Record,
)
from downtime.clinical.record_types import RECORD_TYPES, find_owner
from downtime.clinical.retention import RetentionWindow, keep_encounter
from downtime.clock import to_text
from downtime.settings import Settings


def retention_window(settings: Settings, now: datetime) -> RetentionWindow:
    """The days that the settings mean at this moment."""

    def day(days: int) -> str:
        return (now + timedelta(days=days)).date().isoformat()

    return RetentionWindow(
        to_text(now),
        day(-settings.snapshot.result_days),
        day(-settings.snapshot.appointment_days_back),
        day(settings.snapshot.appointment_days_ahead + 1),
    )


def select_records(
    records: Iterable[Record], settings: Settings, now: datetime
) -> Iterator[Record]:
    """The records to carry. Reports must come before their values, as `settle_records` gives them.

    A value goes with its report, however old; a stay is judged beside the patient's other stays.
    """
    window = retention_window(settings, now)
    rules = {row.record: row.is_in_snapshot for row in RECORD_TYPES.values()}
    stays: list[Encounter] = []
    reports: set[str] = set()
    for record in records:
        if isinstance(record, Encounter):
            stays.append(record)
        elif isinstance(record, Observation) and record.report:
            if record.report in reports:
                yield record
        elif rules[type(record)](record, window):
            if isinstance(record, DiagnosticReport):
                reports.add(record.id)
            yield record
    source = find_owner(settings.systems.records, Encounter.__name__)
    earliest = to_text(now - timedelta(hours=settings.snapshot.named_place_hours))
    current = [
        stay
        for stay in stays
        # A place that an order or result named (`settle_stays`) is believed while it is new.
        if stay.status or stay.source == source or stay.updated >= earliest
    ]
    yield from _select_stays([stay for stay in current if keep_encounter(stay, window)], source)


def _select_stays(stays: list[Encounter], believed: str) -> Iterator[Encounter]:
    """One system says where patients are; another is asked only about those it does not know."""
    located = {
        stay.patient
        for stay in stays
        if stay.source == believed and stay.status != EncounterStatus.CANCELLED
    }
    for stay in stays:
        if stay.source == believed or stay.patient not in located:
            yield stay

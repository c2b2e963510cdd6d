"""What a bed board says beside each patient: allergies, alerts, tests outstanding, what is due today."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from downtime.clinical.early_warnings import EarlyWarning
from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    AppointmentStatus,
    Encounter,
    Flag,
    Location,
    ServiceRequest,
)
from downtime.clock import from_text
from downtime.snapshot.availability import word_unavailable
from downtime.snapshot.bed_board import FREE, BedRow
from downtime.snapshot.model import AllergySummary, OutstandingRow
from downtime.snapshot.outstanding_tests import Urgency, find_urgency
from downtime.snapshot.store.opened_snapshot import Snapshot, summarise_active

R = TypeVar("R", AllergyIntolerance, Appointment, Flag)
ISOLATION_WORDS = ("isolat", "barrier nurs", "side room")
"""An alert that holds one of these is shown as isolation."""


NOT_SENT = "not sent"
"""In place of a count of what no system sent: nobody knows that there are none."""


class BedFilter(StrEnum):
    """Which rows of a board are shown."""

    ALL = "all"
    EMPTY = "empty"
    CLOSED = "closed"
    LEAVING = "leaving"
    TESTS = "tests"
    ALERTS = "alerts"
    ISOLATION = "isolation"
    NEWS2 = "news2"
    BOARDERS = "boarders"
    DUE = "due"


_FILTER_RECORDS: Mapping[BedFilter, str] = {
    BedFilter.EMPTY: Location.__name__,
    BedFilter.CLOSED: Location.__name__,
    BedFilter.TESTS: ServiceRequest.__name__,
    BedFilter.ALERTS: Flag.__name__,
    BedFilter.ISOLATION: Flag.__name__,
    BedFilter.DUE: Appointment.__name__,
}
"""Which records say who belongs to a filter; the others are of the stays themselves."""
_BOARD_RECORDS = {
    "Alerts": Flag.__name__,
    "tests outstanding": ServiceRequest.__name__,
    "due today": Appointment.__name__,
}


def word_count(snapshot: Snapshot, name: BedFilter, count: int) -> str:
    """How many a filter leaves: `3`, `3 or more` and `not sent` while a system sent nothing of it."""
    if name == BedFilter.LEAVING:
        return str(count) if count or snapshot.has_expected_ends else NOT_SENT
    record_type = _FILTER_RECORDS.get(name)
    if record_type is None or snapshot.find_availability(record_type).is_known:
        return str(count)
    return f"{count} or more" if count else NOT_SENT


def list_unsent(snapshot: Snapshot) -> list[str]:
    """What a board cannot say of anybody: `alerts: EPR unavailable`, `who is expected: not sent`."""
    parts = [
        f"{title}: {absence}"
        for title, name in _BOARD_RECORDS.items()
        if (absence := word_unavailable(snapshot.find_availability(name)))
    ]
    if not snapshot.has_planned_stays:
        parts.append(f"who is expected: {NOT_SENT}")
    if not snapshot.has_expected_ends:
        parts.append(f"who is expected to leave: {NOT_SENT}")
    return parts


@dataclass(frozen=True, slots=True)
class WardFacts:
    """What is known of everybody on a ward, by the id of the patient; `today` is an ISO day there."""

    today: str
    zone: ZoneInfo
    allergies: dict[str, AllergySummary]
    alerts: dict[str, list[Flag]]
    tests: dict[str, list[OutstandingRow]]
    due: dict[str, list[Appointment]]
    early_warnings: dict[str, EarlyWarning]
    specialties: tuple[str, ...] = ()
    """Whose patients the ward takes; without any, nobody there is known to be a boarder."""

    def is_boarder(self, stay: Encounter | None) -> bool:
        """Whether they lie here for want of a bed on a ward of their own specialty."""
        taken = {name.casefold() for name in self.specialties}
        return bool(stay and stay.specialty and taken and stay.specialty.casefold() not in taken)

    def is_isolated(self, patient: str) -> bool:
        """Whether an alert says that they are nursed apart."""
        return any(map(is_isolation, self.alerts.get(patient, ())))

    def has_high_score(self, patient: str) -> bool:
        """Whether their last NEWS2 calls for an urgent review."""
        warning = self.early_warnings.get(patient)
        return warning is not None and warning.is_urgent

    def count_urgent(self, patient: str) -> int:
        """How many of their tests outstanding are not routine."""
        tests = self.tests.get(patient, ())
        return sum(find_urgency(row) != Urgency.ROUTINE for row in tests)

    def is_leaving(self, stay: Encounter | None) -> bool:
        """Whether they are expected to leave today, or were before."""
        return bool(stay and stay.expected_end and self._day(stay.expected_end) <= self.today)

    def find_filters(self, row: BedRow) -> set[BedFilter]:
        """The filters of the board that leave this row."""
        patient = row.patient.id if row.patient else ""
        leaves = {
            BedFilter.ALL: True,
            BedFilter.EMPTY: not patient and row.location.status in FREE,
            BedFilter.CLOSED: not patient and row.location.status not in FREE,
            BedFilter.LEAVING: self.is_leaving(row.encounter),
            BedFilter.TESTS: patient in self.tests,
            BedFilter.ALERTS: patient in self.alerts,
            BedFilter.ISOLATION: self.is_isolated(patient),
            BedFilter.NEWS2: self.has_high_score(patient),
            BedFilter.BOARDERS: self.is_boarder(row.encounter),
            BedFilter.DUE: patient in self.due,
        }
        return {name for name, is_left in leaves.items() if is_left}

    def _day(self, moment: str) -> str:
        return find_day(moment, self.zone)


def read_ward_facts(
    snapshot: Snapshot,
    ward: str,
    patients: Iterable[str],
    today: str,
    zone: ZoneInfo,
    specialties: tuple[str, ...] = (),
    moved: Iterable[str] = (),
) -> WardFacts:
    """Of these patients of a ward; `moved` are those whom the snapshot has on another one, or on none."""
    ids = list(patients)
    active = _group(snapshot.find_records(AllergyIntolerance, "patient", ids))
    unavailable = snapshot.find_availability(AllergyIntolerance.__name__).unavailable
    due = (
        appointment
        for appointment in snapshot.find_records(Appointment, "patient", ids)
        if appointment.status != AppointmentStatus.CANCELLED
        and find_day(appointment.start, zone) == today
    )
    tests: dict[str, list[OutstandingRow]] = defaultdict(list)
    elsewhere = list(moved)
    others = snapshot.list_outstanding_of(elsewhere) if elsewhere else []
    for row in (*snapshot.list_outstanding_tests(ward=ward), *others):
        tests[row.patient.id].append(row)
    return WardFacts(
        today,
        zone,
        {key: _summarise(active.get(key, []), unavailable) for key in ids},
        _group(snapshot.find_records(Flag, "patient", ids)),
        dict(tests),
        _group(sorted(due, key=lambda appointment: appointment.start)),
        snapshot.find_early_warnings(ids),
        specialties,
    )


def is_isolation(flag: Flag) -> bool:
    """Whether an alert says that somebody is nursed apart."""
    text = flag.text.casefold()
    return any(word in text for word in ISOLATION_WORDS)


def find_day(moment: str, zone: ZoneInfo) -> str:
    """The ISO day of a stored time where the site is; empty when there is none."""
    if "T" not in moment:
        return moment
    return from_text(moment).astimezone(zone).date().isoformat()


def _summarise(records: list[AllergyIntolerance], unavailable: tuple[str, ...]) -> AllergySummary:
    active = [record for record in records if record.status in ("active", "")]
    return summarise_active(active, unavailable)


def _group(records: Iterable[R]) -> dict[str, list[R]]:
    grouped: dict[str, list[R]] = defaultdict(list)
    for record in records:
        grouped[record.patient].append(record)
    return dict(grouped)

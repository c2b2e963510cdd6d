"""Medicines beside the doses that were given of them: the last one, and when the next may be due. Pure.

`match_doses` says which dose is of which prescription. When the next is due is worked out only from
times or intervals that the prescription names, counted from the last dose given; the chart and the
prescriber decide.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical.match_doses import OwnNames, PossibleDose, PrescribedDoses, match_doses
from downtime.clinical.model import (
    AdministrationStatus,
    MedicationAdministration,
    MedicationRequest,
    MedicationRequestCategory,
    MedicationRequestStatus,
)
from downtime.clock import from_text, to_text
from downtime.config import read_data_file

TIME_CRITICAL: tuple[str, ...] = tuple(
    name
    for names in read_data_file("downtime.clinical", "time_critical.toml").values()
    for name in names
)
"""Beginnings of words of medicines of which a late dose can harm, unless the site has its own."""
_ON_CHART = (MedicationRequestStatus.ACTIVE, "")
_NAMED_TIME = re.compile(r"\b([01]\d|2[0-3]):([0-5]\d)\b")
_WORD = re.compile(r"[^\W\d_][\w-]*")
_INTERVAL = re.compile(r"\bevery (\d{1,2}) hours?\b")
_A_DAY = {"once": 1, "twice": 2, "two times": 2, "three times": 3, "four times": 4, "six times": 6}
_NOT_BY_THE_CLOCK = re.compile(
    r"up to|required|needed|week|alternate|month|fortnight|only|\bstat\b"
    r"|\b(?:every|each) (?:other|second|third|\d+|two|three|four|five|six|seven|ten) (?:day|night)"
    r"|\b(?:day \d|in \d+ (?:hours|days))|^once$|\b1 dose in all"
    r"|\b(?:\d{1,2} [a-z]{3} \d{4}|\d{4}-\d\d-\d\d)\b"
    r"|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?\b"
)
"""Words of what is not given every day, or only sometimes: of such no time is worked out."""
_BOUND = re.compile(r"\b(?:from|until) \d{1,2} [a-z]{3} \d{4}(?: \d\d:\d\d)?")
"""From when and until when: the hour there is none of every day."""
_END = re.compile(r"\buntil (\d{1,2} [a-z]{3} \d{4})(?: (\d\d:\d\d))?")


@dataclass(frozen=True, slots=True)
class MedicineRow:
    """A prescription, its last dose, and when the next may be due (UTC, empty when not known)."""

    medicine: MedicationRequest
    last: MedicationAdministration | None
    next_due: str
    is_time_critical: bool = False
    """A dose that comes late or never can harm: such medicines stand first."""
    possible: tuple[PossibleDose, ...] = ()
    """Later doses that may have been of it, the newest first: it is never plainly due."""
    given_before: MedicationAdministration | None = None
    """The last dose that was given, where `last` was not."""

    @property
    def is_taken(self) -> bool:
        """Whether any dose of it was given."""
        return self.given_before is not None or (
            self.last is not None and self.last.status != AdministrationStatus.NOT_GIVEN
        )


class PatientDoses(NamedTuple):
    """What a patient is prescribed with the doses of it, and the doses of what is not prescribed."""

    rows: Sequence[MedicineRow]
    unprescribed: Sequence[MedicationAdministration]
    """The last of each name, the newest first."""


def list_patient_doses(
    medicines: Iterable[MedicationRequest],
    doses: Iterable[MedicationAdministration],
    zone: ZoneInfo,
    until: str,
    time_critical: Iterable[str] = TIME_CRITICAL,
    own_names: OwnNames = (),
) -> PatientDoses:
    """Every prescription with what was given of it, time-critical ones first, else in their order.

    `time_critical` are beginnings of words of a medicine's name, in small letters; `until` and
    `own_names` as for `match_doses`.
    """
    critical = tuple(time_critical)
    matched = match_doses(medicines, doses, until, own_names)
    rows = [_make_row(row, zone, critical) for row in matched.rows]
    in_order = sorted(rows, key=lambda row: not row.is_time_critical)
    return PatientDoses(in_order, matched.unprescribed[::-1])


def _make_row(
    prescribed: PrescribedDoses, zone: ZoneInfo, critical: tuple[str, ...]
) -> MedicineRow:
    medicine, taken = prescribed.medicine, prescribed.last_taken
    last = prescribed.certain[-1] if prescribed.certain else None
    before = taken if last != taken else None
    due = _find_next_due(medicine, taken.given, zone) if taken else ""
    if last and due and due <= last.given:  # what was due then was not given
        due = _find_named_due(medicine, last.given, zone)
    due = _end_with(medicine, due, zone)
    possible = sorted(prescribed.possible, key=lambda row: row.dose.given, reverse=True)
    is_critical = _is_named(medicine.medicine, critical)
    return MedicineRow(medicine, last, due, is_critical, tuple(possible), before)


def list_last_day(
    doses: Iterable[MedicationAdministration], until: str
) -> list[MedicationAdministration]:
    """Doses given and not given in the 24 hours before a time (UTC), the last first."""
    since = to_text(from_text(until) - timedelta(days=1))
    recent = (dose for dose in doses if dose.given >= since)
    return sorted(recent, key=lambda dose: dose.given, reverse=True)


def _find_next_due(medicine: MedicationRequest, last: str, zone: ZoneInfo) -> str:
    frequency = _read_times(medicine.frequency)
    is_regular = medicine.category in ("", MedicationRequestCategory.REGULAR)
    is_regular = is_regular and medicine.status in _ON_CHART
    if not is_regular or "T" not in last or _NOT_BY_THE_CLOCK.search(frequency):
        return ""
    if named := _find_named_due(medicine, last, zone):
        return named
    hours = find_interval_hours(frequency)
    return to_text(from_text(last) + timedelta(hours=hours)) if hours else ""


def _end_with(medicine: MedicationRequest, due: str, zone: ZoneInfo) -> str:
    """A time at which a dose is due, unless the prescription has ended by then."""
    end = _find_end(medicine.frequency, zone)
    return "" if due and end and from_text(due) >= end else due


def _read_times(frequency: str) -> str:
    """A frequency in small letters, without from when and until when."""
    return _BOUND.sub("", frequency.casefold())


def _find_end(frequency: str, zone: ZoneInfo) -> datetime | None:
    """Until when a medicine is prescribed: the end of that day where no hour is named; None where nothing says so."""
    if not (end := _END.search(frequency.casefold())):
        return None
    try:
        day = datetime.strptime(f"{end[1]} {end[2] or '00:00'}", "%d %b %Y %H:%M")
    except ValueError:
        return None
    return day.replace(tzinfo=zone) + timedelta(days=0 if end[2] else 1)


def _find_named_due(medicine: MedicationRequest, last: str, zone: ZoneInfo) -> str:
    """By the times that a prescription names; an interval counts from a dose that was given alone."""
    names = _NAMED_TIME.findall(_read_times(medicine.frequency))
    times = [time(int(hour), int(minute)) for hour, minute in names]
    return to_text(_next_named(times, from_text(last), zone)) if times and "T" in last else ""


def list_named_times(
    frequency: str, since: datetime, until: datetime, zone: ZoneInfo
) -> list[datetime] | None:
    """The times after `since` and up to `until` that a frequency names; None where it names none of every day."""
    times = _read_times(frequency)
    names, end = _NAMED_TIME.findall(times), _find_end(frequency, zone)
    if not names or _NOT_BY_THE_CLOCK.search(times) or (end and end <= until):
        return None
    first = since.astimezone(zone).date()
    days = (until.astimezone(zone).date() - first).days
    moments = (
        datetime.combine(first + timedelta(days=day), time(int(hour), int(minute)), zone)
        for day in range(days + 1)
        for hour, minute in names
    )
    return sorted(moment for moment in moments if since < moment <= until)


def find_interval_hours(frequency: str) -> float:
    """The hours between two doses that a prescription's frequency names; 0 where it names none."""
    folded = _read_times(frequency)
    if _NOT_BY_THE_CLOCK.search(folded):
        return 0.0
    if interval := _INTERVAL.search(folded):
        return float(interval[1])
    a_day = next((n for prefix, n in _A_DAY.items() if folded.startswith(prefix)), 0)
    return 24 / a_day if a_day else 0.0


def _next_named(times: Iterable[time], after: datetime, zone: ZoneInfo) -> datetime:
    """The first of these times of a day that comes more than an hour after a dose."""
    local = after.astimezone(zone)
    days = (local.date() + timedelta(days=n) for n in (0, 1))
    moments = (datetime.combine(day, at, zone) for day in days for at in sorted(times))
    return next(moment for moment in moments if moment > local + timedelta(hours=1))


def _is_named(medicine: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a word of a medicine's name begins so; `co-careldopa` is one word."""
    return any(word.startswith(beginnings) for word in _WORD.findall(medicine.casefold()))

"""Medicines beside the doses that were given of them: the last one, and when the next may be due. Pure.

A dose belongs to a prescription of the same words, as the source sent both. When the next is due is
worked out only from times or intervals that the prescription names, counted from the last dose given;
the chart and the prescriber decide.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from downtime.clinical.model import (
    AdministrationStatus,
    MedicationAdministration,
    MedicationRequest,
    MedicationRequestCategory,
)
from downtime.clock import from_text, to_text

_NAMED_TIME = re.compile(r"\b([01]\d|2[0-3]):([0-5]\d)\b")
_INTERVAL = re.compile(r"\bevery (\d{1,2}) hours?\b")
_A_DAY = {"once": 1, "twice": 2, "two times": 2, "three times": 3, "four times": 4, "six times": 6}
_NOT_BY_THE_CLOCK = ("up to", "required", "needed", "week", "alternate", "month")


@dataclass(frozen=True, slots=True)
class MedicineRow:
    """A prescription, its last dose, and when the next may be due (UTC, empty when not known)."""

    medicine: MedicationRequest
    last: MedicationAdministration | None
    next_due: str


def list_medicine_rows(
    medicines: Iterable[MedicationRequest],
    doses: Iterable[MedicationAdministration],
    zone: ZoneInfo,
) -> list[MedicineRow]:
    """Every prescription in its order, with what was given of it."""
    by_medicine: dict[str, list[MedicationAdministration]] = {}
    for dose in sorted(doses, key=lambda dose: dose.given):
        by_medicine.setdefault(_fold(dose.medicine), []).append(dose)
    rows = []
    for medicine in medicines:
        records = by_medicine.get(_fold(medicine.medicine), [])
        taken = [d for d in records if d.status != AdministrationStatus.NOT_GIVEN]
        due = _find_next_due(medicine, taken[-1].given, zone) if taken else ""
        rows.append(MedicineRow(medicine, records[-1] if records else None, due))
    return rows


def list_unprescribed(
    medicines: Iterable[MedicationRequest], doses: Iterable[MedicationAdministration]
) -> list[MedicationAdministration]:
    """Doses of what is not among these prescriptions, the last first."""
    prescribed = {_fold(medicine.medicine) for medicine in medicines}
    others = (dose for dose in doses if _fold(dose.medicine) not in prescribed)
    return sorted(others, key=lambda dose: dose.given, reverse=True)


def _find_next_due(medicine: MedicationRequest, last: str, zone: ZoneInfo) -> str:
    frequency = medicine.frequency.casefold()
    is_regular = medicine.category in ("", MedicationRequestCategory.REGULAR)
    if not is_regular or "T" not in last or any(w in frequency for w in _NOT_BY_THE_CLOCK):
        return ""
    administered = from_text(last)
    if times := [time(int(h), int(m)) for h, m in _NAMED_TIME.findall(frequency)]:
        return to_text(_next_named(times, administered, zone))
    if interval := _INTERVAL.search(frequency):
        return to_text(administered + timedelta(hours=int(interval[1])))
    if a_day := next((n for prefix, n in _A_DAY.items() if frequency.startswith(prefix)), 0):
        return to_text(administered + timedelta(hours=24 / a_day))
    return ""


def _next_named(times: Iterable[time], after: datetime, zone: ZoneInfo) -> datetime:
    """The first of these times of a day that comes more than an hour after a dose."""
    local = after.astimezone(zone)
    days = (local.date() + timedelta(days=n) for n in (0, 1))
    moments = (datetime.combine(day, at, zone) for day in days for at in sorted(times))
    return next(moment for moment in moments if moment > local + timedelta(hours=1))


def _fold(medicine: str) -> str:
    return " ".join(medicine.casefold().split())

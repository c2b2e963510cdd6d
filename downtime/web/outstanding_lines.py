"""Tests outstanding as lines of the screen: everything in words, so that a long list is put together fast."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from downtime.clinical import display
from downtime.clinical.departments import department_name
from downtime.clinical.model import Encounter, Patient, ServiceRequest
from downtime.snapshot.availability import Availability, word_place
from downtime.snapshot.model import OutstandingRow
from downtime.snapshot.outstanding_tests import Urgency, find_age, find_urgency
from downtime.web.template_filters import (
    capitalise_code,
    format_location,
    format_nhs_status,
    split_moment,
)

NOT_AN_INPATIENT = "Not an inpatient"


class OutstandingLine(NamedTuple):
    """One request without a final result, in the words of the screen."""

    patient: Patient
    request: ServiceRequest
    place: str
    place_now: str
    """Where staff say somebody is now; empty where they said nothing."""
    name: str
    is_same_name: bool
    born: Markup
    nhs_number: str
    department: str
    priority: str
    is_urgent: bool
    stage: str
    requested: Markup
    collected: Markup
    waiting: str


def list_lines(
    rows: Iterable[OutstandingRow],
    same_names: Collection[str],
    stays: Availability,
    now: datetime,
    zone: ZoneInfo,
    places_now: Mapping[str, str],
) -> Iterator[OutstandingLine]:
    """The lines of these requests; `same_names` are the ids of who shares their name with somebody.

    `places_now`: by patient where staff say that they are.
    """
    today = now.astimezone(zone).date()
    for row in rows:
        patient, request, age = row.patient, row.request, find_age(row, now)
        yield OutstandingLine(
            patient=patient,
            request=request,
            place=_word_place(row.encounter, stays),
            place_now=places_now.get(patient.id, ""),
            name=display.format_name(patient),
            is_same_name=patient.id in same_names,
            born=split_moment(display.format_birth(patient, today)),
            nhs_number=format_nhs_status(patient),
            department=department_name(request.department),
            priority=capitalise_code(request.priority) or display.NOT_RECORDED,
            is_urgent=find_urgency(row) != Urgency.ROUTINE,
            stage=capitalise_code(request.stage) or display.NOT_RECORDED,
            requested=split_moment(display.format_moment(request.authored, zone)),
            collected=split_moment(display.format_moment(request.collected, zone)),
            waiting="Not known" if age is None else display.format_duration(age),
        )


def _word_place(stay: Encounter | None, stays: Availability) -> str:
    return word_place(format_location(stay), stay is not None, stays, NOT_AN_INPATIENT)

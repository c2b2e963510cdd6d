"""The harm review of operations and appointments: what was put off, and whether it is booked again.

Pure. In England, who has an operation cancelled by the hospital at the last minute for other than
clinical reasons is offered another date within 28 days (Handbook to the NHS Constitution, pledge on
cancelled operations). Whether that pledge applies is for people to say; the review shows the new
date, or that there is none.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from downtime.clinical.model import Appointment, AppointmentStatus
from downtime.entry.facts import PaperPerson, make_paper_person
from downtime.reconcile.harm.model import FindingKind, FindingState, HarmFinding, Step
from downtime.reconcile.harm.records import ReviewedRecords
from downtime.reconcile.model import Item
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.settings import Settings

MISSED = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW)


@dataclass(frozen=True, slots=True)
class AppointmentReview:
    """What was planned between `since` and `until` (UTC as stored), before and after."""

    items: Sequence[Item]
    before: ReviewedRecords
    after: ReviewedRecords
    since: str
    until: str
    settings: Settings


def find_missed_appointments(review: AppointmentReview) -> Iterator[HarmFinding]:
    """Every planned visit of the outage that did not take place, and those nobody closed."""
    by_patient: dict[str, list[Appointment]] = defaultdict(list)
    for appointment in review.after.appointments.values():
        by_patient[review.after.find_surviving_id(appointment.patient)].append(appointment)
    cancellations = _find_cancellations(review)
    for planned in _find_planned(review):
        live = _find_live(planned, review.after)
        status = live.status if live else planned.status
        item = cancellations.pop(planned.id, None)
        if item or status in MISSED or status == AppointmentStatus.BOOKED:
            yield _finding(review, planned, status, item, by_patient)
    for item in cancellations.values():
        yield _finding_on_paper(item)


def _find_planned(review: AppointmentReview) -> Iterator[Appointment]:
    before = sorted(review.before.appointments.values(), key=lambda a: (a.start, a.id))
    for appointment in before:
        if (
            appointment.status == AppointmentStatus.BOOKED
            and review.since <= appointment.start < review.until
        ):
            yield appointment


def _find_cancellations(review: AppointmentReview) -> dict[str, Item]:
    """Cancellations written on forms, by the id of the visit they mean, or by their own key."""
    cancellations = {}
    for item in review.items:
        if item.fact.type != "Appointment" or item.fact.fields.get("status") not in MISSED:
            continue
        known = review.before.appointments
        visit = next((key for key in item.matched_ids if key in known), "")
        cancellations[visit or item.key] = item
    return cancellations


def _find_live(planned: Appointment, after: ReviewedRecords) -> Appointment | None:
    if live := after.appointments.get(planned.id):
        return live
    if not planned.number:
        return None
    same_number = (a for a in after.appointments.values() if a.number == planned.number)
    return next(same_number, None)


def _finding(
    review: AppointmentReview,
    planned: Appointment,
    status: str,
    item: Item | None,
    by_patient: dict[str, list[Appointment]],
) -> HarmFinding:
    patient = review.after.find_surviving_id(planned.patient)
    booked = _new_date_on_paper(item) or _find_new_date(review, planned, by_patient[patient])
    state, reasons = _outcome(booked)
    if not booked and status == AppointmentStatus.BOOKED and item is None:
        state, reasons = FindingState.NOT_KNOWN, make_reasons(ReasonCode.VISIT_NOT_KNOWN)
    known = review.after.patients.get(patient) or review.before.patients.get(planned.patient)
    return HarmFinding(
        key=f"{FindingKind.PUT_OFF}:{planned.number or planned.id}",
        kind=FindingKind.PUT_OFF,
        state=state,
        title=" ".join(filter(None, (planned.kind.capitalize(), planned.description))),
        reasons=reasons,
        patient=patient,
        person=make_paper_person(known) if known else PaperPerson(),
        ward=planned.location,
        system=planned.source,
        serials=(item.fact.serial,) if item else (),
        times=_times(planned.start, booked),
    )


def _outcome(booked: str) -> tuple[FindingState, Reasons]:
    if booked:
        return FindingState.BOOKED_AGAIN, make_reasons(ReasonCode.VISIT_BOOKED_AGAIN, at=booked)
    return FindingState.NOT_BOOKED, make_reasons(ReasonCode.VISIT_NOT_BOOKED)


def _times(planned: str, booked: str) -> dict[str, str]:
    times = {Step.PLANNED.value: planned}
    return times | ({Step.BOOKED.value: booked} if booked else {})


def _finding_on_paper(item: Item) -> HarmFinding:
    """A cancellation on paper of something that no snapshot held."""
    fields, booked = item.fact.fields, _new_date_on_paper(item)
    state, reasons = _outcome(booked)
    return HarmFinding(
        key=f"{FindingKind.PUT_OFF}:{item.key}",
        kind=FindingKind.PUT_OFF,
        state=state,
        title=fields.get("description") or item.fact.title,
        reasons=reasons,
        patient=item.patient,
        person=item.person if item.person != PaperPerson() else item.fact.person,
        ward=item.fact.ward,
        system=item.fact.system,
        serials=(item.fact.serial,),
        times=_times(fields.get("start") or item.fact.event, booked),
    )


def _new_date_on_paper(item: Item | None) -> str:
    return item.fact.fields.get("rebook_start", "") if item else ""


def _find_new_date(
    review: AppointmentReview, planned: Appointment, appointments: Sequence[Appointment]
) -> str:
    """The first later visit of the same kind that came into the system since T0."""
    later = [
        a.start
        for a in appointments
        if a.kind == planned.kind
        and a.start > planned.start
        and a.status
        in (
            AppointmentStatus.BOOKED,
            AppointmentStatus.ARRIVED,
            AppointmentStatus.FULFILLED,
        )
        and (a.specialty == planned.specialty or a.description == planned.description)
        and (a.id not in review.before.appointments or a.id == planned.id)
    ]
    return min(later, default="")

"""The harm review of operations and appointments: what was put off, and whether it is booked again.

Pure. In England, who has an operation cancelled by the hospital at the last minute for other than
clinical reasons is offered another date within 28 days (Handbook to the NHS Constitution, pledge on
cancelled operations). Whether that pledge applies is for people to say; the review shows the new
date, or that there is none.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import Appointment
from downtime.entry.facts import Person, person_of
from downtime.reconcile.harm.model import PUT_OFF, HarmFinding
from downtime.reconcile.harm.records import ReviewedRecords
from downtime.reconcile.model import Item
from downtime.settings import Settings

MISSED = ("cancelled", "noshow")
BOOKED_AGAIN, NOT_BOOKED, NOT_KNOWN = "booked-again", "not-booked", "not-known"


@dataclass(frozen=True, slots=True)
class AppointmentReview:
    """What was planned between `since` and `until` (UTC as stored), before and after."""

    items: Sequence[Item]
    before: ReviewedRecords
    after: ReviewedRecords
    since: str
    until: str
    settings: Settings

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.settings.site.time_zone)


def find_missed_appointments(diary: AppointmentReview) -> Iterator[HarmFinding]:
    """Every planned visit of the outage that did not take place, and those nobody closed."""
    theirs: dict[str, list[Appointment]] = defaultdict(list)
    for one in diary.after.appointments.values():
        theirs[diary.after.surviving_id(one.patient)].append(one)
    written = _cancelled_on_paper(diary)
    for planned in _planned(diary):
        live = _live(planned, diary.after)
        status = live.status if live else planned.status
        item = written.pop(planned.id, None)
        if item or status in MISSED or status == "booked":
            yield _finding(diary, planned, status, item, theirs)
    for item in written.values():
        yield _paper_only(diary, item)


def _planned(diary: AppointmentReview) -> Iterator[Appointment]:
    held = sorted(diary.before.appointments.values(), key=lambda one: (one.start, one.id))
    for one in held:
        if one.status == "booked" and diary.since <= one.start < diary.until:
            yield one


def _cancelled_on_paper(diary: AppointmentReview) -> dict[str, Item]:
    """Cancellations written on forms, by the id of the visit they mean, or by their own key."""
    found = {}
    for item in diary.items:
        if item.fact.type != "Appointment" or item.fact.fields.get("status") not in MISSED:
            continue
        meant = next((key for key in item.matched_ids if key in diary.before.appointments), "")
        found[meant or item.key] = item
    return found


def _live(planned: Appointment, after: ReviewedRecords) -> Appointment | None:
    if found := after.appointments.get(planned.id):
        return found
    if not planned.number:
        return None
    alike = (a for a in after.appointments.values() if a.number == planned.number)
    return next(alike, None)


def _finding(
    diary: AppointmentReview,
    planned: Appointment,
    status: str,
    item: Item | None,
    theirs: dict[str, list[Appointment]],
) -> HarmFinding:
    patient = diary.after.surviving_id(planned.patient)
    again = _written_again(item) or _booked_again(diary, planned, theirs[patient])
    if again:
        state = BOOKED_AGAIN
        words = f"Booked again for {display.format_moment(again, diary.zone)}."
    elif status == "booked" and item is None:
        state, words = NOT_KNOWN, "Still shown as booked: nobody said whether it took place."
    else:
        state, words = NOT_BOOKED, "Put off, and not booked again."
    known = diary.after.patients.get(patient) or diary.before.patients.get(planned.patient)
    return HarmFinding(
        key=f"{PUT_OFF}:{planned.number or planned.id}",
        kind=PUT_OFF,
        state=state,
        title=" ".join(filter(None, (planned.kind.capitalize(), planned.description))),
        words=words,
        patient=patient,
        person=person_of(known) if known else Person(),
        ward=planned.location,
        system=planned.source,
        serials=(item.fact.serial,) if item else (),
        times={"planned": planned.start, **({"booked": again} if again else {})},
    )


def _paper_only(diary: AppointmentReview, item: Item) -> HarmFinding:
    """A cancellation on paper of something that no snapshot held."""
    fields, again = item.fact.fields, _written_again(item)
    state = BOOKED_AGAIN if again else NOT_BOOKED
    words = f"Booked again for {display.format_moment(again, diary.zone)}." if again else ""
    return HarmFinding(
        key=f"{PUT_OFF}:{item.key}",
        kind=PUT_OFF,
        state=state,
        title=fields.get("description") or item.fact.title,
        words=words or "Put off, and not booked again.",
        patient=item.patient,
        person=item.person if item.person != Person() else item.fact.person,
        ward=item.fact.ward,
        system=item.fact.system,
        serials=(item.fact.serial,),
        times={"planned": fields.get("start") or item.fact.event}
        | ({"booked": again} if again else {}),
    )


def _written_again(item: Item | None) -> str:
    return item.fact.fields.get("rebook_start", "") if item else ""


def _booked_again(
    diary: AppointmentReview, planned: Appointment, theirs: Sequence[Appointment]
) -> str:
    """The first later visit of the same kind that came into the system since T0."""
    later = [
        one.start
        for one in theirs
        if one.kind == planned.kind
        and one.start > planned.start
        and one.status in ("booked", "arrived", "fulfilled")
        and (one.specialty == planned.specialty or one.description == planned.description)
        and (one.id not in diary.before.appointments or one.id == planned.id)
    ]
    return min(later, default="")

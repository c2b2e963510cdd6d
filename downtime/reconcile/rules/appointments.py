"""Rules of clinic outcomes, changed and cancelled appointments and operations; see `tests/spec`."""

from datetime import timedelta

from downtime.clinical.model import Appointment, AppointmentStatus, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.rules.candidates import Candidates, rank_by_time, rank_in_order
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    find_nearest,
    fold_text,
    make_verdict,
    unavailable_verdict,
)

_PROGRESS: dict[str, int] = {
    AppointmentStatus.BOOKED: 0,
    AppointmentStatus.ARRIVED: 1,
    AppointmentStatus.FULFILLED: 2,
    AppointmentStatus.NOSHOW: 2,
    AppointmentStatus.CANCELLED: 2,
}
"""How far each status is; from the last ones an appointment does not move on."""


def find_slots(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """By its number; by when it is; or by when it was at T0, if it has been moved since."""
    appointments = context.after.records_of(Appointment, patient.id)
    number = fold_text(fact.fields.get("number", ""))
    if number and (numbered := [a for a in appointments if fold_text(a.number) == number]):
        return rank_in_order(numbered)
    same_kind = [a for a in appointments if a.kind in (fact.fields.get("kind", ""), "")]
    now = _at_that_time(same_kind, fact, context)
    if now.records:
        return now
    earlier = {
        copy.id: (copy, a)
        for a in same_kind
        if isinstance(copy := context.find_record_at_t0(a), Appointment)
    }
    moved = _at_that_time([copy for copy, _ in earlier.values()], fact, context)
    return Candidates(
        {earlier[key][1].id: earlier[key][1] for key in moved.records},
        {earlier[key][1].id: cost for key, cost in moved.costs.items()},
        moved.nothing,
    )


def _contest(fact: Fact) -> str:
    """What became of a slot and its new date may stand on two papers: both are of one appointment."""
    return "rebook" if "rebook_start" in fact.fields else ""


@register_rule(Appointment, find_slots, _contest, is_taken_open=True)
def compare_appointment(
    fact: Fact, patient: Patient, live: Appointment | None, context: ComparisonContext
) -> Verdict:
    """What paper says became of a clinic slot or an operation, and its new date."""
    if not context.after.is_delivered("Appointment"):
        return unavailable_verdict("appointments")
    if live is None:
        return _verdict_on_none(fact)
    if "rebook_start" in fact.fields:
        return _compare_new_date(fact, live, patient, context)
    return _compare_outcome(fact, live, context)


def _at_that_time(
    appointments: list[Appointment], fact: Fact, context: ComparisonContext
) -> Candidates:
    """Those of that time, or of that day when paper names no time, in that place where both say."""
    place = fold_text(fact.fields.get("location", ""))
    same_place = [
        a for a in appointments if not place or not a.location or fold_text(a.location) == place
    ]
    start = fact.fields.get("start", "")
    if "T" not in start:
        same_day = [a for a in same_place if start and context.get_local_day(a.start) == start[:10]]
        return rank_in_order(same_day)
    return rank_by_time(same_place, start, _window(context), lambda a: a.start)


def _window(context: ComparisonContext) -> timedelta:
    return timedelta(minutes=context.settings.reconcile.appointment_match_minutes)


def _verdict_on_none(fact: Fact) -> Verdict:
    status = fact.fields["status"]
    if status in (AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED):
        return make_verdict(ItemState.NEW, ReasonCode.CAME_WITHOUT_APPOINTMENT)
    return make_verdict(ItemState.CONFLICT, ReasonCode.NO_APPOINTMENT, paper=status)


def _compare_outcome(fact: Fact, live: Appointment, context: ComparisonContext) -> Verdict:
    on_paper, in_system = fact.fields["status"], live.status or "booked"
    earlier = context.find_record_at_t0(live)
    if isinstance(earlier, Appointment) and earlier.start != live.start:
        code = ReasonCode.APPOINTMENT_MOVED
        return make_verdict(ItemState.NEWER_LIVE, code, live, at=live.start)
    if on_paper == in_system:
        code = ReasonCode.APPOINTMENT_SAYS_SO
        return make_verdict(ItemState.ALREADY_THERE, code, live, live=in_system)
    paper_progress, live_progress = _PROGRESS.get(on_paper), _PROGRESS.get(in_system)
    is_behind = (live_progress or 0) < (paper_progress or 0)
    if is_behind or not context.has_changed(live, "status", "start"):
        code = ReasonCode.APPOINTMENT_STILL_SAYS
        return make_verdict(ItemState.NEW, code, live, live=in_system)
    state = ItemState.CONFLICT if live_progress == paper_progress == 2 else ItemState.NEWER_LIVE
    code = ReasonCode.APPOINTMENT_DIFFERS
    return make_verdict(state, code, live, paper=on_paper, live=in_system)


def _compare_new_date(
    fact: Fact, live: Appointment, patient: Patient, context: ComparisonContext
) -> Verdict:
    start = fact.fields["rebook_start"]
    appointments = context.after.records_of(Appointment, patient.id)
    kinds = (fact.fields.get("kind", ""), "")
    not_cancelled = [a for a in appointments if a.kind in kinds and a.status != "cancelled"]
    on_new_date = find_nearest(not_cancelled, start, _window(context), lambda a: a.start)
    old_is_gone = live in on_new_date or live.status == AppointmentStatus.CANCELLED
    if on_new_date and old_is_gone:
        both = dict.fromkeys((live, on_new_date[0]))
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.NEW_DATE_EXISTS, *both, at=start)
    if live.status != "cancelled" and context.has_changed(live, "status", "start"):
        status = live.status if live.status in _PROGRESS else "booked"
        code = ReasonCode.APPOINTMENT_CHANGED
        return make_verdict(ItemState.NEWER_LIVE, code, live, at=live.start, live=status)
    if on_new_date:
        code = ReasonCode.NEW_DATE_AND_OLD
        return make_verdict(ItemState.NEW, code, live, on_new_date[0], at=start)
    code = ReasonCode.NO_NEW_DATE if old_is_gone else ReasonCode.OLD_DATE_STANDS
    return make_verdict(ItemState.NEW, code, live, at=start)

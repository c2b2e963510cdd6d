"""Rules of clinic outcomes, changed and cancelled appointments and operations; see `tests/spec`."""

from datetime import timedelta

from downtime.clinical.model import Appointment, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    find_nearest,
    unavailable_verdict,
)

_LATER = {"booked": 0, "arrived": 1, "fulfilled": 2, "noshow": 2, "cancelled": 2}
"""How far each status is; from the last ones an appointment does not move on."""
_SAYS = {
    "booked": "booked",
    "arrived": "arrived",
    "fulfilled": "seen",
    "noshow": "did not come",
    "cancelled": "cancelled",
}


def compare_appointment(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """What paper says became of a clinic slot or an operation, and its new date."""
    if not context.after.is_delivered("Appointment"):
        return unavailable_verdict(fact, "appointments")
    live = context.after.appointments[patient.id]
    found = _meant(fact, live, context)
    if found is None:
        return _absent(fact)
    if "rebook_start" in fact.fields:
        return _rebooked(fact, found, live, context)
    return _outcome(fact, found, context)


def _meant(fact: Fact, live: list[Appointment], context: ComparisonContext) -> Appointment | None:
    """By its number; by when it is; or by when it was at T0, if it has been moved since."""
    number = fold_text(fact.fields.get("number", ""))
    if number and (named := [a for a in live if fold_text(a.number) == number]):
        return named[0]
    alike = [a for a in live if a.kind in (fact.fields.get("kind", ""), "")]
    if now := _at(alike, fact, context):
        return now[0]
    then = {o.id: a for a in alike if isinstance(o := context.earlier(a), Appointment)}
    olds = [o for a in alike if isinstance(o := context.earlier(a), Appointment)]
    moved = _at(olds, fact, context)
    return then[moved[0].id] if moved else None


def _at(listed: list[Appointment], fact: Fact, context: ComparisonContext) -> list[Appointment]:
    """Those of that time, or of that day when paper names no time, in that place where both say."""
    place = fold_text(fact.fields.get("location", ""))
    here = [a for a in listed if not place or not a.location or fold_text(a.location) == place]
    start = fact.fields.get("start", "")
    if "T" not in start:
        return [a for a in here if context.day(a.start) == start[:10] and start]
    window = timedelta(minutes=context.settings.reconcile.appointment_match_minutes)
    return find_nearest(here, start, window, lambda a: a.start)


def _absent(fact: Fact) -> Verdict:
    status = fact.fields["status"]
    if status in ("arrived", "fulfilled"):
        return Verdict(
            ItemState.NEW, f"{fact.system} has no such appointment: the patient came without one."
        )
    words = f"{fact.system} has no such appointment to mark as '{_SAYS.get(status, status)}'."
    return Verdict(ItemState.CONFLICT, words)


def _outcome(fact: Fact, live: Appointment, context: ComparisonContext) -> Verdict:
    said, held = fact.fields["status"], live.status or "booked"
    then = context.earlier(live)
    if isinstance(then, Appointment) and then.start != live.start:
        words = f"{fact.system} has moved this appointment to {context.shown(live.start)} since."
        return Verdict(ItemState.NEWER_LIVE, words, (live.id,))
    if said == held:
        return Verdict(
            ItemState.ALREADY_THERE, f"{fact.system} says {_SAYS.get(held, held)} too.", (live.id,)
        )
    if not context.has_changed(live, "status", "start") or _LATER.get(held, 0) < _LATER.get(
        said, 0
    ):
        return Verdict(
            ItemState.NEW, f"{fact.system} still says {_SAYS.get(held, held)}.", (live.id,)
        )
    words = f"Paper says {_SAYS.get(said, said)}; {fact.system} says {_SAYS.get(held, held)} since."
    clash = _LATER.get(held) == _LATER.get(said) == 2
    return Verdict(ItemState.CONFLICT if clash else ItemState.NEWER_LIVE, words, (live.id,))


def _rebooked(
    fact: Fact, live: Appointment, listed: list[Appointment], context: ComparisonContext
) -> Verdict:
    start = fact.fields["rebook_start"]
    window = timedelta(minutes=context.settings.reconcile.appointment_match_minutes)
    kind = (fact.fields.get("kind", ""), "")
    standing = [a for a in listed if a.kind in kind and a.status != "cancelled"]
    new = find_nearest(standing, start, window, lambda a: a.start)
    at = context.shown(start)
    gone = live in new or live.status == "cancelled"
    if new and gone:
        ids = tuple(dict.fromkeys((live.id, new[0].id)))
        return Verdict(ItemState.ALREADY_THERE, f"{fact.system} has the new date {at}.", ids)
    if live.status != "cancelled" and context.has_changed(live, "status", "start"):
        words = f"{fact.system} has changed this appointment since: {context.shown(live.start)}, "
        return Verdict(
            ItemState.NEWER_LIVE, f"{words}{_SAYS.get(live.status, 'booked')}.", (live.id,)
        )
    if new:
        words = f"{fact.system} has the new date {at}, and the old one still stands."
        return Verdict(ItemState.NEW, words, (live.id, new[0].id))
    words = "has cancelled it and has" if gone else "still has the old date and"
    ending = "no new date." if gone else f"not the new one, {at}."
    return Verdict(ItemState.NEW, f"{fact.system} {words} {ending}", (live.id,))

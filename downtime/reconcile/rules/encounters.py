"""Rules of admissions, transfers and discharges; `tests/spec` shows them as tables."""

from datetime import timedelta

from downtime.clinical.model import Encounter, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, fold_text, find_nearest

_STAYS = ("inpatient", "emergency", "daycase", "")


def compare_movement(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """An admission, a transfer or a discharge on paper."""
    rule = {"transfer": compare_transfer, "discharge": compare_discharge}.get(
        fact.fields.get("event", "")
    )
    return (rule or compare_admission)(fact, patient, context)


def compare_admission(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """An admission on paper: the same stay there, one that has moved on, or none."""
    started = fact.fields.get("started") or fact.event
    window = timedelta(hours=context.settings.reconcile.admission_match_hours)
    stays = [e for e in context.after.encounters[patient.id] if e.kind in _STAYS]
    since = [e for e in stays if not context.earlier(e)]
    found = find_nearest(since, started, window, lambda e: e.started or e.updated)
    if found:
        return _stay_found(fact, found[0], context)
    old = [e for e in stays if context.earlier(e) and e.status == "in-progress"]
    if old:
        return _older_stay(fact, old[0], context)
    return Verdict(ItemState.NEW, f"{fact.system} has no stay of this patient near that time.")


def _stay_found(fact: Fact, live: Encounter, context: ComparisonContext) -> Verdict:
    at = context.shown(live.started)
    if live.status == "cancelled":
        return Verdict(
            ItemState.NEWER_LIVE, f"{fact.system} cancelled this admission of {at}.", (live.id,)
        )
    if live.status == "finished":
        words = f"{fact.system} has this stay of {at}, discharged {context.shown(live.ended)}."
        return Verdict(ItemState.NEWER_LIVE, words, (live.id,))
    if fold_text(live.ward) == fold_text(fact.fields.get("ward", "")):
        words = f"{fact.system} has this stay on {live.ward} from {at}."
        return Verdict(ItemState.ALREADY_THERE, words, (live.id,))
    words = f"{fact.system} has this stay of {at} and now shows the patient on {live.ward}."
    return Verdict(ItemState.NEWER_LIVE, words, (live.id,))


def _older_stay(fact: Fact, live: Encounter, context: ComparisonContext) -> Verdict:
    words = (
        f"{fact.system} has had this patient on {live.ward} since {context.shown(live.started)}, "
        "before the outage: a second admission would be a second stay."
    )
    then = context.earlier(live)
    moved = isinstance(then, Encounter) and then.ward != live.ward and live.updated > fact.event
    return Verdict(ItemState.NEWER_LIVE if moved else ItemState.CONFLICT, words, (live.id,))


def compare_transfer(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """A move on paper: the patient is there, was moved elsewhere since, or is where they were."""
    live = _stay_at(fact, patient, context)
    if live is None:
        return _no_stay(fact)
    ward, to, left = (
        fold_text(live.ward),
        fact.fields.get("ward", ""),
        fact.fields.get("prior_ward", ""),
    )
    if live.status == "cancelled":
        return _cancelled(fact, live)
    if live.status == "finished":
        return _ended(fact, live, context)
    if ward == fold_text(to):
        words = f"{fact.system} shows the patient on {live.ward}."
        return Verdict(ItemState.ALREADY_THERE, words, (live.id,))
    then = context.earlier(live)
    if isinstance(then, Encounter) and then.ward != live.ward:
        words = f"{fact.system} has moved the patient to {live.ward} since; paper says {to}."
        return Verdict(ItemState.NEWER_LIVE, words, (live.id,))
    if left and fold_text(left) != ward:
        words = (
            f"Paper says moved from {left} to {to}; {fact.system} shows the patient on {live.ward}."
        )
        return Verdict(ItemState.CONFLICT, words, (live.id,))
    return Verdict(
        ItemState.NEW, f"{fact.system} still shows the patient on {live.ward}.", (live.id,)
    )


def compare_discharge(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """A discharge on paper: ended there too, moved on there since, or still open."""
    live = _stay_at(fact, patient, context)
    died = fact.fields.get("outcome") == "died"
    if live is None:
        return _no_stay(fact)
    if live.status == "cancelled":
        return _cancelled(fact, live)
    if live.status == "finished":
        return _discharge_found(fact, live, context)
    then = context.earlier(live)
    if isinstance(then, Encounter) and then.ward != live.ward and live.updated > fact.event:
        words = (
            f"{fact.system} has the patient on {live.ward} since {context.shown(live.updated)}, "
        )
        return Verdict(ItemState.NEWER_LIVE, words + "after the discharge on paper.", (live.id,))
    words = f"{fact.system} still has the patient on {live.ward}."
    return Verdict(ItemState.NEW, words, (live.id,), needs_second_person=died)


def _discharge_found(fact: Fact, live: Encounter, context: ComparisonContext) -> Verdict:
    window = timedelta(hours=context.settings.reconcile.discharge_match_hours)
    at = context.shown(live.ended)
    if find_nearest([live], fact.event, window, lambda e: e.ended or e.updated):
        words = f"{fact.system} has this stay as discharged {at}."
        return Verdict(ItemState.ALREADY_THERE, words, (live.id,))
    words = f"{fact.system} says discharged {at}; paper says {context.shown(fact.event)}."
    return Verdict(ItemState.CONFLICT, words, (live.id,))


def _stay_at(fact: Fact, patient: Patient, context: ComparisonContext) -> Encounter | None:
    """The stay that the paper speaks of: the one that had begun last and was not over long before."""
    stays = [e for e in context.after.encounters[patient.id] if e.kind in _STAYS]
    begun = [e for e in stays if not e.started or e.started <= fact.event]
    over = [e for e in begun if e.status == "finished" and e.ended and e.ended < fact.event]
    standing = [e for e in begun if e not in over] or _ended_near(over, fact, context)
    return max(standing, key=lambda e: (e.status != "cancelled", e.started, e.id), default=None)


def _ended_near(over: list[Encounter], fact: Fact, context: ComparisonContext) -> list[Encounter]:
    window = timedelta(hours=context.settings.reconcile.discharge_match_hours)
    return find_nearest(over, fact.event, window, lambda e: e.ended)[:1]


def _no_stay(fact: Fact) -> Verdict:
    words = f"{fact.system} has no stay of this patient at that time: its admission goes first."
    return Verdict(ItemState.NEW, words)


def _cancelled(fact: Fact, live: Encounter) -> Verdict:
    return Verdict(ItemState.NEWER_LIVE, f"{fact.system} has cancelled this stay.", (live.id,))


def _ended(fact: Fact, live: Encounter, context: ComparisonContext) -> Verdict:
    words = f"{fact.system} has this stay as discharged {context.shown(live.ended)}."
    return Verdict(ItemState.NEWER_LIVE, words, (live.id,))

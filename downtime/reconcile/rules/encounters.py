"""Rules of admissions, transfers and discharges; `tests/spec` shows them as tables."""

from datetime import timedelta

from downtime.clinical.model import Encounter, EncounterClass, EncounterStatus, Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.candidates import (
    NO_CANDIDATES,
    Candidates,
    rank_by_time,
    rank_in_order,
)
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    find_nearest,
    fold_text,
    make_verdict,
)

_STAYS = (
    EncounterClass.INPATIENT,
    EncounterClass.EMERGENCY,
    EncounterClass.DAYCASE,
    "",
)


def find_stays(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    """For an admission the stays that have come since T0, near that time; for a discharge its own stay.

    Several moves are of one stay, so none takes it from another.
    """
    event = fact.fields.get("event", "admit")
    if event == "discharge":
        stay = _stay_at(fact, patient, context)
        return rank_in_order([stay] if stay else [])
    if event == "transfer":
        return NO_CANDIDATES
    started = fact.fields.get("started") or fact.event
    window = timedelta(hours=context.settings.reconcile.admission_match_hours)
    ward = fold_text(fact.fields.get("ward", ""))
    since = [e for e in _stays_of(patient, context) if not context.find_record_at_t0(e)]
    return rank_by_time(
        since, started, window, lambda e: e.started or e.updated,
        lambda e: fold_text(e.ward) != ward,
    )  # fmt: skip


def _stays_of(patient: Patient, context: ComparisonContext) -> list[Encounter]:
    return [e for e in context.after.records_of(Encounter, patient.id) if e.kind in _STAYS]


@register_rule(Encounter, find_stays, lambda fact: fact.fields.get("event", ""), is_taken_open=True)
def compare_movement(
    fact: Fact, patient: Patient, live: Encounter | None, context: ComparisonContext
) -> Verdict:
    """An admission, a transfer or a discharge on paper."""
    event = fact.fields.get("event", "")
    if event == "transfer":
        return compare_transfer(fact, _stay_at(fact, patient, context), context)
    if event == "discharge":
        return compare_discharge(fact, live, context)
    return compare_admission(fact, patient, live, context)


def compare_admission(
    fact: Fact, patient: Patient, live: Encounter | None, context: ComparisonContext
) -> Verdict:
    """An admission on paper: the same stay there, one that has moved on, or none."""
    if live:
        return _verdict_on_stay(fact, live)
    stays = _stays_of(patient, context)
    older = [
        e for e in stays if context.find_record_at_t0(e) and e.status == EncounterStatus.IN_PROGRESS
    ]
    if older:
        return _verdict_on_older_stay(fact, older[0], context)
    return make_verdict(ItemState.NEW, ReasonCode.NO_STAY)


def _verdict_on_stay(fact: Fact, live: Encounter) -> Verdict:
    state, at = ItemState.NEWER_LIVE, live.started
    if live.status == EncounterStatus.CANCELLED:
        reasons = make_reasons(ReasonCode.ADMISSION_CANCELLED, at=at)
    elif live.status == EncounterStatus.FINISHED:
        reasons = make_reasons(ReasonCode.STAY_DISCHARGED, at=at, ended=live.ended)
    elif fold_text(live.ward) == fold_text(fact.fields.get("ward", "")):
        state = ItemState.ALREADY_THERE
        reasons = make_reasons(ReasonCode.STAY_EXISTS, ward=live.ward, at=at)
    else:
        reasons = make_reasons(ReasonCode.STAY_MOVED, at=at, ward=live.ward)
    return Verdict(state, reasons, (live.id,))


def _verdict_on_older_stay(fact: Fact, live: Encounter, context: ComparisonContext) -> Verdict:
    has_moved = _was_elsewhere(live, context) and live.updated > fact.event
    state = ItemState.NEWER_LIVE if has_moved else ItemState.CONFLICT
    return make_verdict(state, ReasonCode.OLDER_STAY, live, ward=live.ward, at=live.started)


def _was_elsewhere(live: Encounter, context: ComparisonContext) -> bool:
    """Whether the patient was on another ward at T0."""
    earlier = context.find_record_at_t0(live)
    return isinstance(earlier, Encounter) and earlier.ward != live.ward


def compare_transfer(fact: Fact, live: Encounter | None, context: ComparisonContext) -> Verdict:
    """A move on paper: the patient is there, was moved elsewhere since, or is where they were."""
    if live is None:
        return make_verdict(ItemState.NEW, ReasonCode.ADMISSION_FIRST)
    ward = fold_text(live.ward)
    new_ward, prior_ward = fact.fields.get("ward", ""), fact.fields.get("prior_ward", "")
    state = ItemState.NEWER_LIVE
    if live.status == EncounterStatus.CANCELLED:
        reasons = make_reasons(ReasonCode.STAY_CANCELLED)
    elif live.status == EncounterStatus.FINISHED:
        reasons = make_reasons(ReasonCode.STAY_ENDED, at=live.ended)
    elif ward == fold_text(new_ward):
        state, reasons = ItemState.ALREADY_THERE, make_reasons(ReasonCode.ON_WARD, ward=live.ward)
    elif _was_elsewhere(live, context):
        reasons = make_reasons(ReasonCode.MOVED_SINCE, ward=live.ward, paper=new_ward)
    elif prior_ward and fold_text(prior_ward) != ward:
        state = ItemState.CONFLICT
        reasons = make_reasons(
            ReasonCode.MOVED_FROM_ELSEWHERE, prior=prior_ward, paper=new_ward, ward=live.ward
        )
    else:
        state, reasons = ItemState.NEW, make_reasons(ReasonCode.STILL_ON_WARD, ward=live.ward)
    return Verdict(state, reasons, (live.id,))


def compare_discharge(fact: Fact, live: Encounter | None, context: ComparisonContext) -> Verdict:
    """A discharge on paper: ended there too, moved on there since, or still open."""
    if live is None:
        return make_verdict(ItemState.NEW, ReasonCode.ADMISSION_FIRST)
    if live.status == EncounterStatus.CANCELLED:
        return make_verdict(ItemState.NEWER_LIVE, ReasonCode.STAY_CANCELLED, live)
    if live.status == EncounterStatus.FINISHED:
        return _verdict_on_discharge(fact, live, context)
    if _was_elsewhere(live, context) and live.updated > fact.event:
        code = ReasonCode.MOVED_AFTER_DISCHARGE
        return make_verdict(ItemState.NEWER_LIVE, code, live, ward=live.ward, at=live.updated)
    has_died, code = fact.fields.get("outcome") == "died", ReasonCode.NOT_DISCHARGED
    return make_verdict(ItemState.NEW, code, live, for_two=has_died, ward=live.ward)


def _verdict_on_discharge(fact: Fact, live: Encounter, context: ComparisonContext) -> Verdict:
    window = timedelta(hours=context.settings.reconcile.discharge_match_hours)
    if find_nearest([live], fact.event, window, lambda e: e.ended or e.updated):
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.STAY_ENDED, live, at=live.ended)
    code = ReasonCode.DISCHARGE_DIFFERS
    return make_verdict(ItemState.CONFLICT, code, live, at=live.ended, paper=fact.event)


def _stay_at(fact: Fact, patient: Patient, context: ComparisonContext) -> Encounter | None:
    """The stay that the paper speaks of: the one that had begun last and was not over long before."""
    stays = _stays_of(patient, context)
    begun = [e for e in stays if not e.started or e.started <= fact.event]
    over = [
        e
        for e in begun
        if e.status == EncounterStatus.FINISHED and e.ended and e.ended < fact.event
    ]
    possible = [e for e in begun if e not in over] or _ended_close(over, fact, context)
    return max(possible, key=lambda e: (e.status != "cancelled", e.started, e.id), default=None)


def _ended_close(over: list[Encounter], fact: Fact, context: ComparisonContext) -> list[Encounter]:
    window = timedelta(hours=context.settings.reconcile.discharge_match_hours)
    return find_nearest(over, fact.event, window, lambda e: e.ended)[:1]

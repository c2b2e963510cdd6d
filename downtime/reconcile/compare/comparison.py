"""The three-way comparison: snapshot at T0, what happened on paper, the recovered hospital. Pure.

Every fact gets one state (`ItemState`), with the reasons for the person who decides.
"""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from downtime.clinical.model import Appointment, Encounter, Patient
from downtime.clinical.record_types import DOCUMENT, find_owner
from downtime.entry.facts import Fact, PaperPerson, make_paper_person
from downtime.reconcile.duplicates.annotate import annotate_items
from downtime.reconcile.identity.judge_match import add_stays
from downtime.reconcile.identity.match_patient import (
    Links,
    PatientMatch,
    link_keys,
    links_between_forms,
    match_patient,
    needs_stays,
    word_objection,
)
from downtime.reconcile.model import REGISTERS, Item, ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.rules.registry import RULES
from downtime.reconcile.rules.verdict import ComparisonContext
from downtime.settings import Settings


def match_fact(fact: Fact, after: RecordIndex, links: Links) -> PatientMatch:
    """Whom a fact is about in the recovered hospital; many forms about one person ask once.

    `person` of what is found is whom a message would name.
    """
    keys = tuple(key for key in link_keys(fact) if key in links) if links else ()
    matched: PatientMatch | None = after.matched_people.get((fact.person, keys))
    if matched is None:
        matched = match_patient(fact.person, after, links, *keys)
        if matched.patient:
            person = _merge_person(fact.person, matched.patient)
            matched = replace(matched, person=person)
        after.matched_people[fact.person, keys] = matched
    return _weigh_stays(matched, fact, after)


def _weigh_stays(match: PatientMatch, fact: Fact, after: RecordIndex) -> PatientMatch:
    """The match, with whether the patient was in hospital then; of who comes to a clinic it says nothing."""
    if match.patient is None or match.evidence is None or not needs_stays(match):
        return match
    is_told = after.is_delivered(Encounter.__name__) and fact.type != Appointment.__name__
    if not is_told:
        return match
    evidence = add_stays(match.evidence, fact.event, after.records_of(Encounter, match.patient.id))
    if evidence is match.evidence:
        return match
    contradictions = word_objection(evidence, fact.person, match.patient)
    return replace(match, evidence=evidence, contradictions=contradictions)


def _merge_person(written: PaperPerson, live: Patient) -> PaperPerson:
    """The live patient's own numbers and name; what the system does not hold comes from paper."""
    details = zip(make_paper_person(live), written, strict=True)
    return PaperPerson(*[in_system or on_paper for in_system, on_paper in details])


def compare_facts(
    before: RecordIndex,
    facts: Iterable[Fact],
    after: RecordIndex,
    settings: Settings,
    confirmed: Links = MappingProxyType({}),
) -> list[Item]:
    """One item for each fact, in the order given; `confirmed` are the links that people confirmed.

    What two of these forms both say is left to a person.
    """
    items = compare_facts_separately(before, facts, after, settings, confirmed)
    return annotate_items(items, settings).items


def compare_facts_separately(
    before: RecordIndex,
    facts: Iterable[Fact],
    after: RecordIndex,
    settings: Settings,
    confirmed: Links = MappingProxyType({}),
) -> list[Item]:
    """The same, each fact by itself."""
    listed = list(facts)
    links = {**links_between_forms(listed), **confirmed}
    context = ComparisonContext(before, after, settings)
    admitting = frozenset(fact.serial for fact in listed if _is_registration(fact))
    return [_compare_fact(fact, context, links, admitting) for fact in listed]


def _compare_fact(
    fact: Fact, context: ComparisonContext, links: Links, admitting: frozenset[str]
) -> Item:
    rule = RULES.get(fact.type)
    if rule is None or fact.type == DOCUMENT:
        return Item(
            fact, ItemState.NOT_COMPARED, make_reasons(ReasonCode.FILED), person=fact.person
        )
    match = match_fact(fact, context.after, links)
    patient = match.patient
    if awaited := _find_awaited(fact, match, context):
        return _await_recovery(fact, match, awaited, context.after.unrecovered[awaited])
    if patient is None and fact.type == "Patient" and fact.serial in admitting:
        reasons = match.reasons + make_reasons(ReasonCode.SENT_WITH_ADMISSION)
        return Item(fact, ItemState.NOT_COMPARED, reasons, person=fact.person)
    if patient is None:
        reasons = match.reasons + make_reasons(_next_step(fact))
        return Item(fact, ItemState.UNMATCHED, reasons, person=fact.person)
    if match.contradictions:
        return Item(
            fact, ItemState.CONFLICT, match.reasons + match.contradictions, patient.id,
            person=match.person, needs_second_person=match.is_conflict,
        )  # fmt: skip
    verdict = rule(fact, patient, context)
    return Item(
        fact, verdict.state, match.reasons + verdict.reasons, patient.id, verdict.matched_ids,
        match.person, verdict.needs_second_person,
    )  # fmt: skip


def _find_awaited(fact: Fact, match: PatientMatch, context: ComparisonContext) -> str:
    """The system of a fact, or the one that would know its patient, while it is not recovered."""
    unrecovered = context.after.unrecovered
    if fact.system in unrecovered:
        return fact.system
    owner = find_owner(context.settings.systems.records, Patient.__name__)
    return owner if match.patient is None and owner in unrecovered else ""


def _await_recovery(fact: Fact, match: PatientMatch, system: str, newest: str) -> Item:
    patient_id = match.patient.id if match.patient else ""
    reasons = make_reasons(ReasonCode.NOT_RECOVERED, system=system, newest=newest)
    person = match.person if match.patient else fact.person
    return Item(fact, ItemState.NOT_RECOVERED, reasons, patient_id, person=person)


def _next_step(fact: Fact) -> ReasonCode:
    """What can be done about a patient who is not found."""
    if not _is_registration(fact):
        return ReasonCode.SETTLE_PERSON
    return (
        ReasonCode.REGISTERS_NUMBER if fact.person.downtime_number else ReasonCode.REGISTERS_PATIENT
    )


def _is_registration(fact: Fact) -> bool:
    """Whether returning it makes the patient known to the system."""
    return fact.type in REGISTERS and fact.fields.get("event", "admit") == "admit"

"""The three-way comparison: snapshot at T0, what happened on paper, the recovered hospital. Pure.

Every fact gets one state (`ItemState`), with the reasons for the person who decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from downtime.clinical.medicine_codes import MedicineCode
from downtime.clinical.model import Appointment, Encounter, Patient
from downtime.clinical.record_types import DOCUMENT, find_owner
from downtime.entry.facts import EMPTY, Fact, PaperPerson, make_paper_person
from downtime.reconcile.compare.assign_records import (
    Assigned,
    Claim,
    assign_records,
    group_claims,
    judge_claim,
)
from downtime.reconcile.compare.rivals import Rival
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
from downtime.reconcile.rules import coded_medicines
from downtime.reconcile.rules.registry import RULES
from downtime.reconcile.rules.verdict import ComparisonContext
from downtime.settings import Settings


def match_fact(fact: Fact, after: RecordIndex, links: Links) -> PatientMatch:
    """Whom a fact is about in the recovered hospital; many forms about one person ask once.

    `person` of what is found is whom a message would name.
    """
    match = match_person(fact, after, links)
    return _weigh_stays(match, fact, after) if needs_stays(match) else match


def match_person(fact: Fact, after: RecordIndex, links: Links) -> PatientMatch:
    """The same, whether the patient was in hospital then or not."""
    keys = tuple(key for key in link_keys(fact) if key in links) if links else ()
    matched: PatientMatch | None = after.matched_people.get((fact.person, keys))
    if matched is None:
        matched = match_patient(fact.person, after, links, *keys)
        if matched.patient:
            person = _merge_person(fact.person, matched.patient)
            matched = replace(matched, person=person)
        after.matched_people[fact.person, keys] = matched
    return matched


def _weigh_stays(match: PatientMatch, fact: Fact, after: RecordIndex) -> PatientMatch:
    """The match, with whether the patient was in hospital then; of who comes to a clinic it says nothing."""
    if match.patient is None or match.evidence is None:
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
    comparison = Comparison(before, facts, after, settings, confirmed)
    items = comparison.compare()
    return annotate_items(items, settings, find_codes=comparison.find_codes).items


def compare_facts_separately(
    before: RecordIndex,
    facts: Iterable[Fact],
    after: RecordIndex,
    settings: Settings,
    confirmed: Links = MappingProxyType({}),
) -> list[Item]:
    """The same, whatever other forms say; a live record is still assigned to one fact at most."""
    return Comparison(before, facts, after, settings, confirmed).compare()


class Comparison:
    """A set of facts beside the two snapshots."""

    def __init__(
        self,
        before: RecordIndex,
        facts: Iterable[Fact],
        after: RecordIndex,
        settings: Settings,
        confirmed: Links = MappingProxyType({}),
    ) -> None:
        self._facts = list(facts)
        self._context = ComparisonContext(before, after, settings)
        self._items: dict[str, Item] = {}
        self._claims: dict[str, tuple[Claim, PatientMatch]] = {}
        links = {**links_between_forms(self._facts), **confirmed}
        admitting = frozenset(fact.serial for fact in self._facts if _is_registration(fact))
        for fact in self._facts:
            self._match(fact, links, admitting)

    @property
    def items(self) -> list[Item]:
        """One item for each fact, in the order given."""
        return [self._items[fact.key] for fact in self._facts]

    def compare(self) -> list[Item]:
        """The items by these facts alone."""
        contests = group_claims(claim for claim, _ in self._claims.values())
        for claims in contests.values():
            self._judge(assign_records(claims, self._context))
        return self.items

    def find_codes(self, name: str, patient: str) -> frozenset[MedicineCode]:
        """The codes that a name of a medicine on paper has for the patient of an id."""
        return coded_medicines.find_codes(name, patient, self._context)

    def compare_beside(self, rivals: Sequence[Rival]) -> tuple[list[Item], set[str]]:
        """The items now that other forms' facts may take a live record too.

        With them come the serials of forms whose facts now mean other records than was found.
        """
        if not rivals:
            return self.items, set()
        contests = group_claims(claim for claim, _ in self._claims.values())
        matched_ids = {rival.fact.key: rival.matched_ids for rival in rivals}
        rival_claims = [claim for rival in rivals if (claim := self._claim_of(rival))]
        stale: set[str] = set()
        for contest, claims in group_claims(rival_claims).items():
            if contest not in contests:
                continue
            assigned = assign_records([*contests[contest], *claims], self._context)
            self._judge({key: result for key, result in assigned.items() if key in self._claims})
            stale |= {
                claim.fact.serial
                for claim in claims
                if _has_changed(assigned[claim.fact.key], matched_ids[claim.fact.key])
            }
        return self.items, stale

    def _claim_of(self, rival: Rival) -> Claim | None:
        patient = self._context.after.patients.get(rival.patient)
        rule = RULES.get(rival.fact.type)
        return Claim(rival.fact, patient, rule) if patient and rule else None

    def _judge(self, assigned: Mapping[str, Assigned]) -> None:
        for key, result in assigned.items():
            claim, match = self._claims[key]
            verdict = judge_claim(claim, result, self._context)
            self._items[key] = Item(
                claim.fact, verdict.state, match.reasons + verdict.reasons, claim.patient.id,
                verdict.matched_ids, match.person, verdict.needs_second_person,
            )  # fmt: skip

    def _match(self, fact: Fact, links: Links, admitting: frozenset[str]) -> None:
        """Find whose it is: what cannot be compared is an item at once, the rest claims its record."""
        rule = RULES.get(fact.type)
        if rule is None or fact.type == DOCUMENT:
            code = ReasonCode.FORM_EMPTY if fact.fields.get(EMPTY) else ReasonCode.FILED
            reasons = make_reasons(code)
            self._items[fact.key] = Item(fact, ItemState.NOT_COMPARED, reasons, person=fact.person)
            return
        match = match_fact(fact, self._context.after, links)
        if item := _settle_without_record(fact, match, self._context, admitting):
            self._items[fact.key] = item
        elif match.patient:
            self._claims[fact.key] = Claim(fact, match.patient, rule), match


def _has_changed(assigned: Assigned, matched_ids: tuple[str, ...]) -> bool:
    """Whether a fact now means another live record; what was matched without being assigned stays."""
    if assigned.live is None:
        return assigned.taken_by is not None and bool(matched_ids)
    return assigned.live.id not in matched_ids


def _settle_without_record(
    fact: Fact, match: PatientMatch, context: ComparisonContext, admitting: frozenset[str]
) -> Item | None:
    """The item of a fact that is not compared with any live record; None of one that is."""
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
    return None


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

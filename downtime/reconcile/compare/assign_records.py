"""Which live record each fact of a patient means, over all forms that speak of it: one for one. Pure.

Two results on paper and one in the laboratory are not both there: one live record answers one fact.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from downtime.clinical.assignment import assign
from downtime.clinical.model import Patient, Record
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.reconcile.rules.rule import Rule
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict

Contest = tuple[str, str, str]
"""Type, patient and what the rule says: among the facts of one, a live record is assigned once."""


class Claim(NamedTuple):
    """A fact whose patient is known, so that it may mean one of the patient's live records."""

    fact: Fact
    patient: Patient
    rule: Rule

    @property
    def contest(self) -> Contest:
        """Among which facts the live records are assigned."""
        return self.fact.type, self.patient.id, self.rule.contest(self.fact)


class Assigned(NamedTuple):
    """The live record that a fact means; without one, the fact that got what it would have meant."""

    live: Record | None
    taken_by: Fact | None = None


def group_claims(claims: Iterable[Claim]) -> Mapping[Contest, list[Claim]]:
    """Claims by the contest that each is in."""
    contests: dict[Contest, list[Claim]] = {}
    for claim in claims:
        contests.setdefault(claim.contest, []).append(claim)
    return contests


def assign_records(claims: Sequence[Claim], context: ComparisonContext) -> dict[str, Assigned]:
    """By key of each fact of one contest, what it is assigned; the same in whatever order they come."""
    if len(claims) == 1:
        return {claims[0].fact.key: _assign_alone(claims[0], context)}
    ordered = sorted(claims, key=lambda claim: claim.fact.key)
    choices = [claim.rule.find_candidates(claim.fact, claim.patient, context) for claim in ordered]
    ids = assign(
        [candidates.costs for candidates in choices], [candidates.nothing for candidates in choices]
    )
    owners = {key: claim.fact for key, claim in zip(ids, ordered, strict=True) if key}
    assigned = {}
    for claim, candidates, key in zip(ordered, choices, ids, strict=True):
        live = candidates.records[key] if key else None
        taken = min(candidates.costs, key=candidates.costs.__getitem__, default="")
        assigned[claim.fact.key] = Assigned(live, None if live else owners.get(taken))
    return assigned


def _assign_alone(claim: Claim, context: ComparisonContext) -> Assigned:
    """As of most facts: nobody else wants its records."""
    records, costs, _ = claim.rule.find_candidates(claim.fact, claim.patient, context)
    return Assigned(records[min(costs, key=costs.__getitem__)] if costs else None)


def judge_claim(claim: Claim, assigned: Assigned, context: ComparisonContext) -> Verdict:
    """What the rule says of a fact with what it is assigned."""
    verdict = claim.rule.judge(claim.fact, claim.patient, assigned.live, context)
    if assigned.taken_by is None or verdict.state == ItemState.NOT_COMPARED:
        return verdict
    other = assigned.taken_by.serial
    is_same_form = other == claim.fact.serial
    taken = (
        make_reasons(ReasonCode.ANSWERS_ANOTHER_LINE)
        if is_same_form
        else make_reasons(ReasonCode.ANSWERS_ANOTHER_FORM, serial=other)
    )
    if claim.rule.is_taken_open:
        return Verdict(ItemState.CONFLICT, taken, (), needs_second_person=True)
    return verdict._replace(reasons=verdict.reasons + taken)

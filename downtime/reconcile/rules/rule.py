"""What a rule of the comparison is; each module here registers its own."""

from collections.abc import Callable
from typing import Any, NamedTuple

from downtime.clinical.model import Patient, Record
from downtime.entry.facts import Fact
from downtime.reconcile.rules.candidates import NO_CANDIDATES, Candidates
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict

Judge = Callable[[Fact, Patient, Any, ComparisonContext], Verdict]
"""Gets the fact, its patient, and the live record that it was assigned, or None."""
CandidateFinder = Callable[[Fact, Patient, ComparisonContext], Candidates]


class Rule(NamedTuple):
    """How facts of one type are compared."""

    judge: Judge
    find_candidates: CandidateFinder
    """Which live records a fact may mean: one record is assigned to one fact at most."""
    contest: Callable[[Fact], str]
    """Among which facts of a patient a record is assigned once: those with the same answer."""
    is_taken_open: bool
    """Whether two people decide about a fact whose record is another fact's: it is not simply new."""


RULES: dict[type[Record], Rule] = {}
"""Which rule compares which type of record; full once `rules.registry` is imported."""


def _find_none(fact: Fact, patient: Patient, context: ComparisonContext) -> Candidates:
    return NO_CANDIDATES


def _contest_all(fact: Fact) -> str:
    return ""


def register_rule(
    record_type: type[Record],
    candidates: CandidateFinder = _find_none,
    contest: Callable[[Fact], str] = _contest_all,
    *,
    is_taken_open: bool = False,
) -> Callable[[Judge], Judge]:
    """Say of a rule that it compares what forms say of this type of record."""

    def register(judge: Judge) -> Judge:
        RULES[record_type] = Rule(judge, candidates, contest, is_taken_open)
        return judge

    return register

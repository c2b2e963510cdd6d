"""Whether the patient to whom a number points is the person on the paper, by everything else. Pure.

A number is never believed for itself: a digit may be wrong, or it may be the neighbour's. Name, date
of birth, gender, the ward at that time and the form's own patient are weighed (`weights.toml`); so is
everybody else whom the paper fits as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from downtime.clinical.model import Encounter, EncounterStatus
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.agreement import Agreement
from downtime.reconcile.identity.signs import Sign, SignKind, find_personal_signs, make_sign
from downtime.reconcile.identity.weights import LIMITS, Population
from downtime.snapshot.search_terms import compact_text


class Judgement(StrEnum):
    """What is made of the weighed evidence."""

    BELIEVED = "believed"
    LOOK = "look"
    """One person compares the paper with the patient."""
    CONFLICT = "conflict"
    """It contradicts, or says too little: two people decide."""


class Objection(StrEnum):
    """Why a match is not believed at once."""

    DIFFERS = "differs"
    TOO_LITTLE = "too-little"
    RIVAL = "rival"
    """Another patient fits about as well."""
    BETTER_RIVAL = "better-rival"
    NAMESAKE = "namesake"
    """Another patient of that surname was born on the same day."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The signs of one match, and who else would fit."""

    signs: tuple[Sign, ...]
    objection: Objection | None
    judgement: Judgement
    rival: str = ""
    """Id of the other patient, where there is one."""

    @property
    def bits(self) -> int:
        """All that speaks for the match, less what speaks against it."""
        return sum(sign.bits for sign in self.signs)


def weigh_match(
    paper: PaperPerson,
    live: PaperPerson,
    others: Iterable[PaperPerson],
    population: Population,
    *,
    is_own_form: bool = False,
) -> Evidence:
    """Weigh a match by number; `others` are patients whom the paper might mean instead.

    `is_own_form`: the form was printed for this patient, which speaks for it like a date of birth.
    """
    signs = find_personal_signs(paper, live, population)
    if is_own_form:
        signs.append(make_sign("form", "form", Agreement.SAME, "the form was printed for them"))
    return _judge(signs, _find_rivals(paper, others, population), paper, live)


def add_stays(evidence: Evidence, at: str, stays: Iterable[Encounter]) -> Evidence:
    """The same, less what it counts that the patient was not in the hospital at that time (UTC).

    That they were says nothing: so was the neighbour. The ward itself says no more: a system keeps
    where a patient is, not where they were.
    """
    if not at or any(_is_there(stay, at) for stay in stays):
        return evidence
    text = "not in the hospital at that time, as the system says"
    signs = (*evidence.signs, make_sign("ward", "ward", Agreement.NO_STAY, text))
    alone = _judge_alone(signs)
    return (
        alone
        if _RANKS[alone.judgement] > _RANKS[evidence.judgement]
        else replace(evidence, signs=signs)
    )


_RANKS = {judgement: rank for rank, judgement in enumerate(Judgement)}


def _is_there(stay: Encounter, at: str) -> bool:
    has_begun = stay.started <= at and stay.status != EncounterStatus.CANCELLED
    return has_begun and (not stay.ended or at <= stay.ended)


@dataclass(frozen=True, slots=True)
class _Rival:
    person: PaperPerson
    bits: int


def _find_rivals(
    paper: PaperPerson, others: Iterable[PaperPerson], population: Population
) -> list[_Rival]:
    return [
        _Rival(
            person,
            sum(s.bits for s in find_personal_signs(paper, person, population)),
        )
        for person in others
    ]


def _judge(
    signs: list[Sign], rivals: list[_Rival], paper: PaperPerson, live: PaperPerson
) -> Evidence:
    alone = _judge_alone(tuple(signs))
    best = max(rivals, key=lambda rival: rival.bits, default=None)
    if alone.judgement == Judgement.CONFLICT:
        return alone
    if best and best.bits >= LIMITS["rival_from"]:
        lead = best.bits - alone.bits
        if lead > LIMITS["rival_within"]:
            return _doubtful(alone, Objection.BETTER_RIVAL, Judgement.CONFLICT, best)
        if lead >= -LIMITS["rival_within"]:
            return _doubtful(alone, Objection.RIVAL, Judgement.LOOK, best)
    twin = next((rival for rival in rivals if _is_twin(rival.person, live)), None)
    if twin and not _is_given_name_same(alone):
        return _doubtful(alone, Objection.NAMESAKE, Judgement.LOOK, twin)
    return alone


def _judge_alone(signs: tuple[Sign, ...]) -> Evidence:
    bits = sum(sign.bits for sign in signs)
    differing = {sign.field for sign in signs if sign.kind == SignKind.DIFFERS}
    # Whatever else agrees, another date of birth is looked at: it is what tells namesakes apart.
    if bits >= LIMITS["accept_from"] and "birth_date" not in differing:
        return Evidence(signs, None, Judgement.BELIEVED)
    objection = Objection.DIFFERS if differing else Objection.TOO_LITTLE
    judgement = Judgement.LOOK if bits >= LIMITS["look_from"] else Judgement.CONFLICT
    return Evidence(signs, objection, judgement)


def _doubtful(
    alone: Evidence, objection: Objection, judgement: Judgement, rival: _Rival
) -> Evidence:
    return Evidence(alone.signs, objection, judgement, rival.person.id)


def _is_twin(person: PaperPerson, live: PaperPerson) -> bool:
    same_family = compact_text(person.family) == compact_text(live.family) != ""
    return same_family and person.birth_date == live.birth_date != ""


def _is_given_name_same(evidence: Evidence) -> bool:
    return any(s.field == "given" and s.kind == SignKind.SAME for s in evidence.signs)

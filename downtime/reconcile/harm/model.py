"""What the harm review finds: tests that waited, results misheard, work doubled or put off. Pure.

Every finding has a key that stays the same from one review to the next, so that what a clinician
said about it is kept; it holds only while the finding itself says the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from downtime.config import read_data_file
from downtime.entry.facts import PaperPerson
from downtime.reconcile.reasons import Reasons, decode_reasons
from downtime.reconcile.wording import word_reasons


class FindingKind(StrEnum):
    """The kinds of finding in the order in which they are looked at."""

    WAITING = "waiting"
    MISMATCH = "mismatch"
    DUPLICATE = "duplicate"
    PUT_OFF = "put-off"
    DELAY = "delay"


class FindingState(StrEnum):
    """What became of what was found."""

    RESULTED = "resulted"
    PHONED = "phoned"
    ASKED_AGAIN = "asked-again"
    CANCELLED = "cancelled"
    NO_RESULT = "no-result"
    ANSWERED = "answered"
    ANSWERED_LATE = "late"
    NO_ANSWER = "no-answer"
    DIFFERS = "differs"
    REQUESTED_TWICE = "doubled"
    BOOKED_AGAIN = "booked-again"
    NOT_BOOKED = "not-booked"
    NOT_KNOWN = "not-known"


CLOSED = (
    FindingState.RESULTED,
    FindingState.PHONED,
    FindingState.ASKED_AGAIN,
    FindingState.CANCELLED,
)
"""Fates of a waiting request that need no explanation."""


class Harm(StrEnum):
    """Degrees of harm, after the grades of physical harm in NHS England's policy guidance on
    recording patient safety events and levels of harm (Learn from Patient Safety Events, LFPSE).

    Psychological harm is graded apart there, and is not asked for here; nothing is recorded with
    LFPSE itself.
    """

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    SEVERE = "severe"
    FATAL = "fatal"


class Explanation(StrEnum):
    """What may be said about a request of the outage's beginning that has no result."""

    TAKEN_AGAIN = "taken-again"
    TO_BE_TAKEN = "to-be-taken"
    NOT_NEEDED = "not-needed"
    ELSEWHERE = "elsewhere"


class Step(StrEnum):
    """The steps of a test in their order, and the times of a visit."""

    REQUESTED = "requested"
    COLLECTED = "collected"
    PHONED = "phoned"
    RESULTED = "resulted"
    SEEN = "seen"
    PLANNED = "planned"
    BOOKED = "booked"


_TITLES = read_data_file("downtime.reconcile", "titles.toml")
KINDS: Mapping[FindingKind, str] = {kind: _TITLES["findings"][kind] for kind in FindingKind}
OUTCOMES: Mapping[Harm, str] = {harm: _TITLES["harm"][harm] for harm in Harm}
EXPLANATIONS: Mapping[Explanation, str] = {e: _TITLES["explanations"][e] for e in Explanation}
STEPS = (Step.REQUESTED, Step.COLLECTED, Step.PHONED, Step.RESULTED, Step.SEEN)
"""Those of a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmFinding:
    """One thing to look at; times are UTC as stored, by `Step`."""

    key: str
    kind: FindingKind
    state: FindingState
    title: str
    reasons: Reasons
    patient: str = ""
    """Opaque id in the recovered snapshot, or in the one of T0."""
    person: PaperPerson = PaperPerson()
    ward: str = ""
    system: str = ""
    serials: tuple[str, ...] = ()
    times: Mapping[str, str] = field(default_factory=dict)
    needs: bool = False
    """Whether somebody has to say something before the outage's books can be complete."""

    def explain(self, zone: ZoneInfo) -> str:
        """What was found, in sentences; times in this zone."""
        return word_reasons(self.reasons, self.system, zone)

    def digest(self, zone: ZoneInfo) -> str:
        """SHA-256 of what the finding rests on: when it changes, a review no longer holds.

        It covers the sentences, not the codes, so that reviews of an earlier version still hold.
        """
        basis = (self.key, self.state, self.explain(zone), dict(self.times), self.serials)
        return hashlib.sha256(orjson.dumps(basis, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def encode(self) -> dict[str, object]:
        """Plain values by field, for storing; `dataclasses.asdict` would copy them all, deeply."""
        return {
            "key": self.key, "kind": self.kind, "state": self.state, "title": self.title,
            "reasons": [(code, dict(values)) for code, values in self.reasons],
            "patient": self.patient, "person": self.person._asdict(), "ward": self.ward,
            "system": self.system, "serials": self.serials, "times": dict(self.times),
            "needs": self.needs,
        }  # fmt: skip


def decode_finding(data: Mapping[str, Any]) -> HarmFinding:
    """The finding that `encode` gave; an earlier version stored a sentence as `words`."""
    values = dict(data)
    reasons = values.pop("reasons") if "reasons" in values else values.pop("words")
    return HarmFinding(
        **{
            **values,
            "kind": FindingKind(values["kind"]),
            "state": FindingState(values["state"]),
            "reasons": decode_reasons(reasons),
            "person": PaperPerson(**values["person"]),
            "serials": tuple(values["serials"]),
        }
    )


class ReviewKind(StrEnum):
    """What is said of a finding: its degree of harm by a clinician, or how a request was closed."""

    REVIEWED = "reviewed"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmReview:
    """One thing that somebody said of a finding; all are kept, the last of each kind counts."""

    outage: str
    finding: str
    digest: str
    kind: ReviewKind
    outcome: Harm | Explanation
    note: str
    person: str
    person_name: str
    at: str


@dataclass(frozen=True, slots=True)
class ReviewedFinding:
    """A finding with what was last said of it and still holds."""

    finding: HarmFinding
    reviewed: HarmReview | None
    explained: HarmReview | None
    digest: str

    @property
    def version(self) -> str:
        """What a page shows of it, in short: another one when the finding or what is said of it changes."""
        statements = [
            (review.outcome, review.note, review.person, review.at) if review else ()
            for review in (self.reviewed, self.explained)
        ]
        return hashlib.sha256(orjson.dumps((self.digest, statements))).hexdigest()[:16]

    @property
    def is_open(self) -> bool:
        """Whether it keeps the books open."""
        return self.finding.needs and not (self.reviewed or self.explained)


@dataclass(frozen=True, slots=True)
class HarmRun:
    """One search: when, which recovered snapshot, which comparison, how many findings."""

    outage: str
    at: str
    snapshot: str
    compared: str
    findings: int
    figures: dict[str, Any]

"""What the harm review finds: tests that waited, results misheard, work doubled or put off. Pure.

Every finding has a key that stays the same from one review to the next, so that what a clinician
said about it is kept; it holds only while the finding itself says the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from downtime.entry.facts import Person

WAITING, DELAY, MISMATCH = "waiting", "delay", "mismatch"
DUPLICATE, PUT_OFF = "duplicate", "put-off"

KINDS = {
    WAITING: "Without a result when the systems failed",
    MISMATCH: "Phoned differently from the laboratory's result",
    DUPLICATE: "Asked for twice",
    PUT_OFF: "Operations and appointments put off",
    DELAY: "Times of each test",
}
"""The kinds of finding in the order in which they are looked at."""

OUTCOMES = {
    "none": "No harm",
    "low": "Low harm",
    "moderate": "Moderate harm",
    "severe": "Severe harm",
    "fatal": "Fatal",
}
"""Degrees of harm, after the grades of physical harm in NHS England's policy guidance on recording
patient safety events and levels of harm (Learn from Patient Safety Events, LFPSE). Psychological
harm is graded apart there, and is not asked for here; nothing is recorded with LFPSE itself.
"""

EXPLANATIONS = {
    "taken-again": "Sample taken again",
    "to-be-taken": "Sample to be taken again; the team knows",
    "not-needed": "No longer needed, a clinician says",
    "elsewhere": "Result found elsewhere",
}
"""What may be said about a request of the outage's beginning that has no result."""

STEPS = ("requested", "collected", "phoned", "resulted", "seen")
"""The steps of a test, in their order."""

CLOSED = ("resulted", "phoned", "asked-again", "cancelled")
"""Fates of a waiting request that need no explanation."""
NO_RESULT = "no-result"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmFinding:
    """One thing to look at; times are UTC as stored, by step of a test or `planned`/`booked`."""

    key: str
    kind: str
    state: str
    title: str
    words: str
    patient: str = ""
    """Opaque id in the recovered snapshot, or in the one of T0."""
    person: Person = Person()
    ward: str = ""
    system: str = ""
    serials: tuple[str, ...] = ()
    times: Mapping[str, str] = field(default_factory=dict)
    needs: bool = False
    """Whether somebody has to say something before the outage's books can be complete."""

    @property
    def digest(self) -> str:
        """SHA-256 of what the finding rests on: when it changes, a review no longer holds."""
        rests = (self.key, self.state, self.words, dict(self.times), self.serials)
        return hashlib.sha256(orjson.dumps(rests, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def encode(self) -> dict[str, object]:
        """Plain values, for keeping."""
        return asdict(self) | {"person": self.person._asdict()}


def decode_finding(data: Mapping[str, Any]) -> HarmFinding:
    """The finding that `as_data` gave."""
    named = {"person": Person(**data["person"]), "serials": tuple(data["serials"])}
    return HarmFinding(**{**data, **named})

"""What is implausible about an answer, who confirmed it all the same and why, and what it is held against."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical.model import MedicationRequest
from downtime.entry.facts import Fact
from downtime.plausibility_settings import PlausibilitySettings


class Rule(StrEnum):
    """What an answer breaks; `sentences.toml` has the words of each."""

    FUTURE = "future"
    BEFORE_BIRTH = "before-birth"
    BEFORE_ADMISSION = "before-admission"
    LONG_BEFORE_OUTAGE = "long-before-outage"
    BEFORE_OUTAGE = "before-outage"
    OUTSIDE_OUTAGE = "outside-outage"
    OUTSIDE_STAY = "outside-stay"
    BEFORE_PRINTING = "before-printing"
    FAR_AHEAD = "far-ahead"
    FAR_AWAY = "far-away"
    BORN_TOO_EARLY = "born-too-early"
    AGE_OF_FORM = "age-of-form"
    BEFORE_OTHER_FIELD = "before-other-field"
    LONG_AFTER_FIELD = "long-after-field"
    NOT_IN_ORDER = "not-in-order"
    SAME_TIME = "same-time"
    FULL_HOURS = "full-hours"
    IMPOSSIBLE = "impossible"
    UNUSUAL = "unusual"
    NOT_A_STEP = "not-a-step"
    OTHER_UNIT = "other-unit"
    NOT_ABOVE = "not-above"
    NARROW_PRESSURE = "narrow-pressure"
    BOTH_SCALES = "both-scales"
    NO_OXYGEN = "no-oxygen"
    NOT_THE_SUM = "not-the-sum"
    NOT_THE_SCORE = "not-the-score"
    LESS_THAN_PARTS = "less-than-parts"
    SAME_AS_HEIGHT = "same-as-height"
    WEIGHT_CHANGED = "weight-changed"
    COUNT_DIFFERS = "count-differs"
    OTHER_GENDER = "other-gender"
    WARD_UNKNOWN = "ward-unknown"
    WARD_CLOSED = "ward-closed"
    NOT_THE_WARD = "not-the-ward"
    DOSE_WITHOUT_NUMBER = "dose-without-number"
    DOSE_WITHOUT_UNIT = "dose-without-unit"
    DOSE_LONE_U = "dose-lone-u"
    DOSE_ZERO = "dose-zero"
    DOSE_POINT = "dose-point"
    DOSE_ABBREVIATED = "dose-abbreviated"
    DOSE_TENFOLD = "dose-tenfold"
    DOSE_OTHER_UNIT = "dose-other-unit"
    DOSE_SOON = "dose-soon"
    PARACETAMOL = "paracetamol"
    AFTER_DEATH = "after-death"
    AFTER_DISCHARGE = "after-discharge"
    TWO_WARDS = "two-wards"
    PERSON_UNCHECKED = "person-unchecked"


HARD_RULES = frozenset(
    [
        Rule.FUTURE, Rule.BEFORE_BIRTH, Rule.BEFORE_ADMISSION, Rule.LONG_BEFORE_OUTAGE,
        Rule.BEFORE_OUTAGE, Rule.BORN_TOO_EARLY, Rule.BEFORE_OTHER_FIELD, Rule.IMPOSSIBLE,
        Rule.NOT_ABOVE, Rule.NOT_THE_SUM, Rule.NOT_THE_SCORE, Rule.LESS_THAN_PARTS,
        Rule.WARD_UNKNOWN, Rule.DOSE_WITHOUT_NUMBER, Rule.DOSE_WITHOUT_UNIT, Rule.DOSE_LONE_U,
        Rule.DOSE_ZERO, Rule.DOSE_POINT, Rule.AFTER_DEATH, Rule.TWO_WARDS,
    ]
)  # fmt: skip
"""What is impossible and refused; all others are asked about."""


class Finding(NamedTuple):
    """One answer that is implausible: facts, worded when somebody reads them."""

    key: str
    rule: Rule
    value: str
    """The answer as it is kept, or the instant that it says (UTC)."""
    limit: str = ""
    """What it was held against: a bound, a time (UTC), another answer, a serial."""
    other: str = ""
    """linkId or serial of what it was compared with."""

    @property
    def is_hard(self) -> bool:
        """Whether it is refused; else it is asked about."""
        return self.rule in HARD_RULES

    @property
    def token(self) -> str:
        """Names this very finding, so that nobody confirms another one than they saw."""
        text = "\0".join((self.key, self.rule, self.value, self.limit, self.other))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class ConfirmReason(StrEnum):
    """Why an unusual answer stands."""

    ON_PAPER = "on-paper"
    AUTHOR_ASKED = "author-asked"
    KNOWN = "known"
    OTHER = "other"


class Confirmation(NamedTuple):
    """That somebody confirmed an implausible answer: kept beside it for good."""

    key: str
    rule: Rule
    value: str
    limit: str
    other: str
    reason: ConfirmReason
    note: str
    person: str
    name: str
    at: str
    """UTC as stored."""

    @property
    def finding(self) -> Finding:
        """What was confirmed."""
        return Finding(self.key, self.rule, self.value, self.limit, self.other)


class ConfirmRequest(NamedTuple):
    """What a person says of a field that is asked about: which findings they saw, and why it stands."""

    tokens: frozenset[str]
    reason: ConfirmReason
    note: str = ""


class KnownWard(NamedTuple):
    """A ward that the hospital has."""

    code: str
    is_closed: bool = False
    patients: int = 0
    beds: int = 0
    name: str = ""


class Dose(NamedTuple):
    """A dose that was given: of which medicine, how much, when (UTC), on which form."""

    medicine: str
    dosage: str
    at: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a form's answers are held against; what is not known is empty and judged by nothing."""

    now: datetime
    zone: ZoneInfo
    settings: PlausibilitySettings
    outage_start: datetime | None = None
    outage_end: datetime | None = None
    """None while a system is down."""
    printed: datetime | None = None
    birth_date: str = ""
    gender: str = ""
    admitted: datetime | None = None
    ended: datetime | None = None
    """When the stay ended, as the snapshot of T0 has it."""
    stay_ward: str = ""
    form_ward: str = ""
    wards: Mapping[str, KnownWard] = field(default_factory=dict)
    """By folded code and name; empty where no snapshot says which there are."""
    orders: tuple[MedicationRequest, ...] = ()
    doses: tuple[Dose, ...] = ()
    """Doses given before, as the snapshot has them."""
    other_facts: tuple[Fact, ...] = ()
    """What the other keyed forms of this patient say."""
    last_weight: str = ""

    @property
    def today(self) -> date:
        """The day, by the site's clock."""
        return self.now.astimezone(self.zone).date()


def fold_ward(text: str) -> str:
    """A ward's code or name as it is compared: without case, spaces and the word 'ward' before it."""
    folded = "".join(text.casefold().split())
    return folded.removeprefix("ward") or folded

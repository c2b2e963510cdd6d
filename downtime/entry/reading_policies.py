"""Where what the scanner reads may be the second keying of a field, which a person keyed without seeing it.

A site says for what: ticks, and fields without ink. It counts only while it was seldom wrong beside what two
people keyed, and of some forms it is always held against two people, so that this stays known.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import CheckTotals, ReadingKind, VerificationBasis
from downtime.entry.quality import wilson_interval
from downtime.entry.store import second_keyings
from downtime.entry.validation import SIGN_OFF_KEYS
from downtime.errors import InputError
from downtime.paper.forms.model import FormDefinition, FormItem
from downtime.settings import Settings

READING_BASES = {
    ReadingKind.TICKS: VerificationBasis.READ_TICKS,
    ReadingKind.EMPTY: VerificationBasis.READ_EMPTY,
}
_TWO_PEOPLE_RECORDS = ("Patient", "AllergyIntolerance", "MedicationAdministration")
_TWO_PEOPLE_FORMS = re.compile(
    r"transfus|unit of blood|blood unit|emergency blood|drug|medicine|insulin|infusion|anticoagul"
    r"|allerg|oxygen prescription",
    re.IGNORECASE,
)
_TWO_PEOPLE_FIELDS = re.compile(
    r"allerg|medicin|drug|\bdos(e|es|age)\b|insulin|infusion|transfus|\bgroup\b|rhesus"
    r"|(?<!full )blood(?! (culture|pressure|gas))",
    re.IGNORECASE,
)
"""Words that name blood as a product or a group, and not the test of it."""


@dataclass(frozen=True, slots=True)
class ReadingEstimate:
    """How often what the scanner read was wrong, beside what two people keyed; `high` from 0 to 1."""

    kind: ReadingKind
    totals: CheckTotals
    high: float
    counts: bool


def list_kinds(settings: Settings) -> tuple[ReadingKind, ...]:
    """What this site lets the scanner read; InputError for a word that means nothing."""
    try:
        return tuple(ReadingKind(word) for word in settings.entry.second_reading)
    except ValueError:
        raise InputError(
            "entry.second-reading",
            "The setting entry.second_reading says what the scanner cannot read.",
            "Write ticks, empty, both of them or none.",
        ) from None


def may_be_read(form: FormDefinition, item: FormItem) -> bool:
    """Whether the scanner may stand for a person at all: never for who somebody is, who signed and when,
    allergies, medicines, doses and blood.
    """
    if item.link_id.startswith("patient.") or item.maps.startswith("Patient."):
        return False
    if item.link_id in SIGN_OFF_KEYS or {form.record, item.record} & {*_TWO_PEOPLE_RECORDS}:
        return False
    if _TWO_PEOPLE_FORMS.search(f"{form.name} {form.title}".replace("-", " ")):
        return False
    text = f"{item.link_id} {item.text} {item.group} {item.record_group} {item.maps}"
    return not _TWO_PEOPLE_FIELDS.search(text.replace("-", " "))


def list_readable_keys(form: KeyedForm) -> set[str]:
    """The fields of a form that the scanner may read; none of what was sent back, for it was seen."""
    if form.entry and form.entry.corrections:
        return set()
    return {
        key
        for item in form.keyed_items
        if may_be_read(form.definition, item)
        for key in item.answer_keys()
    }


def estimate_reading(db: Database, settings: Settings, kind: ReadingKind) -> ReadingEstimate:
    """How often it was wrong in the last forms of which two people keyed the same fields."""
    last = settings.entry.error_window_forms
    totals = second_keyings.sum_last_readings(db, READING_BASES[kind], last)
    _, high = wilson_interval(totals.errors, totals.fields)
    return ReadingEstimate(
        kind, totals, high, high * 100 <= settings.entry.max_reading_error_percent
    )


def reading_counts(db: Database, settings: Settings, secret: bytes, serial: str) -> bool:
    """Whether what the scanner read of this form is its second keying: not while it may be wrong too often,
    and never of a form on which it is held against two people. Nobody who keys can foretell which that is.
    """
    digest = hmac.digest(secret, f"reading {serial}".encode(), hashlib.sha256)
    if int.from_bytes(digest[:8]) < settings.entry.sample_percent / 100 * 2**64:
        return False
    return all(estimate_reading(db, settings, kind).counts for kind in list_kinds(settings))

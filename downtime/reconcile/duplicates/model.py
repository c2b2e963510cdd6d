"""One thing as one form says it, and under what the same thing is found on another form. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from downtime.paper.serials import format_serial
from downtime.reconcile.model import Decision, ItemState
from downtime.reconcile.rules import test_names
from downtime.reconcile.rules.values import fold_test_name
from downtime.reconcile.rules.verdict import fold_text

REQUEST, DOSE, UNIT = "request", "dose", "unit"
TYPES = ("ServiceRequest", "MedicationAdministration")
"""The types of fact that one may find on two forms."""
DuplicateKey = tuple[str, ...]
"""What is the same on two forms: the kind, the system, the patient and the test, dose or unit."""


class FormStatement(NamedTuple):
    """One thing as one form says it."""

    key: str
    serial: str
    type: str
    system: str
    patient: str
    event: str
    fields: Mapping[str, str]
    form: str = ""
    site: str = ""
    """The site and side of a specimen, as the form describes it."""
    state: str = ""
    """What the comparison found of it by itself."""
    decision: str = Decision.OPEN
    is_patient_certain: bool = True
    """Whether it is beyond doubt whom it is about."""

    @property
    def time(self) -> str:
        """When it was (UTC as stored)."""
        return moment(self.event, self.fields)

    @property
    def outcome(self) -> str:
        """What became of a dose or a unit, in words: `transfused`, `not given`."""
        return self.fields.get("reason") or self.fields.get("status", "").replace("-", " ")

    @property
    def has_sample_time(self) -> bool:
        """Whether the form says when the sample was taken."""
        return "T" in self.fields.get("collected", "")

    @property
    def is_returned(self) -> bool:
        """Whether it went out already."""
        return self.decision == Decision.RETURNED

    @property
    def is_left_out(self) -> bool:
        """Whether it was decided that it stays out."""
        return self.decision == Decision.LEAVE

    @property
    def settlement_rank(self) -> int:
        """How firmly it is settled that it goes; see `settled`."""
        return settled(self.state, self.decision)


def settled(state: str, decision: str) -> int:
    """0 when the live system has it or will have it in any case, 1 when it is to go, else 2."""
    if state == ItemState.ALREADY_THERE or decision in (Decision.RETURNED, Decision.RESOLVED):
        return 0
    return 1 if decision == Decision.RETURN else 2


def form(serial: str, *, out: bool) -> str:
    """Another form at the start of a sentence, and whether what it says went out already."""
    return f"Form {format_serial(serial)}{', returned already,' if out else ''}"


def moment(event: str, fields: Mapping[str, str]) -> str:
    """When the sample was taken, else the dose given, else the form's own time."""
    known = fields.get("collected") or fields.get("given", "")
    return known if "T" in known else event


def duplicate_key(
    kind: str, system: str, patient: str, fields: Mapping[str, str]
) -> DuplicateKey | None:
    """Under what it is found on another form; None when that cannot be told.

    Blood is known by its donation number alone, whoever had it. A test without a patient, or one
    without a name, is like no other.
    """
    if kind == "ServiceRequest":
        name = _called(fields.get("code", ""), fields.get("display", ""))
        specimen = fields.get("specimen", "")
        if not patient or not name:
            return None
        return REQUEST, system, patient, name, fold_text(specimen) if specimen else ""
    if unit := fields.get("batch"):
        return UNIT, system, fold_text(unit)
    medicine = fold_text(fields.get("medicine", ""))
    return (DOSE, system, patient, medicine) if patient and medicine else None


def alternative_keys(one: DuplicateKey, fields: Mapping[str, str]) -> list[DuplicateKey]:
    """What a form that gives no code, only the name of the test, would find it under."""
    if one[0] != REQUEST:
        return []
    return [(*one[:3], name, one[4]) for name in test_names.names_in_fields(fields) - {one[3]}]


@lru_cache(maxsize=8192)
def _called(code: str, display: str) -> str:
    """A test by its code, else by its name; nothing for a mere `other`."""
    return next((n for n in map(fold_test_name, (code, display)) if n not in ("", "other")), "")

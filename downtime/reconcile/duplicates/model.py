"""One thing as one form says it, under what other forms say it too, and what is found of it. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from downtime.reconcile.model import Decision, Item, ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.rules.values import fold_test_name, names_in_fields
from downtime.reconcile.rules.verdict import fold_text

RECORD_TYPES = ("ServiceRequest", "MedicationAdministration")
"""The types of fact that one may find on two forms."""
RETURNABLE_STATES = (ItemState.NEW, ItemState.NOT_COMPARED, ItemState.CONFLICT)
"""The states of what could be returned: it is annotated when another form says the same."""


class DuplicateKind(StrEnum):
    """What two forms may both record."""

    REQUEST = "request"
    DOSE = "dose"
    UNIT = "unit"


class DuplicateKey(NamedTuple):
    """What is the same on two forms.

    A unit of blood is known by its donation number alone, whoever had it: `patient` is empty then,
    `name` the number, and `specimen` its component where forms name several.
    """

    kind: DuplicateKind
    system: str
    patient: str
    name: str
    specimen: str = ""


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

    @property
    def time(self) -> str:
        """When it was (UTC as stored)."""
        return statement_time(self.event, self.fields)

    @property
    def outcome(self) -> str:
        """The outcome of a dose or a unit, as people read it: transfused, not given."""
        return self.fields.get("reason") or self.fields.get("status", "").replace("-", " ")

    @property
    def has_sample_time(self) -> bool:
        """Whether the form says when the sample was taken."""
        return "T" in self.fields.get("collected", "")

    @property
    def is_returned(self) -> bool:
        return self.decision == Decision.RETURNED

    @property
    def is_left_out(self) -> bool:
        return self.decision == Decision.LEAVE

    @property
    def settlement_rank(self) -> int:
        """How firmly it is settled that it goes; see `rank_settlement`."""
        return rank_settlement(self.state, self.decision)


class UnitFinding(NamedTuple):
    """What is found of one form of a unit of blood that another form names too."""

    sort_key: str
    represented_by: FormStatement | None
    """The form that is returned in its place."""
    contradicts: FormStatement | None
    """The form that it cannot be one event with."""
    component: str = ""
    """Which of the donation's components it is, where forms name several."""
    is_component_open: bool = False
    """Whether it contradicts a form only because either may be of another component."""


class DuplicateFinding(NamedTuple):
    """What is found of one statement."""

    position: int
    """Where it is among the items; -1 when it is of another form."""
    duplicate_key: DuplicateKey
    statement: FormStatement
    other: FormStatement | None
    """What another form says already, or contradicts."""
    unit: UnitFinding | None = None


def rank_settlement(state: str, decision: str) -> int:
    """0 when the live system has it or will have it in any case, 1 when it is to go, else 2."""
    if state == ItemState.ALREADY_THERE or decision in (Decision.RETURNED, Decision.RESOLVED):
        return 0
    return 1 if decision == Decision.RETURN else 2


def is_patient_certain(state: str, *, has_match: bool) -> bool:
    """Whether an item is beyond doubt about its patient; a conflict with a live record still is."""
    return state != ItemState.CONFLICT or has_match


def statement_time(event: str, fields: Mapping[str, str]) -> str:
    """When the sample was taken, else the dose given, else the form's own time."""
    known = fields.get("collected") or fields.get("given", "")
    return known if "T" in known else event


def find_duplicate_key(
    record_type: str, system: str, patient: str, fields: Mapping[str, str]
) -> DuplicateKey | None:
    """Under what it is found on another form; None when that cannot be told.

    A test without a patient, or one without a name, is like no other.
    """
    if record_type == "ServiceRequest":
        name = _test_name(fields.get("code", ""), fields.get("display", ""))
        if not patient or not name:
            return None
        specimen = fields.get("specimen", "")
        folded = fold_text(specimen) if specimen else ""
        return DuplicateKey(DuplicateKind.REQUEST, system, patient, name, folded)
    if number := fields.get("batch"):
        return DuplicateKey(DuplicateKind.UNIT, system, "", fold_text(number))
    medicine = fold_text(fields.get("medicine", ""))
    if not patient or not medicine:
        return None
    return DuplicateKey(DuplicateKind.DOSE, system, patient, medicine)


def find_alternative_keys(key: DuplicateKey, fields: Mapping[str, str]) -> list[DuplicateKey]:
    """What a form that gives no code, only the name of the test, would find it under."""
    if key.kind != DuplicateKind.REQUEST:
        return []
    return [key._replace(name=name) for name in names_in_fields(fields) - {key.name}]


@lru_cache(maxsize=8192)
def _test_name(code: str, display: str) -> str:
    """A test by its code, else by its name; nothing for a mere `other`."""
    return next((n for n in map(fold_test_name, (code, display)) if n not in ("", "other")), "")


def fields_of(statement: Item | FormStatement) -> Mapping[str, str]:
    """What it says by field."""
    return statement.fields if isinstance(statement, FormStatement) else statement.fact.fields


def serial_of(statement: Item | FormStatement) -> str:
    """The serial of its form."""
    return statement.serial if isinstance(statement, FormStatement) else statement.fact.serial


def reasons_for_repeat(kind: DuplicateKind, other: FormStatement) -> Reasons:
    """A test or dose that another form says already."""
    values = _of_form(other.serial, is_returned=other.is_returned) | {"at": other.time}
    if kind == DuplicateKind.DOSE:
        dose = " ".join(filter(None, (other.fields.get("dosage", ""), other.outcome)))
        return make_reasons(ReasonCode.DOSE_ON_ANOTHER_FORM, **values, paper=dose)
    if other.has_sample_time:
        return make_reasons(ReasonCode.SAMPLE_ON_ANOTHER_FORM, **values)
    return make_reasons(ReasonCode.REQUEST_ON_ANOTHER_FORM, **values)


def reasons_for_represented(serial: str, system: str, state: str, decision: str) -> Reasons:
    """A unit of blood that the form of this serial, state and decision represents."""
    if decision == Decision.RETURNED:
        return make_reasons(ReasonCode.UNIT_RETURNED_BY_FORM, serial=serial)
    if decision == Decision.RESOLVED:
        return make_reasons(ReasonCode.UNIT_RESOLVED_BY_FORM, serial=serial)
    if state == ItemState.ALREADY_THERE:
        return make_reasons(ReasonCode.UNIT_EXISTS_BY_FORM, serial=serial, holder=system)
    return make_reasons(ReasonCode.UNIT_REPRESENTED_BY_FORM, serial=serial)


def reasons_for_contradiction(finding: DuplicateFinding, other: FormStatement) -> Reasons:
    """A unit of blood of which another form says something that cannot be the same event."""
    values = _of_form(other.serial, is_returned=other.is_returned)
    if finding.unit and finding.unit.is_component_open:
        medicine = other.fields.get("medicine", "")
        return make_reasons(ReasonCode.UNIT_COMPONENT_OPEN, **values, paper=medicine)
    patient = finding.statement.patient
    is_other_patient = patient and other.patient and patient != other.patient
    code = ReasonCode.UNIT_OF_ANOTHER_PATIENT if is_other_patient else ReasonCode.UNIT_CONTRADICTED
    return make_reasons(code, **values, paper=other.outcome)


def reasons_for_rival(serial: str) -> Reasons:
    """The same, of a form of which no more than its serial is known."""
    return make_reasons(ReasonCode.UNIT_CONTRADICTED, **_of_form(serial, is_returned=False))


def _of_form(serial: str, *, is_returned: bool) -> dict[str, str]:
    return {"serial": serial, "returned": "1" if is_returned else ""}

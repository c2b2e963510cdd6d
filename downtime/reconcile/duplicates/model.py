"""One thing as one form says it, under what other forms say it too, and what is found of it. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from downtime.reconcile.duplicates.keys import RECOGNITIONS, DuplicateKey
from downtime.reconcile.model import Decision, Item, ItemState
from downtime.reconcile.reasons import IDENTITY_OBJECTIONS, Reasons

RETURNABLE_STATES = (ItemState.NEW, ItemState.NOT_COMPARED, ItemState.CONFLICT)
"""The states of what could be returned: it is annotated when another form says the same."""


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
        return statement_time(self.type, self.event, self.fields)

    @property
    def outcome(self) -> str:
        """The outcome of a dose or a unit, as people read it: transfused, not given."""
        return self.fields.get("reason") or self.fields.get("status", "").replace("-", " ")

    @property
    def has_own_time(self) -> bool:
        """Whether the form says of this very thing when it was: when the sample was taken."""
        return bool(own_time(self.type, self.fields))

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
    """What is found of one form of a unit of blood, or of another thing, that another form names too."""

    sort_key: str
    represented_by: FormStatement | None
    """The form that is returned in its place."""
    contradicts: FormStatement | None
    """The form that it cannot be one event with."""
    component: str = ""
    """Which of the donation's components it is, where forms name several."""
    is_component_open: bool = False
    """Whether it contradicts a form only because either may be of another component."""
    challenged_by: FormStatement | None = None
    """A form that contradicts it, so that two people decide about both."""
    is_asked: bool = False
    """Whether it is said alike, and may still be two things: one person says."""

    @property
    def other(self) -> FormStatement | None:
        """The form that it is laid beside."""
        return self.contradicts or self.represented_by or self.challenged_by


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


def is_patient_certain(state: str, reasons: Reasons) -> bool:
    """Whether an item is beyond doubt about its patient; a conflict with a live record still is."""
    return state != ItemState.CONFLICT or not any(r.code in IDENTITY_OBJECTIONS for r in reasons)


def statement_time(record_type: str, event: str, fields: Mapping[str, str]) -> str:
    """When it was by its own field, such as when the sample was taken, else the form's own time."""
    return own_time(record_type, fields) or event


def own_time(record_type: str, fields: Mapping[str, str]) -> str:
    """When it was by its own field; empty when the form does not say."""
    for name in RECOGNITIONS[record_type].time_fields:
        if "T" in (moment := fields.get(name, "")):
            return moment
    return ""


def fields_of(statement: Item | FormStatement) -> Mapping[str, str]:
    """What it says by field."""
    return statement.fields if isinstance(statement, FormStatement) else statement.fact.fields


def serial_of(statement: Item | FormStatement) -> str:
    """The serial of its form."""
    return statement.serial if isinstance(statement, FormStatement) else statement.fact.serial

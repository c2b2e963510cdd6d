"""Compared items: what the comparison finds of each fact, and what people decide about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Literal, NamedTuple

from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.reasons import Reasons
from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    HARM_EXPLAINED = "harm.explained"
    HARM_FIND = "harm.find"
    HARM_REVIEWED = "harm.reviewed"
    HARM_RUN = "harm.run"
    IDENTITY_CONFIRM = "identity.confirm"
    IDENTITY_PROPOSE = "identity.propose"
    IDENTITY_REJECT = "identity.reject"
    IDENTITY_UNDO = "identity.undo"
    RECONCILE_BULK = "reconcile.bulk"
    RECONCILE_BULK_UNDO = "reconcile.bulk-undo"
    RECONCILE_COMPARE = "reconcile.compare"
    RECONCILE_DECIDE = "reconcile.decide"
    RECONCILE_FORGET = "reconcile.forget"
    RECONCILE_LINKS = "reconcile.links"
    RECONCILE_PEOPLE = "reconcile.people"
    RECONCILE_RUN = "reconcile.run"


class ItemState(StrEnum):
    """What the comparison gives each fact."""

    ALREADY_THERE = "already-there"
    """The recovered system holds it; nothing to do."""
    NEW = "new"
    """It is not there; it may be returned."""
    NEWER_LIVE = "newer-live"
    """The live record has moved on since; it is never overwritten."""
    CONFLICT = "conflict"
    """Both say something and it differs; a person decides."""
    UNMATCHED = "unmatched"
    """The patient is not found by any exact number."""
    NOT_COMPARED = "held"
    """Policy files it as a document, or the system does not tell what it holds."""
    NOT_RECOVERED = "not-recovered"
    """Its system has sent nothing newer than its own return: what it holds is not known yet."""
    ON_ANOTHER_FORM = "on-another-form"
    """Another form records the same unit of blood, and is the one that is returned."""


class Decision(StrEnum):
    """What is decided about an item."""

    OPEN = "open"
    RETURN = "return"
    LEAVE = "leave"
    RESOLVED = "resolved-elsewhere"
    RETURNED = "returned"


PROPOSED: Literal["proposed"] = "proposed"
"""Not a decision: what a list is narrowed by to the open items that wait for a second person."""

LIFECYCLE = Lifecycle(
    "decision",
    {
        Decision.OPEN: (Decision.RETURN, Decision.LEAVE, Decision.RESOLVED),
        # Taken back before it went out; or exported.
        Decision.RETURN: (Decision.OPEN, Decision.RETURNED),
        Decision.LEAVE: (Decision.OPEN,),
        Decision.RESOLVED: (Decision.OPEN,),
        # By a new comparison, or taken back after its message was refused.
        Decision.RETURNED: (Decision.OPEN,),
    },
)

_TO_DECIDE = (Decision.RETURN, Decision.LEAVE, Decision.RESOLVED)
_ALLOWED: dict[ItemState, tuple[Decision, ...]] = {
    ItemState.ALREADY_THERE: (),
    ItemState.NEW: _TO_DECIDE,
    ItemState.NEWER_LIVE: (Decision.LEAVE, Decision.RESOLVED),
    ItemState.CONFLICT: _TO_DECIDE,
    ItemState.UNMATCHED: (Decision.LEAVE, Decision.RESOLVED),
    ItemState.NOT_COMPARED: (),
    ItemState.NOT_RECOVERED: (),
    ItemState.ON_ANOTHER_FORM: (),
}
"""Comparison state to the decisions it allows; an empty row needs none, or cannot be decided yet."""

_FILED = ("Document", "Patient")
"""Types that are settled when they are held: filed, or sent with the admission of the same form.

Data of any other type is held because its system does not tell what it holds; a person decides.
"""

REGISTERS = ("Encounter",)
"""Types that may be returned although the patient is unmatched: they register the patient."""


def allowed_decisions(state: ItemState, record_type: str, event: str = "") -> tuple[Decision, ...]:
    """The decisions that an item of this state, record type and movement allows."""
    if state == ItemState.UNMATCHED and record_type in REGISTERS and event in ("admit", ""):
        return (Decision.RETURN, *_ALLOWED[state])
    if state == ItemState.NOT_COMPARED and record_type not in _FILED:
        return _TO_DECIDE
    return _ALLOWED[state]


@dataclass(frozen=True, slots=True)
class Item:
    """One fact with what the comparison found; `key` is the fact's."""

    fact: Fact
    state: ItemState
    reasons: Reasons
    patient: str = ""
    """Id of the patient in the recovered snapshot."""
    matched_ids: tuple[str, ...] = ()
    """Ids of the live records that were found to mean the same."""
    person: PaperPerson = PaperPerson()
    """Whom a returned message names: the recovered system's patient, with the downtime number."""
    needs_second_person: bool = False
    """Whether a second person confirms what is decided."""

    @property
    def key(self) -> str:
        return self.fact.key

    def has_same_match(self, other: "Item") -> bool:
        """Whether both were found to be about one patient, person and live records."""
        mine, theirs = ((i.patient, i.matched_ids, i.person) for i in (self, other))
        return mine == theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision on an item; all empty but `decision` while it is open.

    Where a second person confirms, it stays open with a `proposal` until then.
    """

    decision: Decision = Decision.OPEN
    decided_by: str = ""
    decided_by_name: str = ""
    decided: str = ""
    reason: str = ""
    proposal: Decision | Literal[""] = ""
    proposed_by: str = ""
    proposed_by_name: str = ""
    proposed: str = ""
    batch: str = ""
    """The decision in bulk that it is part of."""


UNDECIDED = DecisionRecord()


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item of an outage as it is stored, with its decision."""

    item: Item
    outage: str
    digest: str
    """SHA-256 of all that its fact says; a new item gets it when it is saved."""
    snapshot: str
    """The recovered snapshot it was compared with."""
    compared: str
    decided: DecisionRecord

    @property
    def key(self) -> str:
        return self.item.key

    @property
    def allowed(self) -> tuple[Decision, ...]:
        """The decisions it allows."""
        fact = self.item.fact
        return allowed_decisions(self.item.state, fact.type, fact.fields.get("event", ""))

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide, now or once its system has recovered."""
        is_awaited = self.item.state == ItemState.NOT_RECOVERED
        return self.decided.decision == Decision.OPEN and (is_awaited or bool(self.allowed))


class ComparisonRun(NamedTuple):
    """One comparison: when, against which recovered snapshot, over how many entered forms."""

    outage: str
    at: str
    snapshot: str
    forms: int
    items: int
    basis: str = ""
    """Digest of all but forms and snapshot that a finding rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items: empty text for any. `open_only` leaves out what needs no decision."""

    state: ItemState | Literal[""] = ""
    type: str = ""
    system: str = ""
    ward: str = ""
    form: str = ""
    decision: Decision | Literal["", "proposed"] = ""
    proposal: Decision | Literal[""] = ""
    open_only: bool = False

    def as_dict(self) -> dict[str, str]:
        """The filters that are set, for an address or a record."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "open_only"}
        return {name: str(value) for name, value in values.items() if value}


ALL_ITEMS = ItemFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDecision:
    """One decision about many items; `undone` is empty while it stands."""

    id: str
    outage: str
    decision: Decision
    reason: str
    filter: Mapping[str, str]
    items: int
    decided: str
    decided_by: str
    decided_by_name: str
    undone: str = ""
    undone_by_name: str = ""
    undone_reason: str = ""

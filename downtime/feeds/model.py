"""What reading a feed gives: changes, replacements of a whole data set, and rejects.

A *change* says only what the message said: a field that was empty is left out, a field that was
deleted (HL7 `""`) is set to empty text. Laying all changes of one record over each other in the
order of `event` (else `sent`), then `sent`, gives its present state, in whatever order they arrive.

A field that refers to another record holds that record's key or one of its addresses; a field that
waits for the name of something (a medicine, a person, a ward) holds a reference text. What they
mean is found when records are settled (`feeds.named_resources`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from downtime.clinical.identifiers import Identifier

Value = str | int | tuple[str, ...]


class UnusableMessageError(Exception):
    """A message cannot be used: the segment concerned, and why, without patient data."""

    def __init__(self, segment: str, reason: str) -> None:
        super().__init__(reason)
        self.segment = segment
        self.reason = reason


CONTINUED_AS = "continued_as"
"""A field of changes, and none of a record: the number under which a stay or appointment goes on."""
REQUESTED_AS = "requested_as"
"""The same of an appointment: the number that it had before its scheduler gave it one."""


LINKS = "links"
"""The same of a FHIR Patient, said anew with each version: the merges that it states, by their keys."""


def bed_key(ward: str, bay: str, bed: str) -> str:
    """The key of a Location, the same in every format, so that feeds meet in one bed."""
    return f"{ward}|{bay}|{bed}"


class Operation(StrEnum):
    """What a change does to its record."""

    SET = "set"
    DELETE = "delete"
    """Entered in error, or the bed is gone."""
    CANCEL = "cancel"
    """`fields` hold instead of whatever was sent before this (MSH-7, MSH-13, arrival), whatever the
    times of those events; what is sent after it stands again."""
    MERGE = "merge"
    """`patient` is the person who survives, `merged` holds what now belongs to them."""
    UNMERGE = "unmerge"
    """`patient` and `merged` are two persons again, and everything goes back to whom it belonged."""
    MOVE = "move"
    """The stay or account `key` and what was sent with it goes from `merged` to `patient`."""


class Position(NamedTuple):
    """Where in the input: the file as it was named, and the message or row in it, from 1.

    `arrival` is the number under which it was received, rising over files and over time: it decides
    where times do not.
    """

    file: str
    number: int
    arrival: int = 0


class FindingKind(StrEnum):
    """What is wrong with data that was sent, as data quality counts it."""

    NOT_READ = "not-read"
    """A segment, field or resource that was sent and is not used: the message is used in part."""
    UNKNOWN_CODE = "unknown-code"
    UNKNOWN_STATUS = "unknown-status"
    CHARACTER_SET = "character-set"
    TIME_UNREADABLE = "time-unreadable"
    NUMBER_REUSED = "number-reused"
    NUMBER_DAMAGED = "number-damaged"
    """A number that a spreadsheet broke, or that fails its check digit."""
    PATIENT_WITH_TWO_NUMBERS = "patient-with-two-numbers"
    """One message names two hospital numbers, and no merge makes them one person."""
    MERGE_UNMATCHED = "merge-unmatched"
    """A merge, its undoing or a move that finds nobody."""
    PATIENT_WITHOUT_NUMBER = "patient-without-number"
    BED_WITH_TWO = "bed-with-two"
    PATIENT_IN_TWO_BEDS = "patient-in-two-beds"
    """One patient has two stays in hospital at once."""
    WARD_UNKNOWN = "ward-unknown"
    """Admitted, and no ward is known."""
    RECORD_WITHOUT_PATIENT = "record-without-patient"
    MEDICINE_UNNAMED = "medicine-unnamed"
    REFERENCE_UNRESOLVED = "reference-unresolved"
    STAY_WITHOUT_END = "stay-without-end"
    """In hospital for longer than is plausible."""
    MOVED_AFTER_DISCHARGE = "moved-after-discharge"
    """A transfer or leave that was sent after the discharge, which nothing took back."""
    ORDER_UNMAPPED = "order-unmapped"
    """An order of a kind that is neither a test nor an alert."""
    RESULT_REOPENED = "result-reopened"
    """A report was final, and was sent later as less."""
    RESULT_WITHOUT_REQUEST = "result-without-request"
    """A result names a request of which no order was sent."""
    RESULT_WITHDRAWN = "result-withdrawn"
    """A corrected report holds less than the one before it."""
    TIME_IN_FUTURE = "time-in-future"
    """A time that was still to come when the message was received: not believed."""
    REJECTED = "rejected"
    """A message, row or file that cannot be used at all."""
    LIST_IMPLAUSIBLE = "list-implausible"
    """A damaged list, or one that lacks most of what the one before held: put in quarantine."""
    LIST_RELEASED = "list-released"
    """Such a list that a person has released from quarantine."""
    MESSAGES_LOST = "messages-lost"
    """The state holds what they said; the ledger has them no more."""


class Outcome(StrEnum):
    """What became of a message."""

    USED = "used"
    USED_IN_PART = "used-in-part"
    NOT_USED = "not-used"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    NOT_YET_READ = "not-yet-read"
    """It is kept, and its sender was told so; what it says is read in a moment."""


class Change(NamedTuple):
    """What one message or row says of one record.

    `type` is the record's name; `key` names it within `source` (a filler number, a visit number, a
    bed); a Patient's key is empty, since its identifiers say who it is. `patient` holds the
    identifiers of the person concerned, the most specific first. `fields` are the record's own
    fields without `id`, `source`, `updated`, `patient`; a field that refers to another record
    (`report`, `based_on`, `encounter`) holds that record's key, or one of the addresses that it
    carries in the field `named_resources.ADDRESSES`.
    """

    type: str
    source: str
    key: str
    patient: tuple[Identifier, ...] = ()
    fields: Mapping[str, Value] = MappingProxyType({})
    event: str = ""
    """When it happened (EVN-2/6, ORC-9, meta.lastUpdated …), UTC; empty when not said."""
    sent: str = ""
    """When the message was made (MSH-7), UTC; empty when not said."""
    sequence: int = 0
    """MSH-13, which decides between messages made at one time; 0 when not said."""
    operation: Operation = Operation.SET
    merged: tuple[Identifier, ...] = ()
    position: Position = Position("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A full extract: `changes` are all there is of these types from this source, as at `sent`."""

    types: tuple[str, ...]
    source: str
    sent: str
    changes: tuple[Change, ...]
    position: Position


class Finding(NamedTuple):
    """Something wrong with what was sent; holds no patient data."""

    kind: FindingKind
    source: str
    """The system, as far as it is known."""
    text: str
    segment: str = ""
    """The segment (`OBX 3`), field (`PV1-2`), element (`Observation.status`) or column concerned."""


class Origin(NamedTuple):
    """What a message says of itself, by which a person finds it again at its sender."""

    kind: str = ""
    """`ADT^A01`, `Bundle`, `Patient`, `table` …"""
    control_id: str = ""
    """MSH-10, or the resource's id."""
    sender: str = ""
    """Sending application and facility: `PAS^RXH`."""
    sent: str = ""
    """MSH-7, `meta.lastUpdated`, UTC."""
    line: int = 0
    """The line of the file on which it begins, from 1; 0 when it was not read from lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A message or row that cannot be used, and why; holds no patient data."""

    position: Position
    segment: str
    reason: str
    origin: Origin = Origin()
    quote: str = ""
    """The segment or row concerned, its values masked."""


@dataclass(slots=True, kw_only=True)
class FeedMessage:
    """One message, resource or table that was accepted, with all that it says; nobody changes it, but
    that it is given its arrival number.

    It is not frozen, since making a frozen one takes as long as reading several segments.
    """

    position: Position
    kind: str
    """`ADT^A01`, `Bundle`, `Patient`, `table` …"""
    source: str
    """The system that made it; empty when it does not say, and holds records of several."""
    sent: str
    content: tuple[Change | Replacement, ...]
    origin: Origin = Origin()
    findings: tuple[Finding, ...] = ()
    unused: str = ""
    """Why nothing of it is used, when nothing is."""
    is_read: bool = True
    """False while only its heading is."""
    raw: bytes | Mapping[str, Any] = field(default=b"", repr=False, compare=False)
    """As it came, to quote of it masked; empty for rows and tables."""

    @property
    def outcome(self) -> Outcome:
        """Whether all, a part or nothing of it is used."""
        if not self.is_read:
            return Outcome.NOT_YET_READ
        if not self.content:
            return Outcome.NOT_USED
        if not self.findings:
            return Outcome.USED
        in_part = any(finding.kind is FindingKind.NOT_READ for finding in self.findings)
        return Outcome.USED_IN_PART if in_part else Outcome.USED

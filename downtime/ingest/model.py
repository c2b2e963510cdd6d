"""What is received, and what the ledger keeps of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.feeds.file_format import FileFormat
from downtime.feeds.model import FeedMessage, Finding, Outcome, Reject

FILES = "files"
"""The source of files that are named by hand (`snapshot build PATH`)."""


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    INGEST_RELEASE = "ingest.release"
    INGEST_RUN = "ingest.run"


class RawMessage(NamedTuple):
    """What is kept and read as a whole, as it was received; nothing of it is read yet.

    One HL7 v2 message without its MLLP frame, one line of NDJSON, one FHIR page or resource, one
    table, one workbook.
    """

    source: str
    """The source by its name in the configuration; `files` when it was named by hand."""
    format: FileFormat
    name: str
    """The file, the page, or the peer's address."""
    number: int
    """Which message of that file or connection, from 1."""
    data: bytes
    modified: str = ""
    """When the file or page was changed, UTC: the same table again is news when it was written anew.

    HL7 messages have none: they say themselves when they were made."""
    line: int = 0
    """The line of the file on which it begins; 0 when it was not read from lines."""


class RecordedMessage(NamedTuple):
    """A message that is in the ledger and on the disk, and what was read of it."""

    arrival: int
    item: FeedMessage | Reject
    received: str = ""
    """When it was received, UTC; empty when it could not be kept."""
    repeated: bool = False
    """It was received before, under this arrival number: nothing new was kept."""
    released: bool = False
    """A person has released it from quarantine."""

    @property
    def outcome(self) -> Outcome:
        """What became of it, by reading alone."""
        return read_outcome(self.item)

    @property
    def reason(self) -> str:
        """Why it was rejected or nothing of it is used; empty when it is used."""
        return self.item.reason if isinstance(self.item, Reject) else self.item.unused


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What the ledger says of one message; all but `identifiers` and `control_id` is no patient data."""

    arrival: int
    source: str
    name: str
    number: int
    line: int
    sender: str
    control_id: str
    kind: str
    system: str
    sent: str
    received: str
    """UTC as stored."""
    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    """Of every patient that it names."""
    released_as: int = 0
    """The arrival number under which it was released from quarantine."""
    released_from: int = 0
    """The arrival number of the quarantined list that this is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages are looked for; what is empty does not narrow it."""

    identifier: str = ""
    """A patient's number, whole, in any authority."""
    control_id: str = ""
    kind: str = ""
    """`ADT^A01`, or `ADT` for all of them."""
    outcome: Outcome | None = None
    source: str = ""
    """A source by its name, or a system."""
    since: str = ""
    """Received at or after this time (UTC)."""
    until: str = ""
    """Received before this time (UTC)."""
    before: int = 0
    """Only arrival numbers below this one: the next page."""


def read_outcome(item: FeedMessage | Reject) -> Outcome:
    """What became of a message, by reading alone."""
    return Outcome.REJECTED if isinstance(item, Reject) else item.outcome

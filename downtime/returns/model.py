"""What a returned message is: its channel, its states and their table of moves, its records."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from downtime.config import read_data_file
from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    REKEY_CLAIM = "rekey.claim"
    REKEY_TICK = "rekey.tick"
    REKEY_UNTICK = "rekey.untick"
    REPORT_MAKE = "report.make"
    RETURN_ACKNOWLEDGE = "return.acknowledge"
    RETURN_AGAIN = "return.again"
    RETURN_AGAIN_ABSENT = "return.again-absent"
    RETURN_EXPORT = "return.export"
    RETURN_QUEUE = "return.queue"
    RETURN_REFUSE = "return.refuse"
    RETURN_RESOLVE = "return.resolve"
    RETURN_SENT = "return.sent"
    RETURN_TAKE_BACK = "return.take-back"
    RETURN_TAKE_BACK_ABSENT = "return.take-back-absent"
    CLOSING_PROPOSE = "closing.propose"
    CLOSING_WITHDRAW = "closing.withdraw"
    PAGES_DESTROY = "pages.destroy"
    PAGES_PROPOSE = "pages.propose"
    STATEMENT_EXPLAIN = "statement.explain"
    STATEMENT_MAKE = "statement.make"
    STATEMENT_SIGN = "statement.sign"


class Channel(StrEnum):
    """A way by which decisions reach a system; `channels.py` says what each one needs."""

    FILE = "file"
    MLLP = "mllp"
    FHIR = "fhir"
    WORKLIST = "worklist"


class MessageState(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    HELD = "held"
    RESOLVED = "resolved"


LIFECYCLE = Lifecycle(
    "returned-message",
    {
        # Files and worklists are handed over at once.
        MessageState.QUEUED: (
            MessageState.SENDING,
            MessageState.SENT,
            MessageState.HELD,
            MessageState.RESOLVED,
        ),
        # Queued again: no answer came, and the same bytes go out once more.
        MessageState.SENDING: (
            MessageState.SENT,
            MessageState.ACKNOWLEDGED,
            MessageState.REFUSED,
            MessageState.QUEUED,
        ),
        # Handed over; whether it was taken in is not known yet.
        MessageState.SENT: (
            MessageState.ACKNOWLEDGED,
            MessageState.REFUSED,
            MessageState.QUEUED,
        ),
        # Only the tick on a worklist can be taken back.
        MessageState.ACKNOWLEDGED: (MessageState.SENT,),
        MessageState.REFUSED: (MessageState.QUEUED, MessageState.RESOLVED),
        # Held behind a refused message of the same patient.
        MessageState.HELD: (MessageState.QUEUED, MessageState.RESOLVED),
        # Decided to be returned once more.
        MessageState.RESOLVED: (MessageState.QUEUED,),
    },
)

WAITING = (
    MessageState.QUEUED,
    MessageState.SENDING,
    MessageState.HELD,
    MessageState.REFUSED,
)
"""States in which a message is not through: the patient's next one waits, and the outage is open."""


_TITLES = read_data_file("downtime.returns", "titles.toml")
STATE_TITLES: Mapping[MessageState, str] = {s: _TITLES["states"][s] for s in MessageState}
"""Each state as screens and commands call it."""


class AttemptOutcome(StrEnum):
    """What one attempt to deliver a message came to."""

    TAKEN = "taken"
    """The receiver has taken it in."""
    COMMITTED = "committed"
    """It is in the receiver's safe keeping; whether it is taken in is not known."""
    REFUSED = "refused"
    """A person must look."""
    LATER = "later"
    """The same bytes are sent again after a while."""


class Lead(StrEnum):
    """As whom people sign the completeness statement."""

    WARD = "ward"
    RECORDS = "records"
    SAFETY = "safety"


LEAD_TITLES: Mapping[Lead, str] = {lead: _TITLES["leads"][lead] for lead in Lead}


LINK_PREFIX = "link:"
"""How the keys of messages begin that report what became of a downtime number's link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the outbox, without its content. Times are UTC as stored.

    `items` are the keys of the compared items it carries; `order_key` is the patient, within whom
    order is kept; `answer` is what the receiver said last, `reason` why it is where it is
    (`word_reason` words it).
    """

    control_id: str
    outage: str
    system: str
    channel: Channel
    kind: str
    order_key: str
    position: int
    state: MessageState
    attempts: int
    next_try: str
    answer: str
    reason: str
    sha256: str
    file: str
    queued: str
    queued_by: str
    changed: str
    items: tuple[str, ...]
    unanswered: int = 0
    """Attempts without an answer after which it may have arrived all the same."""

    @property
    def compared(self) -> tuple[str, ...]:
        """The keys of compared items; a message that reports a link of two numbers has none."""
        return tuple(key for key in self.items if not key.startswith(LINK_PREFIX))


@dataclass(frozen=True, slots=True)
class TargetPause:
    """Until when (UTC) a receiver asked to be left alone, and in which words."""

    system: str
    channel: Channel
    until: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message on its way into the outbox; `position` 0 is the end, `items` are (key, digest)."""

    control_id: str
    position: int = 0
    outage: str
    system: str
    channel: Channel
    kind: str
    order_key: str
    state: MessageState
    sha256: str
    file: str = ""
    queued: str
    queued_by: str
    changed: str
    content: bytes
    items: tuple[tuple[str, str], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its items."""
        return tuple(key for key, _ in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Who keyed a line of a worklist and when, with the number that the live system gave it."""

    control_id: str
    number: str
    ticked: str
    ticked_by: str
    ticked_by_name: str


class NumberClaim(NamedTuple):
    """A number that somebody typed although the live system gave it to another patient's line too."""

    control_id: str
    number: str
    claimed: str
    claimed_by: str
    claimed_by_name: str
    confirmed: str = ""
    confirmed_by: str = ""
    confirmed_by_name: str = ""


class TickOutcome(StrEnum):
    """What became of a number that was typed for a line."""

    DONE = "done"
    AWAITS_SECOND = "awaits-second"
    """The number is another patient's too: a second person types it before the line counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A lead's signature under the facts of one statement."""

    outage: str
    role: Lead
    facts_sha256: str
    person: str
    person_name: str
    signed: str


class MessageReason(StrEnum):
    """What the program itself has to say about a message."""

    HELD_BEHIND = "held-behind"
    REPLACED_BY = "replaced-by"
    LINK_UNDONE = "link-undone"
    ACCEPTED_ONLY = "accepted-only"
    TAKEN_EARLIER = "taken-earlier"


_REASON_SEPARATOR = ":"


def encode_reason(reason: MessageReason, control_id: str = "") -> str:
    """The reason as it is stored, with the other message that it names."""
    return f"{reason}{_REASON_SEPARATOR}{control_id}"


def word_reason(stored: str) -> str:
    """A stored reason as a sentence; what a person or a receiver said stays as it was said."""
    code, separator, control_id = stored.partition(_REASON_SEPARATOR)
    if separator and code in tuple(MessageReason):
        return str(_TITLES["reasons"][code]).format(control_id)
    return stored

"""One HL7 v2 message as its mappings read it, and what they say of each record."""

from dataclasses import dataclass
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.segments import Hl7Message
from downtime.feeds.model import Operation, Value


@dataclass(frozen=True, slots=True)
class MessageReader:
    """What all mappings of one message need."""

    message: Hl7Message
    context: FeedContext
    trigger: str
    """The trigger event, such as `A01`; empty when the message does not name it."""
    source: str
    sent: str


class ChangeDraft(NamedTuple):
    """What a message says of one record; its source, time and position are added at the end."""

    type: str
    key: str
    patient: tuple[Identifier, ...]
    fields: dict[str, Value]
    event: str = ""
    operation: Operation = Operation.SET
    source: str = ""
    """The system of the record, when it is not the message's."""
    merged: tuple[Identifier, ...] = ()

"""One HL7 v2 message as its mappings read it, and the changes that they make of it."""

from dataclasses import dataclass

from downtime.clinical.identifiers import Identifier
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.segments import Hl7Message
from downtime.feeds.model import Change, Operation, Position, Value


@dataclass(frozen=True, slots=True)
class MessageReader:
    """What all changes of one message share."""

    message: Hl7Message
    context: FeedContext
    position: Position
    trigger: str
    """The trigger event, such as `A01`; empty when the message does not name it."""
    source: str
    sent: str

    def change(
        self,
        record_type: str,
        key: str,
        patient: tuple[Identifier, ...],
        fields: dict[str, Value],
        *,
        event: str = "",
        operation: Operation = Operation.SET,
        source: str = "",
    ) -> Change:
        """A change that this message makes; a deletion carries no fields."""
        return Change(
            type=record_type,
            source=source or self.source,
            key=key,
            patient=patient,
            fields={} if operation is Operation.DELETE else fields,
            event=event,
            sent=self.sent,
            operation=operation,
            position=self.position,
        )

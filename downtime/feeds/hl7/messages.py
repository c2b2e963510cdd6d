"""One HL7 v2 message from bytes to changes, or the reject that says why not.

Types that Downtime uses: ADT, ORM/OML/OMG/OMI and their answers, ORU, SIU. Other types (MDM, VXU,
ACK …) are no fault of the feed: they are accepted and nothing is taken from them.
"""

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.admissions import read_admission
from downtime.feeds.hl7.codes import MessageType
from downtime.feeds.hl7.framing import split_messages
from downtime.feeds.hl7.message_reader import ChangeDraft, MessageReader
from downtime.feeds.hl7.orders import read_orders
from downtime.feeds.hl7.results import read_results
from downtime.feeds.hl7.scheduling import read_appointment
from downtime.feeds.hl7.segments import Hl7Message, parse_message
from downtime.feeds.model import (
    Change,
    FeedMessage,
    Operation,
    Position,
    Reject,
    UnusableMessageError,
)
from downtime.feeds.rejects import accept_or_reject

_RECORD_OF_TYPE: dict[str, str] = {
    MessageType.ADT: "Patient",
    MessageType.ORU: "DiagnosticReport",
    MessageType.SIU: "Appointment",
}
_ORDER_TYPES: frozenset[str] = frozenset(MessageType) - _RECORD_OF_TYPE.keys()


def read_hl7(stream: BinaryIO, name: str, context: FeedContext) -> Iterator[FeedMessage | Reject]:
    """The messages of one HL7 v2 file, in order."""
    limit = context.settings.feeds.max_message_bytes
    is_empty = True
    for number, data in enumerate(split_messages(stream, limit), start=1):
        is_empty = False
        position = Position(name, number)
        yield accept_or_reject(position, partial(read_message, data, position, context))
    if is_empty:
        reason = "the file looks like HL7 v2 and holds no MSH segment"
        yield Reject(position=Position(name, 1), segment="MSH", reason=reason)


def read_message(data: bytes, position: Position, context: FeedContext) -> FeedMessage:
    """One message; UnusableMessageError says why it cannot be used."""
    limit = context.settings.feeds.max_message_bytes
    if len(data) > limit:
        reason = f"the message is longer than {limit} bytes (feeds.max_message_bytes)"
        raise UnusableMessageError("MSH", reason)
    parsed = parse_message(data)
    header = parsed.header
    message_type, trigger = _type_and_trigger(parsed)
    source = _source(parsed, message_type, context)
    sent = times.parse_instant(header.text(7), context.zone)
    reader = MessageReader(parsed, context, trigger, source, sent)
    return FeedMessage(
        position=position,
        kind=f"{message_type}^{trigger}" if trigger else message_type,
        source=context.systems_by_application.get(header.text(3).casefold(), source),
        sent=sent,
        content=tuple(
            [
                _make_change(draft, reader, position)
                for draft in _draft_changes(reader, message_type)
            ]
        ),
    )


def _type_and_trigger(message: Hl7Message) -> tuple[str, str]:
    """MSH-9 as type and trigger; the trigger may stand only in MSH-9.3 or in EVN-1."""
    header, evn = message.header, message.find_segment("EVN")
    message_type, trigger = header.text(9).upper(), header.text(9, 2).upper()
    structure = header.text(9, 3).upper().split("_")
    message_type = message_type or structure[0]
    if not message_type:
        raise UnusableMessageError("MSH", "MSH-9 is empty: the message does not say what it is")
    if not trigger and evn:
        trigger = evn.text(1).upper()
    return message_type, trigger or (structure[1] if len(structure) > 1 else "")


def _source(message: Hl7Message, message_type: str, context: FeedContext) -> str:
    """The system to which the records of a message belong."""
    header, obr = message.header, message.find_segment("OBR")
    sender, department = header.text(3), obr.text(24) if obr else ""
    if message_type in _ORDER_TYPES:
        return context.answering_system(sender, header.text(5), department)
    if message_type == MessageType.ORU:
        return context.reporting_system(sender, department)
    return context.system(sender, _RECORD_OF_TYPE.get(message_type, "Patient"))


def _draft_changes(reader: MessageReader, message_type: str) -> list[ChangeDraft]:
    match message_type:
        case MessageType.ADT:
            return read_admission(reader)
        case MessageType.ORU:
            return read_results(reader)
        case MessageType.SIU:
            return read_appointment(reader)
    return read_orders(reader) if message_type in _ORDER_TYPES else []


def _make_change(draft: ChangeDraft, reader: MessageReader, position: Position) -> Change:
    """The change of a draft; a deletion carries no fields."""
    return Change(
        type=draft.type,
        source=draft.source or reader.source,
        key=draft.key,
        patient=draft.patient,
        fields={} if draft.operation is Operation.DELETE else draft.fields,
        event=draft.event,
        sent=reader.sent,
        operation=draft.operation,
        merged=draft.merged,
        position=position,
    )

"""One HL7 v2 message from bytes to changes, or the reject that says why not.

Kinds that Downtime uses: ADT, ORM/OML/OMG/OMI and their answers, ORU, SIU. Other kinds (MDM, VXU,
ACK …) are no fault of the feed: they are accepted and nothing is taken from them.
"""

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7 import admissions, orders, results, scheduling
from downtime.feeds.hl7.patient import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, parse_message, split_messages
from downtime.feeds.model import Change, Message, Position, Reject, UnusableMessageError
from downtime.feeds.rejects import accept_or_reject

_ORDERS = frozenset({"ORM", "OML", "OMG", "OMI", "OMB", "ORR", "ORL", "ORG", "ORI"})
_HOLDS = {"ADT": "Patient", "ORU": "DiagnosticReport", "SIU": "Appointment"}


def read_hl7(stream: BinaryIO, name: str, context: FeedContext) -> Iterator[Message | Reject]:
    """The messages of one HL7 v2 file, in order."""
    limit = context.settings.feeds.max_message_bytes
    empty = True
    for number, data in enumerate(split_messages(stream, limit), start=1):
        empty = False
        position = Position(name, number)
        yield accept_or_reject(position, partial(read_message, data, position, context))
    if empty:
        yield Reject(
            position=Position(name, 1),
            segment="MSH",
            reason="the file looks like HL7 v2 and holds no MSH segment",
        )


def read_message(data: bytes, position: Position, context: FeedContext) -> Message:
    """One message; Unusable says why it cannot be used."""
    limit = context.settings.feeds.max_message_bytes
    if len(data) > limit:
        raise UnusableMessageError(
            "MSH", f"the message is longer than {limit} bytes (feeds.max_message_bytes)"
        )
    parsed = parse_message(data)
    kind, trigger = _kind(parsed)
    record = _HOLDS.get(kind, "ServiceRequest" if kind in _ORDERS else "Patient")
    sender = parsed.header.text(3)
    source = _source(parsed, kind, record, context)
    sent = times.parse_instant(parsed.header.text(7), context.zone)
    who = MessageReader(parsed, context, position, source, sent)
    return Message(
        position=position,
        kind=f"{kind}^{trigger}" if trigger else kind,
        source=context.systems_by_application.get(sender.casefold(), source),
        sent=sent,
        content=tuple(_changes(who, kind, trigger)),
    )


def _kind(parsed: Hl7Message) -> tuple[str, str]:
    """MSH-9 as type and trigger; the trigger may stand only in MSH-9.3 or in EVN-1."""
    head, event = parsed.header, parsed.first("EVN")
    kind, trigger = head.text(9).upper(), head.text(9, 2).upper()
    structure = head.text(9, 3).upper().split("_")
    kind = kind or structure[0]
    if not kind:
        raise UnusableMessageError("MSH", "MSH-9 is empty: the message does not say what it is")
    if not trigger and event:
        trigger = event.text(1).upper()
    return kind, trigger or (structure[1] if len(structure) > 1 else "")


def _source(parsed: Hl7Message, kind: str, record: str, context: FeedContext) -> str:
    sender, receiver = parsed.header.text(3), parsed.header.text(5)
    obr = parsed.first("OBR")
    department = obr.text(24) if obr else ""
    if kind in _ORDERS:
        return context.answering_system(sender, receiver, department)
    if kind == "ORU" and sender.casefold() not in context.systems_by_application:
        return context.department_system(department)
    return context.system(sender, record)


def _changes(who: MessageReader, kind: str, trigger: str) -> list[Change]:
    if kind == "ADT":
        return admissions.read_admission(who, trigger)
    if kind == "ORU":
        return results.read_results(who)
    if kind == "SIU":
        return scheduling.read_appointment(who, trigger)
    return orders.read_orders(who) if kind in _ORDERS else []

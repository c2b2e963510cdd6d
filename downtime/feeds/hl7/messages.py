"""One HL7 v2 message from bytes to changes, or the reject that says why not.

Types that Downtime does not use (ACK, DFT …) are no fault of the feed: they are counted as not used,
with the reason.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.admissions import read_admission
from downtime.feeds.hl7.codes import ANSWERS, MEDICINE_TYPES, MessageType
from downtime.feeds.hl7.data_types import repetition_text
from downtime.feeds.hl7.documents import read_documents
from downtime.feeds.hl7.encoding import Delimiters, decode_text
from downtime.feeds.hl7.framing import number_messages
from downtime.feeds.hl7.medicines import read_pharmacy
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.orders import read_orders
from downtime.feeds.hl7.problem_lists import read_problem_list
from downtime.feeds.hl7.results import read_results
from downtime.feeds.hl7.scheduling import read_appointment
from downtime.feeds.hl7.segments import Hl7Message, parse_message
from downtime.feeds.hl7.structure import check_structure
from downtime.feeds.hl7.usage import describe_unused, is_left_out, note_unread
from downtime.feeds.masking import mask_segment
from downtime.feeds.model import (
    Change,
    FeedMessage,
    FindingKind,
    Origin,
    Position,
    Reject,
    UnusableMessageError,
)
from downtime.feeds.rejects import describe_fault

_RECORD_OF_TYPE: dict[str, str] = {
    MessageType.ADT: "Patient",
    MessageType.SIU: "Appointment",
    MessageType.MDM: "DocumentReference",
    MessageType.PPR: "Condition",
    MessageType.VXU: "Immunization",
    **dict.fromkeys(sorted(MEDICINE_TYPES), "MedicationRequest"),
}
UNNAMED_SENDER = "unnamed sender"
"""What stands for a system that does not say its name (MSH-3)."""
_MOST_QUOTED = 4000
_RESULT_TYPES = frozenset({MessageType.ORU, MessageType.OUL})
_READERS: dict[str, Callable[[MessageReader], list[Change]]] = {
    **dict.fromkeys(MessageType, read_orders),
    **dict.fromkeys(MEDICINE_TYPES, read_pharmacy),
    MessageType.ADT: read_admission,
    MessageType.ORU: read_results,
    MessageType.OUL: read_results,
    MessageType.SIU: read_appointment,
    MessageType.MDM: read_documents,
    MessageType.PPR: read_problem_list,
    MessageType.VXU: read_pharmacy,
}


def read_hl7(stream: BinaryIO, name: str, context: FeedContext) -> Iterator[FeedMessage | Reject]:
    """The messages of one HL7 v2 file, in order."""
    limit = context.settings.feeds.max_message_bytes
    is_empty = True
    for number, (line, data) in enumerate(number_messages(stream, limit), start=1):
        is_empty = False
        position = Position(name, number)
        yield read_or_reject(data, position, context, line)
    if is_empty:
        reason = "the file looks like HL7 v2 and holds no MSH segment"
        yield Reject(position=Position(name, 1), segment="MSH", reason=reason)


def read_or_reject(
    data: bytes, position: Position, context: FeedContext, line: int = 0
) -> FeedMessage | Reject:
    """One message, or the reject with what the message says of itself; `line` is that of its file."""
    try:
        return read_message(data, position, context, line)
    except Exception as error:
        return describe_reject(describe_fault(position, error), data, context, line)


def describe_reject(reject: Reject, data: bytes, context: FeedContext, line: int = 0) -> Reject:
    """The reject with what MSH says, and the segment concerned with its values masked.

    What begins with no MSH says nothing: its words may be anything, patients' names too.
    """
    text = decode_text(data[:_MOST_QUOTED]).lstrip("\ufeff \t\r\n")
    lines = text.replace("\n", "\r").split("\r")
    if not lines[0].startswith("MSH") or lines[0][3:4].isalnum():
        return replace(reject, origin=Origin(line=line))
    fields = lines[0].split(lines[0][3:4] or "|") + [""] * 12
    sender = "^".join(field.split("^")[0] for field in fields[2:4])
    kind = "^".join(fields[8].split("^")[:2])
    sent = times.parse_instant(fields[6], context.zone)
    name = reject.segment.split(" ")[0].split("-")[0] or "MSH"
    quote = next((mask_segment(line) for line in lines if line.startswith(name)), "")
    origin = Origin(kind, fields[9], sender, sent, line)
    return replace(reject, origin=origin, quote=quote[:_MOST_QUOTED])


def read_message(
    data: bytes, position: Position, context: FeedContext, line: int = 0
) -> FeedMessage:
    """One message; UnusableMessageError says why it cannot be used."""
    reader = _open_message(data, position, context)
    read = None if is_left_out(reader) else _READERS.get(reader.kind)
    content = read(reader) if read else []
    if content:
        note_unread(reader)
    message = _describe_message(reader, line, content)
    message.raw = data
    if not content:
        message.unused = describe_unused(reader, is_known=reader.kind in _READERS)
    return message


def read_heading(
    data: bytes, position: Position, context: FeedContext, line: int = 0
) -> FeedMessage | Reject:
    """What a message says of itself; the reject when its structure lets it not be read.

    It takes a tenth of the time of reading all of it. One of which nothing is used is read to its end.
    """
    try:
        return _read_heading(data, position, context, line)
    except Exception as error:
        return describe_reject(describe_fault(position, error), data, context, line)


def _read_heading(data: bytes, position: Position, context: FeedContext, line: int) -> FeedMessage:
    reader = _open_message(data, position, context)
    message = _describe_message(reader, line, ())
    if is_left_out(reader) or reader.kind not in _READERS:
        message.unused = describe_unused(reader, is_known=False)
    else:
        check_structure(reader)
        message.is_read = False
    return message


def _open_message(data: bytes, position: Position, context: FeedContext) -> MessageReader:
    limit = context.settings.feeds.max_message_bytes
    if len(data) > limit:
        reason = f"the message is longer than {limit} bytes (feeds.max_message_bytes)"
        raise UnusableMessageError("MSH", reason)
    _check_lines(data, context.settings.feeds.max_message_lines)
    context = _find_context(data, position, context)
    return _make_reader(parse_message(data, context.profile.character_set), position, context)


def _check_lines(data: bytes, limit: int) -> None:
    """UnusableMessageError when a message has more lines than are held in memory at once."""
    if len(data) > limit and max(data.count(b"\r"), data.count(b"\n")) > limit:
        reason = f"the message holds more than {limit} lines (feeds.max_message_lines)"
        raise UnusableMessageError("MSH", reason)


def _describe_message(reader: MessageReader, line: int, content: Iterable[Change]) -> FeedMessage:
    """What it says of itself, and what was taken from it."""
    kind = f"{reader.kind}^{reader.trigger}" if reader.trigger else reader.kind
    sender, sent = f"{reader.sender}^{reader.facility}", reader.sent
    return FeedMessage(
        position=reader.position,
        kind=kind,
        source=reader.context.known_system(reader.sender) or _name_sender(reader),
        sent=sent,
        content=tuple(content),
        origin=Origin(kind, reader.control_id, sender, sent, line),
        findings=tuple(reader.findings),
    )


def _find_context(data: bytes, position: Position, context: FeedContext) -> FeedContext:
    """The context of the profile of the source: MSH-3, MSH-4, the file."""
    if context.find_context is None:
        return context
    fields = data[:400].split(data[3:4] or b"|", 4) + [b"", b"", b"", b""]
    application, facility = (decode_text(field.split(b"^")[0]).strip() for field in fields[2:4])
    return context.for_message(application, facility, position.file)


def _make_reader(message: Hl7Message, position: Position, context: FeedContext) -> MessageReader:
    header = message.header
    raw = header.pad_fields(13)
    details = _read_header(raw[3], raw[4], raw[5], raw[9], raw[11], header.delimiters)
    trigger = details.trigger or _read_event(message) or details.structure_trigger
    sequence, sent = raw[13], header.text(7)
    reader = MessageReader(
        context,
        details.facility,
        _find_message_source(message, details, context),
        message=message,
        position=position,
        kind=details.kind,
        trigger=trigger,
        control_id=header.text(10),
        sender=details.sender,
        processing=details.processing,
        sent=times.parse_instant(sent, context.zone),
        sequence=_parse_sequence(header.text(13)) if sequence else 0,
    )
    if not reader.sent and sent.strip("0"):
        text = (
            "MSH-7 is no time that can be read: the message counts as sent with the one before it"
        )
        reader.note(FindingKind.TIME_UNREADABLE, text, "MSH-7")
    if message.problem:
        reader.note(FindingKind.CHARACTER_SET, message.problem, "MSH-18")
    return reader


class HeaderDetails(NamedTuple):
    """What an MSH says that all messages of one kind from one sender say."""

    sender: str
    facility: str
    receiver: str
    kind: str
    trigger: str
    structure_trigger: str
    processing: str


@lru_cache(maxsize=4096)
def _read_header(
    sender: str, facility: str, receiver: str, kind: str, processing: str, delimiters: Delimiters
) -> HeaderDetails:
    """MSH-3, 4, 5, 9 and 11 as sent; UnusableMessageError when it does not say what it is."""
    message_type, trigger, structure = (
        repetition_text(kind, number, delimiters).upper() for number in (1, 2, 3)
    )
    structure_type, _, structure_trigger = structure.partition("_")
    if not (message_type or structure_type):
        raise UnusableMessageError("MSH", "MSH-9 is empty: the message does not say what it is")
    return HeaderDetails(
        repetition_text(sender, 1, delimiters),
        repetition_text(facility, 1, delimiters),
        repetition_text(receiver, 1, delimiters),
        message_type or structure_type,
        trigger,
        structure_trigger,
        repetition_text(processing, 1, delimiters).upper(),
    )


def _read_event(message: Hl7Message) -> str:
    """EVN-1: the trigger, where MSH-9.2 does not name it."""
    evn = message.find_segment("EVN")
    return evn.text(1).upper() if evn else ""


def _parse_sequence(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _find_message_source(message: Hl7Message, header: HeaderDetails, context: FeedContext) -> str:
    """The system to which the records of a message belong."""
    obr = message.find_segment("OBR")
    department = obr.text(24) if obr else ""
    return _find_source(context, header.kind, header.sender, header.receiver, department)


def _name_sender(reader: MessageReader) -> str:
    """Who made a message of a sender that is no known system.

    An order was not made by the system that is to answer it: it says nothing of how new that one is.
    """
    is_order = _READERS.get(reader.kind) is read_orders and reader.kind not in ANSWERS
    return (reader.sender or UNNAMED_SENDER) if is_order else reader.source


@lru_cache(maxsize=4096)
def _find_source(
    context: FeedContext, message_type: str, sender: str, receiver: str, department: str
) -> str:
    if message_type in _RECORD_OF_TYPE or message_type not in _READERS:
        return context.system(sender, _RECORD_OF_TYPE.get(message_type, "Patient"))
    if message_type in _RESULT_TYPES:
        return context.reporting_system(sender, department)
    return context.answering_system(sender, receiver, department)

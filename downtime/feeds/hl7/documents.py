"""Documents in HL7 v2: MDM messages, and results whose value is a document, to DocumentReference.

Kept are what a document is called, of what kind it is, its date and author; and its words, when it is
plain text. A message that cancels a document (T11) takes it away; one that replaces another (T09,
T10) leaves the other superseded.
"""

import base64
import binascii
from collections.abc import Mapping

from downtime.clinical.history import DocumentReference, DocumentStatus
from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.data_types import coding, component_text, person_names
from downtime.feeds.hl7.encoding import decode_text
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.observations import is_document, value_text
from downtime.feeds.hl7.order_groups import read_order_patients
from downtime.feeds.hl7.segments import Segment
from downtime.feeds.model import Change, Operation, UnusableMessageError, Value

_RECORD = DocumentReference.__name__
_CANCELLATION = "T11"
_REPLACEMENTS = frozenset({"T09", "T10"})
_STATUS_BY_AVAILABILITY = {"OB": DocumentStatus.SUPERSEDED, "CA": DocumentStatus.ENTERED_IN_ERROR}
"""TXA-19, HL7 table 0273."""
_DATES = (6, 4, 7)
"""Of TXA: origination, activity, transcription."""
_MOST_CHARACTERS = 20_000
_PLAIN = frozenset({"TXT", "PLAIN", "TEXT", ""})


def read_documents(reader: MessageReader) -> list[Change]:
    """All that one MDM message says."""
    changes: list[Change] = []
    for part, _, numbers, person in read_order_patients(reader):
        txa = part.find_segment("TXA")
        if txa is None:
            reader.unused = "it holds no document (TXA)"
            continue
        if not numbers:
            raise UnusableMessageError("PID", "the document belongs to no patient")
        changes += person
        changes += _read_document(reader, txa, part.list_segments("OBX"), numbers)
    return changes


def _read_document(
    reader: MessageReader, txa: Segment, values: list[Segment], numbers: tuple[Identifier, ...]
) -> list[Change]:
    number = txa.text(12) or txa.text(14) or reader.message.header.text(10)
    kind = coding(txa.get_raw_field(2), txa.delimiters).text
    titles = [coding(obx.get_raw_field(3), obx.delimiters).text for obx in values]
    title = next(filter(_is_title, (txa.text(25), *titles, txa.text(16), kind)), kind)
    fields: dict[str, Value] = {"number": number, "title": title, "kind": kind}
    fields["status"] = _STATUS_BY_AVAILABILITY.get(txa.text(19).upper(), DocumentStatus.CURRENT)
    fields["text"] = "\n".join(_document_text(obx) for obx in values).strip()[:_MOST_CHARACTERS]
    for field in _DATES:
        if txa.get_raw_field(field) and reader.add_time(fields, "date", txa, field):
            break
    author = txa.get_raw_field(9) or txa.get_raw_field(5)
    fields["author"] = person_names(author, txa.delimiters) if author else ""
    operation = Operation.DELETE if reader.trigger == _CANCELLATION else Operation.SET
    changes = [reader.change(_RECORD, number, numbers, fields, operation=operation)]
    replaced = txa.text(13)
    if replaced and replaced != number and reader.trigger in _REPLACEMENTS:
        status: dict[str, Value] = {"status": DocumentStatus.SUPERSEDED}
        changes.append(reader.change(_RECORD, replaced, numbers, status))
    return changes


def _is_title(text: str) -> bool:
    """Whether words name a document: a number of an OBX (`1`) names nothing."""
    return any(map(str.isalpha, text))


def read_result_document(
    reader: MessageReader, obx: Segment, report: Mapping[str, Value], event: str
) -> dict[str, Value]:
    """The fields of the document that is the value of one OBX of a report or request."""
    kind = str(report.get("display", ""))
    title = coding(obx.get_raw_field(3), obx.delimiters).text
    fields: dict[str, Value] = {
        "number": str(report.get("filler", "")),
        "title": title or kind,
        "kind": kind,
        "status": DocumentStatus.CURRENT,
        "text": _document_text(obx)[:_MOST_CHARACTERS],
    }
    if not reader.add_time(fields, "date", obx, 14):
        fields["date"] = event or reader.sent
    return fields


def _document_text(obx: Segment) -> str:
    """The words of an OBX; of a document only where it is plain text."""
    kind, delimiters = obx.text(2).upper(), obx.delimiters
    raw = obx.get_raw_field(5)
    if not is_document(kind, raw):
        return value_text(obx)
    form, subform, encoding, *_ = (component_text(raw, n, delimiters).upper() for n in (2, 3, 4, 5))
    if subform not in _PLAIN or form not in ("TX", "TEXT", "FT", ""):
        return ""
    data = raw.split(delimiters.component)[4:5]
    return _decode(delimiters.decode(data[0]) if data else "", encoding)


def _decode(data: str, encoding: str) -> str:
    if encoding != "BASE64":
        return data.strip()
    try:
        return decode_text(base64.b64decode(data)).replace("\x00", "").strip()
    except (binascii.Error, ValueError):
        return ""

"""HL7 v2 orders (ORM, OML, OMG, OMI … and their answers ORR, ORL, ORG, ORI) to ServiceRequest.

The stage follows from ORC-1, ORC-5 and OBR-25 (HL7 tables 0119, 0038 and 0123), ORC-5 being mostly
blank; a request still 'requested' whose specimen was taken (OBR-7, not after the message) or has
arrived (OBR-14, SPM-18) is `collected` or `received`. A request is dated by ORC-9, else MSH-7.

Not every order is a test. A resuscitation status or an isolation is an alert, a medicine is a
prescription, and what Downtime has no record for is held as such: never an outstanding test. The
profile of the source says which (`codes.order_kind`, by OBR-4 or OBR-24), else their words do.
"""

import re

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import ClinicalStatus, RequestStage
from downtime.feeds import times
from downtime.feeds.hl7.alerts import PRECAUTIONS, RESUSCITATION, AlertCategory, find_category
from downtime.feeds.hl7.codes import RESULT_STATES, find_operation
from downtime.feeds.hl7.data_types import coded_texts
from downtime.feeds.hl7.documents import read_result_document
from downtime.feeds.hl7.encounters import read_whereabouts
from downtime.feeds.hl7.medicines import read_medicines
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.observations import is_document, observation_text
from downtime.feeds.hl7.order_groups import OrderGroup, read_order_patients, request_fields
from downtime.feeds.hl7.segments import Hl7Message, note_text
from downtime.feeds.model import Change, FindingKind, Operation, Value
from downtime.feeds.profiles import CodeTable, OrderKind

STAGE_BY_CONTROL = {
    **dict.fromkeys(("CA", "OC", "CR", "DC", "OD", "DR", "UA"), RequestStage.CANCELLED),
    **dict.fromkeys(("RP", "RQ", "RU"), RequestStage.CANCELLED),
    **dict.fromkeys(("NW", "OK", "NA", "RO", "XO", "XX", "XR"), RequestStage.REQUESTED),
    **dict.fromkeys(("SN", "PA", "CH", "HD", "RL"), RequestStage.REQUESTED),
}
"""The stage that an order control (ORC-1) means; others (SC, RE, …) leave it to ORC-5."""
STAGE_BY_STATUS = {
    **dict.fromkeys(("A", "IP"), RequestStage.IN_PROGRESS),
    **dict.fromkeys(("CA", "DC", "RP"), RequestStage.CANCELLED),
    **dict.fromkeys(("SC", "HD"), RequestStage.REQUESTED),
    "CM": RequestStage.RESULTED,
}
"""The stage that an order status (ORC-5) means."""
_NEW_ORDERS = ("", "NW", "RO", "SN")
"""Order controls whose ORC-9 is when the test was asked for; without it, when it was sent (MSH-7)."""
AS_SENT = "not said; as sent (MSH-7)"
"""What stands for the time of a request that only its message's time tells."""
_OTHER_SERVICES = frozenset({"NRS", "OT", "PHY", "RC"})
"""Diagnostic services (HL7 table 0074) that are no tests: nursing, therapies, a doctor's notes."""
_OTHER_DEPARTMENT = re.compile(
    r"\b(?:diet\w*|nutrition|nursing|nurse|referral|consult\w*|physio\w*|therap(?:y|ies)|social work"
    r"|transport|porter\w*|patient care|activity|communication|admission|discharge|transfer|equipment)\b",
    re.IGNORECASE,
)
_OTHER_NAME = re.compile(
    r"(?:nil by mouth|nbm|npo|bed ?rest|.*\bdiet|(?:referral|consult\w*|transport|physiotherapy)\b.*"
    r"|vital signs.*|fluid restriction.*|admit to.*|discharge patient.*|observations?\b.*"
    r"|falls? .*|.*\b(?:risk|language|swallow|mobility|nursing) assessment|(?:insert|remove|flush)\b.*"
    r"|(?:dietiti|dietici)an\b.*|patient transport.*|nurs(?:e|ing) to .*|fluid balance.*|weigh .*"
    r"|(?:catheter|mouth|pressure area|wound|line|stoma|eye) care.*|.*\bmonitoring\b.*\bhourly)",
    re.IGNORECASE,
)


def read_orders(reader: MessageReader) -> list[Change]:
    """All that one order message says."""
    changes: list[Change] = []
    for part, orders, numbers, person in read_order_patients(reader):
        changes += person
        changes += read_whereabouts(reader, part, numbers)
        for order in orders:
            if order.obr:
                changes += _read_order(reader, part, order, numbers)
        if numbers:
            changes += read_medicines(reader, part, numbers)
        changes += _read_other_orders(reader, part, orders, numbers)
    return changes


def _read_other_orders(
    reader: MessageReader,
    part: Hl7Message,
    orders: list[OrderGroup],
    numbers: tuple[Identifier, ...],
) -> list[Change]:
    """Orders without an OBR that are no medicine: a diet, supplies, an answer that repeats nothing.

    One that is cancelled by its number alone is the only one of that number.
    """
    changes = []
    for order in orders:
        names = {segment.fields[0] for segment in order.following_segments}
        if order.obr or names & {"RXO", "RXE", "RXD", "RXG", "RXA"}:
            continue
        control = order.orc.text(1).upper() if order.orc else ""
        if STAGE_BY_CONTROL.get(control) is RequestStage.CANCELLED and (
            order.placer or order.filler
        ):
            changes += _read_order(reader, part, order, numbers)
            continue
        is_diet = bool(names & {"ODS", "ODT"})
        if order.placer and order.filler and not is_diet:
            changes.append(_read_numbers(reader, order, numbers))
            continue
        kind = "a diet (ODS, ODT)" if is_diet else "an order without OBR"
        reader.note(FindingKind.ORDER_UNMAPPED, f"{kind} is not read", "ORC")
    return changes


def _read_numbers(
    reader: MessageReader, order: OrderGroup, numbers: tuple[Identifier, ...]
) -> Change:
    """An answer that repeats nothing but both numbers: they are of one order, whatever it is."""
    header = reader.message.header
    source = reader.context.answering_system(header.text(3), header.text(5), order.department)
    fields: dict[str, Value] = {"placer": order.placer, "filler": order.filler}
    return reader.change("ServiceRequest", f"{order.placer}|", numbers, fields, source=source)


def _read_order(
    reader: MessageReader, part: Hl7Message, order: OrderGroup, numbers: tuple[Identifier, ...]
) -> list[Change]:
    context, header = reader.context, reader.message.header
    fields = request_fields(reader, part, order)
    event = times.parse_instant(order.orc.text(9), context.zone) if order.orc else ""
    match find_kind(reader, order):
        case OrderKind.ALERT:
            return [_read_alert(reader, order, numbers, fields, event)]
        case OrderKind.NOT_MAPPED | OrderKind.MEDICINE:
            reason = "an order of a kind that is neither a test nor an alert is not read"
            reader.note(FindingKind.ORDER_UNMAPPED, reason, f"OBR {order.number}")
            return []
    fields.update(_time_and_reason(reader, order))
    if stage := _stage(reader, order, fields):
        fields["stage"] = stage
    source = context.answering_system(header.text(3), header.text(5), order.department)
    key = order.request_key(reader)
    operation = find_operation(order.orc.text(1)) if order.orc else Operation.SET
    changes = [
        reader.change("ServiceRequest", key, numbers, fields, event, operation, source=source)
    ]
    return changes + _read_enclosures(reader, order, key, numbers, fields, event)


def _read_enclosures(
    reader: MessageReader,
    order: OrderGroup,
    key: str,
    numbers: tuple[Identifier, ...],
    fields: dict[str, Value],
    event: str,
) -> list[Change]:
    """The documents that come with an order, such as its form."""
    changes = []
    for number, obx in enumerate(order.list_segments("OBX"), start=1):
        if is_document(obx.text(2).upper(), raw := obx.get_raw_field(5)) and raw:
            document = read_result_document(reader, obx, fields, event)
            record = "DocumentReference"
            changes.append(reader.change(record, f"{key}|{number}", numbers, document, event))
    return changes


def find_kind(reader: MessageReader, order: OrderGroup) -> str:
    """What an order asks for (see above)."""
    department, code, display = order.department, order.code, order.display
    for sent in (code, department, display):
        if sent and (meaning := reader.context.meaning(CodeTable.ORDER_KIND, sent)):
            return meaning
    for text in (display, "" if display else code, department):
        if RESUSCITATION.search(text) or PRECAUTIONS.search(text):
            return OrderKind.ALERT
    is_other = department.upper() in _OTHER_SERVICES or _OTHER_DEPARTMENT.search(department)
    if is_other or _OTHER_NAME.fullmatch(display):
        return OrderKind.NOT_MAPPED
    return OrderKind.TEST


def _read_alert(
    reader: MessageReader,
    order: OrderGroup,
    numbers: tuple[Identifier, ...],
    request: dict[str, Value],
    event: str,
) -> Change:
    """An order that says something to know of the patient; one that is cancelled takes it back."""
    text = order.display or order.department
    category = find_category(f"{text} {order.department}") or AlertCategory.NOTE
    is_over = _stage(reader, order, request) in (RequestStage.CANCELLED, RequestStage.RESULTED)
    notes = order.list_segments("NTE")
    answers = [observation_text(segment) for segment in order.list_segments("OBX")]
    fields: dict[str, Value] = {
        "category": category,
        "text": "\n".join(filter(None, (text, *answers, note_text(notes)))),
        "status": ClinicalStatus.INACTIVE if is_over else ClinicalStatus.ACTIVE,
    }
    if authored := _time_and_reason(reader, order).get("authored"):
        fields["started"] = authored
    source = reader.context.system(reader.message.header.text(3), "Flag")
    operation = find_operation(order.orc.text(1)) if order.orc else Operation.SET
    key = order.request_key(reader)
    return reader.change("Flag", key, numbers, fields, event, operation, source=source)


def _time_and_reason(reader: MessageReader, order: OrderGroup) -> dict[str, Value]:
    """When it was asked for: ORC-9, else OBR-6; why: OBR-13, OBR-31, answers (OBX) and notes."""
    fields: dict[str, Value] = {}
    obr, orc = order.obr, order.orc
    if orc is None or orc.text(1) in _NEW_ORDERS:
        segment, number = (orc, 9) if orc is not None and orc.get_raw_field(9) else (obr, 6)
        if segment is not None and segment.get_raw_field(number):
            reader.add_time(fields, "authored", segment, number)
        if "authored" not in fields and reader.sent:
            fields["authored"], fields["authored_text"] = reader.sent, AS_SENT
            text = "neither ORC-9 nor OBR-6 says when the test was ordered: as the message was sent"
            reader.note(FindingKind.TIME_UNREADABLE, text, "ORC-9")
    reasons = []
    if obr is not None:
        raw = obr.get_raw_field(31)
        reasons = [obr.full_text(13), coded_texts(raw, obr.delimiters) if raw else ""]
    reasons += [observation_text(segment) for segment in order.list_segments("OBX")]
    notes = order.list_segments("NTE")
    if reason := "; ".join(dict.fromkeys(r for r in (*reasons, note_text(notes)) if r)):
        fields["reason"] = reason
    return fields


def _stage(reader: MessageReader, order: OrderGroup, fields: dict[str, Value]) -> str:
    control = order.orc.text(1).upper() if order.orc else "NW"
    stage = STAGE_BY_CONTROL.get(control)
    if stage is not RequestStage.CANCELLED:
        stage = STAGE_BY_STATUS.get(order.status, stage)
    if stage not in (None, RequestStage.REQUESTED):
        return stage
    status = RESULT_STATES.get(order.result_status)
    if status and status[1] is not RequestStage.REQUESTED:
        return status[1]
    specimens = order.list_segments("SPM")
    arrived = order.obr.get_raw_field(14) if order.obr else ""
    arrived = arrived or "".join(specimen.get_raw_field(18) for specimen in specimens)
    if arrived.strip('"'):
        return RequestStage.RECEIVED
    collected = str(fields.get("collected", ""))
    if "T" in collected and collected <= reader.sent:
        return RequestStage.COLLECTED
    return stage or ""

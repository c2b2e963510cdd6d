"""HL7 v2 orders (ORM, OML, OMG, OMI and their answers ORR, ORL, ORG, ORI) to ServiceRequest.

The stage follows from ORC-1 and ORC-5 (HL7 tables 0119 and 0038), ORC-5 being mostly blank; a
request still 'requested' whose specimen was taken (OBR-7, not after the message) or has arrived
(OBR-14, SPM-18) is `collected` or `received`. An order without an OBR (a medicine, a diet, an answer
that repeats nothing) is accepted and nothing is taken. A request is dated by ORC-9, else MSH-7.
"""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import RequestStage
from downtime.feeds import times
from downtime.feeds.hl7.message_reader import ChangeDraft, MessageReader
from downtime.feeds.hl7.order_groups import (
    OrderGroup,
    order_groups,
    read_person,
    read_person_only,
    request_fields,
)
from downtime.feeds.hl7.segments import coded_texts, note_text
from downtime.feeds.model import Value

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
"""Order controls whose ORC-9 is when the test was asked for."""


def read_orders(reader: MessageReader) -> list[ChangeDraft]:
    """All that one order message says."""
    orders = [order for order in order_groups(reader) if order.obr]
    if not orders:
        return read_person_only(reader)
    numbers, changes = read_person(reader, orders)
    return changes + [_read_request(reader, order, numbers) for order in orders]


def _read_request(
    reader: MessageReader, order: OrderGroup, numbers: tuple[Identifier, ...]
) -> ChangeDraft:
    context, header = reader.context, reader.message.header
    fields = request_fields(reader, order)
    fields.update(_time_and_reason(reader, order))
    if stage := _stage(reader, order, fields):
        fields["stage"] = stage
    return ChangeDraft(
        "ServiceRequest",
        order.request_key(reader),
        numbers,
        fields,
        event=times.parse_instant(order.orc.text(9), context.zone) if order.orc else "",
        source=context.answering_system(header.text(3), header.text(5), order.department),
    )


def _time_and_reason(reader: MessageReader, order: OrderGroup) -> dict[str, Value]:
    """When and why it was asked for: ORC-9, else OBR-6; OBR-13 and OBR-31, else the notes."""
    fields: dict[str, Value] = {}
    obr, orc = order.obr, order.orc
    sent = (orc.text(9) if orc else "") or order.value_of(0, 6)
    authored = times.parse_time(sent, reader.context.zone)
    if authored and (orc is None or orc.text(1) in _NEW_ORDERS):
        fields["authored"], fields["authored_text"] = authored, sent
    reasons = [obr.full_text(13), coded_texts(obr, 31) or ""] if obr else []
    notes = [segment for segment in order.following_segments if segment.fields[0] == "NTE"]
    if reason := "; ".join(dict.fromkeys(r for r in reasons if r)) or note_text(notes):
        fields["reason"] = reason
    return fields


def _stage(reader: MessageReader, order: OrderGroup, fields: dict[str, Value]) -> str:
    control = order.orc.text(1).upper() if order.orc else "NW"
    stage = STAGE_BY_CONTROL.get(control)
    if stage is not RequestStage.CANCELLED:
        stage = STAGE_BY_STATUS.get(order.value_of(5, 0).upper(), stage)
    if stage not in (None, RequestStage.REQUESTED):
        return stage
    specimens = (s for s in order.following_segments if s.fields[0] == "SPM")
    arrived = order.obr.get_raw_field(14) if order.obr else ""
    arrived = arrived or "".join(specimen.get_raw_field(18) for specimen in specimens)
    if arrived.strip('"'):
        return RequestStage.RECEIVED
    collected = str(fields.get("collected", ""))
    if "T" in collected and collected <= reader.sent:
        return RequestStage.COLLECTED
    return stage or ""

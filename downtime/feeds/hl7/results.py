"""HL7 v2 results (ORU, OUL) to DiagnosticReport, Observation and the stage of their ServiceRequest.

Status and stage follow from OBR-25 (HL7 table 0123), else from ORC-5, else from the observations'
own status (OBX-11). A report is dated by OBR-22 (its status last changed), else by MSH-7.

An observation's key is its report's, its code (OBX-3.1), sub-number (OBX-4) and which of such it
is. Lines of one text (TX, FT) that follow each other under one code are one observation. A note
belongs to the OBR or OBX before it. OBX-11 `D` and `W` (wrong) take the observation away. A document
(ED, RP) is kept as a document of the patient too.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.hl7.alerts import (
    AlertCategory,
    concerns_resuscitation,
    is_positive,
    make_alert,
)
from downtime.feeds.hl7.codes import PROGRESS, RESULT_STATES, OrderProgress, ResultStatus
from downtime.feeds.hl7.documents import read_result_document
from downtime.feeds.hl7.encounters import read_whereabouts
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.observations import ReportLink, read_observations, value_text
from downtime.feeds.hl7.order_groups import OrderGroup, read_order_patients, request_fields
from downtime.feeds.hl7.segments import Hl7Message, note_text
from downtime.feeds.hl7.structure import check_has_report
from downtime.feeds.model import Change, FindingKind, Value

_BY_ORDER_STATUS = {
    "CM": ResultStatus.FINAL,
    "A": ResultStatus.SOME_RESULTS,
    "IP": ResultStatus.SPECIMEN_RECEIVED,
    "CA": ResultStatus.CANCELLED,
    "DC": ResultStatus.CANCELLED,
}
"""What ORC-5 means where OBR-25 is empty."""
_PROGRESS = {"A": OrderProgress.PARTIAL, "CM": OrderProgress.COMPLETE}
"""ORC-5: whether more results of the order are to come, whatever is said of this one (OBR-25)."""
_CANCELLING_CONTROLS = frozenset({"CA", "OC", "CR", "DC", "OD", "DR"})
"""Order controls (ORC-1) of an order that was cancelled."""
_COMPLETE = frozenset("FCUNX")
"""Statuses of observations (OBX-11) after which no more is awaited."""
_SHARED_FIELDS = ("filler", "department", "code", "display", "collected")


def read_results(reader: MessageReader) -> list[Change]:
    """All that one result message says."""
    changes: list[Change] = []
    for part, groups, numbers, person in read_order_patients(reader):
        orders = [order for order in groups if order.obr]
        check_has_report(part)
        if not orders:  # perhaps cut short, and then its numbers are too: nothing is believed
            reader.unused = "it holds no report (OBR)"
            continue
        changes += person
        changes += read_whereabouts(reader, part, numbers)
        for order in orders:
            _read_report(reader, part, order, numbers, changes)
    return changes


def _read_report(
    reader: MessageReader,
    part: Hl7Message,
    order: OrderGroup,
    numbers: tuple[Identifier, ...],
    changes: list[Change],
) -> None:
    """Adds what one OBR says: request, report, and the observations after it."""
    request = request_fields(reader, part, order)
    issued: dict[str, Value] = {}
    event = ""
    if order.obr is not None and reader.add_time(issued, "issued", order.obr, 22):
        event = times.parse_instant(order.obr.text(22), reader.context.zone)
    link = ReportLink(
        order.report_key(reader),
        numbers,
        event,
        reader.context.reporting_system(reader.sender, order.department),
        _specimen_time(request),
    )
    content = read_observations(reader, order, link)
    status = _result_status(reader, order, content.statuses)
    report: dict[str, Value] = {name: request[name] for name in _SHARED_FIELDS if name in request}
    report["based_on"] = request_key = order.request_key(reader)
    report["status"], stage = RESULT_STATES.get(status, ("", ""))
    report |= issued
    if order.obr is not None and (parent_result := order.obr.text(26, 3)):
        report["display"] = f"{report.get('display', '')}: {parent_result}".lstrip(": ")
    if stage:
        request["stage"] = stage
    if order.status in _PROGRESS:
        request[PROGRESS] = _PROGRESS[order.status]
    if content.notes:
        report["conclusion"] = note_text(content.notes)
    for record, key, fields in (
        ("ServiceRequest", request_key, request),
        ("DiagnosticReport", link.key, report),
    ):
        changes.append(reader.change(record, key, numbers, fields, link.event, source=link.source))
    changes += content.changes
    if concerns_resuscitation(order.display):
        changes += _read_decisions(reader, order, numbers, link.event)
    for key, segment in content.documents:
        document = read_result_document(reader, segment, report, link.event)
        record = "DocumentReference"
        changes.append(
            reader.change(record, key, numbers, document, link.event, source=link.source)
        )


def _read_decisions(
    reader: MessageReader, order: OrderGroup, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """A decision about resuscitation that is sent as a result is an alert too."""
    return [
        make_alert(
            reader,
            numbers,
            AlertCategory.RESUSCITATION,
            f"{order.display}: {value_text(obx)}",
            event,
            is_active=is_positive([value_text(obx)]),
            name=f"{order.display} {obx.text(3)}",
        )
        for obx in order.list_segments("OBX")
    ]


def _specimen_time(request: dict[str, Value]) -> tuple[str, str]:
    return str(request.get("collected", "")), str(request.get("collected_text", ""))


def _result_status(reader: MessageReader, order: OrderGroup, statuses: set[str]) -> str:
    sent = order.result_status
    if sent in RESULT_STATES:
        return sent
    if sent:
        reader.note(FindingKind.UNKNOWN_STATUS, "OBR-25 is no status that is known", "OBR-25")
    if by_order := _BY_ORDER_STATUS.get(order.status):
        return by_order
    if order.orc and order.orc.text(1).upper() in _CANCELLING_CONTROLS:
        return ResultStatus.CANCELLED
    if statuses and statuses <= _COMPLETE:
        return ResultStatus.CORRECTED if ResultStatus.CORRECTED in statuses else ResultStatus.FINAL
    return ResultStatus.PRELIMINARY if statuses else ""

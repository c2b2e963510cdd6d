"""HL7 v2 results (ORU) to DiagnosticReport, Observation and the stage of their ServiceRequest.

Status and stage follow from OBR-25 (HL7 table 0123), else from ORC-5, else from the observations'
own status (OBX-11). A report is dated by OBR-22 (its status last changed), else by MSH-7.

An observation's key is its report's, its code (OBX-3.1), sub-number (OBX-4) and which of such it
is. Lines of one text (TX, FT) that follow each other under one code are one observation. A note
belongs to the OBR or OBX before it. OBX-11 `D` and `W` (wrong) take the observation away.
"""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import DiagnosticReportStatus, RequestStage
from downtime.feeds.hl7.codes import REMOVED, ResultStatus
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.observations import ObservationDraft, read_observations
from downtime.feeds.hl7.order_groups import (
    OrderGroup,
    note_text,
    order_groups,
    read_person,
    request_fields,
)
from downtime.feeds.model import Change, Operation, UnusableMessageError, Value

REPORT_STATUS: dict[str, DiagnosticReportStatus] = {
    ResultStatus.FINAL: DiagnosticReportStatus.FINAL,
    ResultStatus.CORRECTED: DiagnosticReportStatus.CORRECTED,
    ResultStatus.PRELIMINARY: DiagnosticReportStatus.PRELIMINARY,
    ResultStatus.NOT_VERIFIED: DiagnosticReportStatus.PRELIMINARY,
    ResultStatus.SOME_RESULTS: DiagnosticReportStatus.PARTIAL,
    ResultStatus.SOME_CORRECTED: DiagnosticReportStatus.PARTIAL,
    ResultStatus.SPECIMEN_RECEIVED: DiagnosticReportStatus.REGISTERED,
    ResultStatus.ORDERED: DiagnosticReportStatus.REGISTERED,
    ResultStatus.SCHEDULED: DiagnosticReportStatus.REGISTERED,
    ResultStatus.CANCELLED: DiagnosticReportStatus.CANCELLED,
}
"""What OBR-25 means for the report."""
STAGE_BY_STATUS: dict[str, RequestStage] = {
    ResultStatus.FINAL: RequestStage.RESULTED,
    ResultStatus.CORRECTED: RequestStage.RESULTED,
    ResultStatus.PRELIMINARY: RequestStage.IN_PROGRESS,
    ResultStatus.NOT_VERIFIED: RequestStage.IN_PROGRESS,
    ResultStatus.SOME_RESULTS: RequestStage.IN_PROGRESS,
    ResultStatus.SOME_CORRECTED: RequestStage.IN_PROGRESS,
    ResultStatus.SPECIMEN_RECEIVED: RequestStage.RECEIVED,
    ResultStatus.ORDERED: RequestStage.REQUESTED,
    ResultStatus.SCHEDULED: RequestStage.REQUESTED,
    ResultStatus.CANCELLED: RequestStage.CANCELLED,
}
"""What OBR-25 means for the request."""
_BY_ORDER_STATUS = {
    "CM": ResultStatus.FINAL,
    "A": ResultStatus.SOME_RESULTS,
    "IP": ResultStatus.SPECIMEN_RECEIVED,
    "CA": ResultStatus.CANCELLED,
    "DC": ResultStatus.CANCELLED,
}
"""What ORC-5 means where OBR-25 is empty."""
_COMPLETE = frozenset("FCUNX")
"""Statuses of observations (OBX-11) after which no more is awaited."""
_SHARED_FIELDS = ("filler", "department", "code", "display", "collected")


def read_results(reader: MessageReader) -> list[Change]:
    """All that one result message says."""
    orders = [order for order in order_groups(reader) if order.obr]
    if not orders and reader.message.first("OBX"):
        raise UnusableMessageError(
            "OBR", "OBX without an OBR before it: the results belong to no report"
        )
    if not orders:
        return []  # perhaps cut short, and then its numbers are too: nothing of it is believed
    numbers, changes = read_person(reader, orders)
    for order in orders:
        changes += _read_report(reader, order, numbers)
    return changes


def _read_report(
    reader: MessageReader, order: OrderGroup, numbers: tuple[Identifier, ...]
) -> list[Change]:
    observations, notes = read_observations(order, reader.context.zone)
    status = _result_status(order, observations)
    sender = reader.message.header.text(3)
    source = reader.context.reporting_system(sender, order.department)
    report_key, request_key = order.report_key(reader), order.request_key(reader)
    issued, issued_text = order.time_of(reader, 22)
    event = issued if "T" in issued else ""
    request = request_fields(reader, order)
    if status in STAGE_BY_STATUS:
        request["stage"] = STAGE_BY_STATUS[status]
    report: dict[str, Value] = {name: request[name] for name in _SHARED_FIELDS if name in request}
    report |= {"based_on": request_key, "status": REPORT_STATUS.get(status, "")}
    if issued:
        report |= {"issued": issued, "issued_text": issued_text}
    if conclusion := note_text(notes):
        report["conclusion"] = conclusion
    rows = [("ServiceRequest", request_key, request, Operation.SET)]
    rows.append(("DiagnosticReport", report_key, report, Operation.SET))
    for observation in observations:
        fields = observation.complete(request)
        fields["report"] = report_key
        operation = Operation.DELETE if observation.status in REMOVED else Operation.SET
        rows.append(("Observation", f"{report_key}|{observation.key}", fields, operation))
    return [
        reader.change(kind, key, numbers, fields, event=event, operation=operation, source=source)
        for kind, key, fields, operation in rows
    ]


def _result_status(order: OrderGroup, observations: list[ObservationDraft]) -> str:
    sent = order.obr.text(25).upper() if order.obr else ""
    if sent in REPORT_STATUS:
        return sent
    if by_order := _BY_ORDER_STATUS.get(order.value_of(5, 0).upper()):
        return by_order
    statuses = {observation.status for observation in observations} - REMOVED
    if statuses and statuses <= _COMPLETE:
        return ResultStatus.CORRECTED if ResultStatus.CORRECTED in statuses else ResultStatus.FINAL
    return ResultStatus.PRELIMINARY if observations else ""

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
from downtime.feeds.hl7.message_reader import ChangeDraft, MessageReader
from downtime.feeds.hl7.observations import ObservationDraft, read_observations
from downtime.feeds.hl7.order_groups import OrderGroup, order_groups, read_person, request_fields
from downtime.feeds.hl7.segments import note_text
from downtime.feeds.model import Operation, UnusableMessageError, Value

RESULT_STATES: dict[str, tuple[DiagnosticReportStatus, RequestStage]] = {
    ResultStatus.FINAL: (DiagnosticReportStatus.FINAL, RequestStage.RESULTED),
    ResultStatus.CORRECTED: (DiagnosticReportStatus.CORRECTED, RequestStage.RESULTED),
    ResultStatus.PRELIMINARY: (DiagnosticReportStatus.PRELIMINARY, RequestStage.IN_PROGRESS),
    ResultStatus.NOT_VERIFIED: (DiagnosticReportStatus.PRELIMINARY, RequestStage.IN_PROGRESS),
    ResultStatus.SOME_RESULTS: (DiagnosticReportStatus.PARTIAL, RequestStage.IN_PROGRESS),
    ResultStatus.SOME_CORRECTED: (DiagnosticReportStatus.PARTIAL, RequestStage.IN_PROGRESS),
    ResultStatus.SPECIMEN_RECEIVED: (DiagnosticReportStatus.REGISTERED, RequestStage.RECEIVED),
    ResultStatus.ORDERED: (DiagnosticReportStatus.REGISTERED, RequestStage.REQUESTED),
    ResultStatus.SCHEDULED: (DiagnosticReportStatus.REGISTERED, RequestStage.REQUESTED),
    ResultStatus.CANCELLED: (DiagnosticReportStatus.CANCELLED, RequestStage.CANCELLED),
}
"""What OBR-25 means for the report, and for its request."""
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


def read_results(reader: MessageReader) -> list[ChangeDraft]:
    """All that one result message says."""
    orders = [order for order in order_groups(reader) if order.obr]
    if not orders and reader.message.find_segment("OBX"):
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
) -> list[ChangeDraft]:
    observations, notes = read_observations(order, reader.context.zone)
    status = _result_status(order, observations)
    sender = reader.message.header.text(3)
    source = reader.context.reporting_system(sender, order.department)
    report_key, request_key = order.report_key(reader), order.request_key(reader)
    issued, issued_text = order.time_of(reader, 22)
    event = issued if "T" in issued else ""
    request = request_fields(reader, order)
    report_status, stage = RESULT_STATES.get(status, ("", ""))
    if stage:
        request["stage"] = stage
    report: dict[str, Value] = {name: request[name] for name in _SHARED_FIELDS if name in request}
    report |= {"based_on": request_key, "status": report_status}
    if issued:
        report |= {"issued": issued, "issued_text": issued_text}
    if conclusion := note_text(notes):
        report["conclusion"] = conclusion
    drafts = [
        ChangeDraft("ServiceRequest", request_key, numbers, request, event, source=source),
        ChangeDraft("DiagnosticReport", report_key, numbers, report, event, source=source),
    ]
    for observation in observations:
        fields = observation.complete(request)
        fields["report"] = report_key
        key = f"{report_key}|{observation.key}"
        operation = Operation.DELETE if observation.status in REMOVED else Operation.SET
        drafts.append(ChangeDraft("Observation", key, numbers, fields, event, operation, source))
    return drafts


def _result_status(order: OrderGroup, observations: list[ObservationDraft]) -> str:
    sent = order.obr.text(25).upper() if order.obr else ""
    if sent in RESULT_STATES:
        return sent
    if by_order := _BY_ORDER_STATUS.get(order.value_of(5, 0).upper()):
        return by_order
    statuses = {observation.status for observation in observations} - REMOVED
    if statuses and statuses <= _COMPLETE:
        return ResultStatus.CORRECTED if ResultStatus.CORRECTED in statuses else ResultStatus.FINAL
    return ResultStatus.PRELIMINARY if observations else ""

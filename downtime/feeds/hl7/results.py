"""HL7 v2 results (ORU, OUL) to DiagnosticReport, Observation and the stage of their ServiceRequest.

Status and stage follow from OBR-25 (HL7 table 0123), else from ORC-5, else from the observations'
own status (OBX-11). A report is dated by OBR-22 (its status last changed), else by MSH-7.

An observation's key is its report's, its code (OBX-3.1), sub-number (OBX-4) and which of such it
is. Lines of one text (TX, FT) that follow each other under one code are one observation. A note
belongs to the OBR or OBX before it. OBX-11 `D` and `W` (wrong) take the observation away. A document
(ED, RP) is kept as a document of the patient too.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.codes import REMOVED, RESULT_STATES, ResultStatus
from downtime.feeds.hl7.documents import read_result_document
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.observations import ObservationDraft, read_observations
from downtime.feeds.hl7.order_groups import OrderGroup, read_order_patients, request_fields
from downtime.feeds.hl7.segments import Hl7Message, note_text
from downtime.feeds.model import Change, FindingKind, Operation, UnusableMessageError, Value

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
    changes: list[Change] = []
    for part, groups, numbers, person in read_order_patients(reader):
        orders = [order for order in groups if order.obr]
        if not orders and part.find_segment("OBX"):
            raise UnusableMessageError(
                "OBR", "OBX without an OBR before it: the results belong to no report"
            )
        if not orders:  # perhaps cut short, and then its numbers are too: nothing is believed
            reader.unused = "it holds no report (OBR)"
            continue
        changes += person
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
    observations, notes = read_observations(reader, order)
    source = reader.context.reporting_system(reader.message.header.text(3), order.department)
    request = request_fields(reader, part, order)
    report: dict[str, Value] = {name: request[name] for name in _SHARED_FIELDS if name in request}
    report_key, request_key = order.report_key(reader), order.request_key(reader)
    report["based_on"] = request_key
    status = _result_status(reader, order, observations)
    report["status"], stage = RESULT_STATES.get(status, ("", ""))
    if stage:
        request["stage"] = stage
    issued = ""
    if order.obr is not None and order.obr.get_raw_field(22):
        issued = reader.add_time(report, "issued", order.obr, 22)
    event = issued if "T" in issued else ""
    if notes and (conclusion := note_text(notes)):
        report["conclusion"] = conclusion
    change = reader.change
    changes.append(change("ServiceRequest", request_key, numbers, request, event, source=source))
    changes.append(change("DiagnosticReport", report_key, numbers, report, event, source=source))
    for observation in observations:
        fields = observation.complete(request)
        fields["report"] = report_key
        key = f"{report_key}|{observation.key}"
        operation = Operation.DELETE if observation.status in REMOVED else Operation.SET
        changes.append(change("Observation", key, numbers, fields, event, operation, source))
        if observation.document:
            document = read_result_document(reader, observation.document, report, event)
            changes.append(
                change("DocumentReference", key, numbers, document, event, operation, source)
            )


def _result_status(
    reader: MessageReader, order: OrderGroup, observations: list[ObservationDraft]
) -> str:
    sent = order.obr.text(25).upper() if order.obr else ""
    if sent in RESULT_STATES:
        return sent
    if sent:
        reader.note(FindingKind.UNKNOWN_STATUS, "OBR-25 is no status that is known", "OBR-25")
    if by_order := _BY_ORDER_STATUS.get(order.value_of(5, 0).upper()):
        return by_order
    statuses = {observation.status for observation in observations} - REMOVED
    if statuses and statuses <= _COMPLETE:
        return ResultStatus.CORRECTED if ResultStatus.CORRECTED in statuses else ResultStatus.FINAL
    return ResultStatus.PRELIMINARY if observations else ""

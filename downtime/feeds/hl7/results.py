"""HL7 v2 results (ORU) to DiagnosticReport, Observation and the stage of their ServiceRequest.

Status and stage follow from OBR-25 (HL7 table 0123), else from ORC-5, else from the observations'
own status (OBX-11). A report is dated by OBR-22 (its status last changed), else by MSH-7.

An observation's key is its report's, its code (OBX-3.1), sub-number (OBX-4) and which of such it
is. Lines of one text (TX, FT) that follow each other under one code are one observation. A note
belongs to the OBR or OBX before it. OBX-11 `D` and `W` (wrong) take the observation away.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.observations import REMOVED, Observation, read_observations
from downtime.feeds.hl7.order_groups import (
    OrderGroup,
    note_text,
    order_groups,
    read_person,
    report_key,
    request_fields,
    request_key,
)
from downtime.feeds.hl7.patient import MessageReader
from downtime.feeds.model import Change, UnusableMessageError, Value

REPORT_STATUS = {
    "F": "final",
    "C": "corrected",
    "P": "preliminary",
    "R": "preliminary",
    "A": "partial",
    "M": "partial",
    "I": "registered",
    "O": "registered",
    "S": "registered",
    "X": "cancelled",
}
"""What OBR-25 means for the report."""
STAGE_BY_STATUS = {
    "F": "resulted",
    "C": "resulted",
    "P": "in-progress",
    "R": "in-progress",
    "A": "in-progress",
    "M": "in-progress",
    "I": "received",
    "O": "requested",
    "S": "requested",
    "X": "cancelled",
}
"""What OBR-25 means for the request."""
_BY_ORDER_STATUS = {"CM": "F", "A": "A", "IP": "I", "CA": "X", "DC": "X"}


def read_results(who: MessageReader) -> list[Change]:
    """All that one result message says."""
    found = [order for order in order_groups(who) if order.obr]
    if not found and who.message.first("OBX"):
        raise UnusableMessageError(
            "OBR", "OBX without an OBR before it: the results belong to no report"
        )
    if not found:
        return []  # perhaps cut short, and then its numbers are too: nothing of it is believed
    numbers, said = read_person(who, found)
    for order in found:
        said += _report(who, order, numbers)
    return said


def _report(who: MessageReader, order: OrderGroup, numbers: tuple[Identifier, ...]) -> list[Change]:
    results, notes = read_observations(order, who.context.zone)
    code = _status_code(order, results)
    source, report, request = _source(who, order), report_key(who, order), request_key(who, order)
    issued, issued_text = order.time_of(who, 22)
    event = issued if "T" in issued else ""

    def change(kind: str, key: str, fields: dict[str, Value], operation: str = "set") -> Change:
        return Change(
            type=kind,
            source=source,
            key=key,
            patient=numbers,
            fields=fields,
            event=event,
            sent=who.sent,
            operation=operation,
            position=who.position,
        )

    asked = request_fields(who, order)
    if code in STAGE_BY_STATUS:
        asked["stage"] = STAGE_BY_STATUS[code]
    told: dict[str, Value] = {name: asked[name] for name in _SHARED if name in asked}
    told |= {"based_on": request, "status": REPORT_STATUS.get(code, "")}
    if issued:
        told |= {"issued": issued, "issued_text": issued_text}
    if conclusion := note_text(notes):
        told["conclusion"] = conclusion
    said = [change("ServiceRequest", request, asked), change("DiagnosticReport", report, told)]
    for result in results:
        result.fields["report"] = report
        removed = result.status in REMOVED
        fields = {} if removed else result.dated(asked)
        said.append(
            change("Observation", f"{report}|{result.key}", fields, "delete" if removed else "set")
        )
    return said


_SHARED = ("filler", "department", "code", "display", "collected")


def _source(who: MessageReader, order: OrderGroup) -> str:
    head = who.message.header
    named = who.context.systems_by_application.get(head.text(3).casefold())
    return named or who.context.department_system(order.value_of(0, 24))


def _status_code(order: OrderGroup, results: list[Observation]) -> str:
    sent = order.obr.text(25).upper() if order.obr else ""
    if sent in REPORT_STATUS:
        return sent
    ordered = _BY_ORDER_STATUS.get(order.value_of(5, 0).upper(), "")
    if ordered:
        return ordered
    statuses = {result.status for result in results} - REMOVED
    if statuses and statuses <= {"F", "C", "U", "N", "X"}:
        return "C" if "C" in statuses else "F"
    return "P" if results else ""

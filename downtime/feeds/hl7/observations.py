"""OBX segments with their notes to observations, the value exactly as it was sent.

Numbers are never reformatted. Structured numbers (SN) are put side by side (`>100`, `1:128`), coded
values are shown by their texts, dates in ISO order. A document (ED, RP) is no value: its observation
says so.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import DiagnosticReportStatus as Status
from downtime.feeds import times
from downtime.feeds.hl7.codes import REMOVED, ObservationStatus
from downtime.feeds.hl7.data_types import (
    DELETED,
    address_text,
    coded_text,
    coding,
    component_text,
    person_name,
    repetition_text,
    telephone_number,
    unit_text,
    whole_text,
)
from downtime.feeds.hl7.encoding import Delimiters
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.order_groups import OrderGroup
from downtime.feeds.hl7.segments import Segment
from downtime.feeds.model import Change, Operation, Value

DOCUMENT = "[document, not shown]"
"""What stands in for a value that is a document."""
_STATUS: dict[str, Status] = {
    **dict.fromkeys((ObservationStatus.FINAL, ObservationStatus.MADE_FINAL), Status.FINAL),
    ObservationStatus.CORRECTED: Status.CORRECTED,
    ObservationStatus.PRELIMINARY: Status.PRELIMINARY,
    ObservationStatus.NOT_VERIFIED: Status.PRELIMINARY,
    ObservationStatus.PARTIAL: Status.PRELIMINARY,
    ObservationStatus.SPECIMEN_RECEIVED: Status.REGISTERED,
    ObservationStatus.ORDERED: Status.REGISTERED,
    ObservationStatus.UNOBTAINABLE: Status.CANCELLED,
    ObservationStatus.NOT_ASKED: Status.CANCELLED,
}
_CODED = frozenset({"CE", "CWE", "CF", "CNE"})
_PLAIN = frozenset({"NM", "TX", "ST", "FT", "IS", "ID", ""})
_DOCUMENTS = frozenset({"ED", "RP"})
_PACKED = "^Base64^"
"""What a document holds that was sent under another type."""
_FIELDS = 15
"""So many fields of an OBX are read, its name among them."""
_SET, _DELETE = Operation.SET, Operation.DELETE
_TEXT = frozenset({"TX", "FT"})
"""Types of OBX whose values may go on in the OBX after them."""


class ReportLink(NamedTuple):
    """The report to which observations belong, as their changes need it."""

    key: str
    numbers: tuple[Identifier, ...]
    event: str
    source: str
    collected: tuple[str, str]
    """When the specimen was taken, as stored and as sent: an observation's time, when it has none of
    its own."""


@dataclass(slots=True)
class ReportContent:
    """What the segments after an OBR hold."""

    changes: list[Change] = field(default_factory=list)
    statuses: set[str] = field(default_factory=set)
    """Those of all observations that were not taken away."""
    notes: list[Segment] = field(default_factory=list)
    """Of the report itself."""
    documents: list[tuple[str, Segment]] = field(default_factory=list)
    """Key and segment of each value that is a document."""


class ObservedTest(NamedTuple):
    """What the OBX of one test have in common, whoever's they are."""

    code: str
    key: str
    """The code as keys hold it."""
    display: str
    units: str
    reference_range: str


@lru_cache(maxsize=16_384)
def read_test(name: str, units: str, limits: str, delimiters: Delimiters) -> ObservedTest:
    """What OBX-3, OBX-6 and OBX-7 say."""
    code, display = coding(name, delimiters)
    code = code or component_text(name, 2, delimiters)
    unit = unit_text(units, delimiters) if units else ""
    return ObservedTest(code, code.upper(), display, unit, whole_text(limits, delimiters))


class ObservationPattern(NamedTuple):
    """What the OBX of one test and one finding say alike, whatever was measured and when."""

    key: str
    """Code and sub-number, as keys hold them."""
    fields: dict[str, Value]
    """With those of no value yet; nobody changes them. The status is empty when OBX-11 is not known."""
    sent_status: str
    """OBX-11."""
    operation: Operation
    is_plain: bool
    """Whether the value is a text as it stands."""
    open_text: tuple[str, str] | None
    """Code and sub-number, when it is a text that may go on."""


@lru_cache(maxsize=16_384)
def _read_pattern(
    kind: str,
    name: str,
    sub_number: str,
    units: str,
    limits: str,
    flags: str,
    status: str,
    delimiters: Delimiters,
) -> ObservationPattern:
    """What OBX-2, 3, 4, 6, 7, 8 and 11 say."""
    test = read_test(name, units, limits, delimiters)
    if status not in _STATUS:
        status = status.upper()
    if kind not in _PLAIN:
        kind = kind.upper()
    sub_number = repetition_text(sub_number, 1, delimiters)
    fields: dict[str, Value] = {
        "report": "",
        "code": test.code,
        "display": test.display,
        "value": "",
        "units": test.units,
        "reference_range": test.reference_range,
        "flag": _flags(flags, delimiters),
        "status": _STATUS.get(status, ""),
        "position": 0,
    }
    return ObservationPattern(
        f"{test.key}|{sub_number}",
        fields,
        status,
        _DELETE if status in REMOVED else _SET,
        kind in _PLAIN,
        (test.code, sub_number) if kind in _TEXT else None,
    )


def read_observations(
    reader: MessageReader, order: OrderGroup, report: ReportLink
) -> ReportContent:
    """The observations of an order, and the notes that belong to the order itself."""
    content = ReportContent()
    key_counts: dict[str, int] = {}
    fields: dict[str, Value] = {}
    open_text: tuple[str, str] | None = None
    lines: list[str] = []
    notes: list[str] = []
    for segment in order.following_segments:
        if segment.name == "NTE":
            if content.changes:
                notes.append(segment.full_text(3))
            else:
                content.notes.append(segment)
            open_text = None
        elif segment.name == "OBX":
            if open_text and _continues(segment, *open_text):
                lines.append(value_text(segment))
                continue
            if lines or notes:
                _add_lines(fields, lines, notes)
                lines, notes = [], []
            fields, open_text = _read_observation(reader, segment, report, content, key_counts)
    _add_lines(fields, lines, notes)
    return content


def _continues(segment: Segment, code: str, sub_number: str) -> bool:
    """Whether it is one more line of the text of this code and sub-number."""
    if segment.text(2) not in _TEXT or segment.text(3) not in (code, ""):
        return False
    return not segment.text(3) or segment.text(4) == sub_number


def _add_lines(fields: dict[str, Value], lines: list[str], notes: list[str]) -> None:
    """Put the lines of a text that went on, and the notes after it, into an observation."""
    if lines:
        whole = (str(fields["value"]), *lines)
        fields["value"] = "\n".join(line.rstrip(" ") for line in whole)
    if notes:
        former = [str(fields["note"])] if "note" in fields else []
        fields["note"] = "\n".join((*former, *notes)).rstrip()


def _read_observation(
    reader: MessageReader,
    segment: Segment,
    report: ReportLink,
    content: ReportContent,
    key_counts: dict[str, int],
) -> tuple[dict[str, Value], tuple[str, str] | None]:
    """Adds one observation; its fields, and code and sub-number when its text may go on."""
    raw, delimiters = segment.fields, segment.delimiters
    if len(raw) < _FIELDS:
        raw = segment.pad_fields(_FIELDS)
    report_key, numbers, event, source, (effective, effective_text) = report
    test_key, pattern, sent_status, operation, is_plain, open_text = _read_pattern(
        raw[2], raw[3], raw[4], raw[6], raw[7], raw[8], raw[11], delimiters
    )
    key_counts[test_key] = count = key_counts.get(test_key, 0) + 1
    key = f"{report_key}|{test_key}|{count}"
    changes = content.changes
    is_own_time = raw[14] and raw[14] != effective_text  # most have that of their specimen
    if is_own_time and (measured := times.parse_time(raw[14], reader.context.zone)):
        effective, effective_text = measured, raw[14]
    fields = pattern.copy()
    fields["report"] = report_key
    fields["value"] = whole_text(raw[5], delimiters) if is_plain else value_text(segment)
    fields["position"] = len(changes) + 1
    if effective:
        fields["effective"], fields["effective_text"] = effective, effective_text
    if not is_plain and raw[5] and is_document(raw[2].upper(), raw[5]):
        fields["note"] = DOCUMENT
        content.documents.append((key, segment))
    if operation is _SET:
        content.statuses.add(sent_status)
    changes.append(reader.change("Observation", key, numbers, fields, event, operation, source))
    return fields, open_text


def observation_status(sent: str) -> str:
    """What OBX-11 means; empty when it is not known."""
    return _STATUS.get(sent, "")


def _flags(raw: str, delimiters: Delimiters) -> str:
    flags = () if raw == DELETED else raw.split(delimiters.repetition)
    return ", ".join(component_text(flag, 1, delimiters) for flag in flags if flag)


def observation_text(segment: Segment) -> str:
    """An OBX in one line: what it is about, and its value with its unit."""
    name = coding(segment.get_raw_field(3), segment.delimiters).text
    units = unit_text(segment.get_raw_field(6), segment.delimiters)
    value = " ".join(filter(None, (value_text(segment), units)))
    return f"{name.rstrip(':')}: {value}" if name and value else value


def is_document(kind: str, raw: str) -> bool:
    """Whether the value of an OBX is a document, by its type or by how it is packed."""
    return kind in _DOCUMENTS or (kind not in _PLAIN and _PACKED in raw)


def value_text(segment: Segment) -> str:
    """The value of an OBX as shown; empty when it cannot be shown."""
    kind = segment.text(2).upper()
    if kind in _PLAIN:
        return segment.full_text(5)
    if is_document(kind, segment.get_raw_field(5)):
        return ""
    separator = ", " if kind in _CODED else "\n"
    values = (_repetition_text(value, kind, segment) for value in segment.repetitions(5))
    return separator.join(filter(None, values))


def _repetition_text(value: str, kind: str, segment: Segment) -> str:
    delimiters = segment.delimiters
    if kind in _CODED:
        return coded_text(value, delimiters)
    if kind == "SN":
        return "".join(component_text(value, n, delimiters) for n in (1, 2, 3, 4))
    if kind in ("DT", "TS", "DTM"):
        return date_text(component_text(value, 1, delimiters))
    if kind in ("XCN", "CN"):
        return person_name(value, delimiters)
    if kind == "XAD":
        return address_text(value, delimiters)
    if kind == "XTN":
        return telephone_number(value, delimiters)
    parts = (delimiters.decode(part).strip() for part in value.split(delimiters.component))
    return (" - " if kind == "NR" else " ").join(part for part in parts if part)


def date_text(sent: str) -> str:
    """`2026-11-02 14:30` of `20261102143000`, in the zone in which it was sent."""
    digits = sent.split(".")[0]
    day = times.parse_date(sent[:8], times.UTC_ZONE)
    if not day:
        return sent
    has_clock = len(digits) >= 12 and digits[8:12].isdigit()
    clock = f" {digits[8:10]}:{digits[10:12]}" if has_clock else ""
    zone = f" {sent[-5:]}" if clock and sent[-5:-4] in "+-" else ""
    return day + clock + zone

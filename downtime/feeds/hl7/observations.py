"""OBX segments with their notes to observations, the value exactly as it was sent.

Numbers are never reformatted. Structured numbers (SN) are put side by side (`>100`, `1:128`), coded
values are shown by their texts, dates in ISO order. A document (ED, RP) is no value: its observation
says so.
"""

from dataclasses import dataclass, field

from downtime.clinical.model import DiagnosticReportStatus as Status
from downtime.feeds import times
from downtime.feeds.hl7.codes import ObservationStatus
from downtime.feeds.hl7.data_types import (
    address_text,
    coded_text,
    coding,
    component_text,
    person_name,
    telephone_number,
    unit_text,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.order_groups import OrderGroup
from downtime.feeds.hl7.segments import Segment, note_text
from downtime.feeds.model import Value

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
_TEXT = frozenset({"TX", "FT"})
"""Types of OBX whose values may go on in the OBX after them."""


@dataclass(slots=True)
class ObservationDraft:
    """One observation of a report as it is put together from its segments."""

    key: str
    status: str
    open_text: tuple[str, str] | None
    """Code and sub-number, when more lines of the same text may follow."""
    fields: dict[str, Value]
    document: Segment | None = None
    """The segment, when its value is a document."""
    notes: list[Segment] = field(default_factory=list)

    def complete(self, request: dict[str, Value]) -> dict[str, Value]:
        """Its fields, dated by the specimen when it has no time of its own; notes joined."""
        fields = self.fields
        if "effective" not in fields and "collected" in request:
            fields["effective"] = request["collected"]
            fields["effective_text"] = request["collected_text"]
        if self.notes and (text := note_text(self.notes)):
            note = fields.get("note", "")
            fields["note"] = f"{note}\n{text}" if note else text
        return fields


def read_observations(
    reader: MessageReader, order: OrderGroup
) -> tuple[list[ObservationDraft], list[Segment]]:
    """The observations of an order, and the notes that belong to the order itself."""
    drafts: list[ObservationDraft] = []
    order_notes: list[Segment] = []
    key_counts: dict[str, int] = {}
    for segment in order.following_segments:
        name = segment.fields[0]
        if name == "NTE":
            (drafts[-1].notes if drafts else order_notes).append(segment)
        elif name == "OBX" and not _add_line(segment, drafts):
            drafts.append(_read_observation(reader, segment, key_counts, len(drafts) + 1))
    return drafts, order_notes


def _add_line(segment: Segment, drafts: list[ObservationDraft]) -> bool:
    """Adds one more line to the text before it, when that is what the segment is."""
    last = drafts[-1] if drafts else None
    if last is None or last.open_text is None or last.notes or segment.text(2) not in _TEXT:
        return False
    code, sub_number = last.open_text
    if segment.text(3) not in (code, "") or (segment.text(3) and segment.text(4) != sub_number):
        return False
    last.fields["value"] = f"{last.fields['value']}\n{value_text(segment)}".rstrip(" ")
    return True


def _read_observation(
    reader: MessageReader, segment: Segment, key_counts: dict[str, int], position: int
) -> ObservationDraft:
    raw, delimiters = segment.pad_fields(14), segment.delimiters
    code, display = coding(raw[3], delimiters)
    code = code or component_text(raw[3], 2, delimiters)
    kind, status, sub_number = raw[2].upper(), raw[11].upper(), segment.text(4)
    key = f"{code.upper()}|{sub_number}"
    key_counts[key] = count = key_counts.get(key, 0) + 1
    is_document = kind in _DOCUMENTS
    fields: dict[str, Value] = {
        "code": code,
        "display": display,
        "value": "" if is_document else value_text(segment),
        "units": unit_text(raw[6], delimiters) if raw[6] else "",
        "reference_range": segment.full_text(7) if raw[7] else "",
        "flag": _flags(segment) if raw[8] else "",
        "status": _STATUS.get(status, ""),
        "position": position,
    }
    if is_document and raw[5]:
        fields["note"] = DOCUMENT
    if raw[14] and (measured := times.parse_time(raw[14], reader.context.zone)):
        fields["effective"], fields["effective_text"] = measured, raw[14]
    return ObservationDraft(
        f"{key}|{count}",
        status,
        (code, sub_number) if kind in _TEXT else None,
        fields,
        segment if is_document else None,
    )


def _flags(segment: Segment) -> str:
    delimiters = segment.delimiters
    return ", ".join(component_text(flag, 1, delimiters) for flag in segment.repetitions(8))


def observation_text(segment: Segment) -> str:
    """An OBX in one line: what it is about, and its value with its unit."""
    name = coding(segment.get_raw_field(3), segment.delimiters).text
    units = unit_text(segment.get_raw_field(6), segment.delimiters)
    value = " ".join(filter(None, (value_text(segment), units)))
    return f"{name}: {value}" if name and value else value


def value_text(segment: Segment) -> str:
    """The value of an OBX as shown; empty when it cannot be shown."""
    kind = segment.text(2).upper()
    if kind in _PLAIN:
        return segment.full_text(5)
    if kind in _DOCUMENTS:
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
        return _date_text(component_text(value, 1, delimiters))
    if kind in ("XCN", "CN"):
        return person_name(value, delimiters)
    if kind == "XAD":
        return address_text(value, delimiters)
    if kind == "XTN":
        return telephone_number(value, delimiters)
    parts = (delimiters.decode(part).strip() for part in value.split(delimiters.component))
    return " ".join(part for part in parts if part)


def _date_text(sent: str) -> str:
    """`2026-11-02 14:30` of `20261102143000`, in the zone in which it was sent."""
    digits = sent.split(".")[0]
    day = times.parse_date(sent[:8], times.UTC_ZONE)
    if not day:
        return sent
    has_clock = len(digits) >= 12 and digits[8:12].isdigit()
    clock = f" {digits[8:10]}:{digits[10:12]}" if has_clock else ""
    zone = f" {sent[-5:]}" if clock and sent[-5:-4] in "+-" else ""
    return day + clock + zone

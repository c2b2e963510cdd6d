"""OBX segments with their notes to observations, the value exactly as it was sent.

Numbers are never reformatted. Structured numbers (SN) are put side by side (`>100`, `1:128`), coded
values are shown by their words, dates in ISO order. A document (ED, RP) is not taken along: its
observation says so.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from downtime.feeds import times
from downtime.feeds.hl7.data_types import address_text, coded_text, person_name, telephone_number
from downtime.feeds.hl7.order_groups import OrderGroup, note_text
from downtime.feeds.hl7.segments import Segment, component_text
from downtime.feeds.model import Value

DOCUMENT = "[document, not shown]"
"""What stands in for a value that is a document."""
REMOVED = frozenset({"D", "W"})
STATUS = {
    "F": "final",
    "U": "final",
    "C": "corrected",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "I": "registered",
    "O": "registered",
    "X": "cancelled",
    "N": "cancelled",
}
"""HL7 table 0085 in words."""
_LINES = frozenset({"TX", "FT"})


@dataclass(slots=True)
class Observation:
    """One observation of a report as it is put together from its segments."""

    key: str
    status: str
    lines: tuple[str, str, str] | None
    """Type, code and sub-number, when more lines of the same text may follow."""
    fields: dict[str, Value]
    notes: list[Segment] = field(default_factory=list)

    def dated(self, request: dict[str, Value]) -> dict[str, Value]:
        """Its fields, dated by the specimen when it has no time of its own; notes joined."""
        fields = self.fields
        if "effective" not in fields and "collected" in request:
            fields["effective"] = request["collected"]
            fields["effective_text"] = request["collected_text"]
        words = [str(fields.get("note", "")), note_text(self.notes)]
        if any(words):
            fields["note"] = "\n".join(part for part in words if part)
        return fields


def read_observations(order: OrderGroup, zone: ZoneInfo) -> tuple[list[Observation], list[Segment]]:
    """The observations of an order, and the notes that belong to the order itself."""
    found: list[Observation] = []
    own_notes: list[Segment] = []
    seen: dict[str, int] = {}
    for segment in order.following_segments:
        name = segment.fields[0]
        if name == "NTE":
            (found[-1].notes if found else own_notes).append(segment)
        elif name == "OBX" and not _continues(segment, found):
            found.append(_finding(segment, seen, len(found) + 1, zone))
    return found, own_notes


def _continues(segment: Segment, found: list[Observation]) -> bool:
    """Adds one more line to the text before it, when that is what the segment is."""
    last = found[-1] if found else None
    if last is None or last.lines is None or last.notes or segment.text(2) not in _LINES:
        return False
    kind, code, sub_number = last.lines
    if segment.text(3) not in (code, "") or (segment.text(3) and segment.text(4) != sub_number):
        return False
    last.fields["value"] = f"{last.fields['value']}\n{value_text(segment)[0]}".rstrip(" ")
    return True


def _finding(segment: Segment, seen: dict[str, int], position: int, zone: ZoneInfo) -> Observation:
    code, sub_number = segment.text(3) or segment.text(3, 2), segment.text(4)
    kind, status = segment.text(2).upper(), segment.text(11).upper()
    key = f"{code.upper()}|{sub_number}"
    seen[key] = seen.get(key, 0) + 1
    shown, remark = value_text(segment)
    names = segment.repetitions(3)
    fields: dict[str, Value] = {
        "code": code,
        "display": coded_text(names[0], segment.marks) if names else "",
        "value": shown,
        "units": segment.text(6, 2) or segment.text(6),
        "reference_range": segment.full_text(7),
        "flag": ", ".join(
            component_text(flag, 1, segment.marks) for flag in segment.repetitions(8)
        ),
        "status": STATUS.get(status, ""),
        "position": position,
    }
    if remark:
        fields["note"] = remark
    measured = times.parse_time(segment.text(14), zone)
    if measured:
        fields["effective"], fields["effective_text"] = measured, segment.text(14)
    lines = (kind, code, sub_number) if kind in _LINES else None
    return Observation(f"{key}|{seen[key]}", status, lines, fields)


def value_text(segment: Segment) -> tuple[str, str]:
    """The value of an OBX as shown, and a note in its place when it cannot be."""
    kind = segment.text(2).upper()
    if kind in ("ED", "RP"):
        return "", DOCUMENT if segment.raw(5) else ""
    if kind in ("NM", "TX", "ST", "FT", "IS", "ID", ""):
        return segment.full_text(5), ""
    separator = ", " if kind in ("CE", "CWE", "CF", "CNE") else "\n"
    return separator.join(
        filter(None, (_one(part, kind, segment) for part in segment.repetitions(5)))
    ), ""


def _one(raw: str, kind: str, segment: Segment) -> str:
    marks = segment.marks
    if kind in ("CE", "CWE", "CF", "CNE"):
        return coded_text(raw, marks)
    if kind == "SN":
        return "".join(component_text(raw, n, marks) for n in (1, 2, 3, 4))
    if kind in ("DT", "TS", "DTM"):
        return _date(component_text(raw, 1, marks))
    if kind in ("XCN", "CN"):
        return person_name(raw, marks)
    if kind == "XAD":
        return address_text(raw, marks)
    if kind == "XTN":
        return telephone_number(raw, marks)
    parts = (marks.decode(part).strip() for part in raw.split(marks.component))
    return " ".join(part for part in parts if part)


def _date(sent: str) -> str:
    """`2026-11-02 14:30` of `20261102143000`, in the zone in which it was sent."""
    digits = sent.split(".")[0]
    day = times.parse_date(sent[:8], times.UTC_ZONE)
    if not day:
        return sent
    clock = (
        f" {digits[8:10]}:{digits[10:12]}" if digits[8:12].isdigit() and len(digits) >= 12 else ""
    )
    zone = sent[-5:] if clock and sent[-5:-4] in "+-" else ""
    return day + clock + (f" {zone}" if zone else "")

"""HL7 v2 medicines: RXO, RXE to MedicationRequest; RXA to MedicationAdministration or Immunization.

A prescription's key is its placer number, else its filler number (and its code, where several of one
message share a number); a dose's is that with its number (RXA-2) or time, and its code. Words stay
as they were sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import (
    AdministrationStatus,
    ImmunizationStatus,
    MedicationRequestCategory,
    MedicationRequestStatus,
)
from downtime.feeds import times
from downtime.feeds.hl7.data_types import coded_text, coded_texts, coding, person_names, unit_text
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import identify, read_person
from downtime.feeds.hl7.segments import Hl7Message, Segment, note_text
from downtime.feeds.model import Change, FindingKind, Operation, UnusableMessageError, Value

_STATUS_BY_CONTROL = {
    **dict.fromkeys(("NW", "OK", "XO", "XX", "XR", "RO", "RL", "NA", "SN", "RF"), "active"),
    **dict.fromkeys(("CA", "OC", "CR", "UA"), MedicationRequestStatus.CANCELLED),
    **dict.fromkeys(("DC", "OD", "DR", "RP", "RQ", "RU"), MedicationRequestStatus.STOPPED),
    **dict.fromkeys(("HD", "OH", "HR"), MedicationRequestStatus.ON_HOLD),
}
"""ORC-1, HL7 table 0119."""
_STATUS_BY_ORDER = {
    "CM": MedicationRequestStatus.COMPLETED,
    "CA": MedicationRequestStatus.CANCELLED,
    "DC": MedicationRequestStatus.STOPPED,
    "RP": MedicationRequestStatus.STOPPED,
    "HD": MedicationRequestStatus.ON_HOLD,
}
"""ORC-5, HL7 table 0038."""
_GIVEN_CODES = frozenset({"CP", "PA", ""})
"""RXA-20 (HL7 table 0322) of what was given, wholly or in part; without it, what is sent was."""
_ONCE = frozenset({"ONCE", "STAT", "ST", "1"})


@dataclass(slots=True)
class _Prescription:
    """One order of a pharmacy with the segments that follow it."""

    orc: Segment | None = None
    order: Segment | None = None
    """RXE, else RXO."""
    segments: list[Segment] = field(default_factory=list)

    def list_segments(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment.fields[0] == name]


def read_pharmacy(reader: MessageReader) -> list[Change]:
    """All that a message of a pharmacy (RDE, RDS, RAS, OMP …) or of vaccinations (VXU) says."""
    changes: list[Change] = []
    for part in reader.message.split_patients():
        numbers = identify(reader, part)
        if not numbers:
            raise UnusableMessageError("PID", "the message does not say whose medicines these are")
        changes += read_person(reader, part, numbers)
        changes += read_medicines(reader, part, numbers)
    return changes


def read_medicines(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...]
) -> list[Change]:
    """The prescriptions and doses of one patient in any message."""
    if not part.by_name.keys() & {"RXO", "RXE", "RXA"}:
        return []
    prescriptions = list(_prescriptions(part))
    order_numbers = [_number(p) for p in prescriptions if p.order]
    shared = {number for number in order_numbers if order_numbers.count(number) > 1}
    changes: list[Change] = []
    for prescription in prescriptions:
        key = _number(prescription)
        if prescription.order is not None:
            code = coding(_medicine(prescription.order), prescription.order.delimiters).code
            key = f"{key}|{code.upper()}" if key in shared or not key else key
            changes.append(_read_prescription(reader, prescription, key, numbers))
        for rxa in prescription.list_segments("RXA"):
            changes.append(_read_dose(reader, prescription, rxa, key, numbers))
    return changes


def _prescriptions(part: Hl7Message) -> Iterator[_Prescription]:
    current = _Prescription()
    for segment in part.segments:
        name = segment.fields[0]
        if name == "ORC" or (name in ("RXO", "RXE") and _has(current, name)):
            yield current
            current = _Prescription(orc=segment if name == "ORC" else None)
        current.segments.append(segment)
        if name == "RXE" or (name == "RXO" and current.order is None):
            current.order = segment
    yield current


def _has(prescription: _Prescription, name: str) -> bool:
    return any(segment.fields[0] == name for segment in prescription.segments)


def _number(prescription: _Prescription) -> str:
    orc = prescription.orc
    number = (orc.text(2) or orc.text(3)) if orc else ""
    order = prescription.order
    return number or (order.text(15) if order and order.name == "RXE" else "")


def _medicine(order: Segment) -> str:
    return order.get_raw_field(2 if order.name == "RXE" else 1)


def _read_prescription(
    reader: MessageReader, prescription: _Prescription, key: str, numbers: tuple[Identifier, ...]
) -> Change:
    order, orc = prescription.order, prescription.orc
    assert order is not None  # noqa: S101  (told by the caller)
    amounts = (3, 4, 5) if order.name == "RXE" else (2, 3, 4)
    timing, is_needed, is_once = _timing(prescription)
    raw, delimiters = order.pad_fields(32), order.delimiters
    medicine = coded_text(_medicine(order), delimiters)
    parts = [
        coded_text(s.get_raw_field(2), s.delimiters) for s in prescription.list_segments("RXC")
    ]
    notes = note_text(prescription.list_segments("NTE"))
    instruction = coded_texts(raw[7], delimiters) if raw[7] else ""
    fields: dict[str, Value] = {
        "medicine": " + ".join(dict.fromkeys(filter(None, (medicine, *parts)))),
        "dosage": ", ".join(filter(None, (_amount(order, *amounts), instruction, notes))),
        "route": _route(prescription),
        "frequency": timing,
        "category": _category(order, is_needed=is_needed, is_once=is_once),
        "status": _status(reader, orc),
    }
    if orc is not None:
        if raw_person := orc.get_raw_field(12):
            fields["prescriber"] = person_names(raw_person, orc.delimiters)
        if orc.get_raw_field(9) and orc.text(1).upper() in ("NW", "RO", "XO", "RE", ""):
            reader.add_time(fields, "authored", orc, 9)
    if not fields["medicine"]:
        reader.note(FindingKind.MEDICINE_UNNAMED, f"{order.name} names no medicine", order.name)
    fields = {name: value for name, value in fields.items() if value}
    event = times.parse_instant(orc.text(9), reader.context.zone) if orc else ""
    source = reader.context.system(reader.message.header.text(3), "MedicationRequest")
    return reader.change("MedicationRequest", key, numbers, fields, event, source=source)


def _amount(segment: Segment, least: int, most: int, units: int) -> str:
    """`1-2 tablets` of a least and most amount with their unit."""
    amount, largest = segment.text(least), segment.text(most)
    if largest and largest != amount:
        amount = f"{amount}-{largest}"
    unit = unit_text(segment.get_raw_field(units), segment.delimiters)
    return f"{amount} {unit}".strip() if amount else ""


def _route(prescription: _Prescription) -> str:
    routes = [
        coded_text(s.get_raw_field(1), s.delimiters) for s in prescription.list_segments("RXR")
    ]
    return ", ".join(dict.fromkeys(filter(None, routes)))


def _timing(prescription: _Prescription) -> tuple[str, bool, bool]:
    """How often (TQ1-3, else RXE-1.2 or ORC-7.2); whether only when needed; whether only once."""
    repeats: list[str] = []
    priorities: list[str] = []
    for tq1 in prescription.list_segments("TQ1"):
        repeats += [coded_text(value, tq1.delimiters) for value in tq1.repetitions(3)]
        repeats.append(tq1.full_text(11))
        priorities += [tq1.text(9)]
    for segment, number in ((prescription.order, 1), (prescription.orc, 7)):
        is_timing = segment is not None and segment.name != "RXO" and not any(repeats)
        for value in segment.repetitions(number) if segment and is_timing else ():
            text = coded_text(_component(value, 2, segment), segment.delimiters) if segment else ""
            repeats.append(text.replace("&", " "))
            priorities.append(_component(value, 6, segment) if segment else "")
    frequency = ", ".join(dict.fromkeys(filter(None, repeats)))
    upper = {word.upper() for word in (*repeats, *priorities)}
    is_needed = any(word.startswith("PRN") or "AS REQUIRED" in word for word in upper)
    return frequency, is_needed, bool(upper & _ONCE)


def _component(value: str, number: int, segment: Segment) -> str:
    parts = value.split(segment.delimiters.component)
    return parts[number - 1] if number <= len(parts) else ""


def _category(order: Segment, *, is_needed: bool, is_once: bool) -> str:
    if order.name == "RXE" and order.text(23):
        return MedicationRequestCategory.INFUSION
    if is_needed:
        return MedicationRequestCategory.AS_REQUIRED
    return MedicationRequestCategory.ONCE_ONLY if is_once else ""


def _status(reader: MessageReader, orc: Segment | None) -> str:
    if orc is None:
        return MedicationRequestStatus.ACTIVE
    by_order, control = orc.text(5).upper(), orc.text(1).upper()
    status = _STATUS_BY_ORDER.get(by_order) or _STATUS_BY_CONTROL.get(control, "")
    if not status and control == "RE" and reader.kind not in ("RAS", "VXU"):
        return MedicationRequestStatus.ACTIVE
    return status


def _read_dose(
    reader: MessageReader,
    prescription: _Prescription,
    rxa: Segment,
    prescription_key: str,
    numbers: tuple[Identifier, ...],
) -> Change:
    raw, delimiters = rxa.pad_fields(21), rxa.delimiters
    code, name = coding(raw[5], delimiters)
    fields: dict[str, Value] = {
        "dosage": _dose(rxa),
        "route": _route(prescription),
        "reason": coded_texts(raw[18], delimiters) if raw[18] else "",
        "performer": person_names(raw[10], delimiters) if raw[10] else "",
    }
    record, when = "MedicationAdministration", "given"
    if reader.kind == "VXU":
        record, when = "Immunization", "occurrence"
        fields |= {"code": code, "display": name, "lot_number": rxa.text(15)}
    else:
        fields |= {"medicine": name, "batch": rxa.text(15)}
    fields["status"] = _dose_status(reader, rxa.text(20).upper(), record)
    moment = reader.add_time(fields, when, rxa, 3)
    if not name:
        reader.note(FindingKind.MEDICINE_UNNAMED, "RXA names no medicine", "RXA")
    fields = {name: value for name, value in fields.items() if value}
    operation = Operation.DELETE if rxa.text(21).upper() == "D" else Operation.SET
    key = f"{prescription_key}|{rxa.text(2)}|{moment or rxa.text(3)}|{code.upper() or name.upper()}"
    source = reader.context.system(reader.message.header.text(3), record)
    return reader.change(
        record, key, numbers, fields, moment if "T" in moment else "", operation, source
    )


def _dose(rxa: Segment) -> str:
    amount = rxa.text(6)
    unit = unit_text(rxa.get_raw_field(7), rxa.delimiters)
    return "" if amount in ("", "999") else f"{amount} {unit}".strip()


def _dose_status(reader: MessageReader, sent: str, record: str) -> str:
    is_given = sent in _GIVEN_CODES
    if not is_given and sent not in ("RE", "NA"):
        reader.note(FindingKind.UNKNOWN_STATUS, "RXA-20 is no status that is known", "RXA-20")
        return ""
    if record == "Immunization":
        return ImmunizationStatus.COMPLETED if is_given else ImmunizationStatus.NOT_DONE
    return AdministrationStatus.ADMINISTERED if is_given else AdministrationStatus.NOT_GIVEN

"""HL7 v2 medicines: RXO, RXE to MedicationRequest; RXA to MedicationAdministration or Immunization.

A prescription's key is its placer number, else its filler number, with the code or name of the
medicine: senders use numbers again, and one may cover several medicines (`snapshot.reused_numbers`
sorts them). A dose's key is its prescription's number with its own (RXA-2) or its time, and its code.
Words stay as they were sent.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.clinical.medicine_codes import join_codes
from downtime.clinical.model import (
    AdministrationStatus,
    ImmunizationStatus,
    MedicationRequestCategory,
    MedicationRequestStatus,
)
from downtime.feeds import times
from downtime.feeds.hl7.codes import (
    MEDICINE_TYPES,
    NUMBER_SHARED,
    ORDERED_AS,
    MessageType,
    find_operation,
)
from downtime.feeds.hl7.data_types import (
    coded_text,
    coded_texts,
    coding,
    list_codings,
    person_names,
    unit_text,
)
from downtime.feeds.hl7.dosing import (
    Timing,
    amount_text,
    list_strength_and_rate,
    mixed_in_text,
    read_timing,
)
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
_NO_VACCINE = "998"
"""CVX: no vaccine was given."""
_GIVEN_CODES = frozenset({"CP", "PA", ""})
"""RXA-20 (HL7 table 0322) of what was given, wholly or in part; without it, what is sent was."""


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
    if not part.by_name.keys() & {"RXO", "RXE", "RXA"} and reader.kind not in MEDICINE_TYPES:
        return []
    prescriptions = list(_prescriptions(part))
    order_numbers = [_number(p) for p in prescriptions if p.order]
    shared = {number for number in order_numbers if order_numbers.count(number) > 1}
    counts: Counter[str] = Counter()
    changes: list[Change] = []
    for prescription in prescriptions:
        key = number = _number(prescription)
        if prescription.order is not None:
            code, name = coding(_medicine(prescription.order), prescription.order.delimiters)
            order_key = (
                f"{number}|{(code or name).upper()}" if code or name or not number else number
            )
            counts[order_key] += 1
            if counts[order_key] > 1:
                order_key = f"{order_key}|{counts[order_key]}"
            key = order_key if number in shared or not number else number
            order = _read_prescription(reader, prescription, order_key, numbers)
            origin = _describe_order(prescription, is_shared=number in shared)
            changes.append(order._replace(fields={**order.fields, **origin}))
        for rxa in prescription.list_segments("RXA"):
            if reader.kind == MessageType.VXU and rxa.text(5) == _NO_VACCINE:
                continue
            dose = _read_dose(reader, prescription, rxa, key, numbers)
            counts[dose.key] += 1
            if counts[dose.key] > 1:
                dose = dose._replace(key=f"{dose.key}|{counts[dose.key]}")
            changes.append(dose)
        if number and not prescription.order:
            changes += _read_control(reader, prescription.orc, number, numbers)
    return changes


def _describe_order(prescription: _Prescription, *, is_shared: bool) -> dict[str, Value]:
    """What tells a new order from a change of one that has the same number."""
    fields: dict[str, Value] = {NUMBER_SHARED: 1} if is_shared else {}
    orc, order = prescription.orc, prescription.order
    if order and orc and orc.text(1).upper() == "NW":
        fields[ORDERED_AS] = order.name
    return fields


def _read_control(
    reader: MessageReader, orc: Segment | None, key: str, numbers: tuple[Identifier, ...]
) -> list[Change]:
    """An order that is stopped or held by its number alone, in a message of a pharmacy."""
    if orc is None or find_operation(orc.text(1)) is Operation.SET:
        return []
    if reader.kind not in MEDICINE_TYPES:
        return []
    fields: dict[str, Value] = {"status": _status(reader, orc)}
    source = reader.context.system(reader.message.header.text(3), "MedicationRequest")
    event = times.parse_instant(orc.text(9), reader.context.zone)
    record = "MedicationRequest"
    return [reader.change(record, key, numbers, fields, event, Operation.CANCEL, source)]


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
    older = ((order if order.name == "RXE" else None, 1), (orc, 7))
    timing = read_timing(prescription.list_segments("TQ1"), older)
    raw, delimiters = order.pad_fields(32), order.delimiters
    medicine = coded_text(_medicine(order), delimiters)
    parts = [mixed_in_text(segment) for segment in prescription.list_segments("RXC")]
    notes = note_text(prescription.list_segments("NTE"))
    instruction = coded_texts(raw[7], delimiters) if raw[7] else ""
    fields: dict[str, Value] = {
        "medicine": " + ".join(dict.fromkeys(filter(None, (medicine, *parts)))),
        # The code of the base says nothing of what is mixed into it.
        "codes": "" if any(parts) else join_codes(list_codings(_medicine(order), delimiters)),
        "dosage": ", ".join(
            filter(
                None,
                (amount_text(order, *amounts), *list_strength_and_rate(order), instruction, notes),
            )
        ),
        "route": _route(prescription),
        "frequency": timing.text,
        "category": _category(order, timing),
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
    operation = find_operation(orc.text(1)) if orc else Operation.SET
    return reader.change("MedicationRequest", key, numbers, fields, event, operation, source=source)


def _route(prescription: _Prescription) -> str:
    routes = [
        coded_text(s.get_raw_field(1), s.delimiters) for s in prescription.list_segments("RXR")
    ]
    return ", ".join(dict.fromkeys(filter(None, routes)))


def _category(order: Segment, timing: Timing) -> str:
    if order.name == "RXE" and order.text(23):
        return MedicationRequestCategory.INFUSION
    if timing.is_needed:
        return MedicationRequestCategory.AS_REQUIRED
    return MedicationRequestCategory.ONCE_ONLY if timing.is_once else ""


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
        codes = join_codes(list_codings(raw[5], delimiters))
        fields |= {"medicine": name, "codes": codes, "batch": rxa.text(15)}
    fields["status"] = _dose_status(reader, rxa, record)
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


def _dose_status(reader: MessageReader, rxa: Segment, record: str) -> str:
    """RXA-20; where it is empty, what was refused (RXA-18) was not given."""
    sent = rxa.text(20).upper() or ("RE" if rxa.get_raw_field(18) else "")
    is_given = sent in _GIVEN_CODES
    if not is_given and sent not in ("RE", "NA"):
        reader.note(FindingKind.UNKNOWN_STATUS, "RXA-20 is no status that is known", "RXA-20")
        return ""
    if record == "Immunization":
        return ImmunizationStatus.COMPLETED if is_given else ImmunizationStatus.NOT_DONE
    return AdministrationStatus.ADMINISTERED if is_given else AdministrationStatus.NOT_GIVEN

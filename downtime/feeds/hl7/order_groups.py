"""What HL7 v2 orders and results share: numbers and keys of requests, people, times, notes.

A request's key is its placer number, else its filler number, with the code of the test (OBR-4.1):
one number often covers several tests, and each must be seen to be answered. An order (placer only),
its acceptance and its result (placer and filler) so fold into one ServiceRequest. A report's key is
its filler number, with its namespace when it has one (laboratories share ranges of numbers), else
the placer's, with the code. A message without either number is keyed by its control number (MSH-10)
and the place of the order in it.

Without any identifier of a patient the order itself names a person of their own (HL7 table 0203:
`PLAC`, `FILL`), so that a result for somebody unknown is shown and never joined by a name. A message
without any order is accepted for what it says of the person.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.data_types import (
    coded_text,
    coded_texts,
    coding,
    entity_numbers,
    person_names,
    specimen_text,
    test_code,
)
from downtime.feeds.hl7.identifiers import patient_identifiers
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import read_person
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, UnusableMessageError, Value


@dataclass(slots=True)
class OrderGroup:
    """One ORC and OBR of a message, with the segments that follow them."""

    number: int
    orc: Segment | None = None
    obr: Segment | None = None
    following_segments: list[Segment] = field(default_factory=list)

    def value_of(self, orc_field: int, obr_field: int) -> str:
        """A value that stands in OBR, else in ORC; 0 for the one of them that never holds it."""
        value = self.obr.text(obr_field) if self.obr and obr_field else ""
        return value or (self.orc.text(orc_field) if self.orc and orc_field else "")

    @property
    def placer(self) -> str:
        """ORC-2, OBR-2."""
        return self.value_of(2, 2)

    @property
    def filler(self) -> str:
        """ORC-3, OBR-3."""
        return self.value_of(3, 3)

    @property
    def department(self) -> str:
        """OBR-24."""
        return self.value_of(0, 24)

    @property
    def code(self) -> str:
        """OBR-4.1, else the test's name."""
        raw = self.obr.get_raw_field(4) if self.obr else ""
        return test_code(raw, self.obr.delimiters) if self.obr and raw else ""

    def request_key(self, reader: MessageReader) -> str:
        """The key of the ServiceRequest (see above)."""
        return self._key(reader, self.placer or self.filler)

    def report_key(self, reader: MessageReader) -> str:
        """The key of the DiagnosticReport (see above)."""
        filler = self.filler
        if filler and self.obr and (namespace := self.obr.text(3, 2)):
            filler = f"{filler}^{namespace}"
        return self._key(reader, filler or self.placer)

    def _key(self, reader: MessageReader, number: str) -> str:
        number = number or f"{reader.message.header.text(10)}#{self.number}"
        return f"{number}|{self.code.upper()}"


def order_groups(part: Hl7Message) -> Iterator[OrderGroup]:
    """The orders of one patient: an ORC begins one, and so does an OBR without an ORC of its own.

    Where an OBR stands first, as in OUL, the ORC after it is its own. A specimen (SPM) before any
    order, or after the values of one, is of the next.
    """
    current = OrderGroup(0)
    specimens: list[Segment] = []
    obr_first = _has_obr_first(part)
    for segment in part.segments:
        name = segment.fields[0]
        is_own_orc = obr_first and name == "ORC" and current.orc is None and current.obr
        if name == "ORC" and is_own_orc:
            current.orc = segment
            continue
        if name == "ORC" or (name == "OBR" and (current.obr or not current.orc)):
            if current.number:
                yield current
            shared = current.orc if name == "OBR" and not obr_first else None
            current = OrderGroup(current.number + 1, orc=shared)
            current.following_segments += specimens
        if name == "ORC":
            current.orc = segment
        elif name == "OBR":
            current.obr = segment
        elif name == "SPM" and obr_first:
            specimens = [segment]
            if current.obr and _has_no_values(current):
                current.following_segments.append(segment)
        elif current.number:
            current.following_segments.append(segment)
    if current.number:
        yield current


def _has_obr_first(part: Hl7Message) -> bool:
    first = next((s.fields[0] for s in part.segments if s.fields[0] in ("ORC", "OBR")), "")
    return first == "OBR" and ("ORC" in part.by_name or "SPM" in part.by_name)


def _has_no_values(order: OrderGroup) -> bool:
    return not any(segment.fields[0] in ("OBX", "SPM") for segment in order.following_segments)


def read_order_patients(
    reader: MessageReader,
) -> Iterator[tuple[Hl7Message, list[OrderGroup], tuple[Identifier, ...], list[Change]]]:
    """For each patient of a message: the part that is theirs, their orders, who they are, and what
    it says of them. UnusableMessageError when the orders name nobody.
    """
    for part in reader.message.split_patients():
        orders = list(order_groups(part))
        pid, pv1 = part.find_segment("PID"), part.find_segment("PV1")
        numbers = patient_identifiers(pid, pv1, reader)
        if not numbers and orders:
            numbers = _identify_by_order(reader, orders)
            if not numbers:
                raise UnusableMessageError(
                    "PID",
                    "neither PID-3, an order number nor MSH-10 holds an identifier: "
                    "the patient cannot be told apart",
                )
        has_person = pid is not None and numbers
        changes = read_person(reader, part, pid, numbers) if pid and has_person else []
        yield part, orders, numbers, changes


def _identify_by_order(reader: MessageReader, orders: list[OrderGroup]) -> tuple[Identifier, ...]:
    for kind, number in (
        *(("PLAC", order.placer) for order in orders),
        *(("FILL", order.filler) for order in orders),
        ("MSG", reader.message.header.text(10)),
    ):
        if number:
            return (Identifier(kind, reader.source, number),)
    return ()


def request_fields(reader: MessageReader, part: Hl7Message, order: OrderGroup) -> dict[str, Value]:
    """What ORC, OBR and SPM say of a request, whoever says it; without its stage."""
    requester, specimen = _requester_and_specimen(order)
    values = {
        "placer": order.placer,
        "filler": order.filler,
        "code": order.code,
        "display": _display(order),
        "department": order.department,
        "requester": requester,
        "specimen": specimen,
        "priority": _priority(order),
        "group_number": order.value_of(4, 0),
        "parent_number": _parent(order),
        "encounter": reader.find_visit(part.find_segment("PID"), part.find_segment("PV1")),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    if order.obr is not None and order.obr.get_raw_field(7):
        reader.add_time(fields, "collected", order.obr, 7)
    if "collected" not in fields:
        _add_specimen_time(reader, order, fields)
    return fields


def _display(order: OrderGroup) -> str:
    raw = order.obr.get_raw_field(4) if order.obr else ""
    return coding(raw, order.obr.delimiters).text if order.obr and raw else ""


def _parent(order: OrderGroup) -> str:
    """The placer, else the filler number of the parent: OBR-29, else ORC-8."""
    for segment, number in ((order.obr, 29), (order.orc, 8)):
        raw = segment.get_raw_field(number) if segment else ""
        if segment and raw:
            placer, filler = entity_numbers(raw, segment.delimiters)
            return placer or filler
    return ""


def _add_specimen_time(reader: MessageReader, order: OrderGroup, fields: dict[str, Value]) -> None:
    """SPM-17, where OBR-7 says nothing."""
    for segment in order.following_segments:
        if segment.fields[0] == "SPM" and segment.get_raw_field(17):
            reader.add_time(fields, "collected", segment, 17)


def _requester_and_specimen(order: OrderGroup) -> tuple[str, str]:
    """OBR-16, else ORC-12; SPM-4, else OBR-15."""
    requester = specimen = ""
    for segment, number in ((order.obr, 16), (order.orc, 12)):
        raw = segment.get_raw_field(number) if segment else ""
        if segment and raw and not requester:
            requester = person_names(raw, segment.delimiters)
    for segment in order.following_segments:
        if segment.fields[0] == "SPM":
            raw = segment.get_raw_field(4)
            return requester, coded_texts(raw, segment.delimiters) if raw else ""
    if order.obr is not None and (raw := order.obr.get_raw_field(15)):
        specimen = specimen_text(raw, order.obr.delimiters)
    return requester, specimen


_PRIORITIES = {"S": "stat", "ST": "stat", "STAT": "stat", "A": "urgent", "U": "urgent"}
_PRIORITIES |= {"R": "routine", "P": "urgent", "ROUTINE": "routine", "URGENT": "urgent"}
_PRIORITIES |= {"ASAP": "urgent"}


def _priority(order: OrderGroup) -> str:
    """TQ1-9, else OBR-27.6, ORC-7.6 or OBR-5 (HL7 tables 0485 and 0027); unknown ones as sent."""
    obr, orc, sent = order.obr, order.orc, ""
    for segment in order.following_segments:
        if segment.fields[0] == "TQ1" and (raw := segment.get_raw_field(9)) and not sent:
            sent = segment.text(9) or coded_text(raw, segment.delimiters)
    if not sent and obr is not None and obr.get_raw_field(27):
        sent = obr.text(27, 6)
    if not sent and orc is not None and orc.get_raw_field(7):
        sent = orc.text(7, 6)
    sent = sent or (obr.text(5) if obr else "")
    return _PRIORITIES.get(sent.upper(), sent)

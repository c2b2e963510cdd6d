"""What HL7 v2 orders and results share: numbers and keys of requests, people, times, notes.

A request's key is its placer number, else its filler number, with the code of the test (OBR-4.1):
one number often covers several tests, and each must be seen to be answered. An order (placer only),
its acceptance and its result (placer and filler) so fold into one ServiceRequest. A report's key is
its filler number, with its namespace when it has one (laboratories share ranges of numbers), else
the placer's, with the code. A message without either number is keyed by its control number (MSH-10),
the place of the order in it, and its time, since some senders number no messages.

Without any identifier of a patient the order itself names a person of their own (HL7 table 0203:
`PLAC`, `FILL`), so that a result for somebody unknown is shown and never joined by a name. A message
without any order is accepted for what it says of the person.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.alerts import NOTE_OWNERS
from downtime.feeds.hl7.data_types import (
    coded_text,
    coded_texts,
    coding,
    entity_numbers,
    person_names,
    specimen_text,
    test_code,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import identify, read_person
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, UnusableMessageError, Value


@dataclass(slots=True)
class OrderGroup:
    """One ORC and OBR of a message, with the segments that follow them."""

    number: int
    """Of the order in its message, from 1."""
    orc: Segment | None = None
    obr: Segment | None = None
    following_segments: list[Segment] = field(default_factory=list)
    placer: str = ""
    """OBR-2, else ORC-2."""
    filler: str = ""
    """OBR-3, else ORC-3."""
    code: str = ""
    """OBR-4.1, else the test's name."""
    display: str = ""
    department: str = ""
    """OBR-24."""

    def read_numbers(self) -> "OrderGroup":
        """Read what tells the order apart, once all its segments are there."""
        orc, obr = self.orc, self.obr
        if obr is not None:
            self.placer, self.filler, self.department = obr.text(2), obr.text(3), obr.text(24)
            if raw := obr.get_raw_field(4):
                self.code = test_code(raw, obr.delimiters)
                self.display = coding(raw, obr.delimiters).text
        if orc is not None:
            self.placer = self.placer or orc.text(2)
            self.filler = self.filler or orc.text(3)
        return self

    def list_segments(self, name: str) -> list[Segment]:
        """Those of the following segments that have this name."""
        return [segment for segment in self.following_segments if segment.fields[0] == name]

    @property
    def status(self) -> str:
        """ORC-5."""
        return self.orc.text(5).upper() if self.orc else ""

    @property
    def result_status(self) -> str:
        """OBR-25."""
        return self.obr.text(25).upper() if self.obr else ""

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
        if not number:
            taken = self.obr.text(7) if self.obr else ""
            number = f"{reader.message.header.text(10)}#{self.number}@{taken or reader.sent}"
        return f"{number}|{self.code.upper()}"


def order_groups(part: Hl7Message) -> Iterator[OrderGroup]:
    """The orders of one patient: an ORC begins one, and so does an OBR without an ORC of its own.

    A note about the patient goes with the first. Where an OBR stands first, as in OUL, the ORC after it is its own. A specimen (SPM) before any
    order, or after the values of one, is of the next.
    """
    current = OrderGroup(0)
    specimens: list[Segment] = []
    notes = part.notes_after(NOTE_OWNERS)
    obr_first = _has_obr_first(part)
    for segment in part.segments:
        name = segment.fields[0]
        is_own_orc = obr_first and name == "ORC" and current.orc is None and current.obr
        if name == "ORC" and is_own_orc:
            current.orc = segment
            continue
        if name == "ORC" or (name == "OBR" and (current.obr or not current.orc)):
            if current.number:
                yield current.read_numbers()
            shared = current.orc if name == "OBR" and not obr_first else None
            current = OrderGroup(current.number + 1, orc=shared)
            current.following_segments += specimens
            current.following_segments += notes
            notes = []
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
        yield current.read_numbers()


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
        numbers = identify(reader, part)
        if not numbers and orders:
            numbers = _identify_by_order(reader, orders)
            if not numbers:
                raise UnusableMessageError(
                    "PID",
                    "neither PID-3, an order number nor MSH-10 holds an identifier: "
                    "the patient cannot be told apart",
                )
        yield part, orders, numbers, read_person(reader, part, numbers) if numbers else []


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
    names, orc, obr = part.by_name, order.orc, order.obr
    specimens = order.list_segments("SPM") if "SPM" in names else []
    values = {
        "placer": order.placer,
        "filler": order.filler,
        "code": order.code,
        "display": order.display,
        "department": order.department,
        "requester": _requester(order),
        "specimen": _specimen(order, specimens),
        "priority": _priority(order, has_timing="TQ1" in names),
        "group_number": orc.text(4) if orc is not None else "",
        "parent_number": _parent(order),
        "encounter": reader.find_visit(part.find_segment("PID"), part.find_segment("PV1")),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    if obr is not None:
        reader.add_time(fields, "collected", obr, 7)
    if specimens and "collected" not in fields:
        reader.add_time(fields, "collected", specimens[0], 17)
    return fields


def _parent(order: OrderGroup) -> str:
    """The placer, else the filler number of the parent: OBR-29, else ORC-8."""
    for segment, number in ((order.obr, 29), (order.orc, 8)):
        raw = segment.get_raw_field(number) if segment else ""
        if segment and raw:
            placer, filler = entity_numbers(raw, segment.delimiters)
            return placer or filler
    return ""


def _requester(order: OrderGroup) -> str:
    """OBR-16, else ORC-12."""
    for segment, number in ((order.obr, 16), (order.orc, 12)):
        raw = segment.get_raw_field(number) if segment else ""
        if segment and raw and (names := person_names(raw, segment.delimiters)):
            return names
    return ""


def _specimen(order: OrderGroup, specimens: list[Segment]) -> str:
    """SPM-4, else OBR-15."""
    if specimens:
        raw = specimens[0].get_raw_field(4)
        return coded_texts(raw, specimens[0].delimiters) if raw else ""
    raw = order.obr.get_raw_field(15) if order.obr else ""
    return specimen_text(raw, order.obr.delimiters) if order.obr and raw else ""


_PRIORITIES = {"S": "stat", "ST": "stat", "STAT": "stat", "A": "urgent", "U": "urgent"}
_PRIORITIES |= {"R": "routine", "P": "urgent", "ROUTINE": "routine", "URGENT": "urgent"}
_PRIORITIES |= {"ASAP": "urgent"}


def _priority(order: OrderGroup, *, has_timing: bool) -> str:
    """TQ1-9, else OBR-27.6, ORC-7.6 or OBR-5 (HL7 tables 0485 and 0027); unknown ones as sent."""
    obr, orc, sent = order.obr, order.orc, ""
    for segment in order.list_segments("TQ1") if has_timing else ():
        if (raw := segment.get_raw_field(9)) and not sent:
            sent = segment.text(9) or coded_text(raw, segment.delimiters)
    if not sent and obr is not None:
        sent = obr.text(27, 6)
    if not sent and orc is not None:
        sent = orc.text(7, 6)
    sent = sent or (obr.text(5) if obr else "")
    return _PRIORITIES.get(sent.upper(), sent) if sent else ""

"""What HL7 v2 orders and results share: numbers and keys of requests, people, times, notes.

A request's key is its placer number, else its filler number, with the code of the test (OBR-4.1):
one number often covers several tests, and each must be seen to be answered. An order (placer only),
its acceptance and its result (placer and filler) so fold into one ServiceRequest. A report's key is
its filler number, else the placer's, with the code. Of a number only the identifier counts (EI-1):
the same number comes with and without its namespace. A message without either number is keyed by
its control number (MSH-10) and the place of the order in it.

Without any identifier of a patient the order itself names a person of their own (HL7 table 0203:
`PLAC`, `FILL`), so that a result for somebody unknown is shown and never joined by a name. A message
without any order is accepted for what it says of the person.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.hl7.identifiers import patient_identifiers
from downtime.feeds.hl7.message_reader import ChangeDraft, MessageReader
from downtime.feeds.hl7.patient import read_patient
from downtime.feeds.hl7.segments import Segment, coded_text, coded_texts, person_names
from downtime.feeds.model import UnusableMessageError, Value


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
    def code(self) -> str:
        """OBR-4.1, else the test's name."""
        return (self.obr.text(4) or self.obr.text(4, 2) or self.obr.text(4, 4)) if self.obr else ""

    @property
    def display(self) -> str:
        """What OBR-4 calls the test."""
        values = self.obr.repetitions(4) if self.obr else []
        return coded_text(values[0], self.obr.delimiters) if values and self.obr else ""

    @property
    def department(self) -> str:
        """OBR-24."""
        return self.value_of(0, 24)

    def time_of(self, reader: MessageReader, obr_field: int) -> tuple[str, str]:
        """A time of OBR as stored and as sent."""
        sent = self.obr.text(obr_field) if self.obr else ""
        return times.parse_time(sent, reader.context.zone), sent

    def request_key(self, reader: MessageReader) -> str:
        """The key of the ServiceRequest (see above)."""
        return self._key(reader, self.placer or self.filler)

    def report_key(self, reader: MessageReader) -> str:
        """The key of the DiagnosticReport (see above)."""
        return self._key(reader, self.filler or self.placer)

    def _key(self, reader: MessageReader, number: str) -> str:
        number = number or f"{reader.message.header.text(10)}#{self.number}"
        return f"{number}|{self.code.upper()}"


def order_groups(reader: MessageReader) -> Iterator[OrderGroup]:
    """The orders of a message: an ORC begins one, and so does an OBR without an ORC of its own."""
    current = OrderGroup(0)
    for segment in reader.message.segments:
        name = segment.fields[0]
        if name == "ORC" or (name == "OBR" and (current.obr or not current.orc)):
            if current.number:
                yield current
            shared = current.orc if name == "OBR" else None
            current = OrderGroup(current.number + 1, orc=shared)
        if name == "ORC":
            current.orc = segment
        elif name == "OBR":
            current.obr = segment
        elif current.number:
            current.following_segments.append(segment)
    if current.number:
        yield current


def read_person(
    reader: MessageReader, orders: list[OrderGroup]
) -> tuple[tuple[Identifier, ...], list[ChangeDraft]]:
    """Who the orders are for, and what PID says of them."""
    message = reader.message
    pid, pv1 = message.find_segment("PID"), message.find_segment("PV1")
    numbers = patient_identifiers(pid, pv1, message, reader.context)
    numbers = numbers or _identify_by_order(reader, orders)
    if not numbers:
        raise UnusableMessageError(
            "PID",
            "neither PID-3, an order number nor MSH-10 holds an identifier: "
            "the patient cannot be told apart",
        )
    if pid is None:
        return numbers, []
    return numbers, [read_patient(reader, pid, numbers, "", message.find_segment("PD1"))]


def read_person_only(reader: MessageReader) -> list[ChangeDraft]:
    """What a message without any order in it says: the person, when it names one."""
    pid = reader.message.find_segment("PID")
    numbers = patient_identifiers(pid, None, reader.message, reader.context) if pid else ()
    if pid is None or not numbers:
        return []
    return [read_patient(reader, pid, numbers, "", reader.message.find_segment("PD1"))]


def _identify_by_order(reader: MessageReader, orders: list[OrderGroup]) -> tuple[Identifier, ...]:
    for kind, number in (
        *(("PLAC", order.placer) for order in orders),
        *(("FILL", order.filler) for order in orders),
        ("MSG", reader.message.header.text(10)),
    ):
        if number:
            return (Identifier(kind, reader.source, number),)
    return ()


def request_fields(reader: MessageReader, order: OrderGroup) -> dict[str, Value]:
    """What ORC, OBR and SPM say of a request, whoever says it; without its stage."""
    requester, specimen = _requester_and_specimen(order)
    values = {
        "placer": order.placer,
        "filler": order.filler,
        "code": order.code,
        "display": order.display,
        "department": order.department,
        "requester": requester,
        "specimen": specimen,
        "priority": _priority(order),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    if (pv1 := reader.message.find_segment("PV1")) and (visit := pv1.text(19)):
        fields["encounter"] = visit
    collected, collected_text = order.time_of(reader, 7)
    if collected:
        fields["collected"], fields["collected_text"] = collected, collected_text
    return fields


def _requester_and_specimen(order: OrderGroup) -> tuple[str, str]:
    """OBR-16, else ORC-12; SPM-4, else OBR-15."""
    obr, orc = order.obr, order.orc
    requester = (person_names(obr, 16) if obr else None) or (person_names(orc, 12) if orc else None)
    for segment in order.following_segments:
        if segment.fields[0] == "SPM":
            return requester or "", coded_texts(segment, 4) or ""
    sources = obr.repetitions(15) if obr else []
    specimen = coded_text(sources[0], obr.delimiters) if obr and sources else ""
    return requester or "", specimen


_PRIORITIES = {"S": "stat", "ST": "stat", "STAT": "stat", "A": "urgent", "U": "urgent"}
_PRIORITIES |= {"R": "routine", "P": "urgent", "ROUTINE": "routine", "URGENT": "urgent"}
_PRIORITIES |= {"ASAP": "urgent"}


def _priority(order: OrderGroup) -> str:
    """TQ1-9, else OBR-27.6, ORC-7.6 or OBR-5 (HL7 tables 0485 and 0027); unknown ones as sent."""
    timings = (
        s.text(9) for s in order.following_segments if s.fields[0] == "TQ1" and s.get_raw_field(9)
    )
    obr, orc = order.obr, order.orc
    sent = next(timings, "") or (obr.text(27, 6) if obr else "") or (orc.text(7, 6) if orc else "")
    sent = sent or (obr.text(5) if obr else "")
    return _PRIORITIES.get(sent.upper(), sent)

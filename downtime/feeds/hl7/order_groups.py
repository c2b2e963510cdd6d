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
from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.alerts import NOTE_OWNERS
from downtime.feeds.hl7.data_types import (
    coded_text,
    coded_texts,
    coding,
    entity_numbers,
    person_names,
    repetition_text,
    specimen_text,
    test_code,
)
from downtime.feeds.hl7.encoding import Delimiters
from downtime.feeds.hl7.encounters import find_visit
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import identify, read_person
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, UnusableMessageError, Value


class RequestedTest(NamedTuple):
    """What the OBR of one test, requester and state have in common, whoever's they are."""

    code: str = ""
    """OBR-4.1, else the test's name."""
    display: str = ""
    priority: str = ""
    """OBR-5."""
    specimen: str = ""
    """OBR-15."""
    requester: str = ""
    """OBR-16."""
    department: str = ""
    """OBR-24."""
    status: str = ""
    """OBR-25."""
    timing_priority: str = ""
    """OBR-27.6."""


_NO_TEST = RequestedTest()
_ORDER_SEGMENTS = frozenset({"ORC", "OBR", "SPM"})
"""What an order is made of; all else follows one."""
_OBR_FIELDS = 29


@lru_cache(maxsize=16_384)
def _read_requested_test(
    test: str,
    priority: str,
    specimen: str,
    requester: str,
    department: str,
    status: str,
    timing: str,
    delimiters: Delimiters,
) -> RequestedTest:
    """The same of these fields as sent."""
    return RequestedTest(
        test_code(test, delimiters) if test else "",
        coding(test, delimiters).text if test else "",
        repetition_text(priority, 1, delimiters),
        specimen_text(specimen, delimiters) if specimen else "",
        person_names(requester, delimiters) if requester else "",
        repetition_text(department, 1, delimiters),
        repetition_text(status, 1, delimiters).upper(),
        repetition_text(timing, 6, delimiters),
    )


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
    test: RequestedTest = _NO_TEST

    def read_numbers(self) -> "OrderGroup":
        """Read what tells the order apart, once all its segments are there."""
        orc, obr = self.orc, self.obr
        if obr is not None:
            raw = obr.pad_fields(_OBR_FIELDS)
            self.placer, self.filler = obr.text(2), obr.text(3)
            self.test = test = _read_requested_test(
                raw[4], raw[5], raw[15], raw[16], raw[24], raw[25], raw[27], obr.delimiters
            )
            self.code, self.display, self.department = test.code, test.display, test.department
        if orc is not None:
            self.placer = self.placer or orc.text(2)
            self.filler = self.filler or orc.text(3)
        return self

    def list_segments(self, name: str) -> list[Segment]:
        """Those of the following segments that have this name."""
        return [segment for segment in self.following_segments if segment.name == name]

    @property
    def status(self) -> str:
        """ORC-5."""
        return self.orc.text(5).upper() if self.orc else ""

    @property
    def result_status(self) -> str:
        """OBR-25."""
        return self.test.status

    def request_key(self, reader: MessageReader) -> str:
        """The key of the ServiceRequest (see above)."""
        return self._key(reader, self.placer or self.filler)

    def report_key(self, reader: MessageReader) -> str:
        """The key of the DiagnosticReport (see above)."""
        filler = self.filler
        if filler and self.obr and not self.obr.get_raw_field(3).isalnum():
            namespace = self.obr.text(3, 2)
            filler = f"{filler}^{namespace}" if namespace else filler
        return self._key(reader, filler or self.placer)

    def _key(self, reader: MessageReader, number: str) -> str:
        if not number:
            taken = self.obr.text(7) if self.obr else ""
            number = f"{reader.control_id}#{self.number}@{taken or reader.sent}"
        return f"{number}|{self.code.upper()}"


def order_groups(part: Hl7Message) -> Iterator[OrderGroup]:
    """The orders of one patient: an ORC begins one, and so does an OBR without an ORC of its own.

    A note about the patient goes with the first. Where an OBR stands first, as in OUL, the ORC after it is its own. A specimen (SPM) before any
    order, or after the values of one, is of the next.
    """
    current = OrderGroup(0)  # what follows it follows no order
    following = current.following_segments
    specimens: list[Segment] = []
    notes = part.notes_after(NOTE_OWNERS)
    obr_first = _has_obr_first(tuple(part.by_name))
    for segment in part.segments:
        name = segment.name
        if name not in _ORDER_SEGMENTS:
            following.append(segment)
            continue
        is_own_orc = obr_first and name == "ORC" and current.orc is None and current.obr
        if name == "ORC" and is_own_orc:
            current.orc = segment
            continue
        if name == "ORC" or (name == "OBR" and (current.obr or not current.orc)):
            if current.number:
                yield current.read_numbers()
            shared = current.orc if name == "OBR" and not obr_first else None
            following = [*specimens, *notes]
            current = OrderGroup(current.number + 1, shared, None, following)
            notes = []
        if name == "ORC":
            current.orc = segment
        elif name == "OBR":
            current.obr = segment
        elif name == "SPM" and obr_first:
            specimens = [segment]
            if current.obr and _has_no_values(current):
                following.append(segment)
        else:
            following.append(segment)
    if current.number:
        yield current.read_numbers()


@lru_cache(maxsize=4096)
def _has_obr_first(names: tuple[str, ...]) -> bool:
    """Whether of the names of segments, in the order in which each comes first, OBR precedes ORC."""
    first = next((name for name in names if name in ("ORC", "OBR")), "")
    return first == "OBR" and ("ORC" in names or "SPM" in names)


def _has_no_values(order: OrderGroup) -> bool:
    return not any(segment.name in ("OBX", "SPM") for segment in order.following_segments)


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
        ("MSG", reader.control_id),
    ):
        if number:
            return (Identifier(kind, reader.source, number),)
    return ()


def request_fields(reader: MessageReader, part: Hl7Message, order: OrderGroup) -> dict[str, Value]:
    """What ORC, OBR and SPM say of a request, whoever says it; without its stage."""
    names, orc, obr = part.by_name, order.orc, order.obr
    specimens = order.list_segments("SPM") if "SPM" in names else []
    fields: dict[str, Value] = {
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
        "encounter": find_visit(reader, part, part.find_segment("PV1")),
    }
    fields = {name: fields[name] for name in fields if fields[name]}
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
    if order.test.requester or order.orc is None:
        return order.test.requester
    raw = order.orc.get_raw_field(12)
    return person_names(raw, order.orc.delimiters) if raw else ""


def _specimen(order: OrderGroup, specimens: list[Segment]) -> str:
    """SPM-4, else OBR-15."""
    if not specimens:
        return order.test.specimen
    raw = specimens[0].get_raw_field(4)
    return coded_texts(raw, specimens[0].delimiters) if raw else ""


_PRIORITIES = {"S": "stat", "ST": "stat", "STAT": "stat", "A": "urgent", "U": "urgent"}
_PRIORITIES |= {"R": "routine", "P": "urgent", "ROUTINE": "routine", "URGENT": "urgent"}
_PRIORITIES |= {"ASAP": "urgent"}


def _priority(order: OrderGroup, *, has_timing: bool) -> str:
    """TQ1-9, else OBR-27.6, ORC-7.6 or OBR-5 (HL7 tables 0485 and 0027); unknown ones as sent."""
    sent = ""
    for segment in order.list_segments("TQ1") if has_timing else ():
        if (raw := segment.get_raw_field(9)) and not sent:
            sent = segment.text(9) or coded_text(raw, segment.delimiters)
    sent = sent or order.test.timing_priority
    if not sent and order.orc is not None:
        sent = order.orc.text(7, 6)
    sent = sent or order.test.priority
    return _PRIORITIES.get(sent.upper(), sent) if sent else ""

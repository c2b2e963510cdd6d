"""HL7 v2 ADT messages: what each event does to persons and stays.

Order: an encounter's change is dated by when it happened (EVN-6, else EVN-2), a cancellation by
when it was recorded (EVN-2; its EVN-6 is the time of what it cancels, HL7 v2.5 3.4.1.6), a person's
details and allergies by EVN-2; all else fails, by MSH-7. A cancellation holds against whatever was
sent before it, whatever the times of those events.

A person is never deleted by a message (A29). Linked persons (A24) are not one person: a mother and
her child are linked too.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.hl7.admission_observations import read_admission_observations
from downtime.feeds.hl7.codes import BED_STATES
from downtime.feeds.hl7.encounters import read_encounter
from downtime.feeds.hl7.merges import (
    ACCOUNT_EVENTS,
    MERGES,
    RECLASSIFICATIONS,
    read_account_event,
    read_merge,
)
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import identify, read_person
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.hl7.stay_events import STAYS_OF_EVENT, VisitEvent
from downtime.feeds.hl7.structure import (
    BED_STATUS,
    DELETE_PERSON,
    check_has_person,
    raise_without_number,
)
from downtime.feeds.model import (
    Change,
    FindingKind,
    Operation,
    Value,
    bed_key,
)
from downtime.feeds.profiles import CodeTable

CANCELLATIONS = frozenset(
    {"A11", "A12", "A13", "A25", "A26", "A27", "A32", "A33", "A38", "A52", "A53"}
)
"""Events that take back what was sent before."""
_UNLINK = "A37"
_LINK = "A24"
_WITHOUT_VISIT = MERGES | {"A28", "A31", _LINK, _UNLINK, "A60"}
_PERSON_EVENTS = frozenset({"A28", "A31"})


def read_admission(reader: MessageReader) -> list[Change]:
    """All that one ADT message says; UnusableMessageError when it names no patient."""
    trigger = reader.trigger
    if trigger == DELETE_PERSON:
        reader.unused = "a person is never deleted by a message"
        return []
    if trigger == BED_STATUS:
        return _read_bed_status(reader)
    recorded, event = _event_times(reader)
    parts = reader.message.split_patients()
    if len(parts) > 1:
        _share_first_segments(parts)
    changes: list[Change] = []
    people = []
    for part in parts:
        numbers = _identify(reader, part)
        people.append(numbers)
        changes += _read_part(reader, part, numbers, recorded, event)
    if trigger == _UNLINK:
        changes += _read_unlink(reader, people, recorded)
    elif trigger == _LINK:
        reader.note(FindingKind.NOT_READ, "persons that are linked (A24) are not one", "PID")
    return changes


def _share_first_segments(parts: list[Hl7Message]) -> None:
    """Of a message of several persons each part has a PID of its own, or the message names nobody."""
    if not parts[0].find_segment("PID"):
        del parts[0]


def _identify(reader: MessageReader, part: Hl7Message) -> tuple[Identifier, ...]:
    check_has_person(part)
    return identify(reader, part) or raise_without_number()


def _event_times(reader: MessageReader) -> tuple[str, VisitEvent]:
    """When the event was recorded; and what the stay's change is dated by, and began at."""
    evn, zone = reader.message.find_segment("EVN"), reader.context.zone
    if evn is None:
        return "", VisitEvent()
    sent_recorded, sent_happened = evn.text(2), evn.text(6)
    recorded = times.parse_instant(sent_recorded, zone) if sent_recorded else ""
    is_cancellation = reader.trigger in CANCELLATIONS
    if sent_recorded and not recorded:
        reader.note(FindingKind.TIME_UNREADABLE, "EVN-2 is no time that can be read", "EVN-2")
    happened = times.parse_instant(sent_happened, zone) if sent_happened else ""
    if is_cancellation or not happened:
        happened, sent_happened = recorded, sent_recorded
    moment = times.parse_time(sent_happened, zone) if happened else ""
    return recorded, VisitEvent(happened, moment, is_cancellation)


def _read_part(
    reader: MessageReader,
    part: Hl7Message,
    numbers: tuple[Identifier, ...],
    recorded: str,
    event: VisitEvent,
) -> list[Change]:
    """What the message says of one person and their stays."""
    trigger = reader.trigger
    changes = read_person(reader, part, numbers, recorded)
    if trigger in MERGES:
        changes += read_merge(reader, part, numbers, recorded)
    elif trigger in ACCOUNT_EVENTS or (trigger in RECLASSIFICATIONS and "MRG" in part.by_name):
        changes += read_account_event(reader, part, numbers, recorded)
    if trigger not in _WITHOUT_VISIT:
        for pv1 in part.list_segments("PV1") or _stand_in(reader, part):
            changes.append(read_encounter(reader, part, pv1, numbers, event))
    elif trigger in _PERSON_EVENTS:
        _note_unread_stay(reader, part)
    if "OBX" in part.by_name:
        changes += read_admission_observations(reader, part, numbers, recorded)
    return changes


def _stand_in(reader: MessageReader, part: Hl7Message) -> list[Segment]:
    """An empty PV1 for an event that means a stay and does not name it: the patient's only one."""
    if reader.trigger not in STAYS_OF_EVENT:
        return []
    reader.note(FindingKind.NOT_READ, f"{reader.trigger} names no stay (PV1)", "PV1")
    return [Segment("PV1", "PV1", part.header.delimiters)]


def _note_unread_stay(reader: MessageReader, part: Hl7Message) -> None:
    """What is said of a person is no word of where they are, though some senders move them so."""
    if any(pv1.get_raw_field(3) for pv1 in part.list_segments("PV1")):
        text = f"the place in {reader.trigger} is not read: it concerns a person and no stay"
        reader.note(FindingKind.NOT_READ, text, "PV1-3")


def _read_unlink(
    reader: MessageReader, people: list[tuple[Identifier, ...]], event: str
) -> list[Change]:
    """A37: the person of PID and that of MRG, or those of two PID, are two again."""
    if len(people) > 1:
        first, second = people[:2]
        return [reader.change("Patient", "", first, {}, event, Operation.UNMERGE, merged=second)]
    merges = read_merge(reader, reader.message, people[0], event)
    return [merge._replace(operation=Operation.UNMERGE) for merge in merges]


def _read_bed_status(reader: MessageReader) -> list[Change]:
    """A20: NPU-1 is the bed, NPU-2 its state."""
    changes = []
    for npu in reader.message.list_segments("NPU"):
        ward, bay, bed = (npu.text(1, n) for n in (1, 2, 3))
        sent = npu.text(2)
        status = reader.context.meaning(CodeTable.BED_STATUS, sent) or BED_STATES.get(sent.upper())
        if sent and not status:
            reader.note(FindingKind.UNKNOWN_CODE, "NPU-2 is no state of a bed", "NPU-2")
        fields: dict[str, Value] = {"ward": ward, "bay": bay, "bed": bed, "status": status or ""}
        changes.append(reader.change("Location", bed_key(ward, bay, bed), (), fields))
    return changes

"""Which HL7 v2 message returns which kind of fact, and how it is put together. Pure.

A message carries one item, or all the values of one form: a refusal then concerns that item or
form, and a replay is recognised by its control ID. The message is the same bytes whenever it is
made: its time is the decision's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import InputError
from downtime.returns.hl7 import documents, orders
from downtime.returns.hl7 import patient_administration as adt
from downtime.returns.hl7.segment_writer import SegmentWriter, build_header, join_segments
from downtime.returns.profiles import CHARSETS, Target
from downtime.settings import Settings

_STRUCTURES = {
    "ADT^A08": "ADT_A01",
    "ADT^A40": "ADT_A39",
    "ADT^A47": "ADT_A30",
    "SIU^S13": "SIU_S12",
    "SIU^S14": "SIU_S12",
    "SIU^S15": "SIU_S12",
    "SIU^S26": "SIU_S12",
}
"""Message structures that are not named as their event (table 0354)."""


@dataclass(frozen=True, slots=True)
class ReturnedFacts:
    """What one message says: facts, whom it names, when it was decided, and its control ID."""

    facts: tuple[Fact, ...]
    person: PaperPerson
    decided: str
    control_id: str


class MessageBuilder(NamedTuple):
    """How one type of record goes out: the name of its message, and its segments after MSH."""

    message_type: Callable[[Fact, SegmentWriter], str]
    build: Callable[[tuple[Fact, ...], PaperPerson, SegmentWriter], list[str]]


def message_type(fact: Fact, settings: Settings, target: Target) -> str:
    """`ADT^A01`, `ORU^R01` …: the message that returns this fact to this target."""
    return WRITERS[fact.type].message_type(fact, _segment_writer(settings, target))


def write_message(returned: ReturnedFacts, settings: Settings, target: Target) -> bytes:
    """The whole message in the target's character set.

    InputError when a value holds a control character, or anything the target cannot take.
    """
    writer = _segment_writer(settings, target)
    builder = WRITERS[returned.facts[0].type]
    name = builder.message_type(returned.facts[0], writer)
    segments = builder.build(returned.facts, returned.person, writer)
    return _assemble(name, returned.decided, returned.control_id, segments, writer)


def write_document(
    fact: Fact,
    person: PaperPerson,
    file: tuple[str, bytes],
    control_id: str,
    settings: Settings,
    target: Target,
) -> bytes:
    """MDM^T02: the scan of a form (media type, content); its time is when it was entered."""
    writer = _segment_writer(settings, target)
    segments = documents.build_document(fact, person, file, writer)
    return _assemble("MDM^T02", fact.entered, control_id, segments, writer)


def write_merge(
    survivor: PaperPerson,
    downtime: PaperPerson,
    decided: str,
    control_id: str,
    settings: Settings,
    target: Target,
) -> bytes:
    """ADT^A40 or ADT^A47: a downtime number is this patient."""
    writer = _segment_writer(settings, target)
    segments = adt.build_merge(survivor, downtime, decided, writer)
    return _assemble(f"ADT^{target.merge}", decided, control_id, segments, writer)


def _assemble(
    name: str, decided: str, control_id: str, segments: list[str], writer: SegmentWriter
) -> bytes:
    target = writer.target
    sent = [segment for segment in segments if segment[:3] not in target.leave_out]
    text = join_segments(_msh(name, decided, control_id, writer), *sent, *target.add)
    try:
        return text.encode(CHARSETS[target.charset])
    except UnicodeEncodeError:
        raise InputError(
            "target.charset",
            f"A value holds a character that {target.system} cannot read ({target.charset}).",
            "Key this one by hand, or change the target's charset.",
        ) from None


def _msh(name: str, decided: str, control_id: str, writer: SegmentWriter) -> str:
    target, returns = writer.target, writer.settings.returns
    code, event = name.split("^")
    structure = _STRUCTURES.get(name, f"{code}_{event}") if writer.is_from("2.3.1") else ""
    return build_header(
        {
            3: returns.sending_application,
            4: writer.settings.site.code,
            5: target.application,
            6: target.facility,
            7: writer.format_time(decided),
            9: (code, event, structure),
            10: control_id,
            11: "P",
            12: target.version,
            15: "AL" if target.enhanced else "",
            16: ("AL" if target.application_answer else "NE") if target.enhanced else "",
            18: "" if target.charset == "ASCII" else target.charset,
        }
    )


def _segment_writer(settings: Settings, target: Target) -> SegmentWriter:
    return SegmentWriter(settings, target, ZoneInfo(settings.site.time_zone))


def _fixed_type(name: str) -> Callable[[Fact, SegmentWriter], str]:
    return lambda fact, writer: name


WRITERS: Mapping[str, MessageBuilder] = {
    "Encounter": MessageBuilder(adt.movement_type, adt.build_movement),
    "Patient": MessageBuilder(_fixed_type("ADT^A08"), adt.build_demographics),
    "AllergyIntolerance": MessageBuilder(adt.allergy_type, adt.build_allergy),
    "Flag": MessageBuilder(_fixed_type("ADT^A08"), adt.build_alert),
    "ServiceRequest": MessageBuilder(orders.request_type, orders.build_request),
    "Observation": MessageBuilder(_fixed_type("ORU^R01"), orders.build_results),
    "MedicationAdministration": MessageBuilder(
        orders.administration_type, orders.build_administration
    ),
    "Appointment": MessageBuilder(orders.appointment_type, orders.build_appointment),
}
"""The types of record that have a message; any other goes on the re-key worklist."""

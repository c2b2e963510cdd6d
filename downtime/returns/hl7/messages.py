"""Which HL7 v2 message returns which kind of fact, and how it is put together. Pure.

A message carries one item, or all the values of one form: a refusal then concerns that item or
form, and a replay is recognised by its control ID. The message is the same bytes whenever it is
made: its time is the decision's.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import InputError
from downtime.reconcile.identity.model import Merge
from downtime.returns.form_documents import FormAnswer
from downtime.returns.hl7 import orders, scheduling
from downtime.returns.hl7 import patient_administration as adt
from downtime.returns.hl7.segment_writer import (
    DOWNTIME,
    TABLES,
    SegmentWriter,
    Value,
    build_header,
    build_segment,
    fit_coded,
    join_segments,
    text_only,
)
from downtime.returns.profiles import CHARSETS, Target
from downtime.settings import Settings


class MessageBuilder(NamedTuple):
    """How one type of record goes out: the name of its message, and its segments after MSH."""

    message_type: Callable[[Fact, SegmentWriter], str]
    build: Callable[[tuple[Fact, ...], PaperPerson, SegmentWriter], list[str]]


def make_segment_writer(settings: Settings, target: Target) -> SegmentWriter:
    """How messages are written for this target, at this site."""
    return SegmentWriter(settings, target, ZoneInfo(settings.site.time_zone))


def write_facts(
    facts: tuple[Fact, ...],
    person: PaperPerson,
    decided: str,
    control_id: str,
    writer: SegmentWriter,
) -> bytes:
    """The message that returns these facts, in the target's character set.

    InputError when a value holds a control character, or anything the target cannot take.
    """
    builder = WRITERS[facts[0].type]
    name = builder.message_type(facts[0], writer)
    return _assemble(name, decided, control_id, builder.build(facts, person, writer), writer)


def write_document(
    fact: Fact, person: PaperPerson, file: tuple[str, bytes], control_id: str, writer: SegmentWriter
) -> bytes:
    """MDM^T02: the scan of a form (media type, content); its time is when it was entered."""
    media_type, content = file
    kind, subtype = TABLES["documents"][media_type]
    value = _scan_value(fact, kind, subtype, content, writer)
    file_name = f"{fact.serial}.{subtype.lower()}"
    segments = _build_document(fact, person, kind, file_name, [value], writer)
    return _assemble("MDM^T02", fact.entered, control_id, segments, writer)


def write_reference(
    fact: Fact, person: PaperPerson, address: str, control_id: str, writer: SegmentWriter
) -> bytes:
    """MDM^T02 of a form whose scan stays where it is: the address of the page that shows it."""
    obx: dict[int, Value] = {
        1: "1",
        2: "RP",
        3: (fact.form, fact.title, "L"),
        4: writer.sub_id,
        5: (address, DOWNTIME, "TEXT", "HTML"),
        11: "F",
        14: writer.format_time(fact.event),
    }
    values = [build_segment("OBX", obx)]
    segments = _build_document(fact, person, "TEXT", "", values, writer)
    return _assemble("MDM^T02", fact.entered, control_id, segments, writer)


def write_merge(merge: Merge, control_id: str, writer: SegmentWriter) -> bytes:
    """ADT^A40 or ADT^A47: a downtime number is this patient."""
    segments = adt.build_merge(merge.survivor, merge.downtime, merge.decided, writer)
    name = f"ADT^{writer.target.merge}"
    return _assemble(name, merge.decided, control_id, segments, writer)


def write_answers(
    fact: Fact,
    person: PaperPerson,
    answers: Sequence[FormAnswer],
    control_id: str,
    writer: SegmentWriter,
) -> bytes:
    """MDM^T02 of a form without a scan: an OBX for each answer, with its question."""
    values = [_answer_value(n, answer, fact, writer) for n, answer in enumerate(answers, start=1)]
    segments = _build_document(fact, person, "FT", "", values, writer)
    return _assemble("MDM^T02", fact.entered, control_id, segments, writer)


def _answer_value(number: int, answer: FormAnswer, fact: Fact, writer: SegmentWriter) -> str:
    obx: dict[int, Value] = {
        1: str(number),
        2: "FT",
        3: (answer.key, answer.question, "L"),
        4: writer.sub_id,
        5: answer.answer,
        11: "F",
        14: writer.format_time(fact.event),
    }
    return build_segment("OBX", obx)


def _scan_value(fact: Fact, kind: str, subtype: str, content: bytes, writer: SegmentWriter) -> str:
    obx: dict[int, Value] = {
        1: "1",
        2: "ED",
        3: (fact.form, fact.title, "L"),
        4: writer.sub_id,
        5: ("", kind, subtype, "Base64", base64.b64encode(content).decode("ascii")),
        11: "F",
        14: writer.format_time(fact.event),
    }
    return build_segment("OBX", obx)


def _build_document(
    fact: Fact,
    person: PaperPerson,
    kind: str,
    file_name: str,
    values: list[str],
    writer: SegmentWriter,
) -> list[str]:
    """The form as it came back (HL7 v2 chapter 9); its number in TXA-12 is the serial."""
    author = text_only(fact.author)
    txa: dict[int, Value] = {
        1: "1",
        2: fit_coded(fact.form),
        3: kind,
        4: writer.format_time(fact.event),
        5: author,
        6: writer.format_time(fact.entered),
        9: author,
        11: text_only(fact.transcriber),
        12: (fact.serial, DOWNTIME),
        16: file_name,
        17: "DO",
        19: "AV",
    }
    return [
        writer.evn(fact, "T02"),
        writer.pid(person),
        writer.pv1(fact, other="U"),
        build_segment("TXA", txa),
        *values,
    ]


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
    structure = TABLES["structures"].get(name, f"{code}_{event}") if writer.is_from("2.3.1") else ""
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
    "Appointment": MessageBuilder(scheduling.appointment_type, scheduling.build_appointment),
}
"""The types of record that have a message; any other goes on the re-key worklist."""

"""Requests, results and medicines given: OML or ORM, ORU, RAS (HL7 v2 chapters 4, 7). Pure."""

import re

from downtime.clinical import terminology
from downtime.clinical.model import AdministrationStatus
from downtime.clinical.record_types import find_owner
from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import InputError
from downtime.returns.hl7.notes import (
    Note,
    comment_segments,
    find_shared_notes,
    list_notes,
    note_values,
    source_note,
)
from downtime.returns.hl7.segment_writer import (
    DOWNTIME,
    TABLES,
    SegmentWriter,
    Value,
    build_segment,
    text_only,
)

_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?")
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*([^\s\d.]\S*)?")
_NOT_RECORDED = "999"
"""RXA-6 when the amount is not a number (2.4, 4.8.14.6); RXA-9 then says the dose in words."""
_ROUTINE: Value = ("", "", "", "", "", "R")
_REQUEST_FIELDS = ("display", "requester", "collected", "reason")
_RESULT_FIELDS = ("display", "value", "units", "reference_range", "effective")
_DOSE_FIELDS = (
    "medicine", "dosage", "route", "given", "ended", "status", "reason", "performer", "batch",
)  # fmt: skip
"""What the segments of a request, a result and a dose have fields for."""


def request_type(fact: Fact, writer: SegmentWriter) -> str:
    """`OML^O21` or `ORM^O01`, as the target wants; ORM in versions that have no OML."""
    return writer.target.order_message if writer.is_from("2.4") else "ORM^O01"


def build_request(facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter) -> list[str]:
    """One test that was asked for. From 2.7 on its priority is in TQ1, before in ORC-7 and OBR-27."""
    fact = facts[0]
    placer = (fact.number, DOWNTIME)
    urgency = writer.encode("priority", fact.fields.get("priority", ""), "R")
    timing = writer.is_from("2.7")
    priority: Value = "" if timing else ("", "", "", "", "", urgency)
    requester = text_only(fact.fields.get("requester") or fact.author)
    is_coded = bool(writer.encode("priority", fact.fields.get("priority", "")))
    carried = (*_REQUEST_FIELDS, *(("priority",) if is_coded else ()))
    orc: dict[int, Value] = {
        1: "NW",
        2: placer,
        7: priority,
        9: writer.format_time(fact.event),
        10: text_only(fact.transcriber),
        12: requester,
    }
    obr: dict[int, Value] = {
        1: "1",
        2: placer,
        4: writer.test_code(fact),
        7: writer.format_time(fact.fields.get("collected", "")),
        13: fact.fields.get("reason", ""),
        16: requester,
        27: priority,
    }
    return [
        writer.pid(person),
        writer.pv1(fact),
        build_segment("ORC", orc),
        *([build_segment("TQ1", {9: urgency})] if timing else []),
        build_segment("OBR", obr),
        *comment_segments([source_note(fact), *list_notes(fact, carried, writer.zone)]),
    ]


def build_results(facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter) -> list[str]:
    """All values of one form: an OBR for each time at which values were taken, with their OBX.

    A phoned value is preliminary until its own system reports it. Notes on all values of a time
    follow the OBR, those on one value its OBX.
    """
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.fields.get("effective") or fact.event, []).append(fact)
    segments = [writer.pid(person), writer.pv1(facts[0])]
    for number, (taken, values) in enumerate(groups.items(), start=1):
        notes = [list_notes(fact, _RESULT_FIELDS, writer.zone) for fact in values]
        shared = find_shared_notes(notes)
        segments.append(_obr(number, taken, values, writer))
        segments += comment_segments([source_note(values[0]), *shared])
        for n, (fact, fact_notes) in enumerate(zip(values, notes, strict=True), start=1):
            segments.append(_obx(n, taken, fact, writer))
            segments += comment_segments(note for note in fact_notes if note not in shared)
    return segments


def _obr(number: int, taken: str, values: list[Fact], writer: SegmentWriter) -> str:
    fact = values[0]
    name = writer.test_code(fact) if len(values) == 1 else (fact.form, fact.form, "L")
    obr: dict[int, Value] = {
        1: str(number),
        3: (fact.number, DOWNTIME),
        4: name,
        7: writer.format_time(taken),
        22: writer.format_time(fact.event),
        25: _result_status(fact, writer),
        27: "" if writer.is_from("2.4") else _ROUTINE,  # required there
    }
    return build_segment("OBR", obr)


def _obx(number: int, taken: str, fact: Fact, writer: SegmentWriter) -> str:
    kind, value = _result_value(fact, writer)
    obx: dict[int, Value] = {
        1: str(number),
        2: kind,
        3: writer.test_code(fact),
        4: writer.sub_id,
        5: value,
        6: writer.encode_units(fact.fields.get("units", "")),
        7: fact.fields.get("reference_range", ""),
        11: _result_status(fact, writer),
        14: writer.format_time(taken),
        16: text_only(fact.author),
    }
    return build_segment("OBX", obx)


def _result_value(fact: Fact, writer: SegmentWriter) -> tuple[str, Value]:
    """OBX-2 and OBX-5: a number, a concept of SNOMED CT with paper's words beside it, or words."""
    value = fact.fields.get("value", "")
    if answer := terminology.find_answer(fact.fields.get("code", ""), value):
        return "CWE" if writer.is_from("2.6") else "CE", (*answer, "SCT", "", value, "L")
    return "NM" if _NUMERIC.fullmatch(value) else "ST", value


def _result_status(fact: Fact, writer: SegmentWriter) -> str:
    return "P" if fact.system == find_owner(writer.settings.systems.records, "Observation") else "F"


def administration_type(fact: Fact, writer: SegmentWriter) -> str:
    """`RAS^O17`; `RAS^O01` in versions before 2.4."""
    return "RAS^O17" if writer.is_from("2.4") else "RAS^O01"


def build_administration(
    facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter
) -> list[str]:
    """A dose or a unit of blood: given from when to when, or not given and why; in words of the chart.

    RXA-15 is the batch, of blood the donation number; RXA-4 the end, where paper says one.
    """
    fact = facts[0]
    fields = fact.fields
    started = fields.get("given") or fact.event
    medicine, dosage = fields.get("medicine", ""), fields.get("dosage", "")
    reason, status = fields.get("reason", ""), fields.get("status", "")
    is_given = status != AdministrationStatus.NOT_GIVEN
    amount = _DOSE.fullmatch(dosage)
    rxa: dict[int, Value] = {
        1: "0",
        2: "1",
        3: writer.format_time(started),
        4: writer.format_time(fields.get("ended") or started),
        5: (fields.get("code") or medicine, medicine, "L"),
        6: amount[1] if amount else _NOT_RECORDED,
        7: _dose_units(amount[2], writer) if amount and amount[2] else "",
        9: [text_only(text) for text in (dosage, reason if is_given else "") if text],
        10: text_only(fields.get("performer") or fact.author),
        15: fields.get("batch", ""),
        18: "" if is_given else text_only(reason),
        20: _completion(fact),
    }
    orc: dict[int, Value] = {1: "RE", 2: (fact.number, DOWNTIME), 9: writer.format_time(fact.event)}
    if not writer.is_from("2.4"):
        orc[7] = _ROUTINE  # required there
    return [
        writer.pid(person),
        writer.pv1(fact),
        build_segment("ORC", orc),
        build_segment("RXA", rxa),
        _rxr(fields.get("route", ""), writer),
        *note_values(fact, [source_note(fact), *_dose_notes(fact, writer)], writer),
    ]


def is_settled(fact: Fact) -> bool:
    """Whether a dose or a unit of blood was given or not: RXA has no word for what nobody knows yet."""
    return fact.type != "MedicationAdministration" or _status(fact) in TABLES["completion"]


def _completion(fact: Fact) -> str:
    if not is_settled(fact):
        raise InputError(
            "hl7.unsettled",
            "HL7 v2 cannot say that it is not known yet whether a dose or unit was given.",
            "Key this one by hand from the worklist.",
        )
    return str(TABLES["completion"][_status(fact)])


def _status(fact: Fact) -> str:
    return fact.fields.get("status", "")


def _dose_units(unit: str, writer: SegmentWriter) -> Value:
    """RXA-7, whose words stand in the second component where no code is known."""
    coded = writer.encode_units(unit)
    return text_only(coded) if isinstance(coded, str) else coded


def _rxr(route: str, writer: SegmentWriter) -> str:
    code = writer.encode("routes", route, route) or "OTH"
    return build_segment("RXR", {1: (code, route or "Other", "L")})


def _dose_notes(fact: Fact, writer: SegmentWriter) -> tuple[Note, ...]:
    return list_notes(fact, _DOSE_FIELDS, writer.zone)

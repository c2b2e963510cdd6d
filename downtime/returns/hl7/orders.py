"""Requests, results and medicines given: OML or ORM, ORU, RAS (HL7 v2 chapters 4, 7). Pure."""

import re

from downtime.clinical.record_types import find_owner
from downtime.entry.facts import Fact, PaperPerson
from downtime.returns.hl7.segment_writer import (
    DOWNTIME,
    TABLES,
    SegmentWriter,
    Value,
    build_segment,
    note_segments,
    text_only,
)

_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?")
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*([^\s\d.]\S*)?")
_NOT_RECORDED = "999"
"""RXA-6 when the amount is not a number (2.4, 4.8.14.6); RXA-9 then says the dose in words."""
_ROUTINE: Value = ("", "", "", "", "", "R")


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
        *note_segments(fact),
    ]


def build_results(facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter) -> list[str]:
    """All values of one form: an OBR for each time at which values were taken, with their OBX.

    A phoned value is preliminary until its own system reports it.
    """
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.fields.get("effective") or fact.event, []).append(fact)
    segments = [writer.pid(person), writer.pv1(facts[0])]
    for number, (taken, values) in enumerate(groups.items(), start=1):
        segments.append(_obr(number, taken, values, writer))
        segments += [_obx(n, taken, fact, writer) for n, fact in enumerate(values, start=1)]
        segments += note_segments(*values)
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
    value = fact.fields.get("value", "")
    obx: dict[int, Value] = {
        1: str(number),
        2: "NM" if _NUMERIC.fullmatch(value) else "ST",
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


def _result_status(fact: Fact, writer: SegmentWriter) -> str:
    return "P" if fact.system == find_owner(writer.settings.systems.records, "Observation") else "F"


def administration_type(fact: Fact, writer: SegmentWriter) -> str:
    """`RAS^O17`; `RAS^O01` in versions before 2.4."""
    return "RAS^O17" if writer.is_from("2.4") else "RAS^O01"


def build_administration(
    facts: tuple[Fact, ...], person: PaperPerson, writer: SegmentWriter
) -> list[str]:
    """A dose given, or not given and why; the medicine in the words of the chart."""
    fact = facts[0]
    fields = fact.fields
    administered = writer.format_time(fields.get("given") or fact.event)
    medicine, dosage = fields.get("medicine", ""), fields.get("dosage", "")
    reason, route = fields.get("reason", ""), fields.get("route", "")
    status = fields.get("status", "")
    amount = _DOSE.fullmatch(dosage)
    rxa: dict[int, Value] = {
        1: "0",
        2: "1",
        3: administered,
        4: administered,
        5: (fields.get("code") or medicine, medicine, "L"),
        6: amount[1] if amount else _NOT_RECORDED,
        7: text_only(writer.encode_units(amount[2])) if amount and amount[2] else "",
        9: text_only("; ".join(filter(None, (dosage, reason)))),
        10: text_only(fact.author),
        18: text_only(reason) if status == "not-given" else "",
        20: TABLES["completion"].get(status, "CP"),
    }
    route_code = writer.encode("routes", route, route) or "OTH"
    orc: dict[int, Value] = {1: "RE", 2: (fact.number, DOWNTIME), 9: writer.format_time(fact.event)}
    if not writer.is_from("2.4"):
        orc[7] = _ROUTINE  # required there
    return [
        writer.pid(person),
        writer.pv1(fact),
        build_segment("ORC", orc),
        build_segment("RXA", rxa),
        build_segment("RXR", {1: (route_code, route or "Other", "L")}),
    ]

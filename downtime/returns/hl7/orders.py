"""Requests, results and medicines given: OML or ORM, ORU, RAS (HL7 v2 chapters 4, 7). Pure."""

import re

from downtime.entry.facts import Fact, Person
from downtime.returns.hl7.common import DOWNTIME, Writer, notes, words
from downtime.returns.hl7.segments import Value, segment

_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?")
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*([^\s\d.]\S*)?")
_NOT_RECORDED = "999"
"""RXA-6 when the amount is not a number (2.4, 4.8.14.6); RXA-9 then says the dose in words."""
_ROUTINE: Value = ("", "", "", "", "", "R")
_COMPLETION = {"given": "CP", "not-given": "NA"}
"""Table 0322."""


def request_kind(fact: Fact, writer: Writer) -> str:
    """`OML^O21` or `ORM^O01`, as the target wants; ORM in versions that have no OML."""
    return writer.target.order_message if writer.is_from("2.4") else "ORM^O01"


def request(facts: tuple[Fact, ...], who: Person, writer: Writer) -> list[str]:
    """One test that was asked for. From 2.7 on its priority is in TQ1, before in ORC-7 and OBR-27."""
    fact = facts[0]
    placer = (fact.number, DOWNTIME)
    urgency = writer.coded("priority", fact.fields.get("priority", ""), "R")
    timing = writer.is_from("2.7")
    priority: Value = "" if timing else ("", "", "", "", "", urgency)
    requester = words(fact.fields.get("requester") or fact.author)
    orc: dict[int, Value] = {
        1: "NW",
        2: placer,
        7: priority,
        9: writer.at(fact.event),
        10: words(fact.transcriber),
        12: requester,
    }
    obr: dict[int, Value] = {
        1: "1",
        2: placer,
        4: writer.test(fact),
        7: writer.at(fact.fields.get("collected", "")),
        13: fact.fields.get("reason", ""),
        16: requester,
        27: priority,
    }
    return [
        writer.pid(who),
        writer.pv1(fact),
        segment("ORC", orc),
        *([segment("TQ1", {9: urgency})] if timing else []),
        segment("OBR", obr),
        *notes(fact),
    ]


def results(facts: tuple[Fact, ...], who: Person, writer: Writer) -> list[str]:
    """All values of one form: an OBR for each time at which values were taken, with their OBX.

    A phoned value is preliminary until its own system reports it.
    """
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.fields.get("effective") or fact.event, []).append(fact)
    segments = [writer.pid(who), writer.pv1(facts[0])]
    for number, (taken, values) in enumerate(groups.items(), start=1):
        segments.append(_report(number, taken, values, writer))
        segments += [_value(n, taken, fact, writer) for n, fact in enumerate(values, start=1)]
        segments += notes(*values)
    return segments


def _report(number: int, taken: str, values: list[Fact], writer: Writer) -> str:
    fact = values[0]
    name = writer.test(fact) if len(values) == 1 else (fact.form, fact.form, "L")
    obr: dict[int, Value] = {
        1: str(number),
        3: (fact.number, DOWNTIME),
        4: name,
        7: writer.at(taken),
        22: writer.at(fact.event),
        25: _status(fact, writer),
        27: "" if writer.is_from("2.4") else _ROUTINE,  # required there
    }
    return segment("OBR", obr)


def _value(number: int, taken: str, fact: Fact, writer: Writer) -> str:
    value = fact.fields.get("value", "")
    obx: dict[int, Value] = {
        1: str(number),
        2: "NM" if _NUMERIC.fullmatch(value) else "ST",
        3: writer.test(fact),
        4: writer.sub_id,
        5: value,
        6: writer.units(fact.fields.get("units", "")),
        7: fact.fields.get("reference_range", ""),
        11: _status(fact, writer),
        14: writer.at(taken),
        16: words(fact.author),
    }
    return segment("OBX", obx)


def _status(fact: Fact, writer: Writer) -> str:
    return "P" if fact.system == writer.settings.systems.records["Observation"] else "F"


def dose_kind(fact: Fact, writer: Writer) -> str:
    """`RAS^O17`; `RAS^O01` in versions before 2.4."""
    return "RAS^O17" if writer.is_from("2.4") else "RAS^O01"


def dose(facts: tuple[Fact, ...], who: Person, writer: Writer) -> list[str]:
    """A dose given, or not given and why; the medicine in the words of the chart."""
    fact = facts[0]
    said = fact.fields
    given = writer.at(said.get("given") or fact.event)
    medicine = said.get("medicine", "")
    dosage = said.get("dosage", "")
    reason = said.get("reason", "")
    route = said.get("route", "")
    amount = _DOSE.fullmatch(dosage)
    rxa: dict[int, Value] = {
        1: "0",
        2: "1",
        3: given,
        4: given,
        5: (said.get("code") or medicine, medicine, "L"),
        6: amount[1] if amount else _NOT_RECORDED,
        7: words(writer.units(amount[2])) if amount and amount[2] else "",
        9: words("; ".join(filter(None, (dosage, reason)))),
        10: words(fact.author),
        18: words(reason) if said.get("status") == "not-given" else "",
        20: _COMPLETION.get(said.get("status", ""), "CP"),
    }
    way = writer.coded("routes", route, route) or "OTH"
    orc: dict[int, Value] = {1: "RE", 2: (fact.number, DOWNTIME), 9: writer.at(fact.event)}
    if not writer.is_from("2.4"):
        orc[7] = _ROUTINE  # required there
    return [
        writer.pid(who),
        writer.pv1(fact),
        segment("ORC", orc),
        segment("RXA", rxa),
        segment("RXR", {1: (way, route or "Other", "L")}),
    ]

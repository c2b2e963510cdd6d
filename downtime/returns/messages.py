"""Which HL7 v2 message returns which kind of fact: ADT^A01, ORM^O01 or OML^O21, ORU^R01. Pure.

One message carries one item, so that a refusal concerns one item only and a replay is recognised
by its control ID. The message is the same bytes whenever it is made: its time is the decision's.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.config import Settings
from downtime.entry.facts import Fact, Person
from downtime.returns.hl7 import Value, header, message, segment, timestamp

_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?")
_GENDERS = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
_CLASSES = {"inpatient": "I", "emergency": "E", "daycase": "D", "outpatient": "O"}
_PRIORITIES = {"routine": "R", "urgent": "A", "stat": "S"}
"""Table 0485: A is as soon as possible, S is at once."""
DOWNTIME = "DOWNTIME"
"""Assigning authority of downtime numbers and of the order numbers made from serials."""


_CODE, _DESCRIPTION = 20, 50
"""Longest coded value (IS), and longest visit description (PV2-12), in HL7 v2.4."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What one message says: a fact, whom it names, when it was decided, and its control ID."""

    fact: Fact
    person: Person
    decided: str
    control_id: str


@dataclass(frozen=True, slots=True)
class _Writer:
    settings: Settings
    zone: ZoneInfo

    def at(self, stored: str) -> str:
        return timestamp(stored, self.zone)


def control_id(key: str, digest: str) -> str:
    """20 characters that name an item and what it says: a replay has the same, a correction not."""
    made = hashlib.sha256(f"{key}\n{digest}".encode()).digest()
    return "DT" + base64.b32encode(made).decode()[:18]


def kind(fact: Fact, settings: Settings) -> str:
    """`ADT^A01`, `ORM^O01`, `OML^O21` or `ORU^R01`: the message that returns this fact."""
    return settings.returns.order_message if fact.type == "ServiceRequest" else _KINDS[fact.type]


def write(returned: Returned, settings: Settings) -> str:
    """The whole message; InputError when a value holds a control character."""
    writer = _Writer(settings, ZoneInfo(settings.site.time_zone))
    return message(_msh(returned, writer), *_BUILDERS[returned.fact.type](returned, writer))


def _msh(returned: Returned, writer: _Writer) -> str:
    settings = writer.settings
    code, event = kind(returned.fact, settings).split("^")
    return header(
        {
            3: settings.returns.sending_application,
            4: settings.site.code,
            5: returned.fact.system,
            6: settings.returns.receiving_facility or settings.site.code,
            7: writer.at(returned.decided),
            9: (code, event, f"{code}_{event}"),
            10: returned.control_id,
            11: "P",
            12: settings.returns.hl7_version,
            18: "UNICODE UTF-8",
        }
    )


def _pid(returned: Returned, writer: _Writer) -> str:
    who = returned.person
    numbers: list[Value] = []
    if who.mrn:
        numbers.append((who.mrn, "", "", writer.settings.site.mrn_authority, "MR"))
    if who.nhs_number:
        numbers.append((who.nhs_number, "", "", "NHS", "NH"))
    if who.downtime_number:
        numbers.append((who.downtime_number, "", "", DOWNTIME, "PI"))
    return segment(
        "PID",
        {
            1: "1",
            3: numbers,
            5: (who.family or "UNKNOWN", who.given, "", "", who.prefix),
            7: who.birth_date.replace("-", ""),
            8: _GENDERS.get(who.gender, ""),
            11: (who.address, "", "", "", who.postcode),
            13: who.phone,
        },
    )


def _pv1(fact: Fact, fields: Mapping[int, Value]) -> str:
    written = [fact.fields.get("ward") or fact.ward, fact.fields.get("bay"), fact.fields.get("bed")]
    place = tuple(_coded(text or "") for text in written)
    if any(text and not code for text, code in zip(written, place, strict=True)):
        place += ("",) * 5 + (", ".join(filter(None, written)),)  # PL.9, location description
    patient_class = _CLASSES.get(fact.fields.get("kind", ""), "I")
    return segment("PV1", {1: "1", 2: patient_class, 3: place, **fields})


def _coded(text: str) -> str:
    """Text that fits a coded field, else nothing: the message says it in words elsewhere."""
    return text if len(text) <= _CODE else ""


def _admission(returned: Returned, writer: _Writer) -> list[str]:
    fact = returned.fact
    specialty = fact.fields.get("specialty", "")
    started = writer.at(fact.fields.get("started") or fact.event)
    said: dict[int, Value] = {
        9: ("", fact.fields.get("consultant", "")),
        10: _coded(specialty),
        44: started,
    }
    segments = [
        segment("EVN", {2: writer.at(fact.entered), 5: fact.transcriber, 6: writer.at(fact.event)}),
        _pid(returned, writer),
        _pv1(fact, said),
    ]
    more: dict[int, Value] = {
        3: ("", fact.fields.get("reason", "")),
        12: "" if _coded(specialty) else specialty[:_DESCRIPTION],
    }
    if fact.fields.get("reason") or more[12]:
        segments.append(segment("PV2", more))
    return segments


def _request(returned: Returned, writer: _Writer) -> list[str]:
    fact = returned.fact
    placer = (fact.number, DOWNTIME)
    priority: Value = ("", "", "", "", "", _PRIORITIES.get(fact.fields.get("priority", ""), "R"))
    requester = ("", fact.fields.get("requester") or fact.author)
    orc = {1: "NW", 2: placer, 7: priority, 9: writer.at(fact.event), 10: ("", fact.transcriber)}
    obr: dict[int, Value] = {
        1: "1",
        2: placer,
        4: _code(fact),
        7: writer.at(fact.fields.get("collected", "")),
        13: fact.fields.get("reason", ""),
        16: requester,
        27: priority,
    }
    return [
        _pid(returned, writer),
        _pv1(fact, {}),
        segment("ORC", {**orc, 12: requester}),
        segment("OBR", obr),
        *_notes(fact),
    ]


def _result(returned: Returned, writer: _Writer) -> list[str]:
    fact = returned.fact
    value = fact.fields.get("value", "")
    taken = writer.at(fact.fields.get("effective") or fact.event)
    phoned = fact.system == writer.settings.systems.records["Observation"]
    status = "P" if phoned else "F"  # a phoned value is preliminary until its system reports it
    obr: dict[int, Value] = {
        1: "1",
        3: (fact.number, DOWNTIME),
        4: _code(fact),
        7: taken,
        22: writer.at(fact.event),
        25: status,
    }
    obx: dict[int, Value] = {
        1: "1",
        2: "NM" if _NUMERIC.fullmatch(value) else "ST",
        3: _code(fact),
        5: value,
        6: fact.fields.get("units", ""),
        7: fact.fields.get("reference_range", ""),
        11: status,
        14: taken,
        16: ("", fact.author),
    }
    segments = [_pid(returned, writer), _pv1(fact, {}), segment("OBR", obr), segment("OBX", obx)]
    return [*segments, *_notes(fact)]


def _code(fact: Fact) -> tuple[str, str, str]:
    """Code, words, and `L` for a code of the site's own, `LN` for LOINC (table 0396)."""
    code, words = fact.fields.get("code", ""), fact.fields.get("display", "")
    system = "LN" if re.fullmatch(r"\d+-\d", code) else "L"
    return (code or words, words, system)


def _notes(fact: Fact) -> list[str]:
    """Where it comes from, and every answer that no other field carries."""
    words = [f"Downtime form {fact.serial}, written by {fact.author} ({fact.author_role})."]
    words += [f"{label}: {answer}" for label, answer in fact.notes]
    return [segment("NTE", {1: str(n), 3: text}) for n, text in enumerate(words, start=1)]


_KINDS = {"Encounter": "ADT^A01", "Observation": "ORU^R01"}
_BUILDERS: dict[str, Callable[[Returned, _Writer], list[str]]] = {
    "Encounter": _admission,
    "ServiceRequest": _request,
    "Observation": _result,
}

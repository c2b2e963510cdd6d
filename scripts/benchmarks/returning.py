"""Messages written a second on one core, beside hl7apy and python-hl7 building the same ones.

Each message is another patient's; a third each are requests, observations of one form (three values)
and admissions. Ours count the best of three runs. Nothing is read or stored: the vault's part is
measured with the comparison.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import hl7
from hl7apy.core import Message

from downtime.entry.facts import Fact, Person
from downtime.returns.hl7.messages import Returned, write
from downtime.returns.profiles import target
from downtime.settings import Settings

MESSAGES = 30_000
PEER_MESSAGES = 300
DECIDED = "2026-11-04T10:00:00Z"


def figures() -> list[dict[str, Any]]:
    """HL7 v2 messages written a second, ours and the peers'."""
    said = list(returned(MESSAGES))
    texts = [written(one).decode() for one in said[:PEER_MESSAGES]]
    ours = max(rate(written, said) for _ in range(3))
    peers = {
        "hl7apy": rate(by_hl7apy, texts),
        "python-hl7": rate(by_python_hl7, texts),
    }
    compared = ", ".join(f"{name} {value:,.0f}" for name, value in peers.items())
    return [
        {
            "name": "HL7 v2 messages written",
            "value": round(ours),
            "unit": "messages/s on one core",
            "compared_with": compared,
            "goal": "≥ 5,000",
            "ok": ours >= 5000,
        }
    ]


def rate(make: Callable[[Any], object], given: list[Any]) -> float:
    """How many a second of processor time."""
    start = time.process_time()
    for one in given:
        make(one)
    return len(given) / (time.process_time() - start)


SETTINGS = Settings()
TARGETS = {name: target(SETTINGS, name) for name in ("LIMS", "EPR", "PAS")}


def written(said: Returned) -> bytes:
    return write(said, SETTINGS, TARGETS[said.facts[0].system])


def by_hl7apy(text: str) -> str:
    """The same message, built segment by segment and field by field."""
    lines = [line.split("|") for line in text.strip("\r").split("\r")]
    made = Message(lines[0][8].split("^")[2], version="2.4")
    for line in lines:
        one = made.msh if line[0] == "MSH" else made.add_segment(line[0])
        for number, value in enumerate(line[2:] if line[0] == "MSH" else line[1:], 1):
            if value and line[0] != "MSH":
                setattr(one, f"{line[0]}_{number}".lower(), value)
    return str(made.to_er7())


def by_python_hl7(text: str) -> str:
    """The same message, assembled of its own containers."""
    lines = [line.split("|") for line in text.strip("\r").split("\r")]
    segments = [hl7.Segment("|", [hl7.Field("~", [value]) for value in line]) for line in lines]
    return str(hl7.Message("\r", segments))


def returned(count: int) -> Iterator[Returned]:
    for number in range(count):
        facts = tuple(KINDS[number % len(KINDS)](number))
        yield Returned(facts, facts[0].person, DECIDED, f"DT{number:018}")


def fact(number: int, kind: str, system: str, part: str, fields: dict[str, str]) -> Fact:
    person = Person(
        mrn=f"H{number}", nhs_number="9990000018", family=f"O'Brien{number}", given="Zoë",
        prefix="Ms", birth_date="1960-01-02", gender="female", address="1 High Street",
        postcode="ZZ99 3AA",
    )  # fmt: skip
    return Fact(
        key=f"K7{number:06}-{part}", type=kind, system=system, form="form", serial=f"K7{number:06}",
        ward="A1", person=person, event="2026-11-02T14:00:00Z", entered="2026-11-03T09:00:00Z",
        author="Sam Okoro", author_role="Staff nurse", transcriber="u-7", fields=fields,
        notes=(("Bleep or extension for results", "2214"),),
    )  # fmt: skip


def requests(number: int) -> Iterator[Fact]:
    fields = {"code": "FBC", "display": "Full blood count", "priority": "urgent", "reason": "Fall"}
    yield fact(number, "ServiceRequest", "LIMS", "fbc", fields)


def observations(number: int) -> Iterator[Fact]:
    for code, name, value in (
        ("8867-4", "Pulse", "88"),
        ("9279-1", "Respirations", "18"),
        ("8310-5", "Temperature", "37.2"),
    ):
        fields = {"code": code, "display": name, "value": value, "units": "/min"}
        yield fact(number, "Observation", "EPR", name, fields)


def admissions(number: int) -> Iterator[Fact]:
    fields = {
        "ward": "A1",
        "bay": "2",
        "bed": "7",
        "kind": "emergency",
        "reason": "Hip & knee pain",
    }
    yield fact(number, "Encounter", "PAS", "form", fields)


KINDS = (requests, observations, admissions)

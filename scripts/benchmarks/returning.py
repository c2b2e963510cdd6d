"""Messages and bundles written a second on one core, and how long it takes to queue a month's forms.

Each message is another patient's; a third each are requests, observations of one form (three values)
and admissions. Beside them hl7apy and python-hl7 build the same messages, and `fhir.resources` the
same bundles. Ours count the best of three runs.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import hl7
from _queueing import seconds
from fhir.resources.R4B.bundle import Bundle
from hl7apy.core import Message

from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.model import Entry, EntryState
from downtime.paper.forms.load_form import load_form
from downtime.reconcile.model import DecisionRecord, Item, ItemState, StoredItem
from downtime.reconcile.store.items import fact_digest
from downtime.returns.fhir.bundles import make_context, write_form_bundle
from downtime.returns.fhir.form_resources import SourceForm
from downtime.returns.fhir.target import read_fhir_target
from downtime.returns.hl7.messages import make_segment_writer, write_facts
from downtime.returns.profiles import read_target
from downtime.settings import Settings

MESSAGES = 15_000
BUNDLES = 6_000
FORMS = 20_000
PEER_MESSAGES = 300
DECIDED = "2026-11-04T10:00:00Z"


def figures() -> list[dict[str, Any]]:
    """HL7 v2 messages and FHIR bundles written a second beside their peers, and seconds to queue."""
    return [_hl7(), _fhir(), _queue()]


def _hl7() -> dict[str, Any]:
    facts = list(returned(MESSAGES))
    texts = [written(one).decode() for one in facts[:PEER_MESSAGES]]
    ours = max(rate(written, facts) for _ in range(3))
    peers = {"hl7apy": rate(by_hl7apy, texts), "python-hl7": rate(by_python_hl7, texts)}
    return _figure("HL7 v2 messages written", ours, peers)


def _fhir() -> dict[str, Any]:
    bundles = [bundle_of(one) for one in returned(BUNDLES)]
    texts = [bundled(one) for one in bundles[:PEER_MESSAGES]]
    ours = max(rate(bundled, bundles) for _ in range(3))
    return _figure("FHIR bundles written", ours, {"fhir.resources": rate(by_fhir_resources, texts)})


def _figure(name: str, ours: float, peers: dict[str, float]) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(ours),
        "unit": "a second on one core",
        "compared_with": ", ".join(f"{peer} {value:,.0f}" for peer, value in peers.items()),
        "goal": "≥ 5,000",
        "ok": ours >= 5000,
    }


def _queue() -> dict[str, Any]:
    taken = seconds([facts for facts, _ in returned(FORMS)])
    return {
        "name": f"{FORMS:,} forms put into the outbox",
        "value": round(taken, 1),
        "unit": "CPU s",
        "compared_with": f"{FORMS / taken:,.0f} forms/s",
        "goal": "≤ 30",
        "ok": taken <= 30,
    }


def rate(make: Callable[[Any], object], items: list[Any]) -> float:
    """How many a second of processor time."""
    start = time.process_time()
    for item in items:
        make(item)
    return len(items) / (time.process_time() - start)


SETTINGS = Settings()
WRITERS = {
    name: make_segment_writer(SETTINGS, read_target(SETTINGS, name))
    for name in ("LIMS", "EPR", "PAS")
}
Returned = tuple[tuple[Fact, ...], str]
"""What one message says, and its control ID."""


NAMES = read_fhir_target(SETTINGS, "EPR", {"url": "http://127.0.0.1/fhir"})
CONTEXT = make_context(SETTINGS, NAMES)
DEFINITION = load_form("observations")
ANSWERS = {"author.name": "Sam Okoro", "event.date": "2026-11-02", "event.time": "14:00",
           "taken:1": "2026-11-02T13:00", "pulse:1": "88", "temperature:1": "38.10"}  # fmt: skip


def written(message: Returned) -> bytes:
    facts, control_id = message
    return write_facts(facts, facts[0].person, DECIDED, control_id, WRITERS[facts[0].system])


def bundle_of(message: Returned) -> tuple[list[StoredItem], SourceForm]:
    """A form with its items, as they are decided."""
    facts, _ = message
    fact = facts[0]
    entry = Entry(
        serial=fact.serial, form="observations", version="1", state=EntryState.VERIFIED, outage="o-1",
        answers=ANSWERS, event=fact.event, author=fact.author, author_role=fact.author_role,
        transcriber="u-7", transcriber_name="Jo", entered=fact.entered, verifier="u-2",
        verifier_name="Kim", verified=fact.entered,
    )  # fmt: skip
    decided = DecisionRecord(decision="return", decided=DECIDED)
    rows = [
        StoredItem(
            Item(one, ItemState.NEW, (), "p-1", (), one.person),
            "o-1",
            fact_digest(one),
            "s-1",
            DECIDED,
            decided,
        )
        for one in facts
    ]
    return rows, SourceForm(entry, DEFINITION)


def bundled(bundle: tuple[list[StoredItem], SourceForm]) -> bytes:
    return write_form_bundle(*bundle, f"DT-{bundle[1].entry.serial}", CONTEXT)


def by_fhir_resources(text: bytes) -> bytes:
    """The same bundle, built of its own models."""
    return Bundle.model_validate_json(text).model_dump_json().encode()


def by_hl7apy(text: str) -> str:
    """The same message, built segment by segment and field by field."""
    lines = [line.split("|") for line in text.strip("\r").split("\r")]
    message = Message(lines[0][8].split("^")[2], version="2.4")
    for line in lines:
        segment = message.msh if line[0] == "MSH" else message.add_segment(line[0])
        for number, value in enumerate(line[2:] if line[0] == "MSH" else line[1:], 1):
            if value and line[0] != "MSH":
                setattr(segment, f"{line[0]}_{number}".lower(), value)
    return str(message.to_er7())


def by_python_hl7(text: str) -> str:
    """The same message, assembled of its own containers."""
    lines = [line.split("|") for line in text.strip("\r").split("\r")]
    segments = [hl7.Segment("|", [hl7.Field("~", [value]) for value in line]) for line in lines]
    return str(hl7.Message("\r", segments))


def returned(count: int) -> Iterator[Returned]:
    for number in range(count):
        facts = tuple(KINDS[number % len(KINDS)](number))
        yield facts, f"DT{number:018}"


def fact(number: int, kind: str, system: str, part: str, fields: dict[str, str]) -> Fact:
    person = PaperPerson(
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

"""Returned items of every kind, as the tests of FHIR bundles use them."""

from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.model import Entry, EntryState
from downtime.paper.forms.load_form import load_form
from downtime.reconcile.model import Decision, DecisionRecord, Item, ItemState, StoredItem
from downtime.reconcile.store import items
from downtime.returns.fhir.form_resources import SourceForm
from downtime.returns.fhir.target import read_fhir_target
from downtime.settings import ReturnsSettings, Settings

PERSON = PaperPerson(
    mrn="H100",
    nhs_number="9990000018",
    downtime_number="DK700042X",
    family="O'Brien|Ward",
    given="Zoë",
    prefix="Ms",
    birth_date="1960-01-02",
    gender="female",
    address="1 High Street",
    postcode="ZZ99 3AA",
    phone="020 7946 0000",
    general_practitioner="Dr Penn",
)
UNKNOWN = PaperPerson(downtime_number="DK700043V")
FHIR = {"url": "http://127.0.0.1:1/fhir", "units": {"mmol/L": "mmol/L"}}
SETTINGS = Settings(returns=ReturnsSettings(targets={"EPR": {"channel": "fhir", "fhir": FHIR}}))
NAMES = read_fhir_target(SETTINGS, "EPR", FHIR)


def fact(kind: str, system: str = "EPR", **more) -> Fact:
    given = {
        "key": f"K7000042X-{kind.lower()}", "type": kind, "system": system, "form": "observations",
        "serial": "K7000042X", "ward": "A1", "person": PERSON, "event": "2026-11-02T14:00:00Z",
        "entered": "2026-11-03T09:00:00Z", "author": "Sam Okoro", "author_role": "Staff nurse",
        "transcriber": "u-7",
    }  # fmt: skip
    return Fact(**{**given, **more})


FACTS = {
    "admission": fact(
        "Encounter", "PAS",
        fields={
            "ward": "A1", "bay": "2", "bed": "07", "kind": "emergency", "specialty": "Medicine",
            "consultant": "Dr Hall", "reason": "Fell at home\nHip pain",
            "started": "2026-07-02T13:40:00Z",
        },
    ),
    "admission-unknown": fact("Encounter", "PAS", person=UNKNOWN),
    "request": fact(
        "ServiceRequest", "LIMS",
        fields={
            "code": "FBC", "display": "Full blood count", "priority": "urgent", "specimen": "EDTA",
            "collected": "2026-11-02T13:50:00Z", "requester": "Dr Amin", "reason": "Bleeding",
        },
        notes=(("Bleep", "2214"),),
    ),
    "phoned-result": fact(
        "Observation", "LIMS",
        fields={
            "display": "Potassium", "value": "6.10", "units": "mmol/L",
            "reference_range": "3.5-5.3", "effective": "2026-11-02T13:10:00Z",
        },
        notes=(("Read back", "yes"),),
    ),
    "observation": fact("Observation", fields={"code": "8867-4", "display": "Pulse", "value": "88",
                                               "units": "/min"}),
    "words": fact("Observation", fields={"code": "80288-4", "display": "Consciousness",
                                         "value": "<Alert> & 0100"}),
    "allergy": fact(
        "AllergyIntolerance",
        fields={"substance": "Penicillin V", "reaction": "Rash", "severity": "Moderate",
                "category": "medication"},
    ),
    "allergy-bare": fact("AllergyIntolerance", fields={"substance": "Latex", "severity": "fatal",
                                                       "category": "contact"}),
    "no-allergy": fact("AllergyIntolerance", fields={"none_known": "1"}),
    "flag": fact("Flag", fields={"category": "Infection control", "text": "MRSA"}),
    "given": fact(
        "MedicationAdministration",
        fields={"medicine": "morphine SULFATE 10mg/mL", "dosage": "2.50 mg", "route": "IV",
                "given": "2026-11-02T13:00:00Z", "status": "given", "reason": "Pain"},
    ),
    "given-words": fact(
        "MedicationAdministration",
        fields={"medicine": "Paracetamol", "dosage": "two tablets", "route": "PO",
                "status": "given", "batch": "B-77"},
    ),
    "not-given": fact(
        "MedicationAdministration",
        fields={"medicine": "Enoxaparin", "dosage": "40 mg", "status": "not-given",
                "reason": "Refused"},
    ),
    "blood": fact("MedicationAdministration", "LIMS", fields={"medicine": "Red cells", "status": ""}),
    "clinic": fact(
        "Appointment", "PAS",
        fields={"kind": "clinic", "number": "A-1", "location": "Clinic 3", "status": "arrived",
                "start": "2026-11-02T13:00:00Z", "practitioner": "Dr Bee", "minutes": "20"},
        notes=(("Outcome", "see in 6 weeks"),),
    ),
    "cancelled": fact(
        "Appointment", "Theatres",
        fields={"kind": "theatre", "location": "Theatre 2", "status": "cancelled",
                "reason": "No blood", "start": "2026-11-02T08:00:00Z"},
    ),
    "cancelled-undated": fact("Appointment", "PAS", fields={"status": "cancelled"}),
}  # fmt: skip
"""One fact of every kind and shape that FHIR carries."""


def row(one: Fact, state: str = "", decision: str = Decision.RETURN) -> StoredItem:
    numbered = one.person.mrn or one.person.nhs_number
    decided = DecisionRecord(
        decision=decision, decided_by="u-2", decided_by_name="Ben Records",
        decided="2026-11-04T10:00:00Z", reason="Not there",
    )  # fmt: skip
    item = Item(
        one, state or (ItemState.NEW if numbered else ItemState.UNMATCHED), (), person=one.person
    )
    return StoredItem(item, "o-1", items.fact_digest(one), "s-1", "2026-11-04T09:00:00Z", decided)


def form(scan: bytes = b"", corrections: int = 0) -> SourceForm:
    entry = Entry(
        serial="K7000042X", form="observations", version="1", state=EntryState.VERIFIED, outage="o-1",
        answers={"author.name": "Sam Okoro", "event.date": "2026-11-02", "event.time": "14:00",
                 "taken:1": "2026-11-02T13:00", "pulse:1": "88", "temperature:1": "38.10"},
        event="2026-11-02T14:00:00Z", author="Sam Okoro", author_role="Staff nurse",
        transcriber="u-7", transcriber_name="Ann Clerk", entered="2026-11-03T09:00:00Z",
        verifier="u-2", verifier_name="Ben Records", verified="2026-11-03T10:00:00Z",
        corrections=corrections,
    )  # fmt: skip
    return SourceForm(entry, load_form("observations"), scan)

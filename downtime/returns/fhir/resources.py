"""One FHIR R4 resource for each kind of fact, in the words that were written. Pure.

What a resource has no element for goes along as a note, so that nothing written is lost.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from downtime.clinical import terminology
from downtime.clinical.model import AdministrationStatus
from downtime.clock import from_text, to_text
from downtime.entry.facts import Fact
from downtime.returns.fhir.datatypes import (
    SNOMED,
    TERMINOLOGY,
    Json,
    annotations,
    answer_concept,
    as_list,
    category_concept,
    coded_concept,
    display_reference,
    drop_empty_elements,
    identifier,
    is_number,
    make_coding,
    quantity,
    text_concept,
)
from downtime.returns.fhir.target import BundleContext, profile_meta
from downtime.returns.matched_stays import NO_STAY

STATUSES = ("booked", "arrived", "fulfilled", "cancelled", "noshow")

CLOSED_STATUSES = ("cancelled", "noshow")


def has_slot(fact: Fact) -> bool:
    """Whether an Appointment can say it: a known status, and a start unless it was cancelled."""
    status = fact.fields.get("status", "")
    has_start = "T" in (fact.fields.get("rebook_start") or fact.fields.get("start", ""))
    return status in STATUSES and (has_start or status == "cancelled")


def build_appointment(fact: Fact, subject: Json, context: BundleContext) -> Json:
    """The Appointment; rebooked, it is that of the new date, and a comment names the old one."""
    fields = fact.fields
    new_start = fields.get("rebook_start", "")
    status = "booked" if new_start else fields["status"]
    start = new_start or fields.get("start", "")
    end = end_time(start, fields.get("minutes", ""), context.target.appointment_minutes)
    reason = text_concept(fields.get("reason", ""))
    number = "" if new_start else fields.get("number", "")
    return {
        "identifier": as_list(identifier(context.target.appointment, number) if number else {}),
        "status": status,
        "cancelationReason": reason if status in CLOSED_STATUSES else {},
        "serviceType": as_list(text_concept(fields.get("kind", ""))),
        "specialty": as_list(text_concept(fields.get("specialty", ""))),
        "reasonCode": [] if status in CLOSED_STATUSES else as_list(reason),
        "description": fields.get("description", ""),
        "start": context.format_time(start),
        "end": context.format_time(end),
        "comment": _comment(fact, context),
        "participant": _participants(fact, subject),
    }


def end_time(start: str, minutes: str, usual_minutes: int) -> str:
    """When it ends: R4 (app-2) wants both ends of a slot or none."""
    if "T" not in start:
        return ""
    length = int(minutes) if minutes.isdigit() and int(minutes) else usual_minutes
    return to_text(from_text(start) + timedelta(minutes=length))


def _participants(fact: Fact, subject: Json) -> list[Json]:
    location = fact.fields.get("rebook_location") or fact.fields.get("location", "")
    names = filter(None, (location, fact.fields.get("practitioner", "")))
    actors = (subject, *map(display_reference, names))
    return [{"actor": actor, "status": "accepted"} for actor in actors]


def _comment(fact: Fact, context: BundleContext) -> str:
    fields = fact.fields
    former = ""
    if fields.get("rebook_start"):
        parts = [
            context.format_time(fields.get("start", "")),
            fields.get("number", ""),
            fields["status"],
        ]
        parts += [fields.get("location", "")] if fields.get("rebook_location") else []
        former = ", ".join(filter(None, parts))
    notes = (("Instead of", former), ("Note", fields.get("note", "")), *fact.notes)
    return "; ".join(f"{label}: {text}" for label, text in notes if text)


_CLASSES = {
    "inpatient": ("IMP", "inpatient encounter"),
    "emergency": ("EMER", "emergency"),
    "daycase": ("SS", "short stay"),
    "outpatient": ("AMB", "ambulatory"),
}

_PRIORITIES = ("routine", "urgent", "asap", "stat")

_CATEGORIES = ("food", "medication", "environment", "biologic")

_SEVERITIES = ("mild", "moderate", "severe")

_DONE = {"given": "completed", "not-given": "not-done"}

_DOSE = re.compile(r"((?:0|[1-9]\d*)(?:\.\d+)?)\s*([A-Za-zµμ%][\w/%]*)")


def can_say(fact: Fact) -> bool:
    """Whether FHIR has words for it: no new resource takes back an allergy of the live record."""
    return fact.type != "AllergyIntolerance" or fact.fields.get("status", "") in ("", "active")


def has_resource(fact: Fact) -> bool:
    """Whether a resource of its own says this, without a change of a live record."""
    if fact.type == "Encounter":
        return fact.fields.get("event", "admit") == "admit"
    if fact.type == "Appointment":
        return has_slot(fact)
    return fact.type in BUILDERS and can_say(fact)


def build_resource(fact: Fact, number: str, subject: Json, context: BundleContext) -> Json:
    """The resource of a fact with the identifier `number`; KeyError for a type without one."""
    elements = BUILDERS[fact.type](fact, subject, context)
    item_identifier = identifier(context.target.item, number)
    return drop_empty_elements(
        {
            "resourceType": fact.type,
            "meta": profile_meta(fact.type, context.target),
            "identifier": [item_identifier, *elements.pop("identifier", [])],
            **elements,
        }
    )


def _admission(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    started = context.format_time(fields.get("started") or fact.event)
    code, display = _CLASSES.get(fields.get("kind", ""), _CLASSES["inpatient"])
    attender = [make_coding(TERMINOLOGY + "v3-ParticipationType", "ATND", "attender")]
    consultant = display_reference(fields.get("consultant", ""))
    participant = {"type": [{"coding": attender}], "individual": consultant}
    return {
        "status": "in-progress",
        "class": make_coding(TERMINOLOGY + "v3-ActCode", code, display),
        "serviceType": text_concept(fields.get("specialty", "")),
        "subject": subject,
        "participant": [participant] if consultant else [],
        "period": {"start": started},
        "reasonCode": as_list(text_concept(fields.get("reason", ""))),
        "location": [{"location": location_reference(fact, context), "status": "active"}],
    }


def visit_reference(fact: Fact, context: BundleContext) -> Json:
    """The stay in which it happened, by its number in the live system; nothing where none is known.

    A logical reference: a receiver that does not know the number takes the rest all the same.
    """
    number = context.stays.get(fact.key, NO_STAY).visit_number
    if not number:
        return {}
    return {"type": "Encounter", "identifier": identifier(context.target.visit, number)}


def location_reference(fact: Fact, context: BundleContext) -> Json:
    """Where a patient is, as a reference by the code of the ward."""
    ward = fact.fields.get("ward") or fact.ward
    parts = [f"{name} {fact.fields[name]}" for name in ("bay", "bed") if fact.fields.get(name)]
    number = identifier(context.target.location, ward or "UNKNOWN")
    return {"identifier": number, "display": ", ".join([ward, *parts])}


def _request(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    priority = fields.get("priority", "")
    notes = (
        ("Sample taken", context.format_time(fields.get("collected", ""))),
        ("Specimen", fields.get("specimen", "")),
        ("Priority", "" if priority in _PRIORITIES else priority),
        *fact.notes,
    )
    return {
        "status": "active",
        "intent": "order",
        "priority": priority if priority in _PRIORITIES else "",
        "code": _code(fact, context),
        "subject": subject,
        "encounter": visit_reference(fact, context),
        "authoredOn": context.format_time(fact.event),
        "requester": display_reference(fields.get("requester") or fact.author),
        "performer": as_list(display_reference(fields.get("department") or fact.system)),
        "reasonCode": as_list(text_concept(fields.get("reason", ""))),
        "note": annotations(notes),
    }


def _observation(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    phoned = fact.system == context.phoned
    standard = terminology.find_test(fields.get("code", ""))
    category = "laboratory" if phoned else standard.category if standard else ""
    resource = {
        "status": "preliminary" if phoned else "final",  # until its own system reports it
        "category": [category_concept(category)] if category else [],
        "code": _code(fact, context),
        "subject": subject,
        "encounter": visit_reference(fact, context),
        "effectiveDateTime": context.format_time(fields.get("effective") or fact.event),
        "issued": context.format_time(fact.event),
        "performer": as_list(display_reference(fact.author)),
        "note": annotations(fact.notes),
        "referenceRange": as_list(text_concept(fields.get("reference_range", ""))),
    }
    return resource | _result_value(fact, context)


def _result_value(fact: Fact, context: BundleContext) -> Json:
    """A number with its unit, a concept with paper's words, or words."""
    fields = fact.fields
    value, units = fields.get("value", ""), fields.get("units", "")
    if is_number(value):
        return {"valueQuantity": quantity(value, units, context.target.units)}
    if concept := answer_concept(fields.get("code", ""), value):
        return {"valueCodeableConcept": concept}
    return {"valueString": f"{value} {units}".strip()} if value else {}


def _allergy(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    clinical = make_coding(TERMINOLOGY + "allergyintolerance-clinical", "active")
    verification = make_coding(TERMINOLOGY + "allergyintolerance-verification", "unconfirmed")
    category, severity = fields.get("category", ""), fields.get("severity", "").casefold()
    reaction = fields.get("reaction", "")
    is_coded = bool(reaction) and severity in _SEVERITIES
    manifestation = {"manifestation": [{"text": reaction}]}
    coded_severity = {"severity": severity} if is_coded else {}
    substance = text_concept(fields.get("substance", ""))
    if fields.get("none_known"):
        none_known = make_coding(SNOMED, "716186003", "No known allergy")
        substance = {"coding": [none_known], "text": "No known allergy"}
    notes = (
        ("Category", "" if category in _CATEGORIES else category),
        ("Severity", "" if is_coded else fields.get("severity", "")),
        *fact.notes,
    )
    return {
        "clinicalStatus": {"coding": [clinical]},
        "verificationStatus": {"coding": [verification]},
        "category": [category] if category in _CATEGORIES else [],
        "code": substance,
        "patient": subject,
        "encounter": visit_reference(fact, context),
        "recordedDate": context.format_time(fact.event),
        "asserter": display_reference(fact.author),
        "reaction": [manifestation | coded_severity] if reaction else [],
        "note": annotations(notes),
    }


def _flag(fact: Fact, subject: Json, context: BundleContext) -> Json:
    parts = [fact.fields.get("text", ""), *(f"{label}: {text}" for label, text in fact.notes)]
    return {
        "status": "active",
        "category": as_list(text_concept(fact.fields.get("category", ""))),
        "code": {"text": "; ".join(filter(None, parts)) or fact.title},
        "subject": subject,
        "encounter": visit_reference(fact, context),
        "period": {"start": context.format_time(fact.event)},
        "author": display_reference(fact.author),
    }


def _administration(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    status = fields.get("status", "")
    is_given = status != AdministrationStatus.NOT_GIVEN
    dosage, notes = _dosage(fact, context)
    reason = as_list(text_concept(fields.get("reason", "")))
    return {
        **_medication(fact),
        "status": _DONE.get(status, "unknown"),
        "statusReason": [] if is_given else reason,
        "subject": subject,
        "context": visit_reference(fact, context),
        **_effective(fact, context),
        "performer": [{"actor": display_reference(fields.get("performer") or fact.author)}],
        "reasonCode": reason if is_given else [],
        "dosage": dosage,
        "note": annotations((*notes, *fact.notes)),
    }


def _medication(fact: Fact) -> Json:
    """What was given; with its batch or donation number it is a Medication inside the resource."""
    name, batch = fact.fields.get("medicine") or fact.title, fact.fields.get("batch", "")
    if not batch:
        return {"medicationCodeableConcept": {"text": name}}
    unit = {
        "resourceType": "Medication",
        "id": "medication",
        "code": {"text": name},
        "batch": {"lotNumber": batch},
    }
    return {"contained": [unit], "medicationReference": {"reference": "#medication"}}


def _effective(fact: Fact, context: BundleContext) -> Json:
    """When it was given, from and until where paper says both."""
    started, ended = fact.fields.get("given") or fact.event, fact.fields.get("ended", "")
    start = context.format_time(started)
    if not ended:
        return {"effectiveDateTime": start}
    return {"effectivePeriod": {"start": start, "end": context.format_time(ended)}}


def _dosage(fact: Fact, context: BundleContext) -> tuple[Json, list[tuple[str, str]]]:
    """The dosage, and as notes what cannot stand in it: invariant mad-1 wants a dose in numbers."""
    dosage, route = fact.fields.get("dosage", ""), fact.fields.get("route", "")
    dose = _DOSE.fullmatch(dosage)
    if dose is None:
        return {}, [("Dosage", dosage), ("Route", route)]
    amount = quantity(dose[1], dose[2], context.target.units)
    element = {"text": dosage, "route": text_concept(route), "dose": amount}
    return drop_empty_elements(element), []


def _code(fact: Fact, context: BundleContext) -> Json:
    return coded_concept(fact.fields.get("code", ""), fact.title, context.target.codes)


BUILDERS: Mapping[str, Callable[[Fact, Json, BundleContext], Json]] = {
    "Encounter": _admission,
    "ServiceRequest": _request,
    "Observation": _observation,
    "AllergyIntolerance": _allergy,
    "Flag": _flag,
    "MedicationAdministration": _administration,
    "Appointment": build_appointment,
}
"""The types that go out as FHIR resources."""

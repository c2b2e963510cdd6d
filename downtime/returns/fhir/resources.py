"""One FHIR R4 resource for each kind of fact, in the words that were written. Pure.

What a resource has no element for goes along as a note, so that nothing written is lost.
"""

import re
from collections.abc import Callable, Mapping

from downtime.entry.facts import Fact
from downtime.returns.fhir import appointments
from downtime.returns.fhir.bundle_context import BundleContext
from downtime.returns.fhir.datatypes import (
    TERMINOLOGY,
    Json,
    annotations,
    as_list,
    coded_concept,
    coding,
    display_reference,
    identifier,
    is_number,
    quantity,
    text_concept,
    without_empty,
)

SNOMED = "http://snomed.info/sct"
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
_DOSE = re.compile(r"((?:0|[1-9]\d*)(?:\.\d+)?)\s*([A-Za-zµ%][\w/%]*)")


def has_resource(fact: Fact) -> bool:
    """Whether a resource of its own says this, without a change of a live record."""
    if fact.type == "Encounter":
        return fact.fields.get("event", "admit") == "admit"
    if fact.type == "Appointment":
        return appointments.has_slot(fact)
    return fact.type in BUILDERS


def build_resource(fact: Fact, number: str, subject: Json, context: BundleContext) -> Json:
    """The resource of a fact with the identifier `number`; KeyError where `carries` says no."""
    made = BUILDERS[fact.type](fact, subject, context)
    own = identifier(context.target.item, number)
    profile = context.target.profiles.get(fact.type, "")
    return without_empty(
        {
            "resourceType": fact.type,
            "meta": {"profile": [profile]} if profile else {},
            "identifier": [own, *made.pop("identifier", [])],
            **made,
        }
    )


def _admission(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    started = context.format_time(fields.get("started") or fact.event)
    code, words = _CLASSES.get(fields.get("kind", ""), _CLASSES["inpatient"])
    attending = [coding(TERMINOLOGY + "v3-ParticipationType", "ATND", "attender")]
    consultant = fields.get("consultant", "")
    return {
        "status": "in-progress",
        "class": coding(TERMINOLOGY + "v3-ActCode", code, words),
        "serviceType": text_concept(fields.get("specialty", "")),
        "subject": subject,
        "participant": [
            {"type": [{"coding": attending}], "individual": display_reference(consultant)}
        ]
        if consultant
        else [],
        "period": {"start": started},
        "reasonCode": as_list(text_concept(fields.get("reason", ""))),
        "location": [{"location": location_reference(fact, context), "status": "active"}],
    }


def location_reference(fact: Fact, context: BundleContext) -> Json:
    """Where a patient is, as a reference by the code of the ward."""
    ward = fact.fields.get("ward") or fact.ward
    inside = ((name, fact.fields.get(name, "")) for name in ("bay", "bed"))
    words = ", ".join([ward, *(f"{name} {value}" for name, value in inside if value)])
    return {"identifier": identifier(context.target.location, ward or "UNKNOWN"), "display": words}


def _request(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    priority = fields.get("priority", "")
    extra = (
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
        "authoredOn": context.format_time(fact.event),
        "requester": display_reference(fields.get("requester") or fact.author),
        "performer": as_list(display_reference(fields.get("department") or fact.system)),
        "reasonCode": as_list(text_concept(fields.get("reason", ""))),
        "note": annotations(extra),
    }


def _observation(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    phoned = fact.system == context.phoned
    laboratory = coding(TERMINOLOGY + "observation-category", "laboratory", "Laboratory")
    made = {
        "status": "preliminary" if phoned else "final",  # until its own system reports it
        "category": [{"coding": [laboratory]}] if phoned else [],
        "code": _code(fact, context),
        "subject": subject,
        "effectiveDateTime": context.format_time(fields.get("effective") or fact.event),
        "issued": context.format_time(fact.event),
        "performer": as_list(display_reference(fact.author)),
        "note": annotations(fact.notes),
        "referenceRange": as_list(text_concept(fields.get("reference_range", ""))),
    }
    value, units = fields.get("value", ""), fields.get("units", "")
    if is_number(value):
        made["valueQuantity"] = quantity(value, units, context.target.units)
    elif value:
        made["valueString"] = f"{value} {units}".strip()
    return made


def _allergy(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    status = TERMINOLOGY + "allergyintolerance-clinical"
    certain = TERMINOLOGY + "allergyintolerance-verification"
    category, severity = fields.get("category", ""), fields.get("severity", "").casefold()
    reaction = fields.get("reaction", "")
    manifest = {"manifestation": [{"text": reaction}]}
    if reaction and severity in _SEVERITIES:
        manifest["severity"] = severity  # type: ignore[assignment]
    none = {"coding": [coding(SNOMED, "716186003", "No known allergy")], "text": "No known allergy"}
    return {
        "clinicalStatus": {"coding": [coding(status, "active")]},
        "verificationStatus": {"coding": [coding(certain, "unconfirmed")]},
        "category": [category] if category in _CATEGORIES else [],
        "code": none if fields.get("none_known") else text_concept(fields.get("substance", "")),
        "patient": subject,
        "recordedDate": context.format_time(fact.event),
        "asserter": display_reference(fact.author),
        "reaction": [manifest] if reaction else [],
        "note": annotations(
            (
                ("Category", "" if category in _CATEGORIES else category),
                ("Severity", "" if "severity" in manifest else fields.get("severity", "")),
                *fact.notes,
            )
        ),
    }


def _flag(fact: Fact, subject: Json, context: BundleContext) -> Json:
    words = [fact.fields.get("text", ""), *(f"{label}: {text}" for label, text in fact.notes)]
    return {
        "status": "active",
        "category": as_list(text_concept(fact.fields.get("category", ""))),
        "code": {"text": "; ".join(filter(None, words)) or fact.title},
        "subject": subject,
        "period": {"start": context.format_time(fact.event)},
        "author": display_reference(fact.author),
    }


def _administration(fact: Fact, subject: Json, context: BundleContext) -> Json:
    fields = fact.fields
    status = fields.get("status", "")
    is_given = status != "not-given"
    dosage, route = fields.get("dosage", ""), fields.get("route", "")
    dose = _DOSE.fullmatch(dosage)
    # An amount that is no number with a unit cannot stand in `dosage` (invariant mad-1).
    unsaid = () if dose else (("Dosage", dosage), ("Route", route))
    extra = (*unsaid, ("Batch or donation number", fields.get("batch", "")))
    return {
        "status": _DONE.get(status, "unknown"),
        "statusReason": [] if is_given else as_list(text_concept(fields.get("reason", ""))),
        "medicationCodeableConcept": {"text": fields.get("medicine") or fact.title},
        "subject": subject,
        "effectiveDateTime": context.format_time(fields.get("given") or fact.event),
        "performer": [{"actor": display_reference(fields.get("performer") or fact.author)}],
        "reasonCode": as_list(text_concept(fields.get("reason", ""))) if is_given else [],
        "dosage": without_empty(
            {
                "text": dosage,
                "route": text_concept(route),
                "dose": quantity(dose[1], dose[2], context.target.units),
            }
        )
        if dose
        else {},
        "note": annotations((*extra, *fact.notes)),
    }


def _code(fact: Fact, context: BundleContext) -> Json:
    return coded_concept(fact.fields.get("code", ""), fact.title, context.target.codes)


BUILDERS: Mapping[str, Callable[[Fact, Json, BundleContext], Json]] = {
    "Encounter": _admission,
    "ServiceRequest": _request,
    "Observation": _observation,
    "AllergyIntolerance": _allergy,
    "Flag": _flag,
    "MedicationAdministration": _administration,
    "Appointment": appointments.build_appointment,
}
"""The types that go out as FHIR resources."""

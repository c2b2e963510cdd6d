"""FHIR MedicationRequest, MedicationAdministration and Immunization, in the source's words.

R4 names a medicine in `medicationCodeableConcept` or `medicationReference`, R5 in `medication`. A
Medication that is not in the document is waited for. What is only proposed or planned is on no drug
chart, and what must not be given never looks like a prescription.
"""

from collections.abc import Iterator
from typing import Any

from downtime.clinical import model
from downtime.clinical.medicine_codes import join_codes
from downtime.clinical.model import MedicationRequestCategory
from downtime.feeds.fhir import statuses
from downtime.feeds.fhir.data_types import (
    all_codes,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    first_code,
    list_codings,
    quantity_text,
    ratio_text,
    text_at,
)
from downtime.feeds.fhir.dosage import dosage_category, dosage_text, frequency_text
from downtime.feeds.fhir.mappings import (
    note_without_patient,
    register_field_reader,
    register_reader,
)
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.model import Change, FindingKind, Value
from downtime.feeds.named_resources import reference_text

_DISCHARGE = ("discharge", "tta", "tto")
_COMMUNITY = ("community", "reported", "home")
_NO_PRESCRIPTION = ("proposal", "plan", "option")


@register_reader(model.MedicationRequest)
def read_medication_request(reader: ResourceReader, resource: Resource) -> list[Change]:
    """One medicine as it was prescribed."""
    numbers = reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        note_without_patient(reader, resource, "subject")
        return []
    if reason := _why_no_prescription(resource):
        reader.note(FindingKind.NOT_READ, resource, "", reason)
        return []
    doses = list(elements_at(resource, "dosageInstruction"))
    routes = (concept_text(element_at(dose, "route")) for dose in doses)
    fields: dict[str, Value] = {
        "medicine": _medicine(reader, resource),
        "codes": _codes(reader, resource),
        "dosage": dosage_text(resource, doses),
        "route": ", ".join(dict.fromkeys(filter(None, routes))),
        "frequency": frequency_text(doses),
        "category": _where_given(resource) or dosage_category(doses),
        "status": reader.status(resource, statuses.MEDICATION_REQUEST),
        "prescriber": reader.name_of(element_at(resource, "requester"), resource),
        "authored": "",
        "authored_text": "",
    }
    reader.add_time(fields, "authored", text_at(resource, "authoredOn"))
    key = reader.key_of(resource)
    return [reader.change(resource, "MedicationRequest", key, numbers, fields)]


def _where_given(resource: Resource) -> MedicationRequestCategory | str:
    """That a medicine is for when the patient goes home, or what they take at home; else empty.

    R4 says the latter by `reportedBoolean` or `reportedReference`, R5 by `reported`, too.
    """
    category_words = {code.casefold() for code in all_codes(resource, "category")}
    category_words |= set(concept_texts(resource, "category").casefold().replace(",", " ").split())
    if category_words.intersection(_DISCHARGE):
        return MedicationRequestCategory.DISCHARGE
    is_reported = any(resource.get(name) is True for name in ("reportedBoolean", "reported"))
    if category_words.intersection(_COMMUNITY) or is_reported or "reportedReference" in resource:
        return MedicationRequestCategory.COMMUNITY
    return ""


def _why_no_prescription(resource: Resource) -> str:
    if resource.get("doNotPerform") is True:
        return "it says what must not be given: it is not used, look in the source system"
    if text_at(resource, "intent") in _NO_PRESCRIPTION:
        return "it is a proposal or plan, no prescription: it is not used"
    return ""


@register_field_reader(model.MedicationAdministration)
def medication_administration_fields(
    reader: ResourceReader, resource: Resource
) -> dict[str, Value]:
    """One dose that was given or not."""
    dosage = element_at(resource, "dosage")
    performer = element_at(resource, "performer", 0, "actor")
    reasons = ("statusReason", "reasonCode", "reason")
    fields: dict[str, Value] = {
        "medicine": _medicine(reader, resource),
        "codes": _codes(reader, resource),
        "dosage": quantity_text(element_at(dosage, "dose")) or text_at(dosage, "text"),
        "route": concept_text(element_at(dosage, "route")),
        "status": reader.status(resource, statuses.ADMINISTRATION),
        "reason": next(filter(None, (concept_texts(resource, name) for name in reasons)), ""),
        "performer": reader.name_of(performer, resource),
        "batch": _batch(reader, resource),
        "given": "",
        "given_text": "",
    }
    for name in ("effective", "occurence", "occurrence"):  # R5 spells it with one r
        start = text_at(resource, f"{name}Period", "start")
        reader.add_time(fields, "given", text_at(resource, f"{name}DateTime") or start)
    return fields


@register_field_reader(model.Immunization, patient="patient")
def immunization_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """One vaccine that was given or not."""
    vaccine = element_at(resource, "vaccineCode")
    performer = element_at(resource, "performer", 0, "actor")
    fields: dict[str, Value] = {
        "code": first_code(vaccine),
        "display": concept_text(vaccine),
        "dosage": quantity_text(element_at(resource, "doseQuantity")),
        "route": concept_text(element_at(resource, "route")),
        "site": concept_text(element_at(resource, "site")),
        "lot_number": text_at(resource, "lotNumber"),
        "status": reader.status(resource, statuses.IMMUNIZATION),
        "reason": concept_text(element_at(resource, "statusReason")),
        "performer": reader.name_of(performer, resource),
        "recorder": reader.name_of(element_at(resource, "recorder"), resource),
        "occurrence": "",
        "occurrence_text": text_at(resource, "occurrenceString"),
    }
    reader.add_time(fields, "occurrence", text_at(resource, "occurrenceDateTime"))
    return fields


def _references(resource: Resource) -> list[Any]:
    return [
        element_at(resource, "medicationReference"),
        element_at(resource, "medication", "reference"),
        element_at(resource, "medication"),
    ]


def _medicine(reader: ResourceReader, resource: Resource) -> str:
    """The medicine's name, as near to the prescription as it stands, or what to wait for."""
    concepts = (element_at(resource, name) for name in ("medicationCodeableConcept", "medication"))
    if name := next(filter(None, map(concept_text, concepts)), ""):
        return name
    for reference in _references(resource):
        if display := text_at(reference, "display"):
            return display
        if target := reader.resolve(reference, resource):
            return medication_name(target)
        if address := reader.address_of(reference, resource, "Medication"):
            return reference_text(address)
    reason = "it names no medicine"
    reader.note(FindingKind.MEDICINE_UNNAMED, resource, "medication", reason)
    return ""


def _codes(reader: ResourceReader, resource: Resource) -> str:
    """The medicine's codes as they stand in the resource, else those of the Medication it refers to."""
    concepts = (element_at(resource, name) for name in ("medicationCodeableConcept", "medication"))
    if codes := join_codes(coding for concept in concepts for coding in list_codings(concept)):
        return codes
    for reference in _references(resource):
        if target := reader.resolve(reference, resource):
            return medication_codes(target)
        if address := reader.address_of(reference, resource, "Medication"):
            return reference_text(address)
    return ""


def _batch(reader: ResourceReader, resource: Resource) -> str:
    for reference in _references(resource):
        if target := reader.resolve(reference, resource):
            return text_at(target, "batch", "lotNumber")
        if address := reader.address_of(reference, resource, "Medication"):
            return reference_text(address)
    return ""


def medication_name(medication: Resource) -> str:
    """What a Medication is called, else what it is made of, with its strengths."""
    if name := concept_text(element_at(medication, "code")):
        return name
    parts = (
        f"{concept_text(item)} {strength}".strip()
        for item, strength in _list_ingredients(medication)
    )
    return " + ".join(filter(None, parts))


def medication_codes(medication: Resource) -> str:
    """The codes of a Medication, else of what it is made of where each part has a code and a strength."""
    if codes := join_codes(list_codings(element_at(medication, "code"))):
        return codes
    parts = []
    for item, strength in _list_ingredients(medication):
        code = join_codes(list_codings(item)[:1])
        if not (code and strength):
            return ""
        parts.append(f"{code}={''.join(strength.split())}")
    return "+".join(sorted(parts))


def _list_ingredients(medication: Resource) -> Iterator[tuple[Any, str]]:
    """What a Medication is made of, each with its strength as text."""
    for ingredient in elements_at(medication, "ingredient"):
        item = element_at(ingredient, "itemCodeableConcept") or element_at(ingredient, "item")
        strengths = (element_at(ingredient, name) for name in ("strength", "strengthRatio"))
        yield item, next(filter(None, map(ratio_text, strengths)), "")

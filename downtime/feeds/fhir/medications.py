"""FHIR R4 MedicationAdministration: a dose that was given or not, in the source's own words."""

from typing import Any

from downtime.feeds.fhir.administration import change, timed
from downtime.feeds.fhir.data_types import (
    element_at,
    concept_text,
    concept_texts,
    text_at,
    quantity_text,
)
from downtime.feeds.fhir.references import ResourceReader, resource_key, reference_name
from downtime.feeds.model import Change, Value

_STATUS = {
    "completed": "given",
    "in-progress": "given",
    "stopped": "given",
    "not-done": "not-given",
}


def read_medication_administration(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """One dose; what was stopped had begun, so it counts as given."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    drug = near.resolve(element_at(resource, "medicationReference"), resource)
    dosage = element_at(resource, "dosage")
    fields: dict[str, Value] = {
        "medicine": concept_text(element_at(resource, "medicationCodeableConcept"))
        or text_at(resource, "medicationReference", "display")
        or concept_text(element_at(drug, "code")),
        "dosage": quantity_text(element_at(dosage, "dose")) or text_at(dosage, "text"),
        "route": concept_text(element_at(dosage, "route")),
        "status": _STATUS.get(text_at(resource, "status"), ""),
        "reason": concept_texts(resource, "statusReason") or concept_texts(resource, "reasonCode"),
        "performer": reference_name(near, element_at(resource, "performer", 0, "actor"), resource),
        "batch": text_at(drug, "batch", "lotNumber"),
    }
    moment = text_at(resource, "effectiveDateTime") or text_at(resource, "effectivePeriod", "start")
    timed(near, fields, "given", moment)
    return [
        change(near, resource, "MedicationAdministration", resource_key(resource), numbers, fields)
    ]

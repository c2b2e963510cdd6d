"""FHIR R4 MedicationAdministration: a dose that was given or not, in the source's own words."""

from typing import Any

from downtime.feeds.fhir.administration import change, timed
from downtime.feeds.fhir.data_types import at, concept, concepts, text, with_unit
from downtime.feeds.fhir.references import Surroundings, key_of, reference_name
from downtime.feeds.model import Change, Value

_STATUS = {
    "completed": "given",
    "in-progress": "given",
    "stopped": "given",
    "not-done": "not-given",
}


def administrations(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """One dose; what was stopped had begun, so it counts as given."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    drug = near.resolve(at(resource, "medicationReference"), resource)
    dosage = at(resource, "dosage")
    fields: dict[str, Value] = {
        "medicine": concept(at(resource, "medicationCodeableConcept"))
        or text(resource, "medicationReference", "display")
        or concept(at(drug, "code")),
        "dosage": with_unit(at(dosage, "dose")) or text(dosage, "text"),
        "route": concept(at(dosage, "route")),
        "status": _STATUS.get(text(resource, "status"), ""),
        "reason": concepts(resource, "statusReason") or concepts(resource, "reasonCode"),
        "performer": reference_name(near, at(resource, "performer", 0, "actor"), resource),
        "batch": text(drug, "batch", "lotNumber"),
    }
    moment = text(resource, "effectiveDateTime") or text(resource, "effectivePeriod", "start")
    timed(near, fields, "given", moment)
    return [change(near, resource, "MedicationAdministration", key_of(resource), numbers, fields)]

"""FHIR R4 MedicationRequest, MedicationAdministration and Immunization, in the source's words."""

from typing import Any

from downtime.clinical import model
from downtime.clinical.model import AdministrationStatus, MedicationRequestCategory
from downtime.feeds.fhir.data_types import (
    annotation_text,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    first_code,
    quantity_text,
    text_at,
)
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader, register_field_reader
from downtime.feeds.model import Value

_PERIODS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month"}
_ADMINISTRATION_STATUS = {
    "completed": AdministrationStatus.ADMINISTERED,
    "in-progress": AdministrationStatus.ADMINISTERED,
    "stopped": AdministrationStatus.ADMINISTERED,
    "not-done": AdministrationStatus.NOT_GIVEN,
}
"""What was stopped had begun, so it counts as given."""


@register_field_reader(model.MedicationRequest)
def medication_request_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """One medicine as it was prescribed."""
    doses = list(elements_at(resource, "dosageInstruction"))
    texts = (_dosage_text(dose) for dose in doses)
    routes = (concept_text(element_at(dose, "route")) for dose in doses)
    frequencies = (_frequency_text(element_at(dose, "timing")) for dose in doses)
    fields: dict[str, Value] = {
        "medicine": _medicine(resource, _medication(reader, resource)),
        "dosage": "; ".join(text for text in texts if text),
        "route": next(filter(None, routes), ""),
        "frequency": next(filter(None, frequencies), ""),
        "category": _category(doses),
        "status": text_at(resource, "status"),
        "prescriber": reader.name_of(element_at(resource, "requester"), resource),
    }
    reader.add_time(fields, "authored", text_at(resource, "authoredOn"))
    return fields


@register_field_reader(model.MedicationAdministration)
def medication_administration_fields(
    reader: ResourceReader, resource: Resource
) -> dict[str, Value]:
    """One dose that was given or not."""
    medication = _medication(reader, resource)
    dosage = element_at(resource, "dosage")
    performer = element_at(resource, "performer", 0, "actor")
    fields: dict[str, Value] = {
        "medicine": _medicine(resource, medication),
        "dosage": quantity_text(element_at(dosage, "dose")) or text_at(dosage, "text"),
        "route": concept_text(element_at(dosage, "route")),
        "status": _ADMINISTRATION_STATUS.get(text_at(resource, "status"), ""),
        "reason": concept_texts(resource, "statusReason") or concept_texts(resource, "reasonCode"),
        "performer": reader.name_of(performer, resource),
        "batch": text_at(medication, "batch", "lotNumber"),
    }
    start = text_at(resource, "effectivePeriod", "start")
    reader.add_time(fields, "given", text_at(resource, "effectiveDateTime") or start)
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
        "status": text_at(resource, "status"),
        "reason": concept_text(element_at(resource, "statusReason")),
        "performer": reader.name_of(performer, resource),
        "recorder": reader.name_of(element_at(resource, "recorder"), resource),
    }
    reader.add_time(fields, "occurrence", text_at(resource, "occurrenceDateTime"))
    return fields


def _medication(reader: ResourceReader, resource: Resource) -> Resource:
    """The Medication that a resource refers to; empty when it is not there."""
    return reader.resolve(element_at(resource, "medicationReference"), resource)


def _medicine(resource: Resource, medication: Resource) -> str:
    return (
        concept_text(element_at(resource, "medicationCodeableConcept"))
        or text_at(resource, "medicationReference", "display")
        or concept_text(element_at(medication, "code"))
    )


def _dosage_text(dosage: Resource) -> str:
    """The dosage as the source words it, else its dose, with what is noted beside it."""
    if text := text_at(dosage, "text"):
        return text
    doses = []
    for item in elements_at(dosage, "doseAndRate"):
        bounds = (quantity_text(element_at(item, "doseRange", end)) for end in ("low", "high"))
        dose = quantity_text(element_at(item, "doseQuantity"))
        doses.append(dose or " to ".join(filter(None, bounds)))
    return ", ".join(filter(None, doses)) or annotation_text(dosage, "additionalInstruction")


def _frequency_text(timing: Any) -> str:
    """`2 times every 1 day` of a Timing, unless the source words it."""
    if text := concept_text(element_at(timing, "code")):
        return text
    repeat = element_at(timing, "repeat")
    count, period = text_at(repeat, "frequency"), text_at(repeat, "period")
    unit = _PERIODS.get(text_at(repeat, "periodUnit"), text_at(repeat, "periodUnit"))
    if not (count and period and unit):
        return ""
    often = f"{count} time{'' if count == '1' else 's'}"
    return f"{often} every {period} {unit}{'' if period in ('1', '1.0') else 's'}"


def _category(doses: list[Resource]) -> MedicationRequestCategory | str:
    if any(d.get("asNeededBoolean") is True or "asNeededCodeableConcept" in d for d in doses):
        return MedicationRequestCategory.AS_REQUIRED
    rates = (r for dose in doses for r in elements_at(dose, "doseAndRate"))
    if any("rateRatio" in r or "rateQuantity" in r or "rateRange" in r for r in rates):
        return MedicationRequestCategory.INFUSION
    counts = [text_at(dose, "timing", "repeat", "count") for dose in doses]
    if doses and all(count == "1" for count in counts):
        return MedicationRequestCategory.ONCE_ONLY
    return MedicationRequestCategory.REGULAR if any("timing" in dose for dose in doses) else ""

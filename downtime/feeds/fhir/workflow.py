"""FHIR Appointment to records: who comes when, where and to whom."""

from typing import Any

from downtime.clinical import model
from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.fhir import statuses
from downtime.feeds.fhir.data_types import (
    annotation_text,
    concept_texts,
    element_at,
    elements_at,
    text_at,
)
from downtime.feeds.fhir.mappings import note_without_patient, register_reader
from downtime.feeds.fhir.references import address_type
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.model import Change, Value

_PLACES = ("Location", "HealthcareService")
_DOCTORS = ("Practitioner", "PractitionerRole")


@register_reader(model.Appointment)
def read_appointment(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Appointment of a patient; one without a patient is left out."""
    participants = list(elements_at(resource, "participant"))
    actors = [element_at(participant, "actor") for participant in participants]
    people = (_actor_patient(reader, actor, resource) for actor in actors)
    numbers = next((person for person in people if person), None)
    numbers = numbers or reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        note_without_patient(reader, resource, "participant")
        return []
    number = reader.business_identifier(resource)
    reason = concept_texts(resource, "reasonCode") or concept_texts(resource, "reason")
    description = text_at(resource, "description") or reason
    instruction = text_at(resource, "patientInstruction")
    fields: dict[str, Value] = {
        "status": reader.status(resource, statuses.APPOINTMENT),
        "number": number,
        "location": _actor_name(reader, actors, resource, _PLACES),
        "practitioner": _actor_name(reader, actors, resource, _DOCTORS),
        "specialty": concept_texts(resource, "specialty"),
        "description": description or concept_texts(resource, "serviceType"),
        "note": instruction
        or text_at(resource, "comment")
        or annotation_text(resource, "note")
        or concept_texts(resource, "patientInstruction"),
    }
    reader.add_time(fields, "start", text_at(resource, "start"))
    fields["minutes"] = _minutes(reader, resource, str(fields.get("start", "")))
    fields["kind"] = reader.context.appointment_kind(reader.source(resource, "Appointment"))
    key = reader.typed_identifier(resource, "PLAC", "FILL") or reader.key_of(resource)
    return [reader.change(resource, "Appointment", key, numbers, fields)]


def _minutes(reader: ResourceReader, resource: Resource, start: str) -> int:
    length = resource.get("minutesDuration")
    if isinstance(length, int) and not isinstance(length, bool):
        return length
    end = reader.parse_time(text_at(resource, "end"))
    return times.minutes_between(start, end)


def _actor_type(reader: ResourceReader, actor: Any, resource: Resource) -> str:
    """`Patient`, `Location` …: of the target, else as the reference says."""
    target = reader.resolve(actor, resource)
    kind = text_at(target, "resourceType") or text_at(actor, "type")
    return kind or address_type(text_at(actor, "reference"))


def _actor_patient(
    reader: ResourceReader, actor: Any, resource: Resource
) -> tuple[Identifier, ...]:
    is_patient = _actor_type(reader, actor, resource) == "Patient"
    return reader.patient(actor, resource) if is_patient else ()


def _actor_name(
    reader: ResourceReader, actors: list[Any], resource: Resource, kinds: tuple[str, ...]
) -> str:
    for actor in actors:
        if _actor_type(reader, actor, resource) in kinds:
            return reader.name_of(actor, resource)
    return ""

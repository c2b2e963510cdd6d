"""FHIR R4 Patient, Encounter, Location and Appointment to records.

What these leave out is 'not said': they meet what other feeds say of the same person, stay or bed.
An encounter's key is its visit number (identifier of type VN, else the first), else its id. Only a
Location that is a bed or a ward (physicalType `bd`, `wa`) is a place Downtime keeps.
"""

from typing import Any

from downtime.clinical import model
from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import (
    AppointmentStatus,
    BedStatus,
    EncounterClass,
    EncounterStatus,
    Gender,
)
from downtime.feeds import times
from downtime.feeds.fhir.data_types import (
    all_codes,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    first_code,
    human_name,
    text_at,
    texts_at,
)
from downtime.feeds.fhir.resource_reader import (
    Resource,
    ResourceReader,
    business_identifier,
    register_reader,
    resource_key,
)
from downtime.feeds.hl7.codes import BED_STATES
from downtime.feeds.model import Change, Operation, Value, bed_key

_GENDERS = frozenset(Gender)
_ENCOUNTER_STATUS = {
    **{status.value: status for status in EncounterStatus},
    "arrived": EncounterStatus.IN_PROGRESS,
    "triaged": EncounterStatus.IN_PROGRESS,
    "onleave": EncounterStatus.IN_PROGRESS,
}
_CLASSES = {
    "IMP": EncounterClass.INPATIENT,
    "ACUTE": EncounterClass.INPATIENT,
    "NONAC": EncounterClass.INPATIENT,
    "OBSENC": EncounterClass.INPATIENT,
    "EMER": EncounterClass.EMERGENCY,
    "AMB": EncounterClass.OUTPATIENT,
    "VR": EncounterClass.OUTPATIENT,
    "HH": EncounterClass.OUTPATIENT,
    "SS": EncounterClass.DAYCASE,
}
_APPOINTMENT_STATUS = {
    **{status.value: status for status in AppointmentStatus},
    "proposed": AppointmentStatus.BOOKED,
    "pending": AppointmentStatus.BOOKED,
    "waitlist": AppointmentStatus.BOOKED,
    "checked-in": AppointmentStatus.ARRIVED,
}
_MOST_PARENTS = 6
"""How far up a Location is followed; no hospital nests deeper, and a circle ends here."""


@register_reader(model.Patient)
def read_patient(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Patient: the person, and a merge when it says that another took its place."""
    numbers = reader.identifiers(resource)
    if not numbers:
        return []
    fields = reader.context.identity_fields(numbers) | _person_fields(reader, resource)
    changes = [reader.change(resource, "Patient", "", numbers, fields)]
    for link in elements_at(resource, "link"):
        other = reader.patient(element_at(link, "other"), resource)
        if text_at(link, "type") == "replaced-by" and other:
            changes.append(_read_merge(reader, resource, other, numbers))
        elif text_at(link, "type") == "replaces" and other:
            changes.append(_read_merge(reader, resource, numbers, other))
    return changes


def _read_merge(
    reader: ResourceReader,
    resource: Resource,
    surviving: tuple[Identifier, ...],
    merged: tuple[Identifier, ...],
) -> Change:
    return Change(
        type="Patient",
        source=reader.source(resource, "Patient"),
        key="",
        patient=surviving,
        event=reader.updated(resource),
        sent=reader.sent,
        operation=Operation.MERGE,
        merged=tuple(number for number in merged if number not in surviving),
        position=reader.position,
    )


def _person_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    zone = reader.context.zone
    if "name" in resource:
        fields["family"], fields["given"], fields["prefix"] = human_name(resource["name"])
    if born := text_at(resource, "birthDate"):
        fields["birth_date"], fields["birth_date_text"] = times.parse_date(born, zone), born
    if gender := text_at(resource, "gender"):
        fields["gender"] = gender if gender in _GENDERS else Gender.UNKNOWN
    died_at = reader.parse_time(text_at(resource, "deceasedDateTime"))
    if died_at or isinstance(resource.get("deceasedBoolean"), bool):
        fields["deceased"] = died_at or ("true" if resource.get("deceasedBoolean") else "")
    addresses = elements_at(resource, "address")
    home = next((item for item in addresses if text_at(item, "use") != "old"), None)
    if home:
        parts = [*texts_at(home, "line"), text_at(home, "city"), text_at(home, "district")]
        fields["address"] = ", ".join(p for p in parts if p) or text_at(home, "text")
        fields["postcode"] = text_at(home, "postalCode")
    contacts = elements_at(resource, "telecom")
    phones = (text_at(item, "value") for item in contacts if text_at(item, "system") == "phone")
    if phone := next((p for p in phones if p), ""):
        fields["phone"] = phone
    for doctor in elements_at(resource, "generalPractitioner"):
        if name := reader.name_of(doctor, resource):
            fields.setdefault("general_practitioner", name)
    return fields


@register_reader(model.Encounter)
def read_encounter(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Encounter: a stay, and where the patient is in it."""
    numbers = reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    visit = business_identifier(resource, "VN")
    values = {
        "visit_number": visit,
        "status": _ENCOUNTER_STATUS.get(text_at(resource, "status"), ""),
        "kind": _CLASSES.get(text_at(resource, "class", "code").upper(), ""),
        "specialty": concept_text(element_at(resource, "serviceType")),
        "reason": concept_texts(resource, "reasonCode"),
        "consultant": _attending_doctor(reader, resource),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    reader.add_time(fields, "started", text_at(resource, "period", "start"))
    reader.add_time(fields, "ended", text_at(resource, "period", "end"))
    fields.update(_current_place(reader, resource))
    return [reader.change(resource, "Encounter", visit or resource_key(resource), numbers, fields)]


def _attending_doctor(reader: ResourceReader, resource: Resource) -> str:
    for participant in elements_at(resource, "participant"):
        if all_codes(participant, "type") & {"ATND", "PPRF", "CON"}:
            return reader.name_of(element_at(participant, "individual"), resource)
    return ""


def _current_place(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """Ward, bay and bed of the active location; said as a whole."""
    places = list(elements_at(resource, "location"))
    active = [place for place in places if text_at(place, "status") in ("active", "")]
    for place in reversed(active):
        location = reader.resolve(element_at(place, "location"), resource)
        if location:
            ward, _, bay, bed = find_ward_and_bed(reader, location)
            if ward or bed:
                return {"ward": ward, "bay": bay, "bed": bed}
        if name := text_at(place, "location", "display"):
            return {"ward": name, "bay": "", "bed": ""}
    return {}


def find_ward_and_bed(reader: ResourceReader, location: Resource) -> tuple[str, str, str, str]:
    """Ward, the ward's name, bay and bed, going up from a Location to what it is part of."""
    labels = {"wa": "", "ro": "", "bd": ""}
    ward_name = ""
    for _ in range(_MOST_PARENTS):
        kind = first_code(element_at(location, "physicalType"))
        if kind in labels:
            name = text_at(location, "name")
            labels[kind] = (business_identifier(location) if kind == "wa" else "") or name
            ward_name = name if kind == "wa" else ward_name
        location = reader.resolve(element_at(location, "partOf"), location)
    return labels["wa"], ward_name, labels["ro"], labels["bd"]


@register_reader(model.Location)
def read_location(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Location: a bed, or a ward without its beds."""
    if first_code(element_at(resource, "physicalType")) not in ("bd", "wa"):
        return []
    ward, ward_name, bay, bed = find_ward_and_bed(reader, resource)
    state = BED_STATES.get(text_at(resource, "operationalStatus", "code").upper())
    if text_at(resource, "status") in ("suspended", "inactive"):
        state = state or BedStatus.CLOSED
    note = text_at(resource, "description")
    values = {"ward": ward, "ward_name": ward_name, "bay": bay, "bed": bed, "status": state}
    fields: dict[str, Value] = {k: v for k, v in {**values, "note": note}.items() if v}
    return [reader.change(resource, "Location", bed_key(ward, bay, bed), (), fields)]


@register_reader(model.Appointment)
def read_appointment(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Appointment of a patient; one without a patient is left out."""
    participants = list(elements_at(resource, "participant"))
    actors = [element_at(participant, "actor") for participant in participants]
    people = (_actor_patient(reader, actor, resource) for actor in actors)
    numbers = next((person for person in people if person), None)
    if not numbers:
        return []
    number = business_identifier(resource)
    description = text_at(resource, "description") or concept_texts(resource, "reasonCode")
    doctors = ("Practitioner", "PractitionerRole")
    fields: dict[str, Value] = {
        "status": _APPOINTMENT_STATUS.get(text_at(resource, "status"), ""),
        "number": number,
        "location": _actor_name(reader, actors, resource, ("Location", "HealthcareService")),
        "practitioner": _actor_name(reader, actors, resource, doctors),
        "specialty": concept_texts(resource, "specialty"),
        "description": description or concept_texts(resource, "serviceType"),
        "note": text_at(resource, "patientInstruction") or text_at(resource, "comment"),
    }
    reader.add_time(fields, "start", text_at(resource, "start"))
    fields["minutes"] = _minutes(reader, resource, str(fields.get("start", "")))
    fields["kind"] = reader.context.appointment_kind(reader.source(resource, "Appointment"))
    key = number or resource_key(resource)
    return [reader.change(resource, "Appointment", key, numbers, fields)]


def _minutes(reader: ResourceReader, resource: Resource, start: str) -> int:
    length = resource.get("minutesDuration")
    if isinstance(length, int) and not isinstance(length, bool):
        return length
    end = reader.parse_time(text_at(resource, "end"))
    return times.minutes_between(start, end)


def _actor_patient(
    reader: ResourceReader, actor: Any, resource: Resource
) -> tuple[Identifier, ...]:
    target = reader.resolve(actor, resource)
    kinds = (text_at(actor, "type"), text_at(target, "resourceType"))
    is_patient = "Patient" in kinds or "Patient/" in text_at(actor, "reference")
    return reader.patient(actor, resource) if is_patient else ()


def _actor_name(
    reader: ResourceReader, actors: list[Any], resource: Resource, kinds: tuple[str, ...]
) -> str:
    for actor in actors:
        target = reader.resolve(actor, resource)
        kind = text_at(target, "resourceType") or text_at(actor, "type")
        address = text_at(actor, "reference").split("/")
        if (kind or (address[-2] if len(address) > 1 else "")) in kinds:
            return reader.name_of(actor, resource)
    return ""

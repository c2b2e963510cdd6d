"""FHIR R4 Patient, Encounter, Location and Appointment to records.

What these leave out is 'not said': they meet what other feeds say of the same person, stay or bed.
An encounter's key is its visit number (identifier of type VN, else the first), else its id. Only a
Location that is a bed or a ward (physicalType `bd`, `wa`) is a place Downtime keeps.
"""

from typing import Any

from downtime.clinical.identifiers import MRN, NHS, Identifier
from downtime.feeds import times
from downtime.feeds.fhir.data_types import (
    element_at,
    first_code,
    all_codes,
    concept_text,
    concept_texts,
    elements_at,
    human_name,
    text_at,
    texts_at,
)
from downtime.feeds.fhir.references import (
    ResourceReader,
    resource_key,
    business_identifier,
    reference_name,
)
from downtime.feeds.model import Change, Value, bed_key

_ENCOUNTER_STATUS = {
    "planned": "planned",
    "arrived": "in-progress",
    "triaged": "in-progress",
    "in-progress": "in-progress",
    "onleave": "in-progress",
    "finished": "finished",
    "cancelled": "cancelled",
}
_CLASSES = {
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "OBSENC": "inpatient",
    "EMER": "emergency",
    "AMB": "outpatient",
    "VR": "outpatient",
    "HH": "outpatient",
    "SS": "daycase",
}
_BED_STATES = {
    "C": "closed",
    "H": "cleaning",
    "K": "cleaning",
    "I": "closed",
    "O": "occupied",
    "U": "available",
}
_APPOINTMENT_STATUS = {
    "proposed": "booked",
    "pending": "booked",
    "booked": "booked",
    "waitlist": "booked",
    "arrived": "arrived",
    "checked-in": "arrived",
    "fulfilled": "fulfilled",
    "cancelled": "cancelled",
    "noshow": "noshow",
}


def change(
    near: ResourceReader,
    resource: dict[str, Any],
    kind: str,
    key: str,
    patient: tuple[Identifier, ...],
    fields: dict[str, Value],
) -> Change:
    """A change of one resource; one that was 'entered in error' takes its record away."""
    wrong = text_at(resource, "status") == "entered-in-error"
    return Change(
        type=kind,
        source=near.source(resource, kind),
        key=key,
        patient=patient,
        fields={} if wrong else fields,
        event=near.updated(resource),
        sent=near.sent or near.updated(resource),
        operation="delete" if wrong else "set",
        position=near.position,
    )


def timed(near: ResourceReader, fields: dict[str, Value], name: str, words: str) -> None:
    """Sets a time and the source's own words of it, when it is one."""
    if value := times.parse_time(words, near.context.zone):
        fields[name] = value
        fields[f"{name}_text"] = words


def read_patient(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """Patient: the person, and a merge when it says that another took its place."""
    numbers = near.identifiers(resource)
    if not numbers:
        return []
    fields: dict[str, Value] = {"identifiers": tuple(str(number) for number in numbers)}
    for number in numbers:
        if number.type == NHS:
            fields.setdefault("nhs_number", number.value)
        elif number.type == MRN and number.authority == near.context.authority:
            fields.setdefault("mrn", number.value)
    _person(near, resource, fields)
    said = [change(near, resource, "Patient", "", numbers, fields)]
    for link in elements_at(resource, "link"):
        other = near.patient(element_at(link, "other"), resource)
        if text_at(link, "type") == "replaced-by" and other:
            said.append(_merge(near, resource, other, numbers))
        elif text_at(link, "type") == "replaces" and other:
            said.append(_merge(near, resource, numbers, other))
    return said


def _merge(
    near: ResourceReader,
    resource: dict[str, Any],
    kept: tuple[Identifier, ...],
    gone: tuple[Identifier, ...],
) -> Change:
    return Change(
        type="Patient",
        source=near.source(resource, "Patient"),
        key="",
        patient=kept,
        event=near.updated(resource),
        sent=near.sent,
        operation="merge",
        merged=tuple(number for number in gone if number not in kept),
        position=near.position,
    )


def _person(near: ResourceReader, resource: dict[str, Any], fields: dict[str, Value]) -> None:
    if "name" in resource:
        fields["family"], fields["given"], fields["prefix"] = human_name(resource["name"])
    if born := text_at(resource, "birthDate"):
        fields["birth_date"], fields["birth_date_text"] = (
            times.parse_date(born, near.context.zone),
            born,
        )
    if gender := text_at(resource, "gender"):
        known = ("male", "female", "other")
        fields["gender"] = gender if gender in known else "unknown"
    died = times.parse_time(text_at(resource, "deceasedDateTime"), near.context.zone)
    if died or isinstance(resource.get("deceasedBoolean"), bool):
        fields["deceased"] = died or ("true" if resource.get("deceasedBoolean") else "")
    home = next((a for a in elements_at(resource, "address") if text_at(a, "use") != "old"), None)
    if home:
        parts = [*texts_at(home, "line"), text_at(home, "city"), text_at(home, "district")]
        fields["address"] = ", ".join(p for p in parts if p) or text_at(home, "text")
        fields["postcode"] = text_at(home, "postalCode")
    phones = (
        text_at(t, "value")
        for t in elements_at(resource, "telecom")
        if text_at(t, "system") == "phone"
    )
    if phone := next((p for p in phones if p), ""):
        fields["phone"] = phone
    for doctor in elements_at(resource, "generalPractitioner"):
        if called := reference_name(near, doctor, resource):
            fields.setdefault("general_practitioner", called)


def read_encounter(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """Encounter: a stay, and where the patient is in it."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    visit = business_identifier(resource, "VN")
    fields: dict[str, Value] = {}
    said = {
        "visit_number": visit,
        "status": _ENCOUNTER_STATUS.get(text_at(resource, "status"), ""),
        "kind": _CLASSES.get(text_at(resource, "class", "code").upper(), ""),
        "specialty": concept_text(element_at(resource, "serviceType")),
        "reason": concept_texts(resource, "reasonCode"),
        "consultant": _attending(near, resource),
    }
    fields.update({field: value for field, value in said.items() if value})
    timed(near, fields, "started", text_at(resource, "period", "start"))
    timed(near, fields, "ended", text_at(resource, "period", "end"))
    fields.update(_place(near, resource))
    return [change(near, resource, "Encounter", visit or resource_key(resource), numbers, fields)]


def _attending(near: ResourceReader, resource: dict[str, Any]) -> str:
    for participant in elements_at(resource, "participant"):
        if all_codes(participant, "type") & {"ATND", "PPRF", "CON"}:
            return reference_name(near, element_at(participant, "individual"), resource)
    return ""


def _place(near: ResourceReader, resource: dict[str, Any]) -> dict[str, Value]:
    """Ward, bay and bed of the active location; said as a whole."""
    places = list(elements_at(resource, "location"))
    active = [p for p in places if text_at(p, "status") in ("active", "")]
    for place in reversed(active):
        found = near.resolve(element_at(place, "location"), resource)
        if found:
            ward, _, bay, bed = bed_place(near, found)
            if ward or bed:
                return {"ward": ward, "bay": bay, "bed": bed}
        if called := text_at(place, "location", "display"):
            return {"ward": called, "bay": "", "bed": ""}
    return {}


def bed_place(near: ResourceReader, location: dict[str, Any]) -> tuple[str, str, str, str]:
    """Ward, the ward's name, bay and bed, going up from a Location to what it is part of."""
    found = {"wa": "", "ro": "", "bd": ""}
    ward_name = ""
    for _ in range(6):
        kind = first_code(element_at(location, "physicalType"))
        if kind in found:
            label = text_at(location, "name")
            found[kind] = (business_identifier(location) if kind == "wa" else "") or label
            ward_name = label if kind == "wa" else ward_name
        location = near.resolve(element_at(location, "partOf"), location)
    return found["wa"], ward_name, found["ro"], found["bd"]


def read_location(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """Location: a bed, or a ward without its beds."""
    if first_code(element_at(resource, "physicalType")) not in ("bd", "wa"):
        return []
    ward, ward_name, bay, bed = bed_place(near, resource)
    state = _BED_STATES.get(text_at(resource, "operationalStatus", "code").upper(), "")
    if text_at(resource, "status") in ("suspended", "inactive"):
        state = state or "closed"
    said = {"ward": ward, "ward_name": ward_name, "bay": bay, "bed": bed, "status": state}
    said["note"] = text_at(resource, "description")
    fields: dict[str, Value] = {field: value for field, value in said.items() if value}
    return [change(near, resource, "Location", bed_key(ward, bay, bed), (), fields)]


def read_appointment(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """Appointment: of a patient; one without a patient is nobody's."""
    participants = list(elements_at(resource, "participant"))
    actors = [element_at(participant, "actor") for participant in participants]
    people = [numbers for actor in actors if (numbers := _actor_patient(near, actor, resource))]
    if not people:
        return []
    number = business_identifier(resource)
    description = text_at(resource, "description") or concept_texts(resource, "reasonCode")
    fields: dict[str, Value] = {
        "status": _APPOINTMENT_STATUS.get(text_at(resource, "status"), ""),
        "number": number,
        "location": _actor_name(near, actors, resource, ("Location", "HealthcareService")),
        "practitioner": _actor_name(near, actors, resource, ("Practitioner", "PractitionerRole")),
        "specialty": concept_texts(resource, "specialty"),
        "description": description or concept_texts(resource, "serviceType"),
        "note": text_at(resource, "patientInstruction") or text_at(resource, "comment"),
    }
    timed(near, fields, "start", text_at(resource, "start"))
    end = times.parse_time(text_at(resource, "end"), near.context.zone)
    length = resource.get("minutesDuration")
    fields["minutes"] = (
        length
        if isinstance(length, int) and not isinstance(length, bool)
        else times.minutes_between(str(fields.get("start", "")), end)
    )
    said = change(
        near, resource, "Appointment", number or resource_key(resource), people[0], fields
    )
    theatre = said.source == near.context.theatres
    if said.operation == "set":
        fields["kind"] = "theatre" if theatre else "clinic"
    return [said]


def _actor_patient(
    near: ResourceReader, actor: Any, resource: dict[str, Any]
) -> tuple[Identifier, ...]:
    kinds = (text_at(actor, "type"), text_at(near.resolve(actor, resource), "resourceType"))
    is_patient = "Patient" in kinds or "Patient/" in text_at(actor, "reference")
    return near.patient(actor, resource) if is_patient else ()


def _actor_name(
    near: ResourceReader, actors: list[Any], resource: dict[str, Any], kinds: tuple[str, ...]
) -> str:
    for actor in actors:
        found = text_at(near.resolve(actor, resource), "resourceType") or text_at(actor, "type")
        address = text_at(actor, "reference").split("/")
        if (found or (address[-2] if len(address) > 1 else "")) in kinds:
            return reference_name(near, actor, resource)
    return ""

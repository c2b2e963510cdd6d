"""FHIR R4 Patient, Encounter, Location and Appointment to records.

What these leave out is 'not said': they meet what other feeds say of the same person, stay or bed.
An encounter's key is its visit number (identifier of type VN, else the first), else its id. Only a
Location that is a bed or a ward (physicalType `bd`, `wa`) is a place Downtime keeps.
"""

from typing import Any

from downtime.clinical.identifiers import MRN, NHS, Identifier
from downtime.feeds import times
from downtime.feeds.fhir.data_types import (
    at,
    code,
    codes,
    concept,
    concepts,
    each,
    name,
    text,
    texts,
)
from downtime.feeds.fhir.references import Surroundings, key_of, number_of, reference_name
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
    near: Surroundings,
    resource: dict[str, Any],
    kind: str,
    key: str,
    patient: tuple[Identifier, ...],
    fields: dict[str, Value],
) -> Change:
    """A change of one resource; one that was 'entered in error' takes its record away."""
    wrong = text(resource, "status") == "entered-in-error"
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


def timed(near: Surroundings, fields: dict[str, Value], name: str, words: str) -> None:
    """Sets a time and the source's own words of it, when it is one."""
    if value := times.stored(words, near.context.zone):
        fields[name] = value
        fields[f"{name}_text"] = words


def patients(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
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
    for link in each(resource, "link"):
        other = near.patient(at(link, "other"), resource)
        if text(link, "type") == "replaced-by" and other:
            said.append(_merge(near, resource, other, numbers))
        elif text(link, "type") == "replaces" and other:
            said.append(_merge(near, resource, numbers, other))
    return said


def _merge(
    near: Surroundings,
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


def _person(near: Surroundings, resource: dict[str, Any], fields: dict[str, Value]) -> None:
    if "name" in resource:
        fields["family"], fields["given"], fields["prefix"] = name(resource["name"])
    if born := text(resource, "birthDate"):
        fields["birth_date"], fields["birth_date_text"] = times.day(born, near.context.zone), born
    if gender := text(resource, "gender"):
        known = ("male", "female", "other")
        fields["gender"] = gender if gender in known else "unknown"
    died = times.stored(text(resource, "deceasedDateTime"), near.context.zone)
    if died or isinstance(resource.get("deceasedBoolean"), bool):
        fields["deceased"] = died or ("true" if resource.get("deceasedBoolean") else "")
    home = next((a for a in each(resource, "address") if text(a, "use") != "old"), None)
    if home:
        parts = [*texts(home, "line"), text(home, "city"), text(home, "district")]
        fields["address"] = ", ".join(p for p in parts if p) or text(home, "text")
        fields["postcode"] = text(home, "postalCode")
    phones = (text(t, "value") for t in each(resource, "telecom") if text(t, "system") == "phone")
    if phone := next((p for p in phones if p), ""):
        fields["phone"] = phone
    for doctor in each(resource, "generalPractitioner"):
        if called := reference_name(near, doctor, resource):
            fields.setdefault("general_practitioner", called)


def encounters(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """Encounter: a stay, and where the patient is in it."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    visit = number_of(resource, "VN")
    fields: dict[str, Value] = {}
    said = {
        "visit_number": visit,
        "status": _ENCOUNTER_STATUS.get(text(resource, "status"), ""),
        "kind": _CLASSES.get(text(resource, "class", "code").upper(), ""),
        "specialty": concept(at(resource, "serviceType")),
        "reason": concepts(resource, "reasonCode"),
        "consultant": _attending(near, resource),
    }
    fields.update({field: value for field, value in said.items() if value})
    timed(near, fields, "started", text(resource, "period", "start"))
    timed(near, fields, "ended", text(resource, "period", "end"))
    fields.update(_place(near, resource))
    return [change(near, resource, "Encounter", visit or key_of(resource), numbers, fields)]


def _attending(near: Surroundings, resource: dict[str, Any]) -> str:
    for participant in each(resource, "participant"):
        if codes(participant, "type") & {"ATND", "PPRF", "CON"}:
            return reference_name(near, at(participant, "individual"), resource)
    return ""


def _place(near: Surroundings, resource: dict[str, Any]) -> dict[str, Value]:
    """Ward, bay and bed of the active location; said as a whole."""
    places = list(each(resource, "location"))
    active = [p for p in places if text(p, "status") in ("active", "")]
    for place in reversed(active):
        found = near.resolve(at(place, "location"), resource)
        if found:
            ward, _, bay, bed = bed_of(near, found)
            if ward or bed:
                return {"ward": ward, "bay": bay, "bed": bed}
        if called := text(place, "location", "display"):
            return {"ward": called, "bay": "", "bed": ""}
    return {}


def bed_of(near: Surroundings, location: dict[str, Any]) -> tuple[str, str, str, str]:
    """Ward, the ward's name, bay and bed, going up from a Location to what it is part of."""
    found = {"wa": "", "ro": "", "bd": ""}
    ward_name = ""
    for _ in range(6):
        kind = code(at(location, "physicalType"))
        if kind in found:
            label = text(location, "name")
            found[kind] = (number_of(location) if kind == "wa" else "") or label
            ward_name = label if kind == "wa" else ward_name
        location = near.resolve(at(location, "partOf"), location)
    return found["wa"], ward_name, found["ro"], found["bd"]


def locations(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """Location: a bed, or a ward without its beds."""
    if code(at(resource, "physicalType")) not in ("bd", "wa"):
        return []
    ward, ward_name, bay, bed = bed_of(near, resource)
    state = _BED_STATES.get(text(resource, "operationalStatus", "code").upper(), "")
    if text(resource, "status") in ("suspended", "inactive"):
        state = state or "closed"
    said = {"ward": ward, "ward_name": ward_name, "bay": bay, "bed": bed, "status": state}
    said["note"] = text(resource, "description")
    fields: dict[str, Value] = {field: value for field, value in said.items() if value}
    return [change(near, resource, "Location", bed_key(ward, bay, bed), (), fields)]


def appointments(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """Appointment: of a patient; one without a patient is nobody's."""
    participants = list(each(resource, "participant"))
    actors = [at(participant, "actor") for participant in participants]
    people = [numbers for actor in actors if (numbers := _actor_patient(near, actor, resource))]
    if not people:
        return []
    number = number_of(resource)
    description = text(resource, "description") or concepts(resource, "reasonCode")
    fields: dict[str, Value] = {
        "status": _APPOINTMENT_STATUS.get(text(resource, "status"), ""),
        "number": number,
        "location": _actor_name(near, actors, resource, ("Location", "HealthcareService")),
        "practitioner": _actor_name(near, actors, resource, ("Practitioner", "PractitionerRole")),
        "specialty": concepts(resource, "specialty"),
        "description": description or concepts(resource, "serviceType"),
        "note": text(resource, "patientInstruction") or text(resource, "comment"),
    }
    timed(near, fields, "start", text(resource, "start"))
    end = times.stored(text(resource, "end"), near.context.zone)
    length = resource.get("minutesDuration")
    fields["minutes"] = (
        length
        if isinstance(length, int) and not isinstance(length, bool)
        else times.minutes_between(str(fields.get("start", "")), end)
    )
    said = change(near, resource, "Appointment", number or key_of(resource), people[0], fields)
    theatre = said.source == near.context.theatres
    if said.operation == "set":
        fields["kind"] = "theatre" if theatre else "clinic"
    return [said]


def _actor_patient(
    near: Surroundings, actor: Any, resource: dict[str, Any]
) -> tuple[Identifier, ...]:
    kinds = (text(actor, "type"), text(near.resolve(actor, resource), "resourceType"))
    is_patient = "Patient" in kinds or "Patient/" in text(actor, "reference")
    return near.patient(actor, resource) if is_patient else ()


def _actor_name(
    near: Surroundings, actors: list[Any], resource: dict[str, Any], kinds: tuple[str, ...]
) -> str:
    for actor in actors:
        found = text(near.resolve(actor, resource), "resourceType") or text(actor, "type")
        address = text(actor, "reference").split("/")
        if (found or (address[-2] if len(address) > 1 else "")) in kinds:
            return reference_name(near, actor, resource)
    return ""

"""Who a returned resource is about: a reference by number, a new registration, a merge. Pure.

A known patient is a conditional reference (FHIR R4, 3.1.0.11.2): a receiver that finds none, or
two, refuses the transaction, so nothing can be filed to the wrong person or to a second record.
"""

from dataclasses import dataclass
from typing import Any

from downtime.entry.facts import Person
from downtime.returns.fhir.datatypes import Json, identifier, identifier_search, urn, without_empty
from downtime.returns.fhir.target import NHS, FhirTarget


@dataclass(frozen=True, slots=True)
class PatientReference:
    """How resources refer to a patient, and the entry that registers one who is not there yet."""

    reference: Json
    entry: Json | None = None


def list_numbers(person: Person, names: FhirTarget) -> list[tuple[str, str]]:
    """Each number of a person with its system, the one to find them by first."""
    held = (
        (names.hospital_number, person.mrn),
        (NHS, person.nhs_number),
        (names.downtime_number, person.downtime_number),
    )
    return [(system, value) for system, value in held if value]


def reference_patient(person: Person, names: FhirTarget, *, register: bool) -> PatientReference:
    """A known patient by number; with `register`, one who is created unless that number exists.

    A person without any number is nobody: the decision to return such an item is refused earlier.
    """
    system, value = list_numbers(person, names)[0]
    search = identifier_search(system, value)
    if not register:
        return PatientReference({"reference": f"Patient?{search}"})
    url = urn("Patient", system, value)
    request = {"method": "POST", "url": "Patient", "ifNoneExist": search}
    return PatientReference(
        {"reference": url},
        {"fullUrl": url, "resource": build_patient(person, names), "request": request},
    )


def build_patient(person: Person, names: FhirTarget) -> Json:
    """The Patient as paper knows them; nobody is called by a name that was not written."""
    name = without_empty(
        {
            "family": person.family,
            "given": [person.given] if person.given else [],
            "prefix": [person.prefix] if person.prefix else [],
        }
    )
    address = without_empty(
        {"line": [person.address] if person.address else [], "postalCode": person.postcode}
    )
    gp = person.general_practitioner
    return without_empty(
        {
            "resourceType": "Patient",
            "meta": meta("Patient", names),
            "identifier": [identifier(*number) for number in list_numbers(person, names)],
            "active": True,
            "name": [name or {"text": "UNKNOWN"}],
            "telecom": [{"system": "phone", "value": person.phone}] if person.phone else [],
            "gender": person.gender,
            "birthDate": person.birth_date,
            "address": [address] if address else [],
            "generalPractitioner": [{"display": gp}] if gp else [],
        }
    )


def merge_entry(
    temporary: Person, surviving: Person, names: FhirTarget, *, undo: bool = False
) -> Json:
    """The entry that retires a downtime number's record in favour of the patient's own.

    A conditional update of the temporary record alone: the surviving one is only pointed at, and
    a replay writes the same again. With `undo` the record stands by itself once more.
    """
    number = (names.downtime_number, temporary.downtime_number)
    resource = build_patient(temporary, names)
    if not undo:
        other = {"reference": f"Patient?{identifier_search(*list_numbers(surviving, names)[0])}"}
        resource |= {"active": False, "link": [{"other": other, "type": "replaced-by"}]}
    return {
        "fullUrl": urn("Patient", *number),
        "resource": resource,
        "request": {"method": "PUT", "url": f"Patient?{identifier_search(*number)}"},
    }


def meta(kind: str, names: FhirTarget, **more: Any) -> Json:
    """The profile that a site asks for, if any."""
    profile = names.profiles.get(kind, "")
    return without_empty({"profile": [profile] if profile else [], **more})

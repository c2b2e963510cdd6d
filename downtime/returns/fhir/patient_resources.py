"""The patient in a bundle: by reference, as a record made for them, or as a merge. Pure.

A known patient is a conditional reference (FHIR R4, 3.1.0.11.2): a receiver that finds none, or two,
refuses the transaction, so nothing can be filed to the wrong person or to a second record.
"""

from dataclasses import dataclass

from downtime.entry.facts import PaperPerson
from downtime.returns.fhir.datatypes import (
    Json,
    as_list,
    display_reference,
    drop_empty_elements,
    identifier,
    identifier_search,
    urn,
)
from downtime.returns.fhir.target import NHS, FhirTarget, profile_meta


@dataclass(frozen=True, slots=True)
class PatientReference:
    """How resources refer to a patient, and the entry that registers one who is not there yet."""

    reference: Json
    entry: Json | None = None


def list_numbers(person: PaperPerson, target: FhirTarget) -> list[tuple[str, str]]:
    """Each number of a person with its system, the one to find them by first."""
    numbers = (
        (target.hospital_number, person.mrn),
        (NHS, person.nhs_number),
        (target.downtime_number, person.downtime_number),
    )
    return [(system, value) for system, value in numbers if value]


def reference_patient(
    person: PaperPerson, target: FhirTarget, *, register: bool
) -> PatientReference:
    """A known patient by number; with `register`, one who is created unless that number exists.

    A person without any number is nobody: the decision to return such an item is refused earlier.
    """
    number = list_numbers(person, target)[0]
    search = identifier_search(*number)
    if not register:
        return PatientReference({"reference": f"Patient?{search}"})
    url = urn("Patient", *number)
    request = {"method": "POST", "url": "Patient", "ifNoneExist": search}
    entry = {"fullUrl": url, "resource": build_patient(person, target), "request": request}
    return PatientReference({"reference": url}, entry)


def build_patient(person: PaperPerson, target: FhirTarget) -> Json:
    """The Patient as paper knows them; nobody is called by a name that was not written."""
    name = {
        "family": person.family,
        "given": [person.given] if person.given else [],
        "prefix": [person.prefix] if person.prefix else [],
    }
    address = {
        "line": [person.address] if person.address else [],
        "postalCode": person.postcode,
    }
    return drop_empty_elements(
        {
            "resourceType": "Patient",
            "meta": profile_meta("Patient", target),
            "identifier": [identifier(*number) for number in list_numbers(person, target)],
            "active": True,
            "name": [drop_empty_elements(name) or {"text": "UNKNOWN"}],
            "telecom": [{"system": "phone", "value": person.phone}] if person.phone else [],
            "gender": person.gender,
            "birthDate": person.birth_date,
            "address": as_list(drop_empty_elements(address)),
            "generalPractitioner": as_list(display_reference(person.general_practitioner)),
        }
    )


def merge_entry(
    temporary: PaperPerson, surviving: PaperPerson, target: FhirTarget, *, undo: bool = False
) -> Json:
    """The entry that retires a downtime number's record in favour of the patient's own.

    A conditional update of the temporary record alone: the surviving one is only pointed at, and
    a replay writes the same again. With `undo` the record stands by itself once more.
    """
    number = (target.downtime_number, temporary.downtime_number)
    resource = build_patient(temporary, target)
    if not undo:
        other = reference_patient(surviving, target, register=False).reference
        resource |= {"active": False, "link": [{"other": other, "type": "replaced-by"}]}
    return {
        "fullUrl": urn("Patient", *number),
        "resource": resource,
        "request": {"method": "PUT", "url": f"Patient?{identifier_search(*number)}"},
    }

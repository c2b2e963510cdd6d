"""Whom a laboratory speaks of: a number and something else that must both be right."""

from datetime import date

from downtime.clinical.model import Patient
from downtime.errors import InputError, NotFoundError
from downtime.outage.events.hospital_now import HospitalNow
from downtime.snapshot import search_terms


def find_by_two_identifiers(
    hospital: HospitalNow, number: str, second: str, today: date
) -> Patient:
    """The one patient with this exact number and this date of birth or surname.

    InputError when either is missing. NotFoundError when nobody has both; it does not say which of
    the two is wrong, so that nobody takes the nearest patient.
    """
    if not number.strip() or not second.strip():
        raise InputError(
            "laboratory.two",
            "Two identifiers are needed.",
            "Ask for a number, and the date of birth or surname.",
        )
    patient = _find_owner(hospital, number.strip())
    if patient is None or not _agrees(patient, second, today):
        raise NotFoundError(
            "laboratory.nobody",
            "No patient has both that number and that date of birth or surname.",
            "Ask the caller to read both again; take the result for nobody else.",
        )
    return patient


def _find_owner(hospital: HospitalNow, number: str) -> Patient | None:
    if person := hospital.find_by_number(number):
        return person.patient
    return hospital.snapshot.find_patient_by_identifier(number) if hospital.snapshot else None


def _agrees(patient: Patient, second: str, today: date) -> bool:
    born = f"dob{patient.birth_date[:10].replace('-', '')}" if patient.birth_date else ""
    alternatives = [word for group in search_terms.parse_query(second, today) for word in group]
    if born and born in alternatives:
        return True
    family = search_terms.compact_text(patient.family)
    return bool(family) and search_terms.compact_text(second.partition(",")[0]) == family

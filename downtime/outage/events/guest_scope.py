"""How far somebody goes who was let in by break-glass: their ward as staff say it is now, or their patient."""

from downtime.accounts.break_glass.model import BreakGlassAccess
from downtime.accounts.break_glass.policies import check_can_record
from downtime.accounts.break_glass.review_access import find_running
from downtime.errors import ForbiddenError, InputError
from downtime.outage.events.hospital_now import HospitalNow
from downtime.snapshot.model import PatientRow
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def check_scope_exists(hospital: HospitalNow, ward: str, patient: str) -> None:
    """InputError for a ward that nobody knows; NotFoundError for a patient who is not there."""
    if patient:
        hospital.get_person(patient)
    elif ward not in hospital.list_wards():
        raise InputError(
            "break-glass.ward",
            "There is no such ward in the hospital as it is known here.",
            "Choose one of the list.",
        )


def check_ward(access: BreakGlassAccess, ward: str) -> None:
    """ForbiddenError unless an access is for this ward."""
    if not access.ward or ward != access.ward:
        raise make_refusal(access)


def check_patient(access: BreakGlassAccess, hospital: HospitalNow, patient: str) -> None:
    """ForbiddenError unless it is for this patient, or for the ward on which the patient is now."""
    stay = hospital.find_stay(patient) if access.ward else None
    is_on_ward = stay is not None and stay.ward == access.ward
    if not is_on_ward and (not access.patient or patient != access.patient):
        raise make_refusal(access)


def list_people(access: BreakGlassAccess, hospital: HospitalNow) -> list[PatientRow]:
    """Whom somebody may find: their patient, or who is on their ward now."""
    if access.patient:
        return [hospital.find_row(access.patient)]
    return hospital.list_stays(access.ward)


def check_people_of_event(
    vault: Vault, hospital: HospitalNow, actor: Actor, people: tuple[str, ...]
) -> None:
    """ForbiddenError when a guest records anything that is not about patients within their access."""
    access = find_running(vault, actor.id)
    if access is None:
        return
    check_can_record(access)
    named = [patient for patient in people if patient]
    if not named:
        raise make_refusal(access)
    for patient in named:
        check_patient(access, hospital, patient)


def make_refusal(access: BreakGlassAccess) -> ForbiddenError:
    """What is beyond an access is refused with."""
    what = f"ward {access.ward}" if access.ward else "one patient"
    return ForbiddenError(
        "break-glass.scope",
        f"This break-glass access is for {what} only. That you tried is recorded.",
        "Ask whoever let you in: they can start another access for somebody else.",
    )

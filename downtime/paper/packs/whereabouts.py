"""Whether those whose paper is out are still on its ward. Unknown is not gone: whose system did not say where
they are keeps their pages."""

from downtime.clinical.model import Encounter, Patient
from downtime.paper.model import IssuedForm
from downtime.paper.packs.print_context import PrintContext


def is_same_person(patient: Patient, key: str, mrn: str, nhs_number: str, birth: str) -> bool:
    """Whether a patient is whom paper names, also where an earlier copy knew them by another id."""
    has_number = patient.mrn in {mrn} - {""} or patient.nhs_number in {nhs_number} - {""}
    return key == patient.id or (has_number and birth == patient.birth_date)


def is_of(form: IssuedForm, patient: Patient) -> bool:
    """Whether a form was printed for this patient."""
    who = form.subject
    return is_same_person(patient, who.patient, who.mrn, who.nhs_number, who.birth_date)


def has_left(context: PrintContext, form: IssuedForm) -> bool:
    """Whether the patient of a form is on its ward no more, as staff or the systems say.

    Who lay on no ward when it was printed has left none by being on one now.
    """
    if (stay := _find_stay(context, form)) is not None:
        return form.ward not in ("", stay.ward)
    stays = context.view.snapshot.find_availability(Encounter.__name__)
    return form.patient in context.hospital.changes or stays.is_known


def is_lost_sight_of(context: PrintContext, form: IssuedForm) -> bool:
    """Whether nobody says where the patient of a ward's form is: it stays where it is."""
    is_of_somebody = bool(form.patient and form.ward)
    return is_of_somebody and _find_stay(context, form) is None and not has_left(context, form)


def word_bed(context: PrintContext, form: IssuedForm) -> str:
    """In which bed the patient of a form is; of paper for no ward, on which ward too, if on any."""
    stay = _find_stay(context, form)
    if not form.ward:
        return f"{stay.ward} {stay.bed}".strip() if stay is not None else ""
    if has_left(context, form):
        return "Left"
    return stay.bed if stay is not None else ""


def _find_stay(context: PrintContext, form: IssuedForm) -> Encounter | None:
    hospital = context.hospital
    if stay := hospital.find_stay(form.patient):
        return stay
    rows = hospital.list_stays(form.ward) if form.ward else []
    return next((row.encounter for row in rows if is_of(form, row.patient)), None)

"""In which order forms are keyed: who people are first, appointments last.

Source: the order of recovery that NHS and US downtime procedures share, written out in
docs/recovery.md. It is read from a form's record and system, so that a hospital's own form has
its place too.
"""

from downtime.paper.forms.model import FormDefinition
from downtime.settings import Settings

RANKS = (
    "Identity and registration",
    "Admissions, transfers, discharges",
    "Allergies and alerts",
    "Requests",
    "Results",
    "Medicines and transfusion",
    "Observations",
    "Documents",
    "Appointments and theatres",
)
_RECORDS = {
    "Patient": 0,
    "Encounter": 1,
    "AllergyIntolerance": 2,
    "Flag": 2,
    "ServiceRequest": 3,
    "DiagnosticReport": 4,
    "MedicationAdministration": 5,
    "MedicationRequest": 5,
    "Appointment": 8,
}


def keying_rank(form: FormDefinition, settings: Settings) -> int:
    """The place in RANKS of a form."""
    holders = settings.systems.records
    if form.record == "Encounter" and _registers(form):
        return 0
    if form.record in _RECORDS:
        return _RECORDS[form.record]
    if form.record == "Observation":
        return 6 if form.system == holders.get("AllergyIntolerance") else 4
    return _document(form, holders.get("Patient", ""), holders.get("ServiceRequest", ""))


def _registers(form: FormDefinition) -> bool:
    return any(item.maps == "Patient.family" for item in form.fields())


def _document(form: FormDefinition, patients: str, laboratory: str) -> int:
    """A document that is keyed all the same: a register of numbers, a move, the fate of blood."""
    if form.policy == "scan":
        return 7
    if form.system == patients:
        return 1 if form.identity else 0
    return 5 if form.system == laboratory else 7

"""The allergies in the banner of a patient, wherever it stands: the worst ones first."""

from downtime.clinical.model import Patient
from downtime.snapshot.model import AllergySummary
from downtime.web import request_context

FIRST_ALLERGIES = 3
"""So many stand in the banner; the others on the patient's page below it."""


def list_allergies_shown(patient: Patient) -> AllergySummary:
    """What the snapshot says; without one nothing is said but that they are unavailable."""
    snapshot = request_context.snapshot_or_none()
    if snapshot is None:
        return AllergySummary("Allergies unavailable", [])
    return snapshot.summarise_allergies(patient.id)

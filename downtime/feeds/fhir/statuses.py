"""Status words of FHIR R4 and R5 to those of the records, one table a resource.

A word that stands in no table is a finding; the record's status is then empty, 'not said', so that
nothing that stands is hidden for it.
"""

from collections.abc import Mapping

from downtime.clinical.history import DocumentStatus
from downtime.clinical.model import (
    AdministrationStatus,
    AppointmentStatus,
    ClinicalStatus,
    DiagnosticReportStatus,
    EncounterStatus,
    ImmunizationStatus,
    MedicationRequestStatus,
    RequestStage,
)

_NOT_SAID = {"unknown": ""}

ENCOUNTER: Mapping[str, str] = {
    **{status.value: status for status in EncounterStatus},
    "arrived": EncounterStatus.IN_PROGRESS,
    "triaged": EncounterStatus.IN_PROGRESS,
    "onleave": EncounterStatus.IN_PROGRESS,
    "on-hold": EncounterStatus.IN_PROGRESS,
    "discharged": EncounterStatus.FINISHED,
    "completed": EncounterStatus.FINISHED,
    "discontinued": EncounterStatus.FINISHED,
    **_NOT_SAID,
}
APPOINTMENT: Mapping[str, str] = {
    **{status.value: status for status in AppointmentStatus},
    "proposed": AppointmentStatus.BOOKED,
    "pending": AppointmentStatus.BOOKED,
    "waitlist": AppointmentStatus.BOOKED,
    "checked-in": AppointmentStatus.ARRIVED,
}
REQUEST: Mapping[str, str] = {
    "draft": RequestStage.REQUESTED,
    "active": RequestStage.REQUESTED,
    "on-hold": RequestStage.REQUESTED,
    "completed": RequestStage.RESULTED,
    "ended": RequestStage.CANCELLED,
    "revoked": RequestStage.CANCELLED,
    **_NOT_SAID,
}
REPORT: Mapping[str, str] = {
    **{status.value: status for status in DiagnosticReportStatus},
    "modified": DiagnosticReportStatus.PRELIMINARY,
    "appended": DiagnosticReportStatus.AMENDED,
    **_NOT_SAID,
}
OBSERVATION: Mapping[str, str] = {
    **{status.value: status for status in DiagnosticReportStatus},
    "specimen-in-process": DiagnosticReportStatus.REGISTERED,
    "amended": DiagnosticReportStatus.CORRECTED,
    "appended": DiagnosticReportStatus.AMENDED,
    **_NOT_SAID,
}
CLINICAL: Mapping[str, str] = {
    **{status.value: status for status in ClinicalStatus},
    "recurrence": "recurrence",
    "relapse": "relapse",
    "remission": "remission",
    **_NOT_SAID,
}
MEDICATION_REQUEST: Mapping[str, str] = {
    **{status.value: status for status in MedicationRequestStatus},
    "draft": "draft",
    "ended": MedicationRequestStatus.COMPLETED,
    **_NOT_SAID,
}
ADMINISTRATION: Mapping[str, str] = {
    "completed": AdministrationStatus.ADMINISTERED,
    "in-progress": AdministrationStatus.ADMINISTERED,
    "stopped": AdministrationStatus.ADMINISTERED,
    "not-done": AdministrationStatus.NOT_GIVEN,
    "on-hold": "",
    **_NOT_SAID,
}
"""What was stopped had begun, so it counts as given."""
IMMUNIZATION: Mapping[str, str] = {status.value: status for status in ImmunizationStatus}
DOCUMENT: Mapping[str, str] = {
    **{status.value: status for status in DocumentStatus},
    "final": DocumentStatus.CURRENT,
    "amended": DocumentStatus.CURRENT,
    "corrected": DocumentStatus.CURRENT,
    "appended": DocumentStatus.CURRENT,
    "registered": DocumentStatus.CURRENT,
    "partial": DocumentStatus.CURRENT,
    "preliminary": DocumentStatus.CURRENT,
    "cancelled": DocumentStatus.SUPERSEDED,
    "deprecated": DocumentStatus.SUPERSEDED,
    **_NOT_SAID,
}
"""Of DocumentReference and of Composition."""

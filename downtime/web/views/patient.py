"""One patient: banner, allergies, alerts, medicines, requests, results, registered sections."""

from functools import partial
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.clinical.blood_group import list_blood_results, list_requirements
from downtime.clinical.display import describe_possible_dose
from downtime.clinical.doses import (
    TIME_CRITICAL,
    list_last_day,
    list_patient_doses,
)
from downtime.clinical.model import (
    DiagnosticReportStatus,
    MedicationAdministration,
    RequestStage,
)
from downtime.clinical.record_types import RECORD_TYPES
from downtime.clinical.trends import draw_line, list_texts, list_trends
from downtime.outage.events.registered_people import RegisteredPerson
from downtime.paper.forms.medicine_words import NOT_CERTAIN
from downtime.paper.labels.model import LABEL_SHEETS
from downtime.paper.mutual_aid.receive_document import list_of_arrival
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.printing import group_patient_forms

blueprint = Blueprint("patient", __name__)

WAITING_SHOWN = 4
"""So many tests without a result stand at the top of the page; the others in the table of requests."""
STAGE_COLOURS: dict[str, str] = {
    RequestStage.REQUESTED: "tag-amber",
    RequestStage.COLLECTED: "tag-amber",
    RequestStage.RECEIVED: "tag-blue",
    RequestStage.IN_PROGRESS: "tag-blue",
    RequestStage.RESULTED: "tag-green",
}
REPORT_COLOURS: dict[str, str] = {
    DiagnosticReportStatus.REGISTERED: "tag-amber",
    DiagnosticReportStatus.PARTIAL: "tag-amber",
    DiagnosticReportStatus.PRELIMINARY: "tag-amber",
    DiagnosticReportStatus.FINAL: "tag-green",
    DiagnosticReportStatus.AMENDED: "tag-red",
    DiagnosticReportStatus.CORRECTED: "tag-red",
}


def stage_colour(stage: str) -> str:
    """The colour of a request's stage; the word always stands in it."""
    return STAGE_COLOURS.get(stage, "tag-grey")


def report_colour(status: str) -> str:
    """The colour of a report's status; the word always stands in it."""
    return REPORT_COLOURS.get(status, "tag-grey")


@blueprint.get("/patients/<patient_id>")
@require_permission(Permission.PATIENT_VIEW)
def show(patient_id: str) -> ViewResponse:
    """Everything that the snapshot holds of one patient, under an opaque number."""
    if registered := request_context.hospital_now().registered.get(patient_id):
        return show_registered(registered)
    snapshot = request_context.snapshot()
    person = snapshot.get_patient(patient_id)
    stay = snapshot.find_encounter(person.id)
    flags = snapshot.list_flags(person.id)
    doses = snapshot.find_records(MedicationAdministration, "patient", [person.id])
    reports = snapshot.list_reports(person.id)
    values = [
        (value.effective or row.report.collected or row.report.issued, value)
        for row in reports
        for value in row.observations
    ]
    settings = request_context.settings()
    zone = ZoneInfo(settings.site.time_zone)
    patient_doses = list_patient_doses(
        snapshot.list_medicines(person.id),
        doses,
        zone,
        snapshot.header.created,
        settings.paper.time_critical_medicines or TIME_CRITICAL,
        settings.reconcile.medicine_names.items(),
    )
    return render_template(
        "patient/show.html",
        patient=person,
        encounter=stay,
        elsewhere=snapshot.find_elsewhere(person.id, stay),
        flags=flags,
        medicines=patient_doses.rows,
        day_doses=list_last_day(doses, snapshot.header.created),
        unprescribed=patient_doses.unprescribed,
        not_certain=NOT_CERTAIN,
        word_possible=partial(describe_possible_dose, zone=zone),
        requests=snapshot.list_requests(person.id),
        waiting=[row.request for row in snapshot.list_outstanding_of([person.id])],
        waiting_shown=WAITING_SHOWN,
        reports=reports,
        trends=list_trends(values),
        draw_line=draw_line,
        list_texts=list_texts,
        blood_results=list_blood_results(values),
        blood_requirements=list_requirements(flags),
        sections=[
            (row, snapshot.list_patient_records(row, person.id))
            for row in RECORD_TYPES.values()
            if row.section
        ],
        **_read_print_choices(),
    )


def _read_print_choices() -> dict[str, object]:
    """What can be printed of a patient; nothing for who prints nothing."""
    may_print = has_permission(Permission.PACK_PRINT)
    return {
        "form_groups": group_patient_forms() if may_print else [],
        "sheets": list(LABEL_SHEETS.values()),
        "label_sheet": request_context.settings().paper.label_sheet,
        "tubes": list(request_context.settings().paper.specimen_tubes),
    }


def show_registered(person: RegisteredPerson) -> str:
    """Somebody whom no hospital system knows, as staff registered them."""
    now = request_context.hospital_now()
    return render_template(
        "patient/show_registered.html",
        person=person,
        patient=person.patient,
        stay=now.find_stay(person.patient.id),
        mother=now.find_person(person.mother),
        summaries=list_of_arrival(request_context.vault(), person.patient.id),
        **_read_print_choices(),
    )

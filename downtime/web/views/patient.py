"""One patient: banner, allergies, alerts, medicines, requests, results, appointments."""

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.paper.labels.label_sheets import LABEL_SHEETS
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import requires

blueprint = Blueprint("patient", __name__)

STAGES = {"collected": "tag-amber", "received": "tag-blue", "in-progress": "tag-blue"}
STAGES |= {"requested": "tag-amber", "resulted": "tag-green", "cancelled": "tag-grey"}
REPORTS = {"final": "tag-green", "amended": "tag-red", "corrected": "tag-red"}
REPORTS |= {"partial": "tag-amber", "preliminary": "tag-amber", "registered": "tag-amber"}


def stage_colour(stage: str) -> str:
    """The colour of a request's stage; the word always stands in it."""
    return STAGES.get(stage, "tag-grey")


def report_colour(status: str) -> str:
    """The colour of a report's status; the word always stands in it."""
    return REPORTS.get(status, "tag-grey")


@blueprint.get("/patients/<patient_id>")
@requires(Permission.PATIENT_VIEW)
def show(patient_id: str) -> ViewResponse:
    """Everything that the snapshot holds of one patient, under an opaque number."""
    snapshot = request_context.snapshot()
    found = snapshot.get_patient(patient_id)
    return render_template(
        "patient.html",
        patient=found,
        encounter=snapshot.find_encounter(found.id),
        allergies=snapshot.summarise_allergies(found.id),
        flags=snapshot.list_flags(found.id),
        medicines=snapshot.list_medicines(found.id),
        requests=snapshot.list_requests(found.id),
        reports=snapshot.list_reports(found.id),
        appointments=snapshot.list_appointments(found.id),
        holds=snapshot.has_type,
        sheets=list(LABEL_SHEETS.values()),
        label_sheet=request_context.settings().paper.label_sheet,
    )

"""One patient: banner, allergies, alerts, medicines, requests, results, appointments."""

from flask import Blueprint, render_template

from downtime.paper.labels.sheets import SHEETS
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer

patient = Blueprint("patient", __name__)

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


@patient.get("/patients/<patient_id>")
@action("patient.view")
def show(patient_id: str) -> Answer:
    """Everything that the snapshot holds of one patient, under an opaque number."""
    snapshot = current.snapshot()
    found = snapshot.patient(patient_id)
    return render_template(
        "patient.html",
        patient=found,
        encounter=snapshot.encounter(found.id),
        allergies=snapshot.allergies(found.id),
        flags=snapshot.flags(found.id),
        medicines=snapshot.medicines(found.id),
        requests=snapshot.requests(found.id),
        reports=snapshot.reports(found.id),
        appointments=snapshot.appointments(found.id),
        holds=snapshot.holds,
        sheets=list(SHEETS.values()),
        label_sheet=current.settings().paper.label_sheet,
    )

"""Print: ward packs, a patient's pages, blank forms; each runs as a job and opens as a PDF."""

from flask import Blueprint, render_template, request

from downtime.errors import InputError
from downtime.paper.definition import definition, definitions
from downtime.vault import jobs
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, whole_number
from downtime.web.views.jobs import ask
from downtime.web.work import WHY

printing = Blueprint("printing", __name__)
ALL = "*"
MOST_COPIES = 200


@printing.get("/print")
@action("form.print")
def choose() -> Answer:
    """What can be printed, and what this person printed lately."""
    snapshot = current.snapshot_or_none()
    paper = current.settings().paper
    mine = jobs.of_person(current.vault(), current.person().id)
    return render_template(
        "print.html",
        wards=snapshot.wards() if snapshot else [],
        definitions=definitions().values(),
        pack_forms=paper.pack_forms,
        copies=paper.blank_copies,
        jobs=[job for job in mine if job.kind.startswith("pack-")],
    )


@printing.post("/print/ward")
@action("pack.print")
def ward() -> Answer:
    """One ward's pack, or those of all wards."""
    chosen = request.form.get("ward", "")
    known = [row.code for row in current.snapshot().wards()]
    if chosen != ALL and chosen not in known:
        raise InputError(
            "ward.missing", "This snapshot has no such ward.", "Choose one of the list."
        )
    forms = request.form.getlist("forms") if request.form.get("chosen") else None
    for name in forms or ():
        definition(name)
    return ask("pack-wards", {"wards": [] if chosen == ALL else [chosen], "forms": forms}, WHY)


@printing.post("/print/patient")
@action("pack.print")
def patient() -> Answer:
    """The summary and the usual forms of one patient."""
    found = current.snapshot().patient(request.form.get("patient", ""))
    return ask("pack-patient", {"patient": found.id}, WHY)


@printing.post("/print/blank")
@action("form.print")
def blank() -> Answer:
    """Blank spares of one form, or of the usual set."""
    name = request.form.get("form", "")
    names = list(current.settings().paper.spare_forms) if name == ALL else [definition(name).name]
    copies = whole_number("copies", "Copies", 1, MOST_COPIES)
    ward = request.form.get("ward", "")
    numbered = request.form.get("numbered") == "1"
    asked = {"forms": names, "copies": copies, "ward": ward, "numbered": numbered}
    return ask("pack-blank", asked, WHY)

"""Print: packs, changes, lists, a patient's pages, blank forms; each runs as a job."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.errors import InputError
from downtime.paper import ledger, print_requests
from downtime.paper.forms import form_sets
from downtime.paper.forms.load_form import load_form, load_forms
from downtime.paper.labels.label_sheets import LABEL_SHEETS
from downtime.paper.packs import deliver, pack_ledger, ward_changes
from downtime.paper.packs.model import PrintChannel
from downtime.paper.print_requests import PrintRequest
from downtime.vault import jobs
from downtime.web import request_context
from downtime.web.job_kinds import PACK_PREFIX, REASON_ON_SCREEN
from downtime.web.responses import ViewResponse, read_whole_number, required_reason
from downtime.web.view_permissions import requires
from downtime.web.views.jobs import ask

blueprint = Blueprint("printing", __name__)
ALL = "*"
MOST_COPIES = 200


@blueprint.get("/print")
@requires(Permission.FORM_PRINT)
def choose() -> ViewResponse:
    """What can be printed, what this person printed lately, and what nobody got."""
    snapshot, vault, settings = (
        request_context.snapshot_or_none(),
        request_context.vault(),
        request_context.settings(),
    )
    mine = jobs.list_jobs_of(vault, request_context.person().id)
    return render_template(
        "printing/choose.html",
        wards=snapshot.list_wards() if snapshot else [],
        printed=ward_changes.list_printed_wards(vault),
        definitions=load_forms(vault.home).values(),
        sets=form_sets.load_form_sets(settings, vault.home),
        ways=deliver.list_channels(settings.printing),
        way_words=deliver.DELIVERED_WORDS,
        queue=settings.printing.queue,
        two_sided=settings.printing.two_sided,
        jobs=[job for job in mine if job.kind.startswith(PACK_PREFIX)],
        failed=pack_ledger.list_failed(vault),
        sheets=list(LABEL_SHEETS.values()),
        label_sheet=settings.paper.label_sheet,
    )


@blueprint.post("/print/ward")
@requires(Permission.PACK_PRINT)
def ward() -> ViewResponse:
    """One ward's pack, or those of all wards."""
    chosen = request.form.get("ward", "")
    if chosen != ALL:
        check_ward(chosen)
    return order(
        PrintRequest(
            kind=print_requests.WARDS, wards=() if chosen == ALL else (chosen,), forms=_forms()
        )
    )


@blueprint.post("/print/changes")
@requires(Permission.PACK_PRINT)
def changes() -> ViewResponse:
    """What changed on one ward since its last print."""
    chosen = request.form.get("ward", "")
    check_ward(chosen)
    return order(PrintRequest(kind=print_requests.CHANGES, wards=(chosen,)))


@blueprint.post("/print/patient")
@requires(Permission.PACK_PRINT)
def patient() -> ViewResponse:
    """The summary and the usual forms of one patient."""
    found = request_context.snapshot().get_patient(request.form.get("patient", ""))
    return order(PrintRequest(kind=print_requests.PATIENT, patient=found.id))


@blueprint.post("/print/list")
@requires(Permission.PACK_PRINT)
def session() -> ViewResponse:
    """A clinic's or theatre's list of a day, with the forms of its patients."""
    kind = (
        print_requests.THEATRE
        if request.form.get("kind") == print_requests.THEATRE
        else print_requests.CLINIC
    )
    day, place = request.form.get("day", ""), request.form.get("location", "")
    if not request_context.snapshot().list_session_appointments(day, place, kind):
        raise InputError("session.none", "Nobody is on that list.", "Choose another list or day.")
    return order(PrintRequest(kind=kind, day=day, location=place))


@blueprint.post("/print/blank")
@requires(Permission.FORM_PRINT)
def blank() -> ViewResponse:
    """Blank copies of one form, or of every spare that a ward has."""
    name, ward = request.form.get("form", ""), request.form.get("ward", "")
    copies = read_whole_number("copies", "Copies", 1, MOST_COPIES)
    home = request_context.vault().home
    if name == ALL:
        names = tuple(
            form_sets.get_ward_sets(request_context.settings(), [ward], home)[ward].blanks
        )
    else:
        names = (load_form(name, home).name,)
    return order(
        PrintRequest(
            kind=print_requests.BLANK,
            wards=(ward,) if ward else (),
            forms=names,
            copies=copies,
            numbered=request.form.get("numbered") == "1",
        )
    )


@blueprint.post("/print/again/<serial>")
@requires(Permission.FORM_PRINT)
def again(serial: str) -> ViewResponse:
    """One form again, under a new serial; the old one becomes void."""
    form = ledger.get_form(request_context.vault(), serial)
    return order(PrintRequest(kind=print_requests.AGAIN, serial=form.serial), required_reason())


@blueprint.post("/print/failed/<pack>")
@requires(Permission.PACK_PRINT)
def failed(pack: str) -> ViewResponse:
    """Print anew what failed."""
    asked = print_requests.get_pack_request(pack_ledger.get_failed(request_context.vault(), pack))
    return queued(asked, REASON_ON_SCREEN, instead_of=pack)


def order(asked: PrintRequest, reason: str = REASON_ON_SCREEN) -> ViewResponse:
    """Put an order in the queue; a page that does not ask how has what the settings say."""
    if request.form.get("how"):
        by_form = request.form.get("by_form") == "1"
        two_sided = request.form.get("two_sided") == "1"
    else:
        by_form, two_sided = False, request_context.settings().printing.two_sided
    return queued(replace(asked, by_form=by_form, two_sided=two_sided), reason)


def queued(asked: PrintRequest, reason: str, instead_of: str = "") -> ViewResponse:
    """Put an order in the queue as it is."""
    to = request.form.get("to", PrintChannel.SCREEN)
    if to not in deliver.list_channels(request_context.settings().printing):
        raise InputError("printer.way", "This laptop cannot print that way.", "Choose another way.")
    arguments: dict[str, object] = {"order": asked.to_json(), "to": to, "why": reason}
    if instead_of:
        arguments["instead_of"] = instead_of
    return ask(PACK_PREFIX + asked.kind, arguments, reason)


def _forms() -> tuple[str, ...] | None:
    """Forms that were ticked; None when the ward's own set is wanted."""
    if not request.form.get("chosen"):
        return None
    home = request_context.vault().home
    return tuple(load_form(name, home).name for name in request.form.getlist("forms"))


def check_ward(chosen: str) -> None:
    """InputError unless the snapshot has that ward."""
    if chosen not in [row.code for row in request_context.snapshot().list_wards()]:
        raise InputError(
            "ward.missing", "This snapshot has no such ward.", "Choose one of the list."
        )

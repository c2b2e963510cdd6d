"""Print: packs, changes, lists, a patient's pages, blank forms; each runs as a job."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.clinical.model import Encounter
from downtime.paper import ledger
from downtime.paper.forms import form_sets
from downtime.paper.forms.form_approval import load_printable_forms
from downtime.paper.forms.form_groups import FormGroup, group_forms
from downtime.paper.forms.load_form import load_form
from downtime.paper.labels.model import LABEL_SHEETS
from downtime.paper.model import IssuedForm
from downtime.paper.packs import deliver, earlier_paper, pack_ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.continue_print import ContinuedPrint
from downtime.paper.packs.model import PrintChannel, RequestKind
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.policies import MOST_BLANK_COPIES, check_session, check_wards
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.reprint import Reprint
from downtime.paper.packs.session_pack import ClinicPack, SessionPack, TheatrePack
from downtime.paper.packs.ward_changes import WardChanges, list_printed_wards
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.print_requests import get_pack_request
from downtime.paper.store import people_on_paper
from downtime.snapshot.bed_board import bed_sort_key
from downtime.vault import jobs
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN, is_print_job
from downtime.web.responses import ViewResponse, read_whole_number, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_print_job

blueprint = Blueprint("printing", __name__)
ALL = "*"
NOT_REPEATED = ("csrf_token",)
MOST_PAGES_LISTED = 300
"""Pages that the question lists; the printed list names all."""
ACTION_CARD = "action-"
"""Begins the names of action cards, which stand in a list of their own."""


@blueprint.get("/print")
@require_permission(Permission.FORM_PRINT)
def choose() -> ViewResponse:
    """What can be printed, what this person printed lately, and what nobody got."""
    snapshot, vault, settings = (
        request_context.snapshot_or_none(),
        request_context.vault(),
        request_context.settings(),
    )
    mine = jobs.list_jobs_of(vault, request_context.person().id)
    definitions, sets = (
        load_printable_forms(vault.home),
        form_sets.load_form_sets(settings, vault.home),
    )
    usual = sets[form_sets.DEFAULT]
    blanks = [form for form in definitions.values() if not form.name.startswith(ACTION_CARD)]
    return render_template(
        "printing/choose.html",
        blank_groups=group_forms(blanks, {*usual.patient, *usual.blanks}),
        wards=request_context.hospital_now().count_wards(),
        knows_stays=snapshot is not None and snapshot.find_availability("Encounter").is_known,
        printed=list_printed_wards(vault),
        definitions=definitions.values(),
        sets=sets,
        ways=deliver.list_channels(settings.printing),
        way_words=deliver.DELIVERED_WORDS,
        queue=settings.printing.queue,
        two_sided=settings.printing.two_sided,
        jobs=[job for job in mine if is_print_job(job)],
        failed=pack_ledger.list_failed(vault),
        sheets=list(LABEL_SHEETS.values()),
        label_sheet=settings.paper.label_sheet,
    )


@blueprint.post("/print/ward")
@require_permission(Permission.PACK_PRINT)
def ward() -> ViewResponse:
    """One ward's pack, or those of all wards."""
    ward = request.form.get("ward", "")
    wards = () if ward == ALL else (ward,)
    check_wards(request_context.snapshot(), wards)
    return queue_as_chosen(WardPack(wards=wards, forms=_chosen_forms()))


@blueprint.post("/print/changes")
@require_permission(Permission.PACK_PRINT)
def changes() -> ViewResponse:
    """What changed on one ward since its last print."""
    ward = request.form.get("ward", "")
    check_wards(request_context.snapshot(), [ward])
    return queue_as_chosen(WardChanges(ward=ward))


@blueprint.post("/print/patient")
@require_permission(Permission.PACK_PRINT)
def patient() -> ViewResponse:
    """The summary and the usual forms of one patient, or one form."""
    patient = request_context.hospital_now().get_person(request.form.get("patient", ""))
    if not (name := request.form.get("form", "")):
        return queue_as_chosen(PatientPack(patient=patient.id))
    form = load_form(name, request_context.vault().home)
    return queue_as_chosen(PatientPack(patient=patient.id, forms=(form.name,), summary=False))


def group_patient_forms() -> list[FormGroup]:
    """The forms that are about one patient, as a page offers them."""
    home, settings = request_context.vault().home, request_context.settings()
    forms = [form for form in load_printable_forms(home).values() if form.identity]
    return group_forms(forms, form_sets.load_form_sets(settings, home)[form_sets.DEFAULT].patient)


@blueprint.post("/print/rest")
@require_permission(Permission.PACK_PRINT)
def continue_print() -> ViewResponse:
    """What of a pack did not come out, after the last form that did."""
    form = ledger.get_form(request_context.vault(), request.form.get("serial", ""))
    return queue_as_chosen(ContinuedPrint(last=form.serial))


@blueprint.post("/print/list")
@require_permission(Permission.PACK_PRINT)
def session() -> ViewResponse:
    """A clinic's or theatre's list of a day, with the forms of its patients."""
    day, location = request.form.get("day", ""), request.form.get("location", "")
    is_theatre = request.form.get("kind") == RequestKind.THEATRE
    pack = (TheatrePack if is_theatre else ClinicPack)(day=day, location=location)
    snapshot = request_context.snapshot()
    check_session(
        snapshot.list_session_appointments(day, location, pack.appointment_kind),
        snapshot.find_availability("Appointment").unavailable,
    )
    return queue_as_chosen(pack)


@blueprint.post("/print/blank")
@require_permission(Permission.FORM_PRINT)
def blank() -> ViewResponse:
    """Blank copies of one form, or of every spare that a ward has."""
    name, ward = request.form.get("form", ""), request.form.get("ward", "")
    home = request_context.vault().home
    if name == ALL:
        sets = form_sets.get_ward_sets(request_context.settings(), [ward], home)
        names = tuple(sets[ward].blanks)
    else:
        names = (load_form(name, home).name,)
    return queue_as_chosen(
        BlankForms(
            forms=names,
            copies=read_whole_number("copies", "Copies", 1, MOST_BLANK_COPIES),
            ward=ward,
            numbered=request.form.get("numbered") == "1",
        )
    )


@blueprint.post("/print/again/<serial>")
@require_permission(Permission.FORM_PRINT)
def reprint(serial: str) -> ViewResponse:
    """One form again, under a new serial; the old one becomes void."""
    form = ledger.get_form(request_context.vault(), serial)
    return queue_as_chosen(Reprint(serial=form.serial), required_reason())


@blueprint.post("/print/failed/<pack>")
@require_permission(Permission.PACK_PRINT)
def failed(pack: str) -> ViewResponse:
    """Print anew what failed."""
    failed_pack = pack_ledger.get_failed(request_context.vault(), pack)
    return queue(get_pack_request(failed_pack), REASON_ON_SCREEN, instead_of=pack)


def queue_as_chosen(pack: PrintRequest, reason: str = REASON_ON_SCREEN) -> ViewResponse:
    """Queue a request; a page that does not ask how to print has what the settings say.

    What is out already is asked about first.
    """
    recall = request.form.get("recall") == "1"
    if not recall:
        vault, settings = request_context.vault(), request_context.settings()
        actor, snapshot = request_context.actor(), request_context.snapshot_or_none()
        with closing(PrintContext(vault, settings, actor, reason, snapshot)) as context:
            if earlier := _find_earlier(context, pack):
                return ask_about_earlier(context, pack, earlier)
    if request.form.get("how"):
        by_form = request.form.get("by_form") == "1"
        two_sided = request.form.get("two_sided") == "1"
    else:
        by_form, two_sided = False, request_context.settings().printing.two_sided
    chosen = replace(pack, by_form=by_form, two_sided=two_sided, recall=recall)
    return queue(chosen, reason)


def _find_earlier(context: PrintContext, pack: PrintRequest) -> list[IssuedForm]:
    """Pages that are out and that this request would repeat: what printing itself finds."""
    if not isinstance(pack, WardPack | PatientPack | SessionPack):
        return []
    if not people_on_paper.fetch_people(context.vault.db, drill=context.is_drill):
        return []  # else forms that were never printed would be laid out for the question alone
    without_spares = replace(pack, blanks=0) if isinstance(pack, WardPack) else pack
    return earlier_paper.find_repeated(context, without_spares.plan(context))


def ask_about_earlier(
    context: PrintContext, pack: PrintRequest, earlier: list[IssuedForm]
) -> ViewResponse:
    ward = pack.wards[0] if isinstance(pack, WardPack) and len(pack.wards) == 1 else ""
    return render_template(
        "printing/ask_about_earlier.html",
        what=pack.title,
        ward=ward,
        has_changes=bool(ward) and ward in list_printed_wards(request_context.vault()),
        prints=earlier_paper.group_by_print(earlier),
        groups=_group_by_patient(context, earlier[:MOST_PAGES_LISTED]),
        listed=min(len(earlier), MOST_PAGES_LISTED),
        total=len(earlier),
        fields=[
            (name, text)
            for name, text in request.form.items(multi=True)
            if name not in NOT_REPEATED
        ],
        address=request.path,
    )


class PatientPages(NamedTuple):
    """What is out for one patient, or for the ward itself, and where they are as staff say now."""

    label: str
    stay: Encounter | None
    forms: list[IssuedForm]


def _group_by_patient(context: PrintContext, forms: Sequence[IssuedForm]) -> list[PatientPages]:
    """In the order of beds: the ward's own lists first, those who are in no bed last."""
    by_patient: dict[str, list[IssuedForm]] = {}
    for form in forms:
        by_patient.setdefault(form.patient, []).append(form)
    where = Whereabouts(context)
    groups = [
        PatientPages(pages[0].patient_label, where.find_stay(pages[0]), pages)
        for pages in by_patient.values()
    ]
    return sorted(groups, key=lambda group: (bool(group.label), *bed_sort_key(group.stay)))


def queue(pack: PrintRequest, reason: str, instead_of: str = "") -> ViewResponse:
    """Queue a request as it is."""
    channel = request.form.get("to", PrintChannel.SCREEN)
    deliver.check_channel(request_context.settings().printing, channel)
    arguments: dict[str, object] = {"order": pack.to_json(), "to": channel, "why": reason}
    if instead_of:
        arguments["instead_of"] = instead_of
    return submit_print_job(pack.kind, arguments, reason)


def _chosen_forms() -> tuple[str, ...] | None:
    """Forms that were ticked; None when the ward's own set is wanted."""
    if not request.form.get("chosen"):
        return None
    home = request_context.vault().home
    return tuple(load_form(name, home).name for name in request.form.getlist("forms"))

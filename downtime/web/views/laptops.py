"""Laptops: export what this one holds, merge what others sent, see which are awaited."""

from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry.duplicate_entries import (
    DuplicateEntry,
    get_duplicate_entry,
    settle_duplicate_entry,
)
from downtime.entry.judge_second_scans import count_sent_unread
from downtime.entry.model import EntryChoice
from downtime.entry.validation import field_label
from downtime.errors import InputError, UserError
from downtime.outage import laptop_outages, outages
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger
from downtime.settings import Settings
from downtime.sync import (
    bundle,
    duplicate_numbers,
    exchange_receipts,
    excuse_laptop,
    export_bundle,
    join_outages,
    laptop_reports,
)
from downtime.sync.merge_bundle import merge_bundle, merge_untrusted_bundle
from downtime.sync.model import ReportState
from downtime.sync.paper_lists import PaperList
from downtime.vault.model import Actor
from downtime.vault.sealing import Source
from downtime.vault.vault import Vault
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.responses import ViewResponse, file_response, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_aside

blueprint = Blueprint("laptops", __name__)
MEDIA_TYPE = "application/octet-stream"
_ON_SCREEN = "on screen"


class AnswerPair(NamedTuple):
    """One question of a form that was keyed on two machines."""

    question: str
    local: str
    elsewhere: str

    @property
    def differs(self) -> bool:
        """Whether the two answers are not the same."""
        return self.local != self.elsewhere


@blueprint.get("/laptops")
@require_permission(Permission.SYNC_VIEW)
def show() -> ViewResponse:
    """Which laptops have sent their data, which outages they declared, and both ways of a bundle."""
    vault, settings = request_context.vault(), request_context.settings()
    history = outages.list_outages(vault)
    reports = laptop_reports.report_laptops(vault, find_outage_at_hand(vault))
    return render_template(
        "laptops/show.html",
        reports=reports,
        excused=ReportState.EXCUSED,
        awaited=sum(not report.is_complete for report in reports),
        declared=laptop_outages.list_laptop_outages(vault.db),
        untrusted_bundles=laptop_reports.list_untrusted_bundles(vault),
        duplicate_numbers=duplicate_numbers.list_duplicate_numbers(vault),
        history=history,
        stations=export_bundle.find_stations(vault),
        usual=settings.sync.station,
        folder=settings.sync.folder,
        suffix=bundle.SUFFIX,
        megabytes=settings.web.max_bundle_upload_bytes // 1_048_576,
        has_open=any(outage.down for outage in history),
    )


@blueprint.post("/laptops/export")
@require_permission(Permission.SYNC_EXPORT)
def export() -> ViewResponse:
    """All that this laptop holds as one file for the records station, to save or into the folder."""
    vault, settings, actor = _context()
    station = request.form.get("station", "")
    broken = request.form.get("broken") == "yes"
    reason = required_reason() if broken else _ON_SCREEN
    in_folder = request.form.get("to") == "folder"
    for warning in exchange_receipts.take_receipts(vault, _folder(), actor) if in_folder else ():
        flash(warning, "urgent")
    exported = export_bundle.export_bundle(vault, settings, station, actor, reason, broken=broken)
    if not in_folder:
        return file_response(exported.data, MEDIA_TYPE, exported.name)
    export_bundle.write_bundle(exported, _folder())
    flash(f"{exported.name} is in the folder, for {exported.header.station} only.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/merge")
@require_permission(Permission.SYNC_MERGE)
def merge() -> ViewResponse:
    """Merge bundles that were sent from the browser, or all that lie in the folder."""
    is_folder = request.form.get("from") == "folder"
    files = _bundles_in_folder() if is_folder else _uploaded_bundles()
    if not files:
        raise InputError(
            "sync.none", "There is no bundle.", f"Choose files that end in {bundle.SUFFIX}."
        )
    vault, settings, actor = _context()
    for name, source in files:
        try:
            result = merge_bundle(vault, settings, source, actor, _ON_SCREEN)
            flash(result.sentence)
            if is_folder:
                exchange_receipts.leave_receipt(vault, _folder(), result.header, result.head)
        except UserError as error:
            flash(f"REFUSED: {name}. {error.sentence} {error.next_step}", "urgent")
    _read_new_scans()
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/merge-untrusted")
@require_permission(Permission.SYNC_MERGE_UNTRUSTED)
def merge_untrusted() -> ViewResponse:
    """Merge one bundle whose audit chain does not hold, in the name of whoever is signed in."""
    reason, files = required_reason(), _uploaded_bundles()
    if len(files) != 1:
        raise InputError(
            "sync.one",
            "One such bundle is merged at a time.",
            "Choose the one that was refused.",
        )
    vault, settings, actor = _context()
    ((_, source),) = files
    result = merge_untrusted_bundle(vault, settings, source, actor, reason)
    flash(result.sentence, "urgent" if result.failure else "message")
    _read_new_scans()
    return redirect(url_for("laptops.show"), 303)


def _read_new_scans() -> None:
    """Their ticks and ink are read in a job: a laptop's bundle may hold a thousand pages."""
    if count_sent_unread(request_context.vault(), request_context.actor()):
        submit_aside(JobName.PAGE_READING)


@blueprint.post("/laptops/join")
@require_permission(Permission.SYNC_SETTLE)
def join() -> ViewResponse:
    """Put a laptop's outage under one here, or open an outage here with it."""
    vault, _, actor = _context()
    reason = required_reason()
    device, _, laptop_outage = request.form.get("origin", "").partition(":")
    if outage := request.form.get("here", ""):
        moved = join_outages.join_outage(vault, device, laptop_outage, outage, actor, reason)
        flash(f"Outage {laptop_outage} of {device} belongs to {outage}: {moved} forms moved.")
    else:
        opened = join_outages.open_joined_outage(vault, device, laptop_outage, actor, reason)
        flash(f"Outage {opened} is open here, as {device} declared it.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/excuse")
@require_permission(Permission.SYNC_SETTLE)
def set_awaited() -> ViewResponse:
    """Await nothing of a machine, or await it again."""
    vault, _, actor = _context()
    device = request.form.get("device", "")
    if request.form.get("to") == "expect":
        excuse_laptop.await_laptop(vault, device, actor, _ON_SCREEN)
        flash(f"{device} is expected to send its data.")
    else:
        excuse_laptop.excuse_laptop(vault, device, actor, required_reason())
        flash(f"{device} is not expected to send data.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/duplicate-numbers")
@require_permission(Permission.SYNC_SETTLE)
def settle_number() -> ViewResponse:
    """Say what became of the second paper under a number that was given out twice."""
    vault, _, actor = _context()
    number = request.form.get("number", "")
    duplicate_numbers.settle_number(vault, number, actor, required_reason())
    flash(f"{number}: the outcome of the second one is recorded.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.get("/laptops/duplicate-entries/<serial>/<device>")
@require_permission(Permission.ENTRY_VERIFY)
def compare_entries(serial: str, device: str) -> ViewResponse:
    """Two entries of one form beside each other."""
    pair = get_duplicate_entry(request_context.vault(), serial, device)
    rows = _pair_answers(pair)
    return render_template("laptops/compare_entries.html", pair=pair, rows=rows, device=device)


@blueprint.post("/laptops/duplicate-entries/<serial>/<device>")
@require_permission(Permission.ENTRY_VERIFY)
def settle_entry(serial: str, device: str) -> ViewResponse:
    """Say which of the two counts."""
    vault, settings, actor = _context()
    wanted = request.form.get("keep", "")
    if wanted not in tuple(EntryChoice):
        raise InputError("entry.choice", "Neither entry was chosen.", "Choose one of the two.")
    choice = EntryChoice(wanted)
    settle_duplicate_entry(vault, settings, serial, device, choice, actor, required_reason())
    chosen = f"of {device}" if choice == EntryChoice.ELSEWHERE else "made here"
    flash(f"The entry {chosen} is used.")
    return redirect(url_for("check_in.list_papers", name=PaperList.KEYED_TWICE), 303)


def _pair_answers(pair: DuplicateEntry) -> list[AnswerPair]:
    """Every question that either entry answers, in the order of the form."""
    local, elsewhere = pair.local.answers, pair.elsewhere.entry.answers
    vault = request_context.vault()
    definition = ledger.get_printed_definition(vault, ledger.get_form(vault, pair.serial))
    items = {item.link_id: item for item in definition.fields()}
    pairs = []
    for key in dict.fromkeys([*local, *elsewhere]):
        item = items.get(key.partition(":")[0])
        question = field_label(item, key) if item else key
        pairs.append(AnswerPair(question, local.get(key, ""), elsewhere.get(key, "")))
    return pairs


def _context() -> tuple[Vault, Settings, Actor]:
    return request_context.vault(), request_context.settings(), request_context.actor()


def _bundles_in_folder() -> list[tuple[str, Source]]:
    return [(path.name, path) for path in sorted(_folder().glob(f"*{bundle.SUFFIX}"))]


def _uploaded_bundles() -> list[tuple[str, Source]]:
    uploads = [upload for upload in request.files.getlist("bundles") if upload.filename]
    return [(str(upload.filename), upload.stream) for upload in uploads]


def _folder() -> Path:
    folder = request_context.settings().sync.folder
    if not folder or not Path(folder).is_dir():
        raise InputError(
            "sync.folder", "There is no folder for bundles.", "Set sync.folder to one."
        )
    return Path(folder)

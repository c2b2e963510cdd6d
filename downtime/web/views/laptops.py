"""Laptops: export what this laptop holds, take what others hand over, see who is awaited."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry import duplicate_entries
from downtime.errors import InputError, UserError
from downtime.outage import laptop_outages, outages
from downtime.sync import bundle, duplicate_numbers, join_outages, store_clashes, store_doubts
from downtime.sync import export_bundle as sealing
from downtime.sync import laptop_reports as reporting
from downtime.sync import merge_bundle as taking
from downtime.transport.folder import CarrierFolder
from downtime.web import request_context
from downtime.web.responses import ViewResponse, file_response, required_reason
from downtime.web.view_permissions import requires
from downtime.web.views.check_in import compare_answers

blueprint = Blueprint("laptops", __name__)
MEDIA_TYPE = "application/octet-stream"


@blueprint.get("/laptops")
@requires(Permission.SYNC_VIEW)
def show() -> ViewResponse:
    """Who has handed over, which outages laptops declared, and both ways of a bundle."""
    vault = request_context.vault()
    history = outages.list_outages(vault)
    found = reporting.report_laptops(vault, history[0] if history else None)
    return render_template(
        "laptops/show.html",
        reports=found,
        awaited=sum(not one.complete for one in found),
        declared=laptop_outages.list_laptop_outages(vault.db),
        taken_over=store_doubts.fetch_untrusted_bundles(vault.db),
        given_twice=store_clashes.fetch_duplicate_numbers(vault.db),
        history=history,
        stations=sealing.find_stations(vault),
        usual=request_context.settings().sync.station,
        folder=request_context.settings().sync.folder,
        suffix=bundle.SUFFIX,
        megabytes=request_context.settings().web.max_bundle_upload_bytes // 1_048_576,
        busy=outages.find_current(vault) is not None,
    )


@blueprint.post("/laptops/export")
@requires(Permission.SYNC_EXPORT)
def export() -> ViewResponse:
    """All that this laptop holds as one file for the records station, to save or into the folder."""
    vault, settings = request_context.vault(), request_context.settings()
    station = request.form.get("station", "")
    broken = request.form.get("broken") == "yes"
    reason = required_reason() if broken else "on screen"
    sealed = sealing.export_bundle(
        vault, settings, station, request_context.actor(), reason, broken=broken
    )
    if request.form.get("to") != "folder":
        return file_response(sealed.data, MEDIA_TYPE, sealed.name)
    sealing.write_bundle(sealed, _folder())
    flash(f"{sealed.name} is in the folder, for {sealed.header.station} only.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/merge")
@requires(Permission.SYNC_MERGE)
def merge() -> ViewResponse:
    """Take bundles that were sent from the browser, or all that lie in the folder."""
    given = _bundles_in_folder() if request.form.get("from") == "folder" else _uploaded_bundles()
    if not given:
        raise InputError(
            "sync.none", "There is no bundle.", f"Choose files that end in {bundle.SUFFIX}."
        )
    for name, read in given:
        try:
            data = read()
            taken = taking.merge_bundle(
                request_context.vault(),
                request_context.settings(),
                data,
                request_context.actor(),
                "on screen",
            )
            flash(taken.sentence)
        except UserError as error:
            flash(f"REFUSED: {name}. {error.sentence} {error.next_step}", "urgent")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/merge-untrusted")
@requires(Permission.SYNC_MERGE_UNTRUSTED)
def merge_untrusted() -> ViewResponse:
    """Take one bundle whose audit chain does not hold, in the name of whoever is signed in."""
    vault, settings = request_context.vault(), request_context.settings()
    reason, given = required_reason(), _uploaded_bundles()
    if len(given) != 1:
        raise InputError(
            "sync.one",
            "One bundle is taken over at a time.",
            "Choose the one that was refused.",
        )
    ((_, read),) = given
    taken = taking.merge_untrusted_bundle(vault, settings, read(), request_context.actor(), reason)
    flash(taken.sentence, "urgent" if taken.doubt else "message")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/join")
@requires(Permission.SYNC_SETTLE)
def join() -> ViewResponse:
    """Put a laptop's outage under one here, or open an outage here with it."""
    vault, actor, reason = request_context.vault(), request_context.actor(), required_reason()
    device, _, there = request.form.get("origin", "").partition(":")
    here = request.form.get("here", "")
    if here:
        moved = join_outages.join_outage(vault, device, there, here, actor, reason)
        flash(f"Outage {there} of {device} belongs to {here}: {moved} forms moved.")
    else:
        made = join_outages.open_joined_outage(vault, device, there, actor, reason)
        flash(f"Outage {made} is open here, as {device} declared it.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/excuse")
@requires(Permission.SYNC_SETTLE)
def set_awaited() -> ViewResponse:
    """Await nothing of a machine, or await it again."""
    device = request.form.get("device", "")
    if request.form.get("to") == "expect":
        reporting.await_laptop(
            request_context.vault(), device, request_context.actor(), "on screen"
        )
        flash(f"Bundles of {device} are awaited.")
    else:
        reporting.excuse_laptop(
            request_context.vault(), device, request_context.actor(), required_reason()
        )
        flash(f"Nothing is awaited of {device}.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.post("/laptops/duplicate-numbers")
@requires(Permission.SYNC_SETTLE)
def settle_number() -> ViewResponse:
    """Say what became of the second paper under a number that was given out twice."""
    number = request.form.get("number", "")
    duplicate_numbers.settle_number(
        request_context.vault(), number, request_context.actor(), required_reason()
    )
    flash(f"{number}: it is noted what became of the second one.")
    return redirect(url_for("laptops.show"), 303)


@blueprint.get("/laptops/duplicate-entries/<serial>/<device>")
@requires(Permission.ENTRY_VERIFY)
def compare_entries(serial: str, device: str) -> ViewResponse:
    """Two entries of one form beside each other."""
    pair = duplicate_entries.get_duplicate_entry(request_context.vault(), serial, device)
    return render_template(
        "laptops/compare_entries.html", pair=pair, rows=compare_answers(pair), device=device
    )


@blueprint.post("/laptops/duplicate-entries/<serial>/<device>")
@requires(Permission.ENTRY_VERIFY)
def settle_entry(serial: str, device: str) -> ViewResponse:
    """Say which of the two counts."""
    keep = request.form.get("keep", "")
    duplicate_entries.settle_duplicate_entry(
        request_context.vault(), serial, device, keep, request_context.actor(), required_reason()
    )
    flash(f"The entry {'of ' + device if keep == duplicate_entries.THERE else 'made here'} counts.")
    return redirect(url_for("check_in.list_papers", name="keyed-twice"), 303)


def _bundles_in_folder() -> list[tuple[str, Callable[[], bytes]]]:
    paths = CarrierFolder(_folder()).list_files(bundle.SUFFIX)
    return [
        (path.name, partial(taking.read_bundle, path, request_context.settings())) for path in paths
    ]


def _uploaded_bundles() -> list[tuple[str, Callable[[], bytes]]]:
    sent = [upload for upload in request.files.getlist("bundles") if upload.filename]
    return [(str(upload.filename), upload.read) for upload in sent]


def _folder() -> Path:
    folder = request_context.settings().sync.folder
    if not folder or not Path(folder).is_dir():
        raise InputError(
            "sync.folder", "There is no folder for bundles.", "Set sync.folder to one."
        )
    return Path(folder)

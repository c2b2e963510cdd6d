"""Snapshots: what this laptop holds, how old it is, and a bundle from a stick."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.accounts.permissions import is_permitted
from downtime.clinical.record_types import get_plural_title
from downtime.errors import InputError
from downtime.fleet.close_unheard import assess_silence, break_glass
from downtime.fleet.find_sticks import StickOffer, find_sticks, require_stick
from downtime.fleet.model import Direction
from downtime.fleet.pull_snapshot import Opener, pull_from_stick
from downtime.fleet.quarantine_model import QuarantineState
from downtime.fleet.quarantine_snapshot import list_entries
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.fleet.run_state import RunState, read_run_state
from downtime.outage.outages import list_down_systems
from downtime.snapshot import local_snapshots
from downtime.snapshot.availability import list_unsent_types
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.quality_advice import advise
from downtime.web import request_context
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("snapshots", __name__)

QUARANTINE_SHOWN = 20
"""The newest of them; 'downtime quarantine list' names all."""
QUARANTINE_COLOURS = {
    QuarantineState.OPEN: "red",
    QuarantineState.RELEASED: "green",
    QuarantineState.REJECTED: "grey",
    QuarantineState.OVERTAKEN: "grey",
}


@blueprint.get("/snapshots")
@require_permission(Permission.SNAPSHOT_LIST)
def show() -> ViewResponse:
    """How old and how good the data in use is, and the snapshots, newest first."""
    snapshot = request_context.snapshot_or_none()
    header = snapshot.header if snapshot else None
    return render_template(
        "snapshots/show.html",
        snapshots=local_snapshots.list_snapshots(request_context.vault()),
        sticks=_list_offers(header),
        pulled=_read_pulled(header),
        quarantine=list_entries(request_context.vault())[:QUARANTINE_SHOWN],
        colours=QUARANTINE_COLOURS,
        held=header.held if header else {},
        silence=assess_silence(request_context.vault(), request_context.settings()),
        warning_days=request_context.settings().fleet.unheard_warning_days,
        released=header.released if header else (),
        counts=snapshot.count_board() if snapshot else None,
        unsent={
            system: [get_plural_title(kind) for kind in list_unsent_types(header, system)]
            for system in header.systems
        }
        if header
        else {},
        checked=bool(header and header.delivered),
        quality=[
            (system, advise(kind), times)
            for system, kinds in sorted(header.quality.items() if header else ())
            for kind, times in sorted(kinds.items())
        ],
    )


def _read_pulled(header: SnapshotHeader | None) -> RunState:
    """How the last pull did; what it did not put in use may have been released since."""
    pulled = read_run_state(request_context.app_state().home, Direction.PULL)
    if header and (0, 0) < pulled.skipped <= (header.epoch, header.sequence):
        pulled.fault = ""
    return pulled


@blueprint.post("/snapshots/open")
@require_permission(Permission.SNAPSHOT_LOAD)
def open_closed() -> ViewResponse:
    """Open snapshots that were closed because nothing was heard for long (break-glass)."""
    break_glass(
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
        required_reason(),
    )
    flash("The snapshots are open. Connect this laptop soon.")
    return redirect(url_for("snapshots.show"), 303)


def _list_offers(header: SnapshotHeader | None) -> list[StickOffer]:
    """Sticks that hold a newer snapshot than the one in use."""
    if not is_permitted(request_context.person(), Permission.SNAPSHOT_LOAD):
        return []
    number = (header.epoch, header.sequence) if header else (0, 0)
    offers = find_sticks(request_context.app_state().home, request_context.settings())
    return [offer for offer in offers if (offer.epoch, offer.sequence) > number]


@blueprint.post("/snapshots/stick")
@require_permission(Permission.SNAPSHOT_LOAD)
def use_stick() -> ViewResponse:
    """Check what a stick holds, and use it from now on."""
    vault, settings = request_context.vault(), request_context.settings()
    offer, place = require_stick(vault.home, settings, request.form.get("stick", ""))
    opener = Opener(vault, request_context.actor(), list_down_systems(vault))
    state = pull_from_stick(settings, opener, offer.label, place)
    if state.fault:
        flash(f"Stick {offer.label}: {state.fault}", "warn")
    else:
        flash(f"Snapshot {state.sequence} of the stick {offer.label} is in use.")
    return redirect(url_for("snapshots.show"), 303)


@blueprint.post("/snapshots/load")
@require_permission(Permission.SNAPSHOT_LOAD)
def load() -> ViewResponse:
    """Check a bundle that was sent from the browser, and use it from now on."""
    upload = request.files.get("bundle")
    if not upload or not upload.filename:
        raise InputError(
            "bundle.none", "No file was chosen.", "Choose a file that ends in .downtime."
        )
    reason = required_reason()
    with TemporaryDirectory(
        dir=request_context.app_state().home.bundles_folder, prefix=".upload-"
    ) as folder:
        path = (
            Path(folder) / "upload.downtime"
        )  # sealed: what lies there for a moment is ciphertext
        upload.save(path)
        vault, actor = request_context.vault(), request_context.actor()
        received = receive_snapshot(
            vault, request_context.settings(), path, actor, reason, down=list_down_systems(vault)
        )
    if received.quarantine is not None:
        flash(
            "This snapshot changed too much to be used unseen. Look at what would vanish.", "warn"
        )
        return redirect(url_for("quarantine.show", number=received.quarantine.number), 303)
    if received.info is not None:
        flash(f"Snapshot {received.info.id} is in use.")
    for warning in received.warnings:
        flash(warning, "warn")
    return redirect(url_for("snapshots.show"), 303)

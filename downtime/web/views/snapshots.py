"""Snapshots: what this laptop holds, how old it is, and a bundle from a stick."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical.record_types import get_plural_title
from downtime.errors import InputError
from downtime.snapshot import load_bundle, local_snapshots
from downtime.snapshot.availability import list_unsent_types
from downtime.snapshot.quality_advice import advise
from downtime.web import request_context
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("snapshots", __name__)


@blueprint.get("/snapshots")
@require_permission(Permission.SNAPSHOT_LIST)
def show() -> ViewResponse:
    """How old and how good the data in use is, and the snapshots, newest first."""
    snapshot = request_context.snapshot_or_none()
    header = snapshot.header if snapshot else None
    return render_template(
        "snapshots/show.html",
        snapshots=local_snapshots.list_snapshots(request_context.vault()),
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
        info = load_bundle.load_bundle(
            request_context.vault(),
            request_context.settings(),
            path,
            request_context.actor(),
            reason,
        )
    flash(f"Snapshot {info.id} is in use.")
    for warning in info.warnings:
        flash(warning, "warn")
    return redirect(url_for("snapshots.show"), 303)

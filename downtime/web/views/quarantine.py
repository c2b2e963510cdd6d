"""A snapshot in quarantine: what would vanish if it were used, and a person's decision."""

from flask import Blueprint, flash, redirect, render_template, url_for

from downtime.accounts.model import Permission
from downtime.fleet.decide_quarantine import reject_snapshot, release_snapshot
from downtime.fleet.quarantine_model import Door
from downtime.fleet.quarantine_snapshot import (
    describe_difference,
    find_last_created,
    get_entry,
)
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("quarantine", __name__)


@blueprint.get("/quarantine/<int:number>")
@require_permission(Permission.QUARANTINE_VIEW)
def show(number: int) -> ViewResponse:
    """Why it is in quarantine, and the difference from what is in use, by ward and by system."""
    vault = request_context.vault()
    entry = get_entry(vault, number)
    return render_template(
        "quarantine/show.html",
        entry=entry,
        difference=describe_difference(vault, entry),
        last_created=find_last_created(vault, entry),
        is_publisher=entry.door is Door.PUBLISHER,
        sees_names=has_permission(Permission.PATIENT_VIEW),
    )


@blueprint.post("/quarantine/<int:number>/release")
@require_permission(Permission.QUARANTINE_DECIDE)
def release(number: int) -> ViewResponse:
    """The change is right."""
    released = release_snapshot(
        request_context.vault(),
        request_context.settings(),
        number,
        request_context.actor(),
        required_reason(),
    )
    flash(released.sentence)
    return redirect(url_for("snapshots.show"), 303)


@blueprint.post("/quarantine/<int:number>/reject")
@require_permission(Permission.QUARANTINE_DECIDE)
def reject(number: int) -> ViewResponse:
    """The change is wrong."""
    reject_snapshot(request_context.vault(), number, request_context.actor(), required_reason())
    flash("Rejected: this snapshot is never used, and the one before stays.")
    return redirect(url_for("snapshots.show"), 303)

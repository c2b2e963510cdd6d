"""Audit: who did what, newest first, and the check of the whole chain."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts import people
from downtime.accounts.model import Permission
from downtime.vault import checkpoint, copied_home
from downtime.vault.checkpoint import ChainReport
from downtime.vault.store import audit_chain
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("audit", __name__)
PAGE = 100


@blueprint.get("/audit")
@require_permission(Permission.AUDIT_VERIFY)
def show() -> ViewResponse:
    """One page of entries, of one person or action if asked, for those who may read them."""
    return _page(None)


@blueprint.post("/audit/verify")
@require_permission(Permission.AUDIT_VERIFY)
def verify() -> ViewResponse:
    """Walk the whole chain and what it binds, and say whether all of it holds."""
    return _page(checkpoint.verify_checkpoints(request_context.vault()))


@blueprint.post("/audit/copied-home")
@require_permission(Permission.DEVICE_MANAGE)
def explain_copy() -> ViewResponse:
    """Say what happened to a home that was copied or put back."""
    reason = request.form.get("reason", "")
    copied_home.confirm_reading(request_context.vault(), request_context.actor(), reason)
    flash("Kept in the audit; it is shown no more.")
    return redirect(url_for("audit.show"), 303)


def _page(checked: ChainReport | None) -> ViewResponse:
    db = request_context.vault().db
    total = audit_chain.count_entries(db)
    before = request.args.get("before", type=int) or total + 1
    asked = {name: request.args.get(name, "") for name in ("actor", "action")}
    reads = has_permission(Permission.AUDIT_VIEW)
    entries = audit_chain.list_entries(db, before=before, limit=PAGE + 1, **asked) if reads else []
    return render_template(
        "audit/show.html",
        entries=entries[:PAGE],
        total=total,
        checked=checked,
        queue=request_context.vault().write_access.queue if reads else [],
        copies=copied_home.list_sentences(request_context.vault()),
        asked={name: value for name, value in asked.items() if value},
        older=entries[PAGE - 1].seq if len(entries) > PAGE else None,
        is_newest=before > total,
        names={person.id: person.name for person in people.list_people(request_context.vault())},
        actors=audit_chain.list_actors(db) if reads else [],
        actions=audit_chain.list_actions(db) if reads else [],
    )

"""Audit: who did what, newest first, and the check of the whole chain."""

from flask import Blueprint, render_template, request

from downtime.accounts import people, permissions
from downtime.vault import audit as chain
from downtime.vault.audit import Verification
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer

audit = Blueprint("audit", __name__)
PAGE = 100


@audit.get("/audit")
@action("audit.view")
def show() -> Answer:
    """One page of entries."""
    return _page(None)


@audit.post("/audit/verify")
@action("audit.verify")
def verify() -> Answer:
    """Walk the whole chain and say whether every link holds."""
    permissions.check_can(current.person(), "audit.view")
    return _page(chain.verify(current.vault().db))


def _page(checked: Verification | None) -> Answer:
    db = current.vault().db
    total = chain.length(db)
    before = request.args.get("before", type=int) or total + 1
    entries = chain.entries(db, before=before, limit=PAGE)
    lowest = entries[-1].seq if entries else 0
    return render_template(
        "audit.html",
        entries=entries,
        total=total,
        checked=checked,
        older=lowest if lowest > 1 else None,
        newer=min(before + PAGE, total + 1) if before <= total else None,
        names={person.id: person.name for person in people.everybody(current.vault())},
    )

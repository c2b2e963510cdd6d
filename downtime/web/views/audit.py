"""Audit: who did what, newest first, and the check of the whole chain."""

from flask import Blueprint, render_template, request

from downtime.accounts import people
from downtime.vault import audit as chain
from downtime.vault.audit import Verification
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.guard import may

audit = Blueprint("audit", __name__)
PAGE = 100


@audit.get("/audit")
@action("audit.verify")
def show() -> Answer:
    """One page of entries for those who may read them; the check of the chain."""
    return _page(None)


@audit.post("/audit/verify")
@action("audit.verify")
def verify() -> Answer:
    """Walk the whole chain and say whether every link holds."""
    return _page(chain.verify(current.vault().db))


def _page(checked: Verification | None) -> Answer:
    db = current.vault().db
    total = chain.length(db)
    before = request.args.get("before", type=int) or total + 1
    entries = chain.entries(db, before=before, limit=PAGE) if may("audit.view") else []
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

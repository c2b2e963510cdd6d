"""Downtime numbers: give them out, see how many are left."""

from flask import Blueprint, redirect, render_template, url_for

from downtime.accounts.model import Permission
from downtime.outage import downtime_numbers as rules
from downtime.web import request_context
from downtime.web.responses import ViewResponse, read_whole_number
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("numbers", __name__)
MOST = 100


@blueprint.get("/numbers")
@require_permission(Permission.NUMBER_ISSUE)
def show() -> ViewResponse:
    """What is left of this laptop's block, and the numbers given out a moment ago."""
    issued = request_context.session_texts("numbers").split()
    request_context.remember_text("numbers", "")
    supply = rules.count_supply(request_context.vault(), request_context.settings())
    return render_template("numbers/show.html", numbers=issued, supply=supply)


@blueprint.post("/numbers")
@require_permission(Permission.NUMBER_ISSUE)
def issue() -> ViewResponse:
    """Give out the next numbers, each once."""
    count = read_whole_number("count", "How many", 1, MOST)
    issued = rules.issue_numbers(
        request_context.vault(),
        request_context.settings(),
        count,
        request_context.actor(),
        "given out on screen",
    )
    request_context.remember_text("numbers", " ".join(issued))
    return redirect(url_for("numbers.show"), 303)

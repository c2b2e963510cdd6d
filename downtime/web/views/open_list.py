"""Why is it still open: each open thing once, who has it, since when, and the page that settles it."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.paper import assignments
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns.statement import open_things
from downtime.returns.statement.model import WORDINGS
from downtime.returns.statement.open_things import OpenFilter, OpenThing
from downtime.web import request_context, stored_times
from downtime.web.listing import cut_page, searched_text, table_response
from downtime.web.open_pages import find_address
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("open_list", __name__)
SEARCH = "open"
OWNERS = {open_things.NOBODY: "Nobody", open_things.OVERDUE: "Overdue"}


@blueprint.get("/open")
@require_permission(Permission.ENTRY_QUEUE)
def show() -> ViewResponse:
    """A page of what is open, of one kind, ward or owner or of all; the parts add up to the whole."""
    vault, settings = request_context.vault(), request_context.settings()
    try:
        outage = find_latest_outage(vault)
    except NotFoundError:
        return render_template("open_list/show.html", outage=None)
    derived_at, derived = find_derived(outage)
    everything = open_things.list_open_things(vault, settings, outage, derived)
    wanted, now = _read_filter(), vault.now()
    listing = cut_page(wanted.select(everything, now))
    owners = sorted({thing.assignment.owner for thing in everything if thing.assignment})
    return render_template(
        "open_list/show.html",
        outage=outage,
        derived_at=derived_at,
        progress=request_context.app_state().reports.find_progress(vault, outage.id),
        total=len(everything),
        kinds=open_things.count_by_kind(everything),
        titles={kind: wording.title for kind, wording in WORDINGS.items()},
        wards=sorted({thing.ward for thing in everything if thing.ward}),
        owners={**OWNERS, **dict.fromkeys(owners)},
        overdue=sum(thing.is_overdue(now) for thing in everything),
        wanted=wanted,
        listing=listing,
        details=open_things.describe_things(vault, settings, outage, listing.rows),
        address=find_address,
        now=now,
        due=stored_times.format_local_time(assignments.default_due(settings, vault.clock())),
    )


@blueprint.get("/open.<file_kind>")
@require_permission(Permission.ENTRY_QUEUE)
def download(file_kind: str) -> ViewResponse:
    """The whole list as it is filtered, for a spreadsheet; no patient is named."""
    vault, settings = request_context.vault(), request_context.settings()
    outage, now = find_latest_outage(vault), vault.now()
    wanted, zone = _read_filter(), ZoneInfo(settings.site.time_zone)
    things = open_things.list_open_things(vault, settings, outage, find_derived(outage)[1])
    rows = open_things.to_rows(
        wanted.select(things, now),
        lambda text: display.format_moment(text, zone),
    )
    return table_response(file_kind, f"still open {outage.label}", open_things.HEAD, rows)


@blueprint.post("/open/assign")
@require_permission(Permission.LEDGER_ASSIGN)
def assign() -> ViewResponse:
    """Give the ticked things to somebody until a time."""
    vault, settings = request_context.vault(), request_context.settings()
    owner, note = request.form.get("owner", ""), request.form.get("note", "")
    due = stored_times.parse_local_time(request.form.get("due", ""))
    outage = find_latest_outage(vault)
    count = open_things.assign_things(
        vault, settings, outage, request.form.getlist("thing"), owner, due,
        request_context.actor(), note, derived=find_derived(outage)[1],
    )  # fmt: skip
    flash(f"{count} assigned to {owner.strip()}.")
    names = ("kind", "ward", "owner_is", "page", "searched")
    arguments: dict[str, Any] = {
        name: text for name in names if (text := request.form.get(f"keep_{name}", ""))
    }
    return redirect(url_for("open_list.show", **arguments), 303)


@blueprint.post("/open/derive")
@require_permission(Permission.STATEMENT_MAKE)
def derive() -> ViewResponse:
    """Hold the records against each other now, as the statement does."""
    vault, settings = request_context.vault(), request_context.settings()
    request_context.app_state().reports.show(vault, settings, anew=True)
    return redirect(url_for("open_list.show"), 303)


def find_derived(outage: Outage) -> tuple[str, Sequence[OpenThing]]:
    """When the records were last held against each other here, and what was found; empty for never."""
    report = request_context.app_state().reports.find_last(request_context.vault(), outage.id)
    if report is None:
        return "", ()
    return report.statement.made_at, open_things.list_derived(report.statement.facts)


def _read_filter() -> OpenFilter:
    arguments = request.args
    return OpenFilter(
        arguments.get("kind", ""),
        arguments.get("ward", ""),
        arguments.get("owner_is", ""),
        searched_text(SEARCH),
    )

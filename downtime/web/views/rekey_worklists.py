"""Re-key worklists: what people key into the recovered systems, ticked line by line."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import NotFoundError
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns.model import TickOutcome
from downtime.returns.policies import MAX_TICK_NUMBER
from downtime.returns.rekey import line_table, rekey_lines, tick_line
from downtime.returns.rekey.model import RekeyLine
from downtime.returns.rekey.worklist_files import WorklistFileKind
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.listing import PAGE_ROWS, cut_page
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("rekey_worklists", __name__)
SEARCHED_LINES = 200
"""Of a search, which is narrowed rather than paged."""
FILTERS = ("system", "department", "all")
"""What chooses the lines that are shown, and is kept from one page to the next."""
SEARCHED = "text"
"""A search may name a patient: it is posted, and never part of an address."""


@blueprint.get("/rekey-worklists")
@require_permission(Permission.REKEY_LIST)
def show() -> ViewResponse:
    """The lists with their progress, and the open lines of the one that is chosen."""
    return _page(_read_filters(request.args.to_dict()), "")


@blueprint.post("/rekey-worklists")
@require_permission(Permission.REKEY_LIST)
def search() -> ViewResponse:
    """The lines, done ones too, that hold what was typed."""
    text = request.form.get(SEARCHED, "").strip()[:100]
    return _page(_read_filters(request.form.to_dict()), text)


def _page(filters: dict[str, str], text: str) -> ViewResponse:
    vault = request_context.vault()
    try:
        outage = find_latest_outage(vault)
    except NotFoundError:
        return render_template("rekey_worklists/show.html", outage=None, lists=[])
    all_lines = rekey_lines.list_lines(vault, outage.id)
    lines = [line for line in all_lines if _is_shown(line, filters, text)]
    return render_template(
        "rekey_worklists/show.html",
        outage=outage,
        lists=rekey_lines.summarize_lists(all_lines),
        filters=filters,
        text=text,
        listing=cut_page(lines, SEARCHED_LINES if text else PAGE_ROWS),
        same_number=rekey_lines.find_same_numbers(all_lines),
        kinds=list(WorklistFileKind),
        line_text=line_table,
        zone=ZoneInfo(request_context.settings().site.time_zone),
        next_open=next((line.message.control_id for line in lines if not line.tick), ""),
        max_number=MAX_TICK_NUMBER,
    )


@blueprint.post("/rekey-worklists/fill")
@require_permission(Permission.RETURN_EXPORT)
def fill() -> ViewResponse:
    """List items that cannot be sent as messages."""
    results = rekey_lines.fill_worklists(
        request_context.vault(), request_context.settings(), request_context.actor()
    )
    outdated = sum(len(result.outdated) for result in results)
    waiting = f"; {outdated} wait to be verified or compared again" if outdated else ""
    flash(f"{sum(result.items for result in results)} items queued or listed{waiting}.")
    return redirect(url_for("rekey_worklists.show"), 303)


@blueprint.post("/rekey-worklists/tick")
@require_permission(Permission.REKEY_TICK)
def tick() -> ViewResponse:
    """A line is keyed; the next open one is ready for the next number."""
    control_id, number = request.form.get("line", ""), request.form.get("number", "")
    actor = request_context.actor()
    outcome = tick_line.tick_line(request_context.vault(), control_id, number, actor)
    if outcome == TickOutcome.AWAITS_SECOND:
        flash(
            "Another patient's line has this number too. Is it the right patient? If it is, somebody"
            " else types the number from the live system; else type the right one."
        )
    return _redirect_to_list()


@blueprint.post("/rekey-worklists/untick")
@require_permission(Permission.REKEY_TICK)
def untick() -> ViewResponse:
    """A tick was wrong."""
    tick_line.untick_line(
        request_context.vault(),
        request.form.get("line", ""),
        request_context.actor(),
        required_reason(),
    )
    flash("The tick is undone. The line is open again.")
    return _redirect_to_list()


@blueprint.post("/rekey-worklists/file")
@require_permission(Permission.REKEY_LIST)
def file() -> ViewResponse:
    """The chosen list as a file, as a job."""
    names = ("system", "department", "kind")
    return submit_and_follow(JobName.WORKLIST, {name: request.form.get(name, "") for name in names})


def _read_filters(values: dict[str, str]) -> dict[str, str]:
    return {name: values[name].strip()[:200] for name in FILTERS if values.get(name, "").strip()}


def _is_shown(line: RekeyLine, filters: dict[str, str], text: str) -> bool:
    worklist = (filters.get("system", ""), filters.get("department", ""))
    if "system" in filters and worklist != line.worklist:
        return False
    return line.matches_search(text) if text else "all" in filters or line.tick is None


def _redirect_to_list() -> ViewResponse:
    filters: dict[str, Any] = dict(_read_filters(request.form.to_dict()))
    return redirect(url_for("rekey_worklists.show", **filters), 303)

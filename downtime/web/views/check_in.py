"""Check in forms as they come back, and the lists of what is not in order, with owners and due dates."""

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.errors import InputError, UserError
from downtime.paper import assignments, check_in, ledger, serials
from downtime.paper.model import AssignmentKind, CheckInOutcome, MoveKind
from downtime.sync import paper_lists
from downtime.sync.paper_lists import PaperList
from downtime.web import request_context, stored_times
from downtime.web.access_control import has_permission
from downtime.web.listing import cut_page, has_words, searched_text, table_response
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("check_in", __name__)
RECENT = 12
_RESOLUTIONS = {
    MoveKind.SAME: "the same form, scanned twice.",
    MoveKind.COPY: "a copy: two forms have one serial.",
}


@blueprint.get("/forms/check-in")
@require_permission(Permission.LEDGER_MOVE)
def show() -> ViewResponse:
    """One field for serials; what was checked in last stands below it."""
    vault, actor = request_context.vault(), request_context.actor()
    return render_template(
        "check_in/show.html",
        result=request_context.session_texts("booked"),
        outcome=request_context.session_texts("outcome"),
        serial=request_context.session_texts("serial"),
        count=check_in.count_recent(vault, request_context.settings(), actor),
        recent=check_in.list_recent(vault, actor, RECENT),
        titles=ledger.form_titles(vault),
        hours=request_context.settings().sync.check_in_hours,
        again=CheckInOutcome.REPEATED,
        good=(CheckInOutcome.CHECKED_IN, CheckInOutcome.FOUND_AGAIN),
    )


@blueprint.post("/forms/check-in")
@require_permission(Permission.LEDGER_MOVE)
def check_in_form() -> ViewResponse:
    """Check in one paper and wait for the next."""
    try:
        booked = check_in.check_in_form(
            request_context.vault(), request.form.get("serial", ""), request_context.actor()
        )
    except UserError as error:
        _remember("refused", f"{error.sentence} {error.next_step}", "")
    else:
        _remember(booked.outcome, booked.sentence, booked.serial)
    return redirect(url_for("check_in.show"), 303)


@blueprint.post("/forms/check-in/undo")
@require_permission(Permission.LEDGER_MOVE)
def undo() -> ViewResponse:
    """Take back what was checked in last."""
    serial = check_in.undo_last_check_in(request_context.vault(), request_context.actor())
    _remember("undone", f"{serials.format_serial(serial)}: not checked in any more.", "")
    return redirect(url_for("check_in.show"), 303)


@blueprint.post("/forms/check-in/settle")
@require_permission(Permission.LEDGER_MOVE)
def settle() -> ViewResponse:
    """Say of a paper that was checked in twice whether it was the same one."""
    vault, actor = request_context.vault(), request_context.actor()
    serial, wanted = request.form.get("serial", ""), request.form.get("kind", "")
    kind = next((kind for kind in _RESOLUTIONS if kind == wanted), None)
    if kind is None:
        raise InputError("intake.kind", "That cannot be said.", "Say same or copy.")
    check_in.resolve_repeat(vault, serial, kind, actor, request.form.get("reason", "")[:200])
    number = serials.format_serial(serials.parse_serial(serial))
    _remember("settled", f"{number}: {_RESOLUTIONS[kind]}", "")
    if request.form.get("back") == PaperList.CHECKED_IN_TWICE:
        return redirect(url_for("check_in.list_papers", name=PaperList.CHECKED_IN_TWICE), 303)
    return redirect(url_for("check_in.show"), 303)


@blueprint.get("/forms/lists/<name>")
@require_permission(Permission.LEDGER_VIEW)
def list_papers(name: str) -> ViewResponse:
    """One list of paper that is not in order."""
    vault, settings = request_context.vault(), request_context.settings()
    chosen = paper_lists.parse_name(name)
    lines = paper_lists.list_papers(vault, settings, chosen)
    counts, now, text = paper_lists.count_papers(vault, settings), vault.now(), searched_text(name)
    return render_template(
        "check_in/list_papers.html",
        name=name,
        title=paper_lists.TITLES[chosen],
        tabs=[(key, title, counts[key]) for key, title in paper_lists.TITLES.items()],
        listing=cut_page([line for line in lines if _has(line, text)]),
        text=text,
        now=now,
        overdue=sum(line.is_overdue(now) for line in lines),
        due=stored_times.format_local_time(assignments.default_due(settings, vault.clock())),
        titles=ledger.form_titles(vault),
        compare=has_permission(Permission.ENTRY_VERIFY),
    )


def _has(line: paper_lists.PaperLine, text: str) -> bool:
    form, owner = line.form, line.assignment
    texts = (line.serial, line.details, form.title if form else "", form.ward if form else "")
    return not text or has_words(text, *texts, owner.owner if owner else "")


@blueprint.get("/forms/lists/<name>.<file_kind>")
@require_permission(Permission.LEDGER_VIEW)
def download_list(name: str, file_kind: str) -> ViewResponse:
    """The same list for a spreadsheet."""
    settings = request_context.settings()
    zone = ZoneInfo(settings.site.time_zone)
    lines = paper_lists.list_papers(request_context.vault(), settings, name)
    rows = paper_lists.to_rows(lines, lambda text: display.format_moment(text, zone))
    return table_response(file_kind, name, paper_lists.HEAD, rows)


@blueprint.post("/forms/assign")
@require_permission(Permission.LEDGER_ASSIGN)
def assign() -> ViewResponse:
    """Give the ticked papers to somebody until a time."""
    vault, name = request_context.vault(), request.form.get("list", PaperList.MISSING)
    ticked, owner = request.form.getlist("serial"), request.form.get("owner", "")
    if not ticked:
        raise InputError("ledger.none", "No forms were ticked.", "Go back and tick at least one.")
    due = stored_times.parse_local_time(request.form.get("due", ""))
    actor, note = request_context.actor(), request.form.get("note", "")
    for serial in ticked:
        number = serials.parse_serial(serial)
        assignments.assign_owner(vault, AssignmentKind.FORM, number, owner, due, actor, note)
    flash(f"{len(ticked)} assigned to {owner.strip()}.")
    return redirect(url_for("check_in.list_papers", name=name), 303)


def _remember(outcome: str, sentence: str, serial: str) -> None:
    request_context.remember_text("outcome", outcome)
    request_context.remember_text("booked", sentence)
    request_context.remember_text("serial", serial)

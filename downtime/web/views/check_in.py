"""Check in forms as they come back, and the lists of what is not in order, with owners and due dates."""

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.entry.duplicate_entries import DuplicateEntry
from downtime.errors import InputError, UserError
from downtime.paper import assignments, check_in, ledger, serials
from downtime.paper.ledger import get_printed_definition
from downtime.paper.model import AssignmentKind, CheckInOutcome
from downtime.sync import paper_lists
from downtime.web import request_context, stored_times
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import requires

blueprint = Blueprint("check_in", __name__)
RECENT = 12
SHOWN = 400


@blueprint.get("/forms/check-in")
@requires(Permission.LEDGER_MOVE)
def show() -> ViewResponse:
    """One field for serials; what was booked last stands below it."""
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
@requires(Permission.LEDGER_MOVE)
def check_in_form() -> ViewResponse:
    """Book one paper and wait for the next."""
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
@requires(Permission.LEDGER_MOVE)
def undo() -> ViewResponse:
    """Take back what was booked last."""
    serial = check_in.undo_last_check_in(request_context.vault(), request_context.actor())
    _remember("undone", f"{serials.format_serial(serial)}: not checked in any more.", "")
    return redirect(url_for("check_in.show"), 303)


@blueprint.post("/forms/check-in/settle")
@requires(Permission.LEDGER_MOVE)
def settle() -> ViewResponse:
    """Say of a paper that was booked twice whether it was the same one."""
    serial, kind = request.form.get("serial", ""), request.form.get("kind", "")
    check_in.resolve_repeat(
        request_context.vault(),
        serial,
        kind,
        request_context.actor(),
        request.form.get("reason", "")[:200],
    )
    words = {"same": "the same form, scanned twice.", "copy": "a copy: two forms have one serial."}
    _remember(
        "settled", f"{serials.format_serial(serials.parse_serial(serial))}: {words[kind]}", ""
    )
    if request.form.get("back") == paper_lists.DUPLICATES:
        return redirect(url_for("check_in.list_papers", name=paper_lists.DUPLICATES), 303)
    return redirect(url_for("check_in.show"), 303)


@blueprint.get("/forms/lists/<name>")
@requires(Permission.LEDGER_VIEW)
def list_papers(name: str) -> ViewResponse:
    """One list of paper that is not in order."""
    vault, settings = request_context.vault(), request_context.settings()
    found = paper_lists.list_papers(vault, settings, name)
    now = vault.now()
    return render_template(
        "check_in/list_papers.html",
        name=name,
        title=paper_lists.TITLES[name],
        tabs=[
            (key, text, n)
            for (key, text), n in zip(
                paper_lists.TITLES.items(),
                paper_lists.count_papers(vault, settings).values(),
                strict=True,
            )
        ],
        lines=found,
        shown=SHOWN,
        now=now,
        overdue=sum(line.is_overdue(now) for line in found),
        due=stored_times.format_local_time(assignments.default_due(settings, vault.clock())),
        titles=ledger.form_titles(vault),
        compare=has_permission(Permission.ENTRY_VERIFY),
    )


@blueprint.get("/forms/lists/<name>.csv")
@requires(Permission.LEDGER_VIEW)
def download_list(name: str) -> ViewResponse:
    """The same list for a spreadsheet."""
    settings = request_context.settings()
    zone = ZoneInfo(settings.site.time_zone)
    found = paper_lists.list_papers(request_context.vault(), settings, name)
    content = paper_lists.to_csv(found, lambda text: display.format_moment(text, zone))
    return file_response(content, "text/csv", f"{name}.csv")


@blueprint.post("/forms/assign")
@requires(Permission.LEDGER_ASSIGN)
def assign() -> ViewResponse:
    """Give the ticked papers to somebody until a time."""
    vault, name = request_context.vault(), request.form.get("list", paper_lists.MISSING)
    ticked, owner = request.form.getlist("serial"), request.form.get("owner", "")
    if not ticked:
        raise InputError("ledger.none", "No forms were ticked.", "Go back and tick at least one.")
    due, note = (
        stored_times.parse_local_time(request.form.get("due", "")),
        request.form.get("note", ""),
    )
    for serial in ticked:
        number = serials.parse_serial(serial)
        assignments.assign(
            vault, AssignmentKind.FORM, number, owner, due, request_context.actor(), note
        )
    flash(f"{len(ticked)} given to {owner.strip()}.")
    return redirect(url_for("check_in.list_papers", name=name), 303)


def compare_answers(pair: DuplicateEntry) -> list[tuple[str, str, str, bool]]:
    """Question, both answers, and whether they differ, in the order of the form."""
    vault = request_context.vault()
    here, there = pair.here.answers, pair.there.entry.answers
    definition = get_printed_definition(vault, ledger.get_form(vault, pair.serial))
    texts = {item.link_id: item.text for item in definition.fields()}
    keys = dict.fromkeys([*here, *there])
    return [
        (
            _question(key, texts),
            here.get(key, ""),
            there.get(key, ""),
            here.get(key) != there.get(key),
        )
        for key in keys
    ]


def _question(key: str, texts: dict[str, str]) -> str:
    link_id, _, row = key.partition(":")
    text = texts.get(link_id) or link_id
    return f"{text}, row {row}" if row else text


def _remember(outcome: str, sentence: str, serial: str) -> None:
    request_context.remember_text("outcome", outcome)
    request_context.remember_text("booked", sentence)
    request_context.remember_text("serial", serial)

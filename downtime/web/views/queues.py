"""Queues: what waits to be keyed, keyed again, decided and compared; the next form with one key."""

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical.record_types import KeyingRank
from downtime.entry import claims, quality, reading_policies, work_queues
from downtime.entry.model import Task
from downtime.entry.priority import RANKS
from downtime.entry.work_queues import QueueFilter
from downtime.outage.outage_at_hand import find_outage_at_hand, is_drill_at_hand
from downtime.paper import ledger
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.listing import PAGE_ROWS, find_offset, make_page, table_response
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("queues", __name__)
PAGES = {
    Task.CONFIRM: "confirming.show",
    Task.KEY_AGAIN: "verifying.second",
    Task.ADJUDICATE: "verifying.decide",
    Task.CONFIRM_EMPTY: "verifying.look_empty",
}
"""Where a form of a queue is worked on; all others at the form itself."""
_FILTER, _TRAIL, _SKIPPED, _PLACE = "queue", "queue-trail", "queue-skipped", "queue-place"
_REMEMBERED = 200
"""Forms that 'previous' leads back through, and that 'next' does not offer again."""


@blueprint.get("/queues/<name>")
@require_permission(Permission.ENTRY_KEY)
def show(name: str) -> ViewResponse:
    """The next forms of one queue, and who has them."""
    wanted = QueueFilter.parse(name, request.args.get("form", ""), request.args.get("ward", ""))
    vault, settings = request_context.vault(), request_context.settings()
    lines = [line for line in _lines() if line.queue == wanted.queue]
    total = work_queues.count_left(vault, settings, wanted, request_context.actor())
    waiting = work_queues.list_waiting(
        vault, settings, wanted, request_context.actor(), PAGE_ROWS, find_offset(total)
    )
    return render_template(
        "queues/show.html",
        wanted=wanted,
        title=work_queues.QUEUE_TITLES[wanted.queue],
        lines=lines,
        sums=_sum_by_form([line for line in lines if wanted.ward in ("", line.ward)]),
        ranks=RANKS,
        forms_of=sorted({(line.form, line.title) for line in lines}),
        wards=sorted({line.ward for line in lines if line.ward}),
        listing=make_page(waiting, total),
        form_url=lambda serial: form_url(wanted.queue, serial),
    )


def _sum_by_form(lines: Sequence[work_queues.QueueLine]) -> list[work_queues.QueueLine]:
    """The counts of all wards together, in their order: a line for each kind of form."""
    sums: dict[str, work_queues.QueueLine] = {}
    for line in lines:
        sums[line.form] = replace(
            line, n=line.n + sums[line.form].n if line.form in sums else line.n
        )
    return list(sums.values())


@blueprint.get("/queues/<name>.<file_kind>")
@require_permission(Permission.ENTRY_KEY)
def download(name: str, file_kind: str) -> ViewResponse:
    """How many wait of each kind and ward, for a spreadsheet."""
    wanted = QueueFilter.parse(name, request.args.get("form", ""), request.args.get("ward", ""))
    rows = [
        (line.title, line.ward, str(line.n), RANKS[KeyingRank(line.rank)])
        for line in _lines()
        if line.queue == wanted.queue
        and wanted.form in ("", line.form)
        and wanted.ward in ("", line.ward)
    ]
    return table_response(file_kind, f"queue {name}", ("Form", "Ward", "Forms", "Order"), rows)


@blueprint.post("/queues/next")
@require_permission(Permission.ENTRY_KEY)
def next_() -> ViewResponse:
    """Take the next form: of the queue that was chosen, or of the one that one works through.

    A form that is on the screen is let go of as it was last kept.
    """
    if name := request.form.get("queue", ""):
        form, ward = request.form.get("form", ""), request.form.get("ward", "")
        start_queue(QueueFilter.parse(name, form, ward))
    if skipped := request.form.get("skip", ""):
        claims.release_form(request_context.vault(), skipped, request_context.actor())
        _remember_serial(_SKIPPED, skipped)
    return redirect_to_next()


@blueprint.get("/queues/previous")
@require_permission(Permission.ENTRY_KEY)
def previous() -> ViewResponse:
    """The form that was on the screen before."""
    trail = request_context.session_texts(_TRAIL).split()
    if len(trail) < 2:
        flash("There is no form before this one.")
        return redirect(url_for("keying.choose"), 303)
    request_context.remember_text(_TRAIL, " ".join(trail[:-2]))
    return redirect(url_for("keying.form", serial=trail[-2]), 303)


@blueprint.get("/quality")
@require_permission(Permission.ENTRY_QUALITY)
def show_quality() -> ViewResponse:
    """How many fields of each form are wrong, as far as that was checked."""
    vault = request_context.vault()
    outage = find_outage_at_hand(vault)
    settings = request_context.settings()
    estimates = quality.estimate_all(vault, settings, outage.id) if outage else []
    return render_template(
        "queues/show_quality.html",
        estimates=estimates,
        readings=[
            reading_policies.estimate_reading(vault.db, settings, kind)
            for kind in reading_policies.list_kinds(settings)
        ],
        outage=outage,
        settings=settings,
        titles=ledger.form_titles(vault),
    )


def start_queue(wanted: QueueFilter | None) -> None:
    """Work through a queue from here on; None for forms that are scanned one by one."""
    request_context.remember_text(
        _FILTER, "|".join((wanted.queue, wanted.form, wanted.ward)) if wanted else ""
    )
    request_context.remember_text(_SKIPPED, "")
    request_context.remember_text(_PLACE, "0")


def current_place() -> tuple[int, int] | None:
    """Which form of the queue this is that one works through, and of how many: `7 of 29`."""
    wanted = current_queue()
    place = int(request_context.session_texts(_PLACE) or 0)
    if wanted is None or not place:
        return None
    waiting = work_queues.count_left(
        request_context.vault(), request_context.settings(), wanted, request_context.actor()
    )
    skipped = len(request_context.session_texts(_SKIPPED).split())
    return place, max(place, place - 1 - skipped + waiting)


def remember_visited(serial: str) -> None:
    """Note that a form is on the screen."""
    if request_context.session_texts(_TRAIL).split()[-1:] != [serial]:
        _remember_serial(_TRAIL, serial)


def current_queue() -> QueueFilter | None:
    """The queue that this person works through."""
    text = request_context.session_texts(_FILTER)
    return QueueFilter.parse(*text.split("|")) if text else None


def redirect_to_next() -> ViewResponse:
    """The next form of the queue; the list of queues when none is left, or none was chosen."""
    wanted = current_queue()
    if wanted is None:
        return redirect(url_for("keying.choose"), 303)
    skip = request_context.session_texts(_SKIPPED).split()
    serial = work_queues.claim_next(
        request_context.vault(), request_context.settings(), wanted, request_context.actor(), skip
    )
    if serial is None:
        start_queue(None)
        flash("There is nothing left for you in this queue.")
        return redirect(url_for("keying.choose"), 303)
    place = int(request_context.session_texts(_PLACE) or 0) + 1
    request_context.remember_text(_PLACE, str(place))
    return redirect(form_url(wanted.queue, serial), 303)


def form_url(task: Task, serial: str) -> str:
    """The address at which a form of a queue is worked on."""
    return url_for(PAGES.get(task, "keying.form"), serial=serial)


def queue_overview() -> dict[str, object]:
    """What the page of all queues shows."""
    lines = _lines()
    return {
        "lines": lines,
        "totals": work_queues.totals(lines),
        "queues": work_queues.QUEUE_TITLES,
        "first": Task.KEY,
        "may_quality": has_permission(Permission.ENTRY_QUALITY),
        "left_out": work_queues.count_other_kind(
            request_context.vault(), request_context.settings()
        ),
        "is_drill": is_drill_at_hand(request_context.vault()),
    }


def _lines() -> list[work_queues.QueueLine]:
    return work_queues.count_queues(request_context.vault(), request_context.settings())


def _remember_serial(name: str, serial: str) -> None:
    remembered = [*request_context.session_texts(name).split(), serial]
    request_context.remember_text(name, " ".join(remembered[-_REMEMBERED:]))

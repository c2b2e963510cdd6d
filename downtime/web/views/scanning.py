"""Boxes of scanned paper: send files, see what became of each page, and empty the tray."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry import settle_tray, suggest_forms, take_in_batch, take_photograph
from downtime.errors import InputError, NotFoundError
from downtime.paper import serials
from downtime.paper.store import layouts
from downtime.scanning import store
from downtime.scanning.model import OUTCOME_REASONS, OUTCOME_TITLES, BatchSource, PageOutcome
from downtime.scanning.printed_page import draw_printed_page
from downtime.web import request_context
from downtime.web.job_kinds import JobName
from downtime.web.listing import cut_page
from downtime.web.responses import (
    MOST_PAGES,
    ViewResponse,
    file_response,
    picture_response,
    read_whole_number,
    required_reason,
)
from downtime.web.view_permissions import require_permission
from downtime.web.views.jobs import submit_and_follow

blueprint = Blueprint("scanning", __name__)


@blueprint.get("/scans")
@require_permission(Permission.ENTRY_SCAN)
def show() -> ViewResponse:
    """All boxes with their counts, and the field for files."""
    db = request_context.vault().db
    batches = store.fetch_batches(db)
    listing = cut_page(batches)
    return render_template(
        "scanning/show.html",
        listing=listing,
        counts={batch.id: store.count_outcomes(db, batch.id) for batch in listing.rows},
        tray=len(store.fetch_tray(db)),
        limit=request_context.settings().web.max_upload_bytes // 1_000_000,
        outcomes=PageOutcome,
    )


@blueprint.post("/scans")
@require_permission(Permission.ENTRY_SCAN)
def send() -> ViewResponse:
    """Keep the files that a browser sent, encrypted, and read them in a job."""
    vault, settings, actor = (
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
    )
    files = [(f.filename or "scan", f.read()) for f in request.files.getlist("files")]
    files = [(name, content) for name, content in files if content]
    if not files:
        raise InputError(
            "scan.none", "No file was chosen.", "Go back and choose the scanned files."
        )
    batch = take_in_batch.start_batch(
        vault, request.form.get("name", ""), BatchSource.UPLOAD, actor
    )
    for name, content in files:
        take_in_batch.keep_upload(vault, settings, batch, name, content, actor)
    return submit_and_follow(JobName.SCANNING, {"batch": batch.id})


@blueprint.get("/scans/telephone")
@require_permission(Permission.ENTRY_SCAN)
def show_telephone() -> ViewResponse:
    """One page after another, with the camera of whatever shows this."""
    return render_template("scanning/show_telephone.html", taken=None)


@blueprint.post("/scans/telephone")
@require_permission(Permission.ENTRY_SCAN)
def photograph() -> ViewResponse:
    """File the page that was photographed, or say why it is to be taken again."""
    vault, actor = request_context.vault(), request_context.actor()
    sent = request.files.get("picture")
    content = sent.read() if sent else b""
    if not content:
        raise InputError("scan.none", "No picture was taken.", "Go back and take one.")
    taken = take_photograph.take_photograph(
        vault, request_context.settings(), content, f"Telephone of {actor.name}", actor,
        keep=bool(request.form.get("keep")),
    )  # fmt: skip
    title = OUTCOME_REASONS[taken.page.outcome] if taken.page else ""
    return render_template("scanning/show_telephone.html", taken=taken, outcome=title)


@blueprint.post("/scans/batch/<batch_id>/go-on")
@require_permission(Permission.ENTRY_SCAN)
def go_on(batch_id: str) -> ViewResponse:
    """Read what was sent for a box and not read to its end."""
    batch = take_in_batch.get_batch(request_context.vault(), batch_id)
    return submit_and_follow(JobName.SCANNING, {"batch": batch.id})


@blueprint.get("/scans/batch/<batch_id>")
@require_permission(Permission.ENTRY_SCAN)
def show_batch(batch_id: str) -> ViewResponse:
    """One box: counts, the pages of one outcome, and forms of which pages are missing."""
    vault = request_context.vault()
    report = take_in_batch.report_batch(vault, batch_id)
    chosen = next((o for o in PageOutcome if o == request.args.get("outcome")), None)
    return render_template(
        "scanning/show_batch.html",
        report=report,
        chosen=chosen,
        listing=cut_page(store.fetch_pages(vault.db, batch_id, chosen)) if chosen else None,
        missing=list(take_in_batch.list_missing_pages(vault, batch_id)),
        titles=OUTCOME_TITLES,
        outcomes=PageOutcome,
    )


@blueprint.get("/scans/tray")
@require_permission(Permission.ENTRY_SCAN)
def show_tray() -> ViewResponse:
    """Pages without a home, the oldest first."""
    return render_template(
        "scanning/show_tray.html",
        listing=cut_page(store.fetch_tray(request_context.vault().db)),
        reasons=OUTCOME_REASONS,
    )


@blueprint.get("/scans/page/<page_id>")
@require_permission(Permission.ENTRY_SCAN)
def show_page(page_id: str) -> ViewResponse:
    """The picture of a page, and what can be said of it."""
    return _render_page(page_id, None)


@blueprint.get("/scans/page/<page_id>/candidates")
@require_permission(Permission.ENTRY_SCAN)
def show_candidates(page_id: str) -> ViewResponse:
    """Forms that the page may be of by its rulings, each with its print beside the scan."""
    vault, settings = request_context.vault(), request_context.settings()
    return render_template(
        "scanning/show_candidates.html",
        scanned=settle_tray.get_page(vault, page_id),
        candidates=suggest_forms.suggest_forms(vault, settings, page_id),
    )


@blueprint.get("/scans/print/<digest>/<int:number>")
@require_permission(Permission.ENTRY_SCAN)
def printed_page(digest: str, number: int) -> ViewResponse:
    """A page of a form as it is printed, empty."""
    layout = layouts.find_layout(request_context.vault().db, digest)
    if layout is None or not 1 <= number <= len(layout.pages):
        raise NotFoundError("scan.no-print", "There is no such print.", "Go back to the tray.")
    return file_response(
        draw_printed_page(layout, number), "image/png", f"{layout.form} {number}.png", inline=True
    )


def _render_page(page_id: str, typed: settle_tray.TypedPage | None) -> ViewResponse:
    vault = request_context.vault()
    page = settle_tray.get_page(vault, page_id)
    return render_template(
        "scanning/show_page.html",
        scanned=page,
        batch=take_in_batch.get_batch(vault, page.batch),
        typed=typed,
        reason=OUTCOME_REASONS[page.outcome],
        has_picture=store.fetch_picture(vault.db, page.id) is not None,
        is_proposer=page.proposer == request_context.actor().id,
        outcomes=PageOutcome,
    )


@blueprint.get("/scans/page/<page_id>/picture")
@require_permission(Permission.ENTRY_SCAN)
def picture(page_id: str) -> ViewResponse:
    """The picture itself."""
    content = settle_tray.get_picture(request_context.vault(), page_id)
    return picture_response(content, page_id)


@blueprint.post("/scans/page/<page_id>/find")
@require_permission(Permission.ENTRY_SCAN)
def find_form(page_id: str) -> ViewResponse:
    """The form of a typed serial with its person, to be compared before the page is filed."""
    serial, number = _read_typed()
    return _render_page(
        page_id, settle_tray.check_typed(request_context.vault(), page_id, serial, number)
    )


@blueprint.post("/scans/page/<page_id>/file")
@require_permission(Permission.ENTRY_SCAN)
def file_page(page_id: str) -> ViewResponse:
    """The person has compared: the page lies with that form."""
    serial, number = _read_typed()
    typed = settle_tray.file_by_hand(
        request_context.vault(), request_context.settings(), page_id, serial, number,
        request_context.actor(),
    )  # fmt: skip
    flash(f"Page {typed.page} lies with form {serials.format_serial(typed.form.serial)}.")
    return redirect(url_for("scanning.show_tray"), 303)


def _read_typed() -> tuple[str, int]:
    number = read_whole_number("number", "The page", 1, MOST_PAGES)
    return request.form.get("serial", ""), number


@blueprint.post("/scans/page/<page_id>/aside")
@require_permission(Permission.ENTRY_SCAN)
def put_aside(page_id: str) -> ViewResponse:
    """The first person says why the page belongs to no form."""
    settle_tray.put_aside(
        request_context.vault(), page_id, request_context.actor(), required_reason()
    )
    flash("A second person has to say so too. Until then the page stays in the tray.")
    return redirect(url_for("scanning.show_tray"), 303)


@blueprint.post("/scans/page/<page_id>/aside/confirm")
@require_permission(Permission.ENTRY_SCAN)
def confirm_aside(page_id: str) -> ViewResponse:
    """The second person says so too."""
    settle_tray.confirm_aside(request_context.vault(), page_id, request_context.actor())
    flash("The page is put aside. Its picture stays with its box.")
    return redirect(url_for("scanning.show_tray"), 303)

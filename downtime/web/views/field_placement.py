"""Forms on a hospital's own PDF: take the PDF over, draw its fields, look at the result, approve it."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.clinical import display
from downtime.errors import InputError, NotFoundError, UserError
from downtime.paper import hospital_backgrounds
from downtime.paper.approve_form import approve_form, describe_approval, list_makers
from downtime.paper.forms import background
from downtime.paper.forms import field_placement as rules
from downtime.paper.forms.background import BackgroundPdf
from downtime.paper.forms.check_form import RECORDS
from downtime.paper.forms.field_placement import COLUMNS, TYPES, BoxRow
from downtime.paper.forms.form_approval import (
    DIGITS,
    FormApproval,
    find_form_digest,
    read_approval,
)
from downtime.paper.forms.form_schema import RESERVED_PLACES
from downtime.paper.forms.load_form import load_form, load_forms
from downtime.paper.forms.model import FormDefinition, KeyingPolicy
from downtime.paper.forms.rectangle import MM
from downtime.paper.packs import preview_form
from downtime.paper.policies import (
    can_make_own_forms,
    check_can_make_own_forms,
    check_needs_approval,
)
from downtime.web import request_context
from downtime.web.job_kinds import PDF
from downtime.web.responses import ViewResponse, file_response
from downtime.web.stored_times import parse_day
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("field_placement", __name__, url_prefix="/forms/place")
FORM_KEYS = ("title", "version", "status", "purpose", "policy", "record", "system")
"""What the screen asks of the form as a whole."""
SPARE = 3
"""Empty rows at the end, for a browser without script."""


class OwnForm(NamedTuple):
    """A PDF of this home, and how far the form on it is."""

    name: str
    form: FormDefinition | None
    """None until its fields are drawn."""
    approval: FormApproval | None


@blueprint.get("")
@require_permission(Permission.FORM_APPROVE)
def choose() -> ViewResponse:
    """The PDFs of this home with their approvals, and a way to upload another."""
    home = request_context.app_state().home
    forms = load_forms(home)
    return render_template(
        "field_placement/choose.html",
        own_forms=[
            OwnForm(name, form, read_approval(form, home) if form else None)
            for name in hospital_backgrounds.list_backgrounds(home)
            for form in (forms.get(name),)
            if form is None or form.background
        ],
        today=request_context.today(),
        is_made_here=can_make_own_forms(home),
    )


@blueprint.post("")
@require_permission(Permission.CONFIG_MANAGE)
def upload() -> ViewResponse:
    """Keep a PDF that was sent from the browser."""
    file, name = request.files.get("file"), request.form.get("name", "").strip()
    if not file or not file.filename:
        raise InputError("place.none", "No file was chosen.", "Choose a PDF.")
    hospital_backgrounds.add_background(
        request_context.vault(),
        name,
        file.read(),
        request_context.settings().paper,
        request_context.actor(),
    )
    return redirect(url_for("field_placement.draw", name=name), 303)


@blueprint.get("/<name>")
@require_permission(Permission.CONFIG_MANAGE)
def draw(name: str) -> ViewResponse:
    """A page as a picture, with the places on it and their numbers beside it; on a publisher.

    What was found on the page is offered when it is asked for, and as long as nothing was drawn yet.
    """
    home = request_context.app_state().home
    check_can_make_own_forms(home)
    sheet = _open_background(name)
    is_new = not hospital_backgrounds.is_placed(home, name)
    if not is_new and "found" not in request.args:
        form = hospital_backgrounds.load_placement(home, name, sheet)
        return _render_drawing(name, sheet, form, rules.list_rows(form), "")
    survey = background.survey_background(_find_background(name), request_context.settings().paper)
    form = hospital_backgrounds.load_placement(home, name, sheet, survey)
    drawn, page = rules.list_rows(form), _chosen_page(sheet)
    suggested = rules.suggest_rows(
        [row for row in drawn if row.is_on(page)],
        [box for box in survey.boxes if box.page == page],
        [sheet.place_of(field) for field in sheet.fields if field["page"] == page],
    )
    missing = [key for key, place in survey.places.items() if place is None] if is_new else []
    return _render_drawing(name, sheet, form, drawn + suggested, "", len(suggested), missing)


@blueprint.post("/<name>")
@require_permission(Permission.CONFIG_MANAGE)
def save(name: str) -> ViewResponse:
    """Keep the places; a mistake is explained and nothing is kept. On a publisher."""
    check_can_make_own_forms(request_context.app_state().home)
    sheet = _open_background(name)
    drawn = [row for row in _read_rows() if row.key]
    form = hospital_backgrounds.load_placement(request_context.app_state().home, name, sheet)
    form |= {word: request.form.get(word, "").strip() for word in FORM_KEYS}
    try:
        form = rules.place_fields(form, drawn)
        hospital_backgrounds.save_placement(
            request_context.vault(), request_context.settings(), form, request_context.actor()
        )
    except InputError as error:
        message = f"{error.sentence} {error.next_step}"
        return _render_drawing(name, sheet, form, drawn, message), error.http_status
    flash(
        f"The form '{name}' is saved. Check its preview; it is printed once another person approved it."
    )
    return redirect(url_for("field_placement.draw", name=name, page=_chosen_page(sheet)), 303)


@blueprint.get("/<name>/<int:page>.png")
@require_permission(Permission.CONFIG_MANAGE)
def picture(name: str, page: int) -> ViewResponse:
    """A page of the PDF as a picture."""
    png = background.draw_page(_find_background(name), page, request_context.settings().paper)
    return Response(png, mimetype="image/png")


@blueprint.get("/<name>/approval")
@require_permission(Permission.FORM_APPROVE)
def show_approval(name: str) -> ViewResponse:
    """Who made a form and who approved it, its preview, and a way to approve it."""
    return _render_approval(name, None)


@blueprint.post("/<name>/approval")
@require_permission(Permission.FORM_APPROVE)
def approve(name: str) -> ViewResponse:
    """Approve the form that was looked at; what is wrong is said above the form."""
    try:
        approval = approve_form(
            request_context.vault(),
            request_context.settings(),
            name,
            request.form.get("digest", ""),
            parse_day(request.form.get("review", "")),
            request_context.actor(),
            request.form.get("reason", ""),
        )
    except UserError as error:
        return _render_approval(name, error), error.http_status
    flash(f"The form '{name}' is approved. Its review is on {display.format_day(approval.review)}.")
    return redirect(url_for("field_placement.choose"), 303)


def _render_approval(name: str, problem: UserError | None) -> str:
    home = request_context.app_state().home
    form = load_form(name, home)
    check_needs_approval(form)
    approval = read_approval(form, home)
    return render_template(
        "field_placement/show_approval.html",
        form=form,
        approval=approval,
        sentence=describe_approval(form, approval),
        digest=find_form_digest(form, home),
        digits=DIGITS,
        is_maker=request_context.actor().id in list_makers(request_context.vault(), form),
        problem=problem,
        is_made_here=can_make_own_forms(home),
        typed=request.form,
    )


@blueprint.get("/<name>/preview")
@require_permission(Permission.FORM_APPROVE)
def preview(name: str) -> ViewResponse:
    """The form filled with invented values."""
    home, out = request_context.app_state().home, BytesIO()
    form = load_form(name, home)
    preview_form.preview_form(form, home, request_context.settings(), request_context.now(), out)
    return file_response(out.getvalue(), PDF, f"preview {name}.pdf", inline=True)


def _render_drawing(
    name: str,
    sheet: BackgroundPdf,
    form: dict[str, object],
    drawn: list[BoxRow],
    error: str,
    suggestions: int | None = None,
    missing: Sequence[str] = (),
) -> str:
    page = _chosen_page(sheet)
    return render_template(
        "field_placement/draw.html",
        name=name,
        form=form,
        rows=[*drawn, *[BoxRow("", page=str(page))] * SPARE],
        columns=COLUMNS,
        numbers=rules.NUMBERS,
        types=TYPES,
        policies=list(KeyingPolicy),
        records=RECORDS,
        reserved=RESERVED_PLACES,
        pdf_fields=[field["name"] for field in sheet.fields],
        pages=sheet.pages,
        shown=page,
        size=[round(side / MM, 1) for side in sheet.size],
        saved=(request_context.app_state().home.forms_folder / f"{name}.yaml").exists(),
        known_names=rules.list_known_names(load_forms(None).values()),
        found=suggestions,
        missing=missing,
        error=error,
    )


def _read_rows() -> list[BoxRow]:
    columns = {column: request.form.getlist(column) for column in COLUMNS}
    if len({len(values) for values in columns.values()}) != 1:
        raise InputError("place.rows", "The table came incomplete.", "Send it again.")
    rows = zip(*columns.values(), strict=True)
    return [BoxRow(*(text.strip()[:200] for text in texts)) for texts in rows]


def _open_background(name: str) -> BackgroundPdf:
    return background.open_background(_find_background(name), request_context.settings().paper)


def _find_background(name: str) -> Path:
    path = hospital_backgrounds.list_backgrounds(request_context.app_state().home).get(name)
    if path is None:
        raise NotFoundError("place.unknown", "There is no such PDF here.", "Upload it first.")
    return path


def _chosen_page(sheet: BackgroundPdf) -> int:
    number = request.args.get("page", "") or request.form.get("shown", "")
    return min(int(number), sheet.pages) if number.isdecimal() and 0 < int(number) < 1000 else 1

"""The reference shelf: words in two clicks, documents with how far they hold, binders, what is public."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError, NotFoundError, UserError
from downtime.paper.shelf import find_documents, keep_document, policies
from downtime.paper.shelf.binder_pages import BinderPages
from downtime.paper.shelf.keep_document import DocumentDraft
from downtime.paper.shelf.model import DocumentKind, ShelfVersion
from downtime.paper.shelf.public_copies import list_public, read_public
from downtime.paper.shelf.read_document import read_rows
from downtime.web import request_context
from downtime.web.responses import ViewResponse, file_response, required_reason
from downtime.web.stored_times import parse_day
from downtime.web.view_permissions import require_permission
from downtime.web.views.printing import queue_as_chosen

blueprint = Blueprint("shelf", __name__)


@blueprint.get("/reference")
@require_permission(Permission.SHELF_VIEW)
def show() -> ViewResponse:
    """What is on the shelf by kind, and what has expired."""
    return _render_list("")


@blueprint.post("/reference")
@require_permission(Permission.SHELF_VIEW)
def search() -> ViewResponse:
    """The pages and telephone lines that hold all the words."""
    return _render_list(" ".join(request.form.get("words", "").split())[:100])


def _render_list(text: str) -> str:
    vault, settings = request_context.vault(), request_context.settings()
    documents, today = find_documents.list_documents(vault), request_context.today()
    return render_template(
        "shelf/show.html",
        words=text,
        hits=find_documents.search_shelf(vault, text),
        documents=documents,
        kinds=list(DocumentKind),
        warnings=list(find_documents.list_warnings(documents, today, settings)),
        today=today,
        is_kept_here=_is_kept_here(),
    )


@blueprint.get("/reference/documents/<name>")
@require_permission(Permission.SHELF_VIEW)
def show_document(name: str) -> ViewResponse:
    """A document with its versions; a telephone book with its lines."""
    document = find_documents.get_document(request_context.vault(), name)
    rows = []
    if document.latest.is_table:
        rows = read_rows(find_documents.read_file(request_context.vault(), document.latest))
    return render_template(
        "shelf/show_document.html",
        document=document,
        latest=document.latest,
        rows=rows,
        today=request_context.today(),
        is_kept_here=_is_kept_here(),
    )


@blueprint.get("/reference/documents/<name>/<version>")
@require_permission(Permission.SHELF_VIEW)
def send_file(name: str, version: str) -> ViewResponse:
    """The file of a version, shown in the browser."""
    document = find_documents.find_document(request_context.vault(), name)
    for item in document.versions if document else ():
        if item.id == version and not item.is_withdrawn:
            return _send(item, find_documents.read_file(request_context.vault(), item))
    raise NotFoundError(
        "shelf.unknown", "There is no such document on the shelf.", "See the list of the shelf."
    )


@blueprint.get("/reference/add")
@require_permission(Permission.SHELF_MANAGE)
def add() -> ViewResponse:
    """The form of a new document, or of a new version of one."""
    name = request.args.get("name", "")
    before = find_documents.find_document(request_context.vault(), name) if name else None
    return _render_form(before.latest if before else None, None)


@blueprint.post("/reference/add")
@require_permission(Permission.SHELF_MANAGE)
def save() -> ViewResponse:
    """Keep a file that was sent from the browser; what is wrong with it is said above the form."""
    try:
        version = _add_document()
    except UserError as error:
        return _render_form(None, error), error.http_status
    flash(f"{version.title} is on the shelf. Every machine has it after its next pull.")
    return redirect(url_for("shelf.show_document", name=version.document), 303)


def _add_document() -> ShelfVersion:
    file = request.files.get("file")
    if not file or not file.filename:
        raise InputError("shelf.none", "No file was chosen.", "Choose a PDF, or a table as CSV.")
    texts = ("title", "kind", "owner", "name")
    draft = DocumentDraft(
        **{key: request.form.get(key, "").strip() for key in texts},
        review=parse_day(request.form.get("review", "")),
        expires=parse_day(request.form.get("expires", "")),
        is_public=request.form.get("is_public") == "1",
        in_binder=request.form.get("in_binder") == "1",
    )
    return keep_document.add_document(
        request_context.vault(),
        request_context.settings(),
        draft,
        file.read(),
        request_context.actor(),
        required_reason(),
    )


def _render_form(before: ShelfVersion | None, problem: UserError | None) -> str:
    return render_template(
        "shelf/add.html",
        before=before,
        problem=problem,
        typed=request.form,
        kinds=[{"value": kind.value, "text": kind.display_name} for kind in DocumentKind],
        is_kept_here=_is_kept_here(),
    )


@blueprint.post("/reference/documents/<name>/withdraw")
@require_permission(Permission.SHELF_MANAGE)
def withdraw(name: str) -> ViewResponse:
    """Take a document off the shelf of every machine."""
    version = keep_document.withdraw_document(
        request_context.vault(), name, request_context.actor(), required_reason()
    )
    flash(f"{version.title} is off the shelf.")
    return redirect(url_for("shelf.show"), 303)


@blueprint.post("/reference/print")
@require_permission(Permission.FORM_PRINT)
def print_binder() -> ViewResponse:
    """Print chosen documents, or all that belong into the binder."""
    return queue_as_chosen(BinderPages(documents=tuple(request.form.getlist("document"))))


@blueprint.get("/public-reference")
@require_permission(Permission.PUBLIC)
def show_public() -> ViewResponse:
    """What the site lets anybody read before they sign in."""
    home = request_context.app_state().home
    return render_template(
        "shelf/show_public.html", versions=list_public(home), today=request_context.today()
    )


@blueprint.get("/public-reference/<version>")
@require_permission(Permission.PUBLIC)
def send_public(version: str) -> ViewResponse:
    """One of them: its pages, or its lines."""
    document, content = read_public(request_context.app_state().home, version)
    if not document.is_table:
        return _send(document, content)
    return render_template("shelf/send_public.html", latest=document, rows=read_rows(content))


def _send(version: ShelfVersion, content: bytes) -> ViewResponse:
    ending = "csv" if version.is_table else "pdf"
    name = f"{version.document}.{ending}"
    return file_response(content, version.media_type, name, inline=not version.is_table)


def _is_kept_here() -> bool:
    try:
        policies.check_is_kept_here(request_context.app_state().home)
    except UserError:
        return False
    return True

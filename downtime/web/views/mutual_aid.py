"""Mutual aid: read the codes of another hospital's sheet, register its patient as an arrival, print our own sheets."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import InputError, UserError, refusal_of
from downtime.paper.mutual_aid import partners, receive_document
from downtime.paper.mutual_aid.aid_sheets import CapacitySheet, TransferSheets
from downtime.paper.mutual_aid.model import AidKind
from downtime.paper.mutual_aid.read_codes import read_codes
from downtime.paper.mutual_aid.signed_codes import CodeParts, collect_parts
from downtime.web import request_context
from downtime.web.access_control import has_permission
from downtime.web.responses import ViewResponse, file_response, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.printing import queue_as_chosen

blueprint = Blueprint("mutual_aid", __name__)


@blueprint.get("/mutual-aid")
@require_permission(Permission.AID_VIEW)
def show() -> ViewResponse:
    """What other hospitals can take and what they sent, whom we believe, and what we send."""
    return _render(None, None)


@blueprint.post("/mutual-aid")
@require_permission(Permission.AID_RECEIVE)
def receive() -> ViewResponse:
    """One more scan, a pasted text, or a picture; once all codes of a sheet are here it is taken in."""
    parts: CodeParts | None = None
    try:
        parts = collect_parts(_read_texts())
        if parts.missing:
            return _render(parts, None)
        received = receive_document.receive_document(
            request_context.vault(), parts, request_context.actor()
        )
    except UserError as error:
        return _render(parts, error), error.http_status
    flash(f"{received.document.hospital_name} signed this; it is kept here.")
    return redirect(url_for("mutual_aid.show_document", ref=received.id), 303)


def _read_texts() -> list[str]:
    file = request.files.get("file")
    content = file.read() if file and file.filename else b""
    read = read_codes(content, request_context.settings().entry) if content else []
    return [*read, request.form.get("code", ""), request.form.get("codes", "")]


def _render(parts: CodeParts | None, problem: UserError | None) -> str:
    vault = request_context.vault()
    manages = has_permission(Permission.PARTNER_MANAGE)
    home, settings = vault.home, request_context.settings()
    partner_file = partners.make_partner_file(home, settings) if manages else None
    return render_template(
        "mutual_aid/show.html",
        parts=parts,
        problem=problem,
        transfers=receive_document.list_transfers(vault),
        capacity=receive_document.list_capacity(vault),
        partners=partners.list_partners(vault),
        own=partner_file,
    )


@blueprint.get("/mutual-aid/documents/<ref>")
@require_permission(Permission.AID_VIEW)
def show_document(ref: str) -> ViewResponse:
    """What another hospital sent, in its own words."""
    received = receive_document.get_received(request_context.vault(), ref)
    return render_template(
        "mutual_aid/show_document.html",
        received=received,
        document=received.document,
        is_transfer=received.document.kind is AidKind.TRANSFER,
        refusal=refusal_of(receive_document.check_can_register, request_context.vault(), received),
    )


@blueprint.post("/mutual-aid/print/transfer")
@require_permission(Permission.PACK_PRINT)
def print_transfer() -> ViewResponse:
    """Our summary of a patient for another hospital: the words, and the codes."""
    patient = request_context.hospital_now().get_person(request.form.get("patient", ""))
    return queue_as_chosen(
        TransferSheets(
            patient=patient.id, destination=_read_line("destination"), contact=_read_line("contact")
        )
    )


@blueprint.post("/mutual-aid/print/capacity")
@require_permission(Permission.PACK_PRINT)
def print_capacity() -> ViewResponse:
    """What we can take and what we divert."""
    return queue_as_chosen(
        CapacitySheet(destination=_read_line("destination"), contact=_read_line("contact"))
    )


def _read_line(name: str) -> str:
    return request.form.get(name, "").strip()[:100]


@blueprint.get("/mutual-aid/keys")
@require_permission(Permission.PARTNER_MANAGE)
def send_keys() -> ViewResponse:
    """Our machines' public keys, for another hospital."""
    home, settings = request_context.app_state().home, request_context.settings()
    partner_file = partners.make_partner_file(home, settings)
    return file_response(
        partner_file.to_bytes(), "application/json", f"{partner_file.code}-keys.json"
    )


@blueprint.post("/mutual-aid/partners")
@require_permission(Permission.PARTNER_MANAGE)
def add_partner() -> ViewResponse:
    """Believe another hospital's machines, whose fingerprint was read over the telephone."""
    file = request.files.get("file")
    if not file or not file.filename:
        raise InputError("partner.none", "No file was chosen.", "Choose the other hospital's file.")
    partner = partners.add_partner(
        request_context.vault(),
        request_context.settings(),
        file.read(),
        request.form.get("fingerprint", ""),
        request_context.actor(),
        required_reason(),
    )
    flash(f"{partner.name} is believed. Every machine knows it after its next pull.")
    return redirect(url_for("mutual_aid.show"), 303)


@blueprint.post("/mutual-aid/partners/withdraw")
@require_permission(Permission.PARTNER_MANAGE)
def withdraw_partner() -> ViewResponse:
    """Believe it no longer."""
    code = request.form.get("hospital", "")
    partners.withdraw_partner(
        request_context.vault(), code, request_context.actor(), required_reason()
    )
    flash(f"{code} is believed no longer.")
    return redirect(url_for("mutual_aid.show"), 303)

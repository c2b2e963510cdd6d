"""Confirm: of what was imported or merged, why implausible values stand, or that they are wrong."""

from flask import Blueprint, flash, render_template, request

from downtime.accounts import permissions
from downtime.accounts.model import Permission
from downtime.entry import claims, confirm_entry, confirm_policies, policies
from downtime.entry.judge_answers import word_problems
from downtime.entry.plausibility.wording import label_field
from downtime.entry.validation import InvalidAnswersError, keyed_fields
from downtime.paper import serials
from downtime.web import confirm_fields, request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views import queues
from downtime.web.views.keying_fields import form_context, question_context

blueprint = Blueprint("confirming", __name__)


@blueprint.get("/key/<serial>/confirm")
@require_permission(Permission.ENTRY_KEY)
def show(serial: str) -> ViewResponse:
    """The values that are implausible, and nothing else of the form: it may be keyed blind later."""
    return _render(serial)


@blueprint.post("/key/<serial>/confirm")
@require_permission(Permission.ENTRY_KEY)
def confirm(serial: str) -> ViewResponse:
    """Each value stands, and why; then the form goes on to its second person."""
    vault, settings = request_context.vault(), request_context.settings()
    requests = confirm_fields.read_confirm_requests(request.form)
    try:
        entry = confirm_entry.confirm_entry(
            vault, settings, serial, requests, request_context.actor()
        )
    except InvalidAnswersError as error:
        return _render(serial), error.http_status
    flash(f"Form {serials.format_serial(entry.serial)} is confirmed.")
    return queues.redirect_to_next()


def _render(serial: str) -> str:
    vault, settings, actor = (
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
    )
    form, findings = confirm_entry.list_to_confirm(vault, settings, serial)
    queues.remember_visited(form.issued.serial)
    claim = claims.claim_form(vault, settings, form.issued.serial, actor)
    fields = keyed_fields(form.definition)
    keys = dict.fromkeys(finding.key for finding in findings)
    is_checker = permissions.is_permitted(request_context.person(), Permission.ENTRY_VERIFY)
    return render_template(
        "confirming/show.html",
        form=form,
        values=[
            (key, label_field(fields, key), fields.get(key), form.answers.get(key, ""))
            for key in keys
        ],
        can_confirm=confirm_policies.can_confirm(findings),
        may_send_back=is_checker and policies.can_send_back(form.issued, form.entry),
        other=None if claim.is_of(actor) else claim,
        **question_context(word_problems(settings, form.definition, findings), form.answers),
        **form_context(form),
    )

"""Check: key critical fields again without seeing the first, decide between two, compare the rest."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry import (
    claims,
    confirm_empty,
    double_keying,
    open_form,
    policies,
    read_scans,
    send_back_entry,
    verify_entry,
)
from downtime.entry.double_keying import DisputedField
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import EntryState, Task
from downtime.entry.validation import AnswerProblem, InvalidAnswersError
from downtime.paper import serials
from downtime.web import confirm_fields, request_context
from downtime.web.describe_ink import describe_ink
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views import queues
from downtime.web.views.keying import read_answers, read_page_save, render_kept
from downtime.web.views.keying_fields import form_context, question_context

blueprint = Blueprint("verifying", __name__)


@blueprint.get("/key/<serial>/second")
@require_permission(Permission.ENTRY_VERIFY)
def second(serial: str) -> ViewResponse:
    """What a second person keys, empty: what the first one keyed is not shown."""
    opened = double_keying.open_second_keying(
        request_context.vault(), request_context.settings(), serial, request_context.actor()
    )
    queues.remember_visited(opened.issued.serial)
    return _render_second(opened, opened.answers, ())


@blueprint.post("/key/<serial>/second")
@require_permission(Permission.ENTRY_VERIFY)
def submit_second(serial: str) -> ViewResponse:
    """Finish the second keying and open the next form."""
    vault, settings = request_context.vault(), request_context.settings()
    actor, answers = request_context.actor(), read_answers()
    try:
        entry = double_keying.submit_second_keying(
            vault, settings, serial, answers, actor, read_page_save(),
            confirm_fields.read_confirm_requests(request.form),
        )  # fmt: skip
    except InvalidAnswersError as error:
        double_keying.save_second_draft(vault, serial, answers, actor, read_page_save())
        opened = double_keying.open_second_keying(vault, settings, serial, actor)
        return _render_second(opened, answers, error.problems), error.http_status
    differs = entry.state == EntryState.ADJUDICATING
    outcome = "differs from the first keying; a third person decides" if differs else "agrees"
    flash(f"Form {serials.format_serial(entry.serial)} {outcome}.")
    return queues.redirect_to_next()


@blueprint.post("/key/<serial>/second/part")
@require_permission(Permission.ENTRY_VERIFY)
def save_while_typing(serial: str) -> ViewResponse:
    """Keep what was typed while one goes on typing."""
    double_keying.save_second_draft(
        request_context.vault(), serial, read_answers(), request_context.actor(), read_page_save()
    )
    return render_kept(request_context.vault().now())


@blueprint.get("/key/<serial>/decide")
@require_permission(Permission.ENTRY_VERIFY)
def decide(serial: str) -> ViewResponse:
    """The fields that two people keyed differently."""
    return _render_decide(serial, {}, ())


@blueprint.post("/key/<serial>/decide")
@require_permission(Permission.ENTRY_VERIFY)
def submit_decision(serial: str) -> ViewResponse:
    """What the paper says in each of them, as a third person reads it."""
    vault, settings = request_context.vault(), request_context.settings()
    actor, reason = request_context.actor(), request.form.get("reason", "")
    disputed = double_keying.find_disputed_fields(vault, settings, serial, actor)
    chosen = {d.key: request.form.get(f"choice:{d.key}", "") for d in disputed}
    decisions = confirm_fields.add_chosen_hours(
        {d.key: _decision(d, chosen[d.key]) for d in disputed if chosen[d.key]}, request.form
    )
    confirmed = confirm_fields.read_confirm_requests(request.form)
    try:
        entry = double_keying.adjudicate_entry(
            vault, settings, serial, decisions, actor, reason, confirmed
        )
    except InvalidAnswersError as error:
        return _render_decide(serial, chosen, error.problems), error.http_status
    flash(f"Form {serials.format_serial(entry.serial)} is decided.")
    return queues.redirect_to_next()


@blueprint.get("/key/<serial>/empty")
@require_permission(Permission.ENTRY_VERIFY)
def look_empty(serial: str) -> ViewResponse:
    """Ask a second person whether the paper is empty; what was keyed all the same is not shown."""
    vault, settings = request_context.vault(), request_context.settings()
    opened = confirm_empty.open_empty_form(vault, settings, serial, request_context.actor())
    queues.remember_visited(opened.issued.serial)
    claim = claims.claim_form(vault, settings, serial, request_context.actor())
    return render_template(
        "verifying/look_empty.html",
        form=opened,
        other=None if claim.is_of(request_context.actor()) else claim,
        **form_context(opened)
        | describe_ink(opened, read_scans.find_ink(vault, serial), opened.answers, is_asked=True),
        editable=False,
        unseen=None,
    )


@blueprint.post("/key/<serial>/empty")
@require_permission(Permission.ENTRY_VERIFY)
def submit_empty(serial: str) -> ViewResponse:
    """A second person has seen the paper: nobody wrote an answer on it."""
    vault, settings = request_context.vault(), request_context.settings()
    entry = confirm_empty.confirm_empty(
        vault, settings, serial, request_context.actor(), "seen on screen"
    )
    flash(f"Form {serials.format_serial(entry.serial)} is confirmed as empty.")
    return queues.redirect_to_next()


@blueprint.post("/key/<serial>/verify")
@require_permission(Permission.ENTRY_VERIFY)
def verify(serial: str) -> ViewResponse:
    """A second person compared all of it; what is keyed blind first is not verified by a look."""
    opened = open_form.open_form(request_context.vault(), serial, request_context.settings())
    if opened.entry and opened.entry.waits == Task.KEY_AGAIN:
        policies.check_is_other_person(opened.entry, opened.typists, request_context.actor())
        return redirect(url_for("verifying.second", serial=serial), 303)
    entry = verify_entry.verify_entry(
        request_context.vault(), serial, request_context.actor(), "compared on screen"
    )
    flash(f"Form {serials.format_serial(entry.serial)} is verified.")
    return queues.redirect_to_next()


@blueprint.post("/key/<serial>/send-back")
@require_permission(Permission.ENTRY_VERIFY)
def send_back(serial: str) -> ViewResponse:
    """What was keyed is wrong: it becomes a draft again."""
    send_back_entry.send_back(
        request_context.vault(), serial, request_context.actor(), required_reason()
    )
    return redirect(url_for("keying.form", serial=serial), 303)


def _decision(field: DisputedField, choice: str) -> str:
    """The first's answer, the second's, or another one that was typed."""
    typed = request.form.get(field.key, "")
    return {"first": field.first, "second": field.second}.get(choice, typed)


def _render_second(
    opened: KeyedForm, answers: Mapping[str, str], problems: Sequence[AnswerProblem]
) -> str:
    serial = opened.issued.serial
    claim = claims.claim_form(
        request_context.vault(), request_context.settings(), serial, request_context.actor()
    )
    other = None if claim.is_of(request_context.actor()) else claim
    asked = set(opened.second_keys)
    return render_template(
        "verifying/second.html",
        form=opened,
        answers=answers,
        hides_printed=opened.asks_for_person,
        identity=[item for item in opened.identity if item.link_id in asked],
        sign_off=[item for item in opened.definition.sign_off if item.link_id in asked],
        other=other,
        editable=other is None,
        **question_context(problems, answers),
        **form_context(opened) | {"asked": asked},
    )


def _render_decide(
    serial: str, chosen: Mapping[str, str], problems: Sequence[AnswerProblem]
) -> str:
    vault, settings = request_context.vault(), request_context.settings()
    disputed = double_keying.find_disputed_fields(vault, settings, serial, request_context.actor())
    opened = open_form.open_form(vault, serial, settings)
    queues.remember_visited(opened.issued.serial)
    claim = claims.claim_form(vault, settings, serial, request_context.actor())
    return render_template(
        "verifying/decide.html",
        form=opened,
        disputed=disputed,
        chosen=chosen,
        typed=request.form,
        **question_context(
            problems, {d.key: _decision(d, chosen.get(d.key, "")) for d in disputed}
        ),
        other=None if claim.is_of(request_context.actor()) else claim,
        **form_context(opened),
    )

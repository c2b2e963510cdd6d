"""Key: scan a form or take the next one, fill its fields from the paper, save."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from downtime.accounts import permissions
from downtime.accounts.model import Permission
from downtime.entry import (
    check_person,
    claims,
    empty_forms,
    file_form,
    late_pages,
    open_form,
    policies,
    read_scans,
    scans,
    second_reading,
    unscanned_pages,
)
from downtime.entry import keying as entering
from downtime.entry.confirmed_values import list_confirmed
from downtime.entry.facts import PERSON_CHECK, PersonCheck
from downtime.entry.keyed_form import NUMBERS, KeyedForm, with_person_check
from downtime.entry.model import Claim, EntryState, Task
from downtime.entry.page_ink import FormInk
from downtime.entry.page_saves import PageSave
from downtime.entry.paper_kind import find_paper_kind
from downtime.entry.scan_policies import NO_CODE
from downtime.entry.store import entries
from downtime.entry.validation import (
    AnswerProblem,
    InvalidAnswersError,
)
from downtime.errors import ConflictError, InputError, NotFoundError, UserError
from downtime.paper import serials
from downtime.paper.forms.model import FormItem
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.web import confirm_fields, repeated_posts, request_context, signatures
from downtime.web.describe_ink import describe_ink
from downtime.web.responses import (
    MOST_PAGES,
    ViewResponse,
    picture_response,
    read_whole_number,
    required_reason,
)
from downtime.web.view_permissions import require_permission
from downtime.web.views import queues
from downtime.web.views.keying_fields import UNREAD, form_context, question_context
from downtime.web.views.ledger import titles

blueprint = Blueprint("keying", __name__)
OWN_FIELDS = (
    "csrf_token", repeated_posts.FIELD, "changed", "page", "step", "seen", "do", "empty", "looked",
)  # fmt: skip
_DRAFTS = 50
_LONGEST = 60
"""Characters of what names a page, or a save of it."""


@blueprint.get("/key")
@require_permission(Permission.ENTRY_KEY)
def choose() -> ViewResponse:
    """Scan or type a serial; what waits is counted, and drafts are listed."""
    return _render_choose("", None)


@blueprint.post("/key")
@require_permission(Permission.ENTRY_KEY)
def open_() -> ViewResponse:
    """Go to the form of a serial; what is keyed is then scanned one by one, not from a queue."""
    typed = request.form.get("serial", "")
    try:
        form = open_form.open_form(request_context.vault(), typed)
    except (InputError, NotFoundError) as error:
        return _render_choose(typed, error), error.http_status
    queues.start_queue(None)
    return redirect(url_for("keying.form", serial=form.issued.serial), 303)


@blueprint.get("/key/<serial>")
@require_permission(Permission.ENTRY_KEY)
def form(serial: str) -> ViewResponse:
    """The fields of one form as its definition says, with what was keyed so far.

    Whoever is to key it a second time, or to decide, does not see here what was keyed first.
    """
    opened = open_form.open_form(request_context.vault(), serial, request_context.settings())
    entry, serial = opened.entry, opened.issued.serial
    if entry and entry.transcriber != request_context.person().id:
        if entry.waits == Task.KEY_AGAIN:
            return redirect(url_for("verifying.second", serial=serial), 303)
        if entry.waits == Task.ADJUDICATE:
            return redirect(url_for("verifying.decide", serial=serial), 303)
        if entry.waits == Task.CONFIRM:
            return redirect(url_for("confirming.show", serial=serial), 303)
        if entry.waits == Task.CONFIRM_EMPTY:
            return redirect(url_for("verifying.look_empty", serial=serial), 303)
    queues.remember_visited(serial)
    carried = signatures.carried_signature(opened)
    is_begun = entry and (entry.state != EntryState.DRAFT or entry.corrections or opened.last_save)
    ticked = {} if is_begun else _find_ink(opened).suggest_answers(opened)
    answers = {**carried, **ticked, **opened.answers}
    return _render_form(opened, answers, (), carried=carried, ticked=ticked)


@blueprint.post("/key/<serial>/person")
@require_permission(Permission.ENTRY_KEY)
def show_person(serial: str) -> ViewResponse:
    """Who has the number that was typed: part of the page while one types, else all of it."""
    settings, answers = request_context.settings(), read_answers()
    opened = open_form.open_form(request_context.vault(), serial, settings)
    if request.headers.get("HX-Request"):
        person = _person_context(opened, answers)
        return render_template(
            "keying/_person.html", answers=answers, editable=True, form_person=False, **person
        )
    return _render_form(opened, answers, ())


@blueprint.post("/key/<serial>")
@require_permission(Permission.ENTRY_KEY)
def submit(serial: str) -> ViewResponse:
    """Enter the form and open the next, or show beside each field what is wrong with it."""
    vault, settings, answers = request_context.vault(), request_context.settings(), read_answers()
    opened = open_form.open_form(vault, serial, settings)
    answers = check_person.fill_checked(request_context.snapshot_or_none(), opened, answers)
    try:
        entering.submit_entry(
            vault, settings, serial, answers, request_context.actor(), page=read_page_save(),
            says_empty=bool(request.form.get("empty")),
            looked_at=request.form.get("looked", "").split(),
            confirmed=confirm_fields.read_confirm_requests(request.form),
        )  # fmt: skip
    except (InvalidAnswersError, policies.EmptyFormError, policies.UnseenInkError) as error:
        entering.save_draft(vault, serial, answers, request_context.actor(), read_page_save())
        opened = open_form.open_form(vault, serial, settings)
        problems = error.problems if isinstance(error, InvalidAnswersError) else ()
        offers_empty = empty_forms.is_empty(vault, opened, answers)
        unseen = error if isinstance(error, policies.UnseenInkError) else None
        page = _render_form(opened, answers, problems, offers_empty=offers_empty, unseen=unseen)
        return page, error.http_status
    signatures.remember_signature(opened.issued.serial, answers)
    next_one = "" if queues.current_queue() else " Scan the next one."
    flash(f"Form {serials.format_serial(serials.parse_serial(serial))} is entered.{next_one}")
    return queues.redirect_to_next()


@blueprint.post("/key/<serial>/draft")
@require_permission(Permission.ENTRY_KEY)
def draft(serial: str) -> ViewResponse:
    """Keep what was typed, let go of the form, and go to another."""
    entry = entering.save_draft(
        request_context.vault(), serial, read_answers(), request_context.actor(), read_page_save()
    )
    claims.release_form(request_context.vault(), entry.serial, request_context.actor())
    flash(f"Form {serials.format_serial(entry.serial)} is saved as a draft.")
    return redirect(url_for("keying.choose"), 303)


@blueprint.post("/key/<serial>/part")
@require_permission(Permission.ENTRY_KEY)
def save_while_typing(serial: str) -> ViewResponse:
    """Keep what was typed while one goes on typing."""
    entry = entering.save_draft(
        request_context.vault(), serial, read_answers(), request_context.actor(), read_page_save()
    )
    return render_kept(entry.changed)


@blueprint.post("/key/<serial>/file")
@require_permission(Permission.ENTRY_KEY)
def file_away(serial: str) -> ViewResponse:
    """The paper goes to its file."""
    settings = request_context.settings()
    vault, actor = request_context.vault(), request_context.actor()
    file_form.file_form(vault, settings, serial, actor, "filed on screen")
    flash(f"Form {serials.format_serial(serials.parse_serial(serial))} is filed.")
    return queues.redirect_to_next()


@blueprint.post("/key/<serial>/scan")
@require_permission(Permission.ENTRY_SCAN)
def attach(serial: str) -> ViewResponse:
    """Put the scan of the paper beside its fields; without a code, once a person has said whose it is."""
    sent = request.files.get("scan")
    content = sent.read() if sent else b""
    vault, settings, actor = _vault_settings_actor()
    try:
        scans.attach_scan(
            vault, settings, serial, content, actor,
            without_code=bool(request.form.get("without_code")),
        )  # fmt: skip
    except ConflictError as error:
        if error.code != NO_CODE:
            raise
        request_context.remember_text(UNREAD, serial)
        flash(f"{error.sentence} {error.next_step}", "warn")
        return redirect(url_for("keying.form", serial=serial, _anchor="paper-scan"), 303)
    request_context.remember_text(UNREAD, "")
    return redirect(url_for("keying.form", serial=serial), 303)


@blueprint.post("/key/<serial>/scan/confirm")
@require_permission(Permission.ENTRY_SCAN)
def confirm_scan(serial: str) -> ViewResponse:
    """The scan that another machine sent without a code is this form's."""
    scans.confirm_scan(request_context.vault(), serial, request_context.actor(), required_reason())
    return redirect(url_for("keying.form", serial=serial), 303)


def _vault_settings_actor() -> tuple[Vault, Settings, Actor]:
    return request_context.vault(), request_context.settings(), request_context.actor()


@blueprint.post("/key/<serial>/scan/away")
@require_permission(Permission.ENTRY_SCAN)
def detach(serial: str) -> ViewResponse:
    """The scan belongs to another form."""
    scans.detach_scan(request_context.vault(), serial, request_context.actor(), required_reason())
    return redirect(url_for("keying.form", serial=serial), 303)


@blueprint.post("/key/<serial>/scan/unscanned")
@require_permission(Permission.ENTRY_SCAN)
def explain_unscanned(serial: str) -> ViewResponse:
    """What became of a page that will not be scanned."""
    page = read_whole_number("number", "The page", 1, MOST_PAGES)
    unscanned_pages.explain_unscanned(
        request_context.vault(), serial, page, request_context.actor(), required_reason()
    )
    flash(f"Page {page} is not awaited any longer.")
    return redirect(url_for("keying.form", serial=serial), 303)


@blueprint.post("/key/<serial>/scan/late")
@require_permission(Permission.ENTRY_SCAN)
def confirm_late_page(serial: str) -> ViewResponse:
    """Somebody has looked at a page that came after the form was entered: the entry stands."""
    page = read_whole_number("number", "The page", 1, MOST_PAGES)
    late_pages.confirm_looked(
        request_context.vault(), serial, page, request_context.actor(), required_reason()
    )
    flash(f"Page {page} was looked at: what was entered stands.")
    return redirect(url_for("keying.form", serial=serial), 303)


@blueprint.get("/key/<serial>/scan/<int:page>")
@require_permission(Permission.ENTRY_KEY)
def page(serial: str, page: int) -> ViewResponse:
    """The picture of one page."""
    content = scans.get_page_picture(request_context.vault(), serial, page)
    return picture_response(content, f"{serial} page {page}")


def read_answers() -> dict[str, str]:
    """The fields that a screen sent, with the offset that was chosen for a time that happened twice."""
    sent = {
        key: text
        for key, text in request.form.items()
        if key not in OWN_FIELDS and confirm_fields.MARK not in key and text
    }
    return confirm_fields.add_chosen_hours(sent, request.form)


def read_page_save() -> PageSave:
    """Which save of which open page this is."""
    fields, step = request.form, request.form.get("step", "")
    return PageSave(
        id=fields.get("page", "")[:_LONGEST],
        step=int(step) if step.isdecimal() and len(step) < 10 else 0,
        seen=fields.get("seen", "")[:_LONGEST],
        changed=fields.get("changed", ""),
    )


def render_kept(changed: str) -> str:
    """The note that a draft is safe; without the frame of a page, which costs more than saving."""
    return current_app.jinja_env.get_template("keying/_draft_saved.html").render(changed=changed)


def _render_choose(typed: str, error: UserError | None) -> str:
    vault = request_context.vault()
    return render_template(
        "keying/choose.html",
        typed=typed,
        error=error,
        drafts=entries.find_drafts(vault.db, find_paper_kind(vault), _DRAFTS),
        claims=claims.current_claims(vault),
        titles=titles(),
        **queues.queue_overview(),
    )


def _render_form(
    opened: KeyedForm,
    answers: Mapping[str, str],
    problems: Sequence[AnswerProblem],
    *,
    offers_empty: bool = False,
    carried: Mapping[str, str] = MappingProxyType({}),
    ticked: Mapping[str, str] = MappingProxyType({}),
    unseen: UserError | None = None,
) -> str:
    opened = with_person_check(opened, answers)
    entry = opened.entry
    possible = _possible_actions(opened)
    claim = _claim(opened.issued.serial) if possible["editable"] else None
    other = claim if claim and not claim.is_of(request_context.actor()) else None
    return render_template(
        "keying/form.html",
        form=opened,
        entry=entry,
        answers=answers,
        confirmed=list_confirmed(opened, request_context.settings()),
        state=entry.state if entry else opened.issued.state,
        identity=opened.identity,
        sign_off=opened.definition.sign_off,
        other=other,
        offers_empty=offers_empty,
        **_person_context(opened, answers),
        **question_context(problems, answers),
        **possible | {"editable": possible["editable"] and other is None},
        **form_context(opened)
        | {"carried": carried, "carried_from": signatures.carried_from(), "ticked": ticked}
        | describe_ink(opened, _find_ink(opened), answers, is_asked=unseen is not None),
        unseen=unseen,
    )


def _find_ink(opened: KeyedForm) -> FormInk:
    """What the scan shows whoever sees the form now: to key it, not what is read as its second keying."""
    vault = request_context.vault()
    if policies.can_key(opened.issued, opened.entry):
        return second_reading.find_blind_ink(vault, request_context.settings(), opened)
    return read_scans.find_ink(vault, opened.issued.serial)


def _typed_identity(opened: KeyedForm) -> list[FormItem]:
    """What says who the paper is about, where the person that is shown is another, or nobody is."""
    if opened.identity_known:
        return replace(opened, names_other=True).identity
    return [item for item in opened.identity if item.link_id not in NUMBERS]


def _person_context(opened: KeyedForm, answers: Mapping[str, str]) -> dict[str, Any]:
    """The person who is shown to be checked, and whether who it is has to be typed."""
    owner, typed = None, [key for key in NUMBERS if answers.get(key)]
    if not opened.identity_known and opened.identity:
        owner = check_person.find_owner(request_context.snapshot_or_none(), answers)
    differs = answers.get(PERSON_CHECK) == PersonCheck.DIFFERS
    return {
        "owner": owner,
        "no_owner": bool(typed) and owner is None,
        "types_person": differs
        or (owner is None and bool(typed))
        or bool(answers.get("patient.name")),
        "has_snapshot": request_context.snapshot_or_none() is not None,
        "numbers": NUMBERS,
        "typed_identity": _typed_identity(opened),
        "person_check": PERSON_CHECK,
    }


def _claim(serial: str) -> Claim:
    return claims.claim_form(
        request_context.vault(), request_context.settings(), serial, request_context.actor()
    )


def _possible_actions(opened: KeyedForm) -> dict[str, bool]:
    """What this person can do with the form as it is."""
    issued, entry = opened.issued, opened.entry
    is_checker = permissions.is_permitted(request_context.person(), Permission.ENTRY_VERIFY)
    return {
        "editable": policies.can_key(issued, entry),
        "may_verify": is_checker
        and policies.can_verify(entry, opened.typists, request_context.actor()),
        "may_send_back": is_checker and policies.can_send_back(issued, entry),
        "may_file": policies.can_file(issued, opened.definition, entry),
    }

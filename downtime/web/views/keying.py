"""Key: scan a form, fill its fields from the paper, save; a second person compares."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts import permissions
from downtime.entry import entries, store
from downtime.entry.forms import KeyedForm
from downtime.entry.model import DRAFT, ENTERED, VERIFIED, Entry
from downtime.entry.validation import InvalidAnswersError
from downtime.errors import ConflictError, InputError, NotFoundError, UserError
from downtime.paper import serials
from downtime.paper.definitions.questionnaire import Item
from downtime.paper.issue import FILED, LOST, VOID
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, reason
from downtime.web.views.ledger import titles

keying = Blueprint("keying", __name__)
OWN_FIELDS = ("csrf_token", "changed", "do")
NOT_FIELDS = ("patient.location", "patient.allergies")
"""Printed in the identity block for the ward; whoever keys does not need them."""


@keying.get("/key")
@action("entry.key")
def choose() -> Answer:
    """Scan or type a serial; drafts and what waits for a second person are listed."""
    return _choose("", None)


@keying.post("/key")
@action("entry.key")
def open_() -> Answer:
    """Go to the form of a serial."""
    typed = request.form.get("serial", "")
    try:
        form = entries.open_form(current.vault(), typed)
    except (InputError, NotFoundError) as error:
        return _choose(typed, error), error.http_status
    return redirect(url_for("keying.form", serial=form.issued.serial), 303)


@keying.get("/key/<serial>")
@action("entry.key")
def form(serial: str) -> Answer:
    """The fields of one form as its definition says, with what was keyed so far."""
    opened = entries.open_form(current.vault(), serial)
    return _form(opened, opened.answers, {})


@keying.post("/key/<serial>")
@action("entry.key")
def submit(serial: str) -> Answer:
    """Enter the form, or show beside each field what is wrong with it."""
    vault, answers = current.vault(), _answers()
    _check_unchanged(serial)
    try:
        entries.submit(vault, current.settings(), serial, answers, current.who())
    except InvalidAnswersError as error:
        entries.save_draft(vault, serial, answers, current.who())
        problems = {problem.key: problem.sentence for problem in error.problems}
        return _form(entries.open_form(vault, serial), answers, problems), error.http_status
    flash(f"Form {serials.shown(serial)} is entered. Scan the next one.")
    return redirect(url_for("keying.choose"), 303)


@keying.post("/key/<serial>/draft")
@action("entry.key")
def draft(serial: str) -> Answer:
    """Keep what was typed and go to another form."""
    _check_unchanged(serial)
    entries.save_draft(current.vault(), serial, _answers(), current.who())
    flash(f"Form {serials.shown(serial)} is kept as a draft.")
    return redirect(url_for("keying.choose"), 303)


@keying.post("/key/<serial>/part")
@action("entry.key")
def part(serial: str) -> Answer:
    """Keep what was typed while one goes on typing."""
    _check_unchanged(serial)
    entry = entries.save_draft(current.vault(), serial, _answers(), current.who())
    return render_template("parts/kept.html", entry=entry)


@keying.post("/key/<serial>/verify")
@action("entry.verify")
def verify(serial: str) -> Answer:
    """A second person agrees with what was keyed."""
    entries.verify(current.vault(), serial, current.who(), "compared on screen")
    flash(f"Form {serials.shown(serial)} is verified.")
    return redirect(url_for("keying.choose"), 303)


@keying.post("/key/<serial>/send-back")
@action("entry.verify")
def send_back(serial: str) -> Answer:
    """What was keyed is wrong: it becomes a draft again."""
    entries.send_back(current.vault(), serial, current.who(), reason())
    return redirect(url_for("keying.form", serial=serial), 303)


@keying.post("/key/<serial>/file")
@action("entry.key")
def file_away(serial: str) -> Answer:
    """The paper goes to its file."""
    entries.file_away(current.vault(), serial, current.who(), "filed on screen")
    flash(f"Form {serials.shown(serial)} is filed.")
    return redirect(url_for("keying.choose"), 303)


def _choose(typed: str, error: UserError | None) -> str:
    db = current.vault().db
    return render_template(
        "key.html",
        typed=typed,
        error=error,
        drafts=list(store.in_state(db, DRAFT)),
        entered=list(store.in_state(db, ENTERED)),
        titles=titles(),
    )


def _form(opened: KeyedForm, answers: Mapping[str, str], problems: dict[str, str]) -> str:
    entry = opened.entry
    return render_template(
        "keying.html",
        form=opened,
        entry=entry,
        answers=answers,
        problems=problems,
        state=entry.state if entry else opened.issued.state,
        identity=_identity(opened),
        sign_off=opened.definition.sign_off,
        **_possible(opened, entry),
    )


def _identity(opened: KeyedForm) -> list[Item]:
    """The identity block, where neither print nor the form's own fields say who it is about."""
    asked = any(item.maps.startswith("Patient.") for item in opened.definition.fields())
    if opened.identity_known or asked:
        return []
    return [item for item in opened.definition.identity if item.link_id not in NOT_FIELDS]


def _possible(opened: KeyedForm, entry: Entry | None) -> dict[str, Any]:
    """What this person can do with the form as it is."""
    mine = entry is not None and entry.transcriber == current.person().id
    is_checker = permissions.can(current.person(), "entry.verify")
    shut = opened.issued.state in (FILED, VOID, LOST)
    return {
        "editable": not shut and (entry is None or entry.state == DRAFT),
        "may_verify": is_checker and not mine and entry is not None and entry.state == ENTERED,
        "may_send_back": is_checker
        and not shut
        and entry is not None
        and entry.state in (ENTERED, VERIFIED),
        "may_file": not shut
        and (
            (entry is not None and entry.state == VERIFIED)
            or (opened.definition.policy == "scan" and (entry is None or entry.state == DRAFT))
        ),
    }


def _answers() -> dict[str, str]:
    return {key: text for key, text in request.form.items() if key not in OWN_FIELDS and text}


def _check_unchanged(serial: str) -> None:
    """ConflictError when somebody else kept this form after the screen was opened."""
    entry = entries.open_form(current.vault(), serial).entry
    seen = request.form.get("changed", "")
    if entry and entry.changed != seen and entry.transcriber != current.person().id:
        raise ConflictError(
            "entry.changed",
            f"{entry.transcriber_name} has keyed this form while it was open on your screen.",
            "Open it again to see what was kept.",
        )

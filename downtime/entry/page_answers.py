"""Answers for pages that a statement asks about, from the screen or from another machine: one rule for both doors."""

from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from downtime.entry.model import PageAnswer, PageQuestion
from downtime.entry.scan_policies import check_page_answer
from downtime.entry.store import page_answers
from downtime.errors import ConflictError, InputError
from downtime.paper.model import IssuedForm
from downtime.paper.store import issued_forms
from downtime.vault.model import Actor


def save_answer(
    db: Database,
    question: PageQuestion,
    form: IssuedForm,
    page: int,
    actor: Actor,
    reason: str,
    now: str,
) -> PageAnswer:
    """Keep what somebody says here, inside the caller's transaction; ConflictError, InputError."""
    answer = PageAnswer(
        serial=form.serial, page=page, reason=reason, at=now, person=actor.id, name=actor.name
    )
    check_page_answer(question, answer, form, now)
    page_answers.save(db, question, answer)
    return answer


def merge_answer(db: Database, question: PageQuestion, row: Mapping[str, Any], now: str) -> bool:
    """Keep what another machine says, unless something later is known; whether it counts here.

    One that answers for nothing is left out: its page stays open until somebody here looks. ValueError
    for a row that no laptop writes.
    """
    answer = PageAnswer(**row)
    if type(answer.page) is not int or not all(
        isinstance(value, str)
        for value in (answer.serial, answer.reason, answer.at, answer.person, answer.name)
    ):
        raise ValueError("an answer of another shape")
    try:
        check_page_answer(question, answer, issued_forms.find_form(db, answer.serial), now)
    except (ConflictError, InputError):
        return False
    page_answers.save_newest(db, question, answer)
    return True

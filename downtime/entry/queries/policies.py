"""What must hold before something is said to a question; every door comes through here."""

from collections.abc import Collection, Iterable

from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import Entry, EntryState, Task
from downtime.entry.queries.model import LIFECYCLE, Query, QueryState
from downtime.entry.validation import keyed_fields
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper import serials
from downtime.paper.model import FormState
from downtime.vault.model import Actor

MAX_TEXT = 500
_OUT_OF_USE = (FormState.VOID, FormState.LOST)


def check_text(text: str) -> str:
    """The words without spaces around them; InputError for none, or too many."""
    checked = " ".join(text.split())
    if not checked:
        raise InputError("query.text", "Nothing is said.", "Write in a few words what it is about.")
    if len(checked) > MAX_TEXT:
        raise InputError(
            "query.text", f"That is longer than {MAX_TEXT} characters.", "Say it more briefly."
        )
    return checked


def check_can_ask(form: KeyedForm, field: str) -> None:
    """InputError for a field that is not keyed; ConflictError for a form that is out of use."""
    if field not in keyed_fields(form.definition):
        raise InputError(
            "query.field",
            "A question is asked about a field that is keyed from this form.",
            "Choose one of its fields.",
        )
    if form.issued.state in _OUT_OF_USE:
        raise ConflictError(
            "query.out-of-use",
            f"Form {serials.format_serial(form.issued.serial)} is '{form.issued.state}'.",
            "Ask about the form that was keyed instead.",
        )


def check_can_move(query: Query, to: QueryState) -> None:
    """ConflictError unless the table of its lifecycle has the move."""
    LIFECYCLE.check(query.state, to)


def check_can_close(query: Query, actor: Actor) -> None:
    """ForbiddenError for who gave the answer: somebody else is content with it."""
    check_can_move(query, QueryState.CLOSED)
    if actor.id == query.answerer:
        raise ForbiddenError(
            "query.own",
            "You answered this question, so somebody else closes it.",
            "Ask a colleague to read the answer beside the paper.",
        )


def check_none_open(queries: Iterable[Query], serial: str) -> None:
    """ConflictError while a question on the form is not closed: then it is not done."""
    if has_open(queries):
        raise ConflictError(
            "query.open",
            f"A question on form {serials.format_serial(serial)} is not closed.",
            "Answer it and have it closed; the page of the form shows it beside its field.",
        )


def can_read(entry: Entry | None, typists: Collection[str], person: str) -> bool:
    """Whether somebody may read what is said about a form: not who might still key it a second time.

    It may speak of what was keyed first.
    """
    if entry is None or entry.state != EntryState.ENTERED:
        return True
    is_keyed_blind = entry.waits in (Task.KEY_AGAIN, Task.CONFIRM_EMPTY)
    return not is_keyed_blind or person in {entry.transcriber, *typists}


def check_can_read(entry: Entry | None, typists: Collection[str], actor: Actor) -> None:
    """ForbiddenError for who may still key the form a second time."""
    if not can_read(entry, typists, actor.id):
        raise ForbiddenError(
            "query.blind",
            "This form is to be keyed a second time by somebody who has not seen what was keyed.",
            "The question can be read once that is done, or by those who keyed it.",
        )


def has_open(queries: Iterable[Query]) -> bool:
    """Whether a question is not closed."""
    return any(query.is_open for query in queries)

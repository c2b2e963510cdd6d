"""Ask about a field of a form, or ask again what was answered."""

import secrets

from sqlite_utils import Database

from downtime.entry.open_form import open_form
from downtime.entry.queries import policies
from downtime.entry.queries.list_queries import get_query
from downtime.entry.queries.model import AuditAction, Query, QueryState, QueryStep, fold_steps
from downtime.entry.store import query_steps
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def ask_query(
    vault: Vault, settings: Settings, serial: str, field: str, text: str, actor: Actor
) -> Query:
    """Ask about a field, by its key; until the question is closed, the form is not done.

    InputError for no words and for a field that is not keyed; ConflictError for a form out of use.
    """
    text, form = policies.check_text(text), open_form(vault, serial, settings)
    policies.check_can_ask(form, field)
    number, query_id = form.issued.serial, secrets.token_hex(6)
    with vault.change(actor, AuditAction.QUERY_ASK, target=f"{number}: {query_id}") as db:
        step = QueryStep(
            id=f"0000-{query_id}", query=query_id, serial=number, field=field, state=QueryState.OPEN,
            text=text, at=vault.now(), person=actor.id, person_name=actor.name,
        )  # fmt: skip
        query_steps.add_step(db, step)
    return fold_steps([step])[0]


def ask_again(vault: Vault, query_id: str, text: str, actor: Actor) -> Query:
    """Open a question again that was answered or closed; ConflictError for one that is open."""
    return say_to_query(vault, query_id, text, actor, AuditAction.QUERY_ASK, QueryState.OPEN)


def say_to_query(
    vault: Vault, query_id: str, text: str, actor: Actor, action: AuditAction, to: QueryState
) -> Query:
    """Add what somebody says to a question, which leads it to that state."""
    text = policies.check_text(text)
    before = get_query(vault, query_id)
    target = f"{before.serial}: {query_id}"
    with vault.change(actor, action, target=target) as db:
        query = get_query(vault, query_id)
        form = open_form(vault, query.serial)
        policies.check_can_read(form.entry, form.typists, actor)
        if to == QueryState.CLOSED:
            policies.check_can_close(query, actor)
        policies.check_can_move(query, to)
        return _add_step(db, query, to, text, max(vault.now(), query.last.at), actor)


def _add_step(
    db: Database, query: Query, to: QueryState, text: str, at: str, actor: Actor
) -> Query:
    """The question with one more step, which is never dated before one that is known."""
    step = QueryStep(
        id=f"{len(query.steps):04}-{secrets.token_hex(6)}", query=query.id, serial=query.serial, field=query.field,
        state=to, text=text, at=at, person=actor.id, person_name=actor.name,
    )  # fmt: skip
    query_steps.add_step(db, step)
    return fold_steps([*query.steps, step])[0]

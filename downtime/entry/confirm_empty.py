"""Confirm that a form is empty: a second person has seen the paper, and nobody wrote an answer on it."""

from dataclasses import replace

from downtime.entry import policies
from downtime.entry.claims import check_not_claimed
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import AuditAction, Emptiness, Entry, Task, VerificationBasis
from downtime.entry.open_form import open_form
from downtime.entry.queries.list_queries import list_queries_of_form
from downtime.entry.queries.policies import check_none_open
from downtime.entry.store import claims, entries
from downtime.entry.verify_entry import accept_entry
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def open_empty_form(vault: Vault, settings: Settings, serial: str, actor: Actor) -> KeyedForm:
    """A form that waits for this, for somebody who did not key it; ForbiddenError, ConflictError."""
    form = open_form(vault, serial, settings)
    policies.check_can_confirm_empty(form.entry, form.issued.serial, form.typists, actor)
    return form


def confirm_empty(
    vault: Vault, settings: Settings, serial: str, actor: Actor, reason: str = ""
) -> Entry:
    """Agree that nobody wrote an answer on the paper.

    Who it is about, where that was keyed, is keyed a second time like that of any form.
    ForbiddenError for who keyed it; ConflictError unless it waits for this, or somebody has it.
    """
    number = open_empty_form(vault, settings, serial, actor).issued.serial
    with vault.change(actor, AuditAction.ENTRY_CONFIRM_EMPTY, target=number, reason=reason) as db:
        now = vault.now()
        check_not_claimed(db, number, actor, now)
        check_none_open(list_queries_of_form(vault, number), number)
        form = open_form(vault, number, settings)
        entry = policies.check_can_confirm_empty(form.entry, number, form.typists, actor)
        entry = replace(
            entry,
            emptiness=Emptiness.CONFIRMED,
            confirmer=actor.id,
            confirmer_name=actor.name,
            changed=now,
        )
        if replace(form, entry=entry).second_keys:
            entry = replace(entry, waits=Task.KEY_AGAIN)
        else:
            entry = accept_entry(db, entry, actor, now, VerificationBasis.EMPTY)
        entries.save_entry(db, entry)
        claims.delete(db, number)
    return entry

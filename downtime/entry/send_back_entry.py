"""Send an entry back to be keyed again: what was typed until then is kept."""

from dataclasses import replace

from sqlite_utils import Database

from downtime.entry.claims import check_not_claimed
from downtime.entry.model import (
    LIFECYCLE,
    AuditAction,
    Emptiness,
    Entry,
    EntryState,
    PastState,
    Task,
    VerificationBasis,
)
from downtime.entry.open_form import get_entry
from downtime.entry.policies import check_reason
from downtime.entry.store import entries, second_keyings
from downtime.paper import serials
from downtime.paper.model import FormState
from downtime.paper.move_form import move_form
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def send_back(vault: Vault, serial: str, actor: Actor, reason: str) -> Entry:
    """Make an entry a draft again because it is wrong; what it said is kept. `reason` is required.

    ConflictError when the paper is already filed away, or somebody else has it on the screen.
    """
    reason = check_reason(reason, next_step="Say in a few words what is wrong.")
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction.ENTRY_SEND_BACK, target=number, reason=reason) as db:
        now = vault.now()
        entry = get_entry(vault, number)
        LIFECYCLE.check(entry.state, EntryState.DRAFT)
        check_not_claimed(db, number, actor, now)
        move_form(db, number, FormState.RETURNED, now, actor, reason)
        entries.save_past(db, entry, now, actor.id, reason)
        archive_second_keying(db, entry, now, actor, reason)
        entry = replace(
            entry,
            state=EntryState.DRAFT,
            waits=Task.NONE,
            basis=VerificationBasis.NONE,
            sample_keys=(),
            read_answers={},
            reading_counts=0,
            emptiness=Emptiness.NONE,
            confirmer="",
            confirmer_name="",
            verifier="",
            verifier_name="",
            verified="",
            changed=now,
            corrections=entry.corrections + 1,
        )
        entries.save_entry(db, entry)
    return entry


def archive_second_keying(db: Database, entry: Entry, now: str, actor: Actor, reason: str) -> None:
    """What was keyed a second time goes to the past too: the form is keyed twice anew."""
    if second := second_keyings.fetch(db, entry.serial):
        as_entry = replace(
            entry,
            answers=second.answers,
            transcriber=second.person,
            confirmations=second.confirmations,
        )
        state = PastState.SECOND_KEYING
        entries.save_past(db, as_entry, now, actor.id, reason, state)
        second_keyings.delete(db, entry.serial)

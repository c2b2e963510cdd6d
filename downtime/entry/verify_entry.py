"""Verify an entry: a second person compares it with the paper, and what the check found is noted."""

from dataclasses import replace

from sqlite_utils import Database

from downtime.entry import claims, open_form
from downtime.entry.model import (
    ADJUDICATING,
    AGREED,
    COMPARED,
    LIFECYCLE,
    UNSAMPLED,
    VERIFIED,
    AuditAction,
    Check,
    Entry,
)
from downtime.entry.store import checks, entries
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import ledger, serials
from downtime.paper.model import FormState
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def verify_entry(vault: Vault, serial: str, actor: Actor, reason: str = "") -> Entry:
    """A second person compared the whole entry with the paper, and it says the same.

    ForbiddenError for the one who keyed it; ConflictError unless it is entered, or counts as
    verified without that anybody compared it.
    """
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction.ENTRY_VERIFY, target=number, reason=reason) as db:
        entry = open_form.get_entry(vault, number)
        check_is_other_person(entry, actor)
        claims.check_not_claimed(db, number, actor, vault.now())
        if entry.state == ADJUDICATING:
            raise ConflictError(
                "entry.disputed",
                "Two people keyed this form differently.",
                "A third person decides between them first.",
            )
        if entry.state == VERIFIED and entry.basis in (UNSAMPLED, AGREED):
            entry = replace(entry, verifier=actor.id, verifier_name=actor.name, basis=COMPARED)
        else:
            entry = accept_entry(db, entry, actor, vault.now(), COMPARED)
        entries.save(db, entry)
        checks.delete_claim(db, number)
        if not entry.corrections:  # what it had wrong was counted when it was corrected
            record_check(db, entry, COMPARED, _count_compared(vault, db, entry), 0, vault.now())
    return entry


def accept_entry(db: Database, entry: Entry, actor: Actor, now: str, basis: str) -> Entry:
    """The entry as verified, inside the caller's transaction; the ledger's form goes along.

    What was not in the sample names nobody as its verifier: nobody compared it.
    """
    LIFECYCLE.check(entry.state, VERIFIED)
    ledger.move_form(db, entry.serial, FormState.VERIFIED, now, actor, basis)
    by = Actor("", "", "") if basis == UNSAMPLED else actor
    return replace(
        entry,
        state=VERIFIED,
        waits="",
        basis=basis,
        verifier=by.id,
        verifier_name=by.name,
        verified=now,
        changed=now,
    )


def check_is_other_person(entry: Entry, actor: Actor) -> None:
    """ForbiddenError for the one who keyed it."""
    if actor.id == entry.transcriber:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so somebody else has to verify it.",
            "Ask a colleague to compare it with the paper.",
        )


def record_check(db: Database, entry: Entry, basis: str, fields: int, errors: int, at: str) -> None:
    """Note what a check found, once for each way: of what was keyed anew the first keying counts.

    `fields` are those a second person looked at, filled in either version; none says nothing.
    """
    if fields and not checks.has_check(db, entry.serial, basis):
        found = Check(
            serial=entry.serial,
            outage=entry.outage,
            form=entry.form,
            at=at,
            basis=basis,
            fields=fields,
            errors=errors,
        )
        checks.add_check(db, found)


def _count_compared(vault: Vault, db: Database, entry: Entry) -> int:
    """The filled fields that somebody compares, without those that another person keyed blind."""
    filled = {key for key, text in entry.answers.items() if text}
    if checks.has_check(db, entry.serial, AGREED):
        filled -= set(open_form.open_form(vault, entry.serial).critical_keys)
    return len(filled)

"""Verify an entry: a second person compares it with the paper, and what the check found is noted."""

from dataclasses import replace

from sqlite_utils import Database

from downtime.entry import claims, opening, store, store_checks
from downtime.entry.model import (
    ADJUDICATING,
    AGREED,
    COMPARED,
    LIFECYCLE,
    UNSAMPLED,
    VERIFIED,
    Check,
    Entry,
)
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import ledger, serials
from downtime.paper.issue import VERIFIED as FORM_VERIFIED
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def verify(vault: Vault, serial: str, who: Actor, why: str = "") -> Entry:
    """A second person compared the whole entry with the paper, and it says the same.

    ForbiddenError for the one who keyed it; ConflictError unless it is entered, or counts as
    verified without that anybody compared it.
    """
    number = serials.parse(serial)
    with vault.change(who, "entry.verify", target=number, why=why) as db:
        entry = opening.get(vault, number)
        check_other(entry, who)
        claims.check(db, number, who, vault.now())
        if entry.state == ADJUDICATING:
            raise ConflictError(
                "entry.disputed",
                "Two people keyed this form differently.",
                "A third person decides between them first.",
            )
        if entry.state == VERIFIED and entry.basis in (UNSAMPLED, AGREED):
            entry = replace(entry, verifier=who.id, verifier_name=who.name, basis=COMPARED)
        else:
            entry = accepted(db, entry, who, vault.now(), COMPARED)
        store.save(db, entry)
        store_checks.drop_claim(db, number)
        if not entry.corrections:  # what it had wrong was counted when it was corrected
            add_check(db, entry, COMPARED, _compared(vault, db, entry), 0, vault.now())
    return entry


def accepted(db: Database, entry: Entry, who: Actor, now: str, basis: str) -> Entry:
    """The entry as verified, inside the caller's transaction; the ledger's form goes along.

    What was not in the sample names nobody as its verifier: nobody compared it.
    """
    LIFECYCLE.check(entry.state, VERIFIED)
    ledger.move(db, entry.serial, FORM_VERIFIED, now, who, basis)
    by = Actor("", "", "") if basis == UNSAMPLED else who
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


def check_other(entry: Entry, who: Actor) -> None:
    """ForbiddenError for the one who keyed it."""
    if who.id == entry.transcriber:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so somebody else has to verify it.",
            "Ask a colleague to compare it with the paper.",
        )


def add_check(db: Database, entry: Entry, basis: str, fields: int, errors: int, at: str) -> None:
    """Note what a check found, once for each way: of what was keyed anew the first keying counts.

    `fields` are those a second person looked at, filled in either version; none says nothing.
    """
    if fields and not store_checks.is_checked(db, entry.serial, basis):
        found = Check(
            serial=entry.serial,
            outage=entry.outage,
            form=entry.form,
            at=at,
            basis=basis,
            fields=fields,
            errors=errors,
        )
        store_checks.add_check(db, found)


def _compared(vault: Vault, db: Database, entry: Entry) -> int:
    """The filled fields that somebody compares, without those that another person keyed blind."""
    filled = {key for key, text in entry.answers.items() if text}
    if store_checks.is_checked(db, entry.serial, AGREED):
        filled -= set(opening.open_form(vault, entry.serial).critical_keys)
    return len(filled)

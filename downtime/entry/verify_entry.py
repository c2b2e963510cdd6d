"""Verify an entry: a second person compares it with the paper."""

from dataclasses import replace

from sqlite_utils import Database

from downtime.entry import policies
from downtime.entry.claims import check_not_claimed
from downtime.entry.count_checks import count_compared, record_check
from downtime.entry.model import (
    LIFECYCLE,
    AuditAction,
    Entry,
    EntryState,
    Task,
    VerificationBasis,
)
from downtime.entry.open_form import get_entry
from downtime.entry.queries.list_queries import list_queries_of_form
from downtime.entry.queries.policies import check_none_open
from downtime.entry.store import claims, entries
from downtime.paper import serials
from downtime.paper.model import FormState
from downtime.paper.move_form import move_form
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_NOBODY = Actor("", "", "")
_WITHOUT_PERSON = (VerificationBasis.UNSAMPLED, VerificationBasis.READ)


def verify_entry(vault: Vault, serial: str, actor: Actor, reason: str = "") -> Entry:
    """A second person compared the whole entry with the paper, and it says the same.

    ForbiddenError for the one who keyed it; ConflictError unless it is entered and two people keyed
    its critical fields, or it counts as verified without that anybody compared it.
    """
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction.ENTRY_VERIFY, target=number, reason=reason) as db:
        entry = get_entry(vault, number)
        policies.check_can_verify(entry, entries.find_typists(db, number), actor)
        check_none_open(list_queries_of_form(vault, number), number)
        check_not_claimed(db, number, actor, vault.now())
        basis = VerificationBasis.COMPARED
        if policies.is_verified_uncompared(entry):
            entry = replace(entry, verifier=actor.id, verifier_name=actor.name, basis=basis)
        else:
            entry = accept_entry(db, entry, actor, vault.now(), basis)
        entries.save_entry(db, entry)
        claims.delete(db, number)
        if not entry.corrections:  # what it had wrong was counted when it was corrected
            record_check(db, entry, basis, count_compared(vault, db, entry), 0, vault.now())
    return entry


def accept_entry(
    db: Database, entry: Entry, actor: Actor, now: str, basis: VerificationBasis
) -> Entry:
    """The entry as verified, inside the caller's transaction; the ledger's form goes along.

    What was not in the sample names nobody as its verifier, nor what the scanner read: nobody compared it.
    """
    LIFECYCLE.check(entry.state, EntryState.VERIFIED)
    move_form(db, entry.serial, FormState.VERIFIED, now, actor, basis)
    verifier = _NOBODY if basis in _WITHOUT_PERSON else actor
    return replace(
        entry,
        state=EntryState.VERIFIED,
        waits=Task.NONE,
        basis=basis,
        verifier=verifier.id,
        verifier_name=verifier.name,
        verified=now,
        changed=now,
    )

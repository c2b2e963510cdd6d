"""Verify an entry: a second person compares it with the paper; or send it back to be keyed again."""

from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from downtime.entry import policies
from downtime.entry.claims import check_not_claimed
from downtime.entry.keyed_form import KeyedForm, get_entry, open_form
from downtime.entry.model import (
    LIFECYCLE,
    AuditAction,
    Check,
    Entry,
    EntryState,
    PastState,
    Task,
    VerificationBasis,
)
from downtime.entry.policies import check_reason
from downtime.entry.store import claims, entries, second_keyings
from downtime.paper import serials
from downtime.paper.model import FormState
from downtime.paper.move_form import move_form
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_NOBODY = Actor("", "", "")


def verify_entry(vault: Vault, serial: str, actor: Actor, reason: str = "") -> Entry:
    """A second person compared the whole entry with the paper, and it says the same.

    ForbiddenError for the one who keyed it; ConflictError unless it is entered and two people keyed
    its critical fields, or it counts as verified without that anybody compared it.
    """
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction.ENTRY_VERIFY, target=number, reason=reason) as db:
        entry = get_entry(vault, number)
        policies.check_can_verify(entry, entries.find_typists(db, number), actor)
        check_not_claimed(db, number, actor, vault.now())
        basis = VerificationBasis.COMPARED
        if policies.is_verified_uncompared(entry):
            entry = replace(entry, verifier=actor.id, verifier_name=actor.name, basis=basis)
        else:
            entry = accept_entry(db, entry, actor, vault.now(), basis)
        entries.save_entry(db, entry)
        claims.delete(db, number)
        if not entry.corrections:  # what it had wrong was counted when it was corrected
            record_check(db, entry, basis, _count_compared(vault, db, entry), 0, vault.now())
    return entry


def accept_entry(
    db: Database, entry: Entry, actor: Actor, now: str, basis: VerificationBasis
) -> Entry:
    """The entry as verified, inside the caller's transaction; the ledger's form goes along.

    What was not in the sample names nobody as its verifier: nobody compared it.
    """
    LIFECYCLE.check(entry.state, EntryState.VERIFIED)
    move_form(db, entry.serial, FormState.VERIFIED, now, actor, basis)
    verifier = _NOBODY if basis == VerificationBasis.UNSAMPLED else actor
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


def record_check(
    db: Database, entry: Entry, basis: VerificationBasis, fields: int, errors: int, at: str
) -> None:
    """Note what a check found, once for each basis: of what was keyed anew the first keying counts.

    `fields` are those a second person looked at, filled in either version; none says nothing.
    """
    if fields and not second_keyings.has_check(db, entry.serial, basis):
        check = Check(
            serial=entry.serial,
            outage=entry.outage,
            form=entry.form,
            at=at,
            basis=basis,
            fields=fields,
            errors=errors,
        )
        second_keyings.add_check(db, check)


def _count_compared(vault: Vault, db: Database, entry: Entry) -> int:
    """The filled fields that somebody compares, without those that another person keyed blind."""
    filled = {key for key, text in entry.answers.items() if text}
    if second_keyings.has_check(db, entry.serial, VerificationBasis.AGREED):
        filled -= set(open_form(vault, entry.serial).critical_keys)
    return len(filled)


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
        as_entry = replace(entry, answers=second.answers, transcriber=second.person)
        state = PastState.SECOND_KEYING
        entries.save_past(db, as_entry, now, actor.id, reason, state)
        second_keyings.delete(db, entry.serial)


def count_corrected(
    db: Database, form: KeyedForm, entry: Entry, answers: Mapping[str, str], now: str
) -> None:
    """Count what a sent-back entry had wrong: the fields that its correction changed.

    Critical ones count among the critical, unless they had been keyed twice and counted before.
    """
    not_entered = (EntryState.DRAFT, PastState.SECOND_KEYING)
    past = entries.fetch_past(db, entry.serial)
    before = [version for version in past if version.state not in not_entered][-1].answers
    filled = {key for version in (before, answers) for key, text in version.items() if text}
    critical = filled & set(form.critical_keys)
    for basis, keys in (
        (VerificationBasis.COMPARED, filled - critical),
        (VerificationBasis.AGREED, critical),
    ):
        changed = [key for key in keys if before.get(key, "") != answers.get(key, "")]
        record_check(db, entry, basis, len(keys), len(changed), now)

"""Send a wrong entry back to be keyed again, and count what it had wrong once it is corrected."""

from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from downtime.entry import open_form
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import AGREED, COMPARED, DRAFT, KEY_AGAIN, LIFECYCLE, AuditAction, Entry
from downtime.entry.store import checks, entries
from downtime.entry.verify_entry import record_check
from downtime.errors import InputError
from downtime.paper import ledger, serials
from downtime.paper.model import FormState
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def send_back(vault: Vault, serial: str, actor: Actor, reason: str) -> Entry:
    """Make an entry a draft again because it is wrong; what it said is kept. `why` is required.

    ConflictError when the paper is already filed away.
    """
    if not reason.strip():
        raise InputError("entry.reason", "A reason is needed.", "Say in a few words what is wrong.")
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction.ENTRY_SEND_BACK, target=number, reason=reason) as db:
        entry = open_form.get_entry(vault, number)
        LIFECYCLE.check(entry.state, DRAFT)
        ledger.move_form(db, number, FormState.RETURNED, vault.now(), actor, reason)
        now = vault.now()
        entries.save_past(db, entry, now, actor.id, reason.strip())
        _put_second_away(db, entry, now, actor, reason.strip())
        entry = replace(
            entry,
            state=DRAFT,
            waits="",
            basis="",
            verifier="",
            verifier_name="",
            verified="",
            changed=now,
            corrections=entry.corrections + 1,
        )
        entries.save(db, entry)
    return entry


def _put_second_away(db: Database, entry: Entry, now: str, actor: Actor, reason: str) -> None:
    """What was keyed a second time goes to the past too: the form is keyed twice anew."""
    if keyed := checks.fetch_second(db, entry.serial):
        as_entry = replace(entry, state=KEY_AGAIN, answers=keyed.answers, transcriber=keyed.person)
        entries.save_past(db, as_entry, now, actor.id, reason)
        checks.delete_second(db, entry.serial)


def count_corrected(
    db: Database, form: KeyedForm, entry: Entry, kept: Mapping[str, str], now: str
) -> None:
    """Count what a sent-back entry had wrong: the fields that its correction changed.

    Critical ones count among the critical, unless they had been keyed twice and counted before.
    """
    wrong = [
        row
        for row in entries.fetch_past(db, entry.serial)
        if row["state"] not in (DRAFT, KEY_AGAIN)
    ]
    before = wrong[-1]["answers"]
    filled = {key for said in (before, kept) for key, text in said.items() if text}
    critical = filled & set(form.critical_keys)
    for basis, keys in ((COMPARED, filled - critical), (AGREED, critical)):
        changed = [key for key in keys if before.get(key, "") != kept.get(key, "")]
        record_check(db, entry, basis, len(keys), len(changed), now)

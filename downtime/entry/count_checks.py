"""What a second look at an entry saw: fields compared, and fields that were wrong."""

from collections.abc import Mapping

from sqlite_utils import Database

from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import (
    Check,
    Entry,
    EntryState,
    PastState,
    VerificationBasis,
)
from downtime.entry.open_form import open_form
from downtime.entry.store import entries, second_keyings
from downtime.vault.vault import Vault


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


def count_compared(vault: Vault, db: Database, entry: Entry) -> int:
    """The filled fields that somebody compares, without those that another person keyed blind."""
    filled = {key for key, text in entry.answers.items() if text}
    if second_keyings.has_check(db, entry.serial, VerificationBasis.AGREED):
        filled -= set(open_form(vault, entry.serial).critical_keys)
    return len(filled)


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

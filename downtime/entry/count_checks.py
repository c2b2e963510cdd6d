"""What a second look at an entry saw: fields compared, and fields that were wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
    blind = (VerificationBasis.AGREED, VerificationBasis.REKEYED)
    if any(second_keyings.has_check(db, entry.serial, basis) for basis in blind):
        form = open_form(vault, entry.serial)
        filled -= set(replace(form, entry=entry).second_keys)
    return len(filled)


def count_rekeyed(
    db: Database, form: KeyedForm, entry: Entry, versions: Sequence[Mapping[str, str]], at: str
) -> int:
    """Count what was keyed again blind; how many fields that are not critical were wrong at first.

    `versions` are what was keyed first, what was keyed again, and what stands in the end.
    """
    critical = set(form.critical_keys) & set(form.second_keys)
    filled = {key for answers in versions for key, text in answers.items() if text}
    first, final = versions[0], versions[-1]

    def count(basis: VerificationBasis, keys: set[str]) -> int:
        errors = sum(first.get(key, "") != final.get(key, "") for key in keys)
        record_check(db, entry, basis, len(keys), errors, at)
        return errors

    count(VerificationBasis.AGREED, filled & critical)
    return count(VerificationBasis.REKEYED, (filled & set(form.second_keys)) - critical)


def count_corrected(
    db: Database, form: KeyedForm, entry: Entry, answers: Mapping[str, str], now: str
) -> None:
    """Count what a sent-back entry had wrong: the fields that its correction changed.

    Those that it left alone say nothing, for nobody keyed them again: sending a form back and
    entering it unchanged would else lower the share. Fields that had been keyed again before were
    counted then.
    """
    not_entered = (EntryState.DRAFT, PastState.SECOND_KEYING)
    past = entries.fetch_past(db, entry.serial)
    before = [version for version in past if version.state not in not_entered][-1].answers
    keys = before.keys() | answers.keys()
    changed = {key for key in keys if before.get(key, "") != answers.get(key, "")}
    critical = changed & set(form.critical_keys)
    for basis, wrong in (
        (VerificationBasis.REKEYED, changed - critical),
        (VerificationBasis.AGREED, critical),
    ):
        record_check(db, entry, basis, len(wrong), len(wrong), now)

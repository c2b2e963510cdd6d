"""What the scanner read as the second keying of fields: kept when a form is entered, and counted when it was wrong."""

from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from downtime.entry import reading_policies
from downtime.entry.count_checks import record_check
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import Entry
from downtime.entry.page_ink import FormInk, kind_of
from downtime.entry.read_scans import find_ink
from downtime.entry.store import scans
from downtime.settings import Settings
from downtime.vault.vault import Vault


def find_blind_ink(vault: Vault, settings: Settings, form: KeyedForm) -> FormInk:
    """What whoever keys first may see of a scan: not what is read in place of a second person."""
    ink = find_ink(vault, form.issued.serial)
    return ink.without(_read(vault, settings, form, ink, {}))


def keep_reading(
    vault: Vault, db: Database, settings: Settings, form: KeyedForm, entry: Entry
) -> Entry:
    """The entry with what the scanner read of its fields, and whether that is their second keying."""
    ink = find_ink(vault, entry.serial)
    answers = _read(vault, settings, form, ink, entry.answers)
    secret = vault.derive_key("entry-sample")
    counts = bool(answers) and reading_policies.reading_counts(db, settings, secret, entry.serial)
    return replace(entry, read_answers=answers, reading_counts=int(counts))


def _read(
    vault: Vault, settings: Settings, form: KeyedForm, ink: FormInk, answers: Mapping[str, str]
) -> dict[str, str]:
    """Only of a scan that its own codes name as this form's."""
    scan = scans.fetch(vault.db, form.issued.serial)
    kinds = reading_policies.list_kinds(settings)
    if not kinds or scan is None or scan.doubt or not scan.is_read:
        return {}
    return ink.read_answers(form, kinds, reading_policies.list_readable_keys(form), answers)


def count_reading(
    db: Database, form: KeyedForm, entry: Entry, final: Mapping[str, str], now: str
) -> None:
    """Count in how many fields the scanner's reading is not what stands in the end.

    Where it was the second keying itself, only what was found wrong: that it agreed with the first one says
    nothing of it.
    """
    compared = set(entry.second_reading) or {*entry.read_answers} & {*form.second_keys}
    for kind, basis in reading_policies.READING_BASES.items():
        keys = {
            key
            for item in form.keyed_items
            if kind_of(item) == kind
            for key in item.answer_keys()
            if key in compared
        }
        wrong = sum(entry.read_answers[key] != final.get(key, "") for key in keys)
        fields = wrong if entry.second_reading else len(keys)
        record_check(db, entry, basis, fields, wrong, now)

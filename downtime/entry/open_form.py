"""Open an issued form to key it or to read what was keyed.

A paper without fields is refused.
"""

from downtime.entry.keyed_form import KeyedForm, with_person_check
from downtime.entry.keying_policy import apply_policy
from downtime.entry.model import Entry
from downtime.entry.store import claims, entries
from downtime.errors import InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.model import IssuedForm
from downtime.settings import Settings
from downtime.vault.vault import Vault


def open_form(vault: Vault, serial: str, settings: Settings | None = None) -> KeyedForm:
    """The form of a serial as typed or scanned; with settings, as the site's policy has it keyed.

    NotFoundError; InputError for a mistyped one, and for a paper of which nothing is keyed.
    """
    issued = get_keyable_form(vault, serial)
    definition = ledger.get_printed_definition(vault, issued)
    if settings is not None:
        definition = apply_policy(definition, settings)
    # First of all, so that what is kept from here on is a conflict.
    saved = claims.fetch_last_save(vault.db, issued.serial).mark
    entry = entries.fetch_entry(vault.db, issued.serial)
    typists = entries.find_typists(vault.db, issued.serial) if entry else ()
    form = KeyedForm(issued, definition, entry, saved, frozenset(typists))
    return with_person_check(form, form.answers)


def get_entry(vault: Vault, serial: str) -> Entry:
    """The entry of a form; NotFoundError while nobody has keyed it."""
    entry = entries.fetch_entry(vault.db, serials.parse_serial(serial))
    if entry is None:
        raise NotFoundError(
            "entry.none", "Nobody has keyed this form yet.", "Key it from the paper first."
        )
    return entry


def get_keyable_form(vault: Vault, serial: str) -> IssuedForm:
    """The form in the ledger; InputError when nothing is keyed of it, NotFoundError."""
    issued = ledger.get_form(vault, serial)
    if not issued.returns:
        raise InputError(
            "entry.nothing",
            f"Nothing is keyed from '{issued.title}': it need not come back.",
            "Put it back where it is used, and scan the next form.",
        )
    return issued

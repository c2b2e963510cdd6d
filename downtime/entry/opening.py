"""Find the form of a serial with what was keyed of it so far, and refuse a paper without fields."""

from downtime.entry import policies, saves, store
from downtime.entry.forms import KeyedForm
from downtime.entry.model import Entry
from downtime.errors import InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.issue import Issued
from downtime.paper.printed import printed
from downtime.settings import Settings
from downtime.vault.vault import Vault


def open_form(vault: Vault, serial: str, settings: Settings | None = None) -> KeyedForm:
    """The form of a serial as typed or scanned; with settings, as the site's policy has it keyed.

    NotFoundError; InputError for a mistyped one, and for a paper of which nothing is keyed.
    """
    issued = keyable(vault, serial)
    definition = printed(vault, issued)
    if settings is not None:
        definition = policies.applied(definition, settings)
    kept = saves.last(vault.db, issued.serial)  # first: what is kept from here on is a conflict
    return KeyedForm(issued, definition, store.fetch(vault.db, issued.serial), kept)


def get(vault: Vault, serial: str) -> Entry:
    """The entry of a form; NotFoundError while nobody has keyed it."""
    entry = store.fetch(vault.db, serials.parse(serial))
    if entry is None:
        raise NotFoundError(
            "entry.none", "Nobody has keyed this form yet.", "Key it from the paper first."
        )
    return entry


def keyable(vault: Vault, serial: str) -> Issued:
    """The form in the ledger; InputError when nothing is keyed of it, NotFoundError."""
    issued = ledger.issued(vault, serial)
    if not issued.returns:
        raise InputError(
            "entry.nothing",
            f"Nothing is keyed from '{issued.title}': it need not come back.",
            "Put it back where it is used, and scan the next form.",
        )
    return issued

"""A person's one-time code secret, sealed to their own key slot: a colleague's password does not open it.

Everybody's slot opens the vault; what lies in it sealed so is read with the owner's password alone. One that an earlier
version kept in clear is sealed when its owner signs in.
"""

from typing import TypeAlias

import pyrage
import sqlite_utils

from downtime.accounts.store import accounts
from downtime.config import Home
from downtime.vault import keys, slots
from downtime.vault.slots import Slot

OwnKey: TypeAlias = pyrage.x25519.Identity
"""What is in a person's slot and nobody else's."""
_SEALED = "age:"


def seal_secret(slot: Slot, secret: str) -> str:
    """As it is kept."""
    return _SEALED + slots.seal_to_slot(slot, secret)


def open_secret(db: sqlite_utils.Database, person_id: str, own_key: OwnKey | None) -> str | None:
    """The secret, empty for an account that has none; None when it was sealed to another slot."""
    stored = accounts.fetch_totp_secret(db, person_id)
    if not stored.startswith(_SEALED):
        return stored
    return slots.open_sealed(stored.removeprefix(_SEALED), own_key) if own_key else None


def seal_if_clear(db: sqlite_utils.Database, home: Home, person_id: str, username: str) -> None:
    """Seal what an earlier version kept in clear, inside the caller's transaction."""
    stored, slot = accounts.fetch_totp_secret(db, person_id), keys.find_slot(home, username)
    if stored and slot and not stored.startswith(_SEALED):
        accounts.reseal_totp_secret(db, person_id, seal_secret(slot, stored))

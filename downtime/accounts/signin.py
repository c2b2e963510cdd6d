"""Sign in: the password opens a key slot, the slot the vault, and only then the code is looked at."""

from typing import NamedTuple

from downtime.accounts.person import Person
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


class SignedIn(NamedTuple):
    """An unlocked vault, who unlocked it, and that person at this machine for the audit."""

    vault: Vault
    person: Person
    actor: Actor

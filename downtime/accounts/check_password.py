"""Ask somebody who has a session for their password again; every try counts, for that person alone."""

from downtime.accounts import sign_in_delays, sign_in_lane
from downtime.accounts.model import Person
from downtime.settings import Settings
from downtime.vault import keys
from downtime.vault.vault import Vault


def check_password(vault: Vault, settings: Settings, person: Person, password: str) -> None:
    """LockedError when it is wrong, or comes too early after wrong ones.

    The tries count until `clear_tries`, apart from those at sign-in: those are not this person's.
    """
    accounts, client = settings.accounts, _name_client(person)
    with sign_in_lane.enter_lane(accounts, client, has_session=True):
        sign_in_delays.count_attempt(vault.home, accounts, vault.clock(), person.username, client)
        keys.open_slot(vault.home, person.username, password)


def clear_tries(vault: Vault, person: Person) -> None:
    """It is them: what was tried before counts no more."""
    sign_in_delays.clear_failures(vault.home, person.username, _name_client(person))


def _name_client(person: Person) -> str:
    return f"signed in {person.id}"

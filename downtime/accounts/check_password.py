"""Ask somebody who has a session for their password again; every try counts, for that person alone."""

from downtime.accounts import sign_in_delays, sign_in_lane
from downtime.accounts.model import Person
from downtime.accounts.own_secrets import OwnKey
from downtime.errors import LockedError
from downtime.settings import Settings
from downtime.vault import keys
from downtime.vault.vault import Vault


def check_password(vault: Vault, settings: Settings, person: Person, password: str) -> OwnKey:
    """What it alone opens; LockedError when it is wrong, or comes too early after wrong ones.

    The tries count until `clear_tries`, apart from those at sign-in: those are not this person's.
    """
    accounts, client = settings.accounts, _name_client(person)
    with sign_in_lane.enter_lane(accounts, client, has_session=True):
        sign_in_delays.count_attempt(vault.home, accounts, vault.clock(), person.username, client)
        try:
            return keys.open_own_slot(vault.home, person.username, password).identity
        except LockedError as refused:
            if refused.code != keys.refused_error().code:
                raise
            raise wrong_password_error() from None


def wrong_password_error(what: str = "password", next_step: str = "Type it again.") -> LockedError:
    """The one sentence for who is signed in and types what is not theirs."""
    return LockedError("confirm.refused", f"This {what} is not yours: nothing was done.", next_step)


def clear_tries(vault: Vault, person: Person) -> None:
    """It is them: what was tried before counts no more."""
    sign_in_delays.clear_failures(vault.home, person.username, _name_client(person))


def _name_client(person: Person) -> str:
    return f"signed in {person.id}"

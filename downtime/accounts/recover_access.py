"""The way back in with the paper code, when no administrator can sign in any more."""

from dataclasses import dataclass, replace

from downtime.accounts import own_secrets, people, totp
from downtime.accounts.model import AccountState, AuditAction, Person
from downtime.accounts.store import account_sessions, accounts, second_factors
from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import NotFoundError
from downtime.settings import Settings
from downtime.vault import device, keys, recovery
from downtime.vault.migrate_vault import open_vault
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class RecoveredAccess:
    """What is shown once; the old paper code opens nothing any more."""

    person: Person
    totp_secret: str
    totp_uri: str
    recovery_code: str


def recover_access(
    home: Home, settings: Settings, clock: Clock, code: str, username: str, password: str
) -> RecoveredAccess:
    """Give an administrator a new password and second factor, and the home a new paper code.

    InputError names a mistyped group; LockedError when the code is not this home's.
    """
    data_key = keys.open_with_recovery(home, code)
    vault = open_vault(home, settings, data_key, clock)
    try:
        return _renew(vault, settings, username.strip().lower(), password)
    finally:
        vault.close()


def _renew(vault: Vault, settings: Settings, username: str, password: str) -> RecoveredAccess:
    person = accounts.find_by_username(vault.db, username)
    if person is None or person.role != "administrator":
        raise NotFoundError(
            "recovery.person",
            "No administrator has that user name.",
            "Give the user name of an administrator of this home.",
        )
    people.check_new_password(settings, person, password)
    person = replace(person, state=AccountState.ACTIVE, initial_password=False)
    secret, code = totp.make_secret(), recovery.make_code()
    actor = Actor("recovery", "Recovery code", device.read_own_code(vault.home))
    home, data_key, cost = vault.home, vault.data_key, settings.accounts
    with vault.change(actor, AuditAction.PERSON_RECOVER, target=person.id) as db:
        accounts.update_person(db, person)
        second_factors.forget_factors(db, person.id, vault.now())
        account_sessions.delete_sessions_of(db, person.id)
        slot = keys.add_slot(home, data_key, username, "person", password, cost)
        accounts.set_totp_secret(db, person.id, own_secrets.seal_secret(slot, secret))
        keys.add_slot(home, data_key, keys.RECOVERY, "recovery", recovery.parse_code(code), cost)
    uri = totp.make_uri(secret, username, settings.site.name)
    return RecoveredAccess(person, secret, uri, code)

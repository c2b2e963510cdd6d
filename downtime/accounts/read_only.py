"""Sign-in and sessions while the vault takes nothing: kept in memory, and written when it does again.

So people can read what it holds. Of a newer program's vault nothing is ever written: sessions end with
this process, and nothing of them is audited. Else what has to be audited waits in the vault's queue.

Of a vault that is damaged or missing the accounts may be lost. The key slots lie beside it, and a
password that opens one is what protects a home; a one-time code never did. So whoever opens one may
read then, as a nurse may, whatever role they had.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import sqlcipher3
import sqlite_utils

from downtime.accounts.model import AccountState, Person, Role
from downtime.accounts.store import accounts, in_memory
from downtime.vault.database import is_damage, transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError, ReadOnlyReason
from downtime.vault.write_again import salvage_if_damaged

P = ParamSpec("P")
T = TypeVar("T")

_in_memory: WeakKeyDictionary[Vault, sqlite_utils.Database] = WeakKeyDictionary()
_lock = Lock()
_ACCOUNTS_TABLE = "person"


def works_read_only(
    function: Callable[Concatenate[Vault, P], T],
) -> Callable[Concatenate[Vault, P], T]:
    """Do it again in memory when the vault turns out meanwhile to take nothing, or to be damaged."""

    @wraps(function)
    def call(vault: Vault, /, *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return function(vault, *arguments, **named)
        except ReadOnlyError:
            return function(vault, *arguments, **named)
        except sqlcipher3.DatabaseError as error:
            if not is_damage(error) or not salvage_if_damaged(vault):
                raise
            return function(vault, *arguments, **named)

    return call


@contextmanager
def change_accounts(
    vault: Vault, actor: Actor, action: StrEnum, target: str, reason: str = ""
) -> Iterator[sqlite_utils.Database]:
    """As `vault.change`, of accounts and sessions."""
    if vault.is_read_only:
        yield accounts_db(vault)
        vault.queue(actor, action, target=target, reason=reason)
        return
    with vault.change(actor, action, target=target, reason=reason) as db:
        yield db


@contextmanager
def write_accounts(vault: Vault) -> Iterator[sqlite_utils.Database]:
    """As `transaction`, of accounts and sessions."""
    if vault.is_read_only:
        yield accounts_db(vault)
        return
    with transaction(vault.db) as db:
        yield db


def accounts_db(vault: Vault) -> sqlite_utils.Database:
    """Where accounts and sessions are read."""
    if not vault.is_read_only:
        with _lock:
            _in_memory.pop(vault, None)
        return vault.db
    with _lock:
        if vault not in _in_memory:
            memory = _in_memory[vault] = in_memory.copy_to_memory(vault.db)
            vault.before_writing[:] = [lambda db: in_memory.write_back(memory, db)]
        return _in_memory[vault]


def find_account(vault: Vault, username: str, lost_role: Role = Role.WARD) -> Person | None:
    """The account of a user name whose secret has just opened its slot; a reader's where it is lost."""
    db = accounts_db(vault)
    person = accounts.find_by_username(db, username)
    if person is not None or not has_lost_accounts(vault):
        return person
    reader = Person(
        id=f"slot-{username}",
        username=username,
        name=username,
        role=lost_role,
        state=AccountState.ACTIVE,
        initial_password=False,
    )
    accounts.add_person(db, reader, "", vault.now())
    return reader


def is_reader(vault: Vault, person: Person) -> bool:
    """Whether this account stands in for one that is lost with the vault: it has no one-time codes."""
    return has_lost_accounts(vault) and person.id == f"slot-{person.username}"


def has_lost_accounts(vault: Vault) -> bool:
    """Whether accounts are lost with a damaged or missing vault."""
    reason = vault.write_access.reason
    is_lost = reason in (ReadOnlyReason.DAMAGED, ReadOnlyReason.LOST)
    return is_lost and _ACCOUNTS_TABLE in vault.partial_tables
